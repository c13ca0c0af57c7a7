#include "twoview/augmentations/problem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/base/comm.h"
#include "twoview/linalg/dense.h"

/* The rows of M hold STANDARD normal noise; scaling its block gives noise of any covariance. */
static double scale_of(int input, int p, const double *gamma) {
  return input < p ? 1 : sqrt(gamma[input - p]);
}

/* Of this rank's rows. */
static tv_error *row_scales(const tv_distmat *a, int p, const double *gamma, double **out) {
  TV_TRY(tv_allocate(a->local_rows, sizeof(**out), out));
  for (int i = 0; i < a->local_rows; ++i) (*out)[i] = scale_of(a->row_of[i], p, gamma);
  return NULL;
}

/* a_ij = scale_i scale_j M_ij / n from the inputs' block of M, or from the cross block, whose
 * columns, the targets, are not scaled. A leading part of a spread block lies on the ranks as a
 * matrix of its own would. */
static void take_block(const tv_moment_matrix *m, const double *gamma, const double *scales,
                       int is_cross, tv_distmat *a) {
  const int d = m->p + m->q, width = d + m->l + 1;
  const tv_distmat *spread = is_cross ? m->cross : m->inputs;
  for (int j = 0; j < a->local_columns; ++j) {
    const int column = a->column_of[j];
    const double *from = m->whole ? m->whole + (int64_t)(column + (is_cross ? d : 0)) * width
                                  : spread->data + (int64_t)j * spread->leading;
    double *to = a->data + (int64_t)j * a->leading;
    const double column_scale = (is_cross ? 1 : scale_of(column, m->p, gamma)) / (double)m->n;
    for (int i = 0; i < a->local_rows; ++i)
      to[i] = column_scale * scales[i] * from[m->whole ? a->row_of[i] : i];
  }
}

void tv_statistics_take_sizes(tv_statistics *s) {
  for (int j = 0; j < s->A->local_columns; ++j) {
    const double *square = tv_distmat_diagonal(s->A, j);
    if (square) s->sizes[s->A->column_of[j]] = sqrt(*square);
  }
  if (s->A->grid->size > 1) tv_sum_all(s->A->grid->comm, s->sizes, s->d);
}

/* A, B and the inputs' sizes. */
static tv_error *take_blocks(const tv_moment_matrix *m, const double *gamma, tv_statistics *s) {
  double *scales = NULL;
  tv_error *error = tv_grid_agree(s->A->grid, row_scales(s->A, m->p, gamma, &scales));
  if (!error) {
    take_block(m, gamma, scales, 0, s->A);
    take_block(m, gamma, scales, 1, s->B);
    tv_statistics_take_sizes(s);
  }
  free(scales);
  return error;
}

static double sum_of_squared_targets(const tv_moment_matrix *m) {
  const int first = m->p + m->q, width = first + m->l + 1;
  if (!m->whole) return m->targets;
  double sum = 0;
  for (int t = first; t < first + m->l; ++t) sum += m->whole[(int64_t)t * width + t];
  return sum;
}

/* S = A + Theta + alpha^2 Gamma. */
static void augment(const double *gamma, const double *theta, double alpha, tv_statistics *s) {
  for (int i = 0; i < s->d; ++i)
    s->added[i] = theta[i] + (i < s->p ? 0 : alpha * alpha * gamma[i - s->p]);
  memcpy(s->S->data, s->A->data,
         (size_t)s->A->leading * (size_t)s->A->local_columns * sizeof(double));
  for (int j = 0; j < s->S->local_columns; ++j) {
    double *entry = tv_distmat_diagonal(s->S, j);
    if (entry) *entry += s->added[s->S->column_of[j]];
  }
}

tv_error *tv_statistics_factor(tv_statistics *s, int *status) {
  TV_TRY(tv_distmat_create(s->S->grid, s->d, s->d, &s->L));
  memcpy(s->L->data, s->S->data,
         (size_t)s->S->leading * (size_t)s->S->local_columns * sizeof(double));
  return tv_cholesky(s->L, status);
}

static tv_error *allocate_matrices(const tv_grid *grid, tv_statistics *s) {
  TV_TRY(tv_distmat_create(grid, s->d, s->d, &s->A));
  TV_TRY(tv_distmat_create(grid, s->d, s->d, &s->S));
  TV_TRY(tv_grid_agree(grid, tv_allocate(s->d, sizeof(*s->sizes), &s->sizes)));
  TV_TRY(tv_grid_agree(grid, tv_allocate(s->d, sizeof(*s->added), &s->added)));
  return tv_distmat_create(grid, s->d, s->l, &s->B);
}

tv_error *tv_statistics_create(const tv_grid *grid, const tv_moment_matrix *m, const double *gamma,
                               const double *theta, double alpha, tv_statistics **out,
                               int *status) {
  tv_statistics *s = NULL;
  *out = NULL;
  TV_TRY(tv_allocate(1, sizeof(*s), &s));
  *s = (tv_statistics){.d = gamma ? m->p + m->q : m->p, .l = m->l, .p = m->p};
  tv_error *error = allocate_matrices(grid, s);
  if (!error) error = take_blocks(m, gamma, s);
  if (!error) {
    s->yy = sum_of_squared_targets(m) / (double)m->n;
    s->C = s->G = s->A;
    s->view_B = s->B;
    augment(gamma, theta, alpha, s);
    error = tv_statistics_factor(s, status);
  }
  if (error) tv_statistics_destroy(&s);
  *out = s;
  return error;
}

tv_error *tv_statistics_take_means(tv_statistics *s, const tv_moment_matrix *m,
                                   const double *gamma) {
  const int first = m->p + m->q, width = first + m->l + 1;
  const double *ones = m->whole + (int64_t)(width - 1) * width;
  const int64_t count = (int64_t)s->d + s->l;
  TV_TRY(tv_grid_agree(s->A->grid, tv_allocate(count, sizeof(*s->mean), &s->mean)));
  for (int i = 0; i < s->d; ++i) s->mean[i] = scale_of(i, m->p, gamma) * ones[i] / (double)m->n;
  for (int t = 0; t < s->l; ++t) s->mean[s->d + t] = ones[first + t] / (double)m->n;
  return NULL;
}

void tv_statistics_drop_matrices(tv_statistics *s) {
  if (s->C != s->A) tv_distmat_destroy(&s->C);
  if (s->G != s->A) tv_distmat_destroy(&s->G);
  if (s->view_B != s->B) tv_distmat_destroy(&s->view_B);
  tv_distmat_destroy(&s->A);
  tv_distmat_destroy(&s->B);
  tv_distmat_destroy(&s->S);
  tv_distmat_destroy(&s->L);
  s->C = s->G = s->view_B = NULL;
}

void tv_statistics_destroy(tv_statistics **statistics) {
  tv_statistics *s = *statistics;
  if (!s) return;
  tv_statistics_drop_matrices(s);
  free(s->sizes);
  free(s->added);
  free(s->mean);
  free(s->rounding);
  free(s);
  *statistics = NULL;
}
