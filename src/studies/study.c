#include "twoview/studies/study.h"

#include <string.h>

#include "axes.h"
#include "baselines.h"
#include "ledger.h"
#include "solver.h"
#include "twoview/base/comm.h"
#include "twoview/base/progress.h"
#include "twoview/experiment/check.h"
#include "twoview/methods/method.h"
#include "twoview/moments/distributed.h"

const tv_study *tv_study_of(const tv_experiment *e) {
  const tv_study *study = (const tv_study *)e->study;
  if (tv_experiment_has_views(e)) return study->of_views;
  return study->numbers ? study->numbers : study;
}

int tv_quantity_is_of(const tv_quantity *quantity, const tv_experiment *e) {
  const int has_test = e->test.fraction > 0 || e->test.source.settings;
  return (has_test || !quantity->needs_test) &&
         (!e->source.is_unlabelled || !quantity->needs_targets);
}

tv_error *tv_study_fill_methods(tv_experiment *e, int (*is_wanted)(const tv_method *)) {
  int count = 0;
  if (e->methods) return NULL;
  while (e->kinds->methods[count]) ++count;
  TV_TRY(tv_allocate(count, sizeof(*e->methods), &e->methods));
  for (int m = 0; m < count; ++m) {
    const tv_method *method = tv_method_of(e->kinds->methods[m]);
    if (is_wanted(method) && (!method->rows_are_outputs || !e->source.is_unlabelled))
      e->methods[e->methods_count++] = &method->kind;
  }
  return NULL;
}

tv_error *tv_study_expect_alpha(const tv_experiment *e) {
  TV_REQUIRE(e, "augmentation.alpha", e->augmentation.alpha,
             "is missing; write for example\n    augmentation: {theta_max: 1e4, alpha: [1]}");
  return NULL;
}

/* ---- What is done with the moments of a point, and of a sample size ---- */

static tv_error *solve_point(const tv_solver *s, const tv_moment_matrix *m, int64_t point) {
  return tv_study_of(s->experiment)->solve_point(s, m, point);
}

static tv_error *solve_clean(const tv_solver *s, const tv_moment_matrix *m, int64_t item) {
  const tv_study *study = tv_study_of(s->experiment);
  return study->solve_clean ? study->solve_clean(s, m, item) : NULL;
}

/* ---- Moments whole on every rank: the points are shared out over groups ---- */

static tv_error *solve_clean_item(const tv_solver *s, const tv_moment_matrix *m, int64_t item) {
  tv_results *r = s->results;
  TV_TRY(tv_grid_agree(s->group->grid,
                       s->group->is_leader ? tv_moments_digest(m, r->digest[item]) : NULL));
  return solve_clean(s, m, item);
}

static tv_error *solve_clean_share(const tv_solver *s, const tv_ledger *ledger,
                                   const tv_study_inputs *study) {
  const int levels = s->results->cube.levels;
  for (int64_t item = ledger->first_clean; item < ledger->clean_end; ++item) {
    const tv_moment_matrix m =
        tv_moments_at(s->moments, (int)(item / levels), 0, (int)(item % levels));
    if (ledger->has_clean[item - ledger->first_clean]) continue;
    TV_TRY(solve_clean_item(s, &m, item));
    ledger->has_clean[item - ledger->first_clean] = 1;
    TV_TRY(tv_checkpoint_poll(study->sampling->checkpoint, s->group->comm));
  }
  return NULL;
}

static tv_error *solve_share(const tv_solver *s, const tv_ledger *ledger,
                             const tv_study_inputs *study, tv_progress *progress) {
  const tv_results *r = s->results;
  for (int64_t point = ledger->first_point; point < ledger->point_end; ++point) {
    const tv_spot at = tv_cube_split(&r->cube, point);
    const tv_moment_matrix m = tv_moments_at(s->moments, at.replicate, 0, at.level);
    if (ledger->has_point[point - ledger->first_point]) {
      tv_progress_step(progress, 1);
      continue;
    }
    TV_TRY(solve_point(s, &m, point));
    ledger->has_point[point - ledger->first_point] = 1;
    tv_progress_step(progress, 1);
    TV_TRY(tv_checkpoint_poll(study->sampling->checkpoint, s->group->comm));
  }
  return NULL;
}

