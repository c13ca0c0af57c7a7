/* Eigenvalues and singular values of distributed matrices. As in dense.h, all are collective over
 * the matrices' grid, and a `status` other than 0 says that an iteration does not converge. */
#ifndef TWOVIEW_LINALG_EIGEN_H
#define TWOVIEW_LINALG_EIGEN_H

#include "twoview/linalg/grid.h"

/* The k largest eigenvalues of a symmetric matrix (its lower triangle), largest first, on every
 * rank, and their orthonormal vectors as the columns of `vectors` (d x k). Destroys `a`. */
tv_error *tv_eigen_top(tv_distmat *a, int k, double *values, tv_distmat *vectors, int *status);

/* Whether tv_eigen_top computes only the vectors asked for, or all of them; and how it does. */
int tv_eigen_selects(int d, int k);
const char *tv_eigen_method(int d, int k, int ranks);

/* The k largest singular values of a square matrix, on every rank, and their right singular vectors
 * as the columns of `vectors` (d x k). Destroys `a`. */
tv_error *tv_singular_top(tv_distmat *a, int k, double *values, tv_distmat *vectors, int *status);

#endif
