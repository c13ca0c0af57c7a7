/* The principal axes of the samples of the view model, along which their views may be taken. */
#ifndef TWOVIEW_AUGMENTATIONS_PRINCIPAL_AXES_H
#define TWOVIEW_AUGMENTATIONS_PRINCIPAL_AXES_H

#include "twoview/augmentations/views.h"
#include "twoview/experiment/experiment.h"

/* As many as the experiment wants: d x `features.pca`, on another grid of the same ranks. The
 * samples are left centred. An error: they do not vary in so many directions.       Collective. */
tv_error *tv_samples_axes(const tv_experiment *experiment, tv_samples *samples, const tv_grid *grid,
                          tv_distmat *vectors);

#endif
