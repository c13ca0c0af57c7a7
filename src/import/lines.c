#include "lines.h"

#include <stdlib.h>
#include <string.h>

enum { BUFFER = 1 << 18, LONGEST_LINE = 1 << 16 };

tv_error *tv_lines_open(const char *path, tv_lines *out) {
  *out = (tv_lines){.path = path};
  TV_TRY(tv_allocate(BUFFER + 1, 1, &out->buffer));
  return tv_gzip_open(path, &out->file);
}

void tv_lines_close(tv_lines *lines) {
  tv_gzip_close(&lines->file);
  free(lines->buffer);
  *lines = (tv_lines){0};
}

tv_error *tv_lines_fault(const tv_lines *lines, tv_error *error) {
  return tv_error_prefix(error, "%s:%lld: ", lines->path, (long long)lines->number);
}

/* What is left of the buffer moves to its front, and the file follows. */
static tv_error *refill(tv_lines *l) {
  int64_t got;
  memmove(l->buffer, l->buffer + l->begin, (size_t)(l->end - l->begin));
  l->end -= l->begin;
  l->begin = 0;
  TV_TRY(tv_gzip_read(l->file, BUFFER - l->end, l->buffer + l->end, &got));
  l->is_at_end = got < BUFFER - l->end;
  l->end += got;
  return NULL;
}

tv_error *tv_lines_next(tv_lines *l, char **line) {
  *line = NULL;
  if (l->end - l->begin <= LONGEST_LINE && !l->is_at_end) TV_TRY(refill(l));
  if (l->begin == l->end) return NULL;
  ++l->number;
  char *first = l->buffer + l->begin;
  char *end = memchr(first, '\n', (size_t)(l->end - l->begin));
  if (!end) end = l->buffer + l->end;
  if (end - first > LONGEST_LINE)
    return tv_lines_fault(l, tv_fail("a line of more than %d bytes", LONGEST_LINE));
  l->begin = end - l->buffer + (end < l->buffer + l->end);
  if (end > first && end[-1] == '\r') --end;
  *end = '\0';
  if (strlen(first) != (size_t)(end - first))
    return tv_lines_fault(l, tv_fail("a NUL byte, where a text in UTF-8 is expected"));
  *line = first;
  return NULL;
}
