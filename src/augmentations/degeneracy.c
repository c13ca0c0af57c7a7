#include "twoview/augmentations/degeneracy.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/base/comm.h"
#include "twoview/base/text.h"
#include "twoview/data/shard.h"
#include "twoview/linalg/dense.h"

/* The diagonal of a square matrix, on every rank. */
static tv_error *take_diagonal(const tv_distmat *m, double **out) {
  TV_TRY(tv_grid_agree(m->grid, tv_allocate(m->rows, sizeof(**out), out)));
  for (int j = 0; j < m->local_columns; ++j) {
    const double *entry = tv_distmat_diagonal(m, j);
    if (entry) (*out)[m->column_of[j]] = *entry;
  }
  if (m->grid->size > 1) tv_sum_all(m->grid->comm, *out, m->rows);
  return NULL;
}

/* ---- Singular S ---- */

/* The rounding error that sums over a batch and a factorisation may leave, relative to numbers of
 * size 1. */
static double unit_of_rounding(int d) {
  return (TV_BATCH + d) * DBL_EPSILON;
}

/* The first number whose pivot is no more than rounding, counted from 1; 0: none is. */
static int find_rounded_pivot(const tv_statistics *s, const double *roots) {
  for (int j = 0; j < s->d; ++j)
    if (!(roots[j] * roots[j] > s->rounding[j])) return j + 1;
  return 0;
}

static void scale_rows(const double *variances, tv_distmat *m) {
  for (int j = 0; j < m->local_columns; ++j)
    for (int i = 0; i < m->local_rows; ++i)
      m->data[(int64_t)j * m->leading + i] *= sqrt(variances[m->row_of[i]]);
}

/* Vectors that nothing in particular is orthogonal to. */
static void fill_generic(tv_distmat *vectors) {
  for (int j = 0; j < vectors->local_columns; ++j)
    for (int i = 0; i < vectors->local_rows; ++i)
      vectors->data[(int64_t)j * vectors->leading + i] =
          cos((vectors->row_of[i] + 1.0) * (vectors->column_of[j] + 1.0));
}

/* The least eigenvalue of S with its numbers scaled to unit variance, by some inverse iterations:
 * no less than it, and of its order. */
static tv_error *find_regularity(const tv_statistics *s, const double *variances, double *out) {
  enum { STARTS = 4, ITERATIONS = 4 };
  tv_distmat *vectors = NULL;
  double *before = NULL, *after = NULL;
  tv_error *error;
  *out = 1;
  TV_GO(tv_distmat_create(s->S->grid, s->d, STARTS, &vectors));
  fill_generic(vectors);
  TV_GO(tv_column_norms(vectors, &before));
  for (int i = 0; i < ITERATIONS; ++i) {
    scale_rows(variances, vectors);
    tv_solve_lower(TV_LEFT, TV_PLAIN, s->L, vectors);
    tv_solve_lower(TV_LEFT, TV_TRANSPOSED, s->L, vectors);
    scale_rows(variances, vectors);
    TV_GO(tv_column_norms(vectors, &after));
    for (int j = 0; j < STARTS; ++j) *out = fmin(*out, before[j] / after[j]);
    free(before);
    before = after;
    after = NULL;
  }
done:
  free(before);
  free(after);
  tv_distmat_destroy(&vectors);
  return error;
}

static double largest_rounding(const tv_statistics *s) {
  double largest = DBL_MIN;
  for (int j = 0; j < s->d; ++j) largest = fmax(largest, s->rounding[j]);
  return largest;
}

tv_error *tv_statistics_take_rounding(tv_statistics *s, const double *mean) {
  double *variances = NULL;
  TV_TRY(tv_grid_agree(s->S->grid, tv_allocate(s->d, sizeof(*s->rounding), &s->rounding)));
  tv_error *error = take_diagonal(s->S, &variances);
  for (int j = 0; !error && j < s->d; ++j)
    s->rounding[j] = unit_of_rounding(s->d) * (fmax(variances[j], 0) + mean[j] * mean[j]);
  free(variances);
  return error;
}

