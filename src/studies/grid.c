#include "grid.h"

#include <math.h>

#include "twoview/base/comm.h"
#include "twoview/experiment/check.h"
#include "twoview/methods/scores.h"
#include "twoview/studies/search.h"
#include "twoview/studies/study.h"
#include "twoview/theory/prediction.h"

/* ---- One method at one point ---- */

/* Beyond this relative residual of the whole a solution is none, whatever the solver said of it;
 * beyond this one of a row it is inaccurate. */
static const double largest_residual = 1e-6;

static int status_of(const tv_scores *scores) {
  const tv_optimality *o = &scores->optimality;
  if (!(o->whole_residual <= largest_residual) || !isfinite(o->residual) ||
      !isfinite(scores->score) || !isfinite(scores->leakage))
    return TV_UNSOUND;
  return o->residual <= largest_residual ? 0 : TV_INACCURATE;
}

/* Solve and score. status: 0, the solver's info, TV_UNSOUND or TV_INACCURATE. The caller destroys
 * `solution`. */
static tv_error *solve_and_score(const tv_method *method, const tv_statistics *statistics, int k,
                                 tv_solution *solution, tv_scores *scores, int *status) {
  TV_TRY(method->solve(statistics, k, solution, status));
  if (*status) return NULL;
  TV_TRY(tv_scores_evaluate(method, statistics, solution, scores));
  *status = status_of(scores);
  return NULL;
}

static int has_failed(int status) {
  return tv_status_is_failure(&tv_grid_study, status);
}

static void record_failure(tv_results *r, int64_t entry, int status) {
  for (int i = r->quantities.first; i < r->quantities.end; ++i)
    if (i != TV_SCORE_CLEAN && i != TV_DISTANCE) r->quantity[i][entry] = NAN;
  r->quantity[TV_STATUS][entry] = status;
}

static void record_scores(tv_results *r, int64_t entry, const tv_scores *scores, int status) {
  r->quantity[TV_SCORE_CORRUPTED][entry] = scores->score;
  r->quantity[TV_LEAKAGE][entry] = scores->leakage;
  r->quantity[TV_OBJECTIVE][entry] = scores->optimality.objective;
  r->quantity[TV_OBJECTIVE_OPTIMUM][entry] = scores->optimality.optimum;
  r->quantity[TV_RESIDUAL][entry] = scores->optimality.residual;
  r->quantity[TV_ORTHONORMALITY][entry] = scores->optimality.orthonormality;
  r->quantity[TV_STATUS][entry] = status;
}

static void keep_solution(const tv_solver *s, const tv_kept *kept, int64_t point,
                          const tv_solution *solution) {
  const tv_results *r = s->results;
  const int64_t size = (int64_t)kept->rows * r->d;
  if (point % r->levels < r->levels - r->kept_levels) return;
  const int64_t own =
      tv_point_among(r, r->kept_levels, point) - tv_point_among(r, r->kept_levels, r->first_point);
  tv_distmat_gather(solution->encoder, kept->encoder + own * size);
  if (solution->decoder) tv_distmat_gather(solution->decoder, kept->decoder + own * size);
}

static tv_error *solve_method(const tv_solver *s, const tv_statistics *statistics, int m,
                              int64_t point) {
  tv_results *r = s->results;
  const tv_method *method = tv_method_of(s->experiment->methods[m]);
  tv_solution solution = {0};
  tv_scores scores;
  int status = 0;
  const int64_t entry = point * r->methods + m;
  tv_error *error =
      solve_and_score(method, statistics, s->experiment->encoder.k, &solution, &scores, &status);
  if (!error && !has_failed(status)) {
    if (s->group->is_leader) record_scores(r, entry, &scores, status);
    keep_solution(s, &r->kept[m], point, &solution);
  } else if (!error && s->group->is_leader) {
    record_failure(r, entry, status);
  }
  tv_solution_destroy(&solution);
  return error;
}

/* The work of a problem of d inputs, on each rank of the group. */
static void count_work(const tv_solver *s, int d, int k) {
  const tv_experiment *e = s->experiment;
  double flops = tv_statistics_flops(d);
  for (unsigned m = 0; m < e->methods_count; ++m)
    flops += tv_method_of(e->methods[m])->flops(d, k, s->targets);
  s->results->work.flops += flops / s->group->grid->size;
}

/* ---- Corrupted inputs: a point ---- */