static tv_error *solve_replicated(const tv_solver *s, const tv_ledger *ledger,
                                  const tv_study_inputs *study) {
  tv_error *error = solve_clean_share(s, ledger, study);
  tv_progress progress =
      tv_progress_begin("solutions", "points", (double)(ledger->point_end - ledger->first_point),
                        (double)s->results->points, study->shows_progress);
  if (!error) error = solve_share(s, ledger, study, &progress);
  tv_progress_end(&progress);
  return error;
}

/* ---- Moments spread over all ranks: one sample size after the other ---- */

static tv_error *solve_clean_level(const tv_solver *s, const tv_moment_matrix *m, int64_t item) {
  tv_results *r = s->results;
  char digest[TV_DIGEST_LENGTH];
  TV_TRY(tv_moments_digest(m, digest));
  if (s->group->is_leader) memcpy(r->digest[item], digest, sizeof digest);
  return solve_clean(s, m, item);
}

static tv_error *solve_level(const tv_solver *s, const tv_ledger *ledger,
                             const tv_study_inputs *study, const tv_moment_matrix *m,
                             int64_t item) {
  const tv_results *r = s->results;
  tv_checkpoint *checkpoint = study->sampling->checkpoint;
  const int settings = r->cube.magnitudes * r->cube.alphas;
  if (!ledger->has_clean[item]) {
    TV_TRY(solve_clean_level(s, m, item));
    ledger->has_clean[item] = 1;
    TV_TRY(tv_checkpoint_poll(checkpoint, s->group->comm));
  }
  for (int setting = 0; setting < settings; ++setting) {
    const int64_t point =
        tv_cube_index(&r->cube, (int)(item / r->cube.levels), setting / r->cube.alphas,
                      setting % r->cube.alphas, (int)(item % r->cube.levels));
    if (ledger->has_point[point]) continue;
    TV_TRY(solve_point(s, m, point));
    ledger->has_point[point] = 1;
    TV_TRY(tv_checkpoint_poll(checkpoint, s->group->comm));
  }
  return NULL;
}

/* The moments of the view model, by rows, or those that `drawn` draws. */
static tv_error *advance(const tv_solver *s, tv_distributed *drawn, int replicate, int level,
                         tv_progress *progress, tv_moment_matrix *out) {
  if (drawn)
    return tv_distributed_advance(drawn, replicate, s->experiment->sizes[level], progress, out);
  TV_TRY(tv_column_sums_advance(s->sums, replicate, level, progress));
  *out = tv_moments_at(s->moments, replicate, 0, level);
  if (!s->held_out_sums) return NULL;
  const int of = replicate < s->held_out->replicates ? replicate : 0;
  return tv_column_sums_advance(s->held_out_sums, of, 0, NULL);
}

static tv_error *solve_levels(const tv_solver *s, const tv_ledger *ledger,
                              const tv_study_inputs *study, tv_distributed *drawn) {
  const tv_results *r = s->results;
  const double samples = tv_distributed_samples(study->sampling);
  tv_progress progress = tv_progress_begin("moments and solutions", "samples", samples, samples,
                                           study->shows_progress);
  tv_moment_matrix m;
  tv_error *error = NULL;
  for (int64_t item = 0; !error && item < (int64_t)r->cube.replicates * r->cube.levels; ++item) {
    const int replicate = (int)(item / r->cube.levels), level = (int)(item % r->cube.levels);
    if (tv_ledger_has_level(ledger, r, replicate, level)) continue;
    error = advance(s, drawn, replicate, level, &progress, &m);
    tv_stopwatch_lap(study->watch, TV_STAGE_MOMENTS);
    if (!error) error = solve_level(s, ledger, study, &m, item);
    tv_stopwatch_lap(study->watch, TV_STAGE_SOLVES);
  }
  tv_progress_end(&progress);
  return error;
}

