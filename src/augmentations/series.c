/* phase-jitter: each Fourier mode along the rows is turned by an angle uniform in [-a, a], the same
 * in all channels. In an orthonormal real basis (cosine, sine) of the modes, with s1 = sin a / a
 * and s2 = sin 2a / 2a, the mean view scales a mode by s1, the mean and the alternating mode
 * staying; S_kl of different modes is scaled by their factors' product, and S_kk of one mode, a
 * block of 2 x 2, becomes (1 + s2)/2 S_kk + (1 - s2)/2 J S_kk J' with J the quarter turn. */
#include <math.h>
#include <stdlib.h>

#include "parts.h"

enum { ANGLE };
enum { BASIS }; /* table: n x n, row f the f-th function */

static const double pi = 3.14159265358979323846;

/* Functions 2k - 1 and 2k are cosine and sine of mode k; 0 and, for even n, n - 1 stand alone. */
static int mode_of(int f) {
  return (f + 1) / 2;
}

static int stands_alone(int f, int n) {
  return f == 0 || (n % 2 == 0 && f == n - 1);
}

static tv_error *jitter_prepare(tv_step *step, const tv_shape *s) {
  const int n = s->rows;
  TV_TRY(tv_step_table(step, BASIS, (int64_t)n * n));
  for (int f = 0; f < n; ++f)
    for (int t = 0; t < n; ++t) {
      const double phase = 2 * pi * (double)((int64_t)mode_of(f) * t % n) / n;
      const double scale = sqrt((stands_alone(f, n) ? 1.0 : 2.0) / n);
      step->tables[BASIS][f * n + t] = scale * (f % 2 == 0 && f > 0 ? sin(phase) : cos(phase));
    }
  return NULL;
}

/* The basis, or its transpose, as a map of the rows. */
static tv_error *basis_map(const tv_step *step, const tv_shape *s, int is_transposed,
                           tv_axis_map *out) {
  const int n = s->rows;
  TV_TRY(tv_axis_map_create(s, TV_AXIS_ROWS, out));
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j)
      TV_TRY(
          tv_axis_map_add(out, i, j, step->tables[BASIS][is_transposed ? j * n + i : i * n + j]));
    tv_axis_map_end_row(out, i);
  }
  return NULL;
}

/* sin(a)/a, 1 at 0. */
static double sinc(double a) {
  return a == 0 ? 1 : sin(a) / a;
}

/* The mean view: B' diag(factors) B. */
static tv_error *mean_map(const tv_step *step, const tv_shape *s, tv_axis_map *out) {
  const int n = s->rows;
  const double s1 = sinc(tv_step_number(step, ANGLE, 0)), *basis = step->tables[BASIS];
  TV_TRY(tv_axis_map_create(s, TV_AXIS_ROWS, out));
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) {
      double sum = 0;
      for (int f = 0; f < n; ++f)
        sum += (stands_alone(f, n) ? 1 : s1) * basis[f * n + i] * basis[f * n + j];
      TV_TRY(tv_axis_map_add(out, i, j, sum));
    }
    tv_axis_map_end_row(out, i);
  }
  return NULL;
}

/* S in the basis: entries of different modes. Those of one mode need both entries of it: */
typedef struct {
  double s1, s2;
  const double *blocks; /* S of each mode, channel and channel: 2 x 2 */
} jitter;

static int64_t block_of(const tv_views *v, int i, int j) {
  const int c = v->shape.channels, width = v->shape.columns * c;
  const int64_t mode = mode_of(i / width);
  return ((mode * width + i % width) * width + j % width) * 4;
}

/* Function 2k - 1 is the first of its mode, 2k the second. */
static int part_of(const tv_views *v, int i) {
  return i / (v->shape.columns * v->shape.channels) % 2 == 0;
}

static double turn(const void *context, const tv_views *v, int i, int j, double second) {
  const jitter *t = context;
  const int n = v->shape.rows, width = v->shape.columns * v->shape.channels;
  const int a = i / width, b = j / width;
  const double first = stands_alone(a, n) ? 1 : t->s1, other = stands_alone(b, n) ? 1 : t->s1;
  if (mode_of(a) != mode_of(b) || stands_alone(a, n) || stands_alone(b, n))
    return first * other * second;
  const int p = part_of(v, i), q = part_of(v, j);
  const double *block = t->blocks + block_of(v, i, j);
  const double turned = (p == q ? 1 : -1) * block[2 * (1 - p) + 1 - q];
  return (1 + t->s2) / 2 * second + (1 - t->s2) / 2 * turned;
}

