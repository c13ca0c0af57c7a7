#include "twoview/base/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "twoview/base/stopwatch.h"
#include "twoview/base/text.h"

/* Until the first line, and between lines. */
static const double terminal_times[] = {2, 0.2}, log_times[] = {10, 30};

tv_progress tv_progress_begin(const char *stage, const char *unit, double total, double ranks_total,
                              int is_shown) {
  const int is_terminal = isatty(STDERR_FILENO);
  const double time = tv_seconds_now(), *times = is_terminal ? terminal_times : log_times;
  return (tv_progress){.stage = stage,
                       .unit = unit,
                       .total = total,
                       .ranks_total = ranks_total,
                       .begun = time,
                       .last = time,
                       .patience = tv_environment_seconds("TWOVIEW_PROGRESS_SECONDS", times[0]),
                       .interval = tv_environment_seconds("TWOVIEW_PROGRESS_SECONDS", times[1]),
                       .is_shown = is_shown,
                       .is_terminal = is_terminal};
}

void tv_progress_step(tv_progress *progress, double units) {
  progress->done += units;
  if (!progress->is_shown) return;
  const double time = tv_seconds_now(), elapsed = time - progress->begun;
  if (time - progress->last < (progress->is_drawn ? progress->interval : progress->patience))
    return;
  const double share = progress->done / progress->total, all = progress->ranks_total;
  const long left = (long)(elapsed * (1 - share) / share + 0.5);
  fprintf(stderr, "%s%s: %.0f of %.0f %s (%.0f %%), %.3g/s, %ld:%02ld:%02ld left%s",
          progress->is_terminal ? "\r" : "", progress->stage, share * all, all, progress->unit,
          100 * share, share * all / elapsed, left / 3600, left / 60 % 60, left % 60,
          progress->is_terminal ? "\033[K" : "\n");
  progress->last = time;
  progress->is_drawn = 1;
}

void tv_progress_end(tv_progress *progress) {
  if (progress->is_drawn && progress->is_terminal) fputs("\r\033[K", stderr);
}
