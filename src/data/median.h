/* The median of numbers that are spread over ranks. */
#ifndef TWOVIEW_DATA_MEDIAN_H
#define TWOVIEW_DATA_MEDIAN_H

#include <mpi.h>
#include <stdint.h>

/* Of the numbers of all ranks, at least one in all and none negative; of an even count the mean of
 * the two in the middle. On every rank, which keeps its numbers.                     Collective. */
double tv_median(MPI_Comm comm, const double *mine, int64_t count);

#endif
