/* Linear maps of views: T M T' = T (T M)' for a symmetric M. */
#include "twoview/augmentations/views.h"

#include <stdlib.h>
#include <string.h>

#include "twoview/base/comm.h"
#include "twoview/linalg/dense.h"

static int64_t numbers_of(const tv_distmat *m) {
  return (int64_t)m->rows * m->local_columns;
}

/* Workspaces for matrices. */
typedef struct {
  tv_distmat *mapped, *turned, *sum;
  tv_distmat *half; /* between the lists of one of several terms; else NULL */
} workspace;

static tv_error *take_workspace(const tv_views *v, workspace *w) {
  *w = (workspace){0};
  TV_TRY(tv_distmat_create(v->grid, v->d, v->d, &w->mapped));
  TV_TRY(tv_distmat_create(v->grid, v->d, v->d, &w->turned));
  return tv_distmat_create(v->grid, v->d, v->d, &w->sum);
}

static void drop_workspace(workspace *w) {
  tv_distmat_destroy(&w->mapped);
  tv_distmat_destroy(&w->turned);
  tv_distmat_destroy(&w->half);
  tv_distmat_destroy(&w->sum);
}

static void add_scaled(int64_t count, double factor, const double *from, double *to) {
  for (int64_t i = 0; i < count; ++i) to[i] += factor * from[i];
}

/* Of whole columns: out += factor T M T' for those from `first` on that differ in their place on
 * the map's axis alone. T acts on each of them, and then along them; `mapped` has room for all. */
static void add_columns(const tv_axis_map *t, double factor, const double *m, int d, int64_t first,
                        double *mapped, double *out) {
  const int64_t apart = (int64_t)t->inner * d;
  m += first * d;
  out += first * d;
  for (int b = 0; b < t->n; ++b) tv_axis_map_apply(t, 1, m + b * apart, mapped + (int64_t)b * d);
  for (int a = 0; a < t->n; ++a)
    for (int e = t->begin[a]; e < t->begin[a + 1]; ++e)
      add_scaled(d, factor * t->weight[e], mapped + (int64_t)t->index[e] * d, out + a * apart);
}

/* out += factor E T M T' over a list of maps. One rank has all columns, and takes few at a time, so
 * that they stay in the cache. */
static void add_list_here(const tv_map_list *list, double factor, const tv_distmat *m, workspace *w,
                          tv_distmat *out) {
  const tv_axis_map *axis = list->maps;
  for (int outer = 0; outer < axis->outer; ++outer)
    for (int inner = 0; inner < axis->inner; ++inner)
      for (int i = 0; i < list->count; ++i)
        add_columns(&list->maps[i], factor * list->probability[i], m->data, m->rows,
                    (int64_t)outer * axis->n * axis->inner + inner, w->mapped->data, out->data);
}

/* The same of columns over several ranks. */
static void add_list_together(const tv_map_list *list, double factor, const tv_distmat *m,
                              workspace *w, tv_distmat *out) {
  for (int i = 0; i < list->count; ++i) {
    tv_axis_map_apply(&list->maps[i], m->local_columns, m->data, w->mapped->data);
    tv_transpose_to(w->mapped, w->turned);
    tv_axis_map_apply(&list->maps[i], m->local_columns, w->turned->data, w->mapped->data);
    add_scaled(numbers_of(out), factor * list->probability[i], w->mapped->data, out->data);
  }
}

/* An empty list is the identity. */
static void add_list(const tv_map_list *list, double factor, const tv_distmat *m, workspace *w,
                     tv_distmat *out) {
  if (list->count == 0)
    add_scaled(numbers_of(m), factor, m->data, out->data);
  else
    (m->grid->size == 1 ? add_list_here : add_list_together)(list, factor, m, w, out);
}

static void swap_matrices(tv_distmat **a, tv_distmat **b) {
  tv_distmat *kept = *a;
  *a = *b;
  *b = kept;
}

/* S <- E T S T' over a list. */
static void map_second_by_list(tv_views *v, const tv_map_list *list, workspace *w) {
  if (list->count == 0) return;
  tv_distmat_clear(w->sum);
  add_list(list, 1, v->second, w, w->sum);
  swap_matrices(&v->second, &w->sum);
}

/* The sum += what one of several terms makes of S. */
static tv_error *add_term(tv_views *v, const tv_map_term *term, workspace *w) {
  const int is_first = term->first.count > 0;
  if (is_first) {
    if (!w->half) TV_TRY(tv_distmat_create(v->grid, v->d, v->d, &w->half));
    tv_distmat_clear(w->half);
    add_list(&term->first, 1, v->second, w, w->half);
  }
  add_list(&term->then, term->probability, is_first ? w->half : v->second, w, w->sum);
  return NULL;
}

/* S <- E T S T'. The lists of a single term follow one another, with no other matrix between them.
 */
static tv_error *map_second(tv_views *v, const tv_map_term *terms, int count, workspace *w) {
  if (count == 1 && terms->probability == 1) {
    map_second_by_list(v, &terms->first, w);
    map_second_by_list(v, &terms->then, w);
    return NULL;
  }
  tv_distmat_clear(w->sum);
  for (int i = 0; i < count; ++i) TV_TRY(add_term(v, &terms[i], w));
  swap_matrices(&v->second, &w->sum);
  return NULL;
}

