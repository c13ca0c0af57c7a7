#include "picture.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zimg.h>

#include "codecs.h"
#include "twoview/base/file.h"

enum { MAGIC = 4, ALIGNMENT = 64 };

size_t tv_picture_numbers(const tv_picture *p) {
  return (size_t)p->rows * (size_t)p->columns * (size_t)p->channels;
}

/* ---- Reading ---- */

typedef tv_error *reader(const char *path, FILE *stream, tv_picture *out, void *pixels);

static tv_error *choose_reader(const char *path, FILE *stream, reader **out) {
  unsigned char start[MAGIC] = "";
  const size_t got = fread(start, 1, MAGIC, stream);
  rewind(stream);
  if (got == MAGIC && memcmp(start, "\x89PNG", MAGIC) == 0)
    *out = tv_png_read;
  else if (got == MAGIC && memcmp(start, "\xff\xd8\xff", 3) == 0)
    *out = tv_jpeg_read;
  else
    return tv_fail("%s: is neither a PNG nor a JPEG image; convert it, or move it away", path);
  return NULL;
}

static tv_error *read_picture(const char *path, tv_picture *out, void *pixels) {
  FILE *stream;
  reader *read = NULL;
  TV_TRY(tv_file_open_stream(path, &stream));
  tv_error *error = choose_reader(path, stream, &read);
  if (!error) error = read(path, stream, out, pixels);
  fclose(stream);
  return error;
}

tv_error *tv_picture_look(const char *path, tv_picture *out) {
  *out = (tv_picture){0};
  TV_TRY(read_picture(path, out, NULL));
  const double numbers = (double)out->rows * out->columns * out->channels;
  if (numbers >= 1 && numbers <= INT_MAX / 8) return NULL;
  return tv_fail("%s: an image of %d x %d; of its numbers at most %d will do", path, out->rows,
                 out->columns, INT_MAX / 8);
}

tv_error *tv_picture_read(const char *path, const tv_picture *picture, void *out) {
  tv_picture same = *picture;
  return read_picture(path, &same, out);
}

/* ---- Resizing, of one channel after the other ---- */

static size_t stride_of(const tv_picture *p) {
  const size_t bytes = (size_t)p->columns * (size_t)p->bytes;
  return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static tv_error *allocate_aligned(size_t bytes, void **out) {
  *out = aligned_alloc(ALIGNMENT, (bytes + ALIGNMENT) / ALIGNMENT * ALIGNMENT);
  return *out ? NULL : tv_fail("out of memory");
}

static zimg_image_format format_of(const tv_picture *p) {
  zimg_image_format format;
  zimg_image_format_default(&format, ZIMG_API_VERSION);
  format.width = (unsigned)p->columns;
  format.height = (unsigned)p->rows;
  format.pixel_type = p->bytes == 2 ? ZIMG_PIXEL_WORD : ZIMG_PIXEL_BYTE;
  format.pixel_range = ZIMG_RANGE_FULL;
  return format;
}

static tv_error *explain(void) {
  char message[128] = "";
  zimg_get_last_error(message, sizeof message);
  return tv_fail("the image cannot be resized: %s", message);
}

/* The same bits on every processor. */
static tv_error *build(const tv_picture *from, const tv_picture *to, zimg_filter_graph **out) {
  const zimg_image_format source = format_of(from), target = format_of(to);
  zimg_graph_builder_params parameters;
  zimg_graph_builder_params_default(&parameters, ZIMG_API_VERSION);
  parameters.resample_filter = ZIMG_RESIZE_BILINEAR;
  parameters.cpu_type = ZIMG_CPU_NONE;
  *out = zimg_filter_graph_build(&source, &target, &parameters);
  return *out ? NULL : explain();
}

/* The numbers of a channel to a plane of their own, or back. */
static void take_plane(const tv_picture *p, int channel, const char *pixels, char *plane) {
  const size_t bytes = (size_t)p->bytes, step = bytes * (size_t)p->channels;
  for (int i = 0; i < p->rows; ++i)
    for (int j = 0; j < p->columns; ++j)
      memcpy(plane + (size_t)i * stride_of(p) + (size_t)j * bytes,
             pixels + ((size_t)i * (size_t)p->columns + (size_t)j) * step + (size_t)channel * bytes,
             bytes);
}

static void give_plane(const tv_picture *p, int channel, const char *plane, char *pixels) {
  const size_t bytes = (size_t)p->bytes, step = bytes * (size_t)p->channels;
  for (int i = 0; i < p->rows; ++i)
    for (int j = 0; j < p->columns; ++j)
      memcpy(pixels + ((size_t)i * (size_t)p->columns + (size_t)j) * step + (size_t)channel * bytes,
             plane + (size_t)i * stride_of(p) + (size_t)j * bytes, bytes);
}

typedef struct {
  zimg_filter_graph *graph;
  void *from, *to, *room; /* owned: planes, and what the library works in */
} resizer;

static tv_error *prepare(const tv_picture *from, const tv_picture *to, resizer *r) {
  size_t room;
  TV_TRY(build(from, to, &r->graph));
  if (zimg_filter_graph_get_tmp_size(r->graph, &room) != 0) return explain();
  TV_TRY(allocate_aligned(room, &r->room));
  TV_TRY(allocate_aligned(stride_of(from) * (size_t)from->rows, &r->from));
  return allocate_aligned(stride_of(to) * (size_t)to->rows, &r->to);
}

static tv_error *resize_plane(const tv_picture *from, const tv_picture *to, const resizer *r) {
  zimg_image_buffer_const source = {.version = ZIMG_API_VERSION};
  zimg_image_buffer target = {.version = ZIMG_API_VERSION};
  source.plane[0].data = r->from;
  source.plane[0].stride = (ptrdiff_t)stride_of(from);
  source.plane[0].mask = ZIMG_BUFFER_MAX;
  target.plane[0].data = r->to;
  target.plane[0].stride = (ptrdiff_t)stride_of(to);
  target.plane[0].mask = ZIMG_BUFFER_MAX;
  const int code =
      zimg_filter_graph_process(r->graph, &source, &target, r->room, NULL, NULL, NULL, NULL);
  return code == 0 ? NULL : explain();
}

tv_error *tv_picture_resize(const tv_picture *from, const void *pixels, const tv_picture *to,
                            void *out) {
  resizer r = {0};
  tv_error *error = prepare(from, to, &r);
  for (int channel = 0; !error && channel < from->channels; ++channel) {
    take_plane(from, channel, pixels, r.from);
    error = resize_plane(from, to, &r);
    if (!error) give_plane(to, channel, r.to, out);
  }
  zimg_filter_graph_free(r.graph);
  free(r.from);
  free(r.to);
  free(r.room);
  return error;
}
