/* Textures: the rows of a data set beside the source's, of which each view is blended with one. */
#ifndef TWOVIEW_AUGMENTATIONS_TEXTURES_H
#define TWOVIEW_AUGMENTATIONS_TEXTURES_H

#include "twoview/data/source.h"
#include "twoview/linalg/grid.h"

typedef struct {
  const tv_source_spec *spec; /* borrowed: the data set */
  tv_source *source;          /* owned: its files, until they are read; then NULL */
  tv_partition partition;     /* of its rows */
  tv_shape shape;
  tv_numbers numbers; /* what is true of them, as far as it was asked for */
  double *rows; /* owned: rows x d, on every rank; NULL until they are read, as the next two */
  double *mean; /* owned, d: E t, on every rank */
  tv_distmat *second; /* owned, d x d: E t t'; NULL where only draws are needed, too */
} tv_textures;

/* Open the data set that an experiment gives at `path`, and note its files as files of `source`,
 * which counts what they will take of each rank's memory. `finds_numbers`: whether to find out what
 * is true of the numbers; else they may be any. Errors name the key, or the file. Free with
 * tv_textures_destroy.                                                              Collective. */
tv_error *tv_textures_open(const tv_experiment *experiment, const char *path,
                           const tv_source_spec *spec, int finds_numbers, tv_source *source,
                           MPI_Comm comm, tv_textures **out);
void tv_textures_destroy(tv_textures **textures);

/* Read them once, each rank its share; then every rank has all of them, and of their moments on
 * `row`, a grid of one row of ranks, its columns (NULL: moments are not needed). Errors name file
 * and row. Collective over the ranks that opened them. */
tv_error *tv_textures_read(tv_textures *textures, const tv_grid *row);

#endif
