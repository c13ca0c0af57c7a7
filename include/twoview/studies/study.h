/* The studies: what is asked of every point of an experiment. Each is a row, in a file of its own.
 */
#ifndef TWOVIEW_STUDIES_STUDY_H
#define TWOVIEW_STUDIES_STUDY_H

#include <stdio.h>

#include "twoview/experiment/experiment.h"
#include "twoview/hdf5/array.h"
#include "twoview/moments/moments.h"

typedef struct tv_solver tv_solver;
struct tv_results;

/* What is known of each point and method, also as an array of the archive. */
typedef struct {
  tv_label label;
  tv_domain domain;
  int is_need; /* an alignment that is needed: none is, where it is negative */
  /* Whether a value may stand where the status is this; NULL: any may. */
  int (*agrees)(double status, double value);
  /* What it is made of, two other quantities, and in words; NULL: found by itself. */
  double (*derive)(double first, double second);
  int from[2];
  const char *formula;
} tv_quantity;

enum { TV_MOST_QUANTITIES = 16 }; /* of a study */

typedef struct tv_study {
  tv_kind kind;
  int finds_alpha;                /* alignments are found, not given: no points differ by theirs */
  const struct tv_study *numbers; /* another, all of whose numbers it finds, and none but those:
                                   * the rest of the row is that one's; NULL: none */
  const tv_quantity *quantities;
  int count;                            /* of them */
  int status;                           /* which tells what became of a solution, and of those: */
  int (*is_failure)(double status);     /* it has failed */
  int (*is_inaccurate)(double status);  /* it has not, but its numbers are not to be trusted as
                                         * others are; NULL: none is */
  int score_clean;                      /* the quantity that is found on clean inputs; -1: none */
  const char *found, *failed, *nothing; /* words: what is found; after how many failed; of a run
                                         * that found nothing */
  /* A point, or the clean inputs of a replicate and sample size (NULL: not asked for): into the
   * results, on the group's leader. Collective over the group. */
  tv_error *(*solve_point)(const tv_solver *solver, const tv_moment_matrix *moments, int64_t point);
  tv_error *(*solve_clean)(const tv_solver *solver, const tv_moment_matrix *moments, int64_t item);
  /* What follows from the results of all points; NULL: nothing. */
  void (*complete)(struct tv_results *results);
  /* Flops of all solutions, for d inputs, p of them important, and l targets. */
  double (*flops)(const tv_experiment *experiment, int d, int p, int l);
  /* What a plan says of its points. */
  void (*describe)(const tv_experiment *experiment, FILE *out);
} tv_study;

extern const tv_study tv_grid_study, tv_threshold_study, tv_phase_study;

/* The row of an experiment's study or, if that finds the numbers of another, the other one's. */
const tv_study *tv_study_of(const tv_experiment *experiment);

/* For the rows' kinds. Without `methods` in the file take the usual ones, those alone that have a
 * threshold if so wished; and require that alignments are given. */
tv_error *tv_study_fill_methods(tv_experiment *experiment, int need_threshold);
tv_error *tv_study_expect_alpha(const tv_experiment *experiment);

#endif
