#include "twoview/studies/views.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "accuracy.h"
#include "baselines.h"
#include "explain.h"
#include "probes.h"
#include "quantities.h"
#include "twoview/experiment/check.h"
#include "twoview/linalg/dense.h"
#include "twoview/linalg/fortran.h"
#include "twoview/linalg/orthonormal.h"
#include "twoview/methods/angles.h"
#include "twoview/methods/probe.h"
#include "twoview/methods/scores.h"
#include "twoview/methods/values.h"
#include "twoview/studies/grid.h"

/* ---- A method at a point ---- */

/* One more than the largest encoder has, which shows where a tie is. */
static int rows_to_solve(const tv_solver *s, const tv_method *method, int d) {
  const int k = s->experiment->encoder.k;
  return tv_method_rows(method, k < d ? k + 1 : d, s->targets);
}

static int status_of(int is_tied, const tv_optimality *o, const tv_losses *l) {
  const double loss = l->test[TV_CORRUPTED] + l->test[TV_AS_THEY_ARE];
  if (!(o->whole_residual <= TV_LARGEST_RESIDUAL) || !isfinite(o->residual) || !isfinite(loss))
    return TV_UNSOUND;
  if (is_tied) return TV_TIED;
  return o->residual <= TV_LARGEST_RESIDUAL ? 0 : TV_INACCURATE;
}

static int is_failure(double status) {
  return status != 0 && status != TV_INACCURATE && status != TV_TIED;
}

/* Everything is NaN that is not found. */
static void clear_entry(tv_results *r, int64_t entry, int status) {
  for (int i = 0; i < r->quantities; ++i) r->quantity[i][entry] = NAN;
  for (int i = 0; i < TV_VIEWS_LISTS; ++i)
    for (int j = 0; j < r->list_length[i]; ++j) r->list[i][entry * r->list_length[i] + j] = NAN;
  r->quantity[TV_VIEWS_STATUS][entry] = status;
}

static void record(const tv_solver *s, int64_t entry, const tv_encoded *z, const tv_losses *l,
                   const tv_optimality *o) {
  tv_results *r = s->results;
  r->quantity[TV_VIEWS_TEST_LOSS][entry] = l->test[TV_CORRUPTED];
  r->quantity[TV_VIEWS_TEST_LOSS_CLEAN][entry] = l->test[TV_AS_THEY_ARE];
  r->quantity[TV_VIEWS_TRAINING_LOSS][entry] = l->training;
  r->quantity[TV_VIEWS_TARGET_VARIANCE][entry] = tv_outputs_on(z, 1, TV_CORRUPTED)->square;
  if (r->map_numbers > 0) /* not yet known, but there will be some */
    r->quantity[TV_VIEWS_TEST_ACCURACY][entry] = r->quantity[TV_VIEWS_TEST_ACCURACY_CLEAN][entry] =
        0;
  r->quantity[TV_VIEWS_OBJECTIVE][entry] = o->objective;
  r->quantity[TV_VIEWS_OBJECTIVE_OPTIMUM][entry] = o->optimum;
  r->quantity[TV_VIEWS_RESIDUAL][entry] = o->residual;
  r->quantity[TV_VIEWS_ORTHONORMALITY][entry] = o->orthonormality;
}

static void record_values(tv_results *r, int64_t entry, const tv_statistics *of,
                          const tv_method *method, const tv_solution *solution, int k) {
  const int length = r->list_length[TV_VIEWS_VALUES];
  r->quantity[TV_VIEWS_GAP][entry] = tv_solution_gap(of, method, solution, k);
  for (int i = 0; solution->values && i < k; ++i)
    r->list[TV_VIEWS_VALUES][entry * length + i] = tv_solution_value(method, solution, i);
}

/* What a method has found at a point; all is owned. */
typedef struct {
  tv_solution solution;
  tv_encoded z;
  tv_optimality *optimality; /* of each encoder */
  int status;
} answer;

static void release(answer *a) {
  tv_encoded_release(&a->z);
  tv_solution_destroy(&a->solution);
  free(a->optimality);
}

static int rows_of(const tv_solver *s, int m, int encoder) {
  return tv_method_rows(tv_method_of(s->experiment->methods[m]),
                        s->experiment->encoder.sizes[encoder], s->targets);
}

