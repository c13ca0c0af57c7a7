/* Numbers that are counts, or behave like them. */
#include <math.h>
#include <stdlib.h>

#include "parts.h"
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

static void poisson_view(const tv_step *step, const tv_draw *draw, double *x) {
  const double scale = tv_step_number(step, SCALE, 0);
  const int d = tv_shape_size(draw->shape);
  for (int i = 0; i < d; ++i)
    x[i] = (double)tv_random_poisson(draw->stream, draw->index * (uint64_t)d + (uint64_t)i,
                                     scale * x[i]) /
           scale;
}

/* ---- thin: Bin(x, keep), S <- keep^2 S + (keep - keep^2) diag(m) ---- */

enum { KEEP };

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

static void thin_view(const tv_step *step, const tv_draw *draw, double *x) {
  const int d = tv_shape_size(draw->shape);
  for (int i = 0; i < d; ++i)
    x[i] = (double)tv_random_binomial(draw->stream, draw->index * (uint64_t)d + (uint64_t)i,
                                      (int64_t)x[i], tv_step_number(step, KEEP, 0));
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
                                          .missing = "write for example keep: 0.9",
                                          .help = "probability that a count stays"},
                                         {0}};

const tv_augmentation tv_step_poisson = {
    .kind = {.name = "poisson", .title = "Poisson noise of counts", .keys = poisson_parameters},
    .needs = TV_NOT_NEGATIVE,
    .makes = poisson_makes,
    .moments = poisson_moments,
    .view = poisson_view};

const tv_augmentation tv_step_thin = {
    .kind = {.name = "thin", .title = "each count kept or not", .keys = thin_parameters},
    .needs = TV_COUNTS,
    .is_idle = tv_step_is_one,
    .keeps = TV_COUNTS,
    .moments = thin_moments,
    .view = thin_view};
