/* The exact moments of views against sampled ones, step by step and for chains. */
#include "support/plain.h"
#include "support/ranks.h"

#include <math.h>

#include "twoview/augmentations/chain.h"
#include "twoview/kinds.h"
#include "twoview/methods/method.h"
#include "twoview/methods/probe.h"

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

static int parameter_named(const tv_augmentation *a, const char *name) {
  for (int i = 0; a->kind.keys[i].name; ++i)
    if (strcmp(a->kind.keys[i].name, name) == 0) return i;
  ck_abort_msg("%s has no parameter %s", a->kind.name, name);
  return -1;
}

static void set_numbers(tv_values *values, int count, const double *numbers, int is_word) {
  values->numbers = calloc((size_t)count, sizeof(double));
  memcpy(values->numbers, numbers, (size_t)count * sizeof(double));
  values->count = count;
  values->is_word = is_word;
}

static tv_step make_step(const step_case *c, const tv_shape *shape) {
  const tv_kind *kind = tv_kind_named(tv_kinds_all.augmentations, c->kind);
  ck_assert_msg(kind != NULL, "no step %s", c->kind);
  tv_step step = {.augmentation = (const tv_augmentation *)kind};
  for (int i = 0; i < GIVEN && c->given[i].name; ++i)
    set_numbers(&step.values[parameter_named(step.augmentation, c->given[i].name)],
                c->given[i].count, c->given[i].numbers, c->given[i].is_word);
  for (int i = 0; kind->keys[i].name; ++i) {
    const tv_key *key = &kind->keys[i];
    const double standard = key->standard && !key->words ? strtod(key->standard, NULL) : 0;
    if (!step.values[i].count && key->standard)
      set_numbers(&step.values[i], 1, &standard, key->words != NULL);
  }
  if (step.augmentation->check) ASSERT_DONE(step.augmentation->check(&step, shape));
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

/* One of SAMPLES x d numbers. */
static const double *partner_of_set(const tv_draw *draw, double u) {
  const int which = (int)(u * SAMPLES);
  return (const double *)draw->context + (int64_t)which * tv_shape_size(draw->shape);
}

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
                            .partner = partner_of_set,
                            .context = before + (v + 1) % views * set,
                            .scratch = scratch};
      step->augmentation->view(step, &draw, x + v * set + (int64_t)i * d);
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
  tv_samples *samples = NULL;
  tv_views *views = NULL;
  ASSERT_DONE(tv_samples_create(row, shape, TARGETS, &samples));
  sample_moments(d, x, y, moments, targets, samples->mean, samples->target_mean);
  tv_distmat_scatter(moments, samples->second);
  tv_distmat_scatter(targets, samples->targets);
  ASSERT_DONE(tv_views_create(samples, &views));
  tv_samples_destroy(&samples);
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
    ASSERT_DONE(step.augmentation->moments(&step, exact));
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

/* ---- What theory says of chains ---- */

static const tv_shape small_images = {3, 4, 3, 1};
enum { ROWS = 40, D = 12, K = 4 };

/* Correlated rows about 0, of scales 1 to 12, and targets that depend on them; their moments. */
typedef struct {
  double x[ROWS * D], y[ROWS * TARGETS];
  double second[D * D];
  tv_grid *row;
} example;

static void fill_example(example *e) {
  double mean[D] = {0};
  for (int i = 0; i < ROWS; ++i) {
    double *x = e->x + i * D;
    tv_random_normals((tv_stream){9, TV_FOR_FEATURES, 0}, (uint64_t)i, D, x);
    for (int j = 1; j < D; ++j) x[j] += 0.6 * x[j - 1];
    for (int j = 0; j < D; ++j) x[j] *= 1 + j;
    for (int j = 0; j < D; ++j) mean[j] += x[j] / ROWS;
  }
  for (int i = 0; i < ROWS; ++i)
    for (int j = 0; j < D; ++j) e->x[i * D + j] -= mean[j];
  for (int i = 0; i < ROWS; ++i)
    for (int t = 0; t < TARGETS; ++t)
      e->y[i * TARGETS + t] = e->x[i * D + t] - 0.5 * e->x[i * D + t + 3] + i % 3;
}

