#include "twoview/data/features.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "raw_moments.h"
#include "twoview/base/comm.h"
#include "twoview/linalg/dense.h"
#include "twoview/linalg/fortran.h"

/* mean = shift + sum/n, and the covariance into the lower triangle of `covariance`. */
static void centre(int inputs, int64_t rows, const double *sums, const double *shift, double *mean,
                   tv_distmat *covariance) {
  const int64_t width = inputs + 1;
  const double n = (double)rows;
  for (int j = 0; j < inputs; ++j) mean[j] = sums[j * width + inputs] / n;
  for (int64_t j = 0; j < inputs; ++j)
    for (int64_t i = j; i < inputs; ++i)
      covariance->data[j * inputs + i] = sums[j * width + i] / n - mean[i] * mean[j];
  for (int j = 0; j < inputs; ++j) mean[j] += shift[j];
}

/* Eigenvectors have free signs: the entry largest in size is made positive. */
static void fix_signs(int inputs, int p, double *basis) {
  for (int c = 0; c < p; ++c) {
    double *vector = basis + (int64_t)c * inputs;
    int largest = 0;
    for (int i = 1; i < inputs; ++i)
      if (fabs(vector[i]) > fabs(vector[largest])) largest = i;
    if (vector[largest] >= 0) continue;
    for (int i = 0; i < inputs; ++i) vector[i] = -vector[i];
  }
}

/* Mean, basis and spectrum from the population's moments, or else from the data's. */
static tv_error *rotate(tv_features *f, const tv_source *source, const double *sums,
                        const double *shift) {
  tv_grid *grid = NULL;
  tv_distmat *covariance = NULL, *vectors = NULL;
  int status = 0;
  tv_error *error;
  TV_GO(tv_grid_create(MPI_COMM_SELF, TV_SMALL_BLOCK, &grid));
  TV_GO(tv_distmat_create(grid, f->inputs, f->inputs, &covariance));
  TV_GO(tv_distmat_create(grid, f->inputs, f->p, &vectors));
  if (source->population)
    source->population(source, f->mean, covariance->data);
  else
    centre(f->inputs, source->rows, sums, shift, f->mean, covariance);
  TV_GO(tv_eigen_top(covariance, f->p, f->spectrum, vectors, &status));
  if (status)
    TV_GO(tv_fail("the principal components did not converge (info %d); are there numbers in "
                  "the data whose squares overflow?",
                  status));
  tv_distmat_gather(vectors, f->basis);
  fix_signs(f->inputs, f->p, f->basis);
done:
  tv_distmat_destroy(&vectors);
  tv_distmat_destroy(&covariance);
  tv_grid_destroy(&grid);
  return error;
}

/* A component without variance carries nothing, and makes the clean problem singular. */
static tv_error *expect_variance(const tv_experiment *experiment, const tv_features *f) {
  const double floor_variance = 1e-13 * f->spectrum[0];
  if (!(f->spectrum[0] > 0))
    return tv_experiment_fault(experiment, "source",
                               "the data have no variance: all samples are the same");
  for (int i = 1; i < f->p; ++i)
    if (!(f->spectrum[i] > floor_variance))
      return tv_experiment_fault(experiment, "features.pca",
                                 "the data have no variance beyond %d principal component%s; "
                                 "keep at most that many",
                                 i, i == 1 ? "" : "s");
  return NULL;
}

/* Rank 0: from one pass over the data, in which all take part, or from the population. */
static tv_error *fit_axes(const tv_experiment *experiment, const tv_source *source, MPI_Comm comm,
                          tv_checkpoint *checkpoint, tv_features *f) {
  const int reads_data = !source->population;
  int rank;
  const int64_t width = f->inputs + 1;
  double *sums = NULL, *shift = NULL;
  tv_error *error = NULL;
  MPI_Comm_rank(comm, &rank);
  if (reads_data) error = tv_allocate(width * width, sizeof(*sums), &sums);
  if (!error && reads_data) error = tv_allocate(f->inputs, sizeof(*shift), &shift);
  error = tv_agree(comm, error);
  if (!error && reads_data)
    error = tv_raw_moments_sum(experiment, source, comm, checkpoint, shift, sums, &f->work);
  if (!error) error = tv_agree(comm, rank == 0 ? rotate(f, source, sums, shift) : NULL);
  free(sums);
  free(shift);
  return error;
}

