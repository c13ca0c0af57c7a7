#include "twoview/augmentations/views.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/base/comm.h"
#include "twoview/linalg/dense.h"

static size_t bytes_of(const tv_distmat *m) {
  return (size_t)m->leading * (size_t)m->local_columns * sizeof(double);
}

static int64_t numbers_of(const tv_distmat *m) {
  return (int64_t)m->rows * m->local_columns;
}

/* ---- Samples ---- */

static tv_error *fill_samples(const tv_grid *row, int d, int l, tv_samples *s) {
  TV_TRY(tv_distmat_create(row, d, d, &s->second));
  TV_TRY(tv_distmat_create(row, d, l, &s->targets));
  tv_error *error = tv_allocate(d, sizeof(*s->mean), &s->mean);
  if (!error) error = tv_allocate(l, sizeof(*s->target_mean), &s->target_mean);
  if (!error) error = tv_allocate(l, sizeof(*s->target_square), &s->target_square);
  return tv_grid_agree(row, error);
}

tv_error *tv_samples_create(const tv_grid *row, const tv_shape *shape, int l, tv_samples **out) {
  TV_TRY(tv_grid_agree(row, tv_allocate(1, sizeof(**out), out)));
  (*out)->shape = *shape;
  tv_error *error = fill_samples(row, tv_shape_size(shape), l, *out);
  if (error) tv_samples_destroy(out);
  return error;
}

tv_error *tv_samples_move(tv_samples *s, const tv_grid *grid) {
  TV_TRY(tv_distmat_move(&s->second, grid));
  return tv_distmat_move(&s->targets, grid);
}

void tv_samples_destroy(tv_samples **samples) {
  tv_samples *s = *samples;
  if (!s) return;
  tv_distmat_destroy(&s->second);
  tv_distmat_destroy(&s->targets);
  free(s->mean);
  free(s->target_mean);
  free(s->target_square);
  free(s);
  *samples = NULL;
}

/* What number i of a row in a moment matrix is multiplied by. */
static double scale_of(const tv_moment_matrix *m, const double *gamma, int i) {
  if (i < m->p || i >= m->p + m->q) return 1;
  return gamma ? sqrt(gamma[i - m->p]) : 0;
}

/* Columns of a moment matrix from `first` on, which are those of `spread` if it is not whole. */
static void take_columns(const tv_moment_matrix *m, const double *gamma, int first,
                         const tv_distmat *spread, tv_distmat *out) {
  const int width = m->p + m->q + m->l + 1;
  for (int j = 0; j < out->local_columns; ++j) {
    const int column = first + out->column_of[j];
    const double *from =
        m->whole ? m->whole + (int64_t)column * width : spread->data + (int64_t)j * spread->leading;
    const double scale = scale_of(m, gamma, column) / (double)m->n;
    double *to = out->data + (int64_t)j * out->leading;
    for (int i = 0; i < out->local_rows; ++i)
      to[i] = scale * scale_of(m, gamma, out->row_of[i]) * from[m->whole ? out->row_of[i] : i];
  }
}

tv_error *tv_samples_take(const tv_grid *grid, const tv_shape *shape, const tv_moment_matrix *m,
                          const double *gamma, tv_samples **out) {
  const int d = m->p + m->q, width = d + m->l + 1;
  const double *sums = m->whole ? m->whole + (int64_t)(width - 1) * width : m->vectors;
  TV_TRY(tv_samples_create(grid, shape, m->l, out));
  take_columns(m, gamma, 0, m->inputs, (*out)->second);
  take_columns(m, gamma, d, m->cross, (*out)->targets);
  for (int i = 0; i < d; ++i) (*out)->mean[i] = scale_of(m, gamma, i) * sums[i] / (double)m->n;
  for (int t = 0; t < m->l; ++t) {
    const double square =
        m->whole ? m->whole[(int64_t)(d + t) * (width + 1)] : m->vectors[d + m->l + t];
    (*out)->target_mean[t] = sums[d + t] / (double)m->n;
    (*out)->target_square[t] = square / (double)m->n;
  }
  return NULL;
}

/* Matrices of views that are not followed are NULL, and stay so below. */

/* m += factor u w'. */
static void add_product(tv_distmat *m, double factor, const double *u, const double *w) {
  for (int j = 0; m && j < m->local_columns; ++j) {
    const double of_column = factor * w[m->column_of[j]];
    double *column = m->data + (int64_t)j * m->leading;
    for (int i = 0; i < m->rows; ++i) column[i] += of_column * u[i];
  }
}

