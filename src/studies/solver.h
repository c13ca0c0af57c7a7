/* What a study needs to solve a point, and how results are made. */
#ifndef TWOVIEW_STUDIES_SOLVER_H
#define TWOVIEW_STUDIES_SOLVER_H

#include "twoview/linalg/group.h"
#include "twoview/studies/results.h"

/* What the ranks of a group need to solve points together; all borrowed. */
struct tv_solver {
  const tv_experiment *experiment;
  const tv_features *features;
  const tv_spectra *spectra;
  const tv_group *group;
  tv_checkpoint *checkpoint; /* or NULL */
  tv_results *results;
  int targets;
};

/* Allocate, with the thresholds of theory; and, once the groups' leaders have found theirs, share
 * the results with all ranks. tv_results_share is collective. */
tv_error *tv_results_create(const tv_study *study, const tv_study_inputs *inputs, tv_results **out);
void tv_results_share(const tv_study *study, MPI_Comm comm, tv_results *results);

#endif
