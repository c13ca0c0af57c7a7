#include "twoview/methods/scores.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/linalg/dense.h"
#include "twoview/linalg/fortran.h"
#include "twoview/linalg/pivoted.h"

/* The rows of `a`, each divided by its scale, in the order of the pivots and cut to `rank`. */
static void permute(int k, int rank, int columns, const double *scale, const int *pivots,
                    const double *a, double *out) {
  for (int j = 0; j < columns; ++j)
    for (int i = 0; i < rank; ++i) {
      const int row = pivots[i] - 1;
      out[(int64_t)j * rank + i] = a[j * (int64_t)k + row] / scale[row];
    }
}

/* tr cross' gram^+ cross: what the best linear map explains. `sizes` are those of the k rows; what
 * adds less to the rank than the rounding of d products of them is none. Destroys gram. */
static tv_error *explained(int d, int k, int l, const double *sizes, double *gram,
                           const double *cross, double *out) {
  int *pivots = NULL, rank = 0;
  double *sorted = NULL;
  const double unit = 1, rounding = d * DBL_EPSILON;
  tv_error *error;
  *out = 0;
  TV_GO(tv_allocate(k, sizeof(*pivots), &pivots));
  TV_GO(tv_allocate((int64_t)k * l, sizeof(*sorted), &sorted));
  TV_GO(tv_pivoted_cholesky(k, gram, sizes, rounding, pivots, &rank));
  if (rank == 0) goto done;
  permute(k, rank, l, sizes, pivots, cross, sorted);
  dtrsm_("L", "L", "N", "N", &rank, &l, &unit, gram, &k, sorted, &rank, 1, 1, 1, 1);
  for (int64_t i = 0; i < (int64_t)rank * l; ++i) *out += sorted[i] * sorted[i];
done:
  free(pivots);
  free(sorted);
  return error;
}

/* The largest eigenvalue of a symmetric matrix (its lower triangle), by bisection: all of them
 * would take longer. NaN where that fails, as numbers that overflow make it. Destroys the matrix.
 */
static tv_error *largest_eigenvalue(int n, double *a, double *out) {
  double *work = NULL, *values = NULL;
  int *integers = NULL, info = 0, found = 0, failed = 0;
  const int work_count = 34 * n, one = 1; /* room for blocks of the reduction */
  const double tolerance = 0, unused = 0; /* 0: to rounding */
  tv_error *error;
  TV_GO(tv_allocate(n, sizeof(*values), &values));
  TV_GO(tv_allocate(work_count, sizeof(*work), &work));
  TV_GO(tv_allocate(5 * n, sizeof(*integers), &integers));
  dsyevx_("N", "I", "L", &n, a, &n, &unused, &unused, &n, &n, &tolerance, &found, values, NULL,
          &one, work, &work_count, integers, &failed, &info, 1, 1, 1);
  *out = info == 0 && found == 1 ? values[0] : NAN;
done:
  free(values);
  free(work);
  free(integers);
  return error;
}

/* All of a matrix on every rank. The caller frees. */
static tv_error *gather_everywhere(const tv_distmat *a, double **out) {
  *out = NULL;
  TV_TRY(tv_grid_agree(a->grid, tv_allocate((int64_t)a->rows * a->columns, sizeof(**out), out)));
  tv_distmat_gather(a, *out);
  return NULL;
}

/* a' b on every rank. The caller frees. */
static tv_error *product_everywhere(const tv_distmat *a, const tv_distmat *b, double **out) {
  tv_distmat *product = NULL;
  TV_TRY(tv_distmat_create(a->grid, a->columns, b->columns, &product));
  tv_multiply(TV_TRANSPOSED, a, TV_PLAIN, b, product);
  tv_error *error = gather_everywhere(product, out);
  tv_distmat_destroy(&product);
  return error;
}

/* (1/n) sum y'y - tr Bz' Gz^+ Bz with Gz = E A E' and Bz = E (1/n) sum x y': least squares from
 * moments. A mean view equal to x makes the last factor B. */
tv_error *tv_probe_loss(const tv_statistics *s, const tv_solution *solution,
                        const tv_distmat *image, double *out) {
  double *gram = NULL, *cross = NULL, *sizes = NULL, gain = 0;
  tv_error *error = product_everywhere(solution->encoder, image, &gram);
  if (!error) error = product_everywhere(solution->encoder, s->B, &cross);
  if (!error) error = tv_row_sizes(s, solution, &sizes);
  if (!error)
    error =
        tv_grid_agree(image->grid, explained(s->d, solution->k, s->l, sizes, gram, cross, &gain));
  free(gram);
  free(cross);
  free(sizes);
  *out = tv_mean_square(s->yy - gain);
  return error;
}

/* A share that rounding may leave outside of [0, 1]. NaN remains. */
static double share(double value) {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}

/* From T's noise rows: in whitened coordinates the important components come first because L is
 * lower triangular. As T' T = I the squared sines are the eigenvalues of their Gram matrix. */
tv_error *tv_largest_sine(const tv_statistics *s, const tv_distmat *t, double *out) {
  double *gram = NULL;
  tv_distmat *noise = NULL;
  tv_error *error;
  TV_GO(tv_distmat_create(t->grid, t->columns, t->columns, &noise));
  tv_gram(t, s->p, noise);
  TV_GO(gather_everywhere(noise, &gram));
  TV_GO(tv_grid_agree(t->grid, largest_eigenvalue(t->columns, gram, out)));
done:
  tv_distmat_destroy(&noise);
  free(gram);
  return error;
}

tv_error *tv_leakage(const tv_method *method, const tv_statistics *s, const tv_solution *solution,
                     double *out) {
  TV_TRY(method->leak(s, solution, out));
  *out = share(*out);
  return NULL;
}

static tv_error *evaluate(const tv_method *method, const tv_statistics *s,
                          const tv_solution *solution, const tv_distmat *image, tv_scores *out) {
  TV_TRY(method->judge(s, solution, image, &out->optimality));
  TV_TRY(method->score(s, solution, image, &out->score));
  return tv_leakage(method, s, solution, &out->leakage);
}

/* The image A E' is a decoder C E' already where the mean view of x is x. */
tv_error *tv_scores_evaluate(const tv_method *method, const tv_statistics *s,
                             const tv_solution *solution, tv_scores *out) {
  tv_distmat *image = NULL;
  if (solution->decoder && s->C == s->A)
    return evaluate(method, s, solution, solution->decoder, out);
  TV_TRY(tv_distmat_create(s->A->grid, s->d, solution->k, &image));
  tv_multiply(TV_PLAIN, s->A, TV_PLAIN, solution->encoder, image);
  tv_error *error = evaluate(method, s, solution, image, out);
  tv_distmat_destroy(&image);
  return error;
}
