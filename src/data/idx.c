#include "twoview/data/idx.h"

#include <isa-l/igzip_lib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/base/file.h"

enum { UNSIGNED_BYTE = 0x08, STREAM_BUFFER = 1 << 18 };

static const int64_t largest_item = 1 << 28;

/* The file, and the bytes read ahead of it: those of a gzip stream, or plain ones. */
struct tv_idx_stream {
  FILE *file;
  int is_gzip;
  struct inflate_state inflate; /* next_in and avail_in: what is not yet used of `buffer` */
  unsigned char buffer[STREAM_BUFFER];
};

static void refill(tv_idx_stream *s) {
  s->inflate.next_in = s->buffer;
  s->inflate.avail_in = (uint32_t)fread(s->buffer, 1, sizeof s->buffer, s->file);
}

static uint32_t copy(tv_idx_stream *s, uint32_t room, unsigned char *bytes) {
  struct inflate_state *state = &s->inflate;
  const uint32_t count = room < state->avail_in ? room : state->avail_in;
  memcpy(bytes, state->next_in, count);
  state->next_in += count;
  state->avail_in -= count;
  return count;
}

/* Whatever comes next of up to `room` bytes: none when more has to be read first. Behind the end of
 * a gzip member, whose check sum has been compared then, another one may begin. */
static uint32_t unpack(tv_idx_stream *s, uint32_t room, unsigned char *bytes, int *code) {
  struct inflate_state *state = &s->inflate;
  if (state->block_state == ISAL_BLOCK_FINISH && state->avail_in > 0) isal_inflate_reset(state);
  state->next_out = bytes;
  state->avail_out = room;
  *code = isal_inflate(state);
  return room - state->avail_out;
}

/* Behind a gzip member: zeros that fill the file to whole blocks, as tar and dd have it, are passed
 * over; then comes another member, or the end. */
static tv_error *pass_padding(tv_idx *idx) {
  tv_idx_stream *s = idx->stream;
  struct inflate_state *state = &s->inflate;
  int is_padded = 0;
  for (;; refill(s)) {
    for (; state->avail_in > 0 && *state->next_in == 0; --state->avail_in, ++state->next_in)
      is_padded = 1;
    if (state->avail_in > 0) break;
    if (feof(s->file) || ferror(s->file)) return NULL;
  }
  if (!is_padded && *state->next_in == 0x1f) return NULL;
  return tv_fail(
      "%s: other bytes follow the end of its gzip stream; cut them off, or fetch the file "
      "again",
      idx->path);
}

/* Up to `count` bytes, less only at the end of the file. */
static tv_error *read_up_to(tv_idx *idx, int64_t count, unsigned char *bytes, int64_t *done) {
  tv_idx_stream *s = idx->stream;
  int code = ISAL_DECOMP_OK;
  for (*done = 0; *done < count;) {
    if (s->is_gzip && s->inflate.block_state == ISAL_BLOCK_FINISH) TV_TRY(pass_padding(idx));
    const uint32_t room = count - *done < INT32_MAX ? (uint32_t)(count - *done) : INT32_MAX;
    const uint32_t got =
        s->is_gzip ? unpack(s, room, bytes + *done, &code) : copy(s, room, bytes + *done);
    if (code < 0)
      return tv_fail("%s: damaged: %s; fetch the file again", idx->path,
                     code == ISAL_INCORRECT_CHECKSUM ? "its check sum is another's"
                                                     : "not a valid gzip stream");
    *done += got;
    if (got > 0 || s->inflate.avail_in > 0) continue;
    refill(s);
    if (ferror(s->file)) return tv_fail_errno("%s", idx->path);
    if (s->inflate.avail_in == 0) break;
  }
  return NULL;
}

static tv_error *truncated(const tv_idx *idx) {
  return tv_fail("%s: truncated: it ends before what its header promises; fetch the file again",
                 idx->path);
}

/* Exactly `count` bytes. */
static tv_error *read_bytes(tv_idx *idx, int64_t count, unsigned char *bytes) {
  int64_t done;
  TV_TRY(read_up_to(idx, count, bytes, &done));
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

static tv_error *open_stream(tv_idx *idx) {
  TV_TRY(tv_allocate(1, sizeof(*idx->stream), &idx->stream));
  tv_idx_stream *s = idx->stream;
  TV_TRY(tv_file_open_stream(idx->path, &s->file));
  setvbuf(s->file, NULL, _IONBF, 0);
  isal_inflate_init(&s->inflate);
  s->inflate.crc_flag = ISAL_GZIP;
  refill(s);
  if (ferror(s->file)) return tv_fail_errno("%s", idx->path);
  s->is_gzip = s->inflate.avail_in > 1 && s->buffer[0] == 0x1f && s->buffer[1] == 0x8b;
  return NULL;
}

tv_error *tv_idx_open(const char *path, int dimensions, tv_idx *out) {
  *out = (tv_idx){.path = strdup(path)};
  tv_error *error = out->path ? open_stream(out) : tv_fail_errno("%s", path);
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
  TV_TRY(read_up_to(idx, 1, &extra, &got));
  if (got > 0) return tv_fail("%s: longer than its header says; fetch the file again", idx->path);
  const int is_whole =
      !idx->stream->is_gzip || idx->stream->inflate.block_state == ISAL_BLOCK_FINISH;
  return is_whole ? NULL : truncated(idx);
}

void tv_idx_close(tv_idx *idx) {
  if (idx->stream && idx->stream->file) fclose(idx->stream->file);
  free(idx->stream);
  free(idx->path);
  *idx = (tv_idx){0};
}
