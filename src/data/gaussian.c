/* x ~ N(0, diag(variances)), and a teacher that looks at x in units of its standard deviations:
 *   linear   y = W x_standard / sqrt(features) + noise, W standard normal: targets of unit signal;
 *   classes  y = one-hot of the class mean nearest to x, the means drawn from the law of x. */
#include <math.h>

#include "generated.h"
#include "twoview/base/comm.h"
#include "twoview/experiment/check.h"
#include "twoview/linalg/fortran.h"
#include "twoview/random/random.h"

/* ---- Keys ---- */

static const tv_word teachers[] = {
    {"linear", TV_TEACHER_LINEAR}, {"classes", TV_TEACHER_CLASSES}, {0}};

static const tv_key teacher_keys[] = {
    {TV_KEY(tv_teacher, type, TV_KEY_CHOICE), .words = teachers, .standard = "linear",
     .help = "targets are `linear` in the features, or `classes`, those of the nearest mean"},
    {TV_KEY(tv_teacher, targets, TV_KEY_INTEGER), .standard = "1", .low = 1, .high = MOST_INPUTS,
     .help = "their number"},
    {TV_KEY(tv_teacher, noise, TV_KEY_NUMBER), .standard = "0", .high = INFINITY,
     .only_with = "linear", .help = "linear: standard deviation of the noise added to each"},
    {0}};

static const tv_key keys[] = {
    TV_VARIANCES_KEYS,
    {TV_KEY(tv_gaussian_settings, teacher, TV_KEY_MAPPING), .keys = teacher_keys, .begins_line = 1},
    {0}};

static tv_error *check(const tv_experiment *e) {
  const tv_gaussian_settings *s = e->source.settings;
  TV_TRY(tv_variances_check(e));
  TV_REQUIRE(e, "noise.sampler",
             e->noise.sampler != TV_SAMPLER_LAW || s->teacher.type == TV_TEACHER_LINEAR,
             "moments with the classes of 'teacher: {type: classes}', the nearest means, have no "
             "law in closed form; take 'rows', 'teacher: {type: linear}' or 'source: {type: "
             "mixture}'");
  return NULL;
}

/* ---- Targets ---- */

/* y = weights' x + noise e; y comes filled with standard normals e. */
static void linear_targets(const tv_source *source, int count, const double *x, double *y) {
  const int p = source->features, l = source->targets;
  const double unit = 1;
  dgemm_("T", "N", &l, &count, &p, &unit, source->teacher_weights, &p, x, &p,
         &source->teacher_noise, y, &l, 1, 1);
}

/* The nearest mean m has the largest m'x - |m|^2/2. */
static void nearest_classes(const tv_source *source, int count, const double *x, double *y) {
  const tv_generator *g = source->state;
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

/* ---- Rows ---- */

static tv_error *read_linear(const tv_source *source, int replicate, int64_t first, int count,
                             double *x, double *y) {
  const tv_generator *g = source->state;
  const tv_stream targets = tv_experiment_stream(g->experiment, TV_FOR_TARGETS, replicate);
  const int l = source->targets;
  int64_t rows[TV_BATCH] = {0};
  TV_TRY(tv_generator_read(source, replicate, first, count, rows, x));
  tv_random_normal_rows(targets, rows, count, 0, l, y, l);
  linear_targets(source, count, x, y);
  return NULL;
}

static tv_error *read_classes(const tv_source *source, int replicate, int64_t first, int count,
                              double *x, double *y) {
  int64_t rows[TV_BATCH] = {0};
  TV_TRY(tv_generator_read(source, replicate, first, count, rows, x));
  nearest_classes(source, count, x, y);
  return NULL;
}

/* The same rows, linear in standard normals; the mean is 0. */
static void combine(const tv_source *source, int count, const double *indicators, double *x,
                    double *y) {
  const tv_generator *g = source->state;
  const int p = source->features;
  (void)indicators;
  for (int64_t i = 0; i < count; ++i)
    for (int j = 0; j < p; ++j) x[i * p + j] *= g->deviations[j];
  linear_targets(source, count, x, y);
}

static tv_error *open_gaussian(const tv_experiment *experiment, MPI_Comm comm, tv_source *source) {
  const tv_gaussian_settings *s = experiment->source.settings;
  const int is_linear = s->teacher.type == TV_TEACHER_LINEAR;
  TV_TRY(tv_agree(comm, tv_generator_open(experiment, s->teacher.targets, source)));
  const tv_generator *g = source->state;
  source->variances = g->variances;
  source->read = is_linear ? read_linear : read_classes;
  source->has_classes = !is_linear;
  if (!is_linear) {
    tv_generator_draw_means(source, 1);
    return NULL;
  }
  tv_generator_draw_weights(source);
  source->read_features = tv_generator_read_features;
  source->teacher_weights = g->teacher;
  source->teacher_noise = s->teacher.noise;
  source->combine = combine;
  source->law_classes = 1;
  source->law_noises = source->targets;
  return NULL;
}

const tv_source_kind tv_source_gaussian = {.kind = {.name = "gaussian",
                                                    .title = "normal samples and a teacher",
                                                    .keys = keys,
                                                    .size = sizeof(tv_gaussian_settings),
                                                    .check = check},
                                           .is_generated = 1,
                                           .has_components = 1,
                                           .open = open_gaussian};
