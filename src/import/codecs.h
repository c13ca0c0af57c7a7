/* The formats of images: each is what picture.h says of its files. */
#ifndef TWOVIEW_IMPORT_CODECS_H
#define TWOVIEW_IMPORT_CODECS_H

#include <stdio.h>

#include "picture.h"

/* Read a stream from its beginning; `pixels` NULL: the header alone. `path` for messages. */
tv_error *tv_png_read(const char *path, FILE *stream, tv_picture *out, void *pixels);
tv_error *tv_jpeg_read(const char *path, FILE *stream, tv_picture *out, void *pixels);

#endif
