#include "twoview/results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "solve.h"
#include "twoview/comm.h"
#include "twoview/progress.h"
#include "twoview/theory.h"
#include "twoview/wide.h"

int64_t tv_point(const tv_results *r, int replicate, int magnitude, int alpha, int level) {
  return (((int64_t)replicate * r->magnitudes + magnitude) * r->alphas + alpha) * r->levels + level;
}

int64_t tv_point_among(const tv_results *r, int levels, int64_t point) {
  const int64_t beyond = point % r->levels - (r->levels - levels);
  return point / r->levels * levels + (beyond > 0 ? beyond : 0);
}

int tv_levels_of(const tv_results *r, tv_keep keep) {
  return keep == TV_KEEP_ALL ? r->levels : keep == TV_KEEP_LAST ? 1 : 0;
}

/* ---- Moments whole on every rank: the points are shared out over groups ---- */

static tv_error *solve_clean_share(const tv_solver *s, const tv_moments *moments,
                                   tv_progress *progress, double *scores) {
  const tv_results *r = s->results;
  const tv_group *g = s->group;
  const int64_t items = (int64_t)r->replicates * r->levels;
  for (int64_t i = tv_group_first(g, items, g->index); i < tv_group_first(g, items, g->index + 1);
       ++i) {
    const int replicate = (int)(i / r->levels);
    const tv_moment_matrix m = tv_moments_at(moments, replicate, (int)(i % r->levels));
    TV_TRY(tv_grid_agree(g->grid, g->is_leader ? tv_moments_digest(&m, r->digest[i]) : NULL));
    TV_TRY(tv_solve_clean(s, &m, replicate, scores + i * r->methods));
    tv_progress_step(progress);
  }
  return NULL;
}

static tv_error *solve_share(const tv_solver *s, const tv_moments *moments, tv_progress *progress) {
  const tv_results *r = s->results;
  const int64_t of_replicate = tv_point(r, 1, 0, 0, 0);
  const int64_t end = tv_group_first(s->group, r->points, s->group->index + 1);
  for (int64_t point = r->first_point; point < end; ++point) {
    const tv_moment_matrix m =
        tv_moments_at(moments, (int)(point / of_replicate), (int)(point % r->levels));
    TV_TRY(tv_solve_point(s, &m, point));
    tv_progress_step(progress);
  }
  return NULL;
}

static tv_error *solve_replicated(const tv_solver *s, const tv_moments *moments, int shows_progress,
                                  double *clean) {
  const tv_results *r = s->results;
  const int64_t steps = r->points + (int64_t)r->replicates * r->levels;
  tv_progress progress = tv_progress_begin("solves", steps / s->group->count, shows_progress);
  tv_error *error = solve_clean_share(s, moments, &progress, clean);
  if (!error) error = solve_share(s, moments, &progress);
  tv_progress_end(&progress);
  return error;
}

/* ---- Moments spread over all ranks: one sample size after the other ---- */

static tv_error *solve_level(const tv_solver *s, const tv_moment_matrix *m, int replicate,
                             int level, double *clean) {
  const tv_results *r = s->results;
  const int64_t item = (int64_t)replicate * r->levels + level;
  char digest[TV_DIGEST_LENGTH];
  TV_TRY(tv_moments_digest(m, digest));
  if (s->group->is_leader) memcpy(r->digest[item], digest, sizeof digest);
  TV_TRY(tv_solve_clean(s, m, replicate, clean + item * r->methods));
  for (int magnitude = 0; magnitude < r->magnitudes; ++magnitude)
    for (int alpha = 0; alpha < r->alphas; ++alpha)
      TV_TRY(tv_solve_point(s, m, tv_point(r, replicate, magnitude, alpha, level)));
  return NULL;
}

static tv_error *solve_levels(const tv_solver *s, const tv_study *study, tv_wide *wide,
                              double *clean) {
  const tv_results *r = s->results;
  tv_progress progress =
      tv_progress_begin("batches", tv_wide_steps(study->sampling), study->shows_progress);
  tv_moment_matrix m;
  tv_error *error = NULL;
  for (int replicate = 0; !error && replicate < r->replicates; ++replicate)
    for (int level = 0; !error && level < r->levels; ++level) {
      error = tv_wide_advance(wide, replicate, s->experiment->sizes[level], &progress, &m);
      tv_stopwatch_lap(study->watch, TV_STAGE_MOMENTS);
      if (!error) error = solve_level(s, &m, replicate, level, clean);
      tv_stopwatch_lap(study->watch, TV_STAGE_SOLVES);
    }
  tv_progress_end(&progress);
  return error;
}

static tv_error *solve_distributed(const tv_solver *s, const tv_study *study, double *clean) {
  tv_wide *wide = NULL;
  TV_TRY(tv_wide_create(study->sampling, study->group->grid, &wide));
  tv_error *error = solve_levels(s, study, wide, clean);
  s->results->moments_work = tv_wide_work(wide);
  tv_wide_destroy(&wide);
  return error;
}

/* ---- Together ---- */

