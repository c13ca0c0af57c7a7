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

/* How many solutions on clean inputs failed. `score_clean` is replicates x settings x items: a
 * setting is a noise scale and an alignment, an item a sample size and a method. The score is the
 * same at every setting and counted once. NULL, of a study that has none: 0. */
int64_t tv_count_clean_failures(const double *score_clean, int64_t replicates, int64_t settings,
                                int64_t items);

/* `48 solutions`, and how many of them and of the clean ones failed, if any; within a line. */
void tv_tally_print(const tv_tally *tally, FILE *out);

#endif
