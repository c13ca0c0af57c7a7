#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/experiment/check.h"
#include "twoview/linalg/dense.h"
#include "twoview/methods/scores.h"

/* minimise (1/n) sum E |y - V tau(x)|^2:  V = B' S^{-1},  least value (1/n) sum y'y - tr B'S^{-1}B
 * (eq. 46). */
static tv_error *solve(const tv_statistics *s, int k, tv_solution *out, int *status) {
  (void)k;
  *status = 0;
  TV_TRY(tv_solution_begin(s, s->l, out));
  memcpy(out->whitened->data, s->view_B->data,
         (size_t)s->view_B->leading * (size_t)s->view_B->local_columns * sizeof(double));
  tv_solve_lower(TV_LEFT, TV_PLAIN, s->L, out->whitened);
  tv_solution_unwhiten(s, out);
  return NULL;
}

/* The objective is (1/n) sum y'y - 2 tr VB + tr V S V'; it is stationary where S V' = B. */
static tv_error *validate(const tv_statistics *s, const tv_solution *solution,
                          const tv_distmat *image, tv_optimality *out) {
  tv_distmat *product = NULL;
  double *sizes = NULL;
  (void)image;
  TV_TRY(tv_distmat_create(s->S->grid, s->d, s->l, &product));
  tv_multiply(TV_PLAIN, s->S, TV_PLAIN, solution->encoder, product);
  out->objective = tv_mean_square(s->yy - 2 * tv_dot(solution->encoder, s->view_B) +
                                  tv_dot(solution->encoder, product));
  out->optimum = tv_mean_square(s->yy - tv_dot(solution->whitened, solution->whitened));
  for (int64_t i = 0; i < (int64_t)product->leading * product->local_columns; ++i)
    product->data[i] -= s->view_B->data[i];
  out->orthonormality = NAN;
  tv_error *error = tv_column_norms(s->view_B, &sizes);
  if (!error) error = tv_compare_columns(product, sizes, out);
  free(sizes);
  tv_distmat_destroy(&product);
  return error;
}

static tv_error *score(const tv_statistics *s, const tv_solution *solution, const tv_distmat *image,
                       double *out) {
  *out = tv_mean_square(s->yy - 2 * tv_dot(solution->encoder, s->B) +
                        tv_dot(solution->encoder, image));
  return NULL;
}

/* The share of the energy: SL has near-null directions (classes add up to a constant), for which a
 * largest sine is meaningless. */
static tv_error *leak(const tv_statistics *s, const tv_solution *solution, double *out) {
  const tv_distmat *t = solution->whitened;
  tv_distmat *noise = NULL;
  TV_TRY(tv_distmat_create(t->grid, t->columns, t->columns, &noise));
  tv_gram(t, s->p, noise);
  const double energy = tv_dot(t, t);
  *out = energy == 0 ? 0 : tv_trace(noise) / energy;
  tv_distmat_destroy(&noise);
  return NULL;
}

/* l columns throughout. */
static double flops(int inputs, int k, int l) {
  const double d = inputs;
  (void)k;
  return 8 * d * d * l;
}

static tv_error *check(const tv_experiment *e) {
  TV_REQUIRE(e, "methods", !e->source.is_unlabelled,
             "'supervised' learns labels or targets, and the source has none; name them in "
             "'source', or leave it out");
  return NULL;
}

const tv_method tv_supervised = {
    .kind = {.name = "supervised", .short_name = "SL", .title = "Supervised", .check = check},
    .is_usual = 1,
    .rows_are_outputs = 1,
    .fixed_threshold = -INFINITY,
    .no_threshold = "it needs no alignment",
    .squared = TV_OF_TARGETS,
    .solve = solve,
    .validate = validate,
    .score = score,
    .leak = leak,
    .flops = flops};
