/* The critical alignment, found by bisection from a function that gives the leakage of an encoder.
 *
 * alpha*^2 is the smallest alpha^2 at which the leakage, the largest squared sine between encoder
 * and important components in S-whitened coordinates, is below 1/2. The search evaluates the
 * leakage at alpha = 0, then at `start`, and then further and further away until two values of
 * alpha^2 enclose a crossing; and it halves the interval. Leakage need not fall all the way: of
 * several crossings this finds one, and evaluates the leakage at 1/3, 2/3, 4/3 and twice its place.
 * A lower crossing that shows there is taken instead, and the status says so. */
#ifndef TWOVIEW_STUDIES_SEARCH_H
#define TWOVIEW_STUDIES_SEARCH_H

#include "twoview/base/error.h"

typedef enum {
  TV_ALPHA2_FOUND,        /* to the tolerance */
  TV_ALPHA2_NOT_NEEDED,   /* 0: the leakage is below 1/2 without alignment */
  TV_ALPHA2_OUT_OF_REACH, /* NaN: it is not below 1/2 up to 1e8 times `start` (or 1) */
  TV_ALPHA2_NOT_MONOTONE, /* the lowest crossing found, but leakage rises again above it */
  TV_ALPHA2_UNCHECKED,    /* found, but a solution failed where others were searched for */
  TV_ALPHA2_FAILED = -1   /* NaN: a solution on the way failed */
} tv_alpha2_status;

typedef struct {
  double alpha2;
  tv_alpha2_status status;
  int evaluations;
} tv_alpha2;

/* The leakage at alpha^2; NaN when there is none because the solution failed. */
typedef tv_error *(*tv_leakage_function)(void *context, double alpha2, double *leakage);

/* The crossing, as the upper end of the last interval: the leakage is below 1/2 there, and is not
 * below it at alpha2 - tolerance * max(alpha2, 1e-6), tolerance at most 0.1. `start` may be
 * anything; near the crossing it saves evaluations. Errors are those of `leakage`. */
tv_error *tv_alpha2_search(tv_leakage_function leakage, void *context, double start,
                           double tolerance, tv_alpha2 *out);

/* How many evaluations a search takes that starts within a tenth of the crossing. */
double tv_alpha2_expected_evaluations(double tolerance);

#endif
