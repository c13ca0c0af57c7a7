/* The problems of the views of one sample at all severities and strengths, for what is said of an
 * experiment without running it: of the first replicate and one sample size. */
#ifndef TWOVIEW_AUGMENTATIONS_VIEW_PROBLEMS_H
#define TWOVIEW_AUGMENTATIONS_VIEW_PROBLEMS_H

#include "twoview/augmentations/view_model.h"
#include "twoview/linalg/group.h"

typedef struct {
  const tv_features *features; /* borrowed, as the model */
  tv_view_model *model;
  int64_t n;              /* samples */
  tv_group *group;        /* owned: all ranks */
  tv_moments *moments;    /* owned */
  tv_view_moments *views; /* owned: of those that are sampled; NULL: none are */
} tv_view_problems;

/* The moments of the first n samples of the first replicate's order: a pass over the data or, where
 * views are sampled, two, and the model reads what its steps need. Free with
 * tv_view_problems_destroy.                                                         Collective. */
tv_error *tv_view_problems_collect(const tv_features *features, tv_view_model *model, int64_t n,
                                   MPI_Comm comm, tv_view_problems **out);
void tv_view_problems_destroy(tv_view_problems **problems);

/* The axes along which views are taken at a severity, d x `features.pca`: those of the features
 * or, where these have none, of the samples. NULL: all numbers are taken. The caller destroys them.
 *                                                                                   Collective. */
tv_error *tv_view_problems_axes(const tv_view_problems *problems, int severity, tv_distmat **out);

/* The problem at one severity and strength, as tv_view_model_problem makes it.      Collective. */
tv_error *tv_view_problems_make(const tv_view_problems *problems, int severity, int strength,
                                const tv_distmat *axes, tv_statistics **out, int *status);

#endif
