#include "twoview/studies/search.h"

#include <math.h>
#include <stddef.h>

/* The first step away from `start`; each further one is the square of the one before. */
static const double first_step = 1.1;
/* No alignment beyond so many times the start is tried; an alpha^2 below `small` counts as 0. */
static const double reach = 1e8, small = 1e-6;

/* Multiples of the crossing at which the leakage is evaluated once more. */
static const double below[] = {1. / 3, 2. / 3}, above[] = {4. / 3, 2};
enum { PROBES = 2 };

typedef struct {
  tv_leakage_function leakage;
  void *context;
  double tolerance;
  double low, high; /* the leakage is 1/2 or more at low, less at high */
  int evaluations;
  int has_failed;
} search;

/* Whether the leakage is below 1/2. A failure is remembered, and ends every loop. */
static tv_error *ask(search *s, double alpha2, int *is_enough) {
  double leakage = NAN;
  ++s->evaluations;
  TV_TRY(s->leakage(s->context, alpha2, &leakage));
  s->has_failed |= isnan(leakage);
  *is_enough = leakage < 0.5;
  return NULL;
}

/* From s->low upwards. s->high stays infinite where the method recovers at no alignment within
 * reach. */
static tv_error *enclose_above(search *s, double end) {
  int is_enough = 0;
  for (double step = first_step; !is_enough && !s->has_failed && s->low < end; step *= step) {
    const double next = fmin(s->low * step, end);
    TV_TRY(ask(s, next, &is_enough));
    *(is_enough ? &s->high : &s->low) = next;
  }
  return NULL;
}

/* From s->high downwards; at 0 the leakage is known to be 1/2 or more. */
static tv_error *enclose_below(search *s) {
  int is_enough = 1;
  for (double step = first_step; is_enough && !s->has_failed; step *= step) {
    const double next = s->high / step;
    if (next < small) return NULL;
    TV_TRY(ask(s, next, &is_enough));
    *(is_enough ? &s->high : &s->low) = next;
  }
  return NULL;
}

static tv_error *halve(search *s) {
  int is_enough;
  while (!s->has_failed && s->high - s->low > s->tolerance * fmax(s->high, small)) {
    const int is_wide = s->low > 0 && s->high > 2 * s->low;
    const double middle = is_wide ? sqrt(s->low * s->high) : (s->low + s->high) / 2;
    TV_TRY(ask(s, middle, &is_enough));
    *(is_enough ? &s->high : &s->low) = middle;
  }
  return NULL;
}

/* Other crossings: a lower one takes the place of the one found. Next to 0 there is no room. */
static tv_error *look_around(search *s, int *is_monotone) {
  const double found = s->high;
  int is_enough;
  *is_monotone = 1;
  for (int i = 0; i < PROBES && !s->has_failed; ++i) {
    TV_TRY(ask(s, above[i] * found, &is_enough));
    *is_monotone = *is_monotone && is_enough;
  }
  for (int i = 0; i < PROBES && !s->has_failed && found > small; ++i) {
    TV_TRY(ask(s, below[i] * found, &is_enough));
    if (!is_enough) continue;
    *is_monotone = 0;
    s->low = i ? below[i - 1] * found : 0;
    s->high = below[i] * found;
    return halve(s);
  }
  return NULL;
}

static tv_error *find(search *s, double start, tv_alpha2_status *status) {
  int is_enough, is_monotone = 1;
  *status = TV_ALPHA2_NOT_NEEDED;
  TV_TRY(ask(s, 0, &is_enough));
  if (is_enough) {
    s->high = 0;
    return NULL;
  }
  TV_TRY(ask(s, start, &is_enough));
  *(is_enough ? &s->high : &s->low) = start;
  TV_TRY(is_enough ? enclose_below(s) : enclose_above(s, reach * fmax(start, 1)));
  *status = TV_ALPHA2_OUT_OF_REACH;
  if (isinf(s->high)) return NULL;
  TV_TRY(halve(s));
  if (s->has_failed) return NULL;
  const double found = s->high;
  TV_TRY(look_around(s, &is_monotone));
  *status = is_monotone ? TV_ALPHA2_FOUND : TV_ALPHA2_NOT_MONOTONE;
  if (!s->has_failed) return NULL;
  *status = TV_ALPHA2_UNCHECKED;
  s->high = found;
  s->has_failed = 0;
  return NULL;
}

tv_error *tv_alpha2_search(tv_leakage_function leakage, void *context, double start,
                           double tolerance, tv_alpha2 *out) {
  search s = {.leakage = leakage, .context = context, .tolerance = tolerance, .high = INFINITY};
  TV_TRY(find(&s, start > small && isfinite(start) ? start : 1, &out->status));
  if (s.has_failed) out->status = TV_ALPHA2_FAILED;
  out->alpha2 = isinf(s.high) || s.has_failed ? NAN : s.high;
  out->evaluations = s.evaluations;
  return NULL;
}

/* At 0, at the start, two steps from it, and around the crossing; and what halving takes. */
double tv_alpha2_expected_evaluations(double tolerance) {
  return 4 + 2 * PROBES + fmax(0, log2((first_step - 1) / tolerance));
}
