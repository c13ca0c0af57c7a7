#include "principal.h"

#include <math.h>
#include <stdlib.h>

#include "raw_moments.h"
#include "row_gram.h"
#include "subspace.h"
#include "twoview/base/comm.h"
#include "twoview/data/principal_choice.h"
#include "twoview/linalg/eigen.h"
#include "twoview/linalg/fortran.h"

/* mean + rest = shift + sum/n, and the covariance into the lower triangle of `covariance`. Sums of
 * bytes are exact, and the difference from the square of their mean is to lose none of that. */
static void centre(int64_t rows, const double *sums, const double *shift, double *covariance,
                   double *rest, tv_features *f) {
  const int64_t inputs = f->inputs, width = inputs + 1;
  const long double n = (long double)rows;
  for (int64_t j = 0; j < inputs; ++j)
    for (int64_t i = j; i < inputs; ++i) {
      const long double product =
          (long double)sums[j * width + inputs] * sums[i * width + inputs] / n;
      covariance[j * inputs + i] = (double)((sums[j * width + i] - product) / n);
    }
  for (int64_t j = 0; j < inputs; ++j) {
    const double distance = sums[j * width + inputs] / (double)rows;
    f->mean[j] = shift[j] + distance;
    rest[j] = distance - (f->mean[j] - shift[j]);
  }
}

/* From the covariance, on rank 0. */
static tv_error *diagonalise(tv_distmat *covariance, tv_features *f, int *status) {
  tv_distmat *vectors = NULL;
  for (int64_t j = 0; j < f->inputs; ++j) f->variances[j] = covariance->data[j * f->inputs + j];
  TV_TRY(tv_distmat_create(covariance->grid, f->inputs, f->p, &vectors));
  tv_error *error = tv_eigen_top(covariance, f->p, f->spectrum, vectors, status);
  if (!error && *status == 0) tv_distmat_gather(vectors, f->basis);
  tv_distmat_destroy(&vectors);
  return error;
}

/* From the population's moments, or else from the data's, on rank 0. */
static tv_error *rotate(const tv_source *source, const double *sums, const double *shift,
                        double *rest, tv_features *f, int *status) {
  tv_grid *grid = NULL;
  tv_distmat *covariance = NULL;
  tv_error *error;
  TV_GO(tv_grid_create(MPI_COMM_SELF, TV_SMALL_BLOCK, &grid));
  TV_GO(tv_distmat_create(grid, f->inputs, f->inputs, &covariance));
  if (source->kind->is_generated)
    source->population(source, f->mean, covariance->data);
  else
    centre(source->rows, sums, shift, covariance->data, rest, f);
  TV_GO(diagonalise(covariance, f, status));
done:
  tv_distmat_destroy(&covariance);
  tv_grid_destroy(&grid);
  return error;
}

static tv_error *by_covariance(const tv_experiment *experiment, const tv_source *source,
                               MPI_Comm comm, tv_checkpoint *checkpoint, double *rest,
                               tv_features *f, int *status) {
  const int reads_data = !source->kind->is_generated;
  const int64_t width = f->inputs + 1;
  int rank;
  double *sums = NULL, *shift = NULL;
  tv_error *error = NULL;
  MPI_Comm_rank(comm, &rank);
  if (reads_data) error = tv_allocate(width * width, sizeof(*sums), &sums);
  if (!error && reads_data) error = tv_allocate(f->inputs, sizeof(*shift), &shift);
  error = tv_agree(comm, error);
  if (!error && reads_data)
    error = tv_raw_moments_sum(experiment, source, comm, checkpoint, shift, sums, &f->work);
  if (!error)
    error = tv_agree(comm, rank == 0 ? rotate(source, sums, shift, rest, f, status) : NULL);
  free(sums);
  free(shift);
  return error;
}

/* Eigenvectors have free signs: the entry largest in size is made positive. */
static void fix_signs(tv_features *f) {
  for (int c = 0; c < f->p; ++c) {
    double *vector = f->basis + (int64_t)c * f->inputs;
    int largest = 0;
    for (int i = 1; i < f->inputs; ++i)
      if (fabs(vector[i]) > fabs(vector[largest])) largest = i;
    if (vector[largest] >= 0) continue;
    for (int i = 0; i < f->inputs; ++i) vector[i] = -vector[i];
  }
}

/* Signs, and the components of what the mean lost to rounding. */
static tv_error *finish(const double *rest, int status, tv_features *f) {
  if (status)
    return tv_fail("the principal components did not converge (info %d); are there numbers in the "
                   "data whose squares overflow?",
                   status);
  fix_signs(f);
  for (int64_t c = 0; c < f->p; ++c) {
    f->offset[c] = 0;
    for (int64_t j = 0; j < f->inputs; ++j) f->offset[c] += f->basis[c * f->inputs + j] * rest[j];
  }
  return NULL;
}

static tv_error *find(const tv_experiment *experiment, const tv_source *source, MPI_Comm comm,
                      tv_checkpoint *checkpoint, double *rest, tv_features *f, int *status) {
  if (f->solver == TV_PRINCIPAL_SUBSPACE)
    return tv_subspace_components(experiment, source, comm, checkpoint, rest, f, status);
  if (f->solver == TV_PRINCIPAL_ROWS)
    return tv_row_gram_components(experiment, source, comm, f, rest, status);
  return by_covariance(experiment, source, comm, checkpoint, rest, f, status);
}

tv_error *tv_principal_find(const tv_experiment *experiment, const tv_source *source, MPI_Comm comm,
                            tv_checkpoint *checkpoint, tv_features *f) {
  int rank, status = 0;
  double *rest = NULL;
  MPI_Comm_rank(comm, &rank);
  TV_TRY(tv_agree(comm, tv_allocate(f->inputs, sizeof(*rest), &rest)));
  tv_error *error = find(experiment, source, comm, checkpoint, rest, f, &status);
  if (!error) error = tv_agree(comm, rank == 0 ? finish(rest, status, f) : NULL);
  free(rest);
  return error;
}
