#include "twoview/random/distributions.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "support/unit.h"

/* Fixed seeds; bands of 5 standard errors, and Kolmogorov's and Smirnov's sqrt(n) D <= 2.7: a sound
 * generator leaves either with a probability below 1e-6. */
enum { DRAWS = 1 << 15, BAND = 5 };
static const double most_ks = 2.7;

static const tv_stream stream = {.seed = 4, .purpose = TV_FOR_LAW_CHI, .replicate = 2};

static double normal_below(double x) {
  return erfc(-x / sqrt(2)) / 2;
}

/* P(chi-square < x): F_1 = erf(sqrt(x/2)), F_2 = 1 - exp(-x/2), and
 * F_{v+2} = F_v - (x/2)^{v/2} exp(-x/2) / Gamma(v/2 + 1). */
static double chi_square_below(int64_t degrees, double x) {
  double below = degrees % 2 ? erf(sqrt(x / 2)) : -expm1(-x / 2);
  for (int64_t v = degrees % 2 ? 1 : 2; v < degrees; v += 2) {
    const double half = (double)v / 2;
    below -= exp(half * log(x / 2) - x / 2 - lgamma(half + 1));
  }
  return below;
}

static double *draw(int64_t degrees) {
  double *x = calloc(DRAWS, sizeof(*x));
  ck_assert_ptr_nonnull(x);
  for (uint64_t i = 0; i < DRAWS; ++i) x[i] = tv_random_chi_square(stream, i, degrees);
  return x;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static const int64_t degrees_of[] = {
    1, 2, 3, 4, 5, 9, 100, 4001, 1000000, 4000000000, 1000000000000, 1000000000000000};
enum { DEGREES = sizeof degrees_of / sizeof *degrees_of };

/* Standardised, a chi-square number has mean 0, variance 1, third moment sqrt(8/v), fourth
 * 3 + 12/v; the squares' variance is 2 + 12/v, the cubes' at most E x^6 <= 15 + 580/v + 480/v^2
 * (kappa_3 = 2 sqrt(2/v), kappa_4 = 12/v, kappa_5 = 48 sqrt(2) v^-1.5, kappa_6 = 480/v^2;
 * E x^6 = kappa_6 + 15 kappa_4 + 10 kappa_3^2 + 15). */
START_TEST(chi_squares_have_their_moments) {
  const double v = (double)degrees_of[_i], third = sqrt(8 / v);
  const double sixth = 480 / v / v + 15 * 12 / v + 10 * 8 / v + 15;
  const double expected[] = {0, 1, third}, variance[] = {1, 2 + 12 / v, sixth - third * third};
  double *x = draw(degrees_of[_i]), sum[3] = {0};
  for (int i = 0; i < DRAWS; ++i) {
    const double standard = (x[i] - v) / sqrt(2 * v);
    double power = 1;
    for (int m = 0; m < 3; ++m) sum[m] += power *= standard;
  }
  for (int m = 0; m < 3; ++m)
    ck_assert_double_eq_tol(sum[m] / DRAWS, expected[m], BAND * sqrt(variance[m] / DRAWS));
  free(x);
}
END_TEST

/* Against the exact law up to a few thousand degrees. Beyond, against the normal of the same mean
 * and variance, from which it is sqrt(8/v)/6 (1 - x^2) phi(x) + O(1/v) away: at most 0.19/sqrt(v).
 */
START_TEST(chi_squares_have_their_law) {
  const int64_t degrees = degrees_of[_i];
  const double v = (double)degrees, away = degrees > 10000 ? 0.2 / sqrt(v) : 0;
  double *x = draw(degrees), worst = 0;
  qsort(x, DRAWS, sizeof *x, ascending);
  for (int i = 0; i < DRAWS; ++i) {
    const double below =
        degrees > 10000 ? normal_below((x[i] - v) / sqrt(2 * v)) : chi_square_below(degrees, x[i]);
    worst = fmax(worst, fmax(fabs(below - (double)i / DRAWS), fabs(below - (i + 1.0) / DRAWS)));
  }
  ck_assert_double_le(worst, most_ks / sqrt(DRAWS) + away);
  free(x);
}
END_TEST

START_TEST(numbers_are_functions_of_stream_and_index) {
  const tv_stream other = {stream.seed, stream.purpose, stream.replicate + 1};
  for (int i = 0; i < DEGREES; ++i) {
    const double x = tv_random_chi_square(stream, 77, degrees_of[i]);
    ck_assert_double_eq(tv_random_chi_square(stream, 77, degrees_of[i]), x);
    ck_assert_double_ne(tv_random_chi_square(stream, 78, degrees_of[i]), x);
    ck_assert_double_ne(tv_random_chi_square(other, 77, degrees_of[i]), x);
  }
}
END_TEST

/* The mean of products of independent standardised numbers has standard error 1/sqrt(n). */
START_TEST(neighbouring_numbers_are_uncorrelated) {
  double *x = draw(3), sum = 0;
  for (int i = 1; i < DRAWS; ++i) sum += (x[i] - 3) * (x[i - 1] - 3) / 6;
  ck_assert_double_le(fabs(sum / (DRAWS - 1)), BAND / sqrt(DRAWS - 1));
  free(x);
}
END_TEST

/* ---- Binomial ---- */

START_TEST(binomial_edges) {
  ck_assert_int_eq(tv_random_binomial(stream, 0, 0, 0.5), 0);
  for (uint64_t i = 0; i < 100; ++i) {
    ck_assert_int_eq(tv_random_binomial(stream, i, 1000000000000, 1), 1000000000000);
    ck_assert_int_eq(tv_random_binomial(stream, i, 1000000000000, 0), 0);
  }
}
END_TEST

static const struct {
  int n;
  double probability;
} small[] = {{1, 0.3}, {2, 0.5}, {7, 0.1}, {10, 0.62}, {33, 0.9}};

/* Frequencies against probabilities, each within its band. */
START_TEST(binomials_have_their_law) {
  const int n = small[_i].n;
  const double p = small[_i].probability;
  int count[64] = {0};
  for (uint64_t i = 0; i < DRAWS; ++i) {
    const int64_t x = tv_random_binomial(stream, i, n, p);
    ck_assert(x >= 0 && x <= n);
    ++count[x];
  }
  for (int x = 0; x <= n; ++x) {
    const double choose = lgamma(n + 1) - lgamma(x + 1) - lgamma(n - x + 1);
    const double expected = exp(choose + x * log(p) + (n - x) * log1p(-p));
    /* One more for counts so rare that they are Poisson: P(Poisson(m) > 5 sqrt(m) + 5) < 1e-6. */
    ck_assert_double_eq_tol(count[x], DRAWS * expected,
                            BAND * sqrt(DRAWS * expected * (1 - expected)) + BAND);
  }
}
END_TEST

/* Nearly normal: the lattice and the skewness are worth less than 1/sqrt(n p (1 - p)). */
START_TEST(large_binomials_are_nearly_normal) {
  enum { FEWER = 1 << 12 };
  static const int64_t sizes[] = {100000000, 1000000000000, 1000000000000000};
  const int64_t n = sizes[_i];
  const double p = 0.1, deviation = sqrt((double)n * p * (1 - p));
  double *x = calloc(FEWER, sizeof(*x)), sum = 0, squares = 0, worst = 0;
  ck_assert_ptr_nonnull(x);
  for (uint64_t i = 0; i < FEWER; ++i) {
    x[i] = ((double)tv_random_binomial(stream, i, n, p) - (double)n * p) / deviation;
    sum += x[i];
    squares += x[i] * x[i];
  }
  ck_assert_double_eq_tol(sum / FEWER, 0, BAND / sqrt(FEWER));
  ck_assert_double_eq_tol(squares / FEWER, 1, BAND * sqrt(2.0 / FEWER));
  qsort(x, FEWER, sizeof *x, ascending);
  for (int i = 0; i < FEWER; ++i)
    worst = fmax(worst, fabs(normal_below(x[i]) - (i + 0.5) / FEWER) + 0.5 / FEWER);
  ck_assert_double_le(worst, most_ks / sqrt(FEWER) + 1 / deviation);
  free(x);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("distributions");
  tcase_add_loop_test(cases, chi_squares_have_their_moments, 0, DEGREES);
  tcase_add_loop_test(cases, chi_squares_have_their_law, 0, DEGREES);
  tcase_add_test(cases, numbers_are_functions_of_stream_and_index);
  tcase_add_test(cases, neighbouring_numbers_are_uncorrelated);
  tcase_add_test(cases, binomial_edges);
  tcase_add_loop_test(cases, binomials_have_their_law, 0, sizeof small / sizeof *small);
  tcase_add_loop_test(cases, large_binomials_are_nearly_normal, 0, 3);
  return unit_run("distributions", cases);
}
