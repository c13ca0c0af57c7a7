#include "twoview/theory/theory.h"

#include <float.h>
#include <math.h>

#include "support/unit.h"
#include "twoview/random/random.h"

static const tv_rivals rivals = {{&tv_reconstruction, &tv_joint_embedding}};

static double threshold(const tv_method *method, int k, int p, int q, const double *signal,
                        const double *theta, const double *gamma) {
  double alpha2 = 99;
  expect_success(
      tv_alpha2_threshold(method, &(tv_components){k, p, q, signal, theta, gamma}, &alpha2));
  return alpha2;
}

/* ---- Worked by hand ---- */

/* p = 3, s = (8, 3, 1), theta = (1, 1, 3 | 2, 1), gamma = (4, 1).
 *   s/(s + theta)       8/9, 3/4, 1/4       s^2/(s + theta)     64/9, 9/4, 1/4
 * k = 2: delta = 3/4, eta^2 = 9/4
 *   RC  max(4/(9/4) - 2/4 - 1, 1/(9/4) - 1 - 1) = max(5/18, -14/9) = 5/18
 *   JE  max(1/3 - 2/4, 1/3 - 1) = -1/6
 * k = 3: delta = 1/4, eta^2 = 1/4
 *   RC  max(16 - 1/2 - 1, 4 - 1 - 1) = 29/2
 *   JE  max(3 - 1/2, 3 - 1) = 5/2 */
static const double signal3[] = {8, 3, 1}, theta5[] = {1, 1, 3, 2, 1}, gamma2[] = {4, 1};

START_TEST(thresholds_worked_by_hand) {
  /* A handful of operations on numbers up to 16. */
  const double bound = 10 * 16 * DBL_EPSILON;
  ck_assert_double_eq_tol(threshold(&tv_reconstruction, 2, 3, 2, signal3, theta5, gamma2), 5. / 18,
                          bound);
  ck_assert_double_eq_tol(threshold(&tv_joint_embedding, 2, 3, 2, signal3, theta5, gamma2), -1. / 6,
                          bound);
  ck_assert_double_eq_tol(threshold(&tv_reconstruction, 3, 3, 2, signal3, theta5, gamma2), 29. / 2,
                          bound);
  ck_assert_double_eq_tol(threshold(&tv_joint_embedding, 3, 3, 2, signal3, theta5, gamma2), 5. / 2,
                          bound);
}
END_TEST

/* The k-th largest is not that of the k-th component: s = (8, 3, 1), theta = (56, 1, 0).
 *   s/(s + theta)   1/8, 3/4, 1: k = 2 takes 3/4, JE: max(1/3 - 2/4, 1/3 - 1/1) = -1/6
 *   s^2/(s + theta)   1, 9/4, 1: k = 1 takes 9/4, RC as above 5/18 */
START_TEST(components_are_ranked_as_each_method_sees_them) {
  static const double theta[] = {56, 1, 0, 2, 1};
  const double bound = 10 * DBL_EPSILON;
  ck_assert_double_eq_tol(threshold(&tv_joint_embedding, 2, 3, 2, signal3, theta, gamma2), -1. / 6,
                          bound);
  ck_assert_double_eq_tol(threshold(&tv_reconstruction, 1, 3, 2, signal3, theta, gamma2), 5. / 18,
                          bound);
}
END_TEST

START_TEST(limiting_cases_of_thresholds) {
  static const tv_method *const methods[] = {&tv_reconstruction, &tv_joint_embedding};
  for (int k = 1; k <= 5; ++k) /* supervised: always */
    ck_assert_double_eq(threshold(&tv_supervised, k, 3, 2, signal3, theta5, gamma2), -INFINITY);
  for (int m = 0; m < 2; ++m) {
    ck_assert_double_eq(threshold(methods[m], 3, 3, 0, signal3, theta5, gamma2), -INFINITY);
    ck_assert_double_nan(threshold(methods[m], 4, 3, 2, signal3, theta5, gamma2));
    ck_assert_double_nan(threshold(methods[m], 4, 3, 0, signal3, theta5, gamma2));
  }
}
END_TEST

/* ---- Components ---- */

