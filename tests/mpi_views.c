/* The exact moments of views against sampled ones, step by step and for chains. */
#include "support/ranks.h"

#include <math.h>

#include "augmentations/step.h"
#include "twoview/linalg/dense.h"

enum { SAMPLES = 6, TARGETS = 2, VIEWS = 8000, MOST_STEPS = 6, GIVEN = 4 };

/* A parameter of a step as a test writes it: its name, and numbers or the index of a word. */
typedef struct {
  const char *name;
  int count;
  double numbers[GIVEN];
  int is_word;
} given;

typedef struct {
  const char *kind;
  given given[GIVEN];
} step_case;

#define NUMBERS(name, count, ...)                                                                  \
  { #name, count, {__VA_ARGS__ }, 0 }
#define WORD(name, index)                                                                          \
  { #name, 1, {index }, 1 }

static const tv_shape images = {3, 5, 4, 1}, colours = {3, 4, 3, 2}, series = {2, 7, 1, 2};

static int parameter_named(const tv_augmentation *kind, const char *name) {
  for (int i = 0; kind->parameters[i].name; ++i)
    if (strcmp(kind->parameters[i].name, name) == 0) return i;
  ck_abort_msg("%s has no parameter %s", kind->name, name);
  return -1;
}

static void set_numbers(tv_values *values, int count, const double *numbers, int is_word) {
  values->numbers = calloc((size_t)count, sizeof(double));
  memcpy(values->numbers, numbers, (size_t)count * sizeof(double));
  values->count = count;
  values->is_word = is_word;
}

static tv_step make_step(const step_case *c, const tv_shape *shape) {
  tv_step step = {.kind = tv_augmentation_named(c->kind)};
  ck_assert_msg(step.kind != NULL, "no step %s", c->kind);
  for (int i = 0; i < GIVEN && c->given[i].name; ++i)
    set_numbers(&step.values[parameter_named(step.kind, c->given[i].name)], c->given[i].count,
                c->given[i].numbers, c->given[i].is_word);
  for (int i = 0; step.kind->parameters[i].name; ++i) {
    const tv_parameter *p = &step.kind->parameters[i];
    const double absent = p->choices ? 0 : p->absent;
    if (!step.values[i].count && (p->choices || (p->is_optional && p->absent != 0)))
      set_numbers(&step.values[i], 1, &absent, p->choices != NULL);
  }
  if (step.kind->check) ASSERT_DONE(step.kind->check(&step, shape, 0));
  ASSERT_DONE(tv_step_prepare(&step, shape));
  return step;
}

/* Samples of counts, and targets. */
static void draw_samples(int d, double *x, double *y) {
  double u[256];
  for (int i = 0; i < SAMPLES; ++i) {
    tv_random_uniforms((tv_stream){3, TV_FOR_FEATURES, 0}, (uint64_t)i, d, u);
    for (int j = 0; j < d; ++j) x[i * d + j] = floor(6 * u[j] + j % 3);
    tv_random_normals((tv_stream){3, TV_FOR_TARGETS, 0}, (uint64_t)i, TARGETS, y + i * TARGETS);
  }
}

/* ---- Sampled ---- */

/* The views of all samples: `views` sets of SAMPLES x d. Partners come from the next set, which is
 * drawn apart, as it is before the step. */
static void sample_step(const tv_step *step, int number, const tv_shape *shape, const double *mean,
                        int views, double *x) {
  const int d = tv_shape_size(shape);
  const int64_t set = (int64_t)SAMPLES * d;
  double *before = calloc((size_t)(views * set), sizeof(double)), scratch[3 * 256];
  memcpy(before, x, (size_t)(views * set) * sizeof(double));
  for (int v = 0; v < views; ++v)
    for (int i = 0; i < SAMPLES; ++i) {
      const tv_draw draw = {.shape = shape,
                            .stream = {200 + (uint64_t)number, TV_FOR_NOISE, 0},
                            .index = (uint64_t)v * SAMPLES + (uint64_t)i,
                            .mean = mean,
                            .partners = before + (v + 1) % views * set,
                            .partner_count = SAMPLES,
                            .scratch = scratch};
      step->kind->view(step, &draw, x + v * set + (int64_t)i * d);
    }
  free(before);
}

/* |z| of exact against sampled moments, the largest over all entries. The estimate of set v is made
 * from it and the next set, drawn apart: S from one view, G from two views of one sample, C and B
 * from a view and the sample. Neighbouring sets share views, so that means are over disjoint pairs.
 */
static double largest_z(int d, int views, const double *x, const double *samples, const double *y,
                        const double *second, const double *agreement, const double *cross,
                        const double *targets) {
  const int64_t set = (int64_t)SAMPLES * d;
  const int pairs = views / 2;
  double largest = 0;
  for (int a = 0; a < d; ++a)
    for (int b = 0; b < d + TARGETS; ++b)
      for (int what = 0; what < 3; ++what) {
        double sum = 0, square = 0;
        if (b >= d && what) continue;
        for (int v = 0; v < pairs; ++v) {
          const double *first = x + 2 * v * set, *other = first + set;
          double value = 0;
          for (int i = 0; i < SAMPLES; ++i) {
            const double left = first[i * d + a];
            const double right = b >= d      ? y[i * TARGETS + b - d]
                                 : what == 0 ? first[i * d + b]
                                 : what == 1 ? other[i * d + b]
                                             : samples[i * d + b];
            value += left * right / SAMPLES;
          }
          sum += value;
          square += value * value;
        }
        const double exact = b >= d      ? targets[(b - d) * d + a]
                             : what == 0 ? second[b * d + a]
                             : what == 1 ? agreement[b * d + a]
                                         : cross[b * d + a];
        const double mean = sum / pairs, variance = square / pairs - mean * mean;
        const double rounding = 1e-10 * (1 + fabs(exact));
        const double z = fabs(mean - exact) / sqrt(fmax(variance, 0) / pairs + rounding * rounding);
        if (!(z <= largest)) largest = z;
      }
  return largest;
}

/* ---- Exact ---- */

static void sample_moments(int d, const double *x, const double *y, double *moments,
                           double *targets, double *mean, double *target_mean) {
  for (int i = 0; i < SAMPLES; ++i)
    for (int a = 0; a < d; ++a) {
      mean[a] += x[i * d + a] / SAMPLES;
      for (int b = 0; b < d; ++b) moments[b * d + a] += x[i * d + a] * x[i * d + b] / SAMPLES;
      for (int t = 0; t < TARGETS; ++t)
        targets[t * d + a] += x[i * d + a] * y[i * TARGETS + t] / SAMPLES;
    }
  for (int i = 0; i < SAMPLES; ++i)
    for (int t = 0; t < TARGETS; ++t) target_mean[t] += y[i * TARGETS + t] / SAMPLES;
}

static tv_views *start(const tv_grid *row, const tv_shape *shape, const double *x,
                       const double *y) {
  const int d = tv_shape_size(shape);
  double *moments = calloc((size_t)(d * d), sizeof(double)), targets[TARGETS * 256] = {0};
  double mean[256] = {0}, target_mean[TARGETS] = {0};
  tv_grid *square = NULL;
  tv_distmat *a = NULL, *b = NULL;
  tv_views *views = NULL;
  sample_moments(d, x, y, moments, targets, mean, target_mean);
  ASSERT_DONE(tv_grid_create(MPI_COMM_WORLD, 2, &square));
  ASSERT_DONE(tv_distmat_create(square, d, d, &a));
  ASSERT_DONE(tv_distmat_create(square, d, TARGETS, &b));
  tv_distmat_scatter(moments, a);
  tv_distmat_scatter(targets, b);
  ASSERT_DONE(tv_views_create(row, shape, a, b, mean, target_mean, &views));
  tv_distmat_destroy(&a);
  tv_distmat_destroy(&b);
  tv_grid_destroy(&square);
  free(moments);
  return views;
}

/* The chain, exactly and by sampled views. */
static void check_chain(const tv_shape *shape, const step_case *steps, int count, int views) {
  const int d = tv_shape_size(shape);
  const int64_t set = (int64_t)SAMPLES * d;
  double samples[SAMPLES * 256], y[SAMPLES * TARGETS];
  double *x = calloc((size_t)(views * set), sizeof(double)), *m = calloc((size_t)(3 * d * d), 8);
  double targets[TARGETS * 256];
  tv_grid *row = NULL;
  draw_samples(d, samples, y);
  for (int v = 0; v < views; ++v) memcpy(x + v * set, samples, (size_t)set * sizeof(double));
  ASSERT_DONE(tv_grid_create_row(MPI_COMM_WORLD, 2, &row));
  tv_views *exact = start(row, shape, samples, y);
  for (int s = 0; s < count; ++s) {
    tv_step step = make_step(&steps[s], shape);
    if (world_rank() == 0) sample_step(&step, s, shape, exact->mean, views, x);
    ASSERT_DONE(step.kind->moments(&step, exact));
    tv_step_release(&step);
  }
  tv_distmat_gather(exact->second, m);
  tv_distmat_gather(exact->agreement, m + d * d);
  tv_distmat_gather(exact->cross, m + 2 * d * d);
  tv_distmat_gather(exact->targets, targets);
  const double z = world_rank() == 0
                       ? largest_z(d, views, x, samples, y, m, m + d * d, m + 2 * d * d, targets)
                       : 0;
  ck_assert_msg(on_every_rank(z < 5), "%s%s: |z| = %g", steps[0].kind, count > 1 ? " ..." : "", z);
  tv_views_destroy(&exact);
  tv_grid_destroy(&row);
  free(x);
  free(m);
}

static const step_case of_images[] = {
    {"noise", {NUMBERS(deviation, 1, 0.7)}},
    {"brightness", {NUMBERS(deviation, 1, 0.7)}},
    {"texture", {NUMBERS(length, 1, 1.5), NUMBERS(deviation, 1, 0.7)}},
    {"multiply", {NUMBERS(deviation, 1, 0.4)}},
    {"multiply", {NUMBERS(deviation, 1, 0.4), WORD(per, 1)}},
    {"multiply", {NUMBERS(deviation, 1, 0.4), WORD(per, 2)}},
    {"contrast", {NUMBERS(deviation, 1, 0.4)}},
    {"mask", {NUMBERS(keep, 1, 0.6)}},
    {"mask", {NUMBERS(keep, 1, 0.6), WORD(fill, 1)}},
    {"mask", {NUMBERS(keep, 1, 0.6), NUMBERS(fill, 1, -2)}},
    {"mask", {NUMBERS(keep, 1, 0.6), WORD(per, 1), NUMBERS(patch, 2, 2, 3), NUMBERS(fill, 1, 1.5)}},
    {"mask", {NUMBERS(exactly, 1, 2), WORD(per, 1), NUMBERS(patch, 2, 2, 3)}},
    {"mask", {NUMBERS(exactly, 1, 5), WORD(fill, 1)}},
    {"mask", {NUMBERS(keep, 1, 0.6), WORD(per, 2)}},
    {"cutout", {NUMBERS(size, 2, 2, 3)}},
    {"cutout", {NUMBERS(size, 2, 3, 1)}},
    {"time-mask", {NUMBERS(width, 1, 3)}},
    {"frequency-mask", {NUMBERS(width, 1, 2)}},
    {"impulse", {NUMBERS(probability, 1, 0.3), NUMBERS(values, 2, -1, 9)}},
    {"replace", {NUMBERS(keep, 1, 0.6)}},
    {"cutmix", {NUMBERS(size, 2, 3, 2)}},
    {"mixup", {NUMBERS(beta, 1, 0.4)}},
    {"mixup", {NUMBERS(beta, 1, 2)}},
    {"shift", {NUMBERS(pixels, 1, 1)}},
    {"shift", {NUMBERS(pixels, 1, 2), WORD(fill, 1)}},
    {"flip", {NUMBERS(probability, 1, 0.3)}},
    {"flip", {WORD(axis, 1)}},
    {"crop", {NUMBERS(sizes, 2, 2, 3), NUMBERS(step, 1, 1)}},
    {"crop", {NUMBERS(sizes, 1, 1), NUMBERS(step, 1, 2)}},
    {"rotate", {NUMBERS(degrees, 3, -20, 0, 35)}},
    {"zoom", {NUMBERS(factors, 2, 0.8, 1.4)}},
    {"blur", {NUMBERS(widths, 3, 0, 0.6, 2)}},
    {"pixelate", {NUMBERS(sizes, 2, 1, 2)}},
    {"poisson", {NUMBERS(scale, 1, 3)}},
    {"poisson", {NUMBERS(scale, 1, 40)}},
    {"thin", {NUMBERS(keep, 1, 0.6)}},
    {"swap", {NUMBERS(rounds, 1, 5)}},
};

START_TEST(step_on_images) {
  check_chain(&images, &of_images[_i], 1, VIEWS);
}
END_TEST

static const step_case of_colours[] = {
    {"blend", {NUMBERS(weight, 1, 0.7)}},
    {"texture", {NUMBERS(length, 1, 1), NUMBERS(deviation, 1, 1)}},
    {"multiply", {NUMBERS(deviation, 1, 0.4), WORD(per, 1)}},
    {"mask", {NUMBERS(keep, 1, 0.6), WORD(per, 2)}},
    {"cutout", {NUMBERS(size, 2, 2, 2)}},
    {"cutmix", {NUMBERS(size, 2, 2, 3)}},
    {"crop", {NUMBERS(sizes, 2, 2, 3)}},
    {"rotate", {NUMBERS(degrees, 2, 10, 90)}},
    {"swap", {NUMBERS(rounds, 1, 4)}},
};

START_TEST(step_on_colours) {
  check_chain(&colours, &of_colours[_i], 1, VIEWS);
}
END_TEST

static const step_case of_series[] = {
    {"baseline", {NUMBERS(degree, 1, 2), NUMBERS(deviation, 1, 0.5)}},
    {"phase-jitter", {NUMBERS(angle, 1, 1.2)}},
    {"time-mask", {NUMBERS(width, 1, 3)}},
    {"frequency-mask", {NUMBERS(width, 1, 1)}},
    {"shift", {NUMBERS(pixels, 1, 2)}},
    {"blur", {NUMBERS(widths, 1, 1)}},
    {"swap", {NUMBERS(rounds, 1, 3)}},
};

START_TEST(step_on_series) {
  check_chain(&series, &of_series[_i], 1, VIEWS);
}
END_TEST

/* An even number of rows has a mode that stands alone. */
START_TEST(phase_jitter_of_even_length) {
  const tv_shape even = {2, 6, 1, 2};
  check_chain(&even, &of_series[1], 1, VIEWS);
}
END_TEST

START_TEST(chain_of_six) {
  static const step_case steps[] = {{"crop", {NUMBERS(sizes, 2, 2, 3)}},
                                    {"flip", {NUMBERS(probability, 1, 0.5)}},
                                    {"mixup", {NUMBERS(beta, 1, 0.7)}},
                                    {"contrast", {NUMBERS(deviation, 1, 0.3)}},
                                    {"mask", {NUMBERS(keep, 1, 0.7), WORD(fill, 1)}},
                                    {"noise", {NUMBERS(deviation, 1, 0.5)}}};
  check_chain(&images, steps, 6, VIEWS);
}
END_TEST

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  TCase *tests = tcase_create("views");
  tcase_add_loop_test(tests, step_on_images, 0, sizeof of_images / sizeof *of_images);
  tcase_add_loop_test(tests, step_on_colours, 0, sizeof of_colours / sizeof *of_colours);
  tcase_add_loop_test(tests, step_on_series, 0, sizeof of_series / sizeof *of_series);
  tcase_add_test(tests, phase_jitter_of_even_length);
  tcase_add_test(tests, chain_of_six);
  return run_tests(tests);
}
