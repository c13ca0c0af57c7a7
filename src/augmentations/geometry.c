/* The sample is moved: a linear map drawn from a list. */
#include <math.h>
#include <stdlib.h>

#include "parts.h"
#include "twoview/base/statistics.h"

/* A map that takes place i from place source[i], one beyond the axis standing for zero. */
static tv_error *gather_map(const tv_shape *s, tv_axis axis, int (*source)(int i, int n, int by),
                            int by, tv_axis_map *out) {
  TV_TRY(tv_axis_map_create(s, axis, out));
  for (int i = 0; i < out->n; ++i) {
    const int from = source(i, out->n, by);
    if (from >= 0 && from < out->n) TV_TRY(tv_axis_map_add(out, i, from, 1));
    tv_axis_map_end_row(out, i);
  }
  return NULL;
}

/* Place i of a line becomes a linear interpolation at `position`; beyond the line is zero. */
static tv_error *interpolate(tv_axis_map *map, int i, double position, int first, int end) {
  const int below = (int)floor(position);
  const double part = position - below;
  if (below >= first && below < end) TV_TRY(tv_axis_map_add(map, i, below, 1 - part));
  if (below + 1 >= first && below + 1 < end) TV_TRY(tv_axis_map_add(map, i, below + 1, part));
  return NULL;
}

/* ---- shift ---- */

enum { PIXELS, SHIFT_FILL };

static const tv_word fills[] = {{"zero", 0}, {"edge", 1}, {0}};

static int shifted(int i, int n, int by) {
  (void)n;
  return i - by;
}

static int shifted_to_edge(int i, int n, int by) {
  const int from = i - by;
  return from < 0 ? 0 : from >= n ? n - 1 : from;
}

static tv_error *shift_axis(const tv_step *step, const tv_shape *s, tv_axis axis,
                            tv_map_list *list) {
  const int most = (int)tv_step_number(step, PIXELS, 0);
  const int to_edge = (int)tv_step_number(step, SHIFT_FILL, 0);
  TV_TRY(tv_map_list_create(2 * most + 1, list));
  for (int by = -most; by <= most; ++by)
    TV_TRY(gather_map(s, axis, to_edge ? shifted_to_edge : shifted, by, &list->maps[by + most]));
  return NULL;
}

static tv_error *shift_prepare(tv_step *step, const tv_shape *s) {
  TV_TRY(tv_step_terms(step, 1));
  TV_TRY(shift_axis(step, s, TV_AXIS_ROWS, &step->terms->first));
  return s->axes > 2 ? shift_axis(step, s, TV_AXIS_COLUMNS, &step->terms->then) : NULL;
}

static tv_error *shift_check(const tv_step *step, const tv_shape *s) {
  const double most = tv_step_number(step, PIXELS, 0);
  TV_TRY(tv_step_expect_axes(step, s, 2));
  if (most < s->rows && (s->axes == 2 || most < s->columns)) return NULL;
  return tv_fail_usage("'pixels' %s moves samples of %d x %d out of sight", TV_EXACT(most), s->rows,
                       s->columns);
}

static const tv_key shift_parameters[] = {{.name = "pixels",
                                           .type = TV_KEY_NUMBER,
                                           .high = 1e6,
                                           .is_whole = 1,
                                           .missing = "write for example pixels: 1",
                                           .help = "most in a direction"},
                                          {.name = "fill",
                                           .type = TV_KEY_CHOICE,
                                           .words = fills,
                                           .standard = "zero",
                                           .help = "what comes in at the border"},
                                          {0}};

/* ---- flip ---- */

enum { AXIS, PROBABILITY };

static const tv_word axes[] = {{"columns", 0}, {"rows", 1}, {0}};

static int same(int i, int n, int by) {
  (void)n, (void)by;
  return i;
}

static int mirrored(int i, int n, int by) {
  (void)by;
  return n - 1 - i;
}