static double collect(const void *context, const tv_views *v, int i, int j, double second) {
  double *blocks = *(double *const *)context;
  const int width = v->shape.columns * v->shape.channels;
  if (mode_of(i / width) == mode_of(j / width))
    blocks[block_of(v, i, j) + 2 * part_of(v, i) + part_of(v, j)] = second;
  return second;
}

/* Turns the modes of S, which is given in the basis. */
static tv_error *turn_modes(const tv_step *step, tv_views *v) {
  const int width = v->shape.columns * v->shape.channels;
  const int64_t count = (int64_t)(mode_of(v->shape.rows) + 1) * width * width * 4;
  const double angle = tv_step_number(step, ANGLE, 0);
  double *blocks = NULL;
  TV_TRY(tv_grid_agree(v->grid, tv_allocate(count, sizeof(*blocks), &blocks)));
  tv_views_second(v, collect, &blocks);
  tv_views_share(v, blocks, count);
  const jitter t = {sinc(angle), sinc(2 * angle), blocks};
  tv_views_second(v, turn, &t);
  free(blocks);
  return NULL;
}

static tv_error *jitter_moments(const tv_step *step, tv_views *v) {
  tv_axis_map basis = {0}, back = {0}, mean = {0};
  tv_error *error = basis_map(step, &v->shape, 0, &basis);
  if (!error) error = basis_map(step, &v->shape, 1, &back);
  if (!error) error = mean_map(step, &v->shape, &mean);
  error = tv_grid_agree(v->grid, error);
  if (!error) error = tv_views_map_second(v, &basis);
  if (!error) error = turn_modes(step, v);
  if (!error) error = tv_views_map_second(v, &back);
  if (!error) error = tv_views_map_mean(v, &mean);
  tv_axis_map_destroy(&basis);
  tv_axis_map_destroy(&back);
  tv_axis_map_destroy(&mean);
  return error;
}

static void jitter_view(const tv_step *step, const tv_draw *draw, double *x) {
  const tv_shape *s = draw->shape;
  const int n = s->rows, width = s->columns * s->channels;
  const double angle = tv_step_number(step, ANGLE, 0), *basis = step->tables[BASIS];
  double *modes = draw->scratch, *u = modes + (int64_t)n * width;
  tv_random_uniforms(draw->stream, draw->index, mode_of(n), u);
  for (int f = 0; f < n; ++f)
    for (int c = 0; c < width; ++c) {
      double sum = 0;
      for (int t = 0; t < n; ++t) sum += basis[f * n + t] * x[t * width + c];
      modes[f * width + c] = sum;
    }
  for (int f = 1; f + 1 < n + n % 2; f += 2) {
    const double by = angle * (2 * u[f / 2] - 1);
    for (int c = 0; c < width; ++c) {
      double *a = modes + f * width + c, *b = a + width;
      const double turned = cos(by) * *a - sin(by) * *b;
      *b = sin(by) * *a + cos(by) * *b;
      *a = turned;
    }
  }
  for (int t = 0; t < n; ++t)
    for (int c = 0; c < width; ++c) {
      double sum = 0;
      for (int f = 0; f < n; ++f) sum += basis[f * n + t] * modes[f * width + c];
      x[t * width + c] = sum;
    }
}

static const tv_key jitter_parameters[] = {{.name = "angle",
                                            .type = TV_KEY_NUMBER,
                                            .high = 3.1415926535897932,
                                            .missing = "write for example angle: 0.3",
                                            .help = "the largest, radians"},
                                           {0}};

const tv_augmentation tv_step_phase_jitter = {
    .kind = {.name = "phase-jitter",
             .title = "Fourier modes along the rows turned",
             .keys = jitter_parameters},
    .check = tv_step_expect_series,
    .prepare = jitter_prepare,
    .is_idle = tv_step_is_zero,
    .moments = jitter_moments,
    .view = jitter_view};
