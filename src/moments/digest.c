#include <stdlib.h>
#include <string.h>

#include "twoview/moments/moments.h"

/* ---- Whole on this rank ---- */

static tv_error *digest_whole(const tv_moment_matrix *m, unsigned char *bytes) {
  const size_t width = (size_t)(m->p + m->q + m->l + 1);
  return tv_digest_memory(m->whole, width * width * sizeof(double), bytes);
}

/* ---- Spread over a grid ---- */

static int64_t count_blocks(int entries, int block) {
  return (entries + block - 1) / block;
}

/* One block, copied together and digested. */
static tv_error *digest_tile(const tv_distmat *a, int row, int column, int rows, int columns,
                             double *tile, unsigned char *bytes) {
  for (int j = 0; j < columns; ++j)
    memcpy(tile + (int64_t)j * rows, a->data + row + (int64_t)(column + j) * a->leading,
           (size_t)rows * sizeof(*tile));
  return tv_digest_memory(tile, (size_t)rows * (size_t)columns * sizeof(*tile), bytes);
}

/* The digests of this rank's tiles on and below the diagonal, at their places among all tiles. */
static tv_error *digest_tiles(const tv_distmat *a, double *tile, unsigned char *bytes) {
  const int block = a->grid->block;
  const int64_t block_rows = count_blocks(a->rows, block);
  for (int j = 0; j < a->local_columns; j += block)
    for (int i = 0; i < a->local_rows; i += block) {
      const int64_t row = a->row_of[i] / block, column = a->column_of[j] / block;
      const int rows = a->local_rows - i < block ? a->local_rows - i : block;
      const int columns = a->local_columns - j < block ? a->local_columns - j : block;
      if (row >= column || a->columns < a->rows)
        TV_TRY(digest_tile(a, i, j, rows, columns, tile,
                           bytes + (column * block_rows + row) * TV_DIGEST_BYTES));
    }
  return NULL;
}

/* What of them has been summed: the inputs, what is by target, and what every rank has. */
static tv_error *digest_spread(const tv_moment_matrix *m, unsigned char *digest) {
  const tv_grid *grid = m->inputs->grid;
  const tv_distmat *by_target = m->vectors ? m->cross : m->noise_cross;
  const double *common = m->vectors ? m->vectors : m->noise_square;
  const int64_t numbers = m->vectors ? (int64_t)m->inputs->rows + 2 * m->l : (int64_t)m->l * m->l;
  const int64_t block_rows = count_blocks(m->inputs->rows, grid->block);
  const int64_t tiles = block_rows * block_rows;
  const int64_t all = tiles + block_rows * count_blocks(m->l, grid->block);
  const size_t count = (size_t)all * TV_DIGEST_BYTES;
  const size_t beside = (size_t)numbers * sizeof(double);
  unsigned char *bytes = NULL;
  double *tile = NULL;
  tv_error *error = tv_allocate((int64_t)(count + beside), 1, &bytes);
  if (!error) error = tv_allocate((int64_t)grid->block * grid->block, sizeof(*tile), &tile);
  if (!error) error = digest_tiles(m->inputs, tile, bytes);
  if (!error) error = digest_tiles(by_target, tile, bytes + tiles * TV_DIGEST_BYTES);
  error = tv_grid_agree(grid, error);
  if (!error && grid->size > 1)
    MPI_Allreduce(MPI_IN_PLACE, bytes, (int)count, MPI_BYTE, MPI_BOR, grid->comm);
  if (!error) {
    memcpy(bytes + count, common, beside);
    error = tv_digest_memory(bytes, count + beside, digest);
  }
  free(bytes);
  free(tile);
  return error;
}

tv_error *tv_moments_digest(const tv_moment_matrix *m, char digest[TV_DIGEST_LENGTH]) {
  unsigned char bytes[TV_DIGEST_BYTES];
  TV_TRY(m->whole ? digest_whole(m, bytes) : digest_spread(m, bytes));
  tv_digest_print(bytes, digest);
  return NULL;
}
