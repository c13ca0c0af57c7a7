/* Labelled arrays in HDF5, laid out as netCDF-4 does so that xarray, h5netcdf and the netCDF tools
 * see named dimensions and coordinates. One process writes; NaN marks missing numbers. */
#ifndef TWOVIEW_HDF5_ARRAY_H
#define TWOVIEW_HDF5_ARRAY_H

#include <hdf5.h>
#include <stdint.h>

#include "twoview/base/error.h"

enum {
  TV_MOST_DIMENSIONS = 8,
  TV_CHUNK_NUMBERS = 1 << 20,
  TV_SHARED_NUMBERS = 1 << 13, /* where items share a chunk */
  TV_PIECE_ROWS = 1 << 15      /* of a long array written later */
};

/* What a variable is called and means. */
typedef struct {
  const char *name, *long_name, *units; /* units "1": dimensionless */
} tv_label;

/* Make an open file one for labelled arrays, instead of all that it held; `path` for messages.
 * Close with H5Fclose. */
tv_error *tv_label_create_file(const char *path, int open_file, hid_t *file);

/* Coordinates: a dimension of the group with its values. */
tv_error *tv_label_numbers(hid_t group, tv_label label, int64_t count, const double *values);
tv_error *tv_label_counts(hid_t group, tv_label label, int64_t count, const int64_t *values);
tv_error *tv_label_words(hid_t group, tv_label label, int64_t count, const char *const *words);
tv_error *tv_label_indices(hid_t group, tv_label label, int64_t count); /* 0 .. count - 1 */
tv_error *tv_label_range(hid_t group, tv_label label, int64_t first, int64_t count);

/* A variable over dimensions of the group (or, with a leading '/', of the root), the last running
 * fastest; `dimensions` ends with NULL. `values` NULL reserves an array to be written later, item
 * by item of the first `outer` dimensions; a chunk holds items of one index of the first dimension.
 * Chunked, shuffled, deflated, checksummed. */
tv_error *tv_label_array(hid_t group, tv_label label, const char *const *dimensions, int outer,
                         const double *values);
tv_error *tv_label_word_array(hid_t group, tv_label label, const char *const *dimensions,
                              const char *const *words);

/* Attributes of a group or variable. */
tv_error *tv_attribute_text(hid_t object, const char *name, const char *text);
tv_error *tv_attribute_number(hid_t object, const char *name, int64_t value);
tv_error *tv_attribute_natural(hid_t object, const char *name, uint64_t value);

#endif
