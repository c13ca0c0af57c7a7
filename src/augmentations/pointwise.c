/* Functions of each number. What they do to moments does not follow from moments: their views are
 * sampled. */
#include "parts.h"
#include "twoview/base/statistics.h"

enum { LOW, HIGH };

static tv_error *clip_check(const tv_step *step, const tv_shape *shape) {
  const double low = tv_step_number(step, LOW, 0), high = tv_step_number(step, HIGH, 0);
  (void)shape;
  if (low < high) return NULL;
  return tv_fail_usage("'low' must be below 'high', got %s and %s", TV_EXACT(low), TV_EXACT(high));
}

static void clip_view(const tv_step *step, const tv_draw *draw, double *x) {
  const double low = tv_step_number(step, LOW, 0), high = tv_step_number(step, HIGH, 0);
  for (int i = 0; i < tv_shape_size(draw->shape); ++i)
    x[i] = x[i] < low ? low : x[i] > high ? high : x[i];
}

/* ---- solarise: from a number on, counted down from the largest, 1 ---- */

enum { ABOVE };

static void solarise_view(const tv_step *step, const tv_draw *draw, double *x) {
  const double above = tv_step_number(step, ABOVE, 0);
  for (int i = 0; i < tv_shape_size(draw->shape); ++i)
    if (x[i] >= above) x[i] = 1 - x[i];
}

static const tv_key clip_parameters[] = {{.name = "low",
                                          .type = TV_KEY_NUMBER,
                                          .low = -1e100,
                                          .high = 1e100,
                                          .standard = "0",
                                          .help = "numbers below it become it"},
                                         {.name = "high",
                                          .type = TV_KEY_NUMBER,
                                          .low = -1e100,
                                          .high = 1e100,
                                          .standard = "1",
                                          .help = "numbers above it become it"},
                                         {0}};
static const tv_key solarise_parameters[] = {{.name = "above",
                                              .type = TV_KEY_NUMBER,
                                              .low = -1e100,
                                              .high = 1e100,
                                              .missing = "write for example above: 0.5",
                                              .help = "numbers x from it on become 1 - x"},
                                             {0}};

const tv_augmentation tv_step_clip = {.kind = {.name = "clip",
                                               .title = "numbers beyond bounds become these",
                                               .keys = clip_parameters},
                                      .check = clip_check,
                                      .view = clip_view};

const tv_augmentation tv_step_solarise = {
    .kind = {.name = "solarise", .title = "large numbers inverted", .keys = solarise_parameters},
    .view = solarise_view};
