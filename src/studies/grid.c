#include "twoview/studies/grid.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "accuracy.h"
#include "probes.h"
#include "quantities.h"
#include "twoview/experiment/check.h"
#include "twoview/methods/scores.h"

/* ---- One method at one point ---- */

static int status_of(const tv_scores *scores) {
  const tv_optimality *o = &scores->optimality;
  if (!(o->whole_residual <= TV_LARGEST_RESIDUAL) || !isfinite(o->residual) ||
      !isfinite(scores->score) || !isfinite(scores->leakage))
    return TV_UNSOUND;
  return o->residual <= TV_LARGEST_RESIDUAL ? 0 : TV_INACCURATE;
}

static int is_failure(double status) {
  return status != 0 && status != TV_INACCURATE;
}

static void record_failure(tv_results *r, int64_t entry, int status) {
  for (int i = 0; i < TV_GRID_QUANTITIES; ++i)
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

/* The accuracies are not yet known, but there will be some where there are maps. */
static void record_held_out(tv_results *r, int64_t entry, const tv_point_rows *rows,
                            const tv_losses *l) {
  const double variance = tv_square_of_targets(rows->sets[TV_CONDITIONS + TV_CORRUPTED]);
  r->quantity[TV_TEST_LOSS][entry] = l->test[TV_CORRUPTED];
  r->quantity[TV_TEST_LOSS_CLEAN][entry] = l->test[TV_AS_THEY_ARE];
  r->quantity[TV_TARGET_VARIANCE][entry] = isfinite(l->training) ? variance : NAN;
  r->quantity[TV_TEST_ACCURACY][entry] = r->quantity[TV_TEST_ACCURACY_CLEAN][entry] =
      r->maps && isfinite(l->training) ? 0 : NAN;
}

/* A solution for the largest encoder, and what is known of each of the nested ones; owned. */
typedef struct {
  int count;
  int *rows, *status; /* status: 0, the solver's info, TV_UNSOUND or TV_INACCURATE */
  tv_scores *scores;
  tv_solution solution;
} answers;

static void release(answers *a) {
  tv_solution_destroy(&a->solution);
  free(a->rows);
  free(a->status);
  free(a->scores);
}

static tv_error *prepare(const tv_solver *s, const tv_method *method, int most, answers *a) {
  const tv_encoder_spec *encoder = &s->experiment->encoder;
  TV_TRY(tv_allocate(a->count, sizeof(*a->rows), &a->rows));
  TV_TRY(tv_allocate(a->count, sizeof(*a->status), &a->status));
  TV_TRY(tv_allocate(a->count, sizeof(*a->scores), &a->scores));
  for (int i = 0; i < a->count; ++i) {
    const int k = encoder->sizes[i] < most ? encoder->sizes[i] : most;
    a->rows[i] = tv_method_rows(method, k, s->targets);
  }
  return NULL;
}

/* Solve and score with at most so many rows. status: of the statistics. Release the answers, after
 * an error too. */
static tv_error *answer(const tv_solver *s, const tv_method *method,
                        const tv_statistics *statistics, int status, int most, answers *a) {
  const int largest = s->experiment->encoder.k;
  *a = (answers){.count = s->experiment->encoder.sizes_count};
  TV_TRY(tv_grid_agree(s->group->grid, prepare(s, method, most, a)));
  if (status == 0)
    TV_TRY(method->solve(statistics, largest < most ? largest : most, &a->solution, &status));
  if (status == 0)
    TV_TRY(
        tv_scores_evaluate_nested(method, statistics, &a->solution, a->count, a->rows, a->scores));
  for (int i = 0; i < a->count; ++i) a->status[i] = status ? status : status_of(&a->scores[i]);
  return NULL;
}

static void record(tv_results *r, int64_t point, int method, const answers *a) {
  for (int i = 0; i < a->count; ++i) {
    const int64_t entry = tv_cube_entry(&r->cube, point, i, method);
    if (is_failure(a->status[i]))
      record_failure(r, entry, a->status[i]);
    else
      record_scores(r, entry, &a->scores[i], a->status[i]);
  }
}

/* Scores on rows held out, of the encoders that have not failed; others' are NaN. */
static tv_error *score_held_out(const tv_solver *s, const tv_point_rows *rows, int m,
                                const answers *a, int64_t point) {
  const tv_cube *cube = &s->results->cube;
  tv_encoded z = {0};
  tv_error *error = NULL;
  if (a->solution.encoder) error = tv_encode_rows(rows, &a->solution, &z);
  for (int i = 0; !error && i < a->count; ++i) {
    const int64_t entry = tv_cube_entry(cube, point, i, m);
    double *maps = tv_results_maps(s, entry);
    tv_losses l = {NAN, {NAN, NAN}};
    if (!is_failure(a->status[i]))
      error = tv_grid_agree(s->group->grid, tv_probes_fit(&z, a->rows[i], maps, &l));
    if (!error && s->group->is_leader) record_held_out(s->results, entry, rows, &l);
  }
  tv_encoded_release(&z);
  return error;
}

static tv_error *solve_method(const tv_solver *s, const tv_point_rows *rows, int m, int64_t point) {
  tv_results *r = s->results;
  answers found;
  tv_error *error = answer(s, tv_method_of(s->experiment->methods[m]), rows->statistics,
                           rows->status, r->d, &found);
  if (!error && s->group->is_leader) record(r, point, m, &found);
  if (!error && s->held_out) error = score_held_out(s, rows, m, &found, point);
  if (!error && !is_failure(found.status[found.count - 1]))
    error = tv_results_keep(r, m, point, &found.solution, NULL);
  release(&found);
  return error;
}

static double flops_of(const tv_experiment *e, int d, int k, int l) {
  double flops = tv_statistics_flops(d);
  for (unsigned m = 0; m < e->methods_count; ++m)
    flops += tv_method_of(e->methods[m])->flops(d, k, l);
  return flops;
}

/* The work of a problem of d inputs, on each rank of the group. */
static void count_work(const tv_solver *s, int d, int k) {
  s->results->work.flops += flops_of(s->experiment, d, k, s->targets) / s->group->grid->size;
}

/* ---- Corrupted inputs: a point ---- */

/* The rows that are classified have standard normals for noise, or none. */
static void scale_maps(const tv_solver *s, int64_t point) {
  const tv_results *r = s->results;
  const tv_spot at = tv_cube_split(&r->cube, point);
  const double *gamma = tv_gamma_of(s->spectra, at.replicate, at.magnitude);
  const int64_t of_point = tv_cube_entries(&r->cube, r->map_numbers);
  double *maps = tv_results_maps(s, tv_cube_entry(&r->cube, point, 0, 0));
  for (int64_t row = 0; maps && row < of_point / (r->d + 1); ++row) {
    const int is_clean = row / s->targets % TV_CONDITIONS == TV_AS_THEY_ARE;
    for (int i = r->p; i < r->d; ++i)
      maps[row * (r->d + 1) + i] *= is_clean ? 0 : sqrt(gamma[i - r->p]);
  }
}

static tv_error *solve_point(const tv_solver *s, const tv_moment_matrix *moments, int64_t point) {
  const tv_results *r = s->results;
  tv_point_rows rows;
  tv_error *error = tv_point_rows_of_components(s, moments, point, &rows);
  count_work(s, r->d, s->experiment->encoder.k);
  for (int m = 0; !error && m < r->cube.methods; ++m) error = solve_method(s, &rows, m, point);
  if (!error) scale_maps(s, point);
  tv_point_rows_release(&rows);
  return error;
}

/* One pass over the rows held out. */
static tv_error *assess(const tv_study_inputs *inputs, tv_results *r) {
  static const int quantity[] = {TV_TEST_ACCURACY, TV_TEST_ACCURACY_CLEAN};
  if (!inputs->held_out_sampling || r->map_numbers == 0) return NULL;
  tv_sampling scored = *inputs->held_out_sampling;
  scored.replicates = r->cube.replicates;
  return tv_accuracy_assess(inputs, &scored, quantity, r);
}

/* ---- Clean inputs: once per replicate and sample size ---- */

static void record_clean(tv_results *r, int64_t item, int method, const answers *a) {
  for (int i = 0; i < a->count; ++i) {
    const int64_t entry = tv_cube_entry(&r->cube, item, i, method);
    r->clean[entry] = is_failure(a->status[i]) ? NAN : a->scores[i].score;
    r->clean_status[entry] = a->status[i];
  }
}

static tv_error *solve_clean(const tv_solver *s, const tv_moment_matrix *moments, int64_t item) {
  tv_results *r = s->results;
  const int k = s->experiment->encoder.k < r->p ? s->experiment->encoder.k : r->p;
  tv_statistics *statistics = NULL;
  int status = 0;
  TV_TRY(tv_statistics_create(s->group->grid, moments, NULL,
                              tv_theta_of(s->spectra, (int)(item / r->cube.levels)), 0, &statistics,
                              &status));
  tv_error *error = NULL;
  count_work(s, r->p, k);
  for (int m = 0; !error && m < r->cube.methods; ++m) {
    answers found;
    error = answer(s, tv_method_of(s->experiment->methods[m]), statistics, status, r->p, &found);
    if (!error && s->group->is_leader) record_clean(r, item, m, &found);
    release(&found);
  }
  tv_statistics_destroy(&statistics);
  return error;
}

/* ---- What follows ---- */

static double difference(double clean, double corrupted) {
  return fabs(clean - corrupted);
}

/* Clean scores are the same at every magnitude and alignment. */
static void complete(tv_results *r) {
  const int each = r->cube.encoders * r->cube.methods;
  for (int64_t point = 0; point < r->points; ++point) {
    const int64_t item = tv_cube_split(&r->cube, point).item;
    for (int i = 0; i < each; ++i) {
      const int64_t entry = point * each + i, clean = item * each + i;
      double *status = &r->quantity[TV_STATUS][entry];
      r->quantity[TV_SCORE_CLEAN][entry] = r->clean[clean];
      r->quantity[TV_DISTANCE][entry] =
          difference(r->clean[clean], r->quantity[TV_SCORE_CORRUPTED][entry]);
      if (*status == 0 && r->clean_status[clean] == TV_INACCURATE) *status = TV_INACCURATE;
    }
  }
}

/* ---- The row ---- */

static int is_inaccurate(double status) {
  return status == TV_INACCURATE;
}

/* There is no solution without it. */
static int decides(double status, double value) {
  return is_failure(status) ? isnan(value) : isfinite(value);
}

static int accompanies(double status, double value) {
  return !is_failure(status) || isnan(value);
}

static const tv_quantity quantities[TV_GRID_QUANTITIES] = {
    [TV_SCORE_CLEAN] = {{"score_clean", "score of the method on clean inputs", "1"},
                        .domain = {-TV_ROUNDING, DBL_MAX, .may_be_nan = 1},
                        .needs_targets = 1},
    [TV_SCORE_CORRUPTED] = {{"score_corrupted", "score of the method on corrupted inputs", "1"},
                            .domain = {-TV_ROUNDING, DBL_MAX, .may_be_nan = 1},
                            .agrees = decides,
                            .needs_targets = 1},
    [TV_DISTANCE] = {{"distance", "distance to optimality, |score_clean - score_corrupted|", "1"},
                     .domain = {0, DBL_MAX, .may_be_nan = 1},
                     .derive = difference,
                     .from = {TV_SCORE_CLEAN, TV_SCORE_CORRUPTED},
                     .formula = "|score_clean - score_corrupted|",
                     .needs_targets = 1},
    [TV_LEAKAGE] = {{"leakage",
                     "S-whitened: largest squared sine between encoder and important components; "
                     "SL: noise components' share of the energy of its predictions",
                     "1"},
                    .domain = {-TV_ROUNDING, 1 + TV_ROUNDING, .may_be_nan = 1},
                    .agrees = decides},
    [TV_OBJECTIVE] = TV_QUANTITY_OBJECTIVE(accompanies),
    [TV_OBJECTIVE_OPTIMUM] = TV_QUANTITY_OPTIMUM(accompanies),
    [TV_RESIDUAL] = TV_QUANTITY_RESIDUAL(decides),
    [TV_ORTHONORMALITY] = TV_QUANTITY_ORTHONORMALITY(accompanies),
    [TV_STATUS] = {{TV_QUANTITY_STATUS,
                    "0: solved, -2: solved, but a row of this or of the clean encoder is "
                    "inaccurate, -1: residual too large or score not finite, else the solver's "
                    "info",
                    "1"},
                   .domain = {TV_INACCURATE, DBL_MAX, .is_whole = 1}},
    [TV_TEST_LOSS] = {TV_LABEL_TEST_LOSS, TV_LOSS(decides), .needs_test = 1},
    [TV_TEST_LOSS_CLEAN] = {TV_LABEL_TEST_LOSS_CLEAN, TV_LOSS(decides), .needs_test = 1},
    [TV_TEST_ACCURACY] = {TV_LABEL_TEST_ACCURACY, TV_SHARE(accompanies), .needs_test = 1},
    [TV_TEST_ACCURACY_CLEAN] = {TV_LABEL_TEST_ACCURACY_CLEAN, TV_SHARE(accompanies),
                                .needs_test = 1},
    [TV_TARGET_VARIANCE] = {TV_LABEL_TARGET_VARIANCE, TV_LOSS(decides), .needs_test = 1}};

static tv_error *fill(tv_experiment *e) {
  const int is_law = e->noise.sampler == TV_SAMPLER_LAW;
  if (tv_experiment_has_views(e)) return tv_views_fill(e);
  if (!tv_experiment_gives(e, "archive.encoders")) e->archive.encoders = TV_KEEP_LAST;
  if (!tv_experiment_gives(e, "archive.representations") && !is_law)
    e->archive.representations = TV_KEEP_LAST;
  return tv_study_fill_methods(e, tv_method_is_usual);
}

static tv_error *check(const tv_experiment *e) {
  return tv_experiment_has_views(e) ? NULL : tv_study_expect_alpha(e);
}

static double flops(const tv_experiment *e, int d, int p, int l) {
  const int k = e->encoder.k, clean_k = k < p ? k : p;
  return (double)tv_experiment_points(e) * flops_of(e, d, k, l) +
         (double)e->replicates * e->sizes_count * flops_of(e, p, clean_k, l);
}

static void describe(const tv_experiment *e, FILE *out) {
  (void)e;
  fputs("solutions", out);
}

const tv_study tv_grid_study = {
    .kind = {.name = "grid", .title = "Grid", .fill = fill, .check = check},
    .of_views = &tv_views_study,
    .quantities = quantities,
    .count = TV_GRID_QUANTITIES,
    .status = TV_STATUS,
    .is_failure = is_failure,
    .remarks = {{is_inaccurate, "inaccurate (see 'residual')"}},
    .score_clean = TV_SCORE_CLEAN,
    .objective = TV_OBJECTIVE,
    .optimum = TV_OBJECTIVE_OPTIMUM,
    .found = "solutions",
    .failed = "failed (see 'status')",
    .nothing = "no solution succeeded; 'status' gives the reason for each",
    .solve_point = solve_point,
    .solve_clean = solve_clean,
    .assess = assess,
    .complete = complete,
    .flops = flops,
    .describe = describe};
