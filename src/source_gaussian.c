#include <math.h>
#include <stdlib.h>

#include "fortran.h"
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
  double *teacher;      /* features x targets, column-major: weights, or class means */
  double *half_squares; /* |m|^2/2 of the class means */
} generator;

static void close_generator(tv_source *source) {
  generator *g = source->state;
  if (!g) return;
  free(g->deviations);
  free(g->variances);
  free(g->teacher);
  free(g->half_squares);
}

/* y = weights' x + noise e; y comes filled with standard normals e. */
static void linear_targets(const tv_source *source, int count, const double *x, double *y) {
  const int p = source->features, l = source->targets;
  const double unit = 1;
  dgemm_("T", "N", &l, &count, &p, &unit, source->teacher_weights, &p, x, &p,
         &source->teacher_noise, y, &l, 1, 1);
}

/* The nearest mean m has the largest m'x - |m|^2/2. */
static void nearest_classes(const generator *g, const tv_source *source, int count, const double *x,
                            double *y) {
  const int p = source->features, l = source->targets;
  const double unit = 1, nothing = 0;
  dgemm_("T", "N", &l, &count, &p, &unit, g->teacher, &p, x, &p, &nothing, y, &l, 1, 1);
  for (int i = 0; i < count; ++i, y += l) {
    int best = 0;
    for (int c = 0; c < l; ++c) {
      y[c] -= g->half_squares[c];
      if (y[c] > y[best]) best = c;
    }
    for (int c = 0; c < l; ++c) y[c] = c == best;
  }
}

static tv_error *generate_features(const tv_source *source, int replicate, const int64_t *rows,
                                   int count, int from, int width, double *x, int leading) {
  const generator *g = source->state;
  const tv_stream stream = {g->experiment->seed, TV_FOR_FEATURES, (uint32_t)replicate};
  tv_random_normal_rows(stream, rows, count, from, width, x, leading);
  for (int64_t i = 0; i < count; ++i)
    for (int j = 0; j < width; ++j) x[i * leading + j] *= g->deviations[from + j];
  return NULL;
}

static tv_error *generate_rows(const tv_source *source, int replicate, int64_t first, int count,
                               double *x, double *y) {
  const generator *g = source->state;
  const int p = source->features, l = source->targets;
  const tv_stream targets = {g->experiment->seed, TV_FOR_TARGETS, (uint32_t)replicate};
  int64_t rows[TV_BATCH] = {0};
  for (int i = 0; i < count; ++i) rows[i] = first + i;
  TV_TRY(generate_features(source, replicate, rows, count, 0, p, x, p));
  if (!source->teacher_weights) {
    nearest_classes(g, source, count, x, y);
    return NULL;
  }
  tv_random_normal_rows(targets, rows, count, 0, l, y, l);
  linear_targets(source, count, x, y);
  return NULL;
}

static void draw_teacher(const tv_experiment *experiment, int p, generator *g) {
  const tv_teacher *teacher = &experiment->source.teacher;
  const tv_stream stream = {experiment->seed, TV_FOR_TEACHER, 0};
  const double scale = 1 / sqrt((double)p);
  for (int t = 0; t < teacher->targets; ++t) {
    double *column = g->teacher + (int64_t)t * p;
    tv_random_normals(stream, (uint64_t)t, p, column);
    for (int j = 0; j < p; ++j) {
      column[j] *= teacher->type == TV_TEACHER_LINEAR ? scale / g->deviations[j] : g->deviations[j];
      g->half_squares[t] += column[j] * column[j] / 2;
    }
  }
}

static tv_error *make_generator(const tv_experiment *experiment, tv_source *source) {
  const tv_source_spec *spec = &experiment->source;
  generator *g = source->state;
  const int p = spec->spectrum ? (int)spec->spectrum_count : spec->power_law.features;
  const int l = spec->teacher.targets;
  TV_TRY(tv_allocate(p, sizeof(double), &g->variances));
  TV_TRY(tv_allocate(p, sizeof(double), &g->deviations));
  TV_TRY(tv_allocate((int64_t)p * l, sizeof(double), &g->teacher));
  TV_TRY(tv_allocate(l, sizeof(double), &g->half_squares));
  for (int j = 0; j < p; ++j) {
    g->variances[j] = spec->spectrum
                          ? spec->spectrum[j]
                          : spec->power_law.scale * pow(j + 1, -spec->power_law.exponent);
    g->deviations[j] = sqrt(g->variances[j]);
  }
  draw_teacher(experiment, p, g);
  if (spec->teacher.type == TV_TEACHER_LINEAR) {
    source->read_features = generate_features;
    source->teacher_weights = g->teacher;
    source->teacher_noise = spec->teacher.noise;
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
