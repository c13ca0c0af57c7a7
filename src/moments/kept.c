#include "kept.h"

#include <stdlib.h>
#include <string.h>

static int least(int a, int b) {
  return a < b ? a : b;
}

/* A block that a checkpoint has comes packed. */
static tv_error *take_up_block(tv_checkpoint *c, tv_saved_key key, int height, int width,
                               double *buffer, double *block, int leading) {
  if (tv_checkpoint_find(c, key) < 0) return NULL;
  TV_TRY(tv_checkpoint_read(c, key, buffer, (size_t)height * (size_t)width * sizeof *buffer));
  for (int j = 0; j < width; ++j)
    memcpy(block + (int64_t)j * leading, buffer + (int64_t)j * height,
           (size_t)height * sizeof *buffer);
  return NULL;
}

static tv_error *keep_block(tv_checkpoint *c, tv_saved_key key, const tv_distmat *m, int i, int j,
                            double *buffer) {
  const int block = m->grid->block;
  const int64_t block_rows = (m->rows + block - 1) / block;
  const int height = least(block, m->local_rows - i), width = least(block, m->local_columns - j);
  double *data = m->data + i + (int64_t)j * m->leading;
  key.first = m->column_of[j] / block * block_rows + m->row_of[i] / block;
  key.end = key.first + 1;
  TV_TRY(take_up_block(c, key, height, width, buffer, data, m->leading));
  return tv_checkpoint_hold_pieces(c, key, data, (size_t)height * sizeof *data, width,
                                   (size_t)m->leading * sizeof *data);
}

tv_error *tv_keep_blocks(tv_checkpoint *c, tv_saved_kind kind, int part, int is_lower,
                         const tv_distmat *m) {
  const int block = m->grid->block;
  const tv_saved_key key = {kind, part, 0, 0, ""};
  double *buffer = NULL;
  tv_error *error = tv_allocate((int64_t)block * block, sizeof *buffer, &buffer);
  for (int j = 0; j < m->local_columns; j += block)
    for (int i = 0; !error && i < m->local_rows; i += block)
      if (!is_lower || m->row_of[i] >= m->column_of[j]) error = keep_block(c, key, m, i, j, buffer);
  free(buffer);
  return error;
}

tv_error *tv_keep_common(tv_checkpoint *c, tv_saved_kind kind, int part, const tv_grid *grid,
                         void *data, size_t bytes) {
  const tv_saved_key key = {kind, part, 0, 1, ""};
  if (tv_checkpoint_find(c, key) >= 0) TV_TRY(tv_checkpoint_read(c, key, data, bytes));
  return grid->rank == 0 ? tv_checkpoint_hold(c, key, data, bytes) : NULL;
}
