#include "views.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "optimality.h"
#include "solver.h"
#include "twoview/augmentations/view_model.h"
#include "twoview/experiment/check.h"
#include "twoview/linalg/dense.h"
#include "twoview/methods/probe.h"
#include "twoview/methods/scores.h"
#include "twoview/studies/grid.h"

/* ---- Rows: those to learn from, and those to score on ---- */

/* Which rows, corrupted or as they are. */
typedef enum { TRAINING, TRAINING_CLEAN, TEST, TEST_CLEAN, SETS } set_of_rows;

/* The moments of a point's rows. Those of test rows are about the means of the training rows in the
 * same condition. */
typedef struct {
  tv_samples *rows[SETS];    /* owned; NULL: as `same` */
  set_of_rows same[SETS];    /* itself, or the set that it is the same as */
  tv_statistics *statistics; /* owned: of the views of the training rows */
  int status;                /* of these */
} point_data;

static void forget(point_data *p) {
  for (set_of_rows i = TRAINING; i < SETS; ++i) tv_samples_destroy(&p->rows[i]);
  tv_statistics_destroy(&p->statistics);
}

/* Moments of rows at a severity, on one row of ranks: summed over corrupted rows, or what the
 * corruption makes of them on average. */
static tv_error *take_rows(const tv_solver *s, const tv_moments *moments, int replicate,
                           int severity, int level, tv_samples **out) {
  const int is_summed = severity < moments->severities;
  const int of = replicate < moments->replicates ? replicate : 0;
  const tv_moment_matrix m = tv_moments_at(moments, of, is_summed ? severity : 0, level);
  TV_TRY(tv_samples_take(s->group->row, &s->model->shape, &m, out));
  return is_summed ? NULL : tv_chain_corrupt(&s->model->corruptions[severity], *out);
}

static tv_error *take_all_rows(const tv_solver *s, const tv_spot *at, int severity, point_data *p) {
  for (set_of_rows i = TRAINING; i < SETS; ++i) {
    const int is_test = i >= TEST, is_clean = i == TRAINING_CLEAN || i == TEST_CLEAN;
    p->same[i] = i;
    if (is_test && !s->held_out) p->same[i] = p->same[i - TEST];
    if (is_clean && severity == 0) p->same[i] = p->same[i - 1];
    if (p->same[i] == i)
      TV_TRY(take_rows(s, is_test ? s->held_out : s->moments, at->replicate,
                       is_clean ? 0 : severity, is_test ? 0 : at->level, &p->rows[i]));
  }
  return NULL;
}

/* The rows' means, as many numbers as both have. Without an intercept targets stay as they are. */
static tv_error *copy_means(const tv_solver *s, const tv_samples *rows, double **out) {
  const int d = rows->second->rows, l = rows->targets->columns;
  TV_TRY(tv_grid_agree(s->group->grid, tv_allocate((int64_t)d + l, sizeof(**out), out)));
  memcpy(*out, rows->mean, (size_t)d * sizeof(**out));
  if (s->experiment->probe.intercept)
    memcpy(*out + d, rows->target_mean, (size_t)l * sizeof(**out));
  return NULL;
}

/* Centre training rows and the test rows that go with them, and move both to the group's grid. */
static tv_error *centre(const tv_solver *s, set_of_rows training, set_of_rows test, point_data *p) {
  const set_of_rows both[] = {training, test};
  double *means = NULL;
  if (!p->rows[training]) return NULL;
  TV_TRY(copy_means(s, p->rows[training], &means));
  tv_error *error = NULL;
  for (int i = 0; !error && i < 2; ++i) {
    tv_samples **rows = &p->rows[both[i]], *moved = NULL;
    if (!*rows) continue;
    tv_samples_centre(*rows, means, means + (*rows)->second->rows);
    error = tv_samples_move(*rows, s->group->grid, &moved);
    tv_samples_destroy(rows);
    *rows = moved;
  }
  free(means);
  return error;
}

/* The mean of the training rows, before they are centred, in units of the source. */
static void keep_mean(const tv_solver *s, const tv_samples *rows, int64_t point) {
  const tv_results *r = s->results;
  const int64_t place = tv_results_place(r, point);
  if (place < 0 || !s->group->is_leader) return;
  for (int i = 0; i < r->d; ++i)
    r->mean[place * r->d + i] = rows->mean[i] * s->experiment->source.scale;
}

