#include "twoview/results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/comm.h"
#include "twoview/progress.h"
#include "twoview/scores.h"

/* Ranks that solve points together. */
typedef struct {
  MPI_Comm comm; /* MPI_COMM_NULL on idle ranks */
  int index, count;
  int is_leader; /* the rank that reports its group's results */
  tv_grid *grid;
} group;

/* What a group needs to solve its points. */
typedef struct {
  const tv_experiment *experiment;
  const tv_moments *moments;
  const tv_spectra *spectra;
  const group *group;
  tv_progress *progress;
  tv_results *results;
} solver;

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

/* ---- Groups ---- */

static tv_error *form_group(const tv_experiment *e, MPI_Comm comm, group *g) {
  int rank, size;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  const int each = e->parallel.ranks_per_point < size ? e->parallel.ranks_per_point : size;
  g->count = size / each;
  g->index = rank / each;
  const int is_idle = g->index >= g->count;
  MPI_Comm_split(comm, is_idle ? MPI_UNDEFINED : g->index, rank, &g->comm);
  g->is_leader = !is_idle && rank % each == 0;
  return tv_agree(comm, is_idle ? NULL : tv_grid_create(g->comm, &g->grid));
}

static void dissolve_group(group *g) {
  tv_grid_destroy(&g->grid);
  if (g->comm != MPI_COMM_NULL) MPI_Comm_free(&g->comm);
}

static int64_t share_begin(const group *g, int64_t items, int index) {
  return items / g->count * index + items % g->count * index / g->count;
}

/* ---- One method at one point ---- */

/* Beyond this relative residual a solution is none, whatever the solver said of it. */
static const double largest_residual = 1e-6;

/* Solve and score. status: 0, the solver's info, or TV_UNSOUND. The caller destroys `solution`. */
static tv_error *solve_and_score(const tv_method *method, const tv_statistics *statistics, int k,
                                 tv_solution *solution, tv_scores *scores, int *status) {
  TV_TRY(method->solve(statistics, k, solution, status));
  if (*status) return NULL;
  TV_TRY(tv_scores_evaluate(method, statistics, solution, scores));
  if (!(scores->optimality.residual <= largest_residual)) *status = TV_UNSOUND;
  return NULL;
}

static void record_failure(tv_results *r, int64_t entry, int status) {
  for (int i = 0; i < TV_QUANTITIES; ++i)
    if (i != TV_SCORE_CLEAN && i != TV_DISTANCE) r->quantity[i][entry] = NAN;
  r->quantity[TV_STATUS][entry] = status;
}

static void record_scores(tv_results *r, int64_t entry, const tv_scores *scores) {
  r->quantity[TV_SCORE_CORRUPTED][entry] = scores->score;
  r->quantity[TV_LEAKAGE][entry] = scores->leakage;
  r->quantity[TV_OBJECTIVE][entry] = scores->optimality.objective;
  r->quantity[TV_OBJECTIVE_OPTIMUM][entry] = scores->optimum;
  r->quantity[TV_RESIDUAL][entry] = scores->optimality.residual;
  r->quantity[TV_ORTHONORMALITY][entry] = scores->optimality.orthonormality;
}

static void keep_solution(const solver *s, tv_method_id id, int64_t point,
                          const tv_solution *solution) {
  tv_results *r = s->results;
  const int64_t size = (int64_t)r->rows[id] * r->d;
  if (point % r->levels < r->levels - r->kept_levels) return;
  const int64_t own =
      tv_point_among(r, r->kept_levels, point) - tv_point_among(r, r->kept_levels, r->first_point);
  tv_distmat_gather(solution->encoder, r->encoder[id] + own * size);
  if (solution->decoder) tv_distmat_gather(solution->decoder, r->decoder + own * size);
}

static tv_error *solve_method(const solver *s, const tv_statistics *statistics, int m,
                              int64_t point) {
  tv_results *r = s->results;
  const tv_method *method = tv_method_of(s->experiment->methods[m]);
  tv_solution solution = {0};
  tv_scores scores;
  int status = 0;
  const int64_t entry = point * r->methods + m;
  tv_error *error =
      solve_and_score(method, statistics, s->experiment->encoder.k, &solution, &scores, &status);
  if (!error && status == 0) {
    if (s->group->is_leader) record_scores(r, entry, &scores);
    keep_solution(s, method->id, point, &solution);
  } else if (!error && s->group->is_leader) {
    record_failure(r, entry, status);
  }
  tv_solution_destroy(&solution);
  return error;
}