tv_error *tv_solve_point(const tv_solver *s, const tv_moment_matrix *moments, int64_t point) {
  const tv_results *r = s->results;
  const int alpha = (int)(point / r->levels % r->alphas);
  const int magnitude = (int)(point / r->levels / r->alphas % r->magnitudes);
  const int replicate = (int)(point / r->levels / r->alphas / r->magnitudes);
  tv_statistics *statistics = NULL;
  int status = 0;
  TV_TRY(tv_statistics_create(s->group->grid, moments,
                              tv_gamma_of(s->spectra, replicate, magnitude),
                              tv_theta_of(s->spectra, replicate),
                              s->experiment->augmentation.alpha[alpha], &statistics, &status));
  tv_error *error = NULL;
  count_work(s, r->d, s->experiment->encoder.k);
  for (int m = 0; !error && m < r->methods; ++m) {
    if (status == 0)
      error = solve_method(s, statistics, m, point);
    else if (s->group->is_leader)
      record_failure(s->results, point * r->methods + m, status);
  }
  tv_statistics_destroy(&statistics);
  return error;
}

/* ---- Corrupted inputs: the least alignment that is enough ---- */

/* The leakages that the searches at a point have asked for, in order. Searches decide by nothing
 * else, so that one that is resumed comes to where it was without solving again. */
enum { MOST_ASKED = 512 };

typedef struct {
  int64_t count;
  double leakage[MOST_ASKED];
} answers;

typedef struct {
  const tv_solver *solver;
  const tv_moment_matrix *moments;
  int replicate, magnitude;
  const tv_method *method;
  answers *known;
  int64_t next; /* of them */
} leaking;

static tv_error *solve_and_leak(const tv_solver *s, const tv_statistics *statistics,
                                const tv_method *method, double *leakage) {
  tv_solution solution = {0};
  int status = 0;
  tv_error *error = method->solve(statistics, s->experiment->encoder.k, &solution, &status);
  if (!error && status == 0) error = tv_leakage(method, statistics, &solution, leakage);
  tv_solution_destroy(&solution);
  s->results->work.flops +=
      method->flops(s->results->d, s->experiment->encoder.k, s->targets) / s->group->grid->size;
  return error;
}

/* The ranks of a group search in step: they take the leader's word. */
static tv_error *compute_leakage(const leaking *c, double alpha2, double *leakage) {
  const tv_solver *s = c->solver;
  tv_statistics *statistics = NULL;
  int status = 0;
  *leakage = NAN;
  TV_TRY(tv_statistics_create(
      s->group->grid, c->moments, tv_gamma_of(s->spectra, c->replicate, c->magnitude),
      tv_theta_of(s->spectra, c->replicate), sqrt(alpha2), &statistics, &status));
  s->results->work.flops += tv_statistics_flops(s->results->d) / s->group->grid->size;
  tv_error *error = NULL;
  if (status == 0) error = solve_and_leak(s, statistics, c->method, leakage);
  tv_statistics_destroy(&statistics);
  if (!error && s->group->grid->size > 1) tv_broadcast(s->group->comm, 0, leakage, 1);
  return error;
}

/* A tv_leakage_function. */
static tv_error *leakage_at(void *context, double alpha2, double *leakage) {
  leaking *c = context;
  const tv_solver *s = c->solver;
  if (c->next < c->known->count) {
    *leakage = c->known->leakage[c->next++];
    return NULL;
  }
  TV_TRY(compute_leakage(c, alpha2, leakage));
  if (c->next < MOST_ASKED) {
    c->known->leakage[c->next] = *leakage;
    c->known->count = ++c->next;
  }
  return tv_checkpoint_poll(s->checkpoint, s->group->comm);
}

/* Features of a population are the same in every replicate. The leader's word again. */
static tv_error *predict(const leaking *c, double *out) {
  const tv_solver *s = c->solver;
  const tv_experiment *e = s->experiment;
  const tv_signal_kind kind =
      e->source.role == TV_AS_POPULATION ? TV_SIGNAL_FIXED : TV_SIGNAL_DRAWN;
  const tv_components components =
      tv_components_of(e, s->features, s->spectra, c->replicate, c->magnitude);
  TV_TRY(tv_grid_agree(s->group->grid, tv_alpha2_predicted(c->method, &components,
                                                           (double)c->moments->n, kind, out)));
  if (s->group->grid->size > 1) tv_broadcast(s->group->comm, 0, out, 1);
  return NULL;
}

