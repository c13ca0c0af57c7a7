#include "median.h"

#include <string.h>

/* Numbers that are not negative have the order of their bits. */
static double number_of(uint64_t bits) {
  double number;
  memcpy(&number, &bits, sizeof number);
  return number;
}

static int64_t count_up_to(MPI_Comm comm, const double *mine, int64_t count, double most) {
  int64_t found = 0;
  for (int64_t i = 0; i < count; ++i) found += mine[i] <= most;
  MPI_Allreduce(MPI_IN_PLACE, &found, 1, MPI_INT64_T, MPI_SUM, comm);
  return found;
}

/* The least number that `wanted` numbers do not exceed, by bisection of its bits. */
static double find(MPI_Comm comm, const double *mine, int64_t count, int64_t wanted) {
  uint64_t low = 0, high = UINT64_C(0x7ff0000000000000); /* infinity */
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (count_up_to(comm, mine, count, number_of(middle)) >= wanted)
      high = middle;
    else
      low = middle + 1;
  }
  return number_of(low);
}

double tv_median(MPI_Comm comm, const double *mine, int64_t count) {
  int64_t all = count;
  MPI_Allreduce(MPI_IN_PLACE, &all, 1, MPI_INT64_T, MPI_SUM, comm);
  const double lower = find(comm, mine, count, (all + 1) / 2);
  const double upper = all % 2 ? lower : find(comm, mine, count, all / 2 + 1);
  return lower + (upper - lower) / 2;
}