void tv_statistics_move_rounding(tv_statistics *s, int p) {
  const double largest = largest_rounding(s);
  for (int i = 0; i < p; ++i) s->rounding[i] = largest;
}

tv_error *tv_statistics_examine(tv_statistics *s, int *status) {
  double *variances = NULL, *roots = NULL;
  tv_error *error;
  TV_GO(take_diagonal(s->S, &variances));
  TV_GO(take_diagonal(s->L, &roots));
  if (*status == 0) *status = find_rounded_pivot(s, roots);
  if (*status == 0) TV_GO(find_regularity(s, variances, &s->regularity));
done:
  free(variances);
  free(roots);
  return error;
}

/* Up to one digit. */
static double round_up(double value) {
  const double unit = pow(10, floor(log10(value)));
  char text[32];
  snprintf(text, sizeof text, "%.0e", ceil(value / unit) * unit);
  return strtod(text, NULL);
}

/* The pivots of S + floor I, with the smallest power of ten times the rounding for which there is a
 * factor, which becomes `floor`. */
static tv_error *find_pivots(const tv_statistics *s, double *floor, double **out) {
  tv_distmat *raised = NULL;
  tv_error *error = tv_distmat_create(s->S->grid, s->d, s->d, &raised);
  int status = 1;
  for (; !error && status != 0; *floor *= status ? 10 : 1) {
    memcpy(raised->data, s->S->data,
           (size_t)s->S->leading * (size_t)s->S->local_columns * sizeof(double));
    for (int j = 0; j < raised->local_columns; ++j) {
      double *entry = tv_distmat_diagonal(raised, j);
      if (entry) *entry += *floor;
    }
    error = tv_cholesky(raised, &status);
  }
  if (!error) error = take_diagonal(raised, out);
  for (int j = 0; !error && j < s->d; ++j) (*out)[j] *= (*out)[j];
  tv_distmat_destroy(&raised);
  return error;
}

/* A number that others determine has a pivot of the order of the floor, whatever its variance.
 * Where none is so clearly determined it is the one that is most so. */
static void list_dependent(int d, const double *variances, const double *pivots, double floor,
                           const int *is_constant, tv_singularity *out) {
  int most = -1;
  for (int j = 0; j < d; ++j) {
    if (is_constant[j]) continue;
    if (most < 0 || pivots[j] * variances[most] < pivots[most] * variances[j]) most = j;
    if (pivots[j] > sqrt(floor * variances[j])) continue;
    out->numbers[out->constants + out->dependent++] = j;
  }
  if (out->constants + out->dependent == 0) out->numbers[out->dependent++] = most;
}

static void list_numbers(const tv_statistics *s, const double *variances, const double *pivots,
                         double floor, int *is_constant, tv_singularity *out) {
  for (int j = 0; j < s->d; ++j) {
    is_constant[j] = !(variances[j] > s->rounding[j]);
    if (is_constant[j]) out->numbers[out->constants++] = j;
  }
  list_dependent(s->d, variances, pivots, floor, is_constant, out);
}

tv_error *tv_singularity_find(const tv_statistics *s, tv_singularity *out) {
  double floor = largest_rounding(s), *variances = NULL, *pivots = NULL;
  int *is_constant = NULL;
  tv_error *error;
  *out = (tv_singularity){.floor = round_up(floor / TV_LARGEST_RESIDUAL)};
  TV_GO(tv_grid_agree(s->S->grid, tv_allocate(s->d, sizeof(*out->numbers), &out->numbers)));
  TV_GO(tv_grid_agree(s->S->grid, tv_allocate(s->d, sizeof(*is_constant), &is_constant)));
  TV_GO(take_diagonal(s->S, &variances));
  TV_GO(find_pivots(s, &floor, &pivots));
  list_numbers(s, variances, pivots, floor, is_constant, out);
done:
  free(variances);
  free(pivots);
  free(is_constant);
  return error;
}

void tv_singularity_release(tv_singularity *singularity) {
  free(singularity->numbers);
  *singularity = (tv_singularity){0};
}

