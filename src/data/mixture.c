/* y = one-hot of a class drawn uniformly, x ~ N(m_class, diag(variances)), the means drawn from
 * separation * N(0, diag(variances)). */
#include <string.h>

#include "generated.h"
#include "twoview/base/comm.h"
#include "twoview/experiment/check.h"
#include "twoview/linalg/fortran.h"
#include "twoview/random/random.h"

static const tv_key keys[] = {
    TV_VARIANCES_KEYS,
    {TV_KEY(tv_mixture_settings, classes, TV_KEY_INTEGER),
     .missing = "say how many classes are mixed", .low = 2, .high = MOST_INPUTS, .begins_line = 1,
     .help = "number of classes, equally likely; they are the targets"},
    /* With class means further apart than this, the variances within classes are lost to
     * rounding. */
    {TV_KEY(tv_mixture_settings, separation, TV_KEY_NUMBER),
     .missing = "give the spread of the class means in deviations within classes", .high = 1e6,
     .help = "spread of the class means, in deviations within classes"},
    {0}};

/* Draw a class for each row, and move the row from the origin to the mean of its class. */
static void mix_classes(const tv_source *source, int replicate, int64_t first, int count, double *x,
                        double *y) {
  const tv_generator *g = source->state;
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

static tv_error *read_rows(const tv_source *source, int replicate, int64_t first, int count,
                           double *x, double *y) {
  int64_t rows[TV_BATCH] = {0};
  TV_TRY(tv_generator_read(source, replicate, first, count, rows, x));
  mix_classes(source, replicate, first, count, x, y);
  return NULL;
}

/* Classes are equally likely: the covariance is the one within classes plus the means' own. */
static void population(const tv_source *source, double *mean, double *covariance) {
  const tv_generator *g = source->state;
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

/* The same rows, linear in their class and in standard normals. */
static void combine(const tv_source *source, int count, const double *indicators, double *x,
                    double *y) {
  const tv_generator *g = source->state;
  const int p = source->features, l = source->targets;
  const double unit = 1;
  for (int64_t i = 0; i < count; ++i)
    for (int j = 0; j < p; ++j) x[i * p + j] *= g->deviations[j];
  dgemm_("N", "N", &p, &count, &l, &unit, g->teacher, &p, indicators, &l, &unit, x, &p, 1, 1);
  memcpy(y, indicators, (size_t)count * (size_t)l * sizeof(*y));
}

static tv_error *open_mixture(const tv_experiment *experiment, MPI_Comm comm, tv_source *source) {
  const tv_mixture_settings *s = experiment->source.settings;
  TV_TRY(tv_agree(comm, tv_generator_open(experiment, s->classes, source)));
  tv_generator_draw_means(source, s->separation);
  source->read = read_rows;
  source->population = population;
  source->combine = combine;
  source->law_classes = s->classes;
  source->has_classes = 1;
  return NULL;
}

const tv_source_kind tv_source_mixture = {.kind = {.name = "mixture",
                                                   .title = "a mixture of Gaussian classes",
                                                   .keys = keys,
                                                   .size = sizeof(tv_mixture_settings),
                                                   .check = tv_variances_check},
                                          .is_generated = 1,
                                          .open = open_mixture};
