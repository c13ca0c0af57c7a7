/* What a study needs to solve a point, and how results are made. */
#ifndef TWOVIEW_STUDIES_SOLVER_H
#define TWOVIEW_STUDIES_SOLVER_H

#include "twoview/linalg/group.h"
#include "twoview/methods/method.h"
#include "twoview/moments/column_sums.h"
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
  const struct tv_view_model *model; /* of the view model, as the next two; else NULL */
  const tv_moments *moments, *held_out;
  const tv_view_moments *view_moments;  /* of sampled views; NULL: they are exact */
  tv_column_sums *sums, *held_out_sums; /* what brings these to a point where they are spread over
                                         * the ranks; else NULL */
  struct tv_axes *axes;                 /* along which it takes its inputs */
  struct tv_baselines *baselines;       /* what is known of methods that see no views */
};

/* Allocate, with the thresholds of theory; and, once the groups' leaders have found theirs, share
 * the results with all ranks. tv_results_share is collective. */
tv_error *tv_results_create(const tv_study *study, const tv_study_inputs *inputs, tv_results **out);
void tv_results_share(const tv_study *study, MPI_Comm comm, tv_results *results);

/* Where a point solved here stands among those of which encoders are kept; negative: it is none of
 * them. */
int64_t tv_results_place(const tv_results *results, int64_t point);

/* Where the maps of an entry are kept, on the group's leader; NULL: nowhere. */
double *tv_results_maps(const tv_solver *solver, int64_t entry);

/* Keep the encoder and the decoder of a method at a point, if its sample size is one of those of
 * which they are kept; axes: along which its inputs are, or NULL. Collective over the group. */
tv_error *tv_results_keep(const tv_results *results, int method, int64_t point,
                          const tv_solution *solution, const struct tv_axes *axes);

#endif
