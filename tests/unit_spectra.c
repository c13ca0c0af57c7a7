#include "twoview/spectra.h"

#include <float.h>
#include <math.h>

#include "twoview/random.h"
#include "unit_main.h"

static double threshold(tv_method_id method, int k, int p, int q, const double *signal,
                        const double *theta, const double *gamma) {
  double alpha2 = 99;
  expect_success(tv_alpha2_threshold(method, k, p, q, signal, theta, gamma, &alpha2));
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
  ck_assert_double_eq_tol(threshold(TV_RECONSTRUCTION, 2, 3, 2, signal3, theta5, gamma2), 5. / 18,
                          bound);
  ck_assert_double_eq_tol(threshold(TV_JOINT_EMBEDDING, 2, 3, 2, signal3, theta5, gamma2), -1. / 6,
                          bound);
  ck_assert_double_eq_tol(threshold(TV_RECONSTRUCTION, 3, 3, 2, signal3, theta5, gamma2), 29. / 2,
                          bound);
  ck_assert_double_eq_tol(threshold(TV_JOINT_EMBEDDING, 3, 3, 2, signal3, theta5, gamma2), 5. / 2,
                          bound);
}
END_TEST

/* The k-th largest is not that of the k-th component: s = (8, 3, 1), theta = (56, 1, 0).
 *   s/(s + theta)   1/8, 3/4, 1: k = 2 takes 3/4, JE: max(1/3 - 2/4, 1/3 - 1/1) = -1/6
 *   s^2/(s + theta)   1, 9/4, 1: k = 1 takes 9/4, RC as above 5/18 */
START_TEST(components_are_ranked_as_each_method_sees_them) {
  static const double theta[] = {56, 1, 0, 2, 1};
  const double bound = 10 * DBL_EPSILON;
  ck_assert_double_eq_tol(threshold(TV_JOINT_EMBEDDING, 2, 3, 2, signal3, theta, gamma2), -1. / 6,
                          bound);
  ck_assert_double_eq_tol(threshold(TV_RECONSTRUCTION, 1, 3, 2, signal3, theta, gamma2), 5. / 18,
                          bound);
}
END_TEST

START_TEST(limiting_cases_of_thresholds) {
  static const tv_method_id methods[] = {TV_RECONSTRUCTION, TV_JOINT_EMBEDDING};
  for (int k = 1; k <= 5; ++k) /* supervised: always */
    ck_assert_double_eq(threshold(TV_SUPERVISED, k, 3, 2, signal3, theta5, gamma2), -INFINITY);
  for (int m = 0; m < 2; ++m) {
    ck_assert_double_eq(threshold(methods[m], 3, 3, 0, signal3, theta5, gamma2), -INFINITY);
    ck_assert_double_nan(threshold(methods[m], 4, 3, 2, signal3, theta5, gamma2));
    ck_assert_double_nan(threshold(methods[m], 4, 3, 0, signal3, theta5, gamma2));
  }
}
END_TEST

/* ---- Drawn spectra ---- */

static tv_spectra *draw(double *lambda_max, unsigned magnitudes, int p, int q, double theta_max) {
  tv_spectra *spectra;
  const tv_experiment e = {
      .seed = 11,
      .replicates = 50,
      .noise = {.components = q, .lambda_max = lambda_max, .lambda_max_count = magnitudes},
      .augmentation = {.theta = {{0, theta_max}, {0, theta_max}}}};
  expect_success(tv_spectra_draw(&e, p, &spectra));
  ck_assert_int_eq(spectra->replicates, 50);
  ck_assert_int_eq(spectra->magnitudes, (int)magnitudes);
  ck_assert_int_eq(spectra->p, p);
  ck_assert_int_eq(spectra->q, q);
  return spectra;
}

START_TEST(eigenvalues_are_scaled_uniforms_of_their_own_streams) {
  double lambda_max[] = {3, 1e6}, uniforms[7];
  tv_spectra *spectra = draw(lambda_max, 2, 3, 4, 0.5);
  for (uint32_t r = 0; r < 50; ++r) {
    tv_random_uniforms((tv_stream){11, TV_FOR_GAMMA, r}, 0, 4, uniforms);
    for (int i = 0; i < 4; ++i) /* common random numbers over the magnitudes */
      for (int m = 0; m < 2; ++m)
        ck_assert_double_eq(tv_gamma_of(spectra, (int)r, m)[i], uniforms[i] * lambda_max[m]);
    tv_random_uniforms((tv_stream){11, TV_FOR_THETA, r}, 0, 7, uniforms);
    for (int i = 0; i < 7; ++i)
      ck_assert_double_eq(tv_theta_of(spectra, (int)r)[i], uniforms[i] * 0.5);
  }
  tv_spectra_destroy(&spectra);
  ck_assert_ptr_null(spectra);
  tv_spectra_destroy(&spectra);
}
END_TEST

