#include <math.h>
#include <stddef.h>

#include "twoview/experiment/check.h"

/* ---- Noise and augmentation ---- */

/* Coordinates name points: each value stands once. */
static tv_error *expect_distinct(const tv_experiment *e, const char *key, const double *values,
                                 unsigned count) {
  for (unsigned i = 0; i < count; ++i)
    for (unsigned j = 0; j < i; ++j)
      TV_REQUIRE(e, key, values[i] != values[j], "%g is listed twice", values[i]);
  return NULL;
}

static tv_error *check_noise(const tv_experiment *e) {
  const tv_noise_spec *n = &e->noise;
  TV_REQUIRE(e, "noise.components", n->components >= 0 && n->components <= MOST_INPUTS,
             "must be from 0 to %d, got %d", MOST_INPUTS, n->components);
  for (unsigned i = 0; i < n->lambda_max_count; ++i)
    TV_REQUIRE(e, "noise.lambda_max", isfinite(n->lambda_max[i]) && n->lambda_max[i] > 0,
               "bounds of eigenvalues must be positive and finite, got %g", n->lambda_max[i]);
  TV_REQUIRE(e, "noise.lambda_min_ratio", n->lambda_min_ratio >= 0 && n->lambda_min_ratio < 1,
             "must be at least 0 and below 1, got %g", n->lambda_min_ratio);
  TV_REQUIRE(e, "noise.eigenvalues",
             !n->eigenvalues || !tv_experiment_gives(e, "noise.lambda_min_ratio"),
             "are not drawn, so that 'lambda_min_ratio' means nothing; leave one of them out");
  TV_REQUIRE(
      e, "noise.eigenvalues", !n->eigenvalues || n->eigenvalues_count == (unsigned)n->components,
      "%u of them for %d noise components; give as many", n->eigenvalues_count, n->components);
  for (unsigned i = 0; i < n->eigenvalues_count; ++i)
    TV_REQUIRE(e, "noise.eigenvalues", isfinite(n->eigenvalues[i]) && n->eigenvalues[i] > 0,
               "must be positive and finite; entry %u is %g", i + 1, n->eigenvalues[i]);
  return expect_distinct(e, "noise.lambda_max", n->lambda_max, n->lambda_max_count);
}

static tv_error *check_interval(const tv_experiment *e, const char *key, const double *bounds) {
  TV_REQUIRE(e, key, tv_experiment_gives(e, key),
             "is missing; write for example theta: {signal: [0.5, 0.5], noise: [0.05, 0.5]}");
  TV_REQUIRE(
      e, key, bounds[0] >= 0 && bounds[1] >= bounds[0] && isfinite(bounds[1]),
      "bounds of eigenvalues must be finite and not negative, the lower one first; got [%g, %g]",
      bounds[0], bounds[1]);
  return NULL;
}

/* Exactly one of theta_max, theta and theta_eigenvalues. */
static tv_error *settle_theta(tv_experiment *e) {
  tv_augmentation_spec *a = &e->augmentation;
  const int has_max = tv_experiment_gives(e, "augmentation.theta_max");
  const int has_intervals = tv_experiment_gives(e, "augmentation.theta");
  TV_REQUIRE(e, "augmentation.theta_max", has_max + has_intervals + !!a->theta_eigenvalues > 0,
             "is missing; write for example\n    augmentation: {theta_max: 1e4, alpha: [1]}");
  TV_REQUIRE(e, "augmentation", has_max + has_intervals + !!a->theta_eigenvalues == 1,
             "give one of 'theta_max', 'theta' and 'theta_eigenvalues'");
  TV_REQUIRE(e, "augmentation.theta_max", isfinite(a->theta_max) && a->theta_max >= 0,
             "a bound of eigenvalues must be finite and not negative, got %g", a->theta_max);
  if (has_max) a->theta.signal[1] = a->theta.noise[1] = a->theta_max;
  if (has_intervals) {
    TV_TRY(check_interval(e, "augmentation.theta.signal", a->theta.signal));
    TV_TRY(check_interval(e, "augmentation.theta.noise", a->theta.noise));
  }
  for (unsigned i = 0; i < a->theta_eigenvalues_count; ++i)
    TV_REQUIRE(e, "augmentation.theta_eigenvalues",
               isfinite(a->theta_eigenvalues[i]) && a->theta_eigenvalues[i] >= 0,
               "must be finite and not negative; entry %u is %g", i + 1, a->theta_eigenvalues[i]);
  return NULL;
}

double tv_theta_bound(const tv_experiment *e) {
  const tv_augmentation_spec *a = &e->augmentation;
  double bound = fmax(a->theta.signal[1], a->theta.noise[1]);
  for (unsigned i = 0; i < a->theta_eigenvalues_count; ++i)
    bound = fmax(bound, a->theta_eigenvalues[i]);
  return bound;
}

const char *tv_theta_key(const tv_experiment *e) {
  if (e->augmentation.theta_eigenvalues) return "theta_eigenvalues";
  return tv_experiment_gives(e, "augmentation.theta") ? "theta" : "theta_max";
}

tv_error *tv_experiment_check_grid(tv_experiment *e) {
  const tv_augmentation_spec *a = &e->augmentation;
  TV_TRY(check_noise(e));
  TV_TRY(settle_theta(e));
  for (unsigned i = 0; i < a->alpha_count; ++i) {
    TV_REQUIRE(e, "augmentation.alpha", isfinite(a->alpha[i]) && a->alpha[i] >= 0,
               "must be finite and not negative, got %g", a->alpha[i]);
    TV_REQUIRE(
        e, "augmentation.alpha", a->alpha[i] > 0 || tv_theta_bound(e) > 0,
        "alpha = 0 with '%s' of nothing but 0 augments nothing, so that S is singular whenever "
        "the data are; raise either",
        tv_theta_key(e));
  }
  return expect_distinct(e, "augmentation.alpha", a->alpha, a->alpha_count);
}

/* ---- Evenly spaced values ---- */

int tv_is_evenly_spaced(const double *values, int count, tv_spacing spacing) {
  const int is_linear = spacing == TV_SPACED_LINEAR;
  if (count < 2 || (!is_linear && values[0] <= 0)) return 0;
  const double from = is_linear ? values[0] : log(values[0]);
  const double step =
      ((is_linear ? values[count - 1] : log(values[count - 1])) - from) / (count - 1);
  for (int i = 1; i < count; ++i) {
    const double value = is_linear ? values[i] : log(values[i]);
    if (!(fabs(value - (from + i * step)) < 1e-6 * step)) return 0;
  }
  return 1;
}
