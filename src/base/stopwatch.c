#include "twoview/base/stopwatch.h"

#include <mpi.h>
#include <time.h>

void tv_utc_now(char text[32]) {
  const time_t now = time(NULL);
  struct tm parts;
  gmtime_r(&now, &parts);
  strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

tv_stopwatch tv_stopwatch_start(void) {
  tv_stopwatch watch = {.begun = MPI_Wtime()};
  watch.lap = watch.begun;
  tv_utc_now(watch.started);
  return watch;
}

void tv_stopwatch_lap(tv_stopwatch *watch, tv_stage stage) {
  const double now = MPI_Wtime();
  watch->seconds[stage] += now - watch->lap;
  watch->lap = now;
}

const char *tv_stage_name(tv_stage stage) {
  static const char *const names[TV_STAGES] = {"open", "features", "moments", "solves"};
  return names[stage];
}

double tv_seconds_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}