static tv_error *solve_drawn(const tv_solver *s, const tv_ledger *ledger,
                             const tv_study_inputs *study) {
  tv_distributed *drawn = NULL;
  TV_TRY(tv_distributed_create(study->sampling, study->group->grid, &drawn));
  tv_error *error = solve_levels(s, ledger, study, drawn);
  s->results->moments_work = tv_distributed_work(drawn);
  tv_distributed_destroy(&drawn);
  return error;
}

static tv_error *solve_spread(const tv_solver *s, const tv_ledger *ledger,
                              const tv_study_inputs *study) {
  if (!s->sums) return solve_drawn(s, ledger, study);
  TV_TRY(solve_levels(s, ledger, study, NULL));
  tv_work *work = &s->results->moments_work;
  *work = tv_column_sums_work(s->sums);
  if (!s->held_out_sums) return NULL;
  const tv_work held_out = tv_column_sums_work(s->held_out_sums);
  work->flops += held_out.flops;
  work->sent_bytes += held_out.sent_bytes;
  return NULL;
}

/* Sums over rows for the view model, where there are no moments yet. */
static tv_error *open_sums(const tv_study_inputs *study, tv_solver *s) {
  if (s->moments || !study->model) return NULL;
  TV_TRY(tv_column_sums_create(study->sampling, study->group->row, &s->sums));
  s->moments = tv_column_sums_moments(s->sums);
  if (!study->held_out_sampling) return NULL;
  TV_TRY(tv_column_sums_create(study->held_out_sampling, study->group->row, &s->held_out_sums));
  s->held_out = tv_column_sums_moments(s->held_out_sums);
  return NULL;
}

/* ---- Together ---- */

static tv_error *solve_points(const tv_study *row, const tv_study_inputs *study,
                              const tv_solver *s) {
  tv_checkpoint *checkpoint = s->checkpoint;
  tv_ledger ledger;
  tv_error *error = tv_agree(study->comm, tv_ledger_open(checkpoint, study->group, row,
                                                         study->experiment, s->results, &ledger));
  if (!error) {
    error = s->moments && !s->sums ? solve_replicated(s, &ledger, study)
                                   : solve_spread(s, &ledger, study);
    error = tv_checkpoint_finish(checkpoint, study->comm, error);
  }
  if (!error) error = tv_checkpoint_keep(checkpoint);
  tv_ledger_close(checkpoint, &ledger);
  return error;
}

static tv_error *solve_all(const tv_study *row, const tv_study_inputs *study,
                           const tv_moments *moments, tv_results *r) {
  struct tv_axes axes = {.setting = -1};
  struct tv_baselines baselines = {.setting = -1};
  tv_solver s = {.experiment = study->experiment,
                 .features = study->features,
                 .spectra = study->spectra,
                 .group = study->group,
                 .checkpoint = study->sampling->checkpoint,
                 .results = r,
                 .targets = study->sampling->l,
                 .model = study->model,
                 .moments = moments,
                 .held_out = study->held_out,
                 .view_moments = study->view_moments,
                 .axes = &axes,
                 .baselines = &baselines};
  tv_error *error = open_sums(study, &s);
  if (!error) error = solve_points(row, study, &s);
  if (!error) tv_results_share(row, study->comm, r);
  if (!error && row->explain) error = tv_agree(study->comm, row->explain(&s));
  tv_column_sums_destroy(&s.sums);
  tv_column_sums_destroy(&s.held_out_sums);
  tv_axes_release(&axes);
  tv_baselines_release(&baselines);
  return error;
}

tv_error *tv_results_compute(const tv_study_inputs *study, const tv_moments *moments,
                             tv_results **out) {
  const tv_study *row = tv_study_of(study->experiment);
  tv_error *error = tv_agree(study->comm, tv_results_create(row, study, out));
  if (!error) error = solve_all(row, study, moments, *out);
  if (!error && row->assess) error = row->assess(study, *out);
  if (error) tv_results_destroy(out);
  return error;
}
