/* IDX files, plain or gzipped: the format of MNIST and of the data sets that follow it. A header
 * (two zero bytes, a type, the number of dimensions, each dimension as a big-endian 32-bit count)
 * and then the items, here always unsigned bytes. */
#ifndef TWOVIEW_DATA_IDX_H
#define TWOVIEW_DATA_IDX_H

#include <stdint.h>

#include "twoview/base/gzip.h"

enum { TV_IDX_DIMENSIONS = 8 }; /* at the most */

typedef struct {
  char *path;        /* owned */
  tv_gzip *stream;   /* owned, at the next unread item */
  int64_t items;     /* first dimension */
  int64_t item_size; /* bytes of one item: the product of the other dimensions */
  int dimensions;
  int64_t extent[TV_IDX_DIMENSIONS];
} tv_idx;

/* Open and read the header. `dimensions` is the least number wanted (1: labels, 2: images).
 * Errors: not an IDX file, not of bytes, too few dimensions, truncated. */
tv_error *tv_idx_open(const char *path, int dimensions, tv_idx *out);

/* The next `count` items. Errors: truncated or damaged. */
tv_error *tv_idx_read(tv_idx *idx, int64_t count, unsigned char *items);

/* To be called when all items have been read: more bytes than the header promised are an error. */
tv_error *tv_idx_expect_end(tv_idx *idx);

void tv_idx_close(tv_idx *idx);

#endif