/* How well it does on the rows that it is learned from, given the image A E' of the encoder. */
static tv_error *judge_rows(const tv_solver *s, const tv_point_rows *rows, int m,
                            const tv_distmat *image, answer *a) {
  const tv_method *method = tv_method_of(s->experiment->methods[m]);
  const tv_statistics *of = rows->statistics;
  const int encoders = s->results->cube.encoders;
  TV_TRY(tv_outputs_take(a->solution.encoder, image, of->B, rows->square, &a->z.of[TV_CORRUPTED]));
  TV_TRY(
      tv_grid_agree(s->group->grid, tv_allocate(encoders, sizeof(*a->optimality), &a->optimality)));
  for (int i = 0; i < encoders; ++i)
    TV_TRY(
        tv_scores_validate(method, of, &a->solution, image, rows_of(s, m, i), &a->optimality[i]));
  return NULL;
}

static tv_error *judge(const tv_solver *s, const tv_point_rows *rows, int m, int64_t point,
                       answer *a) {
  tv_distmat *image = NULL;
  TV_TRY(tv_encode(rows, &a->solution, &a->z));
  TV_TRY(tv_product(rows->statistics->A, a->solution.encoder, &image));
  tv_error *error = judge_rows(s, rows, m, image, a);
  tv_distmat_destroy(&image);
  return error ? error : tv_results_keep(s->results, m, point, &a->solution, rows->axes);
}

static tv_error *solve_method(const tv_solver *s, const tv_point_rows *rows, int m, int64_t point,
                              answer *a) {
  const tv_method *method = tv_method_of(s->experiment->methods[m]);
  a->status = rows->status;
  if (a->status == 0)
    TV_TRY(tv_baselines_solve(s, rows->statistics, m, point,
                              rows_to_solve(s, method, rows->statistics->d), &a->solution,
                              &a->status));
  return a->status == 0 ? judge(s, rows, m, point, a) : NULL;
}

/* Each set is made for all methods together, so that it is there but once and not for long. */
static tv_error *encode_others(const tv_solver *s, int64_t point, tv_point_rows *rows,
                               answer *answers) {
  tv_error *error = NULL;
  for (int set = TV_CORRUPTED + 1; !error && set < TV_SETS; ++set) {
    tv_samples *of = NULL;
    error = tv_point_rows_take_set(s, point, set, rows, &of);
    for (int m = 0; !error && of && m < s->results->cube.methods; ++m)
      if (answers[m].status == 0)
        error = tv_encode_set(answers[m].solution.encoder, of->second, of->targets,
                              tv_square_of_targets(of), &answers[m].z.of[set]);
    tv_samples_destroy(&of);
  }
  return error;
}

/* What is known of an encoder of the first rows. */
static tv_error *score(const tv_solver *s, int m, int encoder, const answer *a, int64_t entry) {
  const tv_method *method = tv_method_of(s->experiment->methods[m]);
  const tv_statistics *of = a->z.rows->statistics;
  const int k = rows_of(s, m, encoder);
  tv_losses l = {0};
  TV_TRY(tv_grid_agree(s->group->grid, tv_probes_fit(&a->z, k, tv_results_maps(s, entry), &l)));
  const int is_tied = tv_solution_is_tied(of, method, &a->solution, k);
  const int status = status_of(is_tied, &a->optimality[encoder], &l);
  if (!s->group->is_leader) return NULL;
  clear_entry(s->results, entry, status);
  if (is_failure(status)) return NULL;
  record(s, entry, &a->z, &l, &a->optimality[encoder]);
  record_values(s->results, entry, of, method, &a->solution, k);
  return NULL;
}

static tv_error *score_method(const tv_solver *s, int m, const answer *a, int64_t point) {
  const tv_cube *cube = &s->results->cube;
  for (int i = 0; i < cube->encoders; ++i) {
    const int64_t entry = tv_cube_entry(cube, point, i, m);
    if (a->status == 0)
      TV_TRY(score(s, m, i, a, entry));
    else if (s->group->is_leader)
      clear_entry(s->results, entry, a->status);
  }
  return NULL;
}

/* ---- Angles between methods ---- */

/* What each method's encoder sees: d x k orthonormal columns, the first of them as the nested
 * encoders; NULL: it has failed, or its rows are not the components of largest values. */
static tv_error *orthonormalise(const tv_solver *s, answer *answers, double **seen) {
  for (int m = 0; m < s->results->cube.methods; ++m) {
    if (answers[m].status != 0 || !answers[m].solution.values) continue;
    seen[m] = answers[m].z.encoder;
    TV_TRY(tv_orthonormalise(s->results->d, s->experiment->encoder.k, seen[m], NULL));
  }
  return NULL;
}

