/* Arrays in NumPy's .npy files (format 1 to 3): one array of numbers or texts, in either order of
 * dimensions and of bytes. */
#ifndef TWOVIEW_DATA_NPY_H
#define TWOVIEW_DATA_NPY_H

#include <stdint.h>

#include "twoview/base/error.h"

/* Of images: samples x rows x columns x channels; and of views of them, samples x views x ... */
enum { TV_NPY_IMAGE_DIMENSIONS = 4, TV_NPY_DIMENSIONS = 5 };

typedef struct {
  const char *path; /* borrowed */
  int file;         /* owned */
  int64_t offset;   /* of the first number */
  int dimensions;
  int64_t extent[TV_NPY_DIMENSIONS];
  int width; /* numbers of a row: the product of all dimensions but the first */
  char kind; /* 'f', 'i', 'u' or 'b' (boolean); texts: 'U' (of 4 bytes for a character) or 'S' */
  int size;  /* bytes of a number or text */
  int is_swapped; /* bytes are in the other order than this machine's */
  int is_fortran; /* the first dimension runs fastest */
} tv_npy;

/* Open a file and read its header. Close with tv_npy_close, after an error too. Errors: no .npy
 * file; what it holds is no array of numbers of `least` to `most` dimensions, is empty, too large,
 * or shorter or longer than its header says. */
tv_error *tv_npy_open(const char *path, int least, int most, tv_npy *out);

/* The same of an open file, which is taken over; `path` for messages. It may hold texts. An array
 * of no dimensions, if such are wanted, has one, of one value. */
tv_error *tv_npy_open_file(const char *path, int file, int least, int most, tv_npy *out);
void tv_npy_close(tv_npy *npy);

/* Rows [first, first + count), each `width` numbers of which the last dimension runs fastest.
 * Errors: the file is shorter now; a number that is not finite, by its row. Not collective. */
tv_error *tv_npy_read(const tv_npy *npy, int64_t first, int64_t count, double *out);

/* Whether an array holds texts. */
int tv_npy_is_text(const tv_npy *npy);

/* The text of a row, in UTF-8 and with a NUL at its end, of an array of texts of one dimension; the
 * caller owns it. Errors: the file is shorter now.                            Not collective. */
tv_error *tv_npy_read_text(const tv_npy *npy, int64_t row, char **out);

#endif
