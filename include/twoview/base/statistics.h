/* What is told of a number that every replicate has one of. */
#ifndef TWOVIEW_BASE_STATISTICS_H
#define TWOVIEW_BASE_STATISTICS_H

/* Mean, least and largest of the values that are not NaN (NaN if none). */
typedef struct {
  double mean, least, largest;
} tv_band;

/* Of values[0], values[stride], ..., `count` of them. */
tv_band tv_band_over(const double *values, long stride, int count);

/* Their sample standard deviation; NaN of fewer than two. */
double tv_deviation_over(const double *values, long stride, int count);

/* Their quantile: 0 the least, 0.5 the median, 1 the largest; between neighbours in proportion.
 * Takes time quadratic in `count`. */
double tv_quantile_over(const double *values, long stride, int count, double share);

enum { TV_BAND_TEXT = 64 };

/* "1.5 [1.2, 1.9]", "1.5" where the three print alike, "not defined" for NaN. */
void tv_band_format(const tv_band *band, char out[TV_BAND_TEXT]);

#endif
