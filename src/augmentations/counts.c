/* Numbers that are counts, or behave like them. */
#include <math.h>
#include <stdlib.h>

#include "parts.h"
#include "twoview/base/statistics.h"
#include "twoview/random/distributions.h"

/* ---- poisson: Poisson(scale x) / scale, S <- S + diag(m) / scale ---- */

enum { SCALE };

static double add_mean(const void *context, const tv_views *v, int i, int j, double second) {
  return i == j ? second + v->mean[i] / tv_step_number(context, SCALE, 0) : second;
}

static tv_error *poisson_moments(const tv_step *step, tv_views *v) {
  tv_views_second(v, add_mean, step);
  return NULL;
}

static tv_count_law poisson_counts(const tv_step *step, double x) {
  const double scale = tv_step_number(step, SCALE, 0);
  return (tv_count_law){scale * x, 0, 1 / scale};
}

static void poisson_view(const tv_step *step, const tv_draw *draw, double *x) {
  const double scale = tv_step_number(step, SCALE, 0);
  const int d = tv_shape_size(draw->shape);
  for (int i = 0; i < d; ++i)
    x[i] = (double)tv_random_poisson(draw->stream, draw->index * (uint64_t)d + (uint64_t)i,
                                     scale * x[i]) /
           scale;
}

/* ---- thin: Bin(x, keep), S <- keep^2 S + (keep - keep^2) diag(m) ---- */

/* Or, of a row of sum N, `keep` is such that keep N is log-uniform on [to, N]: with r = to/N
 * E keep = (1 - r) / log(1/r) and E keep^2 = (1 - r^2) / (2 log(1/r)). */
enum { KEEP, TO };

static int is_to_size(const tv_step *step) {
  return step->values[TO].count > 0;
}

static tv_error *thin_check(const tv_step *step, const tv_shape *shape) {
  (void)shape;
  if (is_to_size(step) != (step->values[KEEP].count > 0)) return NULL;
  return tv_fail_usage("give either 'keep', a probability, or 'to', the smallest sum of a row; "
                       "write for example keep: 0.9");
}

static int thin_is_idle(const tv_step *step) {
  return !is_to_size(step) && tv_step_is_one(step);
}

/* log(N / to), of rows that have more. */
static double log_range(const tv_step *step, double size) {
  const double to = tv_step_number(step, TO, 0);
  return size > to ? log(size / to) : 0;
}

static int thin_weigh(const tv_step *step, double size, double weights[2]) {
  if (!is_to_size(step)) return 0;
  const double range = log_range(step, size);
  weights[0] = range > 0 ? -expm1(-range) / range : 1;
  weights[1] = range > 0 ? -expm1(-2 * range) / (2 * range) : 1;
  return 1;
}

static tv_count_law thin_counts(const tv_step *step, double x) {
  const double keep = tv_step_number(step, KEEP, 0), odds = keep / (1 - keep);
  return (tv_count_law){x * odds, odds, 1};
}

static int thin_takes_rows(const tv_experiment *e, const tv_step_spec *step) {
  (void)e;
  return step->parameters[TO].count > 0;
}

static double thin_second(const void *context, const tv_views *v, int i, int j, double second) {
  const double keep = tv_step_number(context, KEEP, 0);
  return keep * keep * second + (i == j ? keep * (1 - keep) * v->mean[i] : 0);
}

static tv_error *thin_moments(const tv_step *step, tv_views *v) {
  double *scale = NULL;
  TV_TRY(tv_grid_agree(v->grid, tv_allocate(v->d, sizeof(*scale), &scale)));
  for (int i = 0; i < v->d; ++i) scale[i] = tv_step_number(step, KEEP, 0);
  tv_views_second(v, thin_second, step);
  tv_views_scale_mean(v, scale, NULL);
  free(scale);
  return NULL;
}

/* Binomial numbers have the indices from `first` on. */
static void thin_by(const tv_draw *draw, uint64_t first, double keep, double *x) {
  for (int i = 0; i < tv_shape_size(draw->shape); ++i)
    x[i] = (double)tv_random_binomial(draw->stream, first + (uint64_t)i, (int64_t)x[i], keep);
}

static void thin_view(const tv_step *step, const tv_draw *draw, double *x) {
  const int d = tv_shape_size(draw->shape);
  double u, size = 0;
  if (!is_to_size(step)) {
    thin_by(draw, draw->index * (uint64_t)d, tv_step_number(step, KEEP, 0), x);
    return;
  }
  const uint64_t first = draw->index * (uint64_t)(d + 1);
  for (int i = 0; i < d; ++i) size += x[i];
  tv_random_uniforms(draw->stream, first, 1, &u);
  thin_by(draw, first + 1, exp(-u * log_range(step, size)), x);
}

/* Counts over the scale, whatever they were drawn for. */
static tv_numbers poisson_makes(const tv_step *step, tv_numbers before) {
  (void)before;
  return tv_numbers_of(1 / tv_step_number(step, SCALE, 0));
}

static const tv_key poisson_parameters[] = {{.name = "scale",
                                             .type = TV_KEY_NUMBER,
                                             .low = 1e-100,
                                             .high = 1e12,
                                             .missing = "write for example scale: 1",
                                             .help = "counts for each 1"},
                                            {0}};
static const tv_key thin_parameters[] = {{.name = "keep",
                                          .type = TV_KEY_NUMBER,
                                          .high = 1,
                                          .otherwise = "this ...",
                                          .help = "probability that a count stays"},
                                         {.name = "to",
                                          .type = TV_KEY_NUMBER,
                                          .high = 1e15,
                                          .excludes_low = 1,
                                          .otherwise = "... or this",
                                          .help = "smallest sum of a row, whose sums become "
                                                  "log-uniform from it to the row's own"},
                                         {0}};

const tv_augmentation tv_step_poisson = {
    .kind = {.name = "poisson", .title = "Poisson noise of counts", .keys = poisson_parameters},
    .needs = TV_NOT_NEGATIVE,
    .counts = poisson_counts,
    .makes = poisson_makes,
    .moments = poisson_moments,
    .view = poisson_view};

const tv_augmentation tv_step_thin = {.kind = {.name = "thin",
                                               .title = "each count kept or not",
                                               .keys = thin_parameters,
                                               .takes_rows = thin_takes_rows},
                                      .needs = TV_COUNTS,
                                      .check = thin_check,
                                      .is_idle = thin_is_idle,
                                      .counts = thin_counts,
                                      .weigh = thin_weigh,
                                      .keeps = TV_COUNTS,
                                      .moments = thin_moments,
                                      .view = thin_view};
