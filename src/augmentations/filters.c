/* The sample is smoothed, coarsened, greyed or blended: a linear map drawn from a list, or one and
 * something that is added. */
#include <math.h>
#include <stdlib.h>

#include "parts.h"

/* ---- blur: Gaussian kernels, normalised at the border; pixelate: means of squares ---- */

enum { ALTERNATIVES }; /* widths, or sizes */

/* What place j of a line gives to place i. */
typedef double weight_function(int i, int j, double parameter);

static double gaussian(int i, int j, double width) {
  const double distance = i == j ? 0 : (i - j) / width; /* infinite where that is too narrow */
  return exp(-distance * distance / 2);
}

static double block(int i, int j, double size) {
  return i / (int)size == j / (int)size;
}

/* Each row of weights adds up to 1. */
static tv_error *averaging_map(const tv_shape *s, tv_axis axis, weight_function *weight,
                               double parameter, tv_map_list *list) {
  TV_TRY(tv_map_list_create(1, list));
  tv_axis_map *map = list->maps;
  TV_TRY(tv_axis_map_create(s, axis, map));
  for (int i = 0; i < map->n; ++i) {
    double sum = 0;
    for (int j = 0; j < map->n; ++j) sum += weight(i, j, parameter);
    for (int j = 0; j < map->n; ++j)
      TV_TRY(tv_axis_map_add(map, i, j, weight(i, j, parameter) / sum));
    tv_axis_map_end_row(map, i);
  }
  return NULL;
}

static tv_error *prepare_averages(tv_step *step, const tv_shape *s, weight_function *weight) {
  TV_TRY(tv_step_terms(step, step->values[ALTERNATIVES].count));
  for (int i = 0; i < step->term_count; ++i) {
    const double parameter = tv_step_number(step, ALTERNATIVES, i);
    TV_TRY(averaging_map(s, TV_AXIS_ROWS, weight, parameter, &step->terms[i].first));
    if (s->axes > 2)
      TV_TRY(averaging_map(s, TV_AXIS_COLUMNS, weight, parameter, &step->terms[i].then));
  }
  return NULL;
}

static tv_error *blur_prepare(tv_step *step, const tv_shape *s) {
  return prepare_averages(step, s, gaussian);
}

static tv_error *pixelate_prepare(tv_step *step, const tv_shape *s) {
  return prepare_averages(step, s, block);
}

static const tv_key blur_parameters[] = {{.name = "widths",
                                          .type = TV_KEY_NUMBERS,
                                          .high = 1e6,
                                          .missing = "write for example widths: [0.5, 1]",
                                          .help = "of the kernels, equally likely"},
                                         {0}};
static const tv_key pixelate_parameters[] = {{.name = "sizes",
                                              .type = TV_KEY_NUMBERS,
                                              .low = 1,
                                              .high = 1e6,
                                              .is_whole = 1,
                                              .missing = "write for example sizes: [2, 3]",
                                              .help = "edges of the squares, equally likely"},
                                             {0}};

/* ---- blend: (1 - weight) x + weight t, t grey, the mean of its channels, or a texture ---- */

enum { WEIGHT, WITH };

static const tv_word partners[] = {{"grey", 0}, {0}};

static tv_error *blend_prepare(tv_step *step, const tv_shape *s) {
  const double weight = tv_step_number(step, WEIGHT, 0);
  if (step->textures) return NULL;
  TV_TRY(tv_step_terms(step, 1));
  TV_TRY(tv_map_list_create(1, &step->terms->first));
  tv_axis_map *map = step->terms->first.maps;
  TV_TRY(tv_axis_map_create(s, TV_AXIS_CHANNELS, map));
  for (int i = 0; i < map->n; ++i) {
    for (int j = 0; j < map->n; ++j)
      TV_TRY(tv_axis_map_add(map, i, j, weight / map->n + (i == j ? 1 - weight : 0)));
    tv_axis_map_end_row(map, i);
  }
  return NULL;
}

/* Of vectors, or where one of both says nothing of its shape, the numbers count alone. */
static tv_error *expect_same_shape(const tv_shape *textures, const tv_shape *s) {
  const int are_known = textures->axes > 1 && s->axes > 1;
  if (tv_shape_size(textures) != tv_shape_size(s))
    return tv_fail_usage("textures of %d numbers, where samples have %d; give as many",
                         tv_shape_size(textures), tv_shape_size(s));
  if (!are_known || (textures->rows == s->rows && textures->columns == s->columns &&
                     textures->channels == s->channels))
    return NULL;
  return tv_fail_usage("textures of %d x %d x %d (rows, columns, channels), where samples are %d x "
                       "%d x %d; give the same shape",
                       textures->rows, textures->columns, textures->channels, s->rows, s->columns,
                       s->channels);
}

