/* Chains of steps: the linear problem that they make of samples, and what they draw. */
#ifndef TWOVIEW_AUGMENTATIONS_CHAIN_H
#define TWOVIEW_AUGMENTATIONS_CHAIN_H

#include "twoview/augmentations/problem.h"
#include "twoview/augmentations/step.h"

/* Steps that are carried out one after the other. */
typedef struct {
  int count;
  tv_step *steps; /* owned, checked and prepared for the samples' shape */
} tv_chain;

void tv_chain_release(tv_chain *chain);

/* What a chain makes of samples on average: each becomes one view of itself.        Collective. */
tv_error *tv_chain_corrupt(const tv_chain *chain, tv_samples *samples);

/* The linear problem of the views of samples about their means: with A, B of the samples, and with
 * C, G, S and E xbar y' of the views; `floor` is added to the diagonal of S. The samples come as
 * they are and are used up: their matrices go over to the problem, and what is left can only be
 * destroyed. With `axes` (d x p, orthonormal columns; on `grid`) the inputs are the samples' and
 * the views' components along them; NULL: the numbers themselves. The problem is examined
 * (degeneracy.h). status: not 0 when S is not positive definite, but for rounding. Free with
 * tv_statistics_destroy.                                                            Collective. */
tv_error *tv_chain_problem(const tv_chain *chain, tv_samples *samples, double floor,
                           const tv_distmat *axes, const tv_grid *grid, tv_statistics **out,
                           int *status);

/* The same of views whose moments are known; their matrices become those of the problem, too.
 *                                                                                   Collective. */
tv_error *tv_views_problem(tv_views *views, tv_samples *samples, double floor,
                           const tv_distmat *axes, const tv_grid *grid, tv_statistics **out,
                           int *status);

/* What one view of a sample is drawn from. All borrowed. */
typedef struct {
  const tv_shape *shape;
  tv_stream stream; /* of the first step; those that follow have the next purposes */
  uint64_t index;   /* the number of the sample, or of the view */
  double *scratch;  /* 3 d numbers */
} tv_chain_draw;

/* One view takes the place of the sample x. No step of the chain needs other samples.
 *                                                                               Not collective. */
void tv_chain_view(const tv_chain *chain, const tv_chain_draw *draw, double *x);

#endif