static void record_threshold(tv_results *r, int64_t entry, const tv_alpha2 *found,
                             double predicted) {
  r->quantity[TV_ALPHA2_MEASURED][entry] = found->alpha2;
  r->quantity[TV_ALPHA2_STATUS][entry] = found->status;
  r->quantity[TV_ALPHA2_EVALUATIONS][entry] = found->evaluations;
  r->quantity[TV_ALPHA2_PREDICTED][entry] = predicted;
}

/* The searches start from what is predicted or, where nothing is, from theory's. */
static tv_error *search_all(const tv_solver *s, const tv_moment_matrix *moments, int64_t point,
                            answers *known) {
  const tv_results *r = s->results;
  const int64_t setting = point / r->levels;
  leaking context = {.solver = s,
                     .moments = moments,
                     .replicate = (int)(setting / r->magnitudes),
                     .magnitude = (int)(setting % r->magnitudes),
                     .known = known};
  for (int m = 0; m < r->methods; ++m) {
    tv_alpha2 found;
    double predicted;
    context.method = tv_method_of(s->experiment->methods[m]);
    TV_TRY(predict(&context, &predicted));
    const double start =
        isfinite(predicted) ? predicted : r->alpha2_threshold[setting * r->methods + m];
    TV_TRY(
        tv_alpha2_search(leakage_at, &context, start, s->experiment->threshold.tolerance, &found));
    if (s->group->is_leader)
      record_threshold(s->results, point * r->methods + m, &found, predicted);
  }
  return NULL;
}

/* Read by all ranks of the group, saved by its leader. */
static tv_error *keep_answers(const tv_solver *s, tv_saved_key key, answers *known) {
  tv_checkpoint *c = s->checkpoint;
  if (tv_checkpoint_find(c, key) >= 0) TV_TRY(tv_checkpoint_read(c, key, known, sizeof *known));
  if (known->count < 0 || known->count > MOST_ASKED)
    return tv_fail("the checkpoint does not fit this run (a search with %lld answers)",
                   (long long)known->count);
  return s->group->is_leader ? tv_checkpoint_hold(c, key, known, sizeof *known) : NULL;
}

tv_error *tv_solve_threshold(const tv_solver *s, const tv_moment_matrix *moments, int64_t point) {
  const tv_saved_key key = {TV_SAVED_SEARCH, 0, point, point + 1};
  answers known = {0};
  tv_error *error = tv_grid_agree(s->group->grid, keep_answers(s, key, &known));
  if (!error) error = search_all(s, moments, point, &known);
  tv_checkpoint_release(s->checkpoint, key);
  return error;
}

/* ---- Clean inputs: once per replicate and sample size ---- */

tv_error *tv_solve_clean(const tv_solver *s, const tv_moment_matrix *moments, int64_t item) {
  tv_results *r = s->results;
  const int k = s->experiment->encoder.k < r->p ? s->experiment->encoder.k : r->p;
  tv_statistics *statistics = NULL;
  int status = 0;
  tv_scores found;
  TV_TRY(tv_statistics_create(s->group->grid, moments, NULL,
                              tv_theta_of(s->spectra, (int)(item / r->levels)), 0, &statistics,
                              &status));
  tv_error *error = NULL;
  count_work(s, r->p, k);
  for (int m = 0; !error && m < r->methods; ++m) {
    const tv_method *method = tv_method_of(s->experiment->methods[m]);
    tv_solution solution = {0};
    int method_status = status;
    if (status == 0)
      error = solve_and_score(method, statistics, k, &solution, &found, &method_status);
    if (s->group->is_leader) {
      r->clean[item * r->methods + m] = has_failed(method_status) ? NAN : found.score;
      r->clean_status[item * r->methods + m] = method_status;
    }
    tv_solution_destroy(&solution);
  }
  tv_statistics_destroy(&statistics);
  return error;
}

/* ---- The row ---- */

static tv_error *fill(tv_experiment *e) {
  const int is_law = e->noise.sampler == TV_SAMPLER_LAW;
  if (!tv_experiment_gives(e, "archive.encoders")) e->archive.encoders = TV_KEEP_LAST;
  if (!tv_experiment_gives(e, "archive.representations") && !is_law)
    e->archive.representations = TV_KEEP_LAST;
  return tv_study_fill_methods(e, 0);
}

const tv_study tv_grid_study = {
    .kind = {.name = "grid", .title = "Grid", .fill = fill, .check = tv_study_expect_alpha}};
