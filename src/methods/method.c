#include "twoview/methods/method.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/base/comm.h"
#include "twoview/linalg/dense.h"
#include "twoview/linalg/eigen.h"

const tv_method *tv_method_of(const tv_kind *kind) {
  return (const tv_method *)kind;
}

int tv_method_is_usual(const tv_method *method) {
  return method->is_usual;
}

int tv_method_rows(const tv_method *method, int k, int l) {
  return method->rows_are_outputs ? l : k;
}

/* The Cholesky factor. */
double tv_statistics_flops(int inputs) {
  const double d = inputs;
  return d * d * d / 3;
}

/* Two triangular solves with d columns, or one and a symmetric product (2 d^3); the tridiagonal
 * form (4/3 d^3); divide and conquer with back-transformation of all d vectors, or of k of them
 * when few are wanted; and some six products of d x d by d x k. */
double tv_eigenproblem_flops(int inputs, int k, int l) {
  const double d = inputs;
  (void)l;
  const double vectors = tv_eigen_selects(inputs, k) ? 2 * d * d * k : 4 * d * d * d;
  return (2 + 4.0 / 3) * d * d * d + vectors + 12 * d * d * k;
}

double tv_mean_square(double difference) {
  return difference < 0 ? 0 : difference;
}

tv_error *tv_solution_begin(const tv_statistics *s, int k, tv_solution *out) {
  *out = (tv_solution){.k = k};
  TV_TRY(tv_distmat_create(s->A->grid, s->d, k, &out->whitened));
  return tv_distmat_create(s->A->grid, s->d, k, &out->encoder);
}

void tv_solution_unwhiten(const tv_statistics *s, tv_solution *solution) {
  const tv_distmat *t = solution->whitened;
  memcpy(solution->encoder->data, t->data,
         (size_t)t->leading * (size_t)t->local_columns * sizeof(double));
  tv_solve_lower(TV_LEFT, TV_TRANSPOSED, s->L, solution->encoder);
}

/* The largest entry of each column and of its negative, and their rows: MPI_MAXLOC takes the first
 * of equal ones. */
typedef struct {
  double value;
  int row;
} peak;

static void raise_peak(peak *highest, double value, int row) {
  if (value > highest->value) *highest = (peak){value, row};
}

static void find_peaks(const tv_distmat *e, peak *peaks) {
  for (int j = 0; j < 2 * e->columns; ++j) peaks[j] = (peak){0, e->rows};
  for (int j = 0; j < e->local_columns; ++j)
    for (int i = 0; i < e->local_rows; ++i) {
      const double value = e->data[(int64_t)j * e->leading + i];
      peak *const of_column = peaks + 2 * (int64_t)e->column_of[j];
      raise_peak(&of_column[value < 0], fabs(value), e->row_of[i]);
    }
  if (e->grid->size > 1)
    MPI_Allreduce(MPI_IN_PLACE, peaks, 2 * e->columns, MPI_DOUBLE_INT, MPI_MAXLOC, e->grid->comm);
}

static void negate_column(tv_distmat *a, int j) {
  double *column = a->data + (int64_t)j * a->leading;
  for (int i = 0; i < a->local_rows; ++i) column[i] = -column[i];
}

tv_error *tv_solution_fix_signs(tv_solution *solution) {
  const tv_distmat *e = solution->encoder;
  peak *peaks = NULL;
  TV_TRY(tv_grid_agree(e->grid, tv_allocate(2LL * solution->k, sizeof(*peaks), &peaks)));
  find_peaks(e, peaks);
  for (int j = 0; j < e->local_columns; ++j) {
    const peak *up = peaks + 2 * (int64_t)e->column_of[j], *down = up + 1;
    if (up->value > down->value || (up->value == down->value && up->row <= down->row)) continue;
    negate_column(solution->encoder, j);
    negate_column(solution->whitened, j);
  }
  free(peaks);
  return NULL;
}

void tv_solution_destroy(tv_solution *solution) {
  tv_distmat_destroy(&solution->whitened);
  tv_distmat_destroy(&solution->encoder);
  tv_distmat_destroy(&solution->decoder);
  free(solution->values);
  *solution = (tv_solution){0};
}

tv_error *tv_row_sizes(const tv_statistics *s, const tv_solution *solution, double **out) {
  const tv_distmat *e = solution->encoder;
  *out = NULL;
  TV_TRY(tv_grid_agree(e->grid, tv_allocate(solution->k, sizeof(**out), out)));
  for (int j = 0; j < e->local_columns; ++j)
    for (int i = 0; i < e->local_rows; ++i)
      (*out)[e->column_of[j]] +=
          fabs(e->data[(int64_t)j * e->leading + i]) * s->sizes[e->row_of[i]];
  if (e->grid->size > 1) tv_sum_all(e->grid->comm, *out, solution->k);
  return NULL;
}