/* The first of some numbers, in words: `3, 4, 8 and 12 more`. */
static void name_some(const int *numbers, int count, char *out, size_t size) {
  enum { MOST_NAMED = 5 };
  const int named = count > MOST_NAMED + 1 ? MOST_NAMED : count;
  for (int i = 0; i < named; ++i)
    tv_append(out, size, "%s%d",
              i == 0                             ? ""
              : i == named - 1 && named == count ? " and "
                                                 : ", ",
              numbers[i]);
  if (named < count) tv_append(out, size, " and %d more", count - named);
}

void tv_singularity_describe(const tv_singularity *s, int are_components, char *out, size_t size) {
  const char *kind = are_components ? "component" : "feature";
  *out = '\0';
  if (s->constants) {
    tv_append(out, size, "%s%s ", kind, s->constants == 1 ? "" : "s");
    name_some(s->numbers, s->constants, out, size);
    tv_append(out, size, " (counted from 0) %s",
              s->constants == 1 ? "is the same in all views but for the rounding of its mean"
                                : "are the same in all views but for the rounding of their means");
  }
  if (s->constants && s->dependent) tv_append(out, size, ", and ");
  if (s->dependent) {
    tv_append(out, size, "%s%s ", kind, s->dependent == 1 ? "" : "s");
    name_some(s->numbers + s->constants, s->dependent, out, size);
    tv_append(out, size, "%s depend%s linearly on those before",
              s->constants ? "" : " (counted from 0)", s->dependent == 1 ? "s" : "");
  }
}

/* ---- Relations between moments ---- */

static tv_error *copy_of(const tv_distmat *from, tv_distmat **out) {
  TV_TRY(tv_distmat_create(from->grid, from->rows, from->columns, out));
  memcpy((*out)->data, from->data,
         (size_t)from->leading * (size_t)from->local_columns * sizeof(double));
  return NULL;
}

static void scale_by(double factor, tv_distmat *m) {
  for (int64_t i = 0; i < (int64_t)m->leading * m->local_columns; ++i) m->data[i] *= factor;
}

/* N = S - G. */
static tv_error *take_noise(const tv_statistics *s, tv_distmat **out) {
  TV_TRY(copy_of(s->S, out));
  for (int64_t i = 0; i < (int64_t)s->S->leading * s->S->local_columns; ++i)
    (*out)->data[i] -= s->G->data[i];
  return NULL;
}

/* diag(entries), or the identity (NULL). */
static tv_error *take_diagonal_matrix(const tv_distmat *like, const double *entries,
                                      tv_distmat **out) {
  TV_TRY(tv_distmat_create(like->grid, like->rows, like->columns, out));
  for (int j = 0; j < like->local_columns; ++j) {
    double *entry = tv_distmat_diagonal(*out, j);
    if (entry) *entry = entries ? entries[like->column_of[j]] : 1;
  }
  return NULL;
}

/* The rounding of matrices as large as S, in Frobenius norm. */
static double rounding_of(const tv_statistics *s) {
  double sum = 0;
  for (int j = 0; j < s->d; ++j) sum += s->rounding[j];
  return sum;
}

/* Whether a is c b for some c > 0, to a rounding in which it does not vanish. */
static tv_error *is_multiple(const tv_distmat *a, const tv_distmat *b, double rounding, double *c,
                             int *out) {
  tv_distmat *scaled = NULL;
  TV_TRY(copy_of(b, &scaled));
  *c = tv_dot(a, b) / tv_dot(b, b);
  scale_by(*c, scaled);
  *out = *c > 0 && sqrt(tv_squared_distance(a, scaled)) <= rounding &&
         sqrt(tv_dot(a, a)) > 2 * rounding;
  tv_distmat_destroy(&scaled);
  return NULL;
}

static tv_error *find_scale(const tv_statistics *s, double rounding, double *out) {
  double c, square;
  int is_scaled, is_square;
  TV_TRY(is_multiple(s->C, s->A, rounding, &c, &is_scaled));
  TV_TRY(is_multiple(s->G, s->A, rounding, &square, &is_square));
  if (is_scaled && is_square && fabs(square - c * c) * sqrt(tv_dot(s->A, s->A)) <= rounding)
    *out = c;
  return NULL;
}

