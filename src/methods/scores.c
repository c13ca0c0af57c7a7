#include "twoview/methods/scores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/linalg/dense.h"
#include "twoview/linalg/fortran.h"
#include "twoview/methods/probe.h"

enum { REDUCTION_BLOCK = 34 }; /* columns of room for blocks of the reduction */

/* The largest eigenvalue of a symmetric matrix (its lower triangle), by bisection; NaN where that
 * fails, as it can where the value is a multiple one. Destroys the matrix. */
static tv_error *bisect_largest(int n, double *a, double *out) {
  double *work = NULL, *values = NULL;
  int *integers = NULL, info = 0, found = 0, failed = 0;
  const int work_count = REDUCTION_BLOCK * n, one = 1;
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

/* The same by all of them, which takes longer; NaN where that fails, as numbers that overflow make
 * it. Destroys the matrix. */
static tv_error *largest_of_all(int n, double *a, double *out) {
  double *work = NULL, *values = NULL;
  const int work_count = REDUCTION_BLOCK * n;
  int info = 0;
  tv_error *error;
  TV_GO(tv_allocate(n, sizeof(*values), &values));
  TV_GO(tv_allocate(work_count, sizeof(*work), &work));
  dsyev_("N", "L", &n, a, &n, values, work, &work_count, &info, 1, 1);
  *out = info == 0 ? values[n - 1] : NAN;
done:
  free(values);
  free(work);
  return error;
}

static tv_error *largest_eigenvalue(int n, double *a, double *out) {
  double *copy = NULL;
  TV_TRY(tv_allocate((int64_t)n * n, sizeof(*copy), &copy));
  memcpy(copy, a, (size_t)n * (size_t)n * sizeof(*copy));
  tv_error *error = bisect_largest(n, copy, out);
  if (!error && isnan(*out)) error = largest_of_all(n, a, out);
  free(copy);
  return error;
}

/* All of a matrix on every rank. The caller frees. */
static tv_error *gather_everywhere(const tv_distmat *a, double **out) {
  *out = NULL;
  TV_TRY(tv_grid_agree(a->grid, tv_allocate((int64_t)a->rows * a->columns, sizeof(**out), out)));
  tv_distmat_gather(a, *out);
  return NULL;
}

/* Outputs and targets about their means. */
static tv_error *centre_outputs(const tv_statistics *s, const tv_solution *solution,
                                tv_outputs *outputs) {
  const double unit = 1, nothing = 0;
  const int one = 1, k = solution->k;
  double *encoder = NULL, *mean = NULL;
  tv_error *error;
  TV_GO(gather_everywhere(solution->encoder, &encoder));
  TV_GO(tv_grid_agree(s->A->grid, tv_allocate(k, sizeof(*mean), &mean)));
  dgemm_("T", "N", &k, &one, &s->d, &unit, encoder, &s->d, s->mean, &s->d, &nothing, mean, &k, 1,
         1);
  tv_outputs_centre(outputs, mean, s->mean + s->d);
done:
  free(encoder);
  free(mean);
  return error;
}

/* (1/n) sum y'y - tr Bz' Gz^+ Bz with Gz = E A E' and Bz = E (1/n) sum x y'. */
tv_error *tv_probe_loss(const tv_statistics *s, const tv_solution *solution,
                        const tv_distmat *image, double *out) {
  tv_outputs outputs;
  double *sizes = NULL, explained = 0;
  tv_error *error = tv_outputs_take(solution->encoder, image, s->B, s->yy, &outputs);
  if (!error && s->mean) error = centre_outputs(s, solution, &outputs);
  if (!error) error = tv_row_sizes(s, solution, &sizes);
  if (!error)
    error = tv_grid_agree(image->grid,
                          tv_probe_explains(&outputs, solution->k, sizes, s->d, &explained));
  const double square = outputs.square;
  tv_outputs_release(&outputs);
  free(sizes);
  *out = tv_mean_square(square - explained);
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
  TV_TRY(method->validate(s, solution, image, &out->optimality));
  TV_TRY(method->score(s, solution, image, &out->score));
  return tv_leakage(method, s, solution, &out->leakage);
}

/* A solution of fewer rows, which are borrowed. */
typedef struct {
  tv_solution solution;
  tv_distmat whitened, encoder, decoder;
} nested;

static void lead(const tv_solution *all, int rows, nested *out) {
  out->solution = *all;
  out->solution.k = rows;
  out->whitened = tv_distmat_leading(all->whitened, rows);
  out->encoder = tv_distmat_leading(all->encoder, rows);
  out->solution.whitened = &out->whitened;
  out->solution.encoder = &out->encoder;
  if (!all->decoder) return;
  out->decoder = tv_distmat_leading(all->decoder, rows);
  out->solution.decoder = &out->decoder;
}

tv_error *tv_scores_validate(const tv_method *method, const tv_statistics *s,
                             const tv_solution *solution, const tv_distmat *image, int k,
                             tv_optimality *out) {
  nested some;
  const tv_distmat of_some = tv_distmat_leading(image, k);
  lead(solution, k, &some);
  return method->validate(s, &some.solution, &of_some, out);
}

static tv_error *evaluate_nested(const tv_method *method, const tv_statistics *s,
                                 const tv_solution *solution, const tv_distmat *image, int count,
                                 const int *rows, tv_scores *out) {
  for (int i = 0; i < count; ++i) {
    nested some;
    const tv_distmat of_some = tv_distmat_leading(image, rows[i]);
    if (i > 0 && rows[i] == rows[i - 1]) {
      out[i] = out[i - 1];
      continue;
    }
    lead(solution, rows[i], &some);
    TV_TRY(evaluate(method, s, &some.solution, &of_some, &out[i]));
  }
  return NULL;
}

/* The image A E' already is the decoder C E' where the mean view of x is x. */
tv_error *tv_scores_evaluate_nested(const tv_method *method, const tv_statistics *s,
                                    const tv_solution *solution, int count, const int *rows,
                                    tv_scores *out) {
  tv_distmat *image = NULL;
  if (solution->decoder && s->C == s->A)
    return evaluate_nested(method, s, solution, solution->decoder, count, rows, out);
  TV_TRY(tv_product(s->A, solution->encoder, &image));
  tv_error *error = evaluate_nested(method, s, solution, image, count, rows, out);
  tv_distmat_destroy(&image);
  return error;
}

tv_error *tv_scores_evaluate(const tv_method *method, const tv_statistics *s,
                             const tv_solution *solution, tv_scores *out) {
  return tv_scores_evaluate_nested(method, s, solution, 1, &solution->k, out);
}
