/* The studies: what is computed at every point of an experiment. Each is a row, in a file of its
 * own. */
#ifndef TWOVIEW_STUDIES_STUDY_H
#define TWOVIEW_STUDIES_STUDY_H

#include <stdio.h>

#include "twoview/experiment/experiment.h"
#include "twoview/hdf5/array.h"
#include "twoview/methods/method.h"
#include "twoview/moments/moments.h"

typedef struct tv_solver tv_solver;
struct tv_results;
struct tv_study_inputs;

/* A quantity of each point and method, also an array of the archive. */
typedef struct {
  tv_label label;
  tv_domain domain;
  int is_need; /* a critical alignment: where it is negative none is needed */
  /* Whether a value may stand where the status is this; NULL: any may. */
  int (*agrees)(double status, double value);
  /* The two other quantities that it is computed from, and the formula in words; NULL: found by
   * itself. */
  double (*derive)(double first, double second);
  int from[2];
  const char *formula;
  int needs_test;    /* it is archived only where rows are held out */
  int needs_targets; /* it is not archived where the source has none */
} tv_quantity;

/* The same, several numbers of each point and method: one for each row of the largest encoder, or
 * for each method, with which this one is compared. NaN where there is none. */
typedef enum { TV_ALONG_ROWS, TV_ALONG_METHODS } tv_along;
typedef struct {
  tv_label label;
  tv_domain domain;
  tv_along along;
} tv_quantity_list;

/* What is said of solutions with some status, after how many they are. */
typedef struct {
  int (*holds)(double status);
  const char *words;
} tv_status_remark;

enum { TV_MOST_QUANTITIES = 16, TV_MOST_LISTS = 4, TV_MOST_REMARKS = 2 }; /* of a study */

typedef struct tv_study {
  tv_kind kind;
  int finds_alpha;                 /* alignments are found, not given: points have none */
  const struct tv_study *numbers;  /* another study with the same numbers, whose row holds the rest;
                                    * NULL: none */
  const struct tv_study *of_views; /* the one that an experiment of the view model has instead;
                                    * NULL: none, and it refuses such an experiment */
  const tv_quantity *quantities;
  int count; /* of them */
  const tv_quantity_list *lists;
  int lists_count;
  int status;                                /* the quantity that holds the status of a solution: */
  int (*is_failure)(double status);          /* it has failed */
  tv_status_remark remarks[TV_MOST_REMARKS]; /* on what has not failed; those that there are */
  int score_clean;                      /* the quantity that is found on clean inputs; -1: none */
  int objective, optimum;               /* those that are attained, and the least; -1: none */
  const char *found, *failed, *nothing; /* words: what is found; after how many failed; of a run
                                         * that found nothing */
  /* A point, or the clean inputs of a replicate and sample size (NULL: not asked for): into the
   * results, on the group's leader. Collective over the group. */
  tv_error *(*solve_point)(const tv_solver *solver, const tv_moment_matrix *moments, int64_t point);
  tv_error *(*solve_clean)(const tv_solver *solver, const tv_moment_matrix *moments, int64_t item);
  /* What follows from the results of all points; NULL: nothing. */
  void (*complete)(struct tv_results *results);
  /* What takes a further pass over rows, once all points are solved; NULL: nothing.  Collective. */
  tv_error *(*assess)(const struct tv_study_inputs *inputs, struct tv_results *results);
  /* What there is to say of the results of all points in words: into their remarks; NULL: nothing.
   * Collective over the group. */
  tv_error *(*explain)(const tv_solver *solver);
  /* Flops of all solutions, for d inputs, p of them important, and l targets. */
  double (*flops)(const tv_experiment *experiment, int d, int p, int l);
  /* The line of a plan about its points. */
  void (*describe)(const tv_experiment *experiment, FILE *out);
} tv_study;

extern const tv_study tv_grid_study, tv_threshold_study, tv_phase_study, tv_views_study;

/* The row of an experiment's study or, if that finds the numbers of another, the other one's. */
const tv_study *tv_study_of(const tv_experiment *experiment);

/* Whether an experiment has a quantity of its study. */
int tv_quantity_is_of(const tv_quantity *quantity, const tv_experiment *experiment);

/* For the rows' kinds. Without `methods` in the file take those that are wanted, none that needs
 * targets where there are none; and require that alignments are given. */
tv_error *tv_study_fill_methods(tv_experiment *experiment, int (*is_wanted)(const tv_method *));
tv_error *tv_study_expect_alpha(const tv_experiment *experiment);

/* Of the view model, for the study that it belongs to. */
tv_error *tv_views_fill(tv_experiment *experiment);

#endif
