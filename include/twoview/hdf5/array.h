/* Labelled arrays in HDF5, laid out as netCDF-4 does so that xarray, h5netcdf and the netCDF tools
 * see named dimensions and coordinates. One process writes; NaN marks missing numbers. */
#ifndef TWOVIEW_HDF5_ARRAY_H
#define TWOVIEW_HDF5_ARRAY_H

#include <hdf5.h>
#include <stdint.h>

#include "twoview/base/error.h"

enum {
  TV_NAME_LENGTH = 256,
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

/* The numbers that it can hold. */
typedef struct {
  double low, high;
  int may_be_nan; /* where a solution failed */
  int is_whole;
} tv_domain;

/* What rounding may add to what is not negative, or has a length of at most 1. */
#define TV_ROUNDING 1e-8

/* A group in a file or group, which keeps the order of what it holds, as netCDF-4 does; negative on
 * a failure. Close with H5Gclose. */
hid_t tv_label_create_group(hid_t parent, const char *name);

/* What its values are, in memory: double, int64_t, const char *. */
typedef enum { TV_REAL, TV_INTEGER, TV_TEXT } tv_element;

/* A coordinate: a dimension of the group, with its values. */
tv_error *tv_label_coordinate(hid_t group, tv_label label, tv_element element, int64_t count,
                              const void *values);

/* The coordinate of that name in the group, or else in the root. Close with H5Dclose. */
hid_t tv_label_open_coordinate(hid_t group, const char *name);

/* How an array is stored. */
typedef struct {
  int outer;         /* leading dimensions, item by item of which it is written later; 0: at once */
  int is_noise_like; /* deflation would take long over its digits, and leave almost all of them */
} tv_storage;

/* A variable over dimensions of the group or the root, the last running fastest; `dimensions` ends
 * with NULL. `values` NULL reserves an array to be written later; a chunk holds items of one index
 * of the first dimension. Numbers are chunked and checksummed; unless they are like noise they are
 * shuffled and deflated. */
tv_error *tv_label_array(hid_t group, tv_label label, tv_element element,
                         const char *const *dimensions, tv_storage storage, const void *values);

/* Make a dataset one over dimensions of the group or the root, as tv_label_array does. */
tv_error *tv_label_attach(hid_t group, hid_t set, const char *const *dimensions);

/* Close a dataset that was written, unless it is negative: what waits in HDF5's cache is written
 * only then, and lost on a full disk. Returns `error`, or else what came of it. */
tv_error *tv_label_close(hid_t set, const char *name, tv_error *error);

/* Texts in UTF-8 of any length, in memory and in the file. Close with H5Tclose. */
hid_t tv_label_text_type(void);

/* Attributes of a group or variable; of a list: at least one value. */
tv_error *tv_attribute_text(hid_t object, const char *name, const char *text);
tv_error *tv_attribute_number(hid_t object, const char *name, int64_t value);
tv_error *tv_attribute_natural(hid_t object, const char *name, uint64_t value);
tv_error *tv_attribute_real(hid_t object, const char *name, double value);
tv_error *tv_attribute_list(hid_t object, const char *name, tv_element element, int64_t count,
                            const void *values);

#endif
