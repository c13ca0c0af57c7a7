/* The largest eigenvalues of a symmetric matrix that is known by its products with blocks of
 * vectors alone: block Lanczos with full orthogonalisation and restarts (Musco and Musco, NeurIPS
 * 2015; Wu and Simon, SIAM J. Matrix Anal. Appl. 2000). None of it is collective. */
#ifndef TWOVIEW_LINALG_KRYLOV_H
#define TWOVIEW_LINALG_KRYLOV_H

#include <stdint.h>

#include "twoview/base/error.h"

typedef struct {
  int order, wanted, block; /* of the matrix, pairs, vectors of a product */
  int room;                 /* columns that `basis` has room for, whole blocks */
  int64_t count;            /* of its columns those whose products are known */
  double *basis;            /* owned: order x room, orthonormal; the next block follows those */
  double *projected;        /* owned: room x room, basis' A basis, lower triangle */
  double *values;           /* owned: room / 2, or the whole order: Ritz values, largest first */
  double *vectors;          /* owned: as many, in terms of the basis, room x ... */
  double residual;          /* largest |A v - value v| of those wanted */
} tv_krylov;

/* The vectors of a block that finds `wanted` pairs of a matrix of that order: some more than these,
 * or the whole order; and the columns of the basis. */
int tv_krylov_block(int order, int wanted);
int tv_krylov_room(int order, int wanted);

/* Zero but for its shape. Free with tv_krylov_destroy. */
tv_error *tv_krylov_create(int order, int wanted, tv_krylov **out);
void tv_krylov_destroy(tv_krylov **krylov);

/* Begin with the span of order x block vectors, which are overwritten. */
tv_error *tv_krylov_begin(tv_krylov *krylov, double *vectors);

/* The block whose product is wanted next: order x block, orthonormal, borrowed. */
const double *tv_krylov_next(const tv_krylov *krylov);

/* Take its product in, which is overwritten: sets the values, and the residual. *status other than
 * 0: no convergence. */
tv_error *tv_krylov_take(tv_krylov *krylov, double *product, int *status);

/* Make the next block, from what tv_krylov_take left of the product; a full basis is condensed
 * first. Not of a block of the whole order, for which there is none. */
tv_error *tv_krylov_go_on(tv_krylov *krylov, const double *product);

/* The vectors that were wanted: order x wanted. */
void tv_krylov_vectors(const tv_krylov *krylov, double *out);

#endif
