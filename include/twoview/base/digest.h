/* SHA-256 of files, for provenance, and of numbers, to compare runs. */
#ifndef TWOVIEW_BASE_DIGEST_H
#define TWOVIEW_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "twoview/base/error.h"

enum {
  TV_DIGEST_BYTES = 32,
  TV_DIGEST_LENGTH = 65 /* 64 hexadecimal digits and the end of the string */
};

tv_error *tv_digest_file(const char *path, char digest[TV_DIGEST_LENGTH]);

/* Of the first `count` bytes of an open file, or of all where there are fewer. */
tv_error *tv_digest_start(const char *path, int file, int64_t count, char digest[TV_DIGEST_LENGTH]);

/* Of bytes that come piece by piece: begin, add ..., end. Free with tv_digest_free. */
typedef struct tv_digest tv_digest;
tv_error *tv_digest_begin(tv_digest **out);
tv_error *tv_digest_add(tv_digest *digest, const void *bytes, size_t count);
tv_error *tv_digest_end(tv_digest *digest, unsigned char out[TV_DIGEST_BYTES]);
void tv_digest_free(tv_digest **digest);

/* Of bytes in memory, and the same as hexadecimal digits. */
tv_error *tv_digest_memory(const void *bytes, size_t count, unsigned char digest[TV_DIGEST_BYTES]);
void tv_digest_print(const unsigned char digest[TV_DIGEST_BYTES], char out[TV_DIGEST_LENGTH]);

#endif
