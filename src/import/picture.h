/* One image of a file: PNG or JPEG. */
#ifndef TWOVIEW_IMPORT_PICTURE_H
#define TWOVIEW_IMPORT_PICTURE_H

#include <stddef.h>

#include "twoview/base/error.h"

typedef struct {
  int rows, columns;
  int channels; /* 1: grey; 3: red, green, blue */
  int bytes;    /* of a number: 1 or 2 */
} tv_picture;

/* Numbers of an image, rows x columns x channels, the last running fastest. */
size_t tv_picture_numbers(const tv_picture *picture);

/* What an image is, by its header. Palettes are colours, and alpha is no channel. Errors: neither
 * PNG nor JPEG, by what it holds; damaged; of more numbers than a sample may have. */
tv_error *tv_picture_look(const char *path, tv_picture *out);

/* Its numbers, for which there is room. Errors: it does not decode, as a whole and without a
 * warning; it is another image by now. */
tv_error *tv_picture_read(const char *path, const tv_picture *picture, void *out);

/* Resize bilinearly, and where it becomes smaller over all of what becomes a pixel. Of both sides
 * channels and bytes are the same. */
tv_error *tv_picture_resize(const tv_picture *from, const void *pixels, const tv_picture *to,
                            void *out);

#endif
