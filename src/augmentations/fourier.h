/* What Gaussian noise of the inputs does to random Fourier features of them. */
#ifndef TWOVIEW_AUGMENTATIONS_FOURIER_H
#define TWOVIEW_AUGMENTATIONS_FOURIER_H

#include "twoview/augmentations/chain.h"
#include "twoview/data/features.h"

/* Of a chain of Gaussian steps on inputs of a shape the chain of one step, or of none, that does
 * the same to the moments of their features. Release it with tv_chain_release, after an error too.
 *                                                                                   Collective. */
tv_error *tv_fourier_chain(const tv_features *features, const tv_chain *inputs,
                           const tv_shape *shape, const tv_grid *row, tv_chain *out);

#endif