tv_error *tv_image_under(const tv_distmat *m, const tv_statistics *s, const tv_solution *solution,
                         const tv_distmat *image, tv_distmat **out) {
  TV_TRY(tv_distmat_create(m->grid, m->rows, solution->k, out));
  if (m == s->A)
    memcpy((*out)->data, image->data,
           (size_t)image->leading * (size_t)image->local_columns * sizeof(double));
  else
    tv_multiply(TV_PLAIN, m, TV_PLAIN, solution->encoder, *out);
  return NULL;
}

double tv_departure_from_identity(const tv_distmat *gram) {
  double largest = 0;
  for (int j = 0; j < gram->local_columns; ++j)
    for (int i = 0; i < gram->local_rows; ++i) {
      const double identity = gram->row_of[i] == gram->column_of[j];
      const double departure = fabs(gram->data[(int64_t)j * gram->leading + i] - identity);
      if (departure > largest) largest = departure;
    }
  if (gram->grid->size > 1)
    MPI_Allreduce(MPI_IN_PLACE, &largest, 1, MPI_DOUBLE, MPI_MAX, gram->grid->comm);
  return largest;
}

/* 0 / 0 is 0: a residual of nothing is accurate. */
static double ratio(double part, double whole) {
  return part == 0 ? 0 : part / whole;
}

/* NaN counts as larger than any number. */
static double larger(double a, double b) {
  return isnan(a) || a > b ? a : b;
}

tv_error *tv_compare_columns(const tv_distmat *residual, const double *sizes, tv_optimality *out) {
  const int count = residual->columns;
  double *norms = NULL;
  TV_TRY(tv_column_norms(residual, &norms));
  out->residual = 0;
  for (int j = 0; j < count; ++j) out->residual = larger(out->residual, ratio(norms[j], sizes[j]));
  out->whole_residual = ratio(tv_norm(count, norms), tv_norm(count, sizes));
  free(norms);
  return NULL;
}

void tv_subtract_from_image(const tv_distmat *image, const double *values, tv_distmat *product) {
  for (int j = 0; j < product->local_columns; ++j) {
    const double value = values[product->column_of[j]];
    const double *from = image->data + (int64_t)j * image->leading;
    double *to = product->data + (int64_t)j * product->leading;
    for (int i = 0; i < product->local_rows; ++i) to[i] = from[i] - value * to[i];
  }
}

/* What the columns of the residual are compared with: the image N e. Where that is lost in the
 * rounding of its own terms, the row is blind to the inputs, and its value is 0 as far as can be
 * seen beside the largest one: then it is compared with these terms and with the largest value. */
static tv_error *sizes_of_terms(const tv_statistics *s, const tv_solution *solution,
                                const tv_distmat *image, double bound, const tv_distmat *product,
                                double **out) {
  double *rows = NULL, *scales = NULL;
  tv_error *error = tv_column_norms(image, out);
  if (!error) error = tv_column_norms(product, &scales);
  if (!error) error = tv_row_sizes(s, solution, &rows);
  for (int j = 0; !error && j < solution->k; ++j) {
    const double terms = bound * rows[j];
    if ((*out)[j] <= s->d * DBL_EPSILON * terms)
      (*out)[j] = terms + solution->values[0] * scales[j];
  }
  free(rows);
  free(scales);
  return error;
}

tv_error *tv_pencil_residual(const tv_statistics *s, const tv_solution *solution,
                             const tv_distmat *image, double bound, tv_distmat *gram,
                             tv_optimality *out) {
  tv_distmat *product = NULL;
  double *sizes = NULL;
  TV_TRY(tv_distmat_create(s->S->grid, s->d, solution->k, &product));
  tv_multiply(TV_PLAIN, s->S, TV_PLAIN, solution->encoder, product);
  tv_multiply(TV_TRANSPOSED, solution->encoder, TV_PLAIN, product, gram);
  out->orthonormality = tv_departure_from_identity(gram);
  tv_error *error = sizes_of_terms(s, solution, image, bound, product, &sizes);
  if (!error) {
    tv_subtract_from_image(image, solution->values, product);
    error = tv_compare_columns(product, sizes, out);
  }
  free(sizes);
  tv_distmat_destroy(&product);
  return error;
}
