#include "twoview/random/distributions.h"

#include <math.h>

/* Normals of an index that one number may take: acceptance is above 0.95, so that more attempts
 * than fit are never seen. */
enum { NORMALS_OF_ATTEMPT = 4, NORMALS_OF_NUMBER = 1 << 20 };

/* log(1 + t) - t + t^2/2 - t^3/3. Near 0, where the difference would lose all digits, by its
 * series; 20 terms leave less than 2^-53 of it for |t| < 0.1. */
static double log_remainder(double t) {
  enum { FIRST = 4, END = 24 };
  if (fabs(t) >= 0.1) return log1p(t) - t + t * t / 2 - t * t * t / 3;
  double sum = 0;
  for (int k = END - 1; k >= FIRST; --k) sum = sum * t + (k % 2 ? 1.0 : -1.0) / k;
  return sum * t * t * t * t;
}

/* A gamma number of this shape >= 1: d (1 + t)^3 with d = shape - 1/3, t = x / sqrt(9 d), x a
 * normal. Accepted when log u < x^2/2 + d (1 - v + log v), v = (1 + t)^3, which is 3 d times the
 * remainder above; -log u is exponential, as is half the square of the radius of two normals. */
static double draw_gamma(tv_stream stream, uint64_t index, int number, double shape) {
  const double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
  const int64_t row = (int64_t)index;
  for (int first = number * NORMALS_OF_NUMBER;; first += NORMALS_OF_ATTEMPT) {
    double x[NORMALS_OF_ATTEMPT];
    tv_random_normal_rows(stream, &row, 1, first, NORMALS_OF_ATTEMPT, x, NORMALS_OF_ATTEMPT);
    const double t = c * x[0], log_uniform = -(x[2] * x[2] + x[3] * x[3]) / 2;
    if (t > -1 && log_uniform < 3 * d * log_remainder(t)) return d * (1 + t) * (1 + t) * (1 + t);
  }
}

double tv_random_chi_square(tv_stream stream, uint64_t index, int64_t degrees) {
  if (degrees > 1) return 2 * draw_gamma(stream, index, 0, (double)degrees / 2);
  double x;
  tv_random_normals(stream, index, 1, &x);
  return x * x;
}

/* A product of independent uniforms falls short of exp(-mean) after Poisson(mean) of them; their
 * logarithms are exponential. */
static int64_t count_exponentials(tv_stream stream, uint64_t index, int number, double mean) {
  const int64_t row = (int64_t)index;
  double sum = 0, x[2];
  int64_t count = -1;
  for (int first = number * NORMALS_OF_NUMBER; sum <= mean; first += 2, ++count) {
    tv_random_normal_rows(stream, &row, 1, first, 2, x, 2);
    sum += (x[0] * x[0] + x[1] * x[1]) / 2;
  }
  return count;
}

/* The successes of n trials, by numbers from `number` on. */
static int64_t draw_binomial(tv_stream stream, uint64_t index, int number, int64_t n,
                             double probability) {
  int64_t successes = 0;
  for (; n > 0; number += 2) {
    const int64_t median = (n + 1) / 2; /* of n uniforms, the one with this rank */
    const double below = draw_gamma(stream, index, number, (double)median);
    const double above = draw_gamma(stream, index, number + 1, (double)(n + 1 - median));
    const double at = below / (below + above);
    if (at <= probability) {
      successes += median;
      n -= median;
      probability = (probability - at) / (1 - at);
    } else {
      n = median - 1;
      probability /= at;
    }
  }
  return successes;
}

int64_t tv_random_binomial(tv_stream stream, uint64_t index, int64_t n, double probability) {
  return draw_binomial(stream, index, 0, n, probability);
}

/* The arrival time of event number m is a gamma number: if it is before the mean, m events and
 * those of the time left have come; else m - 1 events lie before it, each before the mean by
 * chance. */
int64_t tv_random_poisson(tv_stream stream, uint64_t index, double mean) {
  const double few = 16;
  int64_t events = 0;
  int number = 0;
  if (mean == 0) return 0;
  for (; mean > few; ++number) {
    const int64_t m = (int64_t)(7 * mean / 8);
    const double arrival = draw_gamma(stream, index, number, (double)m);
    if (arrival > mean)
      return events + draw_binomial(stream, index, number + 1, m - 1, mean / arrival);
    events += m;
    mean -= arrival;
  }
  return events + count_exponentials(stream, index, number, mean);
}

/* The logarithm of a gamma number of any shape: of shape + 1, times u^(1/shape). */
static double log_gamma_number(tv_stream stream, uint64_t index, int number, double shape) {
  const int64_t row = (int64_t)index;
  double x[2];
  tv_random_normal_rows(stream, &row, 1, (number + 1) * NORMALS_OF_NUMBER, 2, x, 2);
  return log(draw_gamma(stream, index, number, shape + 1)) -
         (x[0] * x[0] + x[1] * x[1]) / (2 * shape);
}

double tv_random_beta(tv_stream stream, uint64_t index, double shape) {
  const double a = log_gamma_number(stream, index, 0, shape);
  const double b = log_gamma_number(stream, index, 2, shape);
  return 1 / (1 + exp(b - a));
}
