#include "twoview/base/statistics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

tv_band tv_band_over(const double *values, long stride, int count) {
  tv_band band = {0, INFINITY, -INFINITY};
  int counted = 0;
  for (int i = 0; i < count; ++i) {
    const double value = values[i * stride];
    if (isnan(value)) continue;
    band.mean += value;
    band.least = fmin(band.least, value);
    band.largest = fmax(band.largest, value);
    ++counted;
  }
  if (counted == 0) return (tv_band){NAN, NAN, NAN};
  band.mean /= counted;
  return band;
}

double tv_deviation_over(const double *values, long stride, int count) {
  const double mean = tv_band_over(values, stride, count).mean;
  double squares = 0;
  int counted = 0;
  for (int i = 0; i < count; ++i) {
    const double from_mean = values[i * stride] - mean;
    if (isnan(from_mean)) continue;
    squares += from_mean * from_mean;
    ++counted;
  }
  return counted > 1 ? sqrt(squares / (counted - 1)) : NAN;
}

/* The value that `rank` others precede in order. */
static double value_of_rank(const double *values, long stride, int count, int rank) {
  for (int i = 0; i < count; ++i) {
    int less = 0, equal = 0;
    for (int j = 0; j < count; ++j) {
      less += values[j * stride] < values[i * stride];
      equal += values[j * stride] == values[i * stride];
    }
    if (less <= rank && rank < less + equal) return values[i * stride];
  }
  return NAN;
}

double tv_quantile_over(const double *values, long stride, int count, double share) {
  int counted = 0;
  for (int i = 0; i < count; ++i) counted += !isnan(values[i * stride]);
  if (counted == 0) return NAN;
  const double place = share * (counted - 1);
  const double below = value_of_rank(values, stride, count, (int)floor(place));
  const double above = value_of_rank(values, stride, count, (int)ceil(place));
  return below == above ? below : below + (place - floor(place)) * (above - below);
}

void tv_band_format(const tv_band *band, char out[TV_BAND_TEXT]) {
  char mean[16], least[16], largest[16];
  snprintf(mean, sizeof mean, "%.4g", band->mean);
  snprintf(least, sizeof least, "%.4g", band->least);
  snprintf(largest, sizeof largest, "%.4g", band->largest);
  if (isnan(band->mean))
    snprintf(out, TV_BAND_TEXT, "not defined");
  else if (strcmp(least, largest) == 0)
    snprintf(out, TV_BAND_TEXT, "%s", mean);
  else
    snprintf(out, TV_BAND_TEXT, "%s [%s, %s]", mean, least, largest);
}
