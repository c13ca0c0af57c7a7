/* A summary of the solutions of a study in words: how many failed. */
#ifndef TWOVIEW_STUDIES_TALLY_H
#define TWOVIEW_STUDIES_TALLY_H

#include <stdint.h>
#include <stdio.h>

#include "twoview/studies/results.h"

typedef struct {
  const tv_study *study;
  int64_t solutions, failed; /* or searches of thresholds */
  int64_t clean_failed;      /* of the solutions on clean inputs */
  int64_t inaccurate;        /* solutions, themselves or their clean ones */
} tv_tally;

/* Count the failed and the inaccurate of t->solutions statuses. */
void tv_tally_count(tv_tally *t, const double *status);

/* How many solutions on clean inputs failed, of the scores over a cube, which are the same at every
 * noise scale and alignment and counted once. NULL, of a study that has none: 0. */
int64_t tv_count_clean_failures(const tv_cube *cube, const double *score_clean);

/* `48 solutions`, and how many of them and of the clean ones failed, if any; within a line. */
void tv_tally_print(const tv_tally *tally, FILE *out);

#endif