static tv_error *blend_check(const tv_step *step, const tv_shape *s) {
  if (step->textures) return expect_same_shape(&step->textures->shape, s);
  TV_TRY(tv_step_expect_axes(step, s, 3));
  if (s->channels > 1) return NULL;
  return tv_fail_usage("images of one channel are grey already");
}

static tv_numbers blend_makes(const tv_step *step, tv_numbers before) {
  const tv_numbers kept = tv_numbers_both(before, TV_NOT_NEGATIVE);
  return step->textures ? tv_numbers_both(kept, step->textures->numbers) : kept;
}

/* With w the weight, t the mean of the textures, P that of their squares t t', m the mean view:
 *     S <- (1 - w)^2 S + (1 - w) w (m t' + t m') + w^2 P,   xbar <- (1 - w) xbar + w t. */
static void blend_second(double weight, const tv_textures *t, tv_views *v) {
  const double keep = 1 - weight, *mean = t->mean, *m = v->mean;
  for (int j = 0; j < v->second->local_columns; ++j) {
    const int column = v->second->column_of[j];
    const double *textures = t->second->data + (int64_t)j * t->second->leading;
    double *second = v->second->data + (int64_t)j * v->second->leading;
    for (int i = 0; i < v->d; ++i)
      second[i] = keep * keep * second[i] +
                  keep * weight * (m[i] * mean[column] + mean[i] * m[column]) +
                  weight * weight * textures[i];
  }
}

static tv_error *blend_moments(const tv_step *step, tv_views *v) {
  const double weight = tv_step_number(step, WEIGHT, 0);
  double *numbers = NULL;
  if (!step->textures) return tv_step_map(step, v);
  TV_TRY(tv_grid_agree(v->grid, tv_allocate(2 * (int64_t)v->d, sizeof(*numbers), &numbers)));
  for (int i = 0; i < v->d; ++i) {
    numbers[i] = 1 - weight;
    numbers[v->d + i] = weight * step->textures->mean[i];
  }
  blend_second(weight, step->textures, v);
  tv_views_scale_mean(v, numbers, numbers + v->d);
  free(numbers);
  return NULL;
}

static void blend_view(const tv_step *step, const tv_draw *draw, double *x) {
  const tv_textures *t = step->textures;
  const double weight = tv_step_number(step, WEIGHT, 0);
  const int d = tv_shape_size(draw->shape);
  double u;
  if (!t) {
    tv_step_draw_map(step, draw, x);
    return;
  }
  tv_random_uniforms(draw->stream, draw->index, 1, &u);
  const double *texture = t->rows + (int64_t)tv_step_pick(u, (int)t->partition.rows) * d;
  for (int i = 0; i < d; ++i) x[i] = (1 - weight) * x[i] + weight * texture[i];
}

static const tv_key blend_parameters[] = {{.name = "weight",
                                           .type = TV_KEY_NUMBER,
                                           .high = 1,
                                           .missing = "write for example weight: 0.5",
                                           .help = "of what is blended in"},
                                          {.name = "with",
                                           .type = TV_KEY_CHOICE_OR_ROWS,
                                           .words = partners,
                                           .keys = tv_rows_keys,
                                           .standard = "grey",
                                           .help = "what is blended in"},
                                          {0}};

const tv_augmentation tv_step_blur = {
    .kind = {.name = "blur", .title = "smoothed by a Gaussian kernel", .keys = blur_parameters},
    .check = tv_step_expect_series,
    .prepare = blur_prepare,
    .keeps = TV_NOT_NEGATIVE,
    .moments = tv_step_map,
    .view = tv_step_draw_map};

const tv_augmentation tv_step_pixelate = {.kind = {.name = "pixelate",
                                                   .title = "squares replaced by their means",
                                                   .keys = pixelate_parameters},
                                          .check = tv_step_expect_series,
                                          .prepare = pixelate_prepare,
                                          .keeps = TV_NOT_NEGATIVE,
                                          .moments = tv_step_map,
                                          .view = tv_step_draw_map};

const tv_augmentation tv_step_blend = {
    .kind = {.name = "blend",
             .title = "blended with a grey copy, or with a texture",
             .keys = blend_parameters},
    .check = blend_check,
    .prepare = blend_prepare,
    .makes = blend_makes,
    .is_idle = tv_step_is_zero,
    .moments = blend_moments,
    .view = blend_view};
