#include "twoview/studies/threshold.h"

#include <float.h>
#include <math.h>

#include "solver.h"
#include "twoview/base/comm.h"
#include "twoview/checkpoint/checkpoint.h"
#include "twoview/experiment/check.h"
#include "twoview/methods/scores.h"
#include "twoview/theory/prediction.h"

/* ---- A point ---- */

/* The leakages that the searches at a point have evaluated, in order. Searches decide by nothing
 * else, so that a resumed search comes to where it was without solving again. */
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
  int k;
  answers *known;
  int64_t next; /* of them */
} leaking;

static tv_error *solve_and_leak(const tv_solver *s, const tv_statistics *statistics,
                                const tv_method *method, int k, double *leakage) {
  tv_solution solution = {0};
  int status = 0;
  tv_error *error = method->solve(statistics, k, &solution, &status);
  if (!error && status == 0) error = tv_leakage(method, statistics, &solution, leakage);
  tv_solution_destroy(&solution);
  s->results->work.flops += method->flops(s->results->d, k, s->targets) / s->group->grid->size;
  return error;
}

/* The ranks of a group search in step: the leader's value counts for all. */
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
  if (status == 0) error = solve_and_leak(s, statistics, c->method, c->k, leakage);
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

/* Features of a population are the same in every replicate. The leader's value counts again. */
static tv_error *predict(const leaking *c, double *out) {
  const tv_solver *s = c->solver;
  const tv_experiment *e = s->experiment;
  const tv_signal_kind kind =
      e->source.role == TV_AS_POPULATION ? TV_SIGNAL_FIXED : TV_SIGNAL_DRAWN;
  const tv_components components =
      tv_components_of(s->features, s->spectra, c->replicate, c->magnitude, c->k);
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

/* The search starts from the prediction or, where there is none, from the threshold of theory. */
static tv_error *search_one(leaking *c, double threshold, int64_t entry) {
  const tv_solver *s = c->solver;
  tv_alpha2 found;
  double predicted;
  TV_TRY(predict(c, &predicted));
  const double start = isfinite(predicted) ? predicted : threshold;
  TV_TRY(tv_alpha2_search(leakage_at, c, start, s->experiment->threshold.tolerance, &found));
  if (s->group->is_leader) record_threshold(s->results, entry, &found, predicted);
  return NULL;
}

static tv_error *search_all(const tv_solver *s, const tv_moment_matrix *moments, int64_t point,
                            answers *known) {
  const tv_results *r = s->results;
  const tv_spot at = tv_cube_split(&r->cube, point);
  leaking context = {.solver = s,
                     .moments = moments,
                     .replicate = at.replicate,
                     .magnitude = at.magnitude,
                     .known = known};
  for (int k = 0; k < r->cube.encoders; ++k)
    for (int m = 0; m < r->cube.methods; ++m) {
      context.k = s->experiment->encoder.sizes[k];
      context.method = tv_method_of(s->experiment->methods[m]);
      TV_TRY(search_one(&context, r->alpha2_threshold[tv_cube_entry(&r->cube, at.setting, k, m)],
                        tv_cube_entry(&r->cube, point, k, m)));
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

static tv_error *solve_point(const tv_solver *s, const tv_moment_matrix *moments, int64_t point) {
  const tv_saved_key key = {TV_SAVED_SEARCH, 0, point, point + 1, ""};
  answers known = {0};
  tv_error *error = tv_grid_agree(s->group->grid, keep_answers(s, key, &known));
  if (!error) error = search_all(s, moments, point, &known);
  tv_checkpoint_release(s->checkpoint, key);
  return error;
}

/* ---- The row ---- */

static int is_failure(double status) {
  return status == TV_ALPHA2_OUT_OF_REACH || status == TV_ALPHA2_FAILED;
}

static int is_found(double status, double alpha2) {
  if (status == TV_ALPHA2_NOT_NEEDED) return alpha2 == 0;
  if (is_failure(status)) return isnan(alpha2);
  return isfinite(alpha2) && alpha2 > 0 &&
         (status == TV_ALPHA2_FOUND || status == TV_ALPHA2_NOT_MONOTONE ||
          status == TV_ALPHA2_UNCHECKED);
}

static const tv_quantity quantities[TV_THRESHOLD_QUANTITIES] = {
    [TV_ALPHA2_MEASURED] = {{"alpha2_measured", "least alpha^2 at which the leakage is below 1/2",
                             "1"},
                            .domain = {0, DBL_MAX, .may_be_nan = 1},
                            .is_need = 1,
                            .agrees = is_found},
    [TV_ALPHA2_STATUS] = {{"alpha2_status",
                           "0: found, 1: no alignment needed, 2: recovers at no alignment, 3: "
                           "lowest of several crossings, 4: found, but a solution failed in the "
                           "search for others, -1: a solution failed",
                           "1"},
                          .domain = {TV_ALPHA2_FAILED, TV_ALPHA2_UNCHECKED, .is_whole = 1}},
    [TV_ALPHA2_EVALUATIONS] = {{"alpha2_evaluations",
                                "solutions that the search of alpha2_measured took", "1"},
                               .domain = {0, DBL_MAX, .is_whole = 1}},
    [TV_ALPHA2_PREDICTED] = {
        {"alpha2_predicted",
         "mean of alpha2_measured predicted for n; negative: no alignment is needed", "1"},
        .domain = {-DBL_MAX, DBL_MAX, .may_be_nan = 1},
        .is_need = 1}};

static const tv_key threshold_keys[] = {{TV_KEY(tv_threshold_spec, tolerance, TV_KEY_NUMBER),
                                         .standard = "1e-4", .low = 1e-12, .high = 0.1,
                                         .help = "of α², relative"},
                                        {0}};

static const tv_key keys[] = {
    {TV_KEY(tv_experiment, threshold, TV_KEY_MAPPING), .keys = threshold_keys, .is_common = 1},
    {0}};

static int is_wanted(const tv_method *method) {
  return method->is_usual && !method->no_threshold;
}

static tv_error *fill(tv_experiment *e) {
  return tv_study_fill_methods(e, is_wanted);
}

static tv_error *check(const tv_experiment *e) {
  TV_TRY(tv_experiment_expect_components(e));
  TV_REQUIRE(e, "augmentation", tv_theta_bound(e) > 0,
             "'study: threshold' begins at alpha = 0, where '%s' of zeros augments nothing, so "
             "that S is singular whenever the data are; raise it",
             tv_theta_key(e));
  TV_REQUIRE(e, "augmentation.alpha", !e->augmentation.alpha,
             "is what 'study: threshold' finds; leave it out");
  for (unsigned m = 0; m < e->methods_count; ++m) {
    const char *reason = tv_method_of(e->methods[m])->no_threshold;
    TV_REQUIRE(e, "methods", !reason, "'%s' has no threshold, %s; leave it out",
               e->methods[m]->name, reason);
  }
  TV_REQUIRE(e, "archive.encoders", e->archive.encoders == TV_KEEP_NONE,
             "a threshold study keeps no encoders; take 'none'");
  TV_REQUIRE(e, "archive.representations", e->archive.representations == TV_KEEP_NONE,
             "a threshold study keeps no encoders to represent samples with; take 'none'");
  return NULL;
}

static tv_error *check_data(const tv_experiment *e, int features) {
  TV_REQUIRE(e, "encoder.k", e->encoder.k <= features,
             "k = %d rows for %d features: some of them hold noise at any alignment, so that there "
             "is no threshold; take at most %d",
             e->encoder.k, features, features);
  return NULL;
}

/* Every solution of a search has its own statistics. */
static double flops(const tv_experiment *e, int d, int p, int l) {
  double of_point = 0;
  (void)p;
  for (unsigned m = 0; m < e->methods_count; ++m)
    for (int k = 0; k < e->encoder.sizes_count; ++k)
      of_point +=
          tv_statistics_flops(d) + tv_method_of(e->methods[m])->flops(d, e->encoder.sizes[k], l);
  return (double)tv_experiment_points(e) * of_point *
         tv_alpha2_expected_evaluations(e->threshold.tolerance);
}

static void describe(const tv_experiment *e, FILE *out) {
  fprintf(out, "thresholds, some %.0f solutions each",
          tv_alpha2_expected_evaluations(e->threshold.tolerance));
}

const tv_study tv_threshold_study = {
    .kind = {.name = "threshold",
             .title = "Thresholds",
             .keys = keys,
             .fill = fill,
             .check = check,
             .check_data = check_data},
    .finds_alpha = 1,
    .quantities = quantities,
    .count = TV_THRESHOLD_QUANTITIES,
    .status = TV_ALPHA2_STATUS,
    .is_failure = is_failure,
    .score_clean = -1,
    .objective = -1,
    .optimum = -1,
    .found = "thresholds",
    .failed = "not found (see 'alpha2_status')",
    .nothing = "no threshold was found; 'alpha2_status' gives the reason for each",
    .solve_point = solve_point,
    .flops = flops,
    .describe = describe};
