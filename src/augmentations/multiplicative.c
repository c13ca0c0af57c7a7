/* The sample is multiplied by 1 + deviation e: the mean view is x. */
#include <math.h>
#include <stdlib.h>

#include "parts.h"

/* ---- multiply: S_ij <- S_ij (1 + deviation^2) where i and j share a factor ---- */

enum { DEVIATION, PER };
enum { PER_ENTRY, PER_CHANNEL, PER_SAMPLE };

static const tv_word units[] = {
    {"entry", PER_ENTRY}, {"channel", PER_CHANNEL}, {"sample", PER_SAMPLE}, {0}};

static int share_factor(const tv_step *step, const tv_shape *shape, int i, int j) {
  switch ((int)tv_step_number(step, PER, 0)) {
  case PER_ENTRY:
    return i == j;
  case PER_CHANNEL:
    return i % shape->channels == j % shape->channels;
  default:
    return 1;
  }
}

static double grow(const void *context, const tv_views *v, int i, int j, double second) {
  const tv_step *step = context;
  const double deviation = tv_step_number(step, DEVIATION, 0);
  return share_factor(step, &v->shape, i, j) ? second * (1 + deviation * deviation) : second;
}

static tv_error *multiply_moments(const tv_step *step, tv_views *v) {
  tv_views_second(v, grow, step);
  return NULL;
}

static double multiply_deviation(const tv_step *step, double x) {
  const int is_entry = (int)tv_step_number(step, PER, 0) == PER_ENTRY;
  return is_entry ? tv_step_number(step, DEVIATION, 0) * fabs(x) : -1;
}

static void multiply_view(const tv_step *step, const tv_draw *draw, double *x) {
  const int d = tv_shape_size(draw->shape), per = (int)tv_step_number(step, PER, 0);
  const int period = per == PER_ENTRY ? d : per == PER_CHANNEL ? draw->shape->channels : 1;
  const double deviation = tv_step_number(step, DEVIATION, 0);
  tv_random_normals(draw->stream, draw->index, period, draw->scratch);
  for (int i = 0; i < d; ++i) x[i] *= 1 + deviation * draw->scratch[i % period];
}

/* ---- contrast: about the sample's mean, S <- S + deviation^2 Q S Q with Q = I - 11'/d ---- */

typedef struct {
  double variance, total; /* 1'S1/d^2 */
  const double *sums;     /* S1/d */
} contrast;

static double stretch(const void *context, const tv_views *v, int i, int j, double second) {
  const contrast *c = context;
  (void)v;
  return second + c->variance * (second - c->sums[i] - c->sums[j] + c->total);
}

static tv_error *contrast_moments(const tv_step *step, tv_views *v) {
  const double deviation = tv_step_number(step, DEVIATION, 0);
  double *sums = NULL;
  contrast c = {.variance = deviation * deviation};
  TV_TRY(tv_grid_agree(v->grid, tv_allocate(v->d, sizeof(*sums), &sums)));
  tv_views_row_sums(v, sums);
  for (int i = 0; i < v->d; ++i) {
    sums[i] /= v->d;
    c.total += sums[i] / v->d;
  }
  c.sums = sums;
  tv_views_second(v, stretch, &c);
  free(sums);
  return NULL;
}

static void contrast_view(const tv_step *step, const tv_draw *draw, double *x) {
  const int d = tv_shape_size(draw->shape);
  double mean = 0, e;
  tv_random_normals(draw->stream, draw->index, 1, &e);
  const double gain = tv_step_number(step, DEVIATION, 0) * e;
  for (int i = 0; i < d; ++i) mean += x[i] / d;
  for (int i = 0; i < d; ++i) x[i] += gain * (x[i] - mean);
}

static const tv_key multiply_parameters[] = {{.name = "deviation",
                                              .type = TV_KEY_NUMBER,
                                              .high = 1e100,
                                              .missing = "write for example deviation: 0.1",
                                              .help = "of the factor, about 1"},
                                             {.name = "per",
                                              .type = TV_KEY_CHOICE,
                                              .words = units,
                                              .standard = "entry",
                                              .help = "what has a factor of its own"},
                                             {0}};

static const tv_key contrast_parameters[] = {{.name = "deviation",
                                              .type = TV_KEY_NUMBER,
                                              .high = 1e100,
                                              .missing = "write for example deviation: 0.1",
                                              .help = "of the gain, about 1"},
                                             {0}};

const tv_augmentation tv_step_multiply = {
    .kind = {.name = "multiply", .title = "normal factors about 1", .keys = multiply_parameters},
    .is_idle = tv_step_is_zero,
    .deviation = multiply_deviation,
    .moments = multiply_moments,
    .view = multiply_view};

const tv_augmentation tv_step_contrast = {
    .kind = {.name = "contrast",
             .title = "one normal gain about the sample's mean",
             .keys = contrast_parameters},
    .is_idle = tv_step_is_zero,
    .moments = contrast_moments,
    .view = contrast_view};