/* A noise component leaves the k largest exactly where alpha^2 passes what it needs. */
START_TEST(values_cross_at_the_thresholds) {
  static const tv_method *const methods[] = {&tv_reconstruction, &tv_joint_embedding};
  for (int m = 0; m < 2; ++m) {
    double weakest, largest = 0;
    expect_success(tv_weakest_signal(methods[m], &(tv_components){3, 3, 2, signal3, theta5, gamma2},
                                     &weakest));
    const double alpha2 = threshold(methods[m], 3, 3, 2, signal3, theta5, gamma2);
    for (int i = 0; i < 2; ++i)
      largest = fmax(largest, tv_noise_value(methods[m], gamma2[i], theta5[3 + i], alpha2));
    ck_assert_double_eq_tol(largest, weakest, 10 * DBL_EPSILON);
  }
}
END_TEST

START_TEST(values_worked_by_hand) {
  ck_assert_double_eq(tv_signal_value(&tv_reconstruction, 3, 1), 1.5);
  ck_assert_double_eq(tv_signal_value(&tv_joint_embedding, 3, 1), 0.75);
  ck_assert_double_eq(tv_noise_value(&tv_reconstruction, 4, 4, 2), 1); /* 4 / sqrt(4 + 3 4) */
  ck_assert_double_eq(tv_noise_value(&tv_joint_embedding, 4, 4, 2), 0.25);
}
END_TEST

START_TEST(an_alignment_recovers_strictly_above_the_threshold) {
  ck_assert(!tv_recovers(2, 4));
  ck_assert(tv_recovers(2, 3.9));
  ck_assert(tv_recovers(0, -0.1));
  ck_assert(tv_recovers(0, -INFINITY));
  ck_assert(!tv_recovers(1e9, NAN));
}
END_TEST

/* ---- All of it ---- */

/* s from 4 to 1, theta 1/2 on them and theta_n on the noise: eta^2 = delta = 1/(1 + 1/2) = 2/3, so
 * that reconstruction is favoured below gamma = 1 and joint embedding above.
 *   gamma = (3, 10), theta_n = (1/20, 1/2): RC 10 3/2 - 1/20 - 1, JE 1/2 - 1/60
 * Gammas on both sides of 1 decide by the thresholds: (1/10, 10) RC 13.95, JE 0.45. Where neither
 * needs any alignment, as for (1/20, 9/10), nothing is favoured. */
START_TEST(asymptotics_worked_by_hand) {
  static const double signal[] = {4, 3, 2, 1}, theta[] = {.5, .5, .5, .5, .05, .5};
  static const double gammas[][2] = {{3, 10}, {0.2, 0.9}, {0.1, 10}, {0.05, 0.9}};
  static const int favoured[] = {1, 0, 1, -1};
  const double bound = 20 * 16 * DBL_EPSILON;
  double values[TV_ASYMPTOTICS];
  for (int i = 0; i < 4; ++i) {
    expect_success(
        tv_asymptotics_of(&rivals, &(tv_components){4, 4, 2, signal, theta, gammas[i]}, values));
    ck_assert_double_eq_tol(values[TV_WEAKEST], sqrt(2. / 3), bound);
    ck_assert_double_eq_tol(values[TV_WEAKEST + 1], 2. / 3, bound);
    ck_assert_double_eq_tol(values[TV_WEAKEST2_OVER_WEAKEST], 1, bound);
    ck_assert_double_eq(values[TV_LEAST_GAMMA], gammas[i][0]);
    ck_assert_double_eq(values[TV_LARGEST_GAMMA], gammas[i][1]);
    ck_assert_int_eq(tv_favoured(values), favoured[i]);
    if (i > 0) continue;
    ck_assert_double_eq_tol(values[TV_ALPHA2], 13.95, bound);
    ck_assert_double_eq_tol(values[TV_ALPHA2 + 1], 0.5 - 1. / 60, bound);
  }
}
END_TEST

