/* Principal components of fewer rows than features, by the Gram matrix of the rows. With X the
 * centred rows, X X' u = s u makes X'u a principal component of variance s/n: exact, and an
 * eigenproblem of the number of rows in place of the number of features. */
#ifndef TWOVIEW_DATA_ROW_GRAM_H
#define TWOVIEW_DATA_ROW_GRAM_H

#include "twoview/data/features.h"

/* All rows go to rank 0, which fills mean, variances, basis and spectrum of `features` and the rest
 * (inputs) by which the mean in all digits exceeds `mean`. p is at most the number of rows; signs
 * are free. Rank 0 holds rows x inputs numbers and some matrices of rows x rows. *status > 0 there:
 * no convergence. Errors: a row cannot be read.                                     Collective. */
tv_error *tv_row_gram_components(const tv_experiment *experiment, const tv_source *source,
                                 MPI_Comm comm, tv_features *features, double *rest, int *status);

#endif
