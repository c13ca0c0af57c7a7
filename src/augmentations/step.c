#include "twoview/augmentations/step.h"

#include <stdlib.h>
#include <string.h>

#include "parts.h"

static tv_error *take_places(tv_step *step, const tv_shape *shape) {
  const int d = tv_shape_size(shape);
  TV_TRY(tv_allocate(d, sizeof(*step->places), &step->places));
  for (int i = 0; i < d; ++i) {
    const int pixel = i / shape->channels;
    step->places[i] =
        (tv_position){pixel / shape->columns, pixel % shape->columns, i % shape->channels};
  }
  return NULL;
}

tv_error *tv_step_prepare(tv_step *step, const tv_shape *shape) {
  TV_TRY(take_places(step, shape));
  return step->augmentation->prepare ? step->augmentation->prepare(step, shape) : NULL;
}

void tv_step_release(tv_step *step) {
  for (int i = 0; i < step->term_count; ++i) {
    tv_map_list_destroy(&step->terms[i].first);
    tv_map_list_destroy(&step->terms[i].then);
  }
  free(step->terms);
  free(step->places);
  for (int i = 0; i < TV_MOST_TABLES; ++i) free(step->tables[i]);
  for (int i = 0; i < TV_MOST_PARAMETERS; ++i) free(step->values[i].numbers);
  *step = (tv_step){0};
}

tv_error *tv_step_expect_axes(const tv_step *step, const tv_shape *shape, int least) {
  if (shape->axes >= least) return NULL;
  return tv_fail_usage("'%s' acts on %s; give source.shape, as in %s",
                       step->augmentation->kind.name, least == 2 ? "series and images" : "images",
                       least == 2 ? "[length, channels]" : "[rows, columns, channels]");
}

tv_error *tv_step_expect_series(const tv_step *step, const tv_shape *shape) {
  return tv_step_expect_axes(step, shape, 2);
}

tv_error *tv_step_expect_images(const tv_step *step, const tv_shape *shape) {
  return tv_step_expect_axes(step, shape, 3);
}

int tv_step_is_zero(const tv_step *step) {
  return tv_step_number(step, 0, 0) == 0;
}

int tv_step_is_one(const tv_step *step) {
  return tv_step_number(step, 0, 0) == 1;
}

int tv_step_has_zero_second(const tv_step *step) {
  return tv_step_number(step, 1, 0) == 0;
}

tv_error *tv_step_terms(tv_step *step, int count) {
  TV_TRY(tv_allocate(count, sizeof(*step->terms), &step->terms));
  step->term_count = count;
  for (int i = 0; i < count; ++i) step->terms[i].probability = 1.0 / count;
  return NULL;
}

tv_error *tv_step_table(tv_step *step, int which, int64_t count) {
  return tv_allocate(count, sizeof(double), &step->tables[which]);
}

int tv_step_pick(double u, int count) {
  const int picked = (int)(u * count);
  return picked < count ? picked : count - 1;
}

tv_error *tv_step_map(const tv_step *step, tv_views *views) {
  return tv_views_map(views, step->terms, step->term_count);
}

/* The index, among `count` things of these probabilities, that a uniform number selects. */
static int choose(double u, int count, const double *probability) {
  int chosen = 0;
  for (; chosen < count - 1 && u >= probability[chosen]; ++chosen) u -= probability[chosen];
  return chosen;
}

static void map_once(const tv_map_list *list, double u, int d, double *scratch, double *x) {
  if (list->count == 0) return;
  tv_axis_map_apply(&list->maps[choose(u, list->count, list->probability)], 1, x, scratch);
  memcpy(x, scratch, (size_t)d * sizeof(*x));
}

void tv_step_draw_map(const tv_step *step, const tv_draw *draw, double *x) {
  const int d = tv_shape_size(draw->shape);
  double u[3];
  int term = 0;
  tv_random_uniforms(draw->stream, draw->index, 3, u);
  for (; term < step->term_count - 1 && u[0] >= step->terms[term].probability; ++term)
    u[0] -= step->terms[term].probability;
  map_once(&step->terms[term].first, u[1], d, draw->scratch, x);
  map_once(&step->terms[term].then, u[2], d, draw->scratch, x);
}
