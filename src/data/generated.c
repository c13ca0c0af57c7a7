#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/base/comm.h"
#include "twoview/data/source.h"
#include "twoview/linalg/fortran.h"
#include "twoview/random/random.h"

/* Rows that are drawn as they are needed.
 * gaussian: x ~ N(0, diag(variances)), and a teacher that looks at x in units of its standard
 * deviations:
 *   linear   y = W x_standard / sqrt(features) + noise, W standard normal: targets of unit signal;
 *   classes  y = one-hot of the class mean nearest to x, the means drawn from the law of x.
 * mixture: y = one-hot of a class drawn uniformly, x ~ N(m_class, diag(variances)), the means drawn
 * from separation * N(0, diag(variances)). */
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

/* Draw a class for each row, and move the row from the origin to the mean of its class. */
static void mix_classes(const generator *g, const tv_source *source, int replicate, int64_t first,
                        int count, double *x, double *y) {
  const int p = source->features, l = source->targets;
  const tv_stream classes = tv_experiment_stream(g->experiment, TV_FOR_CLASS, replicate);
  memset(y, 0, (size_t)count * (size_t)l * sizeof(*y));
  for (int64_t i = 0; i < count; ++i) {
    double uniform;
    tv_random_uniforms(classes, (uint64_t)(first + i), 1, &uniform);
    const int64_t c = (int64_t)(uniform * l); /* below l: the uniform is at most 1 - 2^-53 */
    y[i * l + c] = 1;
    for (int j = 0; j < p; ++j) x[i * p + j] += g->teacher[c * p + j];
  }
}

/* Classes are equally likely: the covariance is the one within classes plus the means' own. */
static void mixture_population(const tv_source *source, double *mean, double *covariance) {
  const generator *g = source->state;
  const int p = source->features, l = source->targets;
  const double share = 1.0 / l, nothing = 0;
  memset(mean, 0, (size_t)p * sizeof(*mean));
  for (int64_t c = 0; c < l; ++c)
    for (int j = 0; j < p; ++j) mean[j] += share * g->teacher[c * p + j];
  dsyrk_("L", "N", &p, &l, &share, g->teacher, &p, &nothing, covariance, &p, 1, 1);
  for (int64_t j = 0; j < p; ++j) {
    for (int64_t i = j; i < p; ++i) covariance[j * p + i] -= mean[i] * mean[j];
    covariance[j * p + j] += g->variances[j];
  }
}

static tv_error *generate_features(const tv_source *source, int replicate, const int64_t *rows,
                                   int count, int from, int width, double *x, int leading) {
  const generator *g = source->state;
  const tv_stream stream = tv_experiment_stream(g->experiment, TV_FOR_FEATURES, replicate);
  tv_random_normal_rows(stream, rows, count, from, width, x, leading);
  for (int64_t i = 0; i < count; ++i)
    for (int j = 0; j < width; ++j) x[i * leading + j] *= g->deviations[from + j];
  return NULL;
}

/* The same rows, linear in their class and in standard normals. */
static void combine_gaussian(const tv_source *source, int count, const double *indicators,
                             double *x, double *y) {
  const generator *g = source->state;
  const int p = source->features;
  (void)indicators; /* the mean is 0 */
  for (int64_t i = 0; i < count; ++i)
    for (int j = 0; j < p; ++j) x[i * p + j] *= g->deviations[j];
  linear_targets(source, count, x, y);
}

static void combine_mixture(const tv_source *source, int count, const double *indicators, double *x,
                            double *y) {
  const generator *g = source->state;
  const int p = source->features, l = source->targets;
  const double unit = 1;
  for (int64_t i = 0; i < count; ++i)
    for (int j = 0; j < p; ++j) x[i * p + j] *= g->deviations[j];
  dgemm_("N", "N", &p, &count, &l, &unit, g->teacher, &p, indicators, &l, &unit, x, &p, 1, 1);
  memcpy(y, indicators, (size_t)count * (size_t)l * sizeof(*y));
}

static tv_error *generate_rows(const tv_source *source, int replicate, int64_t first, int count,
                               double *x, double *y) {
  const generator *g = source->state;
  const int p = source->features, l = source->targets;
  const tv_stream targets = tv_experiment_stream(g->experiment, TV_FOR_TARGETS, replicate);
  int64_t rows[TV_BATCH] = {0};
  for (int i = 0; i < count; ++i) rows[i] = first + i;
  TV_TRY(generate_features(source, replicate, rows, count, 0, p, x, p));
  if (source->teacher_weights) {
    tv_random_normal_rows(targets, rows, count, 0, l, y, l);
    linear_targets(source, count, x, y);
  } else if (source->population) {
    mix_classes(g, source, replicate, first, count, x, y);
  } else {
    nearest_classes(g, source, count, x, y);
  }
  return NULL;
}

static void set_variances(const tv_source_spec *spec, int p, generator *g) {
  const tv_power_law *law = &spec->power_law;
  for (int j = 0; j < p; ++j) {
    g->variances[j] = spec->spectrum ? spec->spectrum[j] : law->scale * pow(j + 1, -law->exponent);
    g->deviations[j] = sqrt(g->variances[j]);
  }
}

/* Standard normals in units of the features' deviations: weights or means. */
static void draw_teacher(const tv_experiment *experiment, int p, int l, generator *g) {
  const tv_source_spec *spec = &experiment->source;
  const tv_stream stream = {experiment->seed, TV_FOR_TEACHER, 0};
  const int is_mixture = spec->type == TV_SOURCE_MIXTURE;
  const int is_class = is_mixture || spec->teacher.type == TV_TEACHER_CLASSES;
  const double spread = is_mixture ? spec->separation : 1, scale = 1 / sqrt((double)p);
  for (int64_t t = 0; t < l; ++t) {
    double *column = g->teacher + t * p;
    tv_random_normals(stream, (uint64_t)t, p, column);
    for (int j = 0; j < p; ++j) {
      column[j] *= is_class ? spread * g->deviations[j] : scale / g->deviations[j];
      g->half_squares[t] += column[j] * column[j] / 2;
    }
  }
}

static tv_error *make_generator(const tv_experiment *experiment, tv_source *source) {
  const tv_source_spec *spec = &experiment->source;
  generator *g = source->state;
  const int is_mixture = spec->type == TV_SOURCE_MIXTURE;
  const int p = spec->spectrum ? (int)spec->spectrum_count : spec->power_law.features;
  const int l = is_mixture ? spec->classes : spec->teacher.targets;
  TV_TRY(tv_allocate(p, sizeof(double), &g->variances));
  TV_TRY(tv_allocate(p, sizeof(double), &g->deviations));
  TV_TRY(tv_allocate((int64_t)p * l, sizeof(double), &g->teacher));
  TV_TRY(tv_allocate(l, sizeof(double), &g->half_squares));
  set_variances(spec, p, g);
  draw_teacher(experiment, p, l, g);
  source->rows = -1;
  source->features = p;
  source->targets = l;
  if (is_mixture) {
    source->population = mixture_population;
    source->combine = combine_mixture;
    source->law_classes = l;
  } else {
    source->variances = g->variances;
  }
  if (!is_mixture && spec->teacher.type == TV_TEACHER_LINEAR) {
    source->read_features = generate_features;
    source->teacher_weights = g->teacher;
    source->teacher_noise = spec->teacher.noise;
    source->combine = combine_gaussian;
    source->law_classes = 1;
    source->law_noises = l;
  }
  return NULL;
}

tv_error *tv_source_open_generated(const tv_experiment *experiment, MPI_Comm comm,
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
