/* Quantities of all studies that solve the closed forms at every point: how well that was done, and
 * scores on rows held out. `agreement`: whether a value may stand where the status is this one. */
#ifndef TWOVIEW_STUDIES_QUANTITIES_H
#define TWOVIEW_STUDIES_QUANTITIES_H

#include <float.h>

#include "twoview/studies/study.h"

#define TV_QUANTITY_STATUS "status"

#define TV_QUANTITY_OBJECTIVE(agreement)                                                           \
  {                                                                                                \
    {"objective", "objective attained", "1"}, .domain = {-DBL_MAX, DBL_MAX, .may_be_nan = 1},      \
                                              .agrees = agreement                                  \
  }
#define TV_QUANTITY_OPTIMUM(agreement)                                                             \
  {                                                                                                \
    {"objective_optimum", "least objective by theory", "1"},                                       \
        .domain = {-DBL_MAX, DBL_MAX, .may_be_nan = 1}, .agrees = agreement                        \
  }
#define TV_QUANTITY_RESIDUAL(agreement)                                                            \
  {                                                                                                \
    {"residual",                                                                                   \
     "relative residual of the stationarity equation, the largest of an encoder's rows", "1"},     \
        .domain = {0, DBL_MAX, .may_be_nan = 1}, .agrees = agreement                               \
  }
#define TV_QUANTITY_ORTHONORMALITY(agreement)                                                      \
  {                                                                                                \
    {"orthonormality", "largest entry of |E S E' - I|", "1"},                                      \
        .domain = {0, DBL_MAX, .may_be_nan = 1}, .agrees = agreement                               \
  }

#define TV_LABEL_TEST_LOSS                                                                         \
  {                                                                                                \
    "test_loss",                                                                                   \
        "mean square error of a linear probe, fitted to corrupted training rows, on corrupted "    \
        "test rows",                                                                               \
        "1"                                                                                        \
  }
#define TV_LABEL_TEST_LOSS_CLEAN                                                                   \
  {                                                                                                \
    "test_loss_clean",                                                                             \
        "the same encoder, with a probe fitted to training rows and scored on test rows as they "  \
        "are",                                                                                     \
        "1"                                                                                        \
  }
#define TV_LABEL_TEST_ACCURACY                                                                     \
  {                                                                                                \
    "test_accuracy",                                                                               \
        "share of corrupted test rows whose class is the largest target that the probe of "        \
        "test_loss predicts",                                                                      \
        "1"                                                                                        \
  }
#define TV_LABEL_TEST_ACCURACY_CLEAN                                                               \
  {                                                                                                \
    "test_accuracy_clean", "the same of test rows as they are, by the probe of test_loss_clean",   \
        "1"                                                                                        \
  }
#define TV_LABEL_TARGET_VARIANCE                                                                   \
  { "target_variance", "mean square of the test targets about the training rows' mean", "1" }
#define TV_LOSS(agreement)                                                                         \
  .domain = {0, DBL_MAX, .may_be_nan = 1}, .agrees = agreement, .needs_targets = 1
#define TV_SHARE(agreement)                                                                        \
  .domain = {0, 1, .may_be_nan = 1}, .agrees = agreement, .needs_targets = 1

#endif