static tv_error *flip_prepare(tv_step *step, const tv_shape *s) {
  const tv_axis axis = tv_step_number(step, AXIS, 0) == 0 ? TV_AXIS_COLUMNS : TV_AXIS_ROWS;
  const double probability = tv_step_number(step, PROBABILITY, 0);
  TV_TRY(tv_step_terms(step, 1));
  tv_map_list *list = &step->terms->first;
  TV_TRY(tv_map_list_create(2, list));
  list->probability[0] = 1 - probability;
  list->probability[1] = probability;
  TV_TRY(gather_map(s, axis, same, 0, &list->maps[0]));
  return gather_map(s, axis, mirrored, 0, &list->maps[1]);
}

static tv_error *flip_check(const tv_step *step, const tv_shape *s) {
  return tv_step_expect_axes(step, s, tv_step_number(step, AXIS, 0) == 0 ? 3 : 2);
}

static const tv_key flip_parameters[] = {{.name = "axis",
                                          .type = TV_KEY_CHOICE,
                                          .words = axes,
                                          .standard = "columns",
                                          .help = "what is reversed"},
                                         {.name = "probability",
                                          .type = TV_KEY_NUMBER,
                                          .high = 1,
                                          .standard = "0.5",
                                          .help = "of a flip"},
                                         {0}};

/* ---- crop: a square window, resized to the whole ---- */

enum { SIZES, STEP };

/* n places from a window of `size` that begins at `first`; pixel centres, clamped to the window. */
static tv_error *crop_map(const tv_shape *s, tv_axis axis, int first, int size, tv_axis_map *out) {
  TV_TRY(tv_axis_map_create(s, axis, out));
  for (int i = 0; i < out->n; ++i) {
    const double centre = (i + 0.5) * size / out->n - 0.5;
    TV_TRY(interpolate(out, i, first + fmin(fmax(centre, 0), size - 1), first, first + size));
    tv_axis_map_end_row(out, i);
  }
  return NULL;
}

static int count_positions(const tv_step *step, int n, int size) {
  return (n - size) / (int)tv_step_number(step, STEP, 0) + 1;
}

static tv_error *crop_axis(const tv_step *step, const tv_shape *s, tv_axis axis, int size,
                           tv_map_list *list) {
  const int n = axis == TV_AXIS_ROWS ? s->rows : s->columns;
  TV_TRY(tv_map_list_create(count_positions(step, n, size), list));
  for (int i = 0; i < list->count; ++i)
    TV_TRY(crop_map(s, axis, i * (int)tv_step_number(step, STEP, 0), size, &list->maps[i]));
  return NULL;
}

/* Every crop is equally likely, so that a size is as likely as its number of positions. */
static tv_error *crop_prepare(tv_step *step, const tv_shape *s) {
  double all = 0;
  TV_TRY(tv_step_terms(step, step->values[SIZES].count));
  for (int i = 0; i < step->term_count; ++i) {
    const int size = (int)tv_step_number(step, SIZES, i);
    tv_map_term *term = &step->terms[i];
    TV_TRY(crop_axis(step, s, TV_AXIS_ROWS, size, &term->first));
    TV_TRY(crop_axis(step, s, TV_AXIS_COLUMNS, size, &term->then));
    term->probability = (double)term->first.count * term->then.count;
    all += term->probability;
  }
  for (int i = 0; i < step->term_count; ++i) step->terms[i].probability /= all;
  return NULL;
}

static tv_error *crop_check(const tv_step *step, const tv_shape *s) {
  TV_TRY(tv_step_expect_axes(step, s, 3));
  for (int i = 0; i < step->values[SIZES].count; ++i) {
    const double size = tv_step_number(step, SIZES, i);
    if (size > s->rows || size > s->columns)
      return tv_fail_usage("a crop of %s is larger than the images, %d x %d", TV_EXACT(size),
                           s->rows, s->columns);
  }
  return NULL;
}

static const tv_key crop_parameters[] = {{.name = "sizes",
                                          .type = TV_KEY_NUMBERS,
                                          .low = 1,
                                          .high = 1e6,
                                          .is_whole = 1,
                                          .missing = "write for example sizes: [2, 3]",
                                          .help = "edges of the square windows"},
                                         {.name = "step",
                                          .type = TV_KEY_NUMBER,
                                          .low = 1,
                                          .high = 1e6,
                                          .is_whole = 1,
                                          .standard = "1",
                                          .help = "between positions of a window"},
                                         {0}};

/* ---- rotate, zoom: bilinear about the centre, zero outside ---- */

