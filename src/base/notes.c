#include "twoview/base/notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static tv_error *format_line(const char *format, va_list args, char **out) {
  va_list again;
  va_copy(again, args);
  const int length = vsnprintf(NULL, 0, format, again);
  va_end(again);
  TV_TRY(tv_allocate((long long)length + 1, 1, out));
  vsnprintf(*out, (size_t)length + 1, format, args);
  return NULL;
}

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
  tv_error *error = format_line(format, args, &line);
  va_end(args);
  if (error) return error;
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
