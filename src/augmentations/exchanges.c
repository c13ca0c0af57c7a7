/* Numbers of the sample are replaced by those of other samples, or mixed with them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"
#include "twoview/random/distributions.h"

/* xbar <- diag(keep) xbar + (1 - keep) o mean. */
static tv_error *keep_mean(const double *keep, tv_views *v) {
  double *offset = NULL;
  TV_TRY(tv_grid_agree(v->grid, tv_allocate(v->d, sizeof(*offset), &offset)));
  for (int i = 0; i < v->d; ++i) offset[i] = (1 - keep[i]) * v->mean[i];
  tv_views_scale_mean(v, keep, offset);
  free(offset);
  return NULL;
}

/* S first, while the mean is that before the step; then the mean view. keep: of number i. */
static tv_error *exchange(const tv_step *step, tv_entry_function *f,
                          double (*keep_of)(const tv_step *, const tv_shape *, int), tv_views *v) {
  double *keep = NULL;
  TV_TRY(tv_grid_agree(v->grid, tv_allocate(v->d, sizeof(*keep), &keep)));
  for (int i = 0; i < v->d; ++i) keep[i] = keep_of(step, &v->shape, i);
  tv_views_second(v, f, step);
  tv_error *error = keep_mean(keep, v);
  free(keep);
  return error;
}

/* Every view is made of another sample too. */
static tv_others needs_others(const tv_step *step) {
  (void)step;
  return TV_PARTNERS;
}

/* ---- replace: numbers drawn from their own marginals (SCARF) ---- */

enum { KEEP };

static double replace_second(const void *context, const tv_views *v, int i, int j, double second) {
  const double keep = tv_step_number(context, KEEP, 0), both = keep * keep;
  return i == j ? second : both * second + (1 - both) * v->mean[i] * v->mean[j];
}

static double replace_keep(const tv_step *step, const tv_shape *s, int i) {
  (void)s, (void)i;
  return tv_step_number(step, KEEP, 0);
}

static tv_error *replace_moments(const tv_step *step, tv_views *v) {
  return exchange(step, replace_second, replace_keep, v);
}

static void replace_view(const tv_step *step, const tv_draw *draw, double *x) {
  const int d = tv_shape_size(draw->shape);
  tv_random_uniforms(draw->stream, draw->index, 2 * d, draw->scratch);
  for (int i = 0; i < d; ++i)
    if (draw->scratch[i] >= tv_step_number(step, KEEP, 0))
      x[i] = draw->partner(draw, draw->scratch[d + i])[i];
}

static const tv_key replace_parameters[] = {{.name = "keep",
                                             .type = TV_KEY_NUMBER,
                                             .high = 1,
                                             .missing = "write for example keep: 0.9",
                                             .help = "probability that a number stays"},
                                            {0}};

/* ---- cutmix: a window of another sample ---- */

/* Both stay, or both are the other sample's; else they are of different samples. */
static double cutmix_second(const void *context, const tv_views *v, int i, int j, double second) {
  const double a = tv_window_hits(context, &v->shape, i, i);
  const double b = tv_window_hits(context, &v->shape, j, j);
  const double together = 1 - a - b + 2 * tv_window_hits(context, &v->shape, i, j);
  return together * second + (1 - together) * v->mean[i] * v->mean[j];
}

static double cutmix_keep(const tv_step *step, const tv_shape *s, int i) {
  return 1 - tv_window_hits(step, s, i, i);
}

static tv_error *cutmix_moments(const tv_step *step, tv_views *v) {
  return exchange(step, cutmix_second, cutmix_keep, v);
}

static void cutmix_view(const tv_step *step, const tv_draw *draw, double *x) {
  double u[3];
  tv_random_uniforms(draw->stream, draw->index, 3, u);
  const double *other = draw->partner(draw, u[2]);
  for (int i = 0; i < tv_shape_size(draw->shape); ++i)
    if (tv_window_drawn(step, draw->shape, u, i)) x[i] = other[i];
}

/* ---- mixup: w x + (1 - w) x', w ~ Beta(beta, beta) of mean 1/2 ---- */

enum { BETA };

/* E w^2 = E (1 - w)^2. */
static double mean_square_weight(const tv_step *step) {
  const double beta = tv_step_number(step, BETA, 0);
  return (beta + 1) / (2 * (2 * beta + 1));
}

static double mixup_second(const void *context, const tv_views *v, int i, int j, double second) {
  const double own = 2 * mean_square_weight(context);
  return own * second + (1 - own) * v->mean[i] * v->mean[j];
}

static double half(const tv_step *step, const tv_shape *s, int i) {
  (void)step, (void)s, (void)i;
  return 0.5;
}

static tv_error *mixup_moments(const tv_step *step, tv_views *v) {
  return exchange(step, mixup_second, half, v);
}

static void mixup_view(const tv_step *step, const tv_draw *draw, double *x) {
  const uint64_t apart = 1ull << 62; /* indices that no view has */
  const double weight = tv_random_beta(draw->stream, draw->index, tv_step_number(step, BETA, 0));
  double u;
  tv_random_uniforms(draw->stream, draw->index + apart, 1, &u);
  const double *other = draw->partner(draw, u);
  for (int i = 0; i < tv_shape_size(draw->shape); ++i)
    x[i] = weight * x[i] + (1 - weight) * other[i];
}

static const tv_key mixup_parameters[] = {{.name = "beta",
                                           .type = TV_KEY_NUMBER,
                                           .low = 1e-3,
                                           .high = 1e6,
                                           .missing = "write for example beta: 1",
                                           .help = "weights ~ Beta(beta, beta)"},
                                          {0}};

const tv_augmentation tv_step_replace = {.kind = {.name = "replace",
                                                  .title = "numbers drawn from their marginals",
                                                  .keys = replace_parameters},
                                         .needs_others = needs_others,
                                         .keeps = TV_COUNTS,
                                         .moments = replace_moments,
                                         .view = replace_view};

const tv_augmentation tv_step_cutmix = {
    .kind = {.name = "cutmix", .title = "a window of another sample", .keys = tv_window_parameters},
    .check = tv_window_check,
    .prepare = tv_window_prepare,
    .needs_others = needs_others,
    .is_idle = tv_window_is_empty,
    .keeps = TV_COUNTS,
    .moments = cutmix_moments,
    .view = cutmix_view};

const tv_augmentation tv_step_mixup = {.kind = {.name = "mixup",
                                                .title = "a weighted mean with another sample",
                                                .keys = mixup_parameters},
                                       .needs_others = needs_others,
                                       .keeps = TV_NOT_NEGATIVE,
                                       .moments = mixup_moments,
                                       .view = mixup_view};