/* The mean of a list of maps of one axis, another such map. */
static tv_error *mean_map(const tv_map_list *list, tv_axis_map *out) {
  const tv_axis_map *like = &list->maps[0];
  *out = (tv_axis_map){.outer = like->outer, .n = like->n, .inner = like->inner};
  TV_TRY(tv_allocate(out->n + 1, sizeof(*out->begin), &out->begin));
  for (int row = 0; row < out->n; ++row) {
    for (int i = 0; i < list->count; ++i) {
      const tv_axis_map *t = &list->maps[i];
      for (int e = t->begin[row]; e < t->begin[row + 1]; ++e)
        TV_TRY(tv_axis_map_add(out, row, t->index[e], list->probability[i] * t->weight[e]));
    }
    tv_axis_map_end_row(out, row);
  }
  return NULL;
}

/* The mean T of terms, as maps: a term applies `first`, then `then`; those of empty lists stay
 * empty. */
typedef struct {
  int count;
  const tv_map_term *terms;
  tv_axis_map (*maps)[2]; /* owned */
} mean_terms;

static void drop_mean_terms(mean_terms *t) {
  for (int i = 0; t->maps && i < t->count; ++i)
    for (int part = 0; part < 2; ++part) tv_axis_map_destroy(&t->maps[i][part]);
  free(t->maps);
}

static tv_error *take_mean_terms(const tv_map_term *terms, int count, mean_terms *out) {
  *out = (mean_terms){.count = count, .terms = terms};
  TV_TRY(tv_allocate(count, sizeof(*out->maps), &out->maps));
  for (int i = 0; i < count; ++i) {
    if (terms[i].first.count) TV_TRY(mean_map(&terms[i].first, &out->maps[i][0]));
    if (terms[i].then.count) TV_TRY(mean_map(&terms[i].then, &out->maps[i][1]));
  }
  return NULL;
}

/* x <- T x, d numbers; `scratch` has room for three times as many. */
static void apply_mean(const mean_terms *t, int d, double *x, double *scratch) {
  double *mapped = scratch, *again = scratch + d, *sum = scratch + 2 * (int64_t)d;
  memset(sum, 0, (size_t)d * sizeof(*sum));
  for (int i = 0; i < t->count; ++i) {
    const tv_axis_map *first = &t->maps[i][0], *then = &t->maps[i][1];
    const double *from = x;
    if (first->begin) tv_axis_map_apply(first, 1, from, mapped);
    if (first->begin) from = mapped;
    if (then->begin) tv_axis_map_apply(then, 1, from, again);
    if (then->begin) from = again;
    add_scaled(d, t->terms[i].probability, from, sum);
  }
  memcpy(x, sum, (size_t)d * sizeof(*x));
}

/* m <- T m, if it is followed. */
static void apply_mean_to_columns(const mean_terms *t, tv_distmat *m, double *scratch) {
  for (int j = 0; m && j < m->local_columns; ++j)
    apply_mean(t, m->rows, m->data + (int64_t)j * m->leading, scratch);
}

/* xbar <- T xbar in G, C', E xbar y' and the mean. */
static tv_error *map_mean(tv_views *v, const mean_terms *t, double *scratch) {
  tv_distmat *turned = NULL;
  if (v->agreement) {
    TV_TRY(tv_distmat_create(v->grid, v->d, v->d, &turned));
    apply_mean_to_columns(t, v->agreement, scratch);
    tv_transpose_to(v->agreement, turned);
    swap_matrices(&v->agreement, &turned);
    tv_distmat_destroy(&turned);
  }
  apply_mean_to_columns(t, v->agreement, scratch);
  apply_mean_to_columns(t, v->cross, scratch);
  apply_mean_to_columns(t, v->targets, scratch);
  apply_mean(t, v->d, v->mean, scratch);
  return NULL;
}

static tv_error *map_mean_by_terms(tv_views *v, const tv_map_term *terms, int count) {
  mean_terms mean;
  double *scratch = NULL;
  tv_error *error = take_mean_terms(terms, count, &mean);
  if (!error) error = tv_allocate(3 * (int64_t)v->d, sizeof(*scratch), &scratch);
  error = tv_grid_agree(v->grid, error);
  if (!error) error = map_mean(v, &mean, scratch);
  free(scratch);
  drop_mean_terms(&mean);
  return error;
}

static tv_error *map_second_by_terms(tv_views *v, const tv_map_term *terms, int count) {
  workspace w;
  tv_error *error = take_workspace(v, &w);
  if (!error) error = map_second(v, terms, count, &w);
  drop_workspace(&w);
  return error;
}

tv_error *tv_views_map(tv_views *v, const tv_map_term *terms, int count) {
  TV_TRY(map_second_by_terms(v, terms, count));
  return map_mean_by_terms(v, terms, count);
}

/* A term of one map. It borrows all. */
static tv_map_term certain_term(tv_axis_map *map, double *certain) {
  *certain = 1;
  return (tv_map_term){1, {1, map, certain}, {0}};
}

tv_error *tv_views_map_second(tv_views *v, const tv_axis_map *map) {
  tv_axis_map copy = *map;
  double certain;
  const tv_map_term term = certain_term(&copy, &certain);
  return map_second_by_terms(v, &term, 1);
}

tv_error *tv_views_map_mean(tv_views *v, const tv_axis_map *map) {
  tv_axis_map copy = *map;
  double certain;
  const tv_map_term term = certain_term(&copy, &certain);
  return map_mean_by_terms(v, &term, 1);
}
