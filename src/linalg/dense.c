#include "twoview/linalg/dense.h"

#include <stdlib.h>

#include "parts.h"
#include "twoview/base/comm.h"
#include "twoview/linalg/fortran.h"

static const int one = 1;
static const double unit = 1, nothing = 0;

static const char *letter(tv_transpose op) {
  return op == TV_PLAIN ? "N" : "T";
}

int tv_is_alone(const tv_distmat *a) {
  return a->grid->size == 1;
}

void tv_multiply(tv_transpose op_a, const tv_distmat *a, tv_transpose op_b, const tv_distmat *b,
                 tv_distmat *c) {
  const int inner = op_b == TV_PLAIN ? b->rows : b->columns;
  if (tv_is_alone(c))
    dgemm_(letter(op_a), letter(op_b), &c->rows, &c->columns, &inner, &unit, a->data, &a->leading,
           b->data, &b->leading, &nothing, c->data, &c->leading, 1, 1);
  else
    pdgemm_(letter(op_a), letter(op_b), &c->rows, &c->columns, &inner, &unit, a->data, &one, &one,
            a->descriptor, b->data, &one, &one, b->descriptor, &nothing, c->data, &one, &one,
            c->descriptor, 1, 1);
}

tv_error *tv_product(const tv_distmat *a, const tv_distmat *b, tv_distmat **out) {
  TV_TRY(tv_distmat_create(a->grid, a->rows, b->columns, out));
  tv_multiply(TV_PLAIN, a, TV_PLAIN, b, *out);
  return NULL;
}

void tv_gram(const tv_distmat *a, int first, tv_distmat *c) {
  const int rows = a->rows - first, from = first + 1;
  if (tv_is_alone(a))
    dsyrk_("L", "T", &c->rows, &rows, &unit, a->data + first, &a->leading, &nothing, c->data,
           &c->leading, 1, 1);
  else
    pdsyrk_("L", "T", &c->rows, &rows, &unit, a->data, &from, &one, a->descriptor, &nothing,
            c->data, &one, &one, c->descriptor, 1, 1);
}

/* Block column by block column: what lies below the diagonal block goes, transposed, to its right;
 * the diagonal blocks lie on one rank each. */
void tv_symmetrise(tv_distmat *a) {
  const int block = a->grid->block;
  for (int j = 0; j < a->local_columns; ++j)
    for (int i = 0; i < a->local_rows; ++i) {
      const int row = a->row_of[i], column = a->column_of[j];
      if (row / block != column / block || row <= column) continue;
      a->data[(int64_t)(i + column - row) + (int64_t)(j + row - column) * a->leading] =
          a->data[i + (int64_t)j * a->leading];
    }
  for (int first = 0; first + block < a->rows; first += block) {
    const int here = first + 1, next = here + block, rest = a->rows - first - block;
    pdtran_(&block, &rest, &unit, a->data, &next, &here, a->descriptor, &nothing, a->data, &here,
            &next, a->descriptor);
  }
}

/* On one rank, by tiles that fit the cache. */
static void transpose_here(const tv_distmat *a, tv_distmat *out) {
  enum { TILE = 32 };
  for (int first_column = 0; first_column < a->columns; first_column += TILE)
    for (int first_row = 0; first_row < a->rows; first_row += TILE)
      for (int j = first_column; j < a->columns && j < first_column + TILE; ++j)
        for (int i = first_row; i < a->rows && i < first_row + TILE; ++i)
          out->data[(int64_t)i * out->leading + j] = a->data[(int64_t)j * a->leading + i];
}

void tv_transpose_to(const tv_distmat *a, tv_distmat *out) {
  if (a->grid->size == 1)
    transpose_here(a, out);
  else
    pdtran_(&out->rows, &out->columns, &unit, a->data, &one, &one, a->descriptor, &nothing,
            out->data, &one, &one, out->descriptor);
}

tv_error *tv_check_info(const char *routine, int info, int *status) {
  *status = info > 0 ? info : 0;
  if (info >= 0) return NULL;
  if (info > -100) return tv_fail("%s: argument %d is illegal", routine, -info);
  return tv_fail("%s: argument %d, entry %d is illegal", routine, -info / 100, -info % 100);
}

tv_error *tv_cholesky(tv_distmat *s, int *status) {
  int info = 0;
  if (tv_is_alone(s))
    dpotrf_("L", &s->rows, s->data, &s->leading, &info, 1);
  else
    pdpotrf_("L", &s->rows, s->data, &one, &one, s->descriptor, &info, 1);
  return tv_check_info("potrf", info, status);
}

void tv_solve_lower(tv_side side, tv_transpose op, const tv_distmat *factor, tv_distmat *b) {
  const char *where = side == TV_LEFT ? "L" : "R";
  if (tv_is_alone(b))
    dtrsm_(where, "L", letter(op), "N", &b->rows, &b->columns, &unit, factor->data,
           &factor->leading, b->data, &b->leading, 1, 1, 1, 1);
  else
    pdtrsm_(where, "L", letter(op), "N", &b->rows, &b->columns, &unit, factor->data, &one, &one,
            factor->descriptor, b->data, &one, &one, b->descriptor, 1, 1, 1, 1);
}

/* From so many rows on dsygst, which takes half the flops, is no slower than two solutions. */
enum { BLOCKED_FROM = 64 };

