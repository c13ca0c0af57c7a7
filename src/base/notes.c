#include "twoview/base/notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes the line over. */
static tv_error *append(tv_notes *notes, char *line) {
  char **lines = realloc(notes->lines, ((size_t)notes->count + 1) * sizeof(*lines));
  if (!lines) {
    free(line);
    return tv_fail("out of memory for remarks on a result");
  }
  notes->lines = lines;
  notes->lines[notes->count++] = line;
  return NULL;
}

tv_error *tv_notes_add(tv_notes *notes, const char *format, ...) {
  char *line = NULL;
  va_list args;
  va_start(args, format);
  const int length = vasprintf(&line, format, args);
  va_end(args);
  if (length < 0) return tv_fail("out of memory for remarks on a result");
  for (int i = 0; i < notes->count; ++i)
    if (strcmp(notes->lines[i], line) == 0) {
      free(line);
      return NULL;
    }
  return append(notes, line);
}

void tv_notes_release(tv_notes *notes) {
  for (int i = 0; i < notes->count; ++i) free(notes->lines[i]);
  free(notes->lines);
  *notes = (tv_notes){0};
}
