/* Progress on stderr: one redrawn line on a terminal, otherwise a line every half minute. */
#ifndef TWOVIEW_BASE_PROGRESS_H
#define TWOVIEW_BASE_PROGRESS_H

#include <stdint.h>

typedef struct {
  const char *stage; /* borrowed */
  int64_t done, total;
  double begun, last;
  int is_shown, is_terminal, is_drawn;
} tv_progress;

/* A stage of `total` steps begins; nothing is ever shown when `is_shown` is 0. */
tv_progress tv_progress_begin(const char *stage, int64_t total, int is_shown);
void tv_progress_step(tv_progress *progress);
void tv_progress_end(tv_progress *progress);

#endif
