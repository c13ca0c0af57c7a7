/* A scaling study: archives of one experiment, run on several numbers of ranks, compared with each
 * other and with the model. Serial. */
#ifndef TWOVIEW_SCALING_SCALING_H
#define TWOVIEW_SCALING_SCALING_H

#include <stdio.h>

#include "twoview/archive/archive.h"
#include "twoview/scaling/model.h"

/* One archive. Times are the slowest rank's. */
typedef struct {
  const char *path; /* borrowed */
  tv_archive_work work;
  double seconds[TV_STAGES], total;
  double speed_up, efficiency;      /* against the first line, whose efficiency is 1 */
  double imbalance, work_imbalance; /* slowest / mean time, most / mean flops */
  double flops_per_second;          /* of a rank */
  double most_sent;                 /* bytes, by one rank */
} tv_scaling_line;

typedef struct {
  int count;
  tv_scaling_line *line;     /* owned, by number of ranks */
  tv_experiment *experiment; /* owned */
  tv_scaling_model model;    /* of the first line */
} tv_scaling_study;

/* Read the archives, print the table and the model to `out`, and write scaling.csv and the figure
 * into `directory` unless it is NULL. */
tv_error *tv_scaling(const char *const *paths, int count, const tv_network *network,
                     const char *directory, FILE *out);

/* scaling.csv, scaling.tsv, scaling.gp, and with gnuplot scaling.svg and scaling.pdf. */
tv_error *tv_scaling_write(const tv_scaling_study *study, const char *directory, FILE *out);

#endif
