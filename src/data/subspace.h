/* Principal components of data whose Gram matrices, of features and of rows, are both large: from a
 * Krylov subspace of the covariance, which is multiplied by a block of vectors in each pass over
 * the rows and is not formed. */
#ifndef TWOVIEW_DATA_SUBSPACE_H
#define TWOVIEW_DATA_SUBSPACE_H

#include "twoview/data/features.h"

/* Rank 0 fills mean, variances, basis, spectrum and accuracy of `features` and the rest (inputs) by
 * which the mean in all digits exceeds `mean`; signs are free. The passes end when the residuals
 * |A v - value v| of all components are at most 1e-8 of the last value, or are rounding errors, or
 * after so many passes that there is no hope; then a warning says how accurate they are. Between
 * passes a rank keeps its rows where tv_subspace_keeps_rows says so. The same bits on any number of
 * ranks. What has been found is kept in `checkpoint` (or NULL). *status > 0 on rank 0: no
 * convergence of a small eigenproblem. Errors: a row cannot be read.                Collective. */
tv_error *tv_subspace_components(const tv_experiment *experiment, const tv_source *source,
                                 MPI_Comm comm, tv_checkpoint *checkpoint, double *rest,
                                 tv_features *features, int *status);

#endif
