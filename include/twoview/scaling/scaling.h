/* A scaling study: archives of one experiment, run on several numbers of ranks, compared with each
 * other and with the model. Serial. */
#ifndef TWOVIEW_SCALING_SCALING_H
#define TWOVIEW_SCALING_SCALING_H

#include <stdio.h>

#include "twoview/archive/archive.h"
#include "twoview/scaling/model.h"

/* Strong: the same work on all numbers of ranks. Weak: samples, and with them the moments' work,
 * grow with the ranks; the number of points does not, so that only the moments are compared. */
typedef enum { TV_STRONG, TV_WEAK } tv_scaling_kind;

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
  tv_scaling_kind kind;
  int count;
  tv_scaling_line *line; /* owned, by number of ranks */
  tv_workload workload;  /* of the first line, as is all that follows */
  tv_rates rates;
  tv_network network;
} tv_scaling_study;

/* Read the archives, print the table and the model to `out`, and write scaling.csv and the figure
 * into `directory` unless it is NULL. */
tv_error *tv_scaling(const char *const *paths, int count, const tv_network *network,
                     const char *directory, FILE *out);

/* The model of the study on any number of ranks; `*exists` is 0 where weak scaling would need more
 * samples than the data set has. */
tv_error *tv_scaling_forecast(const tv_scaling_study *study, int ranks, tv_forecast *out,
                              double *efficiency, int *exists);

/* scaling.csv, scaling.tsv, scaling.gp, and with gnuplot scaling.svg and scaling.pdf. */
tv_error *tv_scaling_write(const tv_scaling_study *study, const char *directory, FILE *out);

#endif