static example make_example(void) {
  example e = {{0}, {0}, {0}, NULL};
  fill_example(&e);
  ASSERT_DONE(tv_grid_create_row(MPI_COMM_WORLD, 2, &e.row));
  for (int i = 0; i < ROWS; ++i)
    for (int a = 0; a < D; ++a)
      for (int b = 0; b < D; ++b) e.second[b * D + a] += e.x[i * D + a] * e.x[i * D + b] / ROWS;
  return e;
}

static tv_samples *new_samples(const example *e) {
  double targets[D * TARGETS] = {0};
  tv_samples *samples;
  ASSERT_DONE(tv_samples_create(e->row, &small_images, TARGETS, &samples));
  for (int i = 0; i < ROWS; ++i)
    for (int a = 0; a < D; ++a) {
      samples->mean[a] += e->x[i * D + a] / ROWS;
      for (int t = 0; t < TARGETS; ++t)
        targets[t * D + a] += e->x[i * D + a] * e->y[i * TARGETS + t] / ROWS;
    }
  for (int i = 0; i < ROWS * TARGETS; ++i) {
    samples->target_mean[i % TARGETS] += e->y[i] / ROWS;
    samples->target_square[i % TARGETS] += e->y[i] * e->y[i] / ROWS;
  }
  tv_distmat_scatter(e->second, samples->second);
  tv_distmat_scatter(targets, samples->targets);
  return samples;
}

static void drop_example(example *e) {
  tv_grid_destroy(&e->row);
}

/* The K values of a method for one step, and the encoder's rows, whole, unless NULL. */
static void solve_chain(const example *e, const tv_method *method, const step_case *c,
                        double *values, double *encoder) {
  tv_step step = make_step(c, &small_images);
  const tv_chain chain = {1, &step};
  tv_grid *grid = NULL;
  tv_statistics *statistics = NULL;
  tv_solution solution = {0};
  int status = 0;
  ASSERT_DONE(tv_grid_create(MPI_COMM_WORLD, 2, &grid));
  tv_samples *samples = new_samples(e);
  ASSERT_DONE(tv_chain_problem(&chain, samples, 0, NULL, grid, &statistics, &status));
  tv_samples_destroy(&samples);
  ASSERT_ALL(status == 0);
  ASSERT_DONE(method->solve(statistics, K, &solution, &status));
  ASSERT_ALL(status == 0);
  memcpy(values, solution.values, K * sizeof *values);
  if (encoder) tv_distmat_gather(solution.encoder, encoder);
  tv_solution_destroy(&solution);
  tv_statistics_destroy(&statistics);
  tv_grid_destroy(&grid);
  tv_step_release(&step);
}

/* Facts are exact; the problems have conditions below 1e4, and values are in [1e-3, 1e4]. */
static const double exact = 1e-9;

/* Of noise of one covariance N joint embedding learns the same at every strength c:
 * omega = mu / (mu + c) with A v = mu N v. */
START_TEST(strength_of_noise_does_not_matter_to_joint_embedding) {
  const step_case steps[] = {{"texture", {NUMBERS(length, 1, 0.5), NUMBERS(deviation, 1, 0.5)}},
                             {"texture", {NUMBERS(length, 1, 0.5), NUMBERS(deviation, 1, 3)}}};
  example e = make_example();
  double omega[2][K], encoder[2][D * K];
  for (int i = 0; i < 2; ++i) solve_chain(&e, &tv_joint_embedding, &steps[i], omega[i], encoder[i]);
  for (int j = 0; j < K; ++j) {
    const double weak = 0.25 * omega[0][j] / (1 - omega[0][j]);
    const double strong = 9 * omega[1][j] / (1 - omega[1][j]);
    ASSERT_AT_MOST(fabs(weak - strong), exact * strong);
    const double *a = encoder[0] + j * D, *b = encoder[1] + j * D;
    const double cosine = dot_plain(D, a, b) / norm_plain(D, a) / norm_plain(D, b);
    ASSERT_AT_MOST(fabs(cosine - 1), exact);
  }
  drop_example(&e);
}
END_TEST

