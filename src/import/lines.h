/* Text files by lines, plain or gzipped. */
#ifndef TWOVIEW_IMPORT_LINES_H
#define TWOVIEW_IMPORT_LINES_H

#include "twoview/base/gzip.h"

typedef struct {
  const char *path; /* borrowed */
  tv_gzip *file;
  char *buffer;               /* owned */
  int64_t begin, end, number; /* of what is read and not yet given; of the line, from 1 */
  int is_at_end;
} tv_lines;

/* Open a file; close with tv_lines_close, after an error too. */
tv_error *tv_lines_open(const char *path, tv_lines *out);
void tv_lines_close(tv_lines *lines);

/* The next line without its end, which may be changed until the next call; NULL behind the last.
 * Errors: those of tv_gzip_read, a line that is too long, a NUL byte. */
tv_error *tv_lines_next(tv_lines *lines, char **line);

/* `error` with the file and the line before its message. */
tv_error *tv_lines_fault(const tv_lines *lines, tv_error *error);

#endif
