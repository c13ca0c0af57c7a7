/* The moments of a file source's raw features over the whole data set, from which the principal
 * components come. */
#ifndef TWOVIEW_DATA_RAW_MOMENTS_H
#define TWOVIEW_DATA_RAW_MOMENTS_H

#include "twoview/data/source.h"
#include "twoview/experiment/experiment.h"

/* Sums over all rows of (x - shift, 1)(x - shift, 1)': `sums` is (features + 1)^2, the lower
 * triangle filled, the same bits on every rank and any number of ranks. `shift` (features) becomes
 * the mean of the first batch or, when the mean of all turns out to be some deviations away from
 * it, that mean, in a second pass: means large beside the deviations cost no accuracy, whatever the
 * order of the rows. For bytes, whose sums are exact, it is 128. Finished parts are kept in
 * `checkpoint` (or NULL).                                                           Collective. */
tv_error *tv_raw_moments_sum(const tv_experiment *experiment, const tv_source *source,
                             MPI_Comm comm, tv_checkpoint *checkpoint, double *shift, double *sums,
                             tv_work *work);

/* The mean of the first batch, in features without variance exact; x and y are room for a batch. On
 * every rank. Errors: a row cannot be read.                                         Collective. */
tv_error *tv_raw_first_mean(const tv_partition *partition, const tv_source *source, double *x,
                            double *y, double *mean);

/* Whether sums about numbers at such a distance from the mean cost accuracy, which is the case
 * beyond some standard deviations. */
int tv_raw_shift_is_far(double distance, double variance);

#endif
