/* Labelled arrays whose length is not known beforehand: items are added one after the other. One
 * process. */
#ifndef TWOVIEW_HDF5_GROWING_H
#define TWOVIEW_HDF5_GROWING_H

#include "twoview/hdf5/array.h"

/* Zeroed: none. */
typedef struct {
  char name[TV_NAME_LENGTH];
  hid_t set, type; /* owned; the type of the values in memory */
  int rank, is_text;
  hsize_t extent[TV_MOST_DIMENSIONS]; /* items first: those that are written */
  size_t item_bytes;                  /* in memory */
  int64_t count, most;                /* items that wait to be written, and room for them */
  char *waiting;                      /* owned, as are texts there */
} tv_growing;

/* Create a dataset of `rank` dimensions with no items yet; `item` holds all but the first. Values
 * are given as they are in memory, and converted to the type that is `stored`; texts as const
 * char *. Their bytes wait until a chunk is full. Close with tv_growing_close, after an error too.
 */
tv_error *tv_growing_begin(hid_t group, tv_label label, hid_t stored, hid_t memory, int rank,
                           const hsize_t *item, tv_growing *out);

/* The next items: `count` times all values of an item. */
tv_error *tv_growing_add(tv_growing *array, int64_t count, const void *values);

/* Write what waits, and close the dataset. The array becomes one over dimensions of the group or
 * the root, as those of tv_label_array; NULL: it is itself a dimension, of one coordinate for each
 * item. */
tv_error *tv_growing_finish(tv_growing *array, hid_t group, const char *const *dimensions);
void tv_growing_close(tv_growing *array);

/* The same of strings of any length, in both places. */
tv_error *tv_growing_begin_texts(hid_t group, tv_label label, tv_growing *out);

/* A coordinate that counts 0 to count - 1, whatever their number. */
tv_error *tv_growing_count(hid_t group, tv_label label, int64_t count);

#endif
