/* The component model: noise that is appended, and an augmentation that is aligned with it. */
#include <math.h>

#include "twoview/experiment/check.h"

static tv_error *check_noise(const tv_experiment *e) {
  const tv_noise_spec *n = &e->noise;
  TV_REQUIRE(e, "noise.eigenvalues",
             !n->eigenvalues || !tv_experiment_gives(e, "noise.lambda_min_ratio"),
             "are not drawn, so that 'lambda_min_ratio' has no meaning; leave one of them out");
  TV_REQUIRE(
      e, "noise.eigenvalues", !n->eigenvalues || n->eigenvalues_count == (unsigned)n->components,
      "%u of them for %d noise components; give as many", n->eigenvalues_count, n->components);
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
  if (has_max) a->theta.signal[1] = a->theta.noise[1] = a->theta_max;
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

tv_error *tv_experiment_check_components(tv_experiment *e) {
  const tv_augmentation_spec *a = &e->augmentation;
  TV_REQUIRE(e, "archive.views", !e->archive.views,
             "views are drawn in the view model alone, with 'augmentation: {chain, views}'; leave "
             "it out");
  TV_TRY(check_noise(e));
  TV_TRY(settle_theta(e));
  for (unsigned i = 0; i < a->alpha_count; ++i)
    TV_REQUIRE(e, "augmentation.alpha", a->alpha[i] > 0 || tv_theta_bound(e) > 0,
               "alpha = 0 with '%s' of zeros augments nothing, so that S is singular whenever the "
               "data are; raise either",
               tv_theta_key(e));
  return NULL;
}
