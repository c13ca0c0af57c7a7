/* Quantities of studies that solve the closed forms at every point: how well that was done.
 * `agrees`: whether a value may stand where the status is this one. */
#ifndef TWOVIEW_STUDIES_OPTIMALITY_H
#define TWOVIEW_STUDIES_OPTIMALITY_H

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

/* A solution whose relative residual as a whole is beyond it has failed, whatever the solver
 * reported; one with a row beyond it is inaccurate. */
#define TV_LARGEST_RESIDUAL 1e-6

#endif
