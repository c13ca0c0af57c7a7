#include "twoview/scores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fortran.h"
#include "twoview/dense.h"

/* The pivoted Cholesky factor of a positive semidefinite k x k matrix, in its lower triangle, and
 * its numerical rank: P' gram P = F F' on the leading rank x rank block. */
static tv_error *pivoted_factor(int k, double *gram, int *pivots, int *rank) {
  const double default_tolerance = -1;
  double *work;
  int info = 0;
  TV_TRY(tv_allocate(2 * k, sizeof(*work), &work));
  dpstrf_("L", &k, gram, &k, pivots, rank, &default_tolerance, work, &info, 1);
  free(work);
  return info < 0 ? tv_fail("dpstrf: argument %d is illegal", -info) : NULL;
}

/* Rows (and columns, for a square matrix) of `a` in the order of the pivots, cut to `rank`. */
static void permute(int k, int rank, int columns, const int *pivots, int is_square, const double *a,
                    double *out) {
  const int kept = is_square ? rank : columns;
  for (int j = 0; j < kept; ++j)
    for (int i = 0; i < rank; ++i)
      out[(int64_t)j * rank + i] = a[(is_square ? pivots[j] - 1 : j) * (int64_t)k + pivots[i] - 1];
}

/* tr cross' gram^+ cross: what the best linear map explains. Destroys gram. */
static tv_error *explained(int k, int l, double *gram, const double *cross, double *out) {
  int *pivots = NULL, rank = 0;
  double *sorted = NULL;
  const double unit = 1;
  tv_error *error;
  *out = 0;
  TV_GO(tv_allocate(k, sizeof(*pivots), &pivots));
  TV_GO(tv_allocate((int64_t)k * l, sizeof(*sorted), &sorted));
  TV_GO(pivoted_factor(k, gram, pivots, &rank));
  if (rank == 0) goto done;
  permute(k, rank, l, pivots, 0, cross, sorted);
  dtrsm_("L", "L", "N", "N", &rank, &l, &unit, gram, &k, sorted, &rank, 1, 1, 1, 1);
  for (int64_t i = 0; i < (int64_t)rank * l; ++i) *out += sorted[i] * sorted[i];
done:
  free(pivots);
  free(sorted);
  return error;
}

/* The largest eigenvalue of a symmetric matrix. Destroys it. */
static tv_error *largest_eigenvalue(int n, double *a, double *out) {
  double *values = NULL, *work = NULL;
  int info = 0;
  const int work_count = 34 * n;
  tv_error *error;
  TV_GO(tv_allocate(n, sizeof(*values), &values));
  TV_GO(tv_allocate(work_count, sizeof(*work), &work));
  dsyev_("N", "L", &n, a, &n, values, work, &work_count, &info, 1, 1);
  if (info != 0) TV_GO(tv_fail("dsyev: info %d", info));
  *out = values[n - 1];
done:
  free(values);
  free(work);
  return error;
}

/* The largest value of v' part v / v' whole v over the range of `whole`. Destroys whole. */
static tv_error *largest_quotient(int k, const double *part, double *whole, double *out) {
  int *pivots = NULL, rank = 0;
  double *sorted = NULL;
  const double unit = 1;
  tv_error *error;
  *out = 0;
  TV_GO(tv_allocate(k, sizeof(*pivots), &pivots));
  TV_GO(tv_allocate((int64_t)k * k, sizeof(*sorted), &sorted));
  TV_GO(pivoted_factor(k, whole, pivots, &rank));
  if (rank == 0) goto done;
  permute(k, rank, k, pivots, 1, part, sorted);
  dtrsm_("L", "L", "N", "N", &rank, &rank, &unit, whole, &k, sorted, &rank, 1, 1, 1, 1);
  dtrsm_("R", "L", "T", "N", &rank, &rank, &unit, whole, &k, sorted, &rank, 1, 1, 1, 1);
  TV_GO(largest_eigenvalue(rank, sorted, out));
done:
  free(pivots);
  free(sorted);
  return error;
}

