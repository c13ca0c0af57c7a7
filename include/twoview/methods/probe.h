/* Linear probes: least squares from the outputs z = E x of an encoder to targets y, from moments of
 * z and y, which every rank has whole. What is fitted to some rows is scored on others by their
 * moments, about the means of the first. The probes of k outputs see the first k alone. */
#ifndef TWOVIEW_METHODS_PROBE_H
#define TWOVIEW_METHODS_PROBE_H

#include "twoview/linalg/grid.h"

typedef struct {
  int k, l;
  double *gram;  /* owned, k x k: mean z z' */
  double *cross; /* owned, k x l: mean z y' */
  double square; /* mean y'y */
} tv_outputs;

/* Of an encoder (d x k: its rows as columns) on rows x, given their second moments' image of it
 * (d x k: mean x x' E'), mean x y' (d x l) and mean y'y. Free with tv_outputs_release, on an error
 * too.                                                                              Collective. */
tv_error *tv_outputs_take(const tv_distmat *encoder, const tv_distmat *image,
                          const tv_distmat *targets, double square, tv_outputs *out);
void tv_outputs_release(tv_outputs *outputs);

/* Take them about the means of outputs (k) and targets (l).                     Not collective. */
void tv_outputs_centre(tv_outputs *outputs, const double *mean, const double *target_mean);

/* What the probe of the first k outputs explains of the rows' targets, tr Bz' Gz^+ Bz; and the
 * probe, k x l. `sizes` bound each output's root mean square: an output that adds less to the rank
 * than the rounding of `terms` products is left out. Not collective. */
tv_error *tv_probe_explains(const tv_outputs *rows, int k, const double *sizes, int terms,
                            double *out);
tv_error *tv_probe_fit(const tv_outputs *rows, int k, const double *sizes, int terms, double *out);

/* Mean |y - probe' z|^2, which rounding never makes negative.                   Not collective. */
double tv_probe_loss_on(const tv_outputs *rows, int k, const double *probe);

#endif
