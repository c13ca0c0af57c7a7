#include "twoview/augmentations/views.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/base/comm.h"
#include "twoview/linalg/dense.h"

static size_t bytes_of(const tv_distmat *m) {
  return (size_t)m->leading * (size_t)m->local_columns * sizeof(double);
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

/* Sums by columns, as means. */
static void take_sums(const tv_view_matrix *m, const double *sums, tv_distmat *out) {
  for (int j = 0; j < out->local_columns; ++j) {
    const double *from = sums + (int64_t)out->column_of[j] * m->d;
    double *to = out->data + (int64_t)j * out->leading;
    for (int i = 0; i < m->d; ++i) to[i] = from[i] / (double)m->n;
  }
}

/* The mean of views has the noise of each of them, over their number; that of all has none. */
static void debias(const tv_view_matrix *m, tv_views *v) {
  for (int64_t i = 0; m->views > 0 && i < (int64_t)v->second->local_columns * v->second->leading;
       ++i) {
    v->second->data[i] /= m->views;
    v->agreement->data[i] -= (v->second->data[i] - v->agreement->data[i]) / (m->views - 1);
  }
}

static void take_views(const tv_view_matrix *m, tv_views *v) {
  const int d = m->d, l = m->l;
  const double *of_views = m->cross + (int64_t)d * (d + l);
  take_sums(m, m->drawn, v->second);
  take_sums(m, m->means, v->agreement);
  take_sums(m, m->cross, v->cross);
  take_sums(m, m->cross + (int64_t)d * d, v->targets);
  debias(m, v);
  for (int i = 0; i < d; ++i) {
    v->mean[i] = of_views[i] / (double)m->n;
    v->input_mean[i] = m->rows[i] / (double)m->n;
  }
  for (int t = 0; t < l; ++t) v->target_mean[t] = m->rows[d + t] / (double)m->n;
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
