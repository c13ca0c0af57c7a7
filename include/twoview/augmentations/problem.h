/* The second moments of a linear problem (all that the closed forms need): of inputs x, of their
 * views tau with means xbar, and of targets y. Made here from the moment matrix, for one noise
 * covariance and one augmentation: mean x and covariance Theta + alpha^2 Gamma. Other augmentations
 * make their own. */
#ifndef TWOVIEW_AUGMENTATIONS_PROBLEM_H
#define TWOVIEW_AUGMENTATIONS_PROBLEM_H

#include "twoview/linalg/grid.h"
#include "twoview/moments/moments.h"

typedef struct {
  int d, l;           /* inputs, targets */
  int p;              /* the first p inputs are important, the others noise */
  tv_distmat *A;      /* owned, d x d: (1/n) sum x x' */
  tv_distmat *C;      /* owned, d x d: (1/n) sum x xbar'; A itself when xbar = x */
  tv_distmat *G;      /* owned, d x d: (1/n) sum xbar xbar'; A itself when xbar = x */
  tv_distmat *S;      /* owned, d x d: (1/n) sum E tau tau' */
  tv_distmat *L;      /* owned: its Cholesky factor, in the lower triangle */
  tv_distmat *B;      /* owned, d x l: (1/n) sum x y', for probes of the inputs */
  tv_distmat *view_B; /* owned, d x l: (1/n) sum xbar y', for SL; B itself when xbar = x */
  double *added;      /* owned, d, whole on every rank: S - G where that is diagonal; or NULL */
  double yy;          /* (1/n) sum y'y */
  double *mean;       /* owned, d + l, whole on every rank: of inputs and targets, where probes have
                       * an intercept; else NULL */
  double *sizes;      /* owned, d, whole on every rank: root mean squares of the inputs x */
  double *rounding;   /* owned, d, whole on every rank: what rounding may leave of the variances of
                       * views, where they have been centred (tv_statistics_examine); else NULL */
  double regularity;  /* there: the least eigenvalue of S with numbers scaled to unit variance, in
                       * order of magnitude; 0: S is singular */
} tv_statistics;

/* A solution whose relative residual as a whole is beyond it has failed, whatever the solver
 * reported; one with a row beyond it is inaccurate. */
#define TV_LARGEST_RESIDUAL 1e-6

/* Corrupted inputs x + gamma: d = p + q; `gamma` (q) and `theta` (p + q) are eigenvalues.
 * Clean inputs: gamma NULL, d = p (the noise components are 0 then and stay out of the solution).
 * status: not 0 when S is not positive definite. Free with tv_statistics_destroy.   Collective. */
tv_error *tv_statistics_create(const tv_grid *grid, const tv_moment_matrix *moments,
                               const double *gamma, const double *theta, double alpha,
                               tv_statistics **out, int *status);
void tv_statistics_destroy(tv_statistics **statistics);

/* Free the matrices alone. */
void tv_statistics_drop_matrices(tv_statistics *statistics);

/* Let probes have an intercept. The moments are whole.                             Collective. */
tv_error *tv_statistics_take_means(tv_statistics *statistics, const tv_moment_matrix *moments,
                                   const double *gamma);

/* For whoever makes the moments: sizes, zero before, from A; L from S.              Collective. */
void tv_statistics_take_sizes(tv_statistics *statistics);
tv_error *tv_statistics_factor(tv_statistics *statistics, int *status);

#endif