static tv_error *prepare_point(const tv_solver *s, int64_t point, point_data *p) {
  const tv_spot spot = tv_cube_split(&s->results->cube, point), *at = &spot;
  const int severity = tv_experiment_first_severity(s->experiment) + at->magnitude;
  TV_TRY(take_all_rows(s, at, severity, p));
  TV_TRY(tv_chain_problem(&s->model->augmentations[at->alpha], p->rows[TRAINING],
                          s->experiment->augmentation.floor, s->group->grid, &p->statistics,
                          &p->status));
  keep_mean(s, p->rows[TRAINING], point);
  TV_TRY(centre(s, TRAINING, TEST, p));
  return centre(s, TRAINING_CLEAN, TEST_CLEAN, p);
}

/* ---- Probes ---- */

/* The outputs of an encoder on all sets of rows. */
typedef struct {
  tv_outputs on[SETS]; /* owned */
  double *sizes;       /* owned: of its rows */
} all_outputs;

static void forget_outputs(all_outputs *o) {
  for (set_of_rows i = TRAINING; i < SETS; ++i) tv_outputs_release(&o->on[i]);
  free(o->sizes);
}

static double square_of(const tv_samples *rows) {
  double sum = 0;
  for (int t = 0; t < rows->targets->columns; ++t) sum += rows->target_square[t];
  return sum;
}

static tv_error *take_outputs(const point_data *p, const tv_solution *solution, all_outputs *o) {
  const tv_distmat *encoder = solution->encoder;
  tv_distmat *image = NULL;
  TV_TRY(tv_row_sizes(p->statistics, solution, &o->sizes));
  TV_TRY(tv_distmat_create(encoder->grid, encoder->rows, encoder->columns, &image));
  tv_error *error = NULL;
  for (set_of_rows i = TRAINING; !error && i < SETS; ++i) {
    const tv_samples *rows = p->rows[i];
    if (!rows) continue;
    tv_multiply(TV_PLAIN, rows->second, TV_PLAIN, encoder, image);
    error = tv_outputs_take(encoder, image, rows->targets, square_of(rows), &o->on[i]);
  }
  tv_distmat_destroy(&image);
  return error;
}

typedef struct {
  double training, test, test_clean;
} losses;

/* Of the first k outputs. */
static tv_error *find_losses(const point_data *p, const all_outputs *o, int k, losses *out) {
  const tv_outputs *training = &o->on[TRAINING], *clean = &o->on[p->same[TRAINING_CLEAN]];
  const int d = p->statistics->d;
  double *probe = NULL;
  TV_TRY(tv_allocate((int64_t)k * training->l, sizeof(*probe), &probe));
  tv_error *error = tv_probe_fit(training, k, o->sizes, d, probe);
  out->training = tv_probe_loss_on(training, k, probe);
  out->test = tv_probe_loss_on(&o->on[p->same[TEST]], k, probe);
  if (!error) error = tv_probe_fit(clean, k, o->sizes, d, probe);
  out->test_clean = tv_probe_loss_on(&o->on[p->same[TEST_CLEAN]], k, probe);
  free(probe);
  return error;
}

/* ---- A method at a point ---- */

/* One more than the largest encoder has, which shows where a tie is. */
static int rows_to_solve(const tv_solver *s, const tv_method *method) {
  const int k = s->experiment->encoder.k, d = s->results->d;
  return tv_method_rows(method, k < d ? k + 1 : d, s->targets);
}

/* The gap behind the k-th of the values, relative to that; NaN where there is no next one. */
static double gap_of(const tv_solution *solution, int k) {
  const double *values = solution->values;
  if (!values || k >= solution->k) return NAN;
  return (values[k - 1] - values[k]) / values[k - 1];
}

/* Gaps that d roundings of the largest value may have made. */
static int is_tied(const tv_solution *solution, int d, int k) {
  const double gap = gap_of(solution, k);
  return gap <= d * DBL_EPSILON * solution->values[0] / solution->values[k - 1];
}

