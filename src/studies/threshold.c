#include "twoview/experiment/check.h"
#include "twoview/methods/method.h"
#include "twoview/studies/study.h"

/* The least alignment that each method needs, found by a search at every point. */

static const double default_tolerance = 1e-4, least_tolerance = 1e-12, largest_tolerance = 0.1;

static tv_error *fill(tv_experiment *e) {
  if (!tv_experiment_gives(e, "threshold.tolerance")) e->threshold.tolerance = default_tolerance;
  return tv_study_fill_methods(e, 1);
}

static tv_error *check(const tv_experiment *e) {
  TV_REQUIRE(e, "augmentation", tv_theta_bound(e) > 0,
             "'study: threshold' begins at alpha = 0, where '%s' of nothing but 0 augments "
             "nothing, so that S is singular whenever the data are; raise it",
             tv_theta_key(e));
  TV_REQUIRE(e, "augmentation.alpha", !e->augmentation.alpha,
             "is what 'study: threshold' looks for; leave it out");
  for (unsigned m = 0; m < e->methods_count; ++m) {
    const char *reason = tv_method_of(e->methods[m])->no_threshold;
    TV_REQUIRE(e, "methods", !reason, "'%s' has no threshold, %s; leave it out",
               e->methods[m]->name, reason);
  }
  TV_REQUIRE(e, "archive.encoders", e->archive.encoders == TV_KEEP_NONE,
             "a threshold study keeps no encoders; take 'none'");
  TV_REQUIRE(e, "archive.representations", e->archive.representations == TV_KEEP_NONE,
             "a threshold study keeps no encoders to represent samples with; take 'none'");
  TV_REQUIRE(
      e, "threshold.tolerance",
      e->threshold.tolerance >= least_tolerance && e->threshold.tolerance <= largest_tolerance,
      "must be from %g to %g, got %g", least_tolerance, largest_tolerance, e->threshold.tolerance);
  return NULL;
}

static tv_error *check_data(const tv_experiment *e, int features) {
  TV_REQUIRE(e, "encoder.k", e->encoder.k <= features,
             "k = %d rows for %d features: some of them hold noise at any alignment, so that there "
             "is no threshold to look for; take at most %d",
             e->encoder.k, features, features);
  return NULL;
}

const tv_study tv_threshold_study = {.kind = {.name = "threshold",
                                              .title = "Thresholds",
                                              .section = "threshold",
                                              .fill = fill,
                                              .check = check,
                                              .check_data = check_data},
                                     .finds_alpha = 1};
