/* The principal components of a source's raw features, from the population that generates them or
 * from the data set. */
#ifndef TWOVIEW_DATA_PRINCIPAL_H
#define TWOVIEW_DATA_PRINCIPAL_H

#include "twoview/data/features.h"

/* Fill mean, offset, variances, basis, spectrum and accuracy of `features`, whose arrays are
 * allocated, on rank 0, as `solver` of it says. Of the covariance, unless that of the population is
 * known: one pass over this rank's shards and one reduction, twice when the first batch does not
 * represent the data, and one eigenproblem on rank 0. Of the rows: all go to rank 0. The result is
 * the same bits on any number of ranks. Errors: a row cannot be read; no convergence.
 *                                                                                    Collective. */
tv_error *tv_principal_find(const tv_experiment *experiment, const tv_source *source, MPI_Comm comm,
                            tv_checkpoint *checkpoint, tv_features *features);

#endif