static void fill_derived(const double *clean, tv_results *r) {
  for (int64_t point = 0; point < r->points; ++point) {
    const int64_t replicate = point / r->levels / r->alphas / r->magnitudes;
    const int64_t item = replicate * r->levels + point % r->levels;
    for (int m = 0; m < r->methods; ++m) {
      const int64_t entry = point * r->methods + m;
      r->quantity[TV_SCORE_CLEAN][entry] = clean[item * r->methods + m];
      r->quantity[TV_DISTANCE][entry] =
          fabs(clean[item * r->methods + m] - r->quantity[TV_SCORE_CORRUPTED][entry]);
    }
  }
}

static tv_error *fill_thresholds(const tv_study *study, tv_results *r) {
  const tv_experiment *e = study->experiment;
  const tv_spectra *spectra = study->spectra;
  for (int64_t i = 0; i < (int64_t)r->replicates * r->magnitudes * r->methods; ++i) {
    const int replicate = (int)(i / r->methods / r->magnitudes);
    TV_TRY(
        tv_alpha2_threshold(e->methods[i % r->methods], e->encoder.k, r->p, spectra->q,
                            study->features->spectrum, tv_theta_of(spectra, replicate),
                            tv_gamma_of(spectra, replicate, (int)(i / r->methods % r->magnitudes)),
                            &r->alpha2_threshold[i]));
  }
  return NULL;
}

static tv_error *allocate_encoders(const tv_study *study, tv_results *r) {
  const tv_experiment *e = study->experiment;
  const tv_group *g = study->group;
  const int archived = tv_levels_of(r, e->archive.encoders);
  r->represented_levels = tv_levels_of(r, e->archive.representations);
  r->kept_levels = archived > r->represented_levels ? archived : r->represented_levels;
  const int64_t own =
      tv_point_among(r, r->kept_levels, tv_group_first(g, r->points, g->index + 1)) -
      tv_point_among(r, r->kept_levels, tv_group_first(g, r->points, g->index));
  for (unsigned m = 0; m < e->methods_count; ++m) {
    const tv_method_id id = e->methods[m];
    r->rows[id] = id == TV_SUPERVISED ? study->sampling->l : e->encoder.k;
    const int64_t numbers = own * r->rows[id] * r->d;
    TV_TRY(tv_allocate(numbers, sizeof(double), &r->encoder[id]));
    if (id == TV_RECONSTRUCTION) TV_TRY(tv_allocate(numbers, sizeof(double), &r->decoder));
  }
  return NULL;
}

static tv_error *allocate_results(const tv_study *study, tv_results **out) {
  const tv_experiment *e = study->experiment;
  TV_TRY(tv_allocate(1, sizeof(**out), out));
  tv_results *r = *out;
  r->replicates = e->replicates;
  r->magnitudes = (int)e->noise.lambda_max_count;
  r->alphas = (int)e->augmentation.alpha_count;
  r->levels = e->sizes_count;
  r->methods = (int)e->methods_count;
  r->points = tv_point(r, r->replicates, 0, 0, 0);
  r->d = study->sampling->p + study->sampling->q;
  r->p = study->sampling->p;
  const int64_t entries = r->points * r->methods;
  TV_TRY(tv_allocate(TV_QUANTITIES * entries, sizeof(double), &r->quantity[0]));
  for (int i = 1; i < TV_QUANTITIES; ++i) r->quantity[i] = r->quantity[0] + i * entries;
  TV_TRY(tv_allocate((int64_t)r->replicates * r->magnitudes * r->methods, sizeof(double),
                     &r->alpha2_threshold));
  TV_TRY(tv_allocate((int64_t)r->replicates * r->levels, sizeof(*r->digest), &r->digest));
  r->first_point = tv_group_first(study->group, r->points, study->group->index);
  if (study->group->is_leader)
    r->own_points =
        tv_group_first(study->group, r->points, study->group->index + 1) - r->first_point;
  return allocate_encoders(study, r);
}

/* Solve, and share what the groups' leaders found. */
static tv_error *solve_all(const tv_study *study, const tv_moments *moments, tv_results *r) {
  const tv_solver s = {study->experiment, study->spectra, study->group, r};
  const int64_t items = (int64_t)r->replicates * r->levels * r->methods;
  double *clean = NULL;
  TV_TRY(tv_agree(study->comm, tv_allocate(items, sizeof(*clean), &clean)));
  tv_error *error = moments ? solve_replicated(&s, moments, study->shows_progress, clean)
                            : solve_distributed(&s, study, clean);
  error = tv_agree(study->comm, error);
  if (!error) {
    tv_sum_all(study->comm, clean, items);
    tv_sum_all(study->comm, r->quantity[0], TV_QUANTITIES * r->points * r->methods);
    MPI_Allreduce(MPI_IN_PLACE, r->digest, r->replicates * r->levels * TV_DIGEST_LENGTH, MPI_BYTE,
                  MPI_BOR, study->comm);
    fill_derived(clean, r);
  }
  free(clean);
  return error;
}

tv_error *tv_results_compute(const tv_study *study, const tv_moments *moments, tv_results **out) {
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
  free(r->quantity[0]);
  free(r->alpha2_threshold);
  free(r->digest);
  free(r->decoder);
  for (int m = 0; m < TV_METHODS; ++m) {
    free(r->encoder[m]);
    free(r->representation[m]);
  }
  free(r);
  *results = NULL;
}
