/* What Gaussian steps do to random Fourier features: exactly, and by sampled noise of the inputs.
 */
#include "support/plain.h"
#include "support/ranks.h"

#include <math.h>

#include "augmentations/fourier.h"
#include "twoview/kinds.h"

enum { SAMPLES = 6, DRAWS = 8000, FREQUENCIES = 7, FEATURES = 2 * FREQUENCIES, SIZE = 20 };

static const tv_shape shape = {3, 5, 4, 1}, of_features = {1, FEATURES, 1, 1};

/* A step of one number, or of a first number and a deviation. */
static tv_step make_step(const char *name, double first, double second) {
  const tv_kind *kind = tv_kind_named(tv_kinds_all.augmentations, name);
  ck_assert_msg(kind != NULL, "no step %s", name);
  tv_step step = {.augmentation = (const tv_augmentation *)kind};
  for (int i = 0; kind->keys[i].name; ++i) {
    step.values[i].numbers = calloc(1, sizeof(double));
    step.values[i].count = 1;
    step.values[i].numbers[0] = i == 0 ? first : second;
  }
  ASSERT_DONE(tv_step_prepare(&step, &shape));
  return step;
}

/* All kinds that add normal numbers. */
static tv_chain make_chain(int from, int count) {
  tv_chain chain = {.count = count, .steps = calloc((size_t)count, sizeof(*chain.steps))};
  for (int i = 0; i < count; ++i) switch (from + i) {
    case 0:
      chain.steps[i] = make_step("noise", 0.3, 0);
      break;
    case 1:
      chain.steps[i] = make_step("texture", 1.5, 0.5);
      break;
    case 2:
      chain.steps[i] = make_step("brightness", 0.4, 0);
      break;
    default:
      chain.steps[i] = make_step("baseline", 2, 0.2);
    }
  for (int i = 0; i < count; ++i) chain.steps[i].number = from + i;
  return chain;
}

static tv_features make_features(void) {
  tv_features f = {.inputs = SIZE, .p = FEATURES};
  f.weights = calloc(FREQUENCIES * SIZE, sizeof(double));
  tv_random_normals((tv_stream){3, TV_FOR_FREQUENCIES, 0}, 0, FREQUENCIES * SIZE, f.weights);
  for (int i = 0; i < FREQUENCIES * SIZE; ++i) f.weights[i] /= 3;
  return f;
}

static void draw_inputs(double *x) {
  tv_random_normals((tv_stream){3, TV_FOR_FEATURES, 0}, 0, SAMPLES * SIZE, x);
}

/* The moments of the features of the inputs, with the first input as their target. */
static tv_samples *take_moments(const tv_grid *row, const tv_features *f) {
  double x[SAMPLES * SIZE], z[SAMPLES * FEATURES], second[FEATURES * FEATURES] = {0};
  double targets[FEATURES] = {0};
  tv_samples *samples = NULL;
  draw_inputs(x);
  tv_features_map(f, SAMPLES, x, SIZE, z, FEATURES);
  ASSERT_DONE(tv_samples_create(row, &of_features, 1, &samples));
  for (int i = 0; i < SAMPLES; ++i)
    for (int a = 0; a < FEATURES; ++a) {
      const double share = z[i * FEATURES + a] / SAMPLES;
      samples->mean[a] += share;
      targets[a] += share * x[(int64_t)i * SIZE];
      for (int b = 0; b < FEATURES; ++b) second[b * FEATURES + a] += share * z[i * FEATURES + b];
    }
  tv_distmat_scatter(second, samples->second);
  tv_distmat_scatter(targets, samples->targets);
  return samples;
}

static void corrupt(const tv_grid *row, const tv_features *f, int from, int count,
                    tv_samples *samples) {
  tv_chain inputs = make_chain(from, count), chain;
  ASSERT_DONE(tv_fourier_chain(f, &inputs, &shape, row, &chain));
  ck_assert_int_eq(chain.count, count > 0);
  ASSERT_DONE(tv_chain_corrupt(&chain, samples));
  tv_chain_release(&chain);
  tv_chain_release(&inputs);
}

/* ---- By sampled noise ---- */

/* Sums over draws of what a draw's features average over the samples to: products of all pairs,
 * products with the target, features; and of the squares of these averages. */
enum { SUMS = FEATURES * FEATURES + 2 * FEATURES };

