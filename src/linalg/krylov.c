#include "twoview/linalg/krylov.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/linalg/eigen.h"
#include "twoview/linalg/fortran.h"
#include "twoview/linalg/orthonormal.h"

/* Vectors beyond those wanted, to the next multiple of what BLAS multiplies at a time; and the
 * blocks of the basis: with more of them fewer products are needed, and more memory. */
enum { OVERSAMPLING = 10, MULTIPLE = 8, BLOCKS = 8 };

/* There is to be room for three blocks: of a full basis, half of which is kept, and the next. */
int tv_krylov_block(int order, int wanted) {
  const int block = (wanted + OVERSAMPLING + MULTIPLE - 1) / MULTIPLE * MULTIPLE;
  return 3 * (int64_t)block > order ? order : block;
}

int tv_krylov_room(int order, int wanted) {
  const int block = tv_krylov_block(order, wanted), fitting = order / block - 1;
  if (block == order) return order;
  return block * (fitting < BLOCKS ? fitting : BLOCKS);
}

/* Ritz pairs that are computed: those that a full basis keeps. */
static int count_kept(const tv_krylov *k) {
  const int blocks = k->room / k->block;
  return k->block * (blocks > 1 ? blocks / 2 : 1);
}

tv_error *tv_krylov_create(int order, int wanted, tv_krylov **out) {
  tv_error *error = tv_allocate(1, sizeof(**out), out);
  if (error) return error;
  tv_krylov *k = *out;
  k->order = order;
  k->wanted = wanted;
  k->block = tv_krylov_block(order, wanted);
  k->room = tv_krylov_room(order, wanted);
  const int64_t room = k->room, kept = count_kept(k);
  error = tv_allocate(order * room, sizeof(double), &k->basis);
  if (!error) error = tv_allocate(room * room, sizeof(double), &k->projected);
  if (!error) error = tv_allocate(kept, sizeof(double), &k->values);
  if (!error) error = tv_allocate(room * kept, sizeof(double), &k->vectors);
  if (error) tv_krylov_destroy(out);
  return error;
}

void tv_krylov_destroy(tv_krylov **krylov) {
  if (!*krylov) return;
  free((*krylov)->basis);
  free((*krylov)->projected);
  free((*krylov)->values);
  free((*krylov)->vectors);
  free(*krylov);
  *krylov = NULL;
}

static double *block_at(const tv_krylov *k, int64_t column) {
  return k->basis + column * k->order;
}

const double *tv_krylov_next(const tv_krylov *k) {
  return block_at(k, k->count);
}

tv_error *tv_krylov_begin(tv_krylov *k, double *vectors) {
  TV_TRY(tv_orthonormalise(k->order, k->block, vectors, NULL));
  memcpy(k->basis, vectors, (size_t)k->order * (size_t)k->block * sizeof(double));
  k->count = 0;
  return NULL;
}

/* Take the first `columns` vectors of the basis off a block; by how much goes to `along` (columns x
 * block). */
static void take_off(const tv_krylov *k, int columns, double *block, double *along) {
  const double unit = 1, minus = -1, nothing = 0;
  dgemm_("T", "N", &columns, &k->block, &k->order, &unit, k->basis, &k->order, block, &k->order,
         &nothing, along, &columns, 1, 1);
  dgemm_("N", "N", &k->order, &k->block, &columns, &minus, k->basis, &k->order, along, &columns,
         &unit, block, &k->order, 1, 1);
}

/* Rows of the projected matrix that belong to the block, and of these the square in the middle. */
static void project(tv_krylov *k, int columns, const double *along) {
  const int64_t first = k->count, room = k->room;
  for (int64_t j = 0; j < k->block; ++j)
    for (int64_t i = 0; i < columns; ++i) {
      const double here = along[j * columns + i];
      if (i < first)
        k->projected[i * room + first + j] = here;
      else if (i >= first + j)
        k->projected[(first + j) * room + i] =
            (here + along[(i - first) * columns + first + j]) / 2;
    }
}

