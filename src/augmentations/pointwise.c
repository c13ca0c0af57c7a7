/* Functions of each number. What they do to moments does not follow from moments: at the head of a
 * chain it is found row by row (leading.h), elsewhere views are sampled. */
#include <math.h>

#include "parts.h"
#include "twoview/base/statistics.h"

static int takes_rows(const tv_experiment *e, const tv_step_spec *step) {
  (void)e, (void)step;
  return 1;
}

static void apply(const tv_step *step, const tv_draw *draw, double *x) {
  for (int i = 0; i < tv_shape_size(draw->shape); ++i)
    x[i] = step->augmentation->function(step, x[i]);
}

/* ---- clip ---- */

enum { LOW, HIGH };

static tv_error *clip_check(const tv_step *step, const tv_shape *shape) {
  const double low = tv_step_number(step, LOW, 0), high = tv_step_number(step, HIGH, 0);
  (void)shape;
  if (low < high) return NULL;
  return tv_fail_usage("'low' must be below 'high', got %s and %s", TV_EXACT(low), TV_EXACT(high));
}

static double clip(const tv_step *step, double x) {
  const double low = tv_step_number(step, LOW, 0), high = tv_step_number(step, HIGH, 0);
  return x < low ? low : x > high ? high : x;
}

static tv_numbers clip_makes(const tv_step *step, tv_numbers before) {
  const tv_numbers low = tv_numbers_of(tv_step_number(step, LOW, 0));
  const tv_numbers ends = tv_numbers_both(low, tv_numbers_of(tv_step_number(step, HIGH, 0)));
  return tv_numbers_both(ends, before == TV_ANY_NUMBERS ? TV_NOT_NEGATIVE : before);
}

static double density(double z) {
  static const double root_of_two_pi = 2.5066282746310005;
  return exp(-z * z / 2) / root_of_two_pi;
}

/* P(Z > z) of a standard normal number. */
static double tail(double z) {
  static const double root_of_half = 0.70710678118654752;
  return erfc(z * root_of_half) / 2;
}

/* The mass at both ends, and the integrals of x and x^2 between them. */
static void clip_normal(const tv_step *step, double mean, double deviation, double moments[2]) {
  const double low = tv_step_number(step, LOW, 0), high = tv_step_number(step, HIGH, 0);
  moments[0] = clip(step, mean);
  moments[1] = moments[0] * moments[0];
  if (deviation == 0) return;
  const double a = (low - mean) / deviation, b = (high - mean) / deviation;
  const double below = tail(-a), above = tail(b);
  const double between = a > 0 ? tail(a) - above : tail(-b) - below;
  moments[0] = low * below + high * above + mean * between + deviation * (density(a) - density(b));
  moments[1] = low * low * below + high * high * above +
               (mean * mean + deviation * deviation) * between +
               deviation * ((low + mean) * density(a) - (high + mean) * density(b));
}

/* ---- log1p ---- */

static double log_of_one_more(const tv_step *step, double x) {
  (void)step;
  return log1p(x);
}

/* ---- solarise: from a number on, counted down from the largest, 1 ---- */

enum { ABOVE };

static double solarise(const tv_step *step, double x) {
  return x >= tv_step_number(step, ABOVE, 0) ? 1 - x : x;
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
static const tv_key no_parameters[] = {{0}};
static const tv_key solarise_parameters[] = {{.name = "above",
                                              .type = TV_KEY_NUMBER,
                                              .low = -1e100,
                                              .high = 1e100,
                                              .missing = "write for example above: 0.5",
                                              .help = "numbers x from it on become 1 - x"},
                                             {0}};

const tv_augmentation tv_step_clip = {.kind = {.name = "clip",
                                               .title = "numbers beyond bounds become these",
                                               .keys = clip_parameters,
                                               .takes_rows = takes_rows},
                                      .makes = clip_makes,
                                      .check = clip_check,
                                      .function = clip,
                                      .of_normal = clip_normal,
                                      .view = apply};

const tv_augmentation tv_step_log1p = {.kind = {.name = "log1p",
                                                .title = "log(1 + x) of every number",
                                                .keys = no_parameters,
                                                .takes_rows = takes_rows},
                                       .needs = TV_NOT_NEGATIVE,
                                       .keeps = TV_NOT_NEGATIVE,
                                       .function = log_of_one_more,
                                       .view = apply};

const tv_augmentation tv_step_solarise = {.kind = {.name = "solarise",
                                                   .title = "large numbers inverted",
                                                   .keys = solarise_parameters,
                                                   .takes_rows = takes_rows},
                                          .function = solarise,
                                          .view = apply};
