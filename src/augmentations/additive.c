/* Noise that is independent of the sample is added: the mean view is x, and S <- S + N. */
#include <math.h>
#include <stdlib.h>

#include "parts.h"
#include "twoview/linalg/fortran.h"

/* ---- noise: N = deviation^2 I ---- */

enum { DEVIATION };

static tv_error *noise_moments(const tv_step *step, tv_views *v) {
  const double deviation = tv_step_number(step, DEVIATION, 0);
  tv_views_add_to_diagonal(v, deviation * deviation);
  return NULL;
}

static double noise_deviation(const tv_step *step, double x) {
  (void)x;
  return tv_step_number(step, DEVIATION, 0);
}

static void noise_view(const tv_step *step, const tv_draw *draw, double *x) {
  const int d = tv_shape_size(draw->shape);
  const double deviation = tv_step_number(step, DEVIATION, 0);
  tv_random_normals(draw->stream, draw->index, d, draw->scratch);
  for (int i = 0; i < d; ++i) x[i] += deviation * draw->scratch[i];
}

/* ---- brightness: N = deviation^2 11' ---- */

static double add_everywhere(const void *context, const tv_views *v, int i, int j, double second) {
  const double *deviation = context;
  (void)v, (void)i, (void)j;
  return second + *deviation * *deviation;
}

static tv_error *brightness_moments(const tv_step *step, tv_views *v) {
  const double deviation = tv_step_number(step, DEVIATION, 0);
  tv_views_second(v, add_everywhere, &deviation);
  return NULL;
}

static void brightness_view(const tv_step *step, const tv_draw *draw, double *x) {
  const int d = tv_shape_size(draw->shape);
  double e;
  tv_random_normals(draw->stream, draw->index, 1, &e);
  const double shift = tv_step_number(step, DEVIATION, 0) * e;
  for (int i = 0; i < d; ++i) x[i] += shift;
}

static const tv_key deviation_alone[] = {{.name = "deviation",
                                          .type = TV_KEY_NUMBER,
                                          .high = 1e100,
                                          .missing = "write for example deviation: 0.1",
                                          .help = "standard deviation"},
                                         {0}};

/* ---- texture: N = deviation^2 kron(K, K), the same in all channels ---- */

enum { LENGTH, TEXTURE_DEVIATION };
enum { KERNEL, ROW_FACTOR, COLUMN_FACTOR }; /* tables */

/* A square root F of K, K = F F', column-major n x n. Smooth kernels have eigenvalues that are 0 to
 * rounding, which no Cholesky factor survives. */
static tv_error *kernel_factor(const double *kernel, int n, double *factor) {
  double *values = NULL, *work = NULL;
  const int room = 34 * n;
  int info = 0;
  tv_error *error;
  TV_GO(tv_allocate(n, sizeof(*values), &values));
  TV_GO(tv_allocate(room, sizeof(*work), &work));
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i) factor[j * n + i] = kernel[i > j ? i - j : j - i];
  dsyev_("V", "L", &n, factor, &n, values, work, &room, &info, 1, 1);
  if (info) error = tv_fail("the texture's kernel of %d points has no eigenvalues (%d)", n, info);
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i) factor[j * n + i] *= sqrt(fmax(values[j], 0));
done:
  free(values);
  free(work);
  return error;
}

static tv_error *texture_prepare(tv_step *step, const tv_shape *s) {
  const double length = tv_step_number(step, LENGTH, 0);
  const int most = s->rows > s->columns ? s->rows : s->columns;
  TV_TRY(tv_step_table(step, KERNEL, most));
  TV_TRY(tv_step_table(step, ROW_FACTOR, (int64_t)s->rows * s->rows));
  TV_TRY(tv_step_table(step, COLUMN_FACTOR, (int64_t)s->columns * s->columns));
  for (int i = 0; i < most; ++i)
    step->tables[KERNEL][i] = exp(-(double)i * i / (2 * length * length));
  TV_TRY(kernel_factor(step->tables[KERNEL], s->rows, step->tables[ROW_FACTOR]));
  return kernel_factor(step->tables[KERNEL], s->columns, step->tables[COLUMN_FACTOR]);
}

static double add_texture(const void *context, const tv_views *v, int i, int j, double second) {
  const tv_step *step = context;
  const tv_position a = step->places[i], b = step->places[j];
  (void)v;
  const double deviation = tv_step_number(step, TEXTURE_DEVIATION, 0);
  const double *kernel = step->tables[KERNEL];
  return second +
         deviation * deviation * kernel[abs(a.row - b.row)] * kernel[abs(a.column - b.column)];
}

static tv_error *texture_moments(const tv_step *step, tv_views *v) {
  tv_views_second(v, add_texture, step);
  return NULL;
}