START_TEST(without_noise_or_with_too_many_rows_nothing_is_favoured) {
  double values[TV_ASYMPTOTICS];
  expect_success(
      tv_asymptotics_of(&rivals, &(tv_components){3, 3, 0, signal3, theta5, NULL}, values));
  ck_assert_double_nan(values[TV_LEAST_GAMMA]);
  ck_assert_double_nan(values[TV_LARGEST_GAMMA]);
  ck_assert_double_eq(values[TV_ALPHA2], -INFINITY);
  ck_assert_int_eq(tv_favoured(values), -1);
  expect_success(
      tv_asymptotics_of(&rivals, &(tv_components){4, 3, 2, signal3, theta5, gamma2}, values));
  ck_assert_double_nan(values[TV_WEAKEST]);
  ck_assert_double_nan(values[TV_ALPHA2 + 1]);
  ck_assert_int_eq(tv_favoured(values), -1);
}
END_TEST

/* Drawn eigenvalues, eta and delta of the same and of different components: what is favoured has
 * the lower threshold, of which a negative one is 0; and Corollary 4.5. */
START_TEST(what_is_favoured_needs_less) {
  enum { P = 4, Q = 3, DRAWS = 300 };
  double drawn[2 * P + 2 * Q], signal[P], gamma[Q], values[TV_ASYMPTOTICS];
  int seen_rc = 0, seen_je = 0;
  for (uint32_t i = 0; i < DRAWS; ++i) {
    tv_random_uniforms((tv_stream){5, TV_FOR_GAMMA, i}, 0, 2 * P + 2 * Q, drawn);
    for (int j = 0; j < P; ++j) signal[j] = 1 + 4 * drawn[P + Q + j];
    for (int j = 0; j < Q; ++j) gamma[j] = 1 + 4 * drawn[2 * P + Q + j];
    expect_success(
        tv_asymptotics_of(&rivals, &(tv_components){2, P, Q, signal, drawn, gamma}, values));
    const int favoured = tv_favoured(values);
    const double rc = values[TV_ALPHA2], je = values[TV_ALPHA2 + 1];
    seen_rc += favoured == 0;
    seen_je += favoured == 1;
    if (favoured == 0) ck_assert_double_lt(fmax(rc, 0), fmax(je, 0));
    if (favoured == 1) ck_assert_double_gt(fmax(rc, 0), fmax(je, 0));
    if (favoured < 0) ck_assert_double_eq(fmax(rc, 0), fmax(je, 0));
    if (values[TV_LARGEST_GAMMA] < values[TV_WEAKEST2_OVER_WEAKEST]) ck_assert_double_lt(rc, je);
    if (values[TV_LEAST_GAMMA] > values[TV_WEAKEST2_OVER_WEAKEST]) ck_assert_double_gt(rc, je);
  }
  ck_assert_int_gt(seen_rc, DRAWS / 10);
  ck_assert_int_gt(seen_je, DRAWS / 10);
}
END_TEST

/* Another method with a theory, even a quadratic one, takes the place of neither. */
START_TEST(rivals_are_those_that_a_row_names) {
  static const tv_component_theory theory = {.is_quadratic = 1};
  static const tv_method another = {.kind = {.name = "another"}, .theory = &theory};
  static const tv_kind *const methods[] = {&another.kind, &tv_joint_embedding.kind,
                                           &tv_reconstruction.kind, NULL};
  const tv_rivals found = tv_rivals_of(&(tv_kinds){.methods = methods});
  ck_assert_ptr_eq(found.method[0], &tv_reconstruction);
  ck_assert_ptr_eq(found.method[1], &tv_joint_embedding);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("theory");
  tcase_add_test(cases, rivals_are_those_that_a_row_names);
  tcase_add_test(cases, thresholds_worked_by_hand);
  tcase_add_test(cases, components_are_ranked_as_each_method_sees_them);
  tcase_add_test(cases, limiting_cases_of_thresholds);
  tcase_add_test(cases, values_cross_at_the_thresholds);
  tcase_add_test(cases, values_worked_by_hand);
  tcase_add_test(cases, an_alignment_recovers_strictly_above_the_threshold);
  tcase_add_test(cases, asymptotics_worked_by_hand);
  tcase_add_test(cases, without_noise_or_with_too_many_rows_nothing_is_favoured);
  tcase_add_test(cases, what_is_favoured_needs_less);
  return unit_run("theory", cases);
}