/* E (x - c)(y - e)' = E x y' - c E y' - (E x - c) e'. */
void tv_samples_centre(tv_samples *s, const double *mean, const double *target_mean) {
  const int d = s->second->rows, l = s->targets->columns;
  add_product(s->second, -1, mean, s->mean);
  add_product(s->targets, -1, mean, s->target_mean);
  for (int i = 0; i < d; ++i) s->mean[i] -= mean[i];
  add_product(s->second, -1, s->mean, mean);
  add_product(s->targets, -1, s->mean, target_mean);
  for (int t = 0; t < l; ++t) {
    s->target_square[t] -= target_mean[t] * (2 * s->target_mean[t] - target_mean[t]);
    s->target_mean[t] -= target_mean[t];
  }
}

/* ---- Views ---- */

static tv_error *copy_numbers(int count, const double *from, double **out) {
  TV_TRY(tv_allocate(count, sizeof(**out), out));
  memcpy(*out, from, (size_t)count * sizeof(**out));
  return NULL;
}

/* A matrix like this one. */
static tv_error *copy_matrix(const tv_distmat *from, tv_distmat **out) {
  TV_TRY(tv_distmat_create(from->grid, from->rows, from->columns, out));
  memcpy((*out)->data, from->data, bytes_of(from));
  return NULL;
}

static tv_error *copy_matrices(const tv_samples *samples, tv_views *v) {
  TV_TRY(copy_matrix(samples->second, &v->second));
  TV_TRY(copy_matrix(samples->second, &v->agreement));
  TV_TRY(copy_matrix(samples->second, &v->cross));
  return copy_matrix(samples->targets, &v->targets);
}

static tv_error *copy_means(const tv_samples *samples, tv_views *v) {
  TV_TRY(copy_numbers(v->d, samples->mean, &v->mean));
  TV_TRY(copy_numbers(v->d, samples->mean, &v->input_mean));
  return copy_numbers(v->l, samples->target_mean, &v->target_mean);
}

/* Without matrices. */
static tv_error *begin_views(const tv_samples *samples, tv_views **out) {
  const tv_grid *grid = samples->second->grid;
  tv_error *error = tv_allocate(1, sizeof(**out), out);
  if (!error) {
    **out = (tv_views){.shape = samples->shape,
                       .d = samples->second->rows,
                       .l = samples->targets->columns,
                       .grid = grid};
    error = copy_means(samples, *out);
  }
  error = tv_grid_agree(grid, error);
  if (error) tv_views_destroy(out);
  return error;
}

tv_error *tv_views_create(const tv_samples *samples, tv_views **out) {
  TV_TRY(begin_views(samples, out));
  tv_error *error = copy_matrices(samples, *out);
  if (error) tv_views_destroy(out);
  return error;
}

tv_error *tv_views_replace(tv_samples *samples, tv_views **out) {
  TV_TRY(begin_views(samples, out));
  (*out)->second = samples->second;
  (*out)->targets = samples->targets;
  samples->second = samples->targets = NULL;
  return NULL;
}

void tv_views_become(tv_views **views, tv_samples *samples) {
  tv_views *v = *views;
  samples->second = v->second;
  samples->targets = v->targets;
  memcpy(samples->mean, v->mean, (size_t)v->d * sizeof(*v->mean));
  v->second = v->targets = NULL;
  tv_views_destroy(views);
}

/* A block of sums over rows w = (t, x, y, 1), from row and column on, as means. */
static void take_block(const tv_view_matrix *m, int row, int column, tv_distmat *out) {
  const int64_t width = 2 * (int64_t)m->d + m->l + 1;
  for (int j = 0; j < out->local_columns; ++j) {
    const double *from = m->rows + (column + out->column_of[j]) * width + row;
    double *to = out->data + (int64_t)j * out->leading;
    for (int i = 0; i < out->rows; ++i) to[i] = from[i] / (double)m->n;
  }
}

