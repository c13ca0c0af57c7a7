/* Wall time of the stages of a run, on each rank. */
#ifndef TWOVIEW_BASE_STOPWATCH_H
#define TWOVIEW_BASE_STOPWATCH_H

typedef enum {
  TV_STAGE_OPEN,
  TV_STAGE_FEATURES,
  TV_STAGE_MOMENTS,
  TV_STAGE_SOLVES,
  TV_STAGES
} tv_stage;

typedef struct {
  double begun, lap; /* MPI_Wtime */
  double seconds[TV_STAGES];
  char started[32]; /* UTC, ISO 8601 */
} tv_stopwatch;

tv_stopwatch tv_stopwatch_start(void);

/* The time since the last lap belongs to `stage`. */
void tv_stopwatch_lap(tv_stopwatch *watch, tv_stage stage);

const char *tv_stage_name(tv_stage stage);

/* Seconds by a clock that is never set; without MPI. */
double tv_seconds_now(void);

/* The time now: UTC, ISO 8601. */
void tv_utc_now(char text[32]);

#endif
