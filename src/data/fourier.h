/* Random Fourier features: the cosines and sines of random frequencies, whose products average the
 * Gaussian kernel exp(-|x - y|^2 / (2 bandwidth^2)). */
#ifndef TWOVIEW_DATA_FOURIER_H
#define TWOVIEW_DATA_FOURIER_H

#include "twoview/data/features.h"

/* Draw frequencies from N(0, I / bandwidth^2), the same in all replicates: features belong to the
 * experiment. A bandwidth that is not given is the median distance of rows of the data as they
 * are, the first of replicate 0. Errors: these rows are too few, or most of them equal.
 *                                                                                   Collective. */
tv_error *tv_fourier_draw(const tv_experiment *experiment, const tv_source *source, MPI_Comm comm,
                          tv_features *features);

#endif
