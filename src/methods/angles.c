#include "twoview/methods/angles.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/linalg/fortran.h"

enum { BLOCK = 34 }; /* columns of workspace for blocks of a factorisation */

/* Singular values of rows x columns, largest first; NaN where that fails. Destroys the matrix. */
static tv_error *singular_values(int rows, int columns, double *matrix, double *out) {
  const int work_count = rows + BLOCK * columns, one = 1;
  int info = 0;
  double *work = NULL;
  TV_TRY(tv_allocate(work_count, sizeof(*work), &work));
  dgesvd_("N", "N", &rows, &columns, matrix, &rows, out, NULL, &one, NULL, &one, work, &work_count,
          &info, 1, 1);
  for (int i = 0; info != 0 && i < columns; ++i) out[i] = NAN;
  free(work);
  return NULL;
}

/* Cosines are the singular values of a'b, sines those of b - a a'b: of a small angle the sine is
 * the accurate one. Cosines fall where sines grow. */
static tv_error *find_angles(int d, int k, const double *a, const double *b, double *inner,
                             double *rest, double *cosines, double *sines) {
  const double unit = 1, minus = -1, nothing = 0;
  memcpy(rest, b, (size_t)d * (size_t)k * sizeof(*rest));
  dgemm_("T", "N", &k, &k, &d, &unit, a, &d, b, &d, &nothing, inner, &k, 1, 1);
  dgemm_("N", "N", &d, &k, &k, &minus, a, &d, inner, &k, &unit, rest, &d, 1, 1);
  TV_TRY(singular_values(k, k, inner, cosines));
  return singular_values(d, k, rest, sines);
}

tv_error *tv_principal_angles(int d, int k, const double *a, const double *b, double *largest,
                              double *mean) {
  double *inner = NULL, *rest = NULL, *cosines = NULL, *sines = NULL;
  tv_error *error;
  *largest = *mean = NAN;
  TV_GO(tv_allocate((int64_t)k * k, sizeof(*inner), &inner));
  TV_GO(tv_allocate((int64_t)d * k, sizeof(*rest), &rest));
  TV_GO(tv_allocate(k, sizeof(*cosines), &cosines));
  TV_GO(tv_allocate(k, sizeof(*sines), &sines));
  TV_GO(find_angles(d, k, a, b, inner, rest, cosines, sines));
  *largest = *mean = 0;
  for (int i = 0; i < k; ++i) {
    const double sine = sines[k - 1 - i], cosine = cosines[i];
    const double angle = sine * sine < 0.5 ? asin(sine) : acos(fmin(cosine, 1));
    *largest = isnan(angle) ? NAN : fmax(*largest, angle);
    *mean += angle / k;
  }
done:
  free(inner);
  free(rest);
  free(cosines);
  free(sines);
  return error;
}