static int status_of(const tv_solution *solution, int d, int k, const tv_optimality *o,
                     const losses *l) {
  if (!(o->whole_residual <= TV_LARGEST_RESIDUAL) || !isfinite(o->residual) || !isfinite(l->test) ||
      !isfinite(l->test_clean))
    return TV_UNSOUND;
  if (solution->values && is_tied(solution, d, k)) return TV_TIED;
  return o->residual <= TV_LARGEST_RESIDUAL ? 0 : TV_INACCURATE;
}

static int is_failure(double status) {
  return status != 0 && status != TV_INACCURATE && status != TV_TIED;
}

static void record_failure(tv_results *r, int64_t entry, int status) {
  for (int i = 0; i < TV_VIEWS_QUANTITIES; ++i) r->quantity[i][entry] = NAN;
  r->quantity[TV_VIEWS_STATUS][entry] = status;
}

static void record(tv_results *r, int64_t entry, const losses *l, const tv_optimality *o,
                   int status) {
  r->quantity[TV_VIEWS_TEST_LOSS][entry] = l->test;
  r->quantity[TV_VIEWS_TEST_LOSS_CLEAN][entry] = l->test_clean;
  r->quantity[TV_VIEWS_TRAINING_LOSS][entry] = l->training;
  r->quantity[TV_VIEWS_OBJECTIVE][entry] = o->objective;
  r->quantity[TV_VIEWS_OBJECTIVE_OPTIMUM][entry] = o->optimum;
  r->quantity[TV_VIEWS_RESIDUAL][entry] = o->residual;
  r->quantity[TV_VIEWS_ORTHONORMALITY][entry] = o->orthonormality;
  r->quantity[TV_VIEWS_STATUS][entry] = status;
}

/* What is known of the encoder of the first k rows. */
static tv_error *score(const tv_solver *s, const point_data *p, const tv_method *method,
                       const tv_solution *solution, const all_outputs *o, int k, int64_t entry) {
  tv_results *r = s->results;
  tv_optimality optimality;
  losses l = {NAN, NAN, NAN};
  TV_TRY(tv_scores_validate(method, p->statistics, solution, k, &optimality));
  TV_TRY(tv_grid_agree(s->group->grid, find_losses(p, o, k, &l)));
  const int status = status_of(solution, r->d, k, &optimality, &l);
  if (!s->group->is_leader) return NULL;
  if (is_failure(status)) {
    record_failure(r, entry, status);
    return NULL;
  }
  record(r, entry, &l, &optimality, status);
  r->quantity[TV_VIEWS_GAP][entry] = gap_of(solution, k);
  r->quantity[TV_VIEWS_TARGET_VARIANCE][entry] = square_of(p->rows[p->same[TEST]]);
  return NULL;
}

static tv_error *score_all(const tv_solver *s, const point_data *p, int m,
                           const tv_solution *solution, int64_t point) {
  const tv_method *method = tv_method_of(s->experiment->methods[m]);
  const tv_encoder_spec *encoder = &s->experiment->encoder;
  all_outputs outputs = {0};
  tv_error *error = take_outputs(p, solution, &outputs);
  for (int i = 0; !error && i < encoder->sizes_count; ++i)
    error = score(s, p, method, solution, &outputs,
                  tv_method_rows(method, encoder->sizes[i], s->targets),
                  tv_cube_entry(&s->results->cube, point, i, m));
  if (!error) tv_results_keep(s->results, m, point, solution);
  forget_outputs(&outputs);
  return error;
}

static tv_error *solve_method(const tv_solver *s, const point_data *p, int m, int64_t point) {
  const tv_method *method = tv_method_of(s->experiment->methods[m]);
  tv_solution solution = {0};
  int status = p->status;
  tv_error *error = NULL;
  if (status == 0)
    error = method->solve(p->statistics, rows_to_solve(s, method), &solution, &status);
  if (!error && status == 0) error = score_all(s, p, m, &solution, point);
  for (int i = 0; !error && status != 0 && s->group->is_leader && i < s->results->cube.encoders;
       ++i)
    record_failure(s->results, tv_cube_entry(&s->results->cube, point, i, m), status);
  tv_solution_destroy(&solution);
  return error;
}

static tv_error *solve_point(const tv_solver *s, const tv_moment_matrix *moments, int64_t point) {
  point_data p = {0};
  (void)moments; /* its point's are taken by severity */
  tv_error *error = prepare_point(s, point, &p);
  for (int m = 0; !error && m < s->results->cube.methods; ++m)
    error = solve_method(s, &p, m, point);
  forget(&p);
  return error;
}

