#include "twoview/augmentations/principal_axes.h"

#include <float.h>
#include <stdlib.h>

#include "twoview/linalg/eigen.h"

/* An axis whose variance is no more than rounding leaves carries nothing. */
static tv_error *expect_variance(const tv_experiment *e, int d, const double *values) {
  const int p = e->features.pca;
  for (int i = 0; i < p; ++i)
    if (!(values[i] > d * DBL_EPSILON * values[0]))
      return tv_experiment_fault(
          e, "features.pca",
          "corrupted training rows have no variance beyond %d principal components; keep at most "
          "that",
          i);
  return NULL;
}

tv_error *tv_samples_axes(const tv_experiment *e, tv_samples *rows, const tv_grid *grid,
                          tv_distmat *vectors) {
  const int d = rows->second->rows;
  double *values = NULL;
  int status = 0;
  tv_error *error;
  tv_samples_centre(rows, rows->mean, rows->target_mean);
  TV_GO(tv_samples_move(rows, grid));
  TV_GO(tv_grid_agree(grid, tv_allocate(e->features.pca, sizeof(*values), &values)));
  TV_GO(tv_eigen_top(rows->second, e->features.pca, values, vectors, &status));
  if (status)
    error = tv_fail("the principal components of corrupted training rows cannot be found: the "
                    "eigensolver ended with %d",
                    status);
  else
    error = expect_variance(e, d, values);
done:
  free(values);
  return error;
}
