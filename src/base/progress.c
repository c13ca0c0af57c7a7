#include "twoview/base/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "twoview/base/stopwatch.h"

static const double terminal_interval = 0.2, log_interval = 30;

tv_progress tv_progress_begin(const char *stage, int64_t total, int is_shown) {
  const double time = tv_seconds_now();
  return (tv_progress){.stage = stage,
                       .total = total,
                       .begun = time,
                       .last = time,
                       .is_shown = is_shown,
                       .is_terminal = isatty(STDERR_FILENO)};
}

void tv_progress_step(tv_progress *progress) {
  ++progress->done;
  if (!progress->is_shown) return;
  const double time = tv_seconds_now(), elapsed = time - progress->begun;
  if (time - progress->last < (progress->is_terminal ? terminal_interval : log_interval)) return;
  const double rate = (double)progress->done / elapsed;
  const long left = (long)((double)(progress->total - progress->done) / rate + 0.5);
  fprintf(stderr, "%s%s: %lld/%lld (%.0f %%), %.3g/s, %ld:%02ld:%02ld left%s",
          progress->is_terminal ? "\r" : "", progress->stage, (long long)progress->done,
          (long long)progress->total, 100.0 * (double)progress->done / (double)progress->total,
          rate, left / 3600, left / 60 % 60, left % 60, progress->is_terminal ? "\033[K" : "\n");
  progress->last = time;
  progress->is_drawn = 1;
}

void tv_progress_end(tv_progress *progress) {
  if (progress->is_drawn && progress->is_terminal) fputs("\r\033[K", stderr);
}
