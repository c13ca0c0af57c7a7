/* Dense linear algebra on distributed matrices: the few operations that the closed forms need, by
 * ScaLAPACK, or by LAPACK on one rank. All are collective over the matrices' grid. A numerical
 * failure (a matrix that is not positive definite, an iteration that does not converge) is a
 * `status` other than 0, not an error: one point of an experiment may fail while others
 * continue. */
#ifndef TWOVIEW_LINALG_DENSE_H
#define TWOVIEW_LINALG_DENSE_H

#include "twoview/linalg/grid.h"

typedef enum { TV_PLAIN, TV_TRANSPOSED } tv_transpose;
typedef enum { TV_LEFT, TV_RIGHT } tv_side;

/* c = op(a) op(b); only as much of `a` is taken as b and c have room for. */
void tv_multiply(tv_transpose op_a, const tv_distmat *a, tv_transpose op_b, const tv_distmat *b,
                 tv_distmat *c);

/* *out = a b, a new matrix on their grid. The caller destroys it.                   Collective. */
tv_error *tv_product(const tv_distmat *a, const tv_distmat *b, tv_distmat **out);

/* m = axes' m axes, and m = axes' m, on the same grid: a new matrix in place of the one before,
 * which is destroyed. */
tv_error *tv_project(const tv_distmat *axes, tv_distmat **m);
tv_error *tv_project_rows(const tv_distmat *axes, tv_distmat **m);

/* c = a' a of the rows of `a` from `first` on, lower triangle only. */
void tv_gram(const tv_distmat *a, int first, tv_distmat *c);

/* out = a'; they are apart. */
void tv_transpose_to(const tv_distmat *a, tv_distmat *out);

/* Copy the lower triangle of a square matrix over the upper one. */
void tv_symmetrise(tv_distmat *a);

/* s = L L' in place, L in the lower triangle; the strict upper one is left as it was.
 * status: the order of the leading minor that is not positive definite. */
tv_error *tv_cholesky(tv_distmat *s, int *status);

/* b = op(L)^{-1} b or b op(L)^{-1}, L the lower triangle of `factor`. */
void tv_solve_lower(tv_side side, tv_transpose op, const tv_distmat *factor, tv_distmat *b);

/* m = L^{-1} m L^{-T}, m symmetric: its lower triangle is given and computed. L likewise. */
tv_error *tv_whiten(const tv_distmat *factor, tv_distmat *m);

/* b = op(L) b, L likewise; they are apart. */
void tv_multiply_lower(tv_transpose op, const tv_distmat *factor, tv_distmat *b);

/* out = L^{-1}, L likewise, with zeros above the diagonal; they are apart. No diagonal entry of L
 * may be 0. */
tv_error *tv_invert_lower(const tv_distmat *factor, tv_distmat *out);

/* The norm of each column of `a`, a->columns numbers on every rank, and of `count` numbers: neither
 * overflows nor vanishes where its square would. The caller frees `out`.            Collective. */
tv_error *tv_column_norms(const tv_distmat *a, double **out);
double tv_norm(int count, const double *numbers);

/* sum_ij a_ij b_ij, sum_ij (a_ij - b_ij)^2 and sum_i a_ii; the same value on every rank. */
double tv_dot(const tv_distmat *a, const tv_distmat *b);
double tv_squared_distance(const tv_distmat *a, const tv_distmat *b);
double tv_trace(const tv_distmat *a);

#endif
