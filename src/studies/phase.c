#include <stddef.h>

#include "twoview/experiment/check.h"
#include "twoview/methods/method.h"
#include "twoview/studies/study.h"

/* A grid whose report draws phase diagrams, which need axes. */

static tv_error *fill(tv_experiment *e) {
  return tv_study_fill_methods(e, tv_method_is_usual);
}

static tv_error *check_axis(const tv_experiment *e, const char *key, const double *values,
                            unsigned count) {
  TV_REQUIRE(e, key,
             tv_is_evenly_spaced(values, (int)count, TV_SPACED_LINEAR) ||
                 tv_is_evenly_spaced(values, (int)count, TV_SPACED_LOGARITHMIC),
             "a phase diagram needs evenly spaced values, or values whose logarithms are evenly "
             "spaced; write for example {from: 0.1, to: 100, count: 64}");
  return NULL;
}

static tv_error *check(const tv_experiment *e) {
  const tv_noise_spec *n = &e->noise;
  const tv_augmentation_spec *a = &e->augmentation;
  TV_TRY(tv_experiment_expect_components(e));
  TV_TRY(tv_study_expect_alpha(e));
  TV_REQUIRE(e, "noise.components", n->components > 0,
             "a phase diagram without noise has no phases");
  TV_TRY(check_axis(e, "noise.lambda_max", n->lambda_max, n->lambda_max_count));
  return check_axis(e, "augmentation.alpha", a->alpha, a->alpha_count);
}

const tv_study tv_phase_study = {
    .kind = {.name = "phase", .title = "Phase diagram", .fill = fill, .check = check},
    .numbers = &tv_grid_study};
