/* Progress on stderr: one redrawn line on a terminal, otherwise lines now and then. */
#ifndef TWOVIEW_BASE_PROGRESS_H
#define TWOVIEW_BASE_PROGRESS_H

#include <stdint.h>

typedef struct {
  const char *stage, *unit;  /* borrowed */
  double done, total;        /* of this rank */
  double ranks_total;        /* of all ranks together */
  double begun, last;        /* seconds */
  double patience, interval; /* until the first line, and between lines; in seconds */
  int is_shown, is_terminal, is_drawn;
} tv_progress;

/* A stage begins in which this rank does `total` of the `ranks_total` units, named in the plural,
 * that all ranks do together. Lines speak of all ranks, and take them to be as far as this one. The
 * first comes after 2 s on a terminal, after 10 s elsewhere, then one every 0.2 or 30 s; the
 * environment's TWOVIEW_PROGRESS_SECONDS replaces all of these. Nothing is ever shown when
 * `is_shown` is 0. */
tv_progress tv_progress_begin(const char *stage, const char *unit, double total, double ranks_total,
                              int is_shown);

/* So many more units are done on this rank. */
void tv_progress_step(tv_progress *progress, double units);
void tv_progress_end(tv_progress *progress);

#endif
