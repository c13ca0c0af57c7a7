#include "twoview/linalg/orthonormal.h"

#include <stdint.h>
#include <stdlib.h>

#include "twoview/linalg/fortran.h"

static void copy_upper(int rows, int columns, const double *v, double *triangle) {
  for (int64_t j = 0; j < columns; ++j)
    for (int64_t i = 0; i < columns; ++i) triangle[j * columns + i] = i <= j ? v[j * rows + i] : 0;
}

tv_error *tv_orthonormalise(int rows, int columns, double *v, double *triangle) {
  double *tau = NULL, *work = NULL;
  int info = 0;
  const int count = 64 * columns;
  tv_error *error = tv_allocate(columns, sizeof(*tau), &tau);
  if (!error) error = tv_allocate(count, sizeof(*work), &work);
  if (!error) dgeqrf_(&rows, &columns, v, &rows, tau, work, &count, &info);
  if (!error && info == 0 && triangle) copy_upper(rows, columns, v, triangle);
  if (!error && info == 0) dorgqr_(&rows, &columns, &columns, v, &rows, tau, work, &count, &info);
  if (!error && info != 0) error = tv_fail("geqrf: argument %d is illegal", -info);
  free(work);
  free(tau);
  return error;
}
