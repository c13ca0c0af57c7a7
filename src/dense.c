#include "twoview/dense.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fortran.h"
#include "twoview/comm.h"

/* Beyond this share of all eigenvectors, computing all of them (pdsyevd) is as fast as selecting
 * (pdsyevr by index). Measured on one rank, selected and all: d = 300, top 32: 4.3 and 7.2 ms, top
 * 64: 6.5 and 7.0 ms, top 100: 9.0 and 7.2 ms; d = 1000, top 64: 101 and 185 ms. */
static const double selective_share = 0.2;

static const int one = 1;
static const double unit = 1, nothing = 0;

static const char *letter(tv_transpose op) {
  return op == TV_PLAIN ? "N" : "T";
}

void tv_multiply(tv_transpose op_a, const tv_distmat *a, tv_transpose op_b, const tv_distmat *b,
                 tv_distmat *c) {
  const int inner = op_b == TV_PLAIN ? b->rows : b->columns;
  pdgemm_(letter(op_a), letter(op_b), &c->rows, &c->columns, &inner, &unit, a->data, &one, &one,
          a->descriptor, b->data, &one, &one, b->descriptor, &nothing, c->data, &one, &one,
          c->descriptor, 1, 1);
}

void tv_gram(const tv_distmat *a, tv_distmat *c) {
  pdsyrk_("L", "T", &c->rows, &a->rows, &unit, a->data, &one, &one, a->descriptor, &nothing,
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

/* ScaLAPACK's info: positive is numerical, negative an argument (or argument and entry). */
static tv_error *judge(const char *routine, int info, int *status) {
  *status = info > 0 ? info : 0;
  if (info >= 0) return NULL;
  if (info > -100) return tv_fail("%s: argument %d is illegal", routine, -info);
  return tv_fail("%s: argument %d, entry %d is illegal", routine, -info / 100, -info % 100);
}

tv_error *tv_cholesky(tv_distmat *s, int *status) {
  int info = 0;
  pdpotrf_("L", &s->rows, s->data, &one, &one, s->descriptor, &info, 1);
  return judge("pdpotrf", info, status);
}

void tv_solve_lower(tv_side side, tv_transpose op, const tv_distmat *factor, tv_distmat *b) {
  pdtrsm_(side == TV_LEFT ? "L" : "R", "L", letter(op), "N", &b->rows, &b->columns, &unit,
          factor->data, &one, &one, factor->descriptor, b->data, &one, &one, b->descriptor, 1, 1, 1,
          1);
}

/* Workspace as a query asked for it: queries answer in doubles, which may round down. */
typedef struct {
  double *reals;
  int *integers;
  int real_count, integer_count;
} workspace;

static tv_error *take_workspace(const tv_grid *grid, const char *routine, double reals,
                                int integers, workspace *work) {
  if (reals * 1.01 + 64 > INT_MAX)
    return tv_fail("%s: a workspace of %.0f numbers is more than ScaLAPACK can count; use more "
                   "ranks per point",
                   routine, reals);
  work->real_count = (int)(reals * 1.01) + 64;
  work->integer_count = integers + 64;
  tv_error *error = tv_allocate(work->real_count, sizeof(double), &work->reals);
  if (!error) error = tv_allocate(work->integer_count, sizeof(int), &work->integers);
  return tv_grid_agree(grid, error);
}

static void drop_workspace(workspace *work) {
  free(work->reals);
  free(work->integers);
}

/* Values and info are to be the same on all ranks, because decisions hang on them. Rank 0's values
 * count: it holds a share of every matrix, and pdsyevd leaves those of a matrix of one block to its
 * owner. */
static void share_values(const tv_grid *grid, int count, double *values, int *info) {
  if (grid->size == 1) return;
  tv_broadcast(grid->comm, 0, values, count);
  MPI_Allreduce(MPI_IN_PLACE, info, 1, MPI_INT, MPI_MAX, grid->comm);
}

/* What pdsyevd's answer to a query forgets: pdormtr on small matrices, and pdlasrt on narrow shares
 * (ScaLAPACK 2.2.1), which then refuse to work, unnoticed by pdsyevd, so that the vectors are
 * wrong. The rank with most is to have enough. */
static double forgotten_workspace(const tv_distmat *a) {
  const int first = 0, block = a->descriptor[5];
  const double rows = numroc_(&a->rows, &block, &first, &first, &a->grid->rows);
  const double columns = numroc_(&a->rows, &block, &first, &first, &a->grid->columns);
  return 5.0 * a->rows + fmax(block * (rows + columns + 2 * block), rows * (block + columns));
}

/* All eigenpairs, smallest first: divide and conquer. */
static tv_error *eigen_all(tv_distmat *a, double *values, tv_distmat *z, int *info) {
  workspace work = {0};
  double reals = 0;
  int integers = 0;
  const int query = -1;
  pdsyevd_("V", "L", &a->rows, a->data, &one, &one, a->descriptor, values, z->data, &one, &one,
           z->descriptor, &reals, &query, &integers, &query, info, 1, 1);
  reals = fmax(reals, forgotten_workspace(a));
  tv_error *error = take_workspace(a->grid, "pdsyevd", reals, integers, &work);
  if (!error)
    pdsyevd_("V", "L", &a->rows, a->data, &one, &one, a->descriptor, values, z->data, &one, &one,
             z->descriptor, work.reals, &work.real_count, work.integers, &work.integer_count, info,
             1, 1);
  drop_workspace(&work);
  return error;
}

/* The k smallest eigenpairs: multiple relatively robust representations. */
/* The least that pdsyevr takes. What its query answers is d x d on grids of 2 and 3 ranks, for a
 * tridiagonal reduction that is faster on one rank alone (d = 2048: 0.36 s against 0.53 s; on two
 * 0.33 s either way). */
static double least_workspace(const tv_distmat *a, int k) {
  const int first = 0, block = a->descriptor[5];
  const double rows = numroc_(&a->rows, &block, &first, &first, &a->grid->rows);
  const double columns = numroc_(&k, &block, &first, &first, &a->grid->columns);
  return 5.0 * a->rows + 3 + fmax(18.0 * a->rows, rows * columns + 2.0 * block * block) +
         (ceil((double)k / a->grid->size) + 2) * a->rows;
}

static tv_error *eigen_some(tv_distmat *a, int k, double *values, tv_distmat *z, int *info) {
  workspace work = {0};
  double reals[3] = {0};
  int integers[3] = {0}, values_found = 0, vectors_found = 0;
  const int query = -1;
  pdsyevr_("V", "I", "L", &a->rows, a->data, &one, &one, a->descriptor, &nothing, &nothing, &one,
           &k, &values_found, &vectors_found, values, z->data, &one, &one, z->descriptor, reals,
           &query, integers, &query, info, 1, 1, 1);
  if (a->grid->size > 1) reals[0] = least_workspace(a, k);
  tv_error *error = take_workspace(a->grid, "pdsyevr", reals[0], integers[0], &work);
  if (!error)
    pdsyevr_("V", "I", "L", &a->rows, a->data, &one, &one, a->descriptor, &nothing, &nothing, &one,
             &k, &values_found, &vectors_found, values, z->data, &one, &one, z->descriptor,
             work.reals, &work.real_count, work.integers, &work.integer_count, info, 1, 1, 1);
  if (!error && *info == 0 && vectors_found < k) *info = 1;
  drop_workspace(&work);
  return error;
}

/* The eigenpairs of -a, so that the largest of `a` come first. pdsyevr gives pdormtr a workspace
 * that is large enough only when at least a block of pairs is asked for. */
static tv_error *eigen_negated(tv_distmat *a, int k, double *values, tv_distmat *z, int *status) {
  const int block = a->descriptor[4], wanted = k > block ? k : block;
  const int is_selective = wanted < selective_share * a->rows;
  int info = 0;
  for (int64_t i = 0; i < (int64_t)a->leading * a->local_columns; ++i) a->data[i] = -a->data[i];
  TV_TRY(is_selective ? eigen_some(a, wanted, values, z, &info) : eigen_all(a, values, z, &info));
  share_values(a->grid, a->rows, values, &info);
  return judge(is_selective ? "pdsyevr" : "pdsyevd", info, status);
}

tv_error *tv_eigen_top(tv_distmat *a, int k, double *values, tv_distmat *vectors, int *status) {
  tv_distmat *z = NULL;
  double *all = NULL;
  tv_error *error = tv_distmat_create(a->grid, a->rows, a->rows, &z);
  if (!error) error = tv_allocate(a->rows, sizeof(*all), &all);
  if (!error) error = eigen_negated(a, k, all, z, status);
  if (!error && *status == 0) {
    for (int i = 0; i < k; ++i) values[i] = -all[i];
    pdlacpy_("A", &vectors->rows, &k, z->data, &one, &one, z->descriptor, vectors->data, &one, &one,
             vectors->descriptor, 1);
  }
  free(all);
  tv_distmat_destroy(&z);
  return error;
}

/* Ranks without a share of the vectors find the values by another algorithm, which differs in the
 * last bits; pdgesvd takes that for a heterogeneous machine and gives info n + 1, though all is
 * well. */
static tv_error *singular_all(tv_distmat *a, double *values, tv_distmat *right, int *info) {
  workspace work = {0};
  double reals = 0, unused = 0;
  const int query = -1;
  pdgesvd_("N", "V", &a->rows, &a->columns, a->data, &one, &one, a->descriptor, values, &unused,
           &one, &one, a->descriptor, right->data, &one, &one, right->descriptor, &reals, &query,
           info, 1, 1);
  tv_error *error = take_workspace(a->grid, "pdgesvd", reals, 0, &work);
  if (!error)
    pdgesvd_("N", "V", &a->rows, &a->columns, a->data, &one, &one, a->descriptor, values, &unused,
             &one, &one, a->descriptor, right->data, &one, &one, right->descriptor, work.reals,
             &work.real_count, info, 1, 1);
  if (*info == a->rows + 1) *info = 0;
  if (!error) share_values(a->grid, a->rows, values, info);
  drop_workspace(&work);
  return error;
}

tv_error *tv_singular_top(tv_distmat *a, int k, double *values, tv_distmat *vectors, int *status) {
  tv_distmat *right = NULL;
  double *all = NULL;
  int info = 0;
  tv_error *error = tv_distmat_create(a->grid, a->rows, a->rows, &right);
  if (!error) error = tv_allocate(a->rows, sizeof(*all), &all);
  if (!error) error = singular_all(a, all, right, &info);
  if (!error) error = judge("pdgesvd", info, status);
  if (!error && *status == 0) {
    memcpy(values, all, (size_t)k * sizeof(*values));
    pdtran_(&vectors->rows, &k, &unit, right->data, &one, &one, right->descriptor, &nothing,
            vectors->data, &one, &one, vectors->descriptor);
  }
  free(all);
  tv_distmat_destroy(&right);
  return error;
}

static double sum_over_grid(const tv_grid *grid, double value) {
  if (grid->size > 1) MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_DOUBLE, MPI_SUM, grid->comm);
  return value;
}

double tv_dot(const tv_distmat *a, const tv_distmat *b) {
  double sum = 0;
  for (int j = 0; j < a->local_columns; ++j)
    for (int i = 0; i < a->local_rows; ++i)
      sum += a->data[(int64_t)j * a->leading + i] * b->data[(int64_t)j * b->leading + i];
  return sum_over_grid(a->grid, sum);
}

double tv_trace(const tv_distmat *a) {
  double sum = 0;
  for (int j = 0; j < a->local_columns; ++j)
    for (int i = 0; i < a->local_rows; ++i)
      if (a->row_of[i] == a->column_of[j]) sum += a->data[(int64_t)j * a->leading + i];
  return sum_over_grid(a->grid, sum);
}
