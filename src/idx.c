#include "twoview/idx.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { UNSIGNED_BYTE = 0x08, MOST_DIMENSIONS = 8 };

/* Pieces no larger than the buffer, or zlib unpacks straight into them, stops at the last item and
 * then takes a missing check sum for the end of the file. */
enum { STREAM_BUFFER = 1 << 18, READ_PIECE = STREAM_BUFFER };

static const int64_t largest_item = 1 << 28;

/* Exactly `count` bytes, or an error that tells a short file from a damaged one. */
static tv_error *read_bytes(tv_idx *idx, int64_t count, unsigned char *bytes) {
  for (int64_t done = 0; done < count;) {
    const int64_t piece = count - done < READ_PIECE ? count - done : READ_PIECE;
    const int got = gzread(idx->stream, bytes + done, (unsigned)piece);
    int code = Z_OK;
    const char *reason = gzerror(idx->stream, &code);
    if (got < 0 || code == Z_DATA_ERROR)
      return tv_fail("%s: damaged: %s; fetch the file again", idx->path, reason);
    if (got == 0 || code == Z_BUF_ERROR)
      return tv_fail("%s: truncated: it ends before the items that its header promises; "
                     "fetch the file again",
                     idx->path);
    done += got;
  }
  return NULL;
}

static tv_error *read_dimensions(tv_idx *idx, int wanted) {
  unsigned char magic[4], size[4];
  TV_TRY(read_bytes(idx, 4, magic));
  if (magic[0] || magic[1] || magic[2] != UNSIGNED_BYTE || !magic[3] || magic[3] > MOST_DIMENSIONS)
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
  }
  return NULL;
}

tv_error *tv_idx_open(const char *path, int dimensions, tv_idx *out) {
  *out = (tv_idx){.path = strdup(path), .stream = gzopen(path, "rb")};
  tv_error *error = NULL;
  if (!out->path || !out->stream)
    error = tv_fail_errno("%s", path);
  else
    gzbuffer(out->stream, STREAM_BUFFER);
  if (!error) error = read_dimensions(out, dimensions);
  if (error) tv_idx_close(out);
  return error;
}

tv_error *tv_idx_read(tv_idx *idx, int64_t count, unsigned char *items) {
  return read_bytes(idx, count * idx->item_size, items);
}

tv_error *tv_idx_expect_end(tv_idx *idx) {
  unsigned char extra;
  const int got = gzread(idx->stream, &extra, 1);
  if (got == 0) {
    int code = Z_OK;
    gzerror(idx->stream, &code);
    if (code == Z_OK || code == Z_STREAM_END) return NULL;
  }
  return tv_fail("%s: %s; fetch the file again", idx->path,
                 got > 0 ? "longer than its header says" : "damaged at its end");
}

void tv_idx_close(tv_idx *idx) {
  if (idx->stream) gzclose_r(idx->stream);
  free(idx->path);
  *idx = (tv_idx){0};
}
