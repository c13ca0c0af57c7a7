#include "twoview/linalg/pivoted.h"

#include <stdlib.h>

#include "twoview/linalg/fortran.h"

/* A positive info says that the rank is not full, which is no error. */
tv_error *tv_pivoted_cholesky(int n, double *a, double tolerance, int *pivots, int *rank) {
  double *work;
  int info = 0;
  TV_TRY(tv_allocate(2LL * n, sizeof(*work), &work));
  dpstrf_("L", &n, a, &n, pivots, rank, &tolerance, work, &info, 1);
  free(work);
  return info < 0 ? tv_fail("dpstrf: argument %d is illegal", -info) : NULL;
}