static tv_error *record_angles(const tv_solver *s, double *const *seen, int64_t point, int a, int b,
                               int encoder) {
  tv_results *r = s->results;
  const int64_t at = tv_cube_entry(&r->cube, point, encoder, a) * r->cube.methods + b;
  const int64_t turned = tv_cube_entry(&r->cube, point, encoder, b) * r->cube.methods + a;
  double *largest = r->list[TV_VIEWS_LARGEST_ANGLE], *mean = r->list[TV_VIEWS_MEAN_ANGLE];
  TV_TRY(tv_principal_angles(r->d, s->experiment->encoder.sizes[encoder], seen[a], seen[b],
                             &largest[at], &mean[at]));
  largest[turned] = largest[at];
  mean[turned] = mean[at];
  return NULL;
}

/* The encoders are used up. */
static tv_error *find_angles(const tv_solver *s, answer *answers, int64_t point) {
  const tv_cube *cube = &s->results->cube;
  double **seen = NULL;
  if (!s->group->is_leader) return NULL;
  TV_TRY(tv_allocate(cube->methods, sizeof(*seen), &seen));
  tv_error *error = orthonormalise(s, answers, seen);
  for (int a = 0; a < cube->methods; ++a)
    for (int b = 0; b <= a; ++b)
      for (int i = 0; !error && i < cube->encoders && seen[a] && seen[b]; ++i)
        error = record_angles(s, seen, point, a, b, i);
  free(seen);
  return error;
}

/* The statistics are needed no longer once each method has its solution. */
static tv_error *solve_all(const tv_solver *s, tv_point_rows *rows, int64_t point,
                           answer *answers) {
  const int methods = s->results->cube.methods;
  for (int m = 0; m < methods; ++m) TV_TRY(solve_method(s, rows, m, point, &answers[m]));
  tv_statistics_drop_matrices(rows->statistics);
  TV_TRY(encode_others(s, point, rows, answers));
  for (int m = 0; m < methods; ++m) TV_TRY(score_method(s, m, &answers[m], point));
  return tv_grid_agree(s->group->grid, find_angles(s, answers, point));
}

/* The mean of the training rows, in units of the source. */
static void keep_mean(const tv_solver *s, const tv_point_rows *rows, int64_t point) {
  const tv_results *r = s->results;
  const int64_t place = tv_results_place(r, point);
  if (place < 0 || !s->group->is_leader) return;
  const double scale = tv_experiment_input_scale(s->experiment);
  for (int i = 0; i < r->d; ++i) r->mean[place * r->d + i] = rows->mean[TV_CORRUPTED][i] * scale;
}

/* The factor, the closed forms, and their rows' images of samples in up to four sets. Methods that
 * see no views are solved at the first strength. */
static double flops_of_point(const tv_experiment *e, int strength, int d, int l) {
  double flops = tv_statistics_flops(d);
  for (unsigned m = 0; m < e->methods_count; ++m) {
    const tv_method *method = tv_method_of(e->methods[m]);
    if (!method->repeat || strength == 0) flops += method->flops(d, e->encoder.k, l);
    flops += 8.0 * d * d * tv_method_rows(method, e->encoder.k, l);
  }
  return flops;
}

static tv_error *solve_point(const tv_solver *s, const tv_moment_matrix *moments, int64_t point) {
  const int methods = s->results->cube.methods;
  tv_point_rows rows = {0};
  answer *answers = NULL;
  (void)moments; /* the point's are taken by severity */
  tv_error *error = tv_grid_agree(s->group->grid, tv_allocate(methods, sizeof(*answers), &answers));
  if (!error) error = tv_point_rows_take(s, point, &rows);
  if (!error) keep_mean(s, &rows, point);
  if (!error) error = solve_all(s, &rows, point, answers);
  if (!error)
    s->results->work.flops +=
        flops_of_point(s->experiment, tv_cube_split(&s->results->cube, point).alpha,
                       rows.statistics->d, s->targets) /
        s->group->grid->size;
  for (int m = 0; answers && m < methods; ++m) release(&answers[m]);
  free(answers);
  tv_point_rows_release(&rows);
  return error;
}

/* ---- Accuracy ---- */

/* One pass over the rows that are scored, corrupted by a draw each. Where none can be drawn there
 * is no accuracy on corrupted rows. */
static tv_error *assess(const tv_study_inputs *inputs, tv_results *r) {
  static const int quantity[] = {TV_VIEWS_TEST_ACCURACY, TV_VIEWS_TEST_ACCURACY_CLEAN};
  const tv_view_model *model = inputs->model;
  const tv_row_corruption draws = {model->severities - 1, tv_view_model_corrupt, model};
  tv_sampling scored = inputs->held_out_sampling ? *inputs->held_out_sampling : *inputs->sampling;
  if (r->map_numbers == 0) return NULL;
  scored.replicates = r->cube.replicates;
  scored.corruption = draws.severities > 0 && model->draws_corruptions ? &draws : NULL;
  TV_TRY(tv_accuracy_assess(inputs, &scored, quantity, r));
  const int64_t each = tv_cube_entries(&r->cube, 1);
  for (int64_t i = 0; !model->draws_corruptions && i < r->points * each; ++i)
    if (tv_experiment_first_severity(inputs->experiment) +
            tv_cube_split(&r->cube, i / each).magnitude >
        0)
      r->quantity[TV_VIEWS_TEST_ACCURACY][i] = NAN;
  return NULL;
}

