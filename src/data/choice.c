#include "choice.h"

#include <math.h>
#include <stdlib.h>

enum { BINS = 20 };

typedef struct {
  double excess; /* of the dispersion; -INFINITY: it has no variance */
  int number;
} candidate;

/* Statistics of a bin. */
typedef struct {
  double sum, mean, deviation;
  int count;
} bin;

static int by_excess(const void *a, const void *b) {
  const candidate *x = a, *y = b;
  if (x->excess != y->excess) return x->excess > y->excess ? -1 : 1;
  return x->number - y->number;
}

static int by_number(const void *a, const void *b) {
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* Between the ends, the upper one of a bin included. */
static int bin_of(double level, double least, double largest) {
  const double width = (largest - least) / BINS;
  int i = 0;
  while (i < BINS - 1 && level > least + (i + 1) * width) ++i;
  return i;
}

static double dispersion_of(double mean, double variance) {
  return log(variance / mean);
}

/* A feature's bin, by its mean. */
static void take_bins(int features, const double *mean, int *bins) {
  double least = INFINITY, largest = -INFINITY;
  for (int j = 0; j < features; ++j) {
    least = fmin(least, log1p(mean[j]));
    largest = fmax(largest, log1p(mean[j]));
  }
  for (int j = 0; j < features; ++j) bins[j] = bin_of(log1p(mean[j]), least, largest);
}

static void summarise(int features, const double *mean, const double *variance, const int *bins,
                      bin *of) {
  for (int j = 0; j < features; ++j) {
    if (!(variance[j] > 0)) continue;
    of[bins[j]].sum += dispersion_of(mean[j], variance[j]);
    ++of[bins[j]].count;
  }
  for (int i = 0; i < BINS; ++i) of[i].mean = of[i].count ? of[i].sum / of[i].count : 0;
  for (int j = 0; j < features; ++j) {
    if (!(variance[j] > 0)) continue;
    const double distance = dispersion_of(mean[j], variance[j]) - of[bins[j]].mean;
    of[bins[j]].deviation += distance * distance;
  }
  for (int i = 0; i < BINS; ++i)
    of[i].deviation = of[i].count > 1 ? sqrt(of[i].deviation / (of[i].count - 1)) : 0;
}

static double excess_of(double dispersion, const bin *of) {
  if (of->count == 1) return 1;
  return of->deviation > 0 ? (dispersion - of->mean) / of->deviation : 0;
}

static void rank_all(int features, const double *mean, const double *variance, int *bins,
                     candidate *all, int *varying) {
  bin of[BINS] = {{0}};
  take_bins(features, mean, bins);
  summarise(features, mean, variance, bins, of);
  *varying = 0;
  for (int j = 0; j < features; ++j) {
    const int varies = variance[j] > 0;
    all[j].number = j;
    all[j].excess =
        varies ? excess_of(dispersion_of(mean[j], variance[j]), &of[bins[j]]) : -INFINITY;
    *varying += varies;
  }
  qsort(all, (size_t)features, sizeof *all, by_excess);
}

tv_error *tv_choose_variable(int features, const double *mean, const double *variance, int wanted,
                             int64_t *chosen, int *varying) {
  candidate *all = NULL;
  int *bins = NULL;
  tv_error *error = tv_allocate(features, sizeof *all, &all);
  if (!error) error = tv_allocate(features, sizeof *bins, &bins);
  if (!error) rank_all(features, mean, variance, bins, all, varying);
  if (!error && *varying >= wanted) {
    for (int i = 0; i < wanted; ++i) chosen[i] = all[i].number;
    qsort(chosen, (size_t)wanted, sizeof *chosen, by_number);
  }
  free(bins);
  free(all);
  return error;
}