enum { DEGREES };
enum { FACTORS };

/* Bilinear at (row, column) of an image. */
static tv_error *sample_at(const tv_shape *s, tv_axis_map *map, int pixel, double row,
                           double column) {
  const int r = (int)floor(row), c = (int)floor(column);
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j) {
      const double weight = (i ? row - r : 1 - row + r) * (j ? column - c : 1 - column + c);
      if (r + i < 0 || r + i >= s->rows || c + j < 0 || c + j >= s->columns) continue;
      TV_TRY(tv_axis_map_add(map, pixel, (r + i) * s->columns + c + j, weight));
    }
  return NULL;
}

static tv_error *rotation(const tv_shape *s, double degrees, tv_axis_map *out) {
  const double angle = degrees * 3.14159265358979323846 / 180, cosine = cos(angle),
               sine = sin(angle);
  const double middle_row = (s->rows - 1) / 2.0, middle_column = (s->columns - 1) / 2.0;
  TV_TRY(tv_axis_map_create(s, TV_AXIS_PIXELS, out));
  for (int pixel = 0; pixel < out->n; ++pixel) {
    const double down = pixel / s->columns - middle_row, right = pixel % s->columns - middle_column;
    TV_TRY(sample_at(s, out, pixel, middle_row + cosine * down + sine * right,
                     middle_column - sine * down + cosine * right));
    tv_axis_map_end_row(out, pixel);
  }
  return NULL;
}

static tv_error *rotate_prepare(tv_step *step, const tv_shape *s) {
  TV_TRY(tv_step_terms(step, 1));
  TV_TRY(tv_map_list_create(step->values[DEGREES].count, &step->terms->first));
  for (int i = 0; i < step->values[DEGREES].count; ++i)
    TV_TRY(rotation(s, tv_step_number(step, DEGREES, i), &step->terms->first.maps[i]));
  return NULL;
}

static tv_error *zoom_map(const tv_shape *s, tv_axis axis, double factor, tv_map_list *list) {
  TV_TRY(tv_map_list_create(1, list));
  tv_axis_map *map = list->maps;
  TV_TRY(tv_axis_map_create(s, axis, map));
  const double middle = (map->n - 1) / 2.0;
  for (int i = 0; i < map->n; ++i) {
    TV_TRY(interpolate(map, i, middle + (i - middle) / factor, 0, map->n));
    tv_axis_map_end_row(map, i);
  }
  return NULL;
}

static tv_error *zoom_prepare(tv_step *step, const tv_shape *s) {
  TV_TRY(tv_step_terms(step, step->values[FACTORS].count));
  for (int i = 0; i < step->term_count; ++i) {
    const double factor = tv_step_number(step, FACTORS, i);
    TV_TRY(zoom_map(s, TV_AXIS_ROWS, factor, &step->terms[i].first));
    TV_TRY(zoom_map(s, TV_AXIS_COLUMNS, factor, &step->terms[i].then));
  }
  return NULL;
}

static const tv_key rotate_parameters[] = {{.name = "degrees",
                                            .type = TV_KEY_NUMBERS,
                                            .low = -360,
                                            .high = 360,
                                            .missing = "write for example degrees: [-10, 0, 10]",
                                            .help = "equally likely"},
                                           {0}};
static const tv_key zoom_parameters[] = {{.name = "factors",
                                          .type = TV_KEY_NUMBERS,
                                          .low = 1e-3,
                                          .high = 1e3,
                                          .missing = "write for example factors: [1, 1.2]",
                                          .help = "equally likely"},
                                         {0}};

/* ---- swap: neighbours change places, in rounds of disjoint pairs ---- */

enum { ROUNDS };

/* Pairs of an axis that begin at even or odd places; one without a partner stays. */
static int swapped(int i, int n, int odd) {
  const int other = (i + odd) % 2 == 0 ? i + 1 : i - 1;
  return other >= 0 && other < n ? other : i;
}

/* A round goes along columns and rows in turn, from even places and then from odd ones. */
typedef struct {
  int along_columns, odd;
} swap_round;

static swap_round round_of(const tv_shape *s, int r) {
  if (s->axes < 3) return (swap_round){0, r % 2};
  return (swap_round){r % 2 == 0, r / 2 % 2};
}

