#include "twoview/data/features.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fourier.h"
#include "principal.h"
#include "twoview/base/comm.h"
#include "twoview/base/statistics.h"
#include "twoview/data/principal_choice.h"
#include "twoview/linalg/fortran.h"

/* ---- What is refused ---- */

tv_error *tv_features_expect_rows(const tv_experiment *e, const tv_source *source) {
  const int p = tv_experiment_components(e, source->features);
  if (source->kind->is_generated && e->features.solver > TV_PRINCIPAL_COVARIANCE)
    return tv_experiment_fault(e, "features.solver",
                               "'%s' needs the rows of a data set; the covariance of a generated "
                               "source is known: leave the key out",
                               tv_principal_name(e->features.solver));
  if (source->rows > p || (tv_experiment_has_views(e) && !e->features.pca)) return NULL;
  if (source->rows == 1)
    return tv_experiment_fault(e, "source", "the data have no variance: there is one sample");
  return tv_experiment_fault(e, "features.pca",
                             "%lld samples vary in %lld directions about their mean, and %d "
                             "principal components are wanted; keep at most %lld",
                             (long long)source->rows, (long long)source->rows - 1, p,
                             (long long)source->rows - 1);
}

/* The variance of half a unit in the last place of a feature's mean: less than that is no more than
 * different ways to round one number. */
static double rounded_variance(const tv_features *f, int feature) {
  const double half = DBL_EPSILON * f->mean[feature] / 2;
  return half * half;
}

/* The rounding error that sums over a batch and the eigenproblem may leave, relative to the largest
 * variance. */
static double computed_variance(const tv_features *f) {
  return (TV_BATCH + f->inputs) * DBL_EPSILON * f->spectrum[0];
}

/* The same in the direction of a component. */
static double rounding_of(const tv_features *f, int component) {
  const double *vector = f->basis + (int64_t)component * f->inputs;
  double sum = computed_variance(f);
  for (int j = 0; j < f->inputs; ++j) sum += vector[j] * vector[j] * rounded_variance(f, j);
  return sum;
}

/* The cause of such a spectrum: the first features whose own variance is no more than that, or else
 * other possible causes. */
static void explain(const tv_features *f, char *out, size_t room) {
  enum { MOST_NAMED = 5 };
  int count = 0;
  size_t used = 0;
  for (int j = 0; j < f->inputs; ++j) {
    if (f->variances[j] > computed_variance(f) + rounded_variance(f, j)) continue;
    if (++count <= MOST_NAMED)
      used += (size_t)snprintf(
          out + used, room - used, "%s%d (%.2g)",
          count > 1 ? ", " : "features without further variance, counted from 0: ", j,
          fmax(f->variances[j], 0));
  }
  if (count == 0)
    snprintf(out, room,
             "features that depend linearly on each other do this, and a row far from all others");
  else if (count > MOST_NAMED)
    snprintf(out + used, room - used, " and %d more", count - MOST_NAMED);
}

/* A component without variance carries nothing, and makes the clean problem singular. */
static tv_error *expect_variance(const tv_experiment *experiment, const tv_features *f) {
  char reason[512];
  if (!(f->spectrum[0] > rounding_of(f, 0)))
    return tv_experiment_fault(experiment, "source",
                               "the data have no variance: all samples are the same%s",
                               f->spectrum[0] > 0 ? " but for rounding" : "");
  for (int i = 1; i < f->p; ++i) {
    const double rounding = rounding_of(f, i);
    if (f->spectrum[i] > rounding) continue;
    const double shown[] = {f->spectrum[0], fmax(f->spectrum[i], 0), rounding};
    const int digits = tv_digits_of(shown, 3);
    explain(f, reason, sizeof reason);
    return tv_experiment_fault(
        experiment, "features.pca",
        "the data have no variance beyond %d principal component%s: the largest is %.*g and the "
        "next %.*g, where rounding leaves up to %.*g; %s; keep at most %d",
        i, i == 1 ? "" : "s", digits, shown[0], digits, shown[1], digits, shown[2], reason, i);
  }
  return NULL;
}

/* ---- Fitting ---- */

/* What is fitted, in the order of its parts in a checkpoint. */
enum { AXES = 6 };

static void list_axes(tv_features *f, double *arrays[AXES], int64_t counts[AXES]) {
  arrays[0] = f->mean, counts[0] = f->inputs;
  arrays[1] = f->basis, counts[1] = (int64_t)f->inputs * f->p;
  arrays[2] = f->spectrum, counts[2] = f->p;
  arrays[3] = f->offset, counts[3] = f->p;
  arrays[4] = f->variances, counts[4] = f->inputs;
  arrays[5] = f->accuracy, counts[5] = TV_PRINCIPAL_FIGURES;
}

static tv_error *read_axes(tv_checkpoint *checkpoint, double *const arrays[AXES],
                           const int64_t counts[AXES]) {
  for (int i = 0; i < AXES; ++i)
    TV_TRY(tv_checkpoint_read(checkpoint, (tv_saved_key){TV_SAVED_FEATURES, i, 0, 1, ""}, arrays[i],
                              (size_t)counts[i] * sizeof(double)));
  return NULL;
}