static void add_draw(const double *z, const double *x, double *sum, double *square) {
  double of_draw[SUMS] = {0};
  for (int i = 0; i < SAMPLES; ++i, z += FEATURES)
    for (int a = 0; a < FEATURES; ++a) {
      const double share = z[a] / SAMPLES;
      for (int b = 0; b < FEATURES; ++b) of_draw[b * FEATURES + a] += share * z[b];
      of_draw[FEATURES * FEATURES + a] += share * x[(int64_t)i * SIZE];
      of_draw[FEATURES * FEATURES + FEATURES + a] += share;
    }
  for (int i = 0; i < SUMS; ++i) {
    sum[i] += of_draw[i];
    square[i] += of_draw[i] * of_draw[i];
  }
}

static void sample(const tv_features *f, double *sum, double *square) {
  const tv_chain chain = make_chain(0, 4);
  double x[SAMPLES * SIZE], drawn[SAMPLES * SIZE], z[SAMPLES * FEATURES], scratch[8 * SIZE];
  draw_inputs(x);
  for (uint64_t draw = 0; draw < DRAWS; ++draw) {
    memcpy(drawn, x, sizeof x);
    for (uint64_t i = 0; i < SAMPLES; ++i) {
      const tv_chain_draw of = {.shape = &shape,
                                .stream = {7, TV_FOR_VIEWS, 0},
                                .index = draw * SAMPLES + i,
                                .scratch = scratch};
      tv_chain_view(&chain, &of, drawn + i * SIZE);
    }
    tv_features_map(f, SAMPLES, drawn, SIZE, z, FEATURES);
    add_draw(z, x, sum, square);
  }
  tv_chain owned = chain;
  tv_chain_release(&owned);
}

static double largest_z(const double *exact, const double *sum, const double *square) {
  double largest = 0;
  for (int i = 0; i < SUMS; ++i) {
    const double mean = sum[i] / DRAWS, variance = square[i] / DRAWS - mean * mean;
    const double z = fabs(mean - exact[i]) / sqrt(fmax(variance, 0) / DRAWS + 1e-20);
    if (!(z <= largest)) largest = z;
  }
  return largest;
}

START_TEST(moments_are_those_of_sampled_corruptions) {
  static double exact[SUMS], sum[SUMS], square[SUMS];
  tv_features f = make_features();
  tv_grid *row = NULL;
  ASSERT_DONE(tv_grid_create_row(MPI_COMM_WORLD, 2, &row));
  tv_samples *samples = take_moments(row, &f);
  corrupt(row, &f, 0, 4, samples);
  tv_distmat_gather(samples->second, exact);
  tv_distmat_gather(samples->targets, exact + FEATURES * FEATURES);
  memcpy(exact + FEATURES * FEATURES + FEATURES, samples->mean, FEATURES * sizeof(double));
  sample(&f, sum, square);
  const double z = largest_z(exact, sum, square);
  ck_assert_msg(on_every_rank(z < 5), "|z| = %g", z);
  tv_samples_destroy(&samples);
  tv_grid_destroy(&row);
  free(f.weights);
}
END_TEST

/* Noise after noise is noise of the sum of both covariances. */
START_TEST(noise_is_a_semigroup) {
  double at_once[FEATURES * FEATURES], in_turn[FEATURES * FEATURES];
  tv_features f = make_features();
  tv_grid *row = NULL;
  ASSERT_DONE(tv_grid_create_row(MPI_COMM_WORLD, 2, &row));
  tv_samples *whole = take_moments(row, &f), *parts = take_moments(row, &f);
  corrupt(row, &f, 0, 4, whole);
  corrupt(row, &f, 0, 0, parts);
  corrupt(row, &f, 0, 1, parts);
  corrupt(row, &f, 1, 3, parts);
  tv_distmat_gather(whole->second, at_once);
  tv_distmat_gather(parts->second, in_turn);
  const double second = largest_difference(FEATURES * FEATURES, at_once, in_turn);
  const double mean = largest_difference(FEATURES, whole->mean, parts->mean);
  ck_assert_msg(on_every_rank(second <= 1e-12 && mean <= 1e-12), "%g, %g", second, mean);
  tv_samples_destroy(&whole);
  tv_samples_destroy(&parts);
  tv_grid_destroy(&row);
  free(f.weights);
}
END_TEST

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  TCase *tests = tcase_create("fourier");
  tcase_add_test(tests, moments_are_those_of_sampled_corruptions);
  tcase_add_test(tests, noise_is_a_semigroup);
  return run_tests(tests);
}
