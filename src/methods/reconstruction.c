#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/base/comm.h"
#include "twoview/linalg/dense.h"
#include "twoview/linalg/eigen.h"
#include "twoview/methods/scores.h"

/* Forming M'M with M = C L^{-T} squares the condition: the k-th direction is lost in the rounding
 * of the first once (phi_1/phi_k)^2 nears 1/eps. Beyond this bound M's own SVD is taken. */
static const double squared_ratio_limit = 1e-10 / DBL_EPSILON;

/* M = C L^{-T} (`cross`), whose singular values are phi and whose right singular vectors are T. */
static tv_error *whiten(const tv_statistics *s, tv_distmat **out) {
  TV_TRY(tv_distmat_create(s->C->grid, s->d, s->d, out));
  memcpy((*out)->data, s->C->data,
         (size_t)s->C->leading * (size_t)s->C->local_columns * sizeof(double));
  tv_solve_lower(TV_RIGHT, TV_TRANSPOSED, s->L, *out);
  return NULL;
}

static tv_error *solve_by_svd(const tv_statistics *s, tv_solution *out, int *status) {
  tv_distmat *m = NULL;
  tv_error *error = whiten(s, &m);
  if (!error) error = tv_singular_top(m, out->k, out->values, out->whitened, status);
  for (int i = 0; !error && i < out->k; ++i) out->values[i] *= out->values[i];
  tv_distmat_destroy(&m);
  return error;
}

static tv_error *solve_whitened(const tv_statistics *s, tv_solution *out, int *status) {
  tv_distmat *m = NULL, *gram = NULL;
  tv_error *error;
  TV_GO(whiten(s, &m));
  TV_GO(tv_distmat_create(s->C->grid, s->d, s->d, &gram));
  tv_gram(m, 0, gram);
  tv_distmat_destroy(&m);
  TV_GO(tv_eigen_top(gram, out->k, out->values, out->whitened, status));
done:
  tv_distmat_destroy(&m);
  tv_distmat_destroy(&gram);
  if (error || *status) return error;
  const int is_safe = out->values[0] < squared_ratio_limit * out->values[out->k - 1];
  return is_safe ? NULL : solve_by_svd(s, out, status);
}

/* minimise (1/n) sum E |x - D E tau(x)|^2:  E = T' L^{-1},  D = C E',  least value
 * tr A - sum phi_j^2 (Theorem 3.1). */
static tv_error *solve(const tv_statistics *s, int k, tv_solution *out, int *status) {
  TV_TRY(tv_solution_begin(s, k, out));
  TV_TRY(tv_distmat_create(s->C->grid, s->d, k, &out->decoder));
  TV_TRY(tv_grid_agree(s->A->grid, tv_allocate(k, sizeof(*out->values), &out->values)));
  TV_TRY(solve_whitened(s, out, status));
  if (*status) return NULL;
  tv_solution_unwhiten(s, out);
  TV_TRY(tv_solution_fix_signs(out));
  tv_multiply(TV_PLAIN, s->C, TV_PLAIN, out->encoder, out->decoder);
  return NULL;
}

/* ---- Losses ---- */

/* The sums of squares of a matrix's columns, or of its rows, added to `sums`: this rank's share. */
static void add_squares(const tv_distmat *m, int is_by_column, double *sums) {
  for (int j = 0; j < m->local_columns; ++j)
    for (int i = 0; i < m->local_rows; ++i) {
      const double entry = m->data[(int64_t)j * m->leading + i];
      sums[is_by_column ? m->column_of[j] : m->row_of[i]] += entry * entry;
    }
}

/* (M M')_ii for i < d, then (S^{-1})_ii. */
static tv_error *whitened_squares(const tv_statistics *s, const tv_distmat *m, double *out) {
  tv_distmat *inverse = NULL;
  TV_TRY(tv_distmat_create(s->L->grid, s->d, s->d, &inverse));
  tv_error *error = tv_invert_lower(s->L, inverse);
  if (!error) {
    add_squares(m, 0, out);
    add_squares(inverse, 1, out + s->d);
    if (s->L->grid->size > 1) tv_sum_all(s->L->grid->comm, out, 2LL * s->d);
  }
  tv_distmat_destroy(&inverse);
  return error;
}

/* tr(A - M M'), what no decoder and no number of rows explains of x by its view. With S = A + Sigma
 * it is tr(Sigma - Sigma S^{-1} Sigma) too, input by input: each of the differences is taken where
 * its terms are the smaller ones. */
static tv_error *unexplained(const tv_statistics *s, const tv_distmat *m, double *out) {
  double *squares = NULL;
  *out = 0;
  tv_error *error = tv_grid_agree(m->grid, tv_allocate(2LL * s->d, sizeof(*squares), &squares));
  if (!error) error = whitened_squares(s, m, squares);
  for (int i = 0; !error && i < s->d; ++i) {
    const double variance = s->sizes[i] * s->sizes[i], added = s->added[i];
    *out += tv_mean_square(added < variance ? added - added * added * squares[s->d + i]
                                            : variance - squares[i]);
  }
  free(squares);
  return error;
}