/* What is fitted, in the order of its parts in a checkpoint. */
enum { AXES = 3 };

static void list_axes(const tv_features *f, double *arrays[AXES], int64_t counts[AXES]) {
  arrays[0] = f->mean, counts[0] = f->inputs;
  arrays[1] = f->basis, counts[1] = (int64_t)f->inputs * f->p;
  arrays[2] = f->spectrum, counts[2] = f->p;
}

static tv_error *read_axes(tv_checkpoint *checkpoint, double *const arrays[AXES],
                           const int64_t counts[AXES]) {
  for (int i = 0; i < AXES; ++i)
    TV_TRY(tv_checkpoint_read(checkpoint, (tv_saved_key){TV_SAVED_FEATURES, i, 0, 1}, arrays[i],
                              (size_t)counts[i] * sizeof(double)));
  return NULL;
}

static tv_error *hold_axes(tv_checkpoint *checkpoint, double *const arrays[AXES],
                           const int64_t counts[AXES]) {
  for (int i = 0; i < AXES; ++i)
    TV_TRY(tv_checkpoint_hold(checkpoint, (tv_saved_key){TV_SAVED_FEATURES, i, 0, 1}, arrays[i],
                              (size_t)counts[i] * sizeof(double)));
  return NULL;
}

/* Mean, basis and spectrum, found once and the same on every rank. */
static tv_error *find_axes(const tv_experiment *experiment, const tv_source *source, MPI_Comm comm,
                           tv_checkpoint *checkpoint, tv_features *f) {
  int rank;
  double *arrays[AXES];
  int64_t counts[AXES];
  MPI_Comm_rank(comm, &rank);
  tv_error *error = tv_allocate(f->inputs, sizeof(*f->mean), &f->mean);
  if (!error) error = tv_allocate((int64_t)f->inputs * f->p, sizeof(*f->basis), &f->basis);
  TV_TRY(tv_agree(comm, error));
  list_axes(f, arrays, counts);
  if (tv_checkpoint_find(checkpoint, (tv_saved_key){TV_SAVED_FEATURES, 0, 0, 1}) < 0)
    TV_TRY(fit_axes(experiment, source, comm, checkpoint, f));
  else
    TV_TRY(tv_agree(comm, rank == 0 ? read_axes(checkpoint, arrays, counts) : NULL));
  for (int i = 0; i < AXES; ++i) tv_broadcast(comm, 0, arrays[i], counts[i]);
  TV_TRY(tv_agree(comm, rank == 0 ? hold_axes(checkpoint, arrays, counts) : NULL));
  return expect_variance(experiment, f);
}

tv_error *tv_features_fit(const tv_experiment *experiment, const tv_source *source, MPI_Comm comm,
                          tv_checkpoint *checkpoint, tv_features **out) {
  tv_features *f = NULL;
  const int p = experiment->features.pca ? experiment->features.pca : source->features;
  *out = NULL;
  tv_error *error = tv_allocate(1, sizeof(*f), &f);
  if (!error) error = tv_allocate(p, sizeof(*f->spectrum), &f->spectrum);
  error = tv_agree(comm, error);
  if (!error) {
    f->inputs = source->features;
    f->p = p;
    if (source->variances)
      memcpy(f->spectrum, source->variances, (size_t)p * sizeof(double));
    else
      error = find_axes(experiment, source, comm, checkpoint, f);
  }
  if (error) tv_features_destroy(&f);
  *out = f;
  return error;
}

void tv_features_destroy(tv_features **features) {
  if (!*features) return;
  free((*features)->mean);
  free((*features)->basis);
  free((*features)->spectrum);
  free(*features);
  *features = NULL;
}

void tv_features_apply(const tv_features *f, int count, const double *constants, double *raw,
                       double *components) {
  const double unit = 1, nothing = 0;
  if (!f->basis) {
    for (int i = 0; i < count; ++i)
      memcpy(components + (int64_t)i * f->p, raw + (int64_t)i * f->inputs,
             (size_t)f->p * sizeof(double));
    return;
  }
  for (int i = 0; i < count; ++i)
    for (int j = 0; j < f->inputs; ++j)
      raw[(int64_t)i * f->inputs + j] -= (constants ? constants[i] : 1) * f->mean[j];
  dgemm_("T", "N", &f->p, &count, &f->inputs, &unit, f->basis, &f->inputs, raw, &f->inputs,
         &nothing, components, &f->p, 1, 1);
}
