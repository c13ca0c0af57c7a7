/* One point of the experiment's grid, solved and scored by every method. */
#ifndef TWOVIEW_SOLVE_H
#define TWOVIEW_SOLVE_H

#include "twoview/group.h"
#include "twoview/results.h"

/* What the ranks of a group need to solve points together; all borrowed. */
typedef struct {
  const tv_experiment *experiment;
  const tv_spectra *spectra;
  const tv_group *group;
  tv_results *results;
} tv_solver;

/* A point on corrupted inputs: into the results, on the group's leader.   Collective over the
 * group.
 */
tv_error *tv_solve_point(const tv_solver *solver, const tv_moment_matrix *moments, int64_t point);

/* Scores on clean inputs, one for each method, on the leader (0 elsewhere); NaN for a method that
 * failed.                                                                 Collective over the
 * group.
 */
tv_error *tv_solve_clean(const tv_solver *solver, const tv_moment_matrix *moments, int replicate,
                         double *scores);

#endif
