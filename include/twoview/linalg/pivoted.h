/* The Cholesky factor of a matrix that is positive semidefinite only, on one rank. */
#ifndef TWOVIEW_LINALG_PIVOTED_H
#define TWOVIEW_LINALG_PIVOTED_H

#include "twoview/base/error.h"

/* P' (D^{-1} A D^{-1}) P = L L' with an n x n permutation P and D = diag(scale), by LAPACK's
 * dpstrf. `a` is column-major, and only its lower triangle is read; the first `rank` columns of L
 * take its place. Row i of L is row pivots[i] - 1 of A (n numbers). `rank` is where the largest
 * pivot left is below `tolerance`: `scale` is the size of each row to which its rounding errors are
 * relative, so that small rows count as much as large ones. A row whose scale is 0 adds nothing to
 * the rank. Not collective. */
tv_error *tv_pivoted_cholesky(int n, double *a, const double *scale, double tolerance, int *pivots,
                              int *rank);

#endif