static tv_error *hold_axes(tv_checkpoint *checkpoint, double *const arrays[AXES],
                           const int64_t counts[AXES]) {
  for (int i = 0; i < AXES; ++i)
    TV_TRY(tv_checkpoint_hold(checkpoint, (tv_saved_key){TV_SAVED_FEATURES, i, 0, 1, ""}, arrays[i],
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
  if (!error) error = tv_allocate(f->p, sizeof(*f->offset), &f->offset);
  if (!error) error = tv_allocate(f->inputs, sizeof(*f->variances), &f->variances);
  if (!error) error = tv_allocate((int64_t)f->inputs * f->p, sizeof(*f->basis), &f->basis);
  TV_TRY(tv_agree(comm, error));
  f->solver = tv_principal_choose(experiment, source);
  list_axes(f, arrays, counts);
  if (tv_checkpoint_find(checkpoint, (tv_saved_key){TV_SAVED_FEATURES, 0, 0, 1, ""}) < 0)
    TV_TRY(tv_principal_find(experiment, source, comm, checkpoint, f));
  else
    TV_TRY(tv_agree(comm, rank == 0 ? read_axes(checkpoint, arrays, counts) : NULL));
  for (int i = 0; i < AXES; ++i) tv_broadcast(comm, 0, arrays[i], counts[i]);
  TV_TRY(tv_agree(comm, rank == 0 ? hold_axes(checkpoint, arrays, counts) : NULL));
  return expect_variance(experiment, f);
}

/* Components of what is a source's, or of the data set. */
static tv_error *fit(const tv_experiment *experiment, const tv_source *source, MPI_Comm comm,
                     tv_checkpoint *checkpoint, tv_features **out) {
  tv_features *f = NULL;
  const int p = tv_experiment_components(experiment, source->features);
  *out = NULL;
  tv_error *error = tv_allocate(1, sizeof(*f), &f);
  if (!error) error = tv_allocate(p, sizeof(*f->spectrum), &f->spectrum);
  error = tv_agree(comm, error);
  if (!error) {
    f->inputs = source->features;
    f->p = p;
    if (!source->kind->has_components)
      error = find_axes(experiment, source, comm, checkpoint, f);
    else
      memcpy(f->spectrum, source->variances, (size_t)p * sizeof(double));
  }
  if (error) tv_features_destroy(&f);
  *out = f;
  return error;
}

/* The principal axes of all rows; of features that are components the first ones. */
static tv_error *fit_axes(const tv_experiment *e, const tv_source *source, MPI_Comm comm,
                          tv_checkpoint *checkpoint, tv_features *f) {
  tv_features *fitted = NULL;
  const int inputs = source->features, p = e->features.pca;
  tv_error *error = tv_agree(comm, tv_allocate((int64_t)inputs * p, sizeof(double), &f->axes));
  if (!error) error = fit(e, source, comm, checkpoint, &fitted);
  if (!error) {
    for (int i = 0; i < p; ++i) f->axes[(int64_t)i * inputs + i] = 1;
    if (fitted->basis)
      memcpy(f->axes, fitted->basis, (size_t)inputs * (size_t)p * sizeof(*f->axes));
    f->work = fitted->work;
    f->solver = fitted->solver;
    memcpy(f->accuracy, fitted->accuracy, sizeof f->accuracy);
  }
  tv_features_destroy(&fitted);
  return error;
}

tv_error *tv_features_keep(const tv_experiment *e, const tv_source *source, MPI_Comm comm,
                           tv_features **out) {
  TV_TRY(tv_agree(comm, tv_allocate(1, sizeof(**out), out)));
  (*out)->inputs = source->features;
  (*out)->p = tv_experiment_row_numbers(e, source->features);
  tv_error *error = tv_experiment_has_fourier(e) ? tv_fourier_draw(e, source, comm, *out) : NULL;
  if (error) tv_features_destroy(out);
  return error;
}

/* With axes, where these are the same at every severity. */
static tv_error *keep_all(const tv_experiment *e, const tv_source *source, MPI_Comm comm,
                          tv_checkpoint *checkpoint, tv_features **out) {
  TV_TRY(tv_features_keep(e, source, comm, out));
  if (!e->features.pca || e->corruption.chain.count > 0) return NULL;
  tv_error *error = fit_axes(e, source, comm, checkpoint, *out);
  if (error) tv_features_destroy(out);
  return error;
}

tv_error *tv_features_fit(const tv_experiment *experiment, const tv_source *source, MPI_Comm comm,
                          tv_checkpoint *checkpoint, tv_features **out) {
  *out = NULL;
  TV_TRY(tv_features_expect_rows(experiment, source));
  if (tv_experiment_has_views(experiment))
    return keep_all(experiment, source, comm, checkpoint, out);
  return fit(experiment, source, comm, checkpoint, out);
}

void tv_features_destroy(tv_features **features) {
  if (!*features) return;
  free((*features)->mean);
  free((*features)->offset);
  free((*features)->variances);
  free((*features)->basis);
  free((*features)->spectrum);
  free((*features)->axes);
  free((*features)->weights);
  free(*features);
  *features = NULL;
}

double tv_features_flops(const tv_features *f) {
  if (f->weights) return (double)f->inputs * f->p;
  return f->basis ? 2.0 * f->inputs * f->p : 0;
}

void tv_features_apply(const tv_features *f, int count, const double *constants, double *raw,
                       double *components) {
  const double unit = 1, nothing = 0;
  if (f->weights) {
    tv_features_map(f, count, raw, f->inputs, components, f->p);
    return;
  }
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
  for (int i = 0; i < count; ++i)
    for (int j = 0; j < f->p; ++j)
      components[(int64_t)i * f->p + j] -= (constants ? constants[i] : 1) * f->offset[j];
}
