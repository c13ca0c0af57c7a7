#include "twoview/studies/results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "grid.h"
#include "ledger.h"
#include "twoview/base/comm.h"
#include "twoview/base/progress.h"
#include "twoview/methods/method.h"
#include "twoview/moments/distributed.h"
#include "twoview/studies/search.h"
#include "twoview/theory/theory.h"

int64_t tv_point(const tv_results *r, int replicate, int magnitude, int alpha, int level) {
  return (((int64_t)replicate * r->magnitudes + magnitude) * r->alphas + alpha) * r->levels + level;
}

int64_t tv_point_among(const tv_results *r, int levels, int64_t point) {
  const int64_t beyond = point % r->levels - (r->levels - levels);
  return point / r->levels * levels + (beyond > 0 ? beyond : 0);
}

tv_quantities tv_quantities_of(const tv_study *study) {
  if (study->finds_alpha) return (tv_quantities){TV_ALPHA2_MEASURED, TV_QUANTITIES};
  return (tv_quantities){0, TV_ALPHA2_MEASURED};
}

tv_quantity tv_status_of(const tv_study *study) {
  return study->finds_alpha ? TV_ALPHA2_STATUS : TV_STATUS;
}

int tv_status_is_failure(const tv_study *study, double status) {
  if (!study->finds_alpha) return status != 0 && status != TV_INACCURATE;
  return status == TV_ALPHA2_OUT_OF_REACH || status == TV_ALPHA2_FAILED;
}

int tv_levels_of(const tv_results *r, tv_keep keep) {
  return keep == TV_KEEP_ALL ? r->levels : keep == TV_KEEP_LAST ? 1 : 0;
}

/* ---- What is done with the moments of a point, and of a sample size ---- */

static tv_error *solve_point(const tv_solver *s, const tv_moment_matrix *m, int64_t point) {
  return tv_study_of(s->experiment)->finds_alpha ? tv_solve_threshold(s, m, point)
                                                 : tv_solve_point(s, m, point);
}

static tv_error *solve_clean(const tv_solver *s, const tv_moment_matrix *m, int64_t item) {
  return s->results->clean ? tv_solve_clean(s, m, item) : NULL;
}

/* ---- Moments whole on every rank: the points are shared out over groups ---- */

static tv_error *solve_clean_item(const tv_solver *s, const tv_moment_matrix *m, int64_t item) {
  tv_results *r = s->results;
  TV_TRY(tv_grid_agree(s->group->grid,
                       s->group->is_leader ? tv_moments_digest(m, r->digest[item]) : NULL));
  return solve_clean(s, m, item);
}

static tv_error *solve_clean_share(const tv_solver *s, const tv_ledger *ledger,
                                   const tv_study_inputs *study, const tv_moments *moments) {
  const int levels = s->results->levels;
  for (int64_t item = ledger->first_clean; item < ledger->clean_end; ++item) {
    const tv_moment_matrix m = tv_moments_at(moments, (int)(item / levels), (int)(item % levels));
    if (ledger->has_clean[item - ledger->first_clean]) continue;
    TV_TRY(solve_clean_item(s, &m, item));
    ledger->has_clean[item - ledger->first_clean] = 1;
    TV_TRY(tv_checkpoint_poll(study->sampling->checkpoint, s->group->comm));
  }
  return NULL;
}

