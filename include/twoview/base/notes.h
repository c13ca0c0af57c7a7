/* Remarks on a result, in words: each of them once, in the order in which they were found. */
#ifndef TWOVIEW_BASE_NOTES_H
#define TWOVIEW_BASE_NOTES_H

#include "twoview/base/error.h"

typedef struct {
  int count;
  char **lines; /* owned */
} tv_notes;

/* Add a sentence, formatted like printf's, unless it is there. Release with tv_notes_release, after
 * an error too. */
tv_error *tv_notes_add(tv_notes *notes, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void tv_notes_release(tv_notes *notes);

#endif
