/* Chains of steps: the linear problem that they make of samples. */
#ifndef TWOVIEW_AUGMENTATIONS_CHAIN_H
#define TWOVIEW_AUGMENTATIONS_CHAIN_H

#include "twoview/augmentations/problem.h"
#include "twoview/augmentations/step.h"

/* Steps that are carried out one after the other. */
typedef struct {
  int count;
  tv_step *steps; /* owned, checked and prepared for the samples' shape */
} tv_chain;

/* The linear problem of the views of samples about their means: with A, B of the samples, and with
 * C, G, S and E xbar y' of the views; `floor` is added to the diagonal of S. The samples are not
 * centred. status: as tv_statistics_create. Free with tv_statistics_destroy.        Collective. */
tv_error *tv_chain_problem(const tv_chain *chain, const tv_samples *samples, double floor,
                           const tv_grid *grid, tv_statistics **out, int *status);

#endif
