/* The grid: every point is solved and scored by every method. */
#ifndef TWOVIEW_STUDIES_GRID_H
#define TWOVIEW_STUDIES_GRID_H

#include "twoview/studies/study.h"

/* Its quantities. */
enum {
  TV_SCORE_CLEAN,       /* of the method on clean inputs (the same at every noise scale and
                         * alpha) */
  TV_SCORE_CORRUPTED,   /* of the method on corrupted inputs */
  TV_DISTANCE,          /* |clean - corrupted|, the distance to optimality */
  TV_LEAKAGE,           /* of the encoder onto the noise components (scores.h) */
  TV_OBJECTIVE,         /* attained */
  TV_OBJECTIVE_OPTIMUM, /* the least value that theory gives */
  TV_RESIDUAL,          /* of the stationarity equation */
  TV_ORTHONORMALITY,    /* max |E S E' - I| */
  TV_STATUS, /* 0: solved, or TV_INACCURATE; else the solver's info or TV_UNSOUND, and the others
              * are NaN */
  /* Where rows are held out, scores of probes on them; losses are mean squares: */
  TV_TEST_LOSS,           /* fitted to corrupted training rows, on corrupted test rows */
  TV_TEST_LOSS_CLEAN,     /* the same encoder; fitted and scored on rows without noise */
  TV_TEST_ACCURACY,       /* of the arg max of the first ... */
  TV_TEST_ACCURACY_CLEAN, /* ... and of the second */
  TV_TARGET_VARIANCE,     /* of the test targets about the training rows' mean, or about 0 */
  TV_GRID_QUANTITIES
};

/* Statuses: residual of the whole too large, or a score not finite; or solved, all values there,
 * but some row of an encoder, of this solution or of the clean one beside it, has too large a
 * residual of its own. */
enum { TV_UNSOUND = -1, TV_INACCURATE = -2 };

#endif