/* |M - D T'|^2, to which the loss of encoder T' L^{-1} and decoder D comes beside that. `product`
 * is a workspace, d x d. */
static double lost(const tv_distmat *m, const tv_solution *solution, const tv_distmat *whitened,
                   tv_distmat *product) {
  tv_multiply(TV_PLAIN, solution->decoder, TV_TRANSPOSED, whitened, product);
  return tv_squared_distance(m, product);
}

/* Both losses as sums of squares. The least one is that of the whitened encoder as it was solved
 * for; the one attained is that of the encoder, whitened again. */
static tv_error *small_losses(const tv_statistics *s, const tv_solution *solution,
                              tv_optimality *out) {
  const tv_distmat *encoder = solution->encoder;
  tv_distmat *m = NULL, *product = NULL, *again = NULL;
  double rest;
  tv_error *error;
  TV_GO(whiten(s, &m));
  TV_GO(unexplained(s, m, &rest));
  TV_GO(tv_distmat_create(encoder->grid, s->d, s->d, &product));
  TV_GO(tv_distmat_create(encoder->grid, s->d, solution->k, &again));
  memcpy(again->data, encoder->data,
         (size_t)encoder->leading * (size_t)encoder->local_columns * sizeof(double));
  tv_multiply_lower(TV_TRANSPOSED, s->L, again);
  out->objective = rest + lost(m, solution, again, product);
  out->optimum = rest + lost(m, solution, solution->whitened, product);
done:
  tv_distmat_destroy(&m);
  tv_distmat_destroy(&product);
  tv_distmat_destroy(&again);
  return error;
}

/* Below this share of tr A a loss that is a difference from it loses digits. */
static const double large_share = 1e-3;

/* tr A - 2 tr D E C' + tr D'D E S E' and tr A - sum phi_j^2; gram = E S E'. */
static tv_error *losses(const tv_statistics *s, const tv_solution *solution, const tv_distmat *gram,
                        tv_optimality *out) {
  const double whole = tv_trace(s->A);
  tv_distmat *of_decoder = NULL;
  out->optimum = whole;
  for (int i = 0; i < solution->k; ++i) out->optimum -= solution->values[i];
  if (s->added && out->optimum < large_share * whole) return small_losses(s, solution, out);
  out->optimum = tv_mean_square(out->optimum);
  TV_TRY(tv_distmat_create(s->C->grid, solution->k, solution->k, &of_decoder));
  tv_gram(solution->decoder, 0, of_decoder);
  tv_symmetrise(of_decoder);
  out->objective = tv_mean_square(whole - 2 * tv_dot(solution->decoder, solution->decoder) +
                                  tv_dot(of_decoder, gram));
  tv_distmat_destroy(&of_decoder);
  return NULL;
}

/* The objective is tr A - 2 tr D E C' + tr D'D E S E' = tr(A - M M') + |M - D E L|^2; it is
 * stationary where D = C E' and C'C E' = S E' diag(phi^2). */
static tv_error *validate(const tv_statistics *s, const tv_solution *solution,
                          const tv_distmat *of_a, tv_optimality *out) {
  tv_distmat *image = NULL, *gram = NULL;
  tv_error *error;
  (void)of_a;
  TV_GO(tv_distmat_create(s->C->grid, s->d, solution->k, &image));
  TV_GO(tv_distmat_create(s->C->grid, solution->k, solution->k, &gram));
  tv_multiply(TV_TRANSPOSED, s->C, TV_PLAIN, solution->decoder, image);
  TV_GO(tv_pencil_residual(s, solution, image, pow(tv_trace(s->A), 1.5), gram, out));
  TV_GO(losses(s, solution, gram, out));
done:
  tv_distmat_destroy(&image);
  tv_distmat_destroy(&gram);
  return error;
}

static tv_error *leak(const tv_statistics *s, const tv_solution *solution, double *out) {
  return tv_largest_sine(s, solution->whitened, out);
}

static double value(double variance, double total) {
  return variance / sqrt(total);
}

static double threshold(double value, double gamma) {
  return gamma / (value * value) - 1;
}

static const tv_component_theory theory = {.value_name = "phi",
                                           .letter = "φ",
                                           .weakest_name = "eta",
                                           .formula = "s/sqrt(s + theta)",
                                           .is_quadratic = 1,
                                           .rival = &tv_joint_embedding,
                                           .value = value,
                                           .threshold = threshold};

const tv_method tv_reconstruction = {
    .kind = {.name = "reconstruction", .short_name = "RC", .title = "Reconstruction"},
    .is_usual = 1,
    .is_spectral = 1,
    .has_decoder = 1,
    .theory = &theory,
    .squared = TV_OF_INPUTS,
    .solve = solve,
    .validate = validate,
    .score = tv_probe_loss,
    .leak = leak,
    .flops = tv_eigenproblem_flops};
