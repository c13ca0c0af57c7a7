#include "twoview/base/statistics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Values below `floor` count as that. */
static tv_band band_above(double floor, const double *values, long stride, int count) {
  tv_band band = {0, INFINITY, -INFINITY};
  int counted = 0;
  for (int i = 0; i < count; ++i) {
    if (isnan(values[i * stride])) continue;
    const double value = fmax(values[i * stride], floor);
    band.mean += value;
    band.least = fmin(band.least, value);
    band.largest = fmax(band.largest, value);
    ++counted;
  }
  if (counted == 0) return (tv_band){NAN, NAN, NAN};
  band.mean /= counted;
  return band;
}

tv_band tv_band_over(const double *values, long stride, int count) {
  return band_above(-INFINITY, values, stride, count);
}

tv_band tv_band_over_needs(const double *values, long stride, int count) {
  return band_above(0, values, stride, count);
}

/* ---- Digits ---- */

static int ascending(const void *left, const void *right) {
  const double x = *(const double *)left, y = *(const double *)right;
  return (x > y) - (x < y);
}

static int look_alike(double x, double y, int digits) {
  char shown[2][32];
  snprintf(shown[0], sizeof shown[0], "%.*g", digits, x);
  snprintf(shown[1], sizeof shown[1], "%.*g", digits, y);
  return strcmp(shown[0], shown[1]) == 0;
}

/* Rounding keeps the order, so that values which look alike are neighbours. */
int tv_digits_of(const double *values, long count) {
  int digits = TV_LEAST_DIGITS;
  double *sorted = malloc((size_t)(count > 0 ? count : 1) * sizeof(*sorted));
  if (!sorted) return TV_MOST_DIGITS;
  memcpy(sorted, values, (size_t)count * sizeof(*sorted));
  qsort(sorted, (size_t)count, sizeof(*sorted), ascending);
  for (long i = 1; i < count; ++i)
    while (sorted[i - 1] < sorted[i] && digits < TV_MOST_DIGITS &&
           look_alike(sorted[i - 1], sorted[i], digits))
      ++digits;
  free(sorted);
  return digits;
}

static void format_exactly(double value, int least_digits, char *out) {
  for (int digits = least_digits; digits <= TV_MOST_DIGITS; ++digits) {
    snprintf(out, TV_NUMBER_TEXT, "%.*g", digits, value);
    if (strtod(out, NULL) == value) return;
  }
}

void tv_number_format(double value, char out[TV_NUMBER_TEXT]) {
  format_exactly(value, 15, out);
}

const char *tv_number_text(double value, char out[TV_NUMBER_TEXT]) {
  format_exactly(value, 6, out);
  return out;
}

/* A sign, a point and an exponent of two digits. */
int tv_width_of(int digits, int least) {
  return digits + 6 > least ? digits + 6 : least;
}

/* What differs beyond these digits may differ by rounding. */
enum { MOST_OF_BAND = 12 };

void tv_band_format(const tv_band *band, int digits, char out[TV_BAND_TEXT]) {
  const double ends[] = {band->least, band->largest};
  const int needed = tv_digits_of(ends, 2) < MOST_OF_BAND ? tv_digits_of(ends, 2) : MOST_OF_BAND;
  const int shown = needed > digits ? needed : digits;
  if (isnan(band->mean))
    snprintf(out, TV_BAND_TEXT, "not defined");
  else if (look_alike(ends[0], ends[1], shown))
    snprintf(out, TV_BAND_TEXT, "%.*g", digits, band->mean);
  else
    snprintf(out, TV_BAND_TEXT, "%.*g [%.*g, %.*g]", shown, band->mean, shown, ends[0], shown,
             ends[1]);
}
