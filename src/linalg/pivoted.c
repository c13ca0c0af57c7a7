#include "twoview/linalg/pivoted.h"

#include <stdint.h>
#include <stdlib.h>

#include "twoview/linalg/fortran.h"

static void scale_lower(int n, const double *scale, double *a) {
  for (int64_t j = 0; j < n; ++j)
    for (int64_t i = j; i < n; ++i) {
      const double size = scale[i] * scale[j];
      a[j * n + i] = size == 0 ? 0 : a[j * n + i] / size;
    }
}

/* A positive info says that the rank is not full, which is no error. */
tv_error *tv_pivoted_cholesky(int n, double *a, const double *scale, double tolerance, int *pivots,
                              int *rank) {
  double *work;
  int info = 0;
  TV_TRY(tv_allocate(2LL * n, sizeof(*work), &work));
  scale_lower(n, scale, a);
  dpstrf_("L", &n, a, &n, pivots, rank, &tolerance, work, &info, 1);
  free(work);
  return info < 0 ? tv_fail("dpstrf: argument %d is illegal", -info) : NULL;
}
