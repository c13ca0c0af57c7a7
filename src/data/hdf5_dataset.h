/* Datasets of numbers in files that others have written: opened, or refused by name. All numbers
 * have to be in the file itself, whose digest the archive of a run keeps. */
#ifndef TWOVIEW_DATA_HDF5_DATASET_H
#define TWOVIEW_DATA_HDF5_DATASET_H

#include <hdf5.h>

#include "twoview/base/error.h"

/* What is wanted of a dataset. */
typedef struct {
  const char *path, *name; /* of the file, for messages, and of the dataset */
  int dimensions;          /* 1 or 2 */
  int is_integer;          /* else integers or floating-point numbers */
} tv_dataset_wish;

/* Open a dataset of `file`, to be closed with H5Dclose, with a cache for the chunks that a row
 * crosses. `extent` becomes its shape; the bytes that the cache may come to hold are added to
 * `cache_bytes`. Errors: absent, of another type or shape, empty, too large to count, not written
 * in full, packed by a filter that this HDF5 lacks, or kept in other files (external links and
 * storage, virtual datasets). Not collective. */
tv_error *tv_dataset_open(hid_t file, const tv_dataset_wish *wish, hid_t *dataset,
                          hsize_t extent[2], double *cache_bytes);

/* Bytes that are unpacked for so many consecutive rows, which are in whole chunks, at the most.
 * Not collective. */
double tv_dataset_unpacked(hid_t dataset, int64_t rows);

#endif
