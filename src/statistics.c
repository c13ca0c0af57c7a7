#include "twoview/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/dense.h"

/* The rows of M hold STANDARD normal noise; scaling its block gives noise of any covariance. */
static double scale_of(int input, int p, const double *gamma) {
  return input < p ? 1 : sqrt(gamma[input - p]);
}

/* a_ij = scale_i scale_j M[i, first_column + j] / n; targets are not scaled. */
static void take_block(const tv_moments *m, const double *matrix, double n, const double *gamma,
                       int first_column, tv_distmat *a) {
  for (int j = 0; j < a->local_columns; ++j) {
    const int column = first_column + a->column_of[j];
    const double *from = matrix + (int64_t)column * m->width;
    double *to = a->data + (int64_t)j * a->leading;
    const double column_scale = (column < m->p + m->q ? scale_of(column, m->p, gamma) : 1) / n;
    for (int i = 0; i < a->local_rows; ++i)
      to[i] = column_scale * scale_of(a->row_of[i], m->p, gamma) * from[a->row_of[i]];
  }
}

/* S = A + Theta + alpha^2 Gamma. */
static void augment(const tv_statistics *s, const double *gamma, const double *theta,
                    double alpha) {
  memcpy(s->S->data, s->A->data,
         (size_t)s->A->leading * (size_t)s->A->local_columns * sizeof(double));
  for (int j = 0; j < s->S->local_columns; ++j)
    for (int i = 0; i < s->S->local_rows; ++i) {
      const int input = s->S->row_of[i];
      if (input != s->S->column_of[j]) continue;
      const double noise = input < s->p ? 0 : gamma[input - s->p];
      s->S->data[(int64_t)j * s->S->leading + i] += theta[input] + alpha * alpha * noise;
    }
}

static tv_error *factor(tv_statistics *s, int *status) {
  memcpy(s->L->data, s->S->data,
         (size_t)s->S->leading * (size_t)s->S->local_columns * sizeof(double));
  return tv_cholesky(s->L, status);
}

static tv_error *allocate_matrices(const tv_grid *grid, tv_statistics *s) {
  TV_TRY(tv_distmat_create(grid, s->d, s->d, &s->A));
  TV_TRY(tv_distmat_create(grid, s->d, s->d, &s->S));
  TV_TRY(tv_distmat_create(grid, s->d, s->d, &s->L));
  return tv_distmat_create(grid, s->d, s->l, &s->B);
}

tv_error *tv_statistics_create(const tv_grid *grid, const tv_moments *m, int replicate, int level,
                               const double *gamma, const double *theta, double alpha,
                               tv_statistics **out, int *status) {
  const double *matrix = tv_moments_at(m, replicate, level);
  const double n = (double)m->sizes[level];
  const int first_target = m->p + m->q;
  tv_statistics *s = NULL;
  *out = NULL;
  TV_TRY(tv_allocate(1, sizeof(*s), &s));
  *s = (tv_statistics){.d = gamma ? m->p + m->q : m->p, .l = m->l, .p = m->p};
  tv_error *error = allocate_matrices(grid, s);
  if (!error) {
    take_block(m, matrix, n, gamma, 0, s->A);
    take_block(m, matrix, n, gamma, first_target, s->B);
    for (int t = first_target; t < first_target + m->l; ++t)
      s->yy += matrix[(int64_t)t * m->width + t] / n;
    s->C = s->G = s->A;
    augment(s, gamma, theta, alpha);
    error = factor(s, status);
  }
  if (error) tv_statistics_destroy(&s);
  *out = s;
  return error;
}

void tv_statistics_destroy(tv_statistics **statistics) {
  if (!*statistics) return;
  tv_distmat_destroy(&(*statistics)->A);
  tv_distmat_destroy(&(*statistics)->S);
  tv_distmat_destroy(&(*statistics)->L);
  tv_distmat_destroy(&(*statistics)->B);
  free(*statistics);
  *statistics = NULL;
}
