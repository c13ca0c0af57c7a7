/* Chains of steps: the linear problem that they make of samples, and what they draw. */
#ifndef TWOVIEW_AUGMENTATIONS_CHAIN_H
#define TWOVIEW_AUGMENTATIONS_CHAIN_H

#include "twoview/augmentations/problem.h"
#include "twoview/augmentations/step.h"

/* Steps that are carried out one after the other. */
typedef struct tv_expectation tv_expectation;
typedef struct {
  int count;
  tv_step *steps;               /* owned, checked and prepared for the samples' shape */
  int leading;                  /* the first ones, whose moments take the rows one by one */
  tv_expectation *expectations; /* owned: of numbers that these have met */
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

/* The same of views whose moments after the leading steps are known.                 Collective. */
tv_error *tv_chain_finish(const tv_chain *chain, tv_views *views, tv_samples *samples, double floor,
                          const tv_distmat *axes, const tv_grid *grid, tv_statistics **out,
                          int *status);

/* The same of views whose moments are known; their matrices become those of the problem, too.
 *                                                                                   Collective. */
tv_error *tv_views_problem(tv_views *views, tv_samples *samples, double floor,
                           const tv_distmat *axes, const tv_grid *grid, tv_statistics **out,
                           int *status);

/* Where partners come from: the sample that a uniform number chooses, as it is before the chain. It
 * is made in x (d numbers), or stands elsewhere. */
typedef struct {
  const double *(*take)(const void *context, double u, double *scratch, double *x);
  const void *context;
} tv_partners;

/* What one view of a sample is drawn from. All borrowed. */
typedef struct {
  const tv_shape *shape;
  tv_stream stream;            /* of the first step; those that follow have the next purposes */
  uint64_t index;              /* the number of the sample, or of the view, below 2^62 */
  double *scratch;             /* tv_chain_scratch numbers, and those that partners take */
  const tv_partners *partners; /* NULL: no step needs others, as for the next one */
  double *const *means;        /* of each step that needs it, the mean of the views before it */
} tv_chain_draw;

/* What a step of a chain needs of other samples; and the most that one does. Not collective. */
tv_others tv_chain_others(const tv_chain *chain, int step);
tv_others tv_chain_needs(const tv_chain *chain);

/* Numbers of scratch for a draw: a partner is drawn while a view is, and its partners meanwhile.
 * Not collective. */
int64_t tv_chain_scratch(const tv_chain *chain, int d);

/* One view takes the place of the sample x.                                     Not collective. */
void tv_chain_view(const tv_chain *chain, const tv_chain_draw *draw, double *x);

/* The mean over views before a step, one of each of `count` partners.           Not collective. */
void tv_chain_mean(const tv_chain *chain, int step, const tv_chain_draw *draw, int64_t count,
                   double *mean);

#endif
