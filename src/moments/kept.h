/* What checkpoints keep of moments that are spread over a grid of ranks: found in the one of an
 * earlier session, and held from then on. Not collective. */
#ifndef TWOVIEW_MOMENTS_KEPT_H
#define TWOVIEW_MOMENTS_KEPT_H

#include "twoview/checkpoint/checkpoint.h"
#include "twoview/linalg/grid.h"

/* How far sums have come: this many samples of a replicate. */
typedef struct {
  int64_t replicate, n;
} tv_place_of_sums;

/* This rank's blocks of a matrix, by their place among all, whatever the grid; `is_lower`: those
 * above the diagonal aside. */
tv_error *tv_keep_blocks(tv_checkpoint *checkpoint, tv_saved_kind kind, int part, int is_lower,
                         const tv_distmat *matrix);

/* What every rank has, saved by one: the first of the grid. */
tv_error *tv_keep_common(tv_checkpoint *checkpoint, tv_saved_kind kind, int part,
                         const tv_grid *grid, void *data, size_t bytes);

#endif