/* ---- The row ---- */

static int is_inaccurate(double status) {
  return status == TV_INACCURATE;
}

static int is_tied(double status) {
  return status == TV_TIED;
}

/* There is no solution without it. */
static int decides(double status, double value) {
  return is_failure(status) ? isnan(value) : isfinite(value);
}

static int accompanies(double status, double value) {
  return !is_failure(status) || isnan(value);
}

static const tv_quantity quantities[TV_VIEWS_QUANTITIES] = {
    [TV_VIEWS_TEST_LOSS] = {TV_LABEL_TEST_LOSS, TV_LOSS(decides)},
    [TV_VIEWS_TEST_LOSS_CLEAN] = {TV_LABEL_TEST_LOSS_CLEAN, TV_LOSS(decides)},
    [TV_VIEWS_TEST_ACCURACY] = {TV_LABEL_TEST_ACCURACY, TV_SHARE(accompanies)},
    [TV_VIEWS_TEST_ACCURACY_CLEAN] = {TV_LABEL_TEST_ACCURACY_CLEAN, TV_SHARE(accompanies)},
    [TV_VIEWS_TARGET_VARIANCE] = {TV_LABEL_TARGET_VARIANCE, TV_LOSS(decides)},
    [TV_VIEWS_TRAINING_LOSS] = {{"training_loss",
                                 "mean square error of the probe of test_loss on the corrupted "
                                 "training rows",
                                 "1"},
                                TV_LOSS(decides)},
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

#define ANGLE                                                                                      \
  { 0, 1.5707963267948968, .may_be_nan = 1 }

static const tv_quantity_list lists[TV_VIEWS_LISTS] = {
    [TV_VIEWS_VALUES] = {{"value",
                          "omega of joint embedding, phi of reconstruction, variance of principal "
                          "components: of each row of the encoder",
                          "1"},
                         {-DBL_MAX, DBL_MAX, .may_be_nan = 1},
                         TV_ALONG_ROWS},
    [TV_VIEWS_LARGEST_ANGLE] = {{"largest_angle",
                                 "largest principal angle between the rows of two encoders", "rad"},
                                ANGLE,
                                TV_ALONG_METHODS},
    [TV_VIEWS_MEAN_ANGLE] = {
        {"mean_angle", "mean principal angle between the rows of two encoders", "rad"},
        ANGLE,
        TV_ALONG_METHODS}};

/* Baselines too: what is learned without views is one. */
static int is_wanted(const tv_method *method) {
  (void)method;
  return 1;
}

tv_error *tv_views_fill(tv_experiment *e) {
  if (!tv_experiment_gives(e, "archive.encoders")) e->archive.encoders = TV_KEEP_LAST;
  return tv_study_fill_methods(e, is_wanted);
}

static double flops(const tv_experiment *e, int d, int p, int l) {
  const int strengths = tv_experiment_alignments(e);
  double flops = 0;
  (void)p;
  for (int strength = 0; strength < strengths; ++strength)
    flops += flops_of_point(e, strength, d, l);
  return (double)tv_experiment_points(e) / strengths * flops;
}

static void describe(const tv_experiment *e, FILE *out) {
  (void)e;
  fputs("solutions", out);
}

const tv_study tv_views_study = {.kind = {.name = "views", .title = "Views"},
                                 .quantities = quantities,
                                 .count = TV_VIEWS_QUANTITIES,
                                 .lists = lists,
                                 .lists_count = TV_VIEWS_LISTS,
                                 .status = TV_VIEWS_STATUS,
                                 .is_failure = is_failure,
                                 .remarks = {{is_inaccurate, "inaccurate (see 'residual')"},
                                             {is_tied, "tied at k, so that other encoders do as "
                                                       "well (see 'gap')"}},
                                 .score_clean = -1,
                                 .objective = -1,
                                 .optimum = -1,
                                 .found = "solutions",
                                 .failed = "failed (see 'status')",
                                 .nothing =
                                     "no solution succeeded; 'status' gives the reason for each",
                                 .solve_point = solve_point,
                                 .assess = assess,
                                 .explain = tv_views_explain,
                                 .flops = flops,
                                 .describe = describe};
