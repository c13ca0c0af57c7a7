/* The principal axes along which the view model takes its inputs, where the experiment wants so
 * many of them: those of the corrupted training rows of the replicate's largest sample, or of all
 * rows where nothing corrupts them. */
#ifndef TWOVIEW_STUDIES_AXES_H
#define TWOVIEW_STUDIES_AXES_H

#include "solver.h"

/* Those of one setting; they are kept, for the points that follow. */
struct tv_axes {
  int64_t setting;     /* a replicate and a severity; negative: none yet */
  tv_distmat *vectors; /* owned: d x p, on the group's grid */
  double *whole;       /* owned: the same on every rank */
};

/* The axes of a point. *out NULL: the experiment wants none. An error: the rows do not vary in so
 * many directions. Collective over the group. */
tv_error *tv_axes_find(const tv_solver *solver, int64_t point, const struct tv_axes **out);
void tv_axes_release(struct tv_axes *axes);

/* What has `columns` columns along the axes, p x columns, in the inputs themselves: d x columns, by
 * columns. Without axes it is copied.                                           Not collective. */
void tv_axes_undo(const struct tv_axes *axes, int d, int columns, const double *along, double *out);

#endif
