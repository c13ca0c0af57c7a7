/* The sample is smoothed, coarsened or greyed: a linear map drawn from a list. */
#include <math.h>

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

/* ---- blend: (1 - weight) x + weight grey, the mean of its channels ---- */

enum { WEIGHT, WITH };

static const tv_word partners[] = {{"grey", 0}, {0}};

static tv_error *blend_prepare(tv_step *step, const tv_shape *s) {
  const double weight = tv_step_number(step, WEIGHT, 0);
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

static tv_error *blend_check(const tv_step *step, const tv_shape *s) {
  TV_TRY(tv_step_expect_axes(step, s, 3));
  if (s->channels > 1) return NULL;
  return tv_fail_usage("images of one channel are grey already");
}

static const tv_key blend_parameters[] = {{.name = "weight",
                                           .type = TV_KEY_NUMBER,
                                           .high = 1,
                                           .missing = "write for example weight: 0.5",
                                           .help = "of what is blended in"},
                                          {.name = "with",
                                           .type = TV_KEY_CHOICE,
                                           .words = partners,
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
    .kind = {.name = "blend", .title = "blended with a grey copy", .keys = blend_parameters},
    .check = blend_check,
    .prepare = blend_prepare,
    .keeps = TV_NOT_NEGATIVE,
    .moments = tv_step_map,
    .view = tv_step_draw_map};