/* F e F', e white noise of rows x columns. */
static void texture_view(const tv_step *step, const tv_draw *draw, double *x) {
  const tv_shape *s = draw->shape;
  const int pixels = s->rows * s->columns;
  const double deviation = tv_step_number(step, TEXTURE_DEVIATION, 0), nothing = 0, unit = 1;
  double *white = draw->scratch, *half = white + pixels, *texture = half + pixels;
  tv_random_normals(draw->stream, draw->index, pixels, white);
  dgemm_("N", "N", &s->columns, &s->rows, &s->columns, &unit, step->tables[COLUMN_FACTOR],
         &s->columns, white, &s->columns, &nothing, half, &s->columns, 1, 1);
  dgemm_("N", "T", &s->columns, &s->rows, &s->rows, &deviation, half, &s->columns,
         step->tables[ROW_FACTOR], &s->rows, &nothing, texture, &s->columns, 1, 1);
  for (int pixel = 0; pixel < pixels; ++pixel)
    for (int c = 0; c < s->channels; ++c) x[pixel * s->channels + c] += texture[pixel];
}

static const tv_key texture_parameters[] = {{.name = "length",
                                             .type = TV_KEY_NUMBER,
                                             .low = 1e-3,
                                             .high = 1e6,
                                             .missing = "write for example length: 5",
                                             .help = "of the kernel, pixels"},
                                            {.name = "deviation",
                                             .type = TV_KEY_NUMBER,
                                             .high = 1e100,
                                             .missing = "write for example deviation: 0.1",
                                             .help = "of the texture at a pixel"},
                                            {0}};

/* ---- baseline: a polynomial of normal coefficients, N = deviation^2 P P' ---- */

enum { DEGREE, BASELINE_DEVIATION };
enum { POWERS }; /* table: length x (degree + 1) powers of a time from -1 to 1 */

static int terms_of(const tv_step *step) {
  return (int)tv_step_number(step, DEGREE, 0) + 1;
}

static tv_error *baseline_prepare(tv_step *step, const tv_shape *s) {
  const int terms = terms_of(step);
  TV_TRY(tv_step_table(step, POWERS, (int64_t)s->rows * terms));
  for (int i = 0; i < s->rows; ++i)
    for (int k = 0; k < terms; ++k)
      step->tables[POWERS][i * terms + k] = pow(s->rows > 1 ? 2.0 * i / (s->rows - 1) - 1 : 0, k);
  return NULL;
}

static double add_baseline(const void *context, const tv_views *v, int i, int j, double second) {
  const tv_step *step = context;
  (void)v;
  const int terms = terms_of(step);
  const double deviation = tv_step_number(step, BASELINE_DEVIATION, 0);
  const double *a = step->tables[POWERS] + step->places[i].row * terms;
  const double *b = step->tables[POWERS] + step->places[j].row * terms;
  double sum = 0;
  for (int k = 0; k < terms; ++k) sum += a[k] * b[k];
  return second + deviation * deviation * sum;
}

static tv_error *baseline_moments(const tv_step *step, tv_views *v) {
  tv_views_second(v, add_baseline, step);
  return NULL;
}

static void baseline_view(const tv_step *step, const tv_draw *draw, double *x) {
  const int terms = terms_of(step);
  const double deviation = tv_step_number(step, BASELINE_DEVIATION, 0);
  double e[TV_MOST_DEGREE + 1];
  tv_random_normals(draw->stream, draw->index, terms, e);
  for (int i = 0; i < tv_shape_size(draw->shape); ++i) {
    const double *power = step->tables[POWERS] + step->places[i].row * terms;
    for (int k = 0; k < terms; ++k) x[i] += deviation * power[k] * e[k];
  }
}

static const tv_key baseline_parameters[] = {{.name = "degree",
                                              .type = TV_KEY_NUMBER,
                                              .high = TV_MOST_DEGREE,
                                              .is_whole = 1,
                                              .missing = "write for example degree: 2",
                                              .help = "of the polynomial along the series"},
                                             {.name = "deviation",
                                              .type = TV_KEY_NUMBER,
                                              .high = 1e100,
                                              .missing = "write for example deviation: 0.1",
                                              .help = "of each coefficient"},
                                             {0}};

const tv_augmentation tv_step_noise = {.kind = {.name = "noise",
                                                .title = "independent normal noise on every number",
                                                .keys = deviation_alone},
                                       .is_idle = tv_step_is_zero,
                                       .deviation = noise_deviation,
                                       .is_gaussian = 1,
                                       .moments = noise_moments,
                                       .view = noise_view};

const tv_augmentation tv_step_brightness = {
    .kind = {.name = "brightness",
             .title = "one normal number added to the whole sample",
             .keys = deviation_alone},
    .is_idle = tv_step_is_zero,
    .is_gaussian = 1,
    .moments = brightness_moments,
    .view = brightness_view};

const tv_augmentation tv_step_texture = {
    .kind = {.name = "texture",
             .title = "smooth normal noise, the same in all channels",
             .keys = texture_parameters},
    .check = tv_step_expect_series,
    .prepare = texture_prepare,
    .is_idle = tv_step_has_zero_second,
    .is_gaussian = 1,
    .moments = texture_moments,
    .view = texture_view};

const tv_augmentation tv_step_baseline = {.kind = {.name = "baseline",
                                                   .title = "a random polynomial along the series",
                                                   .keys = baseline_parameters},
                                          .check = tv_step_expect_series,
                                          .prepare = baseline_prepare,
                                          .is_idle = tv_step_has_zero_second,
                                          .is_gaussian = 1,
                                          .moments = baseline_moments,
                                          .view = baseline_view};
