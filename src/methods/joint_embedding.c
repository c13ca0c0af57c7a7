#include <math.h>
#include <string.h>

#include "twoview/base/comm.h"
#include "twoview/linalg/dense.h"
#include "twoview/linalg/eigen.h"
#include "twoview/methods/scores.h"

static tv_error *solve_whitened(const tv_statistics *s, tv_solution *out, int *status) {
  tv_distmat *whitened = NULL;
  TV_TRY(tv_distmat_create(s->G->grid, s->d, s->d, &whitened));
  memcpy(whitened->data, s->G->data,
         (size_t)s->G->leading * (size_t)s->G->local_columns * sizeof(double));
  tv_error *error = tv_whiten(s->L, whitened);
  if (!error) error = tv_eigen_top(whitened, out->k, out->values, out->whitened, status);
  tv_distmat_destroy(&whitened);
  return error;
}

/* minimise (1/n) sum E |W tau1(x) - W tau2(x)|^2 subject to W S W' = I:  W = T' L^{-1},  least
 * value 2 (k - sum omega_j) (Theorem 3.2). */
static tv_error *solve(const tv_statistics *s, int k, tv_solution *out, int *status) {
  TV_TRY(tv_solution_begin(s, k, out));
  TV_TRY(tv_grid_agree(s->A->grid, tv_allocate(k, sizeof(*out->values), &out->values)));
  TV_TRY(solve_whitened(s, out, status));
  if (*status) return NULL;
  tv_solution_unwhiten(s, out);
  return tv_solution_fix_signs(out);
}

/* 2 tr W (S - G) W', where S - G is diagonal. */
static double diagonal_loss(const tv_statistics *s, const tv_distmat *encoder) {
  double sum = 0;
  for (int j = 0; j < encoder->local_columns; ++j)
    for (int i = 0; i < encoder->local_rows; ++i) {
      const double entry = encoder->data[(int64_t)j * encoder->leading + i];
      sum += 2 * s->added[encoder->row_of[i]] * entry * entry;
    }
  if (encoder->grid->size > 1) tv_sum_all(encoder->grid->comm, &sum, 1);
  return sum;
}

static double least_loss(const tv_solution *solution) {
  double sum = 0;
  for (int i = 0; i < solution->k; ++i) sum += 2 * tv_mean_square(1 - solution->values[i]);
  return sum;
}

/* The objective is 2 tr W S W' - 2 tr W G W'; it is stationary where G W' = S W' diag(omega). */
static tv_error *validate(const tv_statistics *s, const tv_solution *solution,
                          const tv_distmat *of_a, tv_optimality *out) {
  tv_distmat *image = NULL, *gram = NULL;
  tv_error *error;
  TV_GO(tv_image_under(s->G, s, solution, of_a, &image));
  TV_GO(tv_distmat_create(s->G->grid, solution->k, solution->k, &gram));
  TV_GO(tv_pencil_residual(s, solution, image, sqrt(tv_trace(s->G)), gram, out));
  out->objective = s->added
                       ? diagonal_loss(s, solution->encoder)
                       : tv_mean_square(2 * tv_trace(gram) - 2 * tv_dot(solution->encoder, image));
  out->optimum = least_loss(solution);
done:
  tv_distmat_destroy(&image);
  tv_distmat_destroy(&gram);
  return error;
}

static tv_error *leak(const tv_statistics *s, const tv_solution *solution, double *out) {
  return tv_largest_sine(s, solution->whitened, out);
}

static double value(double variance, double total) {
  return variance / total;
}

static double threshold(double value, double gamma) {
  (void)gamma;
  return (1 - value) / value;
}

static const tv_component_theory theory = {.value_name = "omega",
                                           .letter = "ω",
                                           .weakest_name = "delta",
                                           .formula = "s/(s + theta)",
                                           .value = value,
                                           .threshold = threshold};

const tv_method tv_joint_embedding = {
    .kind = {.name = "joint-embedding", .short_name = "JE", .title = "Joint embedding"},
    .is_usual = 1,
    .is_spectral = 1,
    .theory = &theory,
    .squared = TV_OF_OUTPUTS,
    .solve = solve,
    .validate = validate,
    .score = tv_probe_loss,
    .leak = leak,
    .flops = tv_eigenproblem_flops};