/* The largest pairs of the projected matrix of so many columns. */
static tv_error *diagonalise(tv_krylov *k, int columns, int *status) {
  const int kept = count_kept(k) < columns ? count_kept(k) : columns;
  tv_grid *grid = NULL;
  tv_distmat *matrix = NULL, *vectors = NULL;
  tv_error *error;
  TV_GO(tv_grid_create(MPI_COMM_SELF, TV_SMALL_BLOCK, &grid));
  TV_GO(tv_distmat_create(grid, columns, columns, &matrix));
  TV_GO(tv_distmat_create(grid, columns, kept, &vectors));
  for (int64_t j = 0; j < columns; ++j)
    memcpy(matrix->data + j * matrix->leading, k->projected + j * k->room,
           (size_t)columns * sizeof(double));
  TV_GO(tv_eigen_top(matrix, kept, k->values, vectors, status));
  for (int64_t j = 0; j < kept; ++j)
    memcpy(k->vectors + j * k->room, vectors->data + j * vectors->leading,
           (size_t)columns * sizeof(double));
done:
  tv_distmat_destroy(&vectors);
  tv_distmat_destroy(&matrix);
  tv_grid_destroy(&grid);
  return error;
}

/* The product of a vector basis s, less its value times the vector, is Q R s', s' the last block of
 * s: Q R is what is left of the product of the last block. */
static void measure(tv_krylov *k, const double *triangle) {
  k->residual = 0;
  for (int64_t v = 0; v < k->wanted; ++v) {
    const double *last = k->vectors + v * k->room + k->count - k->block;
    double square = 0;
    for (int64_t i = 0; i < k->block; ++i) {
      double sum = 0;
      for (int64_t j = i; j < k->block; ++j) sum += triangle[j * k->block + i] * last[j];
      square += sum * sum;
    }
    k->residual = fmax(k->residual, sqrt(square));
  }
}

tv_error *tv_krylov_take(tv_krylov *k, double *product, int *status) {
  const int columns = (int)k->count + k->block;
  double *along = NULL, *triangle = NULL;
  tv_error *error;
  TV_GO(tv_allocate((int64_t)columns * k->block, sizeof(double), &along));
  TV_GO(tv_allocate((int64_t)k->block * k->block, sizeof(double), &triangle));
  take_off(k, columns, product, along);
  project(k, columns, along);
  TV_GO(tv_orthonormalise(k->order, k->block, product, triangle));
  take_off(k, columns, product, along); /* what rounding left of it, all of a vector near 0 */
  TV_GO(tv_orthonormalise(k->order, k->block, product, NULL));
  TV_GO(diagonalise(k, columns, status));
  k->count = columns;
  if (*status == 0) measure(k, triangle);
done:
  free(triangle);
  free(along);
  return error;
}

/* Ritz vectors in place of the first columns, some rows at a time. */
static tv_error *condense(tv_krylov *k) {
  enum { ROWS = 256 };
  const int kept = count_kept(k), columns = (int)k->count, rows = ROWS;
  const double unit = 1, nothing = 0;
  double *piece = NULL;
  TV_TRY(tv_allocate((int64_t)ROWS * columns, sizeof(*piece), &piece));
  for (int64_t from = 0; from < k->order; from += ROWS) {
    const int count = k->order - from < ROWS ? (int)(k->order - from) : ROWS;
    for (int64_t j = 0; j < columns; ++j)
      memcpy(piece + j * ROWS, k->basis + j * k->order + from, (size_t)count * sizeof(double));
    dgemm_("N", "N", &count, &kept, &columns, &unit, piece, &rows, k->vectors, &k->room, &nothing,
           k->basis + from, &k->order, 1, 1);
  }
  free(piece);
  memset(k->projected, 0, (size_t)k->room * (size_t)k->room * sizeof(double));
  for (int64_t i = 0; i < kept; ++i) k->projected[i * k->room + i] = k->values[i];
  k->count = kept;
  return NULL;
}

tv_error *tv_krylov_go_on(tv_krylov *k, const double *product) {
  if (k->count + k->block > k->room) TV_TRY(condense(k));
  memcpy(block_at(k, k->count), product, (size_t)k->order * (size_t)k->block * sizeof(double));
  return NULL;
}

void tv_krylov_vectors(const tv_krylov *k, double *out) {
  const double unit = 1, nothing = 0;
  const int columns = (int)k->count;
  dgemm_("N", "N", &k->order, &k->wanted, &columns, &unit, k->basis, &k->order, k->vectors,
         &k->room, &nothing, out, &k->order, 1, 1);
}