static void take_views(const tv_view_matrix *m, tv_views *v) {
  const int d = m->d, l = m->l;
  const double views = (double)m->n * m->views,
               *ones = m->rows + (2 * (int64_t)d + l) * (2 * (int64_t)d + l + 1);
  take_block(m, 0, 0, v->agreement);
  take_block(m, 0, d, v->cross);
  take_block(m, 0, 2 * d, v->targets);
  for (int j = 0; j < v->second->local_columns; ++j)
    for (int i = 0; i < d; ++i) {
      const int64_t at = (int64_t)j * v->second->leading + i;
      const double second = m->drawn[(int64_t)v->second->column_of[j] * d + i] / views;
      v->second->data[at] = second;
      v->agreement->data[at] -= (second - v->agreement->data[at]) / (m->views - 1);
    }
  for (int i = 0; i < d; ++i) {
    v->mean[i] = ones[i] / (double)m->n;
    v->input_mean[i] = ones[d + i] / (double)m->n;
  }
  for (int t = 0; t < l; ++t) v->target_mean[t] = ones[2 * d + t] / (double)m->n;
}

tv_error *tv_views_take(const tv_grid *row, const tv_shape *shape, const tv_view_matrix *m,
                        tv_views **out) {
  tv_samples *none = NULL;
  TV_TRY(tv_samples_create(row, shape, m->l, &none));
  tv_error *error = tv_views_create(none, out);
  if (!error) take_views(m, *out);
  tv_samples_destroy(&none);
  return error;
}

void tv_views_destroy(tv_views **views) {
  tv_views *v = *views;
  if (!v) return;
  tv_distmat_destroy(&v->second);
  tv_distmat_destroy(&v->agreement);
  tv_distmat_destroy(&v->cross);
  tv_distmat_destroy(&v->targets);
  free(v->mean);
  free(v->input_mean);
  free(v->target_mean);
  free(v);
  *views = NULL;
}

/* ---- Entry by entry ---- */

void tv_views_centre(tv_views *v) {
  add_product(v->second, -1, v->mean, v->mean);
  add_product(v->agreement, -1, v->mean, v->mean);
  add_product(v->cross, -1, v->mean, v->input_mean);
  add_product(v->targets, -1, v->mean, v->target_mean);
}

void tv_views_add_to_diagonal(tv_views *v, double added) {
  for (int j = 0; j < v->second->local_columns; ++j) *tv_distmat_diagonal(v->second, j) += added;
}

/* m <- diag(scale) m. */
static void scale_rows(tv_distmat *m, const double *scale) {
  for (int j = 0; m && j < m->local_columns; ++j)
    for (int i = 0; i < m->rows; ++i) m->data[(int64_t)j * m->leading + i] *= scale[i];
}

/* m <- m diag(scale). */
static void scale_columns(tv_distmat *m, const double *scale) {
  for (int j = 0; m && j < m->local_columns; ++j)
    for (int i = 0; i < m->rows; ++i)
      m->data[(int64_t)j * m->leading + i] *= scale[m->column_of[j]];
}

/* xbar <- xbar + offset; the mean is still that without it. */
static void offset_mean(tv_views *v, const double *offset) {
  add_product(v->agreement, 1, v->mean, offset);
  add_product(v->agreement, 1, offset, v->mean);
  add_product(v->agreement, 1, offset, offset);
  add_product(v->cross, 1, offset, v->input_mean);
  add_product(v->targets, 1, offset, v->target_mean);
  for (int i = 0; i < v->d; ++i) v->mean[i] += offset[i];
}

void tv_views_scale_mean(tv_views *v, const double *scale, const double *offset) {
  if (scale) {
    scale_rows(v->agreement, scale);
    scale_columns(v->agreement, scale);
    scale_rows(v->cross, scale);
    scale_rows(v->targets, scale);
    for (int i = 0; i < v->d; ++i) v->mean[i] *= scale[i];
  }
  if (offset) offset_mean(v, offset);
}

void tv_views_row_sums(const tv_views *v, double *out) {
  const tv_distmat *s = v->second;
  memset(out, 0, (size_t)v->d * sizeof(*out));
  for (int j = 0; j < s->local_columns; ++j)
    for (int i = 0; i < s->rows; ++i) out[s->column_of[j]] += s->data[(int64_t)j * s->leading + i];
  tv_views_share(v, out, v->d);
}

void tv_views_share(const tv_views *v, double *numbers, int64_t count) {
  if (v->grid->size > 1) tv_sum_all(v->grid->comm, numbers, count);
}

/* ---- Linear maps: T M T' = T (T M)' for a symmetric M ---- */

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
