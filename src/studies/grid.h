/* One point of the study: solved and scored, or its least alignment looked for, by every method.
 * All functions are collective over the group. */
#ifndef TWOVIEW_STUDIES_GRID_H
#define TWOVIEW_STUDIES_GRID_H

#include "twoview/linalg/group.h"
#include "twoview/studies/results.h"

/* What the ranks of a group need to solve points together; all borrowed. */
typedef struct {
  const tv_experiment *experiment;
  const tv_features *features;
  const tv_spectra *spectra;
  const tv_group *group;
  tv_checkpoint *checkpoint; /* or NULL */
  tv_results *results;
  int targets;
} tv_solver;

/* A point on corrupted inputs: into the results, on the group's leader. */
tv_error *tv_solve_point(const tv_solver *solver, const tv_moment_matrix *moments, int64_t point);

/* A point of a threshold study: into the results, on the group's leader. Polls the checkpoint
 * between solutions. */
tv_error *tv_solve_threshold(const tv_solver *solver, const tv_moment_matrix *moments,
                             int64_t point);

/* The clean inputs of an item, a replicate and a sample size: scores, NaN for a method that failed,
 * and statuses into the results, on the group's leader. */
tv_error *tv_solve_clean(const tv_solver *solver, const tv_moment_matrix *moments, int64_t item);

#endif