/* Whether a is c diag(entries), or c I (NULL). */
static tv_error *is_multiple_of_diagonal(const tv_distmat *a, const double *entries,
                                         double rounding, int *out) {
  tv_distmat *diagonal = NULL;
  double c;
  tv_error *error = take_diagonal_matrix(a, entries, &diagonal);
  if (!error) error = is_multiple(a, diagonal, rounding, &c, out);
  tv_distmat_destroy(&diagonal);
  return error;
}

tv_error *tv_relations_find(const tv_statistics *s, tv_relations *out) {
  const double rounding = rounding_of(s);
  tv_distmat *noise = NULL;
  double *variances = NULL, *added = NULL, c;
  tv_error *error;
  *out = (tv_relations){.scale = NAN};
  TV_GO(take_noise(s, &noise));
  TV_GO(take_diagonal(s->A, &variances));
  TV_GO(take_diagonal(noise, &added));
  TV_GO(find_scale(s, rounding, &out->scale));
  TV_GO(is_multiple_of_diagonal(noise, added, rounding, &out->is_diagonal));
  TV_GO(is_multiple_of_diagonal(noise, NULL, rounding, &out->is_white));
  TV_GO(is_multiple_of_diagonal(noise, variances, rounding, &out->is_by_variances));
  TV_GO(is_multiple(noise, s->A, rounding, &c, &out->is_like_data));
done:
  tv_distmat_destroy(&noise);
  free(variances);
  free(added);
  return error;
}

/* ---- Footprints ---- */

enum { VECTORS = TV_FOOTPRINT_VECTORS };

/* out = V'm V, whole on every rank. */
static tv_error *take_form(const tv_distmat *m, const tv_distmat *vectors, double *out) {
  tv_distmat *image = NULL, *form = NULL;
  tv_error *error;
  TV_GO(tv_distmat_create(m->grid, m->rows, VECTORS, &image));
  TV_GO(tv_distmat_create(m->grid, VECTORS, VECTORS, &form));
  tv_multiply(TV_PLAIN, m, TV_PLAIN, vectors, image);
  tv_multiply(TV_TRANSPOSED, vectors, TV_PLAIN, image, form);
  tv_distmat_gather(form, out);
done:
  tv_distmat_destroy(&image);
  tv_distmat_destroy(&form);
  return error;
}

static double trace_of(const double *form) {
  double sum = 0;
  for (int i = 0; i < VECTORS; ++i) sum += form[i * (VECTORS + 1)];
  return sum;
}

tv_error *tv_footprint_take(const tv_statistics *s, tv_footprint *out) {
  tv_distmat *vectors = NULL;
  tv_error *error;
  TV_GO(tv_distmat_create(s->S->grid, s->d, VECTORS, &vectors));
  fill_generic(vectors);
  TV_GO(take_form(s->G, vectors, out->mean));
  TV_GO(take_form(s->S, vectors, out->noise));
  for (int i = 0; i < VECTORS * VECTORS; ++i) out->noise[i] -= out->mean[i];
  const double error_of_forms = rounding_of(s) * tv_dot(vectors, vectors);
  const double least = fmin(trace_of(out->mean), trace_of(out->noise));
  out->rounding = least > 1e3 * error_of_forms ? error_of_forms / least : INFINITY;
  const double mean = trace_of(out->mean), noise = trace_of(out->noise);
  for (int i = 0; i < VECTORS * VECTORS; ++i) {
    out->mean[i] /= mean;
    out->noise[i] /= noise;
  }
done:
  tv_distmat_destroy(&vectors);
  return error;
}

int tv_footprints_agree(const tv_footprint *a, const tv_footprint *b) {
  const double rounding = a->rounding + b->rounding;
  if (!isfinite(rounding)) return 0;
  for (int i = 0; i < VECTORS * VECTORS; ++i)
    if (!(fabs(a->mean[i] - b->mean[i]) <= rounding && fabs(a->noise[i] - b->noise[i]) <= rounding))
      return 0;
  return 1;
}