tv_error *tv_whiten(const tv_distmat *factor, tv_distmat *m) {
  int info = 0, status;
  if (tv_is_alone(m) && m->rows >= BLOCKED_FROM) {
    dsygst_(&one, "L", &m->rows, m->data, &m->leading, factor->data, &factor->leading, &info, 1);
    return tv_check_info("sygst", info, &status);
  }
  tv_symmetrise(m);
  tv_solve_lower(TV_LEFT, TV_PLAIN, factor, m);
  tv_solve_lower(TV_RIGHT, TV_TRANSPOSED, factor, m);
  return NULL;
}

void tv_multiply_lower(tv_transpose op, const tv_distmat *factor, tv_distmat *b) {
  if (tv_is_alone(b))
    dtrmm_("L", "L", letter(op), "N", &b->rows, &b->columns, &unit, factor->data, &factor->leading,
           b->data, &b->leading, 1, 1, 1, 1);
  else
    pdtrmm_("L", "L", letter(op), "N", &b->rows, &b->columns, &unit, factor->data, &one, &one,
            factor->descriptor, b->data, &one, &one, b->descriptor, 1, 1, 1, 1);
}

/* out: the lower triangle of `a`, and zeros above it. */
static void copy_lower(const tv_distmat *a, tv_distmat *out) {
  for (int j = 0; j < a->local_columns; ++j)
    for (int i = 0; i < a->local_rows; ++i) {
      const int64_t place = (int64_t)j * a->leading + i;
      out->data[place] = a->row_of[i] < a->column_of[j] ? 0 : a->data[place];
    }
}

tv_error *tv_invert_lower(const tv_distmat *factor, tv_distmat *out) {
  int info = 0, status;
  copy_lower(factor, out);
  if (tv_is_alone(out))
    dtrtri_("L", "N", &out->rows, out->data, &out->leading, &info, 1, 1);
  else
    pdtrtri_("L", "N", &out->rows, out->data, &one, &one, out->descriptor, &info, 1, 1);
  return tv_check_info("trtri", info, &status);
}

static double sum_over_grid(const tv_grid *grid, double value) {
  if (grid->size > 1) MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_DOUBLE, MPI_SUM, grid->comm);
  return value;
}

double tv_dot(const tv_distmat *a, const tv_distmat *b) {
  double sum = 0;
  for (int j = 0; j < a->local_columns; ++j)
    sum += ddot_(&a->local_rows, a->data + (int64_t)j * a->leading, &one,
                 b->data + (int64_t)j * b->leading, &one);
  return sum_over_grid(a->grid, sum);
}

double tv_squared_distance(const tv_distmat *a, const tv_distmat *b) {
  double sum = 0;
  for (int j = 0; j < a->local_columns; ++j)
    for (int i = 0; i < a->local_rows; ++i) {
      const int64_t place = (int64_t)j * a->leading + i;
      sum += (a->data[place] - b->data[place]) * (a->data[place] - b->data[place]);
    }
  return sum_over_grid(a->grid, sum);
}

double tv_trace(const tv_distmat *a) {
  double sum = 0;
  for (int j = 0; j < a->local_columns; ++j) {
    const double *entry = tv_distmat_diagonal(a, j);
    if (entry) sum += *entry;
  }
  return sum_over_grid(a->grid, sum);
}

double tv_norm(int count, const double *numbers) {
  return dnrm2_(&count, numbers, &one);
}

/* The ranks' parts, side by side, and then their norms. */
tv_error *tv_column_norms(const tv_distmat *a, double **out) {
  const int ranks = a->grid->size;
  double *parts = NULL;
  *out = NULL;
  tv_error *error = tv_allocate((int64_t)a->columns * ranks, sizeof(*parts), &parts);
  if (!error) error = tv_allocate(a->columns, sizeof(**out), out);
  error = tv_grid_agree(a->grid, error);
  if (!error) {
    for (int j = 0; j < a->local_columns; ++j)
      parts[(int64_t)a->column_of[j] * ranks + a->grid->rank] =
          tv_norm(a->local_rows, a->data + (int64_t)j * a->leading);
    if (ranks > 1) tv_sum_all(a->grid->comm, parts, (int64_t)a->columns * ranks);
    for (int j = 0; j < a->columns; ++j) (*out)[j] = tv_norm(ranks, parts + (int64_t)j * ranks);
  }
  free(parts);
  return error;
}

/* ---- Projections ---- */

tv_error *tv_project_rows(const tv_distmat *axes, tv_distmat **m) {
  tv_distmat *projected = NULL;
  TV_TRY(tv_distmat_create(axes->grid, axes->columns, (*m)->columns, &projected));
  tv_multiply(TV_TRANSPOSED, axes, TV_PLAIN, *m, projected);
  tv_distmat_destroy(m);
  *m = projected;
  return NULL;
}

tv_error *tv_project(const tv_distmat *axes, tv_distmat **m) {
  tv_distmat *projected = NULL;
  TV_TRY(tv_project_rows(axes, m));
  TV_TRY(tv_distmat_create(axes->grid, axes->columns, axes->columns, &projected));
  tv_multiply(TV_PLAIN, *m, TV_PLAIN, axes, projected);
  tv_distmat_destroy(m);
  *m = projected;
  return NULL;
}
