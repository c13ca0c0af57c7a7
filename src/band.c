#include "twoview/band.h"

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
