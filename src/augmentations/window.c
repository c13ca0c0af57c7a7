#include "parts.h"

static int least(int a, int b) {
  return a < b ? a : b;
}

static int most(int a, int b) {
  return a > b ? a : b;
}

/* A window of `width` about centre c covers c - width/2 to c - width/2 + width - 1, cut to the
 * axis. */
static int first_of(int centre, int width) {
  return centre - width / 2;
}

/* Table of an axis of n places: of how many centres the window hits both i and j, over n. */
static void fill_hits(int n, int width, double *table) {
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      const int low = least(i, j), high = most(i, j);
      const int last = least(n - 1, low + width / 2);
      const int first = most(0, high - width + 1 + width / 2);
      table[i * n + j] = most(0, last - first + 1) / (double)n;
    }
}

static int size_of(const tv_step *step, int parameter, int axis) {
  return (int)tv_step_number(step, parameter, axis);
}

tv_error *tv_window_fits(const tv_step *step, int parameter, const tv_shape *s) {
  TV_TRY(tv_step_expect_axes(step, s, 2));
  if (step->values[parameter].count != 2)
    return tv_fail_usage("'%s' needs two numbers, [rows, columns]",
                         step->augmentation->kind.keys[parameter].name);
  if ((size_of(step, parameter, 0) == 0) != (size_of(step, parameter, 1) == 0))
    return tv_fail_usage("a window of %d x %d is empty; for none at all, write [0, 0]",
                         size_of(step, parameter, 0), size_of(step, parameter, 1));
  if (size_of(step, parameter, 0) <= s->rows && size_of(step, parameter, 1) <= s->columns)
    return NULL;
  return tv_fail_usage("a window of %d x %d is larger than the samples, %d x %d",
                       size_of(step, parameter, 0), size_of(step, parameter, 1), s->rows,
                       s->columns);
}

const tv_key tv_window_parameters[] = {{.name = "size",
                                        .type = TV_KEY_NUMBERS,
                                        .high = 1e6,
                                        .is_whole = 1,
                                        .missing = "write for example size: [2, 2]",
                                        .help = "rows and columns of the window; [0, 0]: none"},
                                       {0}};

tv_error *tv_window_check(const tv_step *step, const tv_shape *shape) {
  return tv_window_fits(step, TV_WINDOW_SIZE, shape);
}

int tv_window_is_empty(const tv_step *step) {
  return size_of(step, TV_WINDOW_SIZE, 0) == 0;
}

tv_error *tv_window_prepare(tv_step *step, const tv_shape *s) {
  TV_TRY(tv_step_table(step, TV_WINDOW_ROWS, (int64_t)s->rows * s->rows));
  TV_TRY(tv_step_table(step, TV_WINDOW_COLUMNS, (int64_t)s->columns * s->columns));
  fill_hits(s->rows, size_of(step, TV_WINDOW_SIZE, 0), step->tables[TV_WINDOW_ROWS]);
  fill_hits(s->columns, size_of(step, TV_WINDOW_SIZE, 1), step->tables[TV_WINDOW_COLUMNS]);
  return NULL;
}

double tv_window_hits(const tv_step *step, const tv_shape *s, int i, int j) {
  const tv_position a = step->places[i], b = step->places[j];
  return step->tables[TV_WINDOW_ROWS][a.row * s->rows + b.row] *
         step->tables[TV_WINDOW_COLUMNS][a.column * s->columns + b.column];
}

static int covers(double u, int n, int width, int place) {
  const int first = first_of(tv_step_pick(u, n), width);
  return place >= first && place < first + width;
}

int tv_window_drawn(const tv_step *step, const tv_shape *s, const double *u, int i) {
  const tv_position at = step->places[i];
  return covers(u[0], s->rows, size_of(step, TV_WINDOW_SIZE, 0), at.row) &&
         covers(u[1], s->columns, size_of(step, TV_WINDOW_SIZE, 1), at.column);
}
