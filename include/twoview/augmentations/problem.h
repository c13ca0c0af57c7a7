/* The second moments of a linear problem (all that the closed forms need), made from the moment
 * matrix for one noise covariance and one augmentation: mean x and covariance Theta + alpha^2
 * Gamma.
 */
#ifndef TWOVIEW_AUGMENTATIONS_PROBLEM_H
#define TWOVIEW_AUGMENTATIONS_PROBLEM_H

#include "twoview/linalg/grid.h"
#include "twoview/moments/moments.h"

typedef struct {
  int d, l;            /* inputs, targets */
  int p;               /* the first p inputs are important, the others noise */
  tv_distmat *A;       /* owned, d x d: (1/n) sum x x' */
  const tv_distmat *C; /* (1/n) sum x xbar', with xbar the mean view of x; A when xbar = x */
  const tv_distmat *G; /* (1/n) sum xbar xbar'; A when xbar = x */
  tv_distmat *S;       /* owned, d x d: (1/n) sum E tau tau' */
  tv_distmat *L;       /* owned: its Cholesky factor, in the lower triangle */
  tv_distmat *B;       /* owned, d x l: (1/n) sum xbar y' */
  double *added;       /* owned, d, whole on every rank: S - G, which is diagonal */
  double yy;           /* (1/n) sum y'y */
  double *sizes;       /* owned, d, whole on every rank: root mean squares of the inputs x */
} tv_statistics;

/* Corrupted inputs x + gamma: d = p + q; `gamma` (q) and `theta` (p + q) are eigenvalues.
 * Clean inputs: gamma NULL, d = p (the noise components are 0 then and stay out of the solution).
 * status: not 0 when S is not positive definite. Free with tv_statistics_destroy.   Collective. */
tv_error *tv_statistics_create(const tv_grid *grid, const tv_moment_matrix *moments,
                               const double *gamma, const double *theta, double alpha,
                               tv_statistics **out, int *status);
void tv_statistics_destroy(tv_statistics **statistics);

#endif