/* Independent masks: the pencil (A, diag A), principal components of the correlation matrix. */
START_TEST(masks_make_joint_embedding_pca_of_correlations) {
  const double keep = 0.6;
  const step_case step = {"mask", {NUMBERS(keep, 1, 0.6)}};
  example e = make_example();
  double omega[K], correlation[D * D], mu[D];
  solve_chain(&e, &tv_joint_embedding, &step, omega, NULL);
  for (int a = 0; a < D; ++a)
    for (int b = 0; b < D; ++b)
      correlation[b * D + a] =
          e.second[b * D + a] / sqrt(e.second[a * D + a] * e.second[b * D + b]);
  jacobi(D, correlation, mu, NULL);
  for (int j = 0; j < K; ++j)
    ASSERT_AT_MOST(fabs(omega[j] - keep * mu[j] / (keep * mu[j] + 1 - keep)), exact);
  drop_example(&e);
}
END_TEST

/* Reconstruction from a patch mask is the linear masked autoencoder (arXiv 2508.15404): with
 * V = r A + (1 - r) blockdiag(A), phi^2 are r times the eigenvalues of A V^{-1} A. */
START_TEST(patches_make_reconstruction_the_masked_autoencoder) {
  const double keep = 0.6;
  const step_case step = {"mask", {NUMBERS(keep, 1, 0.6), WORD(per, 1), NUMBERS(patch, 2, 2, 1)}};
  example e = make_example();
  double phi2[K], v[D * D], mapped[D * D], values[D];
  solve_chain(&e, &tv_reconstruction, &step, phi2, NULL);
  for (int a = 0; a < D; ++a)
    for (int b = 0; b < D; ++b) { /* number 3 row + column; patches of two rows */
      const int is_same = a / 6 == b / 6 && a % 3 == b % 3;
      v[b * D + a] = (is_same ? 1 : keep) * e.second[b * D + a];
    }
  memcpy(mapped, e.second, sizeof mapped);
  solve_plain(D, D, v, mapped);
  double *product = new_product(0, 0, D, D, D, e.second, mapped);
  jacobi(D, product, values, NULL);
  for (int j = 0; j < K; ++j) ASSERT_AT_MOST(fabs(phi2[j] - keep * values[j]), exact * values[0]);
  free(product);
  drop_example(&e);
}
END_TEST

/* Numbers that are kept and divided by r, so that the mean view is x, give the same values: of the
 * moments 1/r^2 S and G, 1/r C. Multiplication by factors 1 or more of mean 1 with the same second
 * moments does the same to A. */
START_TEST(rescaled_masks_give_the_same_values) {
  const step_case masked = {"mask", {NUMBERS(keep, 1, 0.8)}};
  const step_case scaled = {"multiply", {NUMBERS(deviation, 1, 0.5)}}; /* (1 - r) / r = 1/4 */
  const tv_method *const methods[] = {&tv_joint_embedding, &tv_reconstruction};
  example e = make_example();
  for (int m = 0; m < 2; ++m) {
    double of_mask[K], of_scale[K];
    solve_chain(&e, methods[m], &masked, of_mask, NULL);
    solve_chain(&e, methods[m], &scaled, of_scale, NULL);
    for (int j = 0; j < K; ++j) ASSERT_AT_MOST(fabs(of_mask[j] - of_scale[j]), exact * of_scale[0]);
  }
  drop_example(&e);
}
END_TEST

