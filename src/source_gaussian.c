#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "twoview/comm.h"
#include "twoview/random.h"
#include "twoview/source.h"

/* x ~ N(0, diag(variances)), and a teacher that looks at x in units of its standard deviations:
 *   linear   y = W x_standard / sqrt(features) + noise, W standard normal: targets of unit signal;
 *   classes  y = one-hot of the class mean nearest to x, the means drawn from the law of x. */
typedef struct {
  const tv_experiment *experiment; /* borrowed */
  double *deviations;              /* of the features */
  double *variances;
  double *teacher; /* targets x features, rows contiguous: weights, or class means */
} generator;

static void close_generator(tv_source *source) {
  generator *g = source->state;
  if (!g) return;
  free(g->deviations);
  free(g->variances);
  free(g->teacher);
}

static int nearest_class(const generator *g, int classes, int features, const double *x) {
  int best = 0;
  double best_distance = DBL_MAX;
  for (int c = 0; c < classes; ++c) {
    const double *mean = g->teacher + (int64_t)c * features;
    double distance = 0;
    for (int j = 0; j < features; ++j) distance += (x[j] - mean[j]) * (x[j] - mean[j]);
    if (distance < best_distance) {
      best_distance = distance;
      best = c;
    }
  }
  return best;
}

static void linear_targets(const generator *g, const tv_source *source, tv_stream stream,
                           int64_t row, const double *standard, double *y) {
  const double scale = 1 / sqrt((double)source->features);
  tv_random_normals(stream, (uint64_t)row, source->targets, y);
  for (int t = 0; t < source->targets; ++t) {
    const double *weights = g->teacher + (int64_t)t * source->features;
    double signal = 0;
    for (int j = 0; j < source->features; ++j) signal += weights[j] * standard[j];
    y[t] = scale * signal + g->experiment->source.teacher.noise * y[t];
  }
}

static tv_error *generate_rows(const tv_source *source, int replicate, int64_t first, int count,
                               double *x, double *y) {
  const generator *g = source->state;
  const int p = source->features, l = source->targets;
  const uint64_t seed = g->experiment->seed;
  const tv_stream features = {seed, TV_FOR_FEATURES, (uint32_t)replicate};
  const tv_stream targets = {seed, TV_FOR_TARGETS, (uint32_t)replicate};
  const int is_linear = g->experiment->source.teacher.type == TV_TEACHER_LINEAR;
  for (int i = 0; i < count; ++i, x += p, y += l) {
    tv_random_normals(features, (uint64_t)(first + i), p, x);
    if (is_linear) linear_targets(g, source, targets, first + i, x, y);
    for (int j = 0; j < p; ++j) x[j] *= g->deviations[j];
    if (is_linear) continue;
    for (int c = 0; c < l; ++c) y[c] = 0;
    y[nearest_class(g, l, p, x)] = 1;
  }
  return NULL;
}

static tv_error *make_generator(const tv_experiment *experiment, tv_source *source) {
  const tv_source_spec *spec = &experiment->source;
  generator *g = source->state;
  const int p = spec->spectrum ? (int)spec->spectrum_count : spec->power_law.features;
  const int l = spec->teacher.targets;
  const tv_stream teacher = {experiment->seed, TV_FOR_TEACHER, 0};
  TV_TRY(tv_allocate(p, sizeof(double), &g->variances));
  TV_TRY(tv_allocate(p, sizeof(double), &g->deviations));
  TV_TRY(tv_allocate((int64_t)p * l, sizeof(double), &g->teacher));
  for (int j = 0; j < p; ++j) {
    g->variances[j] = spec->spectrum
                          ? spec->spectrum[j]
                          : spec->power_law.scale * pow(j + 1, -spec->power_law.exponent);
    g->deviations[j] = sqrt(g->variances[j]);
  }
  for (int t = 0; t < l; ++t) {
    double *row = g->teacher + (int64_t)t * p;
    tv_random_normals(teacher, (uint64_t)t, p, row);
    for (int j = 0; spec->teacher.type == TV_TEACHER_CLASSES && j < p; ++j)
      row[j] *= g->deviations[j];
  }
  source->rows = -1;
  source->features = p;
  source->targets = l;
  source->population = g->variances;
  return NULL;
}

tv_error *tv_source_open_gaussian(const tv_experiment *experiment, MPI_Comm comm,
                                  tv_source *source) {
  source->read = generate_rows;
  source->close = close_generator;
  generator *g = NULL;
  tv_error *error = tv_allocate(1, sizeof(*g), &g);
  source->state = g;
  if (!error) {
    g->experiment = experiment;
    error = make_generator(experiment, source);
  }
  return tv_agree(comm, error);
}
