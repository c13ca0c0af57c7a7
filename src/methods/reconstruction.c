#include <float.h>
#include <math.h>
#include <string.h>

#include "twoview/linalg/dense.h"
#include "twoview/methods/method.h"

/* Forming M'M with M = C L^{-T} squares the condition: the k-th direction is lost in the rounding
 * of the first once (phi_1/phi_k)^2 nears 1/eps. Beyond this bound M's own SVD is taken. */
static const double squared_ratio_limit = 1e-10 / DBL_EPSILON;

/* M = C L^{-T}, whose singular values are phi and whose right singular vectors are T. */
static tv_error *whiten(const tv_statistics *s, tv_distmat **out) {
  TV_TRY(tv_distmat_create(s->C->grid, s->d, s->d, out));
  memcpy((*out)->data, s->C->data,
         (size_t)s->C->leading * (size_t)s->C->local_columns * sizeof(double));
  tv_solve_lower(TV_RIGHT, TV_TRANSPOSED, s->L, *out);
  return NULL;
}

static tv_error *solve_by_svd(tv_distmat *m, tv_solution *out, int *status) {
  TV_TRY(tv_singular_top(m, out->k, out->values, out->whitened, status));
  for (int i = 0; i < out->k; ++i) out->values[i] *= out->values[i];
  return NULL;
}

static tv_error *solve_whitened(tv_distmat *m, tv_solution *out, int *status) {
  tv_distmat *gram = NULL;
  TV_TRY(tv_distmat_create(m->grid, m->rows, m->rows, &gram));
  tv_gram(m, 0, gram);
  tv_error *error = tv_eigen_top(gram, out->k, out->values, out->whitened, status);
  tv_distmat_destroy(&gram);
  if (error || *status) return error;
  const int is_safe = out->values[0] < squared_ratio_limit * out->values[out->k - 1];
  return is_safe ? NULL : solve_by_svd(m, out, status);
}

/* minimise (1/n) sum E |x - D E tau(x)|^2:  E = T' L^{-1},  D = C E',  least value
 * tr A - sum phi_j^2 (Theorem 3.1). */
static tv_error *solve(const tv_statistics *s, int k, tv_solution *out, int *status) {
  tv_distmat *m = NULL;
  TV_TRY(tv_solution_begin(s, k, out));
  TV_TRY(tv_distmat_create(s->C->grid, s->d, k, &out->decoder));
  TV_TRY(tv_grid_agree(s->A->grid, tv_allocate(k, sizeof(*out->values), &out->values)));
  tv_error *error = whiten(s, &m);
  if (!error) error = solve_whitened(m, out, status);
  tv_distmat_destroy(&m);
  if (error || *status) return error;
  out->optimum = tv_trace(s->A);
  for (int i = 0; i < k; ++i) out->optimum -= out->values[i];
  tv_solution_unwhiten(s, out);
  TV_TRY(tv_solution_fix_signs(out));
  tv_multiply(TV_PLAIN, s->C, TV_PLAIN, out->encoder, out->decoder);
  return NULL;
}

/* The objective is tr A - 2 tr D E C' + tr D'D E S E'; it is stationary where D = C E' and
 * C'C E' = S E' diag(phi^2). */
static tv_error *judge(const tv_statistics *s, const tv_solution *solution, const tv_distmat *of_a,
                       tv_optimality *out) {
  tv_distmat *image = NULL, *of_encoder = NULL, *of_decoder = NULL;
  tv_error *error;
  TV_GO(tv_image_under(s->C, s, solution, of_a, &image));
  TV_GO(tv_distmat_create(s->C->grid, solution->k, solution->k, &of_encoder));
  TV_GO(tv_distmat_create(s->C->grid, solution->k, solution->k, &of_decoder));
  out->objective = tv_trace(s->A) - 2 * tv_dot(solution->decoder, image);
  tv_multiply(TV_TRANSPOSED, s->C, TV_PLAIN, solution->decoder, image);
  TV_GO(tv_pencil_residual(s, solution, image, pow(tv_trace(s->A), 1.5), of_encoder, out));
  tv_gram(solution->decoder, 0, of_decoder);
  tv_symmetrise(of_decoder);
  out->objective += tv_dot(of_decoder, of_encoder);
done:
  tv_distmat_destroy(&image);
  tv_distmat_destroy(&of_encoder);
  tv_distmat_destroy(&of_decoder);
  return error;
}

const tv_method tv_reconstruction = {TV_RECONSTRUCTION, solve, judge};