static tv_error *solve_share(const tv_solver *s, const tv_ledger *ledger,
                             const tv_study_inputs *study, const tv_moments *moments,
                             tv_progress *progress) {
  const tv_results *r = s->results;
  const int64_t of_replicate = tv_point(r, 1, 0, 0, 0);
  for (int64_t point = ledger->first_point; point < ledger->point_end; ++point) {
    const tv_moment_matrix m =
        tv_moments_at(moments, (int)(point / of_replicate), (int)(point % r->levels));
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
                                  const tv_study_inputs *study, const tv_moments *moments) {
  tv_error *error = solve_clean_share(s, ledger, study, moments);
  tv_progress progress =
      tv_progress_begin("solutions", "points", (double)(ledger->point_end - ledger->first_point),
                        (double)s->results->points, study->shows_progress);
  if (!error) error = solve_share(s, ledger, study, moments, &progress);
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
  const int settings = r->magnitudes * r->alphas;
  if (!ledger->has_clean[item]) {
    TV_TRY(solve_clean_level(s, m, item));
    ledger->has_clean[item] = 1;
    TV_TRY(tv_checkpoint_poll(checkpoint, s->group->comm));
  }
  for (int setting = 0; setting < settings; ++setting) {
    const int64_t point = tv_point(r, (int)(item / r->levels), setting / r->alphas,
                                   setting % r->alphas, (int)(item % r->levels));
    if (ledger->has_point[point]) continue;
    TV_TRY(solve_point(s, m, point));
    ledger->has_point[point] = 1;
    TV_TRY(tv_checkpoint_poll(checkpoint, s->group->comm));
  }
  return NULL;
}

static tv_error *solve_levels(const tv_solver *s, const tv_ledger *ledger,
                              const tv_study_inputs *study, tv_wide *wide) {
  const tv_results *r = s->results;
  const double samples = tv_wide_samples(study->sampling);
  tv_progress progress = tv_progress_begin("moments and solutions", "samples", samples, samples,
                                           study->shows_progress);
  tv_moment_matrix m;
  tv_error *error = NULL;
  for (int64_t item = 0; !error && item < (int64_t)r->replicates * r->levels; ++item) {
    const int replicate = (int)(item / r->levels), level = (int)(item % r->levels);
    if (tv_ledger_has_level(ledger, r, replicate, level)) continue;
    error = tv_wide_advance(wide, replicate, s->experiment->sizes[level], &progress, &m);
    tv_stopwatch_lap(study->watch, TV_STAGE_MOMENTS);
    if (!error) error = solve_level(s, ledger, study, &m, item);
    tv_stopwatch_lap(study->watch, TV_STAGE_SOLVES);
  }
  tv_progress_end(&progress);
  return error;
}

static tv_error *solve_distributed(const tv_solver *s, const tv_ledger *ledger,
                                   const tv_study_inputs *study) {
  tv_wide *wide = NULL;
  TV_TRY(tv_wide_create(study->sampling, study->group->grid, &wide));
  tv_error *error = solve_levels(s, ledger, study, wide);
  s->results->moments_work = tv_wide_work(wide);
  tv_wide_destroy(&wide);
  return error;
}

/* ---- Together ---- */

static void fill_derived(tv_results *r) {
  for (int64_t point = 0; point < r->points; ++point) {
    const int64_t replicate = point / r->levels / r->alphas / r->magnitudes;
    const int64_t item = replicate * r->levels + point % r->levels;
    for (int m = 0; m < r->methods; ++m) {
      const int64_t entry = point * r->methods + m;
      r->quantity[TV_SCORE_CLEAN][entry] = r->clean[item * r->methods + m];
      r->quantity[TV_DISTANCE][entry] =
          fabs(r->clean[item * r->methods + m] - r->quantity[TV_SCORE_CORRUPTED][entry]);
      if (r->quantity[TV_STATUS][entry] == 0 &&
          r->clean_status[item * r->methods + m] == TV_INACCURATE)
        r->quantity[TV_STATUS][entry] = TV_INACCURATE;
    }
  }
}

static tv_error *fill_thresholds(const tv_study_inputs *study, tv_results *r) {
  const tv_experiment *e = study->experiment;
  for (int64_t i = 0; i < (int64_t)r->replicates * r->magnitudes * r->methods; ++i) {
    const int64_t setting = i / r->methods;
    const tv_components c =
        tv_components_of(e, study->features, study->spectra, (int)(setting / r->magnitudes),
                         (int)(setting % r->magnitudes));
    TV_TRY(
        tv_alpha2_threshold(tv_method_of(e->methods[i % r->methods]), &c, &r->alpha2_threshold[i]));
  }
  return NULL;
}

static tv_error *allocate_encoders(const tv_study_inputs *study, tv_results *r) {
  const tv_experiment *e = study->experiment;
  const tv_group *g = study->group;
  const int archived = tv_levels_of(r, e->archive.encoders);
  r->represented_levels = tv_levels_of(r, e->archive.representations);
  r->kept_levels = archived > r->represented_levels ? archived : r->represented_levels;
  const int64_t own =
      tv_point_among(r, r->kept_levels, tv_group_first(g, r->points, g->index + 1)) -
      tv_point_among(r, r->kept_levels, tv_group_first(g, r->points, g->index));
  for (int m = 0; m < r->methods; ++m) {
    const tv_method *method = tv_method_of(e->methods[m]);
    tv_kept *kept = &r->kept[m];
    kept->rows = tv_method_rows(method, e->encoder.k, study->sampling->l);
    TV_TRY(tv_allocate(own * kept->rows * r->d, sizeof(double), &kept->encoder));
    if (method->has_decoder)
      TV_TRY(tv_allocate(own * kept->rows * r->d, sizeof(double), &kept->decoder));
  }
  return NULL;
}

static tv_error *allocate_quantities(const tv_study *study, tv_results *r) {
  const int64_t entries = r->points * r->methods;
  const tv_quantities which = r->quantities = tv_quantities_of(study);
  for (int i = which.first; i < which.end; ++i)
    TV_TRY(tv_allocate(entries, sizeof(double), &r->quantity[i]));
  if (study->finds_alpha) return NULL;
  const int64_t clean = (int64_t)r->replicates * r->levels * r->methods;
  TV_TRY(tv_allocate(clean, sizeof(double), &r->clean));
  return tv_allocate(clean, sizeof(double), &r->clean_status);
}

static tv_error *allocate_results(const tv_study_inputs *study, tv_results **out) {
  const tv_experiment *e = study->experiment;
  TV_TRY(tv_allocate(1, sizeof(**out), out));
  tv_results *r = *out;
  r->replicates = e->replicates;
  r->magnitudes = (int)e->noise.lambda_max_count;
  r->alphas = tv_experiment_alignments(e);
  r->levels = e->sizes_count;
  r->methods = (int)e->methods_count;
  TV_TRY(tv_allocate(r->methods, sizeof(*r->kept), &r->kept));
  r->points = tv_point(r, r->replicates, 0, 0, 0);
  r->d = study->sampling->p + study->sampling->q;
  r->p = study->sampling->p;
  TV_TRY(allocate_quantities(tv_study_of(e), r));
  TV_TRY(tv_allocate((int64_t)r->replicates * r->magnitudes * r->methods, sizeof(double),
                     &r->alpha2_threshold));
  TV_TRY(tv_allocate((int64_t)r->replicates * r->levels, sizeof(*r->digest), &r->digest));
  r->first_point = tv_group_first(study->group, r->points, study->group->index);
  if (study->group->is_leader)
    r->own_points =
        tv_group_first(study->group, r->points, study->group->index + 1) - r->first_point;
  return allocate_encoders(study, r);
}

/* What the groups' leaders found becomes everybody's. */
static void share_results(MPI_Comm comm, tv_results *r) {
  for (int i = r->quantities.first; i < r->quantities.end; ++i)
    tv_sum_all(comm, r->quantity[i], r->points * r->methods);
  MPI_Allreduce(MPI_IN_PLACE, r->digest, r->replicates * r->levels * TV_DIGEST_LENGTH, MPI_BYTE,
                MPI_BOR, comm);
  if (!r->clean) return;
  tv_sum_all(comm, r->clean, (int64_t)r->replicates * r->levels * r->methods);
  tv_sum_all(comm, r->clean_status, (int64_t)r->replicates * r->levels * r->methods);
  fill_derived(r);
}

static tv_error *solve_all(const tv_study_inputs *study, const tv_moments *moments, tv_results *r) {
  tv_checkpoint *checkpoint = study->sampling->checkpoint;
  const tv_solver s = {study->experiment, study->features, study->spectra,
                       study->group,      checkpoint,      r,
                       study->sampling->l};
  tv_ledger ledger;
  tv_error *error = tv_agree(study->comm, tv_ledger_open(checkpoint, study->group, r, &ledger));
  if (!error) {
    error = moments ? solve_replicated(&s, &ledger, study, moments)
                    : solve_distributed(&s, &ledger, study);
    error = tv_checkpoint_finish(checkpoint, study->comm, error);
  }
  if (!error) error = tv_checkpoint_keep(checkpoint);
  tv_ledger_close(checkpoint, &ledger);
  if (!error) share_results(study->comm, r);
  return error;
}

tv_error *tv_results_compute(const tv_study_inputs *study, const tv_moments *moments,
                             tv_results **out) {
  *out = NULL;
  tv_error *error = allocate_results(study, out);
  if (!error) error = fill_thresholds(study, *out);
  error = tv_agree(study->comm, error);
  if (!error) error = solve_all(study, moments, *out);
  if (error) tv_results_destroy(out);
  return error;
}

void tv_results_destroy(tv_results **results) {
  tv_results *r = *results;
  if (!r) return;
  for (int i = 0; i < TV_QUANTITIES; ++i) free(r->quantity[i]);
  free(r->clean);
  free(r->clean_status);
  free(r->alpha2_threshold);
  free(r->digest);
  for (int m = 0; r->kept && m < r->methods; ++m) {
    free(r->kept[m].encoder);
    free(r->kept[m].decoder);
    free(r->kept[m].representation);
  }
  free(r->kept);
  free(r);
  *results = NULL;
}
