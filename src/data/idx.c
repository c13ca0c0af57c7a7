#include "twoview/data/idx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNSIGNED_BYTE = 0x08 };

static const int64_t largest_item = 1 << 28;

static tv_error *truncated(const tv_idx *idx) {
  return tv_fail("%s: truncated: it ends before what its header promises; fetch the file again",
                 idx->path);
}

/* Exactly `count` bytes. */
static tv_error *read_bytes(tv_idx *idx, int64_t count, unsigned char *bytes) {
  int64_t done;
  TV_TRY(tv_gzip_read(idx->stream, count, bytes, &done));
  return done < count ? truncated(idx) : NULL;
}

static tv_error *read_dimensions(tv_idx *idx, int wanted) {
  unsigned char magic[4], size[4];
  TV_TRY(read_bytes(idx, 4, magic));
  if (magic[0] || magic[1] || magic[2] != UNSIGNED_BYTE || !magic[3] ||
      magic[3] > TV_IDX_DIMENSIONS)
    return tv_fail("%s: magic number %02x%02x%02x%02x is not that of an IDX file of bytes "
                   "(000008 and the number of dimensions)",
                   idx->path, magic[0], magic[1], magic[2], magic[3]);
  idx->dimensions = magic[3];
  if (idx->dimensions < wanted || (wanted == 1 && idx->dimensions != 1))
    return tv_fail("%s: magic number 000008%02x means %d dimensions; %s", idx->path, magic[3],
                   idx->dimensions,
                   wanted == 1 ? "labels have 1: is this the file of images?"
                               : "images have 2 or more: is this the file of labels?");
  idx->item_size = 1;
  for (int i = 0; i < idx->dimensions; ++i) {
    TV_TRY(read_bytes(idx, 4, size));
    const int64_t extent =
        (int64_t)size[0] << 24 | (int64_t)size[1] << 16 | (int64_t)size[2] << 8 | size[3];
    if (i == 0)
      idx->items = extent;
    else
      idx->item_size *= extent;
    if (extent == 0 || idx->item_size > largest_item)
      return tv_fail("%s: dimension %d of %lld is out of range", idx->path, i + 1,
                     (long long)extent);
    idx->extent[i] = extent;
  }
  return NULL;
}

tv_error *tv_idx_open(const char *path, int dimensions, tv_idx *out) {
  *out = (tv_idx){.path = strdup(path)};
  tv_error *error = out->path ? tv_gzip_open(path, &out->stream) : tv_fail_errno("%s", path);
  if (!error) error = read_dimensions(out, dimensions);
  if (error) tv_idx_close(out);
  return error;
}

tv_error *tv_idx_read(tv_idx *idx, int64_t count, unsigned char *items) {
  return read_bytes(idx, count * idx->item_size, items);
}

tv_error *tv_idx_expect_end(tv_idx *idx) {
  unsigned char extra;
  int64_t got;
  TV_TRY(tv_gzip_read(idx->stream, 1, &extra, &got));
  if (got > 0) return tv_fail("%s: longer than its header says; fetch the file again", idx->path);
  return NULL;
}

void tv_idx_close(tv_idx *idx) {
  tv_gzip_close(&idx->stream);
  free(idx->path);
  *idx = (tv_idx){0};
}
