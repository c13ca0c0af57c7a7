/* Sparse matrices in HDF5 files, a group of `data`, `indices` and `indptr`: X of AnnData, and the
 * matrix of 10x Genomics, whose columns are the samples. Rows are read where they are wanted. */
#ifndef TWOVIEW_DATA_SPARSE_H
#define TWOVIEW_DATA_SPARSE_H

#include "hdf5_dataset.h"
#include "sparse_rows.h"
#include "twoview/data/shard.h"

enum { TV_SPARSE_DATA, TV_SPARSE_INDICES, TV_SPARSE_INDPTR, TV_SPARSE_PARTS };

typedef struct {
  const char *path, *name;          /* borrowed: of the file and of the group */
  char *inner[TV_SPARSE_PARTS];     /* owned: names of its datasets */
  tv_dataset part[TV_SPARSE_PARTS]; /* numbers, their columns, and where each row begins */
  int64_t rows;                     /* samples */
  int columns;                      /* features */
  int is_by_columns;                /* of each column, not of each row, the numbers follow each
                                     * other */
  double cache_bytes;               /* of HDF5, on each rank */
} tv_sparse;

/* Open a group, to be closed with tv_sparse_close after an error too. Errors: no sparse matrix, or
 * none of a known arrangement; of tv_dataset_open; parts whose lengths contradict each other. Not
 * collective. */
tv_error *tv_sparse_open(hid_t file, const char *path, const char *name, tv_sparse *out);
void tv_sparse_close(tv_sparse *matrix);

/* Check where the rows of this rank's shards begin, and count the numbers of the fullest batch of
 * them. Errors name the row: it ends before it begins, beyond the numbers, or has more of them than
 * there are columns. Not collective. */
tv_error *tv_sparse_examine(const tv_sparse *matrix, const tv_partition *partition, int64_t *most);

/* Rows [first, first + count), count <= TV_BATCH. Errors name the row: those of tv_sparse_examine;
 * a column that is not there; a number that is not finite.                      Not collective. */
tv_error *tv_sparse_read(const tv_sparse *matrix, int64_t first, int count, tv_sparse_rows *out);

#endif
