/* Datasets in files that others have written: opened, or refused by name, and read by rows. All
 * values have to be in the file itself, whose digest the archive of a run keeps. */
#ifndef TWOVIEW_DATA_HDF5_DATASET_H
#define TWOVIEW_DATA_HDF5_DATASET_H

#include <hdf5.h>
#include <stdint.h>

#include "twoview/base/error.h"

/* Of images: samples x rows x columns x channels; and of views of them, samples x views x ... */
enum { TV_IMAGE_DIMENSIONS = 4, TV_DATASET_DIMENSIONS = 5 };

typedef enum {
  TV_HOLDS_NUMBERS,
  TV_HOLDS_INTEGERS,
  TV_HOLDS_LABELS /* integers or strings */
} tv_dataset_type;

/* What is wanted of a dataset. */
typedef struct {
  const char *path, *name; /* of the file, for messages, and of the dataset */
  int least, most;         /* dimensions */
  tv_dataset_type type;
} tv_dataset_wish;

typedef struct {
  const char *path, *name; /* borrowed from the wish */
  hid_t id;                /* 0: not open */
  int dimensions;
  hsize_t extent[TV_DATASET_DIMENSIONS]; /* rows first; 1 behind the dimensions */
  int width;                             /* values in a row: the product of the other extents */
} tv_dataset;

/* Whether a name is that of a group, in the file itself. Not collective. */
int tv_is_group(hid_t file, const char *name);

/* Open a dataset of `file` with a cache for the chunks that a row crosses, whose bytes are added to
 * `cache_bytes`. Close with tv_dataset_close. Errors: absent, of another type or shape, empty, too
 * large to count, not written in full, packed by a filter that this HDF5 lacks, or kept in other
 * files (external links and storage, virtual datasets). Not collective. */
tv_error *tv_dataset_open(hid_t file, const tv_dataset_wish *wish, tv_dataset *out,
                          double *cache_bytes);
void tv_dataset_close(tv_dataset *dataset);

/* Rows [first, first + count), converted to a type: count x width values, the last dimension
 * running fastest. Not collective. */
tv_error *tv_dataset_read(const tv_dataset *dataset, int64_t first, int64_t count, hid_t type,
                          void *out);

/* Bytes that are unpacked for so many consecutive rows, which are in whole chunks, at the most.
 * Not collective. */
double tv_dataset_unpacked(const tv_dataset *dataset, int64_t rows);

#endif
