#include "generated.h"

#include <math.h>
#include <stdlib.h>

#include "twoview/base/statistics.h"
#include "twoview/experiment/check.h"
#include "twoview/random/random.h"

/* ---- Keys ---- */

const tv_key tv_power_law_keys[] = {
    {TV_KEY(tv_power_law, features, TV_KEY_INTEGER), .standard = "0", .low = 1, .high = MOST_INPUTS,
     .otherwise = "... or this", .help = "number of features, of variances scale · i^−exponent"},
    {TV_KEY(tv_power_law, scale, TV_KEY_NUMBER), .standard = "1", .high = INFINITY,
     .excludes_low = 1, .help = "the largest variance"},
    {TV_KEY(tv_power_law, exponent, TV_KEY_NUMBER), .standard = "0", .high = INFINITY,
     .help = "how fast they fall"},
    {0}};

/* The settings of each of the kinds begin with the variances. */
static const tv_variances_spec *variances_of(const tv_experiment *e) {
  return e->source.settings;
}

tv_error *tv_variances_check(const tv_experiment *e) {
  const tv_variances_spec *v = variances_of(e);
  TV_REQUIRE(e, "source.spectrum", !v->spectrum != !tv_experiment_gives(e, "source.power_law"),
             "give either 'spectrum' (a list) or 'power_law'");
  TV_REQUIRE(e, "source.scale", e->source.scale == 1,
             "divides the numbers of a data set; generated ones have the variances that are asked "
             "for: leave it out");
  for (unsigned i = 0; i < v->spectrum_count; ++i)
    TV_REQUIRE(e, "source.spectrum",
               isfinite(v->spectrum[i]) && v->spectrum[i] > 0 &&
                   (i == 0 || v->spectrum[i] <= v->spectrum[i - 1]),
               "variances must be positive, finite and the largest first; entry %u is %s", i + 1,
               TV_EXACT(v->spectrum[i]));
  return NULL;
}

/* ---- The source ---- */

static void close_generator(tv_source *source) {
  tv_generator *g = source->state;
  if (!g) return;
  free(g->deviations);
  free(g->variances);
  free(g->teacher);
  free(g->half_squares);
}

tv_error *tv_generator_open(const tv_experiment *experiment, int targets, tv_source *source) {
  const tv_variances_spec *v = variances_of(experiment);
  const int p = v->spectrum ? (int)v->spectrum_count : v->power_law.features;
  tv_generator *g = NULL;
  TV_TRY(tv_allocate(1, sizeof(*g), &g));
  source->state = g;
  source->close = close_generator;
  source->rows = INT64_MAX;
  source->features = p;
  source->targets = targets;
  g->experiment = experiment;
  TV_TRY(tv_allocate(p, sizeof(double), &g->variances));
  TV_TRY(tv_allocate(p, sizeof(double), &g->deviations));
  TV_TRY(tv_allocate((int64_t)p * targets, sizeof(double), &g->teacher));
  TV_TRY(tv_allocate(targets, sizeof(double), &g->half_squares));
  for (int j = 0; j < p; ++j) {
    g->variances[j] =
        v->spectrum ? v->spectrum[j] : v->power_law.scale * pow(j + 1, -v->power_law.exponent);
    g->deviations[j] = sqrt(g->variances[j]);
  }
  return NULL;
}

static void draw_column(const tv_generator *g, int target, int p, double *column) {
  tv_random_normals((tv_stream){g->experiment->seed, TV_FOR_TEACHER, 0}, (uint64_t)target, p,
                    column);
}

void tv_generator_draw_means(const tv_source *source, double deviations) {
  const tv_generator *g = source->state;
  const int p = source->features;
  for (int t = 0; t < source->targets; ++t) {
    double *mean = g->teacher + (int64_t)t * p;
    draw_column(g, t, p, mean);
    for (int j = 0; j < p; ++j) {
      mean[j] *= deviations * g->deviations[j];
      g->half_squares[t] += mean[j] * mean[j] / 2;
    }
  }
}

void tv_generator_draw_weights(const tv_source *source) {
  const tv_generator *g = source->state;
  const int p = source->features;
  const double scale = 1 / sqrt((double)p);
  for (int t = 0; t < source->targets; ++t) {
    double *weights = g->teacher + (int64_t)t * p;
    draw_column(g, t, p, weights);
    for (int j = 0; j < p; ++j) weights[j] *= scale / g->deviations[j];
  }
}

/* ---- Rows ---- */

tv_error *tv_generator_read_features(const tv_source *source, int replicate, const int64_t *rows,
                                     int count, int from, int width, double *x, int leading) {
  const tv_generator *g = source->state;
  const tv_stream stream = tv_experiment_stream(g->experiment, TV_FOR_FEATURES, replicate);
  tv_random_normal_rows(stream, rows, count, from, width, x, leading);
  for (int64_t i = 0; i < count; ++i)
    for (int j = 0; j < width; ++j) x[i * leading + j] *= g->deviations[from + j];
  return NULL;
}

tv_error *tv_generator_read(const tv_source *source, int replicate, int64_t first, int count,
                            int64_t *rows, double *x) {
  const int p = source->features;
  for (int i = 0; i < count; ++i) rows[i] = first + i;
  return tv_generator_read_features(source, replicate, rows, count, 0, p, x, p);
}
