/* A dataset piece by piece, chunk by chunk where it has chunks, so that arrays of any size pass
 * through bounded memory. One process. */
#ifndef TWOVIEW_HDF5_PIECES_H
#define TWOVIEW_HDF5_PIECES_H

#include <hdf5.h>

#include "twoview/base/error.h"
#include "twoview/hdf5/array.h"

typedef struct {
  hid_t set;  /* borrowed */
  hid_t type; /* owned: of the values in memory */
  int rank, is_begun;
  hsize_t shape[TV_MOST_DIMENSIONS], chunk[TV_MOST_DIMENSIONS];
  hsize_t start[TV_MOST_DIMENSIONS], count[TV_MOST_DIMENSIONS]; /* the piece */
  size_t value_size;
  void *values; /* owned: of the piece, in C order */
  int has_words;
} tv_pieces;

/* Free with tv_pieces_end, on an error too. */
tv_error *tv_pieces_begin(hid_t set, tv_pieces *pieces);
void tv_pieces_end(tv_pieces *pieces);

/* Read the next piece; `*is_there` is 0 after the last one. Checksums are checked on the way. */
tv_error *tv_pieces_next(tv_pieces *pieces, int *is_there);

/* Write the piece to its place in another dataset, moved by `offset` along the first dimension. */
tv_error *tv_pieces_write(const tv_pieces *pieces, hid_t to, hsize_t offset);

/* Whether the pieces can be copied to another dataset as they are stored: it has the same type,
 * chunks and filters, and no chunk holds two indices of the first dimension. */
int tv_pieces_are_stored_alike(const tv_pieces *pieces, hid_t to);

/* Copy the next piece so, with its compression and its checksum, several times as fast as reading
 * and writing it. */
tv_error *tv_pieces_copy_next(tv_pieces *pieces, hid_t to, hsize_t offset, int *is_there);

/* Whether another dataset of the same shape has the same piece, bit for bit. */
tv_error *tv_pieces_compare(const tv_pieces *pieces, hid_t other, int *is_same);

#endif