/* ---- The row ---- */

static int is_inaccurate(double status) {
  return status == TV_INACCURATE || status == TV_TIED;
}

/* There is no solution without it. */
static int decides(double status, double value) {
  return is_failure(status) ? isnan(value) : isfinite(value);
}

static int accompanies(double status, double value) {
  return !is_failure(status) || isnan(value);
}

#define LOSS .domain = {0, DBL_MAX, .may_be_nan = 1}, .agrees = decides, .needs_targets = 1

static const tv_quantity quantities[TV_VIEWS_QUANTITIES] = {
    [TV_VIEWS_TEST_LOSS] = {{"test_loss",
                             "mean square error of a linear probe, fitted to corrupted training "
                             "rows, on corrupted test rows",
                             "1"},
                            LOSS},
    [TV_VIEWS_TEST_LOSS_CLEAN] = {{"test_loss_clean",
                                   "the same encoder, with a probe fitted to training rows and "
                                   "scored on test rows as they are",
                                   "1"},
                                  LOSS},
    [TV_VIEWS_TARGET_VARIANCE] = {{"target_variance",
                                   "mean square of the test targets about the training rows' mean",
                                   "1"},
                                  LOSS},
    [TV_VIEWS_TRAINING_LOSS] = {{"training_loss",
                                 "mean square error of the probe of test_loss on the corrupted "
                                 "training rows",
                                 "1"},
                                LOSS},
    [TV_VIEWS_GAP] = {{"gap", "gap between the k-th value and the next, relative to the former",
                       "1"},
                      .domain = {-TV_ROUNDING, 1, .may_be_nan = 1},
                      .agrees = accompanies},
    [TV_VIEWS_OBJECTIVE] = TV_QUANTITY_OBJECTIVE(accompanies),
    [TV_VIEWS_OBJECTIVE_OPTIMUM] = TV_QUANTITY_OPTIMUM(accompanies),
    [TV_VIEWS_RESIDUAL] = TV_QUANTITY_RESIDUAL(decides),
    [TV_VIEWS_ORTHONORMALITY] = TV_QUANTITY_ORTHONORMALITY(accompanies),
    [TV_VIEWS_STATUS] = {{TV_QUANTITY_STATUS,
                          "0: solved, -2: solved, but a row of the encoder is inaccurate, -3: "
                          "solved, but the k-th value is tied with the next, -1: residual too "
                          "large or loss not finite, else the solver's info",
                          "1"},
                         .domain = {TV_TIED, DBL_MAX, .is_whole = 1}}};

/* Baselines too: what is learned without views is one. */
static int is_wanted(const tv_method *method) {
  (void)method;
  return 1;
}

tv_error *tv_views_fill(tv_experiment *e) {
  if (!tv_experiment_gives(e, "archive.encoders")) e->archive.encoders = TV_KEEP_LAST;
  return tv_study_fill_methods(e, is_wanted);
}

static double flops_of_point(const tv_experiment *e, int d, int l) {
  double flops = tv_statistics_flops(d);
  for (unsigned m = 0; m < e->methods_count; ++m)
    flops += tv_method_of(e->methods[m])->flops(d, e->encoder.k, l);
  return flops;
}

static double flops(const tv_experiment *e, int d, int p, int l) {
  (void)p;
  return (double)tv_experiment_points(e) * flops_of_point(e, d, l);
}

static void describe(const tv_experiment *e, FILE *out) {
  (void)e;
  fputs("solutions", out);
}

const tv_study tv_views_study = {.kind = {.name = "views", .title = "Views"},
                                 .quantities = quantities,
                                 .count = TV_VIEWS_QUANTITIES,
                                 .status = TV_VIEWS_STATUS,
                                 .is_failure = is_failure,
                                 .is_inaccurate = is_inaccurate,
                                 .score_clean = -1,
                                 .objective = -1,
                                 .found = "solutions",
                                 .failed = "failed (see 'status')",
                                 .nothing =
                                     "no solution succeeded; 'status' gives the reason for each",
                                 .solve_point = solve_point,
                                 .flops = flops,
                                 .describe = describe};