/* a' b on every rank, (a->columns) x (b->columns). The caller frees. */
static tv_error *product_everywhere(const tv_distmat *a, const tv_distmat *b, double **out) {
  tv_distmat *product = NULL;
  *out = NULL;
  TV_TRY(tv_distmat_create(a->grid, a->columns, b->columns, &product));
  tv_multiply(TV_TRANSPOSED, a, TV_PLAIN, b, product);
  tv_error *error =
      tv_grid_agree(a->grid, tv_allocate((int64_t)a->columns * b->columns, sizeof(**out), out));
  if (!error) tv_distmat_gather(product, *out);
  tv_distmat_destroy(&product);
  return error;
}

/* (1/n) sum y'y - tr Bz' Gz^+ Bz with Gz = E A E' and Bz = E (1/n) sum x y': least squares from
 * moments. A mean view equal to x makes the last factor B. */
static tv_error *probe_loss(const tv_statistics *s, const tv_solution *solution,
                            const tv_distmat *image, double *out) {
  double *gram = NULL, *cross = NULL, gain = 0;
  tv_error *error = product_everywhere(solution->encoder, image, &gram);
  if (!error) error = product_everywhere(solution->encoder, s->B, &cross);
  if (!error) error = tv_grid_agree(image->grid, explained(solution->k, s->l, gram, cross, &gain));
  free(gram);
  free(cross);
  *out = s->yy - gain;
  return error;
}

static tv_error *score(const tv_method *method, const tv_statistics *s, const tv_solution *solution,
                       double *out) {
  tv_distmat *image = NULL;
  TV_TRY(tv_distmat_create(s->A->grid, s->d, solution->k, &image));
  tv_multiply(TV_PLAIN, s->A, TV_PLAIN, solution->encoder, image);
  tv_error *error = NULL;
  if (method->id == TV_SUPERVISED)
    *out = s->yy - 2 * tv_dot(solution->encoder, s->B) + tv_dot(solution->encoder, image);
  else
    error = probe_loss(s, solution, image, out);
  tv_distmat_destroy(&image);
  return error;
}

/* The largest v' part v / v' whole v, of part from T's noise rows and whole = T' T: in whitened
 * coordinates the important components come first because L is lower triangular. T' T = I but for
 * SL. */
static tv_error *leakage(const tv_method *method, const tv_statistics *s,
                         const tv_solution *solution, double *out) {
  const tv_distmat *t = solution->whitened;
  double *whole = NULL, *part = NULL;
  tv_distmat *noise = NULL;
  tv_error *error;
  TV_GO(tv_distmat_create(t->grid, t->rows, t->columns, &noise));
  for (int j = 0; j < t->local_columns; ++j)
    for (int i = 0; i < t->local_rows; ++i)
      if (t->row_of[i] >= s->p)
        noise->data[(int64_t)j * t->leading + i] = t->data[(int64_t)j * t->leading + i];
  TV_GO(product_everywhere(noise, noise, &part));
  if (method->id == TV_SUPERVISED) {
    TV_GO(product_everywhere(t, t, &whole));
    TV_GO(tv_grid_agree(t->grid, largest_quotient(solution->k, part, whole, out)));
  } else {
    TV_GO(tv_grid_agree(t->grid, largest_eigenvalue(solution->k, part, out)));
  }
done:
  tv_distmat_destroy(&noise);
  free(whole);
  free(part);
  return error;
}

tv_error *tv_scores_evaluate(const tv_method *method, const tv_statistics *statistics,
                             const tv_solution *solution, tv_scores *out) {
  out->optimum = solution->optimum;
  TV_TRY(method->judge(statistics, solution, &out->optimality));
  TV_TRY(score(method, statistics, solution, &out->score));
  return leakage(method, statistics, solution, &out->leakage);
}