START_TEST(eigenvalues_of_intervals) {
  enum { P = 3, Q = 4 };
  double lambda_max[] = {2, 10}, uniforms[P + Q];
  tv_spectra *spectra;
  const tv_experiment e = {.seed = 11,
                           .replicates = 3,
                           .noise = {.components = Q,
                                     .lambda_max = lambda_max,
                                     .lambda_max_count = 2,
                                     .lambda_min_ratio = 0.25},
                           .augmentation = {.theta = {{0.5, 0.5}, {1, 3}}}};
  expect_success(tv_spectra_draw(&e, P, &spectra));
  for (uint32_t r = 0; r < 3; ++r) {
    tv_random_uniforms((tv_stream){11, TV_FOR_GAMMA, r}, 0, Q, uniforms);
    for (int i = 0; i < Q; ++i)
      for (int m = 0; m < 2; ++m) /* two roundings */
        ck_assert_double_eq_tol(tv_gamma_of(spectra, (int)r, m)[i],
                                lambda_max[m] * (0.25 + 0.75 * uniforms[i]),
                                2 * DBL_EPSILON * lambda_max[m]);
    tv_random_uniforms((tv_stream){11, TV_FOR_THETA, r}, 0, P + Q, uniforms);
    for (int i = 0; i < P + Q; ++i)
      ck_assert_double_eq(tv_theta_of(spectra, (int)r)[i], i < P ? 0.5 : 1 + 2 * uniforms[i]);
  }
  tv_spectra_destroy(&spectra);
}
END_TEST

START_TEST(given_eigenvalues_are_scaled_by_the_magnitude) {
  double lambda_max[] = {1, 10}, eigenvalues[] = {3, 0.1, 7}, theta[] = {0, 2, 1, 5};
  tv_spectra *spectra;
  const tv_experiment e = {
      .replicates = 2,
      .noise = {.components = 3,
                .lambda_max = lambda_max,
                .lambda_max_count = 2,
                .eigenvalues = eigenvalues,
                .eigenvalues_count = 3},
      .augmentation = {.theta_eigenvalues = theta, .theta_eigenvalues_count = 4}};
  expect_success(tv_spectra_draw(&e, 1, &spectra));
  for (int r = 0; r < 2; ++r) {
    for (int m = 0; m < 2; ++m)
      for (int i = 0; i < 3; ++i)
        ck_assert_double_eq(tv_gamma_of(spectra, r, m)[i], lambda_max[m] * eigenvalues[i]);
    for (int i = 0; i < 4; ++i) ck_assert_double_eq(tv_theta_of(spectra, r)[i], theta[i]);
  }
  tv_spectra_destroy(&spectra);
}
END_TEST

/* Corollary 4.5: max gamma < eta^2/delta implies that reconstruction needs less alignment than
 * joint embedding, min gamma > eta^2/delta the reverse. With k = p, eta and delta are minima; here
 * over equal theta on the signal they belong to the weakest component, so that eta^2/delta = s. */
START_TEST(corollary_4_5_on_drawn_spectra) {
  enum { P = 4, Q = 6 };
  static const double signal[P] = {5, 4, 3, 2};
  double lambda_max[] = {2, 40}, theta[P + Q], gamma[Q];
  tv_spectra *spectra = draw(lambda_max, 2, P, Q, 1);
  for (int r = 0; r < 50; ++r) {
    memcpy(theta, tv_theta_of(spectra, r), sizeof theta);
    for (int i = 0; i < P; ++i) theta[i] = theta[0];
    for (int is_strong = 0; is_strong < 2; ++is_strong) {
      /* weak: U[0, 2], all below s = 2; strong: 2 + U[0, 40], all above */
      for (int i = 0; i < Q; ++i)
        gamma[i] = tv_gamma_of(spectra, r, is_strong)[i] + (is_strong ? signal[P - 1] : 0);
      const double rc = threshold(TV_RECONSTRUCTION, P, P, Q, signal, theta, gamma);
      const double je = threshold(TV_JOINT_EMBEDDING, P, P, Q, signal, theta, gamma);
      if (is_strong)
        ck_assert_double_gt(rc, je);
      else
        ck_assert_double_lt(rc, je);
    }
  }
  tv_spectra_destroy(&spectra);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("spectra");
  tcase_add_test(cases, thresholds_worked_by_hand);
  tcase_add_test(cases, components_are_ranked_as_each_method_sees_them);
  tcase_add_test(cases, limiting_cases_of_thresholds);
  tcase_add_test(cases, eigenvalues_are_scaled_uniforms_of_their_own_streams);
  tcase_add_test(cases, eigenvalues_of_intervals);
  tcase_add_test(cases, given_eigenvalues_are_scaled_by_the_magnitude);
  tcase_add_test(cases, corollary_4_5_on_drawn_spectra);
  return unit_run("spectra", cases);
}
