#include "twoview/augmentations/spectra.h"

#include <float.h>

#include "support/unit.h"
#include "twoview/random/random.h"

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
    for (int i = 0; i < 4; ++i) /* common random numbers over the noise scales */
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

int main(void) {
  TCase *cases = tcase_create("spectra");
  tcase_add_test(cases, eigenvalues_are_scaled_uniforms_of_their_own_streams);
  tcase_add_test(cases, eigenvalues_of_intervals);
  tcase_add_test(cases, given_eigenvalues_are_scaled_by_the_magnitude);
  return unit_run("spectra", cases);
}
