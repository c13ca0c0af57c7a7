/* The grid of the view model: at every point each method learns from the views of corrupted
 * training rows, and is scored on rows held out. */
#ifndef TWOVIEW_STUDIES_VIEWS_H
#define TWOVIEW_STUDIES_VIEWS_H

#include "twoview/studies/study.h"

/* Its quantities. Losses are mean squares of the probe's errors, all targets together. */
enum {
  TV_VIEWS_TEST_LOSS, /* probe fitted to the corrupted training rows, on corrupted test rows */
  TV_VIEWS_TEST_LOSS_CLEAN, /* the same encoder; probe fitted to training rows and scored on test
                             * rows as they are */
  TV_VIEWS_TEST_ACCURACY,   /* of the arg max of the first probe, on corrupted test rows, ... */
  TV_VIEWS_TEST_ACCURACY_CLEAN, /* ... and of the second, on rows as they are */
  TV_VIEWS_TARGET_VARIANCE,     /* of the test targets about the training rows' mean */
  TV_VIEWS_TRAINING_LOSS,       /* of the first probe on the rows to which it is fitted */
  TV_VIEWS_GAP,                 /* between the k-th value and the next, relative to the former */
  TV_VIEWS_OBJECTIVE,
  TV_VIEWS_OBJECTIVE_OPTIMUM,
  TV_VIEWS_RESIDUAL,
  TV_VIEWS_ORTHONORMALITY,
  TV_VIEWS_STATUS, /* as of the grid, or TV_TIED */
  TV_VIEWS_QUANTITIES
};

/* Its lists. */
enum {
  TV_VIEWS_VALUES, /* omega, phi or variances of an encoder's rows */
  TV_VIEWS_LARGEST_ANGLE,
  TV_VIEWS_MEAN_ANGLE, /* of the principal angles between the rows of two encoders */
  TV_VIEWS_LISTS
};

/* A status: solved, but the k-th value is no larger than the next beyond rounding, so that other
 * encoders would do as well. */
enum { TV_TIED = -3 };

#endif
