#include "twoview/base/gzip.h"

#include <isa-l/igzip_lib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/base/file.h"

enum { STREAM_BUFFER = 1 << 18 };

/* The file, and the bytes read ahead of it: those of a gzip stream, or plain ones. */
struct tv_gzip {
  char *path; /* owned */
  FILE *file;
  int is_gzip;
  struct inflate_state inflate; /* next_in and avail_in: what is not yet used of `buffer` */
  unsigned char buffer[STREAM_BUFFER];
};

static void refill(tv_gzip *s) {
  s->inflate.next_in = s->buffer;
  s->inflate.avail_in = (uint32_t)fread(s->buffer, 1, sizeof s->buffer, s->file);
}

static uint32_t copy(tv_gzip *s, uint32_t room, unsigned char *bytes) {
  struct inflate_state *state = &s->inflate;
  const uint32_t count = room < state->avail_in ? room : state->avail_in;
  memcpy(bytes, state->next_in, count);
  state->next_in += count;
  state->avail_in -= count;
  return count;
}

/* Whatever comes next of up to `room` bytes: none when more has to be read first. Behind the end of
 * a gzip member, whose check sum has been compared then, another one may begin. */
static uint32_t unpack(tv_gzip *s, uint32_t room, unsigned char *bytes, int *code) {
  struct inflate_state *state = &s->inflate;
  if (state->block_state == ISAL_BLOCK_FINISH && state->avail_in > 0) isal_inflate_reset(state);
  state->next_out = bytes;
  state->avail_out = room;
  *code = isal_inflate(state);
  return room - state->avail_out;
}

/* Behind a gzip member: zeros that fill the file to whole blocks, as tar and dd have it, are passed
 * over; then comes another member, or the end. */
static tv_error *pass_padding(tv_gzip *s) {
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
      s->path);
}

tv_error *tv_gzip_read(tv_gzip *s, int64_t count, void *bytes, int64_t *done) {
  unsigned char *to = bytes;
  int code = ISAL_DECOMP_OK;
  for (*done = 0; *done < count;) {
    if (s->is_gzip && s->inflate.block_state == ISAL_BLOCK_FINISH) TV_TRY(pass_padding(s));
    const uint32_t room = count - *done < INT32_MAX ? (uint32_t)(count - *done) : INT32_MAX;
    const uint32_t got =
        s->is_gzip ? unpack(s, room, to + *done, &code) : copy(s, room, to + *done);
    if (code < 0)
      return tv_fail("%s: damaged: %s; fetch the file again", s->path,
                     code == ISAL_INCORRECT_CHECKSUM ? "its check sum is another's"
                                                     : "not a valid gzip stream");
    *done += got;
    if (got > 0 || s->inflate.avail_in > 0) continue;
    refill(s);
    if (ferror(s->file)) return tv_fail_errno("%s", s->path);
    if (s->inflate.avail_in == 0) break;
  }
  if (*done == count || !s->is_gzip || s->inflate.block_state == ISAL_BLOCK_FINISH) return NULL;
  return tv_fail("%s: truncated: its gzip stream has no end; fetch the file again", s->path);
}

static tv_error *begin(const char *path, tv_gzip *s) {
  s->path = strdup(path);
  if (!s->path) return tv_fail("out of memory");
  TV_TRY(tv_file_open_stream(path, &s->file));
  setvbuf(s->file, NULL, _IONBF, 0);
  isal_inflate_init(&s->inflate);
  s->inflate.crc_flag = ISAL_GZIP;
  refill(s);
  if (ferror(s->file)) return tv_fail_errno("%s", path);
  s->is_gzip = s->inflate.avail_in > 1 && s->buffer[0] == 0x1f && s->buffer[1] == 0x8b;
  return NULL;
}

tv_error *tv_gzip_open(const char *path, tv_gzip **out) {
  TV_TRY(tv_allocate(1, sizeof(**out), out));
  tv_error *error = begin(path, *out);
  if (error) tv_gzip_close(out);
  return error;
}

void tv_gzip_close(tv_gzip **gzip) {
  tv_gzip *s = *gzip;
  if (s && s->file) fclose(s->file);
  if (s) free(s->path);
  free(s);
  *gzip = NULL;
}
