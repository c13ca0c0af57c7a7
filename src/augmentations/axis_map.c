#include <stdlib.h>
#include <string.h>

#include "twoview/augmentations/views.h"

tv_error *tv_axis_map_create(const tv_shape *s, tv_axis axis, tv_axis_map *out) {
  *out = (tv_axis_map){.outer = 1, .inner = 1};
  switch (axis) {
  case TV_AXIS_ROWS:
    out->n = s->rows;
    out->inner = s->columns * s->channels;
    break;
  case TV_AXIS_COLUMNS:
    out->outer = s->rows;
    out->n = s->columns;
    out->inner = s->channels;
    break;
  case TV_AXIS_CHANNELS:
    out->outer = s->rows * s->columns;
    out->n = s->channels;
    break;
  case TV_AXIS_PIXELS:
    out->n = s->rows * s->columns;
    out->inner = s->channels;
    break;
  }
  return tv_allocate(out->n + 1, sizeof(*out->begin), &out->begin);
}

static tv_error *grow(tv_axis_map *map) {
  const int room = map->room ? 2 * map->room : 4 * map->n;
  int *index = realloc(map->index, (size_t)room * sizeof *index);
  if (index) map->index = index;
  double *weight = realloc(map->weight, (size_t)room * sizeof *weight);
  if (weight) map->weight = weight;
  if (!index || !weight) return tv_fail("out of memory for a linear map of %d entries", room);
  map->room = room;
  return NULL;
}

tv_error *tv_axis_map_add(tv_axis_map *map, int row, int column, double weight) {
  int end = map->begin[row + 1];
  if (weight == 0) return NULL;
  if (end < map->begin[row]) end = map->begin[row];
  for (int e = map->begin[row]; e < end; ++e)
    if (map->index[e] == column) {
      map->weight[e] += weight;
      return NULL;
    }
  if (end == map->room) TV_TRY(grow(map));
  map->index[end] = column;
  map->weight[end] = weight;
  map->begin[row + 1] = end + 1;
  return NULL;
}

void tv_axis_map_end_row(tv_axis_map *map, int row) {
  if (map->begin[row + 1] < map->begin[row]) map->begin[row + 1] = map->begin[row];
}

void tv_axis_map_destroy(tv_axis_map *map) {
  free(map->begin);
  free(map->index);
  free(map->weight);
  *map = (tv_axis_map){0};
}

/* One sample's numbers of one `outer`, which are neighbours. */
static void apply_to_neighbours(const tv_axis_map *t, const double *x, double *out) {
  for (int i = 0; i < t->n; ++i) {
    double sum = 0;
    for (int e = t->begin[i]; e < t->begin[i + 1]; ++e) sum += t->weight[e] * x[t->index[e]];
    out[i] = sum;
  }
}

/* Or which are not. */
static void apply_once(const tv_axis_map *t, const double *x, double *out) {
  if (t->inner == 1) {
    apply_to_neighbours(t, x, out);
    return;
  }
  memset(out, 0, (size_t)t->n * (size_t)t->inner * sizeof(*out));
  for (int i = 0; i < t->n; ++i, out += t->inner)
    for (int e = t->begin[i]; e < t->begin[i + 1]; ++e) {
      const double weight = t->weight[e], *from = x + (int64_t)t->index[e] * t->inner;
      for (int k = 0; k < t->inner; ++k) out[k] += weight * from[k];
    }
}

void tv_axis_map_apply(const tv_axis_map *t, int64_t count, const double *x, double *out) {
  const int64_t length = (int64_t)t->n * t->inner;
  for (int64_t i = 0; i < count * t->outer; ++i) apply_once(t, x + i * length, out + i * length);
}

tv_error *tv_map_list_create(int count, tv_map_list *out) {
  *out = (tv_map_list){.count = count};
  TV_TRY(tv_allocate(count, sizeof(*out->maps), &out->maps));
  TV_TRY(tv_allocate(count, sizeof(*out->probability), &out->probability));
  for (int i = 0; i < count; ++i) out->probability[i] = 1.0 / count;
  return NULL;
}

void tv_map_list_destroy(tv_map_list *list) {
  for (int i = 0; list->maps && i < list->count; ++i) tv_axis_map_destroy(&list->maps[i]);
  free(list->maps);
  free(list->probability);
  *list = (tv_map_list){0};
}
