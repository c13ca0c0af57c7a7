/* Files of bytes, plain or packed with gzip, read from the beginning to the end. Not collective. */
#ifndef TWOVIEW_BASE_GZIP_H
#define TWOVIEW_BASE_GZIP_H

#include <stdint.h>

#include "twoview/base/error.h"

typedef struct tv_gzip tv_gzip;

/* Open a regular file. Which of both it is its first bytes tell. Close with tv_gzip_close. */
tv_error *tv_gzip_open(const char *path, tv_gzip **out);

/* The next `count` bytes; `*done` of them, which is less at the end of the file only. Errors: it is
 * damaged, a gzip stream that is truncated, or followed by other bytes. */
tv_error *tv_gzip_read(tv_gzip *gzip, int64_t count, void *bytes, int64_t *done);

/* Accepts NULL, and what is closed already. */
void tv_gzip_close(tv_gzip **gzip);

#endif
