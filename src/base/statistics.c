#include "twoview/base/statistics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Values below `floor` count as that. */
static tv_summary summary_above(double floor, const double *values, long stride, int count) {
  tv_summary summary = {0, INFINITY, -INFINITY};
  int counted = 0;
  for (int i = 0; i < count; ++i) {
    if (isnan(values[i * stride])) continue;
    const double value = fmax(values[i * stride], floor);
    summary.mean += value;
    summary.least = fmin(summary.least, value);
    summary.largest = fmax(summary.largest, value);
    ++counted;
  }
  if (counted == 0) return (tv_summary){NAN, NAN, NAN};
  summary.mean /= counted;
  return summary;
}

tv_summary tv_summary_over(const double *values, long stride, int count) {
  return summary_above(-INFINITY, values, stride, count);
}

tv_summary tv_summary_over_needs(const double *values, long stride, int count) {
  return summary_above(0, values, stride, count);
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

void tv_summary_format(const tv_summary *summary, int digits, char out[TV_SUMMARY_TEXT]) {
  const double ends[] = {summary->least, summary->largest};
  const int needed = tv_digits_of(ends, 2) < MOST_OF_BAND ? tv_digits_of(ends, 2) : MOST_OF_BAND;
  const int shown = needed > digits ? needed : digits;
  if (isnan(summary->mean))
    snprintf(out, TV_SUMMARY_TEXT, "not defined");
  else if (look_alike(ends[0], ends[1], shown))
    snprintf(out, TV_SUMMARY_TEXT, "%.*g", digits, summary->mean);
  else
    snprintf(out, TV_SUMMARY_TEXT, "%.*g [%.*g, %.*g]", shown, summary->mean, shown, ends[0], shown,
             ends[1]);
}
