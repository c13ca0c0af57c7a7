/* Linear algebra in plain loops, whole matrices on every rank, column-major: what the distributed
 * results are compared with. Slow, and different from the library in every step. */
#ifndef TWOVIEW_SUPPORT_PLAIN_H
#define TWOVIEW_SUPPORT_PLAIN_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/linalg/dense.h"
#include "twoview/random/random.h"

/* Fresh arrays, of zeros and of standard normals. */
double *new_array(int64_t count);
double *new_normals(uint64_t seed, int64_t count);

/* The product op(a) op(b), rows x columns, of a fresh array; an operand that is not transposed has
 * `rows` or `inner` rows. */
double *new_product(int a_transposed, int b_transposed, int rows, int inner, int columns,
                    const double *a, const double *b);

double dot_plain(int64_t count, const double *a, const double *b);
double norm_plain(int64_t count, const double *a);

/* max |a_i - b_i|; infinite when one is not finite. */
double largest_difference(int64_t count, const double *a, const double *b);

/* max |a - I|. */
double departure_plain(int n, const double *a);

/* The matrix on every rank, a fresh array.                                           Collective. */
double *gathered(const tv_distmat *matrix);

/* All eigenvalues of a symmetric matrix, largest first, and their vectors unless NULL: Jacobi's
 * method in long double, also accurate for small eigenvalues of graded matrices. */
void jacobi(int n, const double *matrix, double *values, double *vectors);

/* Solve s x = b for a positive definite s (n x n) and `columns` right-hand sides, in place of b:
 * Gaussian elimination in long double, without pivoting. */
void solve_plain(int n, int columns, const double *s, double *b);

#endif
