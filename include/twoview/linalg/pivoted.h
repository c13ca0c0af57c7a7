/* The Cholesky factor of a matrix that is positive semidefinite only, on one rank. */
#ifndef TWOVIEW_LINALG_PIVOTED_H
#define TWOVIEW_LINALG_PIVOTED_H

#include "twoview/base/error.h"

/* P' A P = L L' with an n x n permutation P, by LAPACK's dpstrf. `a` is column-major, and only its
 * lower triangle is read; the first `rank` columns of L take its place. Row i of L is row
 * pivots[i] - 1 of A (n numbers). `rank` is where the largest pivot left is below `tolerance`, a
 * negative one standing for n eps max_i a_ii. Not collective. */
tv_error *tv_pivoted_cholesky(int n, double *a, double tolerance, int *pivots, int *rank);

#endif