/* ---- Corrupted inputs: all points ---- */

static tv_error *solve_point(const solver *s, int64_t point) {
  const tv_results *r = s->results;
  const int level = (int)(point % r->levels), alpha = (int)(point / r->levels % r->alphas);
  const int magnitude = (int)(point / r->levels / r->alphas % r->magnitudes);
  const int replicate = (int)(point / r->levels / r->alphas / r->magnitudes);
  tv_statistics *statistics = NULL;
  int status = 0;
  TV_TRY(tv_statistics_create(s->group->grid, s->moments, replicate, level,
                              tv_gamma_of(s->spectra, replicate, magnitude),
                              tv_theta_of(s->spectra, replicate),
                              s->experiment->augmentation.alpha[alpha], &statistics, &status));
  tv_error *error = NULL;
  for (int m = 0; !error && m < r->methods; ++m) {
    if (status == 0)
      error = solve_method(s, statistics, m, point);
    else if (s->group->is_leader)
      record_failure(s->results, point * r->methods + m, status);
  }
  tv_statistics_destroy(&statistics);
  return error;
}

static tv_error *solve_points(const solver *s) {
  const group *g = s->group;
  tv_results *r = s->results;
  const int64_t first = share_begin(g, r->points, g->index);
  const int64_t end = share_begin(g, r->points, g->index + 1);
  r->first_point = first;
  for (int64_t point = first; point < end; ++point) {
    TV_TRY(solve_point(s, point));
    tv_progress_step(s->progress);
  }
  return NULL;
}

/* ---- Clean inputs: once per replicate and sample size ---- */

static tv_error *solve_clean(const solver *s, int replicate, int level, double *scores) {
  const tv_results *r = s->results;
  const int k = s->experiment->encoder.k < r->p ? s->experiment->encoder.k : r->p;
  tv_statistics *statistics = NULL;
  int status = 0;
  tv_scores found;
  TV_TRY(tv_statistics_create(s->group->grid, s->moments, replicate, level, NULL,
                              tv_theta_of(s->spectra, replicate), 0, &statistics, &status));
  tv_error *error = NULL;
  for (int m = 0; !error && m < r->methods; ++m) {
    const tv_method *method = tv_method_of(s->experiment->methods[m]);
    tv_solution solution = {0};
    int method_status = status;
    if (status == 0)
      error = solve_and_score(method, statistics, k, &solution, &found, &method_status);
    if (s->group->is_leader) scores[m] = method_status == 0 ? found.score : NAN;
    tv_solution_destroy(&solution);
  }
  tv_statistics_destroy(&statistics);
  return error;
}

