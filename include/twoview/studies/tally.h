/* A summary of the solutions of a study in words: how many failed, or are remarkable otherwise. */
#ifndef TWOVIEW_STUDIES_TALLY_H
#define TWOVIEW_STUDIES_TALLY_H

#include <stdint.h>
#include <stdio.h>

#include "twoview/studies/results.h"

typedef struct {
  const tv_study *study;
  int64_t solutions, failed;         /* or searches of thresholds */
  int64_t clean_failed;              /* of the solutions on clean inputs */
  int64_t remarked[TV_MOST_REMARKS]; /* of which the study's remarks hold */
} tv_tally;

/* Count them among t->solutions statuses; and whether there are any. */
void tv_tally_count(tv_tally *t, const double *status);
int tv_tally_is_remarkable(const tv_tally *t);

/* How many solutions on clean inputs failed, of the scores over a cube, which are the same at every
 * noise scale and alignment and counted once. NULL, of a study that has none: 0. */
int64_t tv_count_clean_failures(const tv_cube *cube, const double *score_clean);

/* `48 solutions`, and how many of them and of the clean ones failed, and how many of which remarks
 * hold, if any; within a line. */
void tv_tally_print(const tv_tally *tally, FILE *out);

#endif
