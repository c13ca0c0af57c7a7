#include "theory/expected_spectrum.h"

#include <float.h>
#include <math.h>

#include "support/unit.h"

enum { MOST = 60 };

/* Relative error of the rule for int int log|t - t'|: it goes with the fifth power of the spacing,
 * at most 0.25 sqrt(3.3) deviations, times zeta'(-4)/12 and a fourth derivative of some ten. */
static const double rule = 1e-2;

/* Eigenvalues of H^{1/2} K H^{1/2}: X_j = h_j kappa. */
typedef struct {
  double square[MOST], linear[MOST], offset[MOST], kappa[MOST];
  tv_secular psi;
} spectrum;

static void equal_population(spectrum *s, int count, double n) {
  *s = (spectrum){.psi.n = n};
  s->psi.levels = (tv_levels){count, s->square, s->linear, s->offset, s->kappa};
  for (int j = 0; j < count; ++j) s->linear[j] = 1;
}

/* E det(x - K) for two columns is x^2 - 2 x + (n - 1)/n: zeros 1 +- 1/sqrt(n). */
START_TEST(zeros_of_two_levels_by_hand) {
  for (double n = 100; n < 2e12; n *= 100) {
    spectrum s;
    double low, lacking, variance;
    equal_population(&s, 2, n);
    /* The zeros are found to 1e-12, from cancelling sums of relative error sqrt(n) epsilon. */
    const double bound = 2e-12 + 100 * DBL_EPSILON * sqrt(n) / sqrt(n);
    ck_assert_double_eq_tol(tv_secular_largest_zero(&s.psi, -1, INFINITY), 1 + 1 / sqrt(n), bound);
    tv_secular_smallest_zero(&s.psi, &low, &lacking, &variance);
    ck_assert_double_eq_tol(low, 1 - 1 / sqrt(n), bound);
  }
}
END_TEST

/* K = 1 + G/sqrt(n) up to O(1/n) with G from the Gaussian orthogonal ensemble of size 2. There the
 * zeros are +-1, and half the gap is a Rayleigh variable about a centre of variance 1, so to first
 * order in the inverse index (1/beta, beta = 1) the mean is 1 + 1/4 and the variance 3/2 (from
 * C(x, x) = (4 x^2 + 2)/beta for the covariance of (x - centre)^2 - halfgap^2). */
START_TEST(fluctuation_of_two_levels_by_hand) {
  for (double n = 1e4; n < 2e8; n *= 100) {
    spectrum s;
    double zero, lacking, variance;
    equal_population(&s, 2, n);
    /* The next order in 1/sqrt(n), and what the rule for the logarithm leaves. */
    const double bound = 3 / sqrt(n) + rule;
    zero = tv_secular_largest_zero(&s.psi, -1, INFINITY);
    ck_assert_double_eq_tol(tv_secular_lacking(&s.psi, zero) * sqrt(n), 0.25, bound);
    tv_secular_smallest_zero(&s.psi, &zero, &lacking, &variance);
    ck_assert_double_eq_tol(lacking * sqrt(n), -0.25, bound);
    ck_assert_double_eq_tol(variance * n, 1.5, bound);
  }
}
END_TEST

/* One column: chi-square over n, of mean 1 and variance 2/n, without anything lacking. */
START_TEST(fluctuation_of_one_level) {
  const double n = 1e4;
  spectrum s;
  double zero, lacking, variance;
  equal_population(&s, 1, n);
  tv_secular_smallest_zero(&s.psi, &zero, &lacking, &variance);
  ck_assert_double_eq_tol(zero, 1, 1e-12);
  ck_assert_double_eq_tol(lacking, 0, rule / sqrt(n));
  ck_assert_double_eq_tol(variance, 2 / n, rule * 2 / n);
}
END_TEST

/* Equal populations: zeros of Laguerre's polynomial L_q^(n - q)(n x), which the three-term
 * recurrence tells independently; beyond the outermost it has no change of sign. */
static double laguerre(int q, double shape, double x) {
  double before = 0, now = 1;
  for (int i = 0; i < q; ++i) {
    const double next = ((2 * i + 1 + shape - x) * now - (i + shape) * before) / (i + 1);
    before = now;
    now = next;
  }
  return now;
}

START_TEST(outermost_zeros_of_equal_levels_are_those_of_laguerre) {
  const int q = 50;
  const double n = 1000, step = 1e-9, end = (1 + sqrt(q / n)) * (1 + sqrt(q / n));
  spectrum s;
  double low, lacking, variance;
  equal_population(&s, q, n);
  tv_secular_smallest_zero(&s.psi, &low, &lacking, &variance);
  const double high = tv_secular_largest_zero(&s.psi, 0, INFINITY);
  for (int side = -1; side <= 1; side += 2) {
    const double zero = side < 0 ? low : high;
    const double outer = laguerre(q, n - q, n * (zero + side * step));
    ck_assert_double_lt(outer * laguerre(q, n - q, n * (zero - side * step)), 0);
    for (double x = zero; x > 0 && x < end; x += side * step * 1e6)
      ck_assert_double_gt(outer * laguerre(q, n - q, n * (x + side * step)), 0);
  }
}
END_TEST

/* The mean of 2000 draws at q = 50, n = 1000 (NumPy, default_rng(0), Bartlett) is 1.4685 with
 * standard error 0.0006; the zero alone is 1.4503. */
START_TEST(mean_of_many_equal_levels_is_that_of_draws) {
  spectrum s;
  equal_population(&s, 50, 1000);
  const double zero = tv_secular_largest_zero(&s.psi, 0, INFINITY);
  ck_assert_double_eq_tol(zero + tv_secular_lacking(&s.psi, zero), 1.4685, 3 * 0.0006);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("expected_spectrum");
  tcase_add_test(cases, zeros_of_two_levels_by_hand);
  tcase_add_test(cases, fluctuation_of_two_levels_by_hand);
  tcase_add_test(cases, fluctuation_of_one_level);
  tcase_add_test(cases, outermost_zeros_of_equal_levels_are_those_of_laguerre);
  tcase_add_test(cases, mean_of_many_equal_levels_is_that_of_draws);
  return unit_run("expected_spectrum", cases);
}
