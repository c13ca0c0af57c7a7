#include <limits.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "codecs.h"

/* What libpng's functions leave by way of longjmp. */
typedef struct {
  png_structp png;
  png_infop info;
  FILE *stream;
  char message[128];
  int fails; /* a damaged part */
} decoder;

static void on_error(png_structp png, png_const_charp message) {
  decoder *d = png_get_error_ptr(png);
  snprintf(d->message, sizeof d->message, "%s", message);
  png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
  (void)png, (void)message; /* of parts that are not of the picture */
}

/* Expanded: a palette to colours, few bits to bytes; alpha away. */
static void describe(const decoder *d, tv_picture *out) {
  const int type = png_get_color_type(d->png, d->info);
  *out = (tv_picture){.rows = (int)png_get_image_height(d->png, d->info),
                      .columns = (int)png_get_image_width(d->png, d->info),
                      .channels = type & PNG_COLOR_MASK_COLOR ? 3 : 1,
                      .bytes = png_get_bit_depth(d->png, d->info) == 16 ? 2 : 1};
}

static void copy_rows(const decoder *d, const tv_picture *p, unsigned char *pixels) {
  const size_t width = (size_t)p->columns * (size_t)(p->channels * p->bytes);
  png_bytepp rows = png_get_rows(d->png, d->info);
  for (int i = 0; i < p->rows; ++i) memcpy(pixels + (size_t)i * width, rows[i], width);
}

/* Nonzero: it failed, and the message says why. */
static int decode(decoder *d, tv_picture *out, void *pixels) {
  if (setjmp(png_jmpbuf(d->png))) return 1;
  png_init_io(d->png, d->stream);
  if (!pixels) {
    png_read_info(d->png, d->info);
    describe(d, out);
    return 0;
  }
  const int wishes = PNG_TRANSFORM_EXPAND | PNG_TRANSFORM_STRIP_ALPHA | PNG_TRANSFORM_SWAP_ENDIAN;
  png_read_png(d->png, d->info, wishes, NULL);
  tv_picture found;
  describe(d, &found);
  if (memcmp(&found, out, sizeof found) != 0) png_error(d->png, "it was changed meanwhile");
  copy_rows(d, out, pixels);
  return 0;
}

tv_error *tv_png_read(const char *path, FILE *stream, tv_picture *out, void *pixels) {
  decoder d = {.stream = stream};
  d.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &d, on_error, on_warning);
  d.info = d.png ? png_create_info_struct(d.png) : NULL;
  const int fails = !d.info || decode(&d, out, pixels);
  tv_error *error =
      fails ? tv_fail("%s: does not decode: %s", path, *d.message ? d.message : "out of memory")
            : NULL;
  png_destroy_read_struct(&d.png, &d.info, NULL);
  return error;
}