/* A probe fitted to the example's rows, scored on others by their moments and row by row. */
START_TEST(probes_are_scored_on_other_rows_by_their_moments) {
  enum { OTHERS = 25 };
  example e = make_example();
  double encoder[D * K], other[OTHERS * D], target[OTHERS * TARGETS], second[D * D] = {0};
  double cross[D * TARGETS] = {0}, square = 0, sizes[K], probe[K * TARGETS], values[K];
  tv_grid *grid = NULL;
  tv_distmat *maps[4] = {NULL};
  tv_outputs training, held_out;
  tv_samples *samples = new_samples(&e);
  const double whole = samples->target_square[0] + samples->target_square[1];
  solve_chain(&e, &tv_joint_embedding, &of_images[0], values, encoder);
  for (int i = 0; i < OTHERS; ++i) {
    tv_random_normals((tv_stream){11, TV_FOR_FEATURES, 0}, (uint64_t)i, D, other + i * D);
    tv_random_normals((tv_stream){11, TV_FOR_TARGETS, 0}, (uint64_t)i, TARGETS,
                      target + i * TARGETS);
    for (int a = 0; a < D; ++a) {
      for (int b = 0; b < D; ++b) second[b * D + a] += other[i * D + a] * other[i * D + b] / OTHERS;
      for (int t = 0; t < TARGETS; ++t)
        cross[t * D + a] += other[i * D + a] * target[i * TARGETS + t] / OTHERS;
    }
    for (int t = 0; t < TARGETS; ++t) square += pow(target[i * TARGETS + t], 2) / OTHERS;
  }
  for (int j = 0; j < K; ++j) {
    sizes[j] = 0;
    for (int a = 0; a < D; ++a) sizes[j] += fabs(encoder[j * D + a]) * sqrt(e.second[a * D + a]);
  }
  ASSERT_DONE(tv_grid_create(MPI_COMM_WORLD, 2, &grid));
  ASSERT_DONE(tv_distmat_create(grid, D, K, &maps[0]));
  ASSERT_DONE(tv_distmat_create(grid, D, D, &maps[1]));
  ASSERT_DONE(tv_distmat_create(grid, D, K, &maps[2]));
  ASSERT_DONE(tv_distmat_create(grid, D, TARGETS, &maps[3]));
  tv_distmat_scatter(encoder, maps[0]);
  ASSERT_DONE(tv_samples_move(samples, grid));
  tv_multiply(TV_PLAIN, samples->second, TV_PLAIN, maps[0], maps[2]);
  ASSERT_DONE(tv_outputs_take(maps[0], maps[2], samples->targets, whole, &training));
  tv_distmat_scatter(second, maps[1]);
  tv_multiply(TV_PLAIN, maps[1], TV_PLAIN, maps[0], maps[2]);
  tv_distmat_scatter(cross, maps[3]);
  ASSERT_DONE(tv_outputs_take(maps[0], maps[2], maps[3], square, &held_out));
  for (int k = 1; k <= K; ++k) {
    double loss = 0, explained;
    ASSERT_DONE(tv_probe_fit(&training, k, sizes, D, probe));
    ASSERT_DONE(tv_probe_explains(&training, k, sizes, D, &explained));
    for (int i = 0; i < OTHERS; ++i)
      for (int t = 0; t < TARGETS; ++t) {
        double prediction = 0;
        for (int j = 0; j < k; ++j)
          prediction += probe[t * k + j] * dot_plain(D, encoder + j * D, other + i * D);
        loss += pow(target[i * TARGETS + t] - prediction, 2) / OTHERS;
      }
    ASSERT_AT_MOST(fabs(tv_probe_loss_on(&held_out, k, probe) - loss), exact * loss);
    ASSERT_AT_MOST(fabs(tv_probe_loss_on(&training, k, probe) + explained - whole), exact * whole);
  }
  tv_outputs_release(&training);
  tv_outputs_release(&held_out);
  for (int i = 0; i < 4; ++i) tv_distmat_destroy(&maps[i]);
  tv_samples_destroy(&samples);
  tv_grid_destroy(&grid);
  drop_example(&e);
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
  tcase_add_test(tests, strength_of_noise_does_not_matter_to_joint_embedding);
  tcase_add_test(tests, masks_make_joint_embedding_pca_of_correlations);
  tcase_add_test(tests, patches_make_reconstruction_the_masked_autoencoder);
  tcase_add_test(tests, rescaled_masks_give_the_same_values);
  tcase_add_test(tests, probes_are_scored_on_other_rows_by_their_moments);
  return run_tests(tests);
}