/* scores: replicates x levels x methods. */
static tv_error *solve_clean_share(const solver *s, double *scores) {
  const group *g = s->group;
  const tv_results *r = s->results;
  const int64_t items = (int64_t)r->replicates * r->levels;
  for (int64_t i = share_begin(g, items, g->index); i < share_begin(g, items, g->index + 1); ++i) {
    TV_TRY(solve_clean(s, (int)(i / r->levels), (int)(i % r->levels), scores + i * r->methods));
    tv_progress_step(s->progress);
  }
  return NULL;
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

static tv_error *fill_thresholds(const tv_experiment *e, const tv_features *f,
                                 const tv_spectra *spectra, tv_results *r) {
  for (int i = 0; i < r->replicates * r->magnitudes * r->methods; ++i) {
    const int replicate = i / r->methods / r->magnitudes;
    TV_TRY(tv_alpha2_threshold(e->methods[i % r->methods], e->encoder.k, r->p, spectra->q,
                               f->spectrum, tv_theta_of(spectra, replicate),
                               tv_gamma_of(spectra, replicate, i / r->methods % r->magnitudes),
                               &r->alpha2_threshold[i]));
  }
  return NULL;
}

static tv_error *allocate_encoders(const tv_experiment *e, const group *g, int targets,
                                   tv_results *r) {
  const int archived = tv_levels_of(r, e->archive.encoders);
  r->represented_levels = tv_levels_of(r, e->archive.representations);
  r->kept_levels = archived > r->represented_levels ? archived : r->represented_levels;
  const int64_t own = tv_point_among(r, r->kept_levels, share_begin(g, r->points, g->index + 1)) -
                      tv_point_among(r, r->kept_levels, share_begin(g, r->points, g->index));
  for (unsigned m = 0; m < e->methods_count; ++m) {
    const tv_method_id id = e->methods[m];
    r->rows[id] = id == TV_SUPERVISED ? targets : e->encoder.k;
    if (g->comm == MPI_COMM_NULL) continue;
    const int64_t numbers = own * r->rows[id] * r->d;
    TV_TRY(tv_allocate(numbers, sizeof(double), &r->encoder[id]));
    if (id == TV_RECONSTRUCTION) TV_TRY(tv_allocate(numbers, sizeof(double), &r->decoder));
  }
  return NULL;
}

static tv_error *allocate_results(const tv_experiment *e, const tv_moments *moments, const group *g,
                                  tv_results **out) {
  TV_TRY(tv_allocate(1, sizeof(**out), out));
  tv_results *r = *out;
  r->replicates = e->replicates;
  r->magnitudes = (int)e->noise.lambda_max_count;
  r->alphas = (int)e->augmentation.alpha_count;
  r->levels = e->sizes_count;
  r->methods = (int)e->methods_count;
  r->points = tv_point(r, r->replicates, 0, 0, 0);
  r->d = moments->p + moments->q;
  r->p = moments->p;
  const int64_t entries = r->points * r->methods;
  TV_TRY(tv_allocate(TV_QUANTITIES * entries, sizeof(double), &r->quantity[0]));
  for (int i = 1; i < TV_QUANTITIES; ++i) r->quantity[i] = r->quantity[0] + i * entries;
  TV_TRY(tv_allocate((int64_t)r->replicates * r->magnitudes * r->methods, sizeof(double),
                     &r->alpha2_threshold));
  return allocate_encoders(e, g, moments->l, r);
}

static tv_error *solve_all(const solver *s, MPI_Comm comm) {
  tv_results *r = s->results;
  const int64_t items = (int64_t)r->replicates * r->levels * r->methods;
  double *clean = NULL;
  tv_error *error = tv_agree(comm, tv_allocate(items, sizeof(*clean), &clean));
  const int is_busy = s->group->comm != MPI_COMM_NULL;
  if (!error) error = tv_agree(comm, is_busy ? solve_clean_share(s, clean) : NULL);
  if (!error) error = tv_agree(comm, is_busy ? solve_points(s) : NULL);
  if (!error) {
    if (s->group->is_leader)
      r->own_points = share_begin(s->group, r->points, s->group->index + 1) - r->first_point;
    tv_sum_all(comm, clean, items);
    tv_sum_all(comm, r->quantity[0], TV_QUANTITIES * r->points * r->methods);
    fill_derived(clean, r);
  }
  free(clean);
  return error;
}

tv_error *tv_results_compute(const tv_experiment *e, const tv_features *features,
                             const tv_moments *moments, const tv_spectra *spectra, MPI_Comm comm,
                             int shows_progress, tv_results **out) {
  group g = {.comm = MPI_COMM_NULL};
  tv_progress progress;
  *out = NULL;
  tv_error *error = form_group(e, comm, &g);
  if (!error) error = tv_agree(comm, allocate_results(e, moments, &g, out));
  if (!error) error = tv_agree(comm, fill_thresholds(e, features, spectra, *out));
  if (!error) {
    const int64_t steps = (*out)->points + (int64_t)(*out)->replicates * (*out)->levels;
    progress = tv_progress_begin("solves", steps / g.count, shows_progress);
    const solver s = {e, moments, spectra, &g, &progress, *out};
    error = solve_all(&s, comm);
    tv_progress_end(&progress);
  }
  dissolve_group(&g);
  if (error) tv_results_destroy(out);
  return error;
}

void tv_results_destroy(tv_results **results) {
  tv_results *r = *results;
  if (!r) return;
  free(r->quantity[0]);
  free(r->alpha2_threshold);
  free(r->decoder);
  for (int m = 0; m < TV_METHODS; ++m) {
    free(r->encoder[m]);
    free(r->representation[m]);
  }
  free(r);
  *results = NULL;
}
