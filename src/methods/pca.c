#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/linalg/dense.h"
#include "twoview/linalg/eigen.h"
#include "twoview/methods/scores.h"

/* Principal component analysis (PCA), which sees no views: a baseline. The encoder's rows are the
 * top k eigenvectors of A. */

static void copy(const tv_distmat *from, tv_distmat *to) {
  memcpy(to->data, from->data,
         (size_t)from->leading * (size_t)from->local_columns * sizeof(double));
}

static tv_error *solve_plain(const tv_statistics *s, tv_solution *out, int *status) {
  tv_distmat *moments = NULL;
  TV_TRY(tv_distmat_create(s->A->grid, s->d, s->d, &moments));
  copy(s->A, moments);
  tv_error *error = tv_eigen_top(moments, out->k, out->values, out->encoder, status);
  tv_distmat_destroy(&moments);
  return error;
}

static tv_error *begin(const tv_statistics *s, int k, tv_solution *out) {
  TV_TRY(tv_solution_begin(s, k, out));
  return tv_grid_agree(s->A->grid, tv_allocate(k, sizeof(*out->values), &out->values));
}

/* T = L' E', which alone depends on views. */
static void whiten(const tv_statistics *s, tv_solution *out) {
  copy(out->encoder, out->whitened);
  tv_multiply_lower(TV_TRANSPOSED, s->L, out->whitened);
}

/* minimise (1/n) sum |x - E'E x|^2 subject to E E' = I. */
static tv_error *solve(const tv_statistics *s, int k, tv_solution *out, int *status) {
  TV_TRY(begin(s, k, out));
  TV_TRY(solve_plain(s, out, status));
  if (*status) return NULL;
  whiten(s, out);
  return tv_solution_fix_signs(out);
}

static tv_error *repeat(const tv_statistics *s, const tv_solution *known, tv_solution *out) {
  TV_TRY(begin(s, known->k, out));
  copy(known->encoder, out->encoder);
  memcpy(out->values, known->values, (size_t)known->k * sizeof(*out->values));
  whiten(s, out);
  return NULL;
}

/* The rows are compared with the largest of A E': an eigenvector of A is known to the rounding of
 * A, whatever its value. */
static tv_error *compare(const tv_solution *solution, const tv_distmat *image, tv_optimality *out) {
  tv_distmat *residual = NULL;
  double *sizes = NULL;
  tv_error *error;
  TV_GO(tv_distmat_create(image->grid, image->rows, solution->k, &residual));
  TV_GO(tv_grid_agree(image->grid, tv_allocate(solution->k, sizeof(*sizes), &sizes)));
  for (int j = 0; j < solution->k; ++j) sizes[j] = solution->values[0];
  copy(solution->encoder, residual);
  tv_subtract_from_image(image, solution->values, residual);
  TV_GO(tv_compare_columns(residual, sizes, out));
done:
  free(sizes);
  tv_distmat_destroy(&residual);
  return error;
}

/* The objective is tr A - 2 tr E A E' + tr E A E' E E'; it is stationary where A E' = E'
 * diag(values), and least, tr A - sum of the values, at the largest. */
static tv_error *validate(const tv_statistics *s, const tv_solution *solution,
                          const tv_distmat *image, tv_optimality *out) {
  tv_distmat *gram = NULL, *form = NULL;
  tv_error *error;
  TV_GO(tv_distmat_create(s->A->grid, solution->k, solution->k, &gram));
  TV_GO(tv_distmat_create(s->A->grid, solution->k, solution->k, &form));
  tv_multiply(TV_TRANSPOSED, solution->encoder, TV_PLAIN, solution->encoder, gram);
  tv_multiply(TV_TRANSPOSED, solution->encoder, TV_PLAIN, image, form);
  out->orthonormality = tv_departure_from_identity(gram);
  out->objective = tv_mean_square(tv_trace(s->A) - 2 * tv_trace(form) + tv_dot(form, gram));
  out->optimum = tv_trace(s->A);
  for (int i = 0; i < solution->k; ++i) out->optimum -= solution->values[i];
  out->optimum = tv_mean_square(out->optimum);
  TV_GO(compare(solution, image, out));
done:
  tv_distmat_destroy(&gram);
  tv_distmat_destroy(&form);
  return error;
}

/* The columns of T span the rows in whitened coordinates, and T R^{-1} is orthonormal, with
 * T'T = R'R. Rows that are not independent have no angle: NaN. */
static tv_error *leak(const tv_statistics *s, const tv_solution *solution, double *out) {
  const tv_distmat *t = solution->whitened;
  tv_distmat *factor = NULL, *basis = NULL;
  tv_error *error;
  int status = 0;
  *out = NAN;
  TV_GO(tv_distmat_create(t->grid, solution->k, solution->k, &factor));
  TV_GO(tv_distmat_create(t->grid, t->rows, solution->k, &basis));
  tv_gram(t, 0, factor);
  TV_GO(tv_cholesky(factor, &status));
  if (status) goto done;
  copy(t, basis);
  tv_solve_lower(TV_RIGHT, TV_TRANSPOSED, factor, basis);
  TV_GO(tv_largest_sine(s, basis, out));
done:
  tv_distmat_destroy(&factor);
  tv_distmat_destroy(&basis);
  return error;
}

const tv_method tv_pca = {
    .kind = {.name = "pca", .short_name = "PCA", .title = "Principal components"},
    .is_spectral = 1,
    .fixed_threshold = NAN,
    .no_threshold = "its encoder is the same at any alignment",
    .squared = TV_OF_INPUTS,
    .solve = solve,
    .repeat = repeat,
    .validate = validate,
    .score = tv_probe_loss,
    .leak = leak,
    .flops = tv_eigenproblem_flops};