static tv_error *swap_or_not(const tv_shape *s, int r, tv_map_list *list) {
  const swap_round round = round_of(s, r);
  const tv_axis axis = round.along_columns ? TV_AXIS_COLUMNS : TV_AXIS_ROWS;
  TV_TRY(tv_map_list_create(2, list));
  TV_TRY(gather_map(s, axis, same, 0, &list->maps[0]));
  return gather_map(s, axis, swapped, round.odd, &list->maps[1]);
}

static tv_error *swap_moments(const tv_step *step, tv_views *views) {
  const int rounds = (int)tv_step_number(step, ROUNDS, 0);
  tv_error *error = NULL;
  for (int r = 0; !error && r < rounds; ++r) {
    tv_map_term term = {.probability = 1};
    error = tv_grid_agree(views->grid, swap_or_not(&views->shape, r, &term.first));
    if (!error) error = tv_views_map(views, &term, 1);
    tv_map_list_destroy(&term.first);
  }
  return error;
}

static void swap_view(const tv_step *step, const tv_draw *draw, double *x) {
  const tv_shape *s = draw->shape;
  const int rounds = (int)tv_step_number(step, ROUNDS, 0), d = tv_shape_size(s);
  double u[TV_MOST_ROUNDS];
  tv_random_uniforms(draw->stream, draw->index, rounds, u);
  for (int r = 0; r < rounds; ++r) {
    if (u[r] < 0.5) continue;
    const swap_round round = round_of(s, r);
    const int n = round.along_columns ? s->columns : s->rows;
    const int stride = round.along_columns ? s->channels : s->columns * s->channels;
    for (int i = 0; i < d; ++i) {
      const int place = i / stride % n, other = swapped(place, n, round.odd);
      draw->scratch[i] = x[i + (other - place) * stride];
    }
    for (int i = 0; i < d; ++i) x[i] = draw->scratch[i];
  }
}

static const tv_key swap_parameters[] = {{.name = "rounds",
                                          .type = TV_KEY_NUMBER,
                                          .low = 1,
                                          .high = TV_MOST_ROUNDS,
                                          .is_whole = 1,
                                          .missing = "write for example rounds: 1",
                                          .help = "in each, pairs of neighbours change places "
                                                  "or not"},
                                         {0}};

#define MAP_DRAWN .moments = tv_step_map, .view = tv_step_draw_map

const tv_augmentation tv_step_shift = {
    .kind = {.name = "shift", .title = "moved by whole pixels", .keys = shift_parameters},
    .check = shift_check,
    .prepare = shift_prepare,
    .is_idle = tv_step_is_zero,
    .keeps = TV_COUNTS,
    MAP_DRAWN};

const tv_augmentation tv_step_flip = {
    .kind = {.name = "flip", .title = "mirrored", .keys = flip_parameters},
    .check = flip_check,
    .prepare = flip_prepare,
    .is_idle = tv_step_has_zero_second,
    .keeps = TV_COUNTS,
    MAP_DRAWN};

const tv_augmentation tv_step_crop = {.kind = {.name = "crop",
                                               .title = "a square window, resized to the whole",
                                               .keys = crop_parameters},
                                      .check = crop_check,
                                      .prepare = crop_prepare,
                                      .keeps = TV_NOT_NEGATIVE,
                                      MAP_DRAWN};

const tv_augmentation tv_step_rotate = {
    .kind = {.name = "rotate", .title = "rotated about the centre", .keys = rotate_parameters},
    .check = tv_step_expect_images,
    .prepare = rotate_prepare,
    .keeps = TV_NOT_NEGATIVE,
    MAP_DRAWN};

const tv_augmentation tv_step_zoom = {
    .kind = {.name = "zoom", .title = "enlarged about the centre", .keys = zoom_parameters},
    .check = tv_step_expect_images,
    .prepare = zoom_prepare,
    .keeps = TV_NOT_NEGATIVE,
    MAP_DRAWN};

const tv_augmentation tv_step_swap = {
    .kind = {.name = "swap", .title = "neighbours change places", .keys = swap_parameters},
    .check = tv_step_expect_series,
    .keeps = TV_COUNTS,
    .moments = swap_moments,
    .view = swap_view};
