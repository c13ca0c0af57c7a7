#include "twoview/linalg/eigen.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"
#include "twoview/base/comm.h"
#include "twoview/linalg/dense.h"
#include "twoview/linalg/fortran.h"

/* Up to this share of all eigenvectors, selecting them is faster than computing all. Measured on
 * one rank, selected and all: d = 100, top 10: 0.36 and 0.44 ms, top 20: 0.59 and 0.44 ms; d = 300,
 * top 50: 4.4 and 4.4 ms, top 64: 5.8 and 4.5 ms; d = 1000, top 64: 53 and 79 ms, top 200: 87 and
 * 87 ms. */
static const double selective_share = 0.2;

int tv_eigen_selects(int d, int k) {
  return k < selective_share * d;
}

const char *tv_eigen_method(int d, int k, int ranks) {
  if (tv_eigen_selects(d, k))
    return ranks == 1 ? "k pairs of the tridiagonal form: dsytrd, dstemr, dormtr"
                      : "k pairs of the tridiagonal form: pdsytrd, dstemr, pdormtr";
  return ranks == 1 ? "all pairs by divide and conquer: dsytrd, dstedc, dormtr"
                    : "all pairs by divide and conquer: pdsyevd";
}

static const int one = 1;
static const double unit = 1, nothing = 0;

/* ---- All pairs ---- */

/* Workspace as a query asked for it: queries answer in doubles, which may round down. */
typedef struct {
  double *reals;
  int *integers;
  int real_count, integer_count;
} workspace;

static tv_error *take_workspace(const tv_grid *grid, const char *routine, double reals,
                                int integers, workspace *work) {
  if (reals * 1.01 + 64 > INT_MAX || reals < 0) /* LAPACK's own count may have overflowed */
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

/* Values and info must be the same on all ranks, because decisions depend on them. Rank 0's values
 * are taken: it holds a share of every matrix, and pdsyevd leaves those of a matrix of one block to
 * its owner. */
static void share_values(const tv_grid *grid, int count, double *values, int *info) {
  if (grid->size == 1) return;
  tv_broadcast(grid->comm, 0, values, count);
  MPI_Allreduce(MPI_IN_PLACE, info, 1, MPI_INT, MPI_MAX, grid->comm);
}

/* pdsyevd's answer to a query omits the workspace of pdormtr on small matrices and of pdlasrt on
 * narrow shares (ScaLAPACK 2.2.1). These then refuse to work, unnoticed by pdsyevd, so that the
 * vectors are wrong. The rank with the largest share must have enough. */
static double forgotten_workspace(const tv_distmat *a) {
  const int first = 0, block = a->descriptor[5];
  const double rows = numroc_(&a->rows, &block, &first, &first, &a->grid->rows);
  const double columns = numroc_(&a->rows, &block, &first, &first, &a->grid->columns);
  return 5.0 * a->rows + fmax(block * (rows + columns + 2 * block), rows * (block + columns));
}

/* All eigenpairs, smallest first, by divide and conquer; or the query of the workspace. */
static void call_divide_and_conquer(tv_distmat *a, const char *triangle, double *values,
                                    tv_distmat *z, workspace *work, int *info) {
  pdsyevd_("V", triangle, &a->rows, a->data, &one, &one, a->descriptor, values, z->data, &one, &one,
           z->descriptor, work->reals, &work->real_count, work->integers, &work->integer_count,
           info, 1, 1);
}

static tv_error *eigen_all(tv_distmat *a, const char *triangle, double *values, tv_distmat *z,
                           int *info) {
  double reals = 0;
  int integers = 0;
  workspace work = {&reals, &integers, -1, -1};
  call_divide_and_conquer(a, triangle, values, z, &work, info);
  work = (workspace){0};
  reals = fmax(reals, forgotten_workspace(a));
  tv_error *error = take_workspace(a->grid, "pdsyevd", reals, integers, &work);
  if (!error) call_divide_and_conquer(a, triangle, values, z, &work, info);
  drop_workspace(&work);
  if (!error) share_values(a->grid, a->rows, values, info);
  return error;
}

/* ---- By the tridiagonal form: its pairs on every rank, and back ---- */

/* One call of the reduction, or of its query. */
static void call_reduction(tv_distmat *a, double *diagonal, double *off_diagonal, double *tau,
                           double *reals, int count, int *info) {
  if (tv_is_alone(a))
    dsytrd_("L", &a->rows, a->data, &a->leading, diagonal, off_diagonal, tau, reals, &count, info,
            1);
  else
    pdsytrd_("L", &a->rows, a->data, &one, &one, a->descriptor, diagonal, off_diagonal, tau, reals,
             &count, info, 1);
}

/* a = Q T Q' in place, Q as reflectors in the lower triangle and `tau`. */
static tv_error *reduce(tv_distmat *a, double *diagonal, double *off_diagonal, double *tau,
                        int *info) {
  workspace work = {0};
  double reals = 0;
  call_reduction(a, diagonal, off_diagonal, tau, &reals, -1, info);
  tv_error *error = take_workspace(a->grid, "sytrd", reals, 0, &work);
  if (!error) call_reduction(a, diagonal, off_diagonal, tau, work.reals, work.real_count, info);
  drop_workspace(&work);
  return error;
}

/* Numbers that lie with the columns of `a`, whole on every rank. */
static void spread_by_columns(const tv_distmat *a, const double *local, double *whole) {
  memset(whole, 0, (size_t)a->columns * sizeof(*whole));
  for (int j = 0; a->grid->my_row == 0 && j < a->local_columns; ++j)
    whole[a->column_of[j]] = local[j];
  if (a->grid->size > 1) tv_sum_all(a->grid->comm, whole, a->columns);
}

/* How many eigenvalues of a tridiagonal matrix lie below x: the negative pivots of T - x
 * (Sylvester). */
static int count_below(int n, const double *diagonal, const double *off_diagonal, double x) {
  double pivot = 1;
  int count = 0;
  for (int i = 0; i < n; ++i) {
    const double off = i > 0 ? off_diagonal[i - 1] : 0;
    pivot = diagonal[i] - x - (off == 0 ? 0 : off * off / pivot);
    if (pivot == 0) pivot = DBL_MIN;
    count += pivot < 0;
  }
  return count;
}

/* Whether these are the k smallest: of values that crowd, dstemr has been seen to return others. */
static int are_the_smallest(int n, int k, const double *diagonal, const double *off_diagonal,
                            const double *values) {
  double norm = 0;
  for (int i = 0; i < n; ++i)
    norm = fmax(norm, fabs(diagonal[i]) + (i > 0 ? fabs(off_diagonal[i - 1]) : 0) +
                          (i < n - 1 ? fabs(off_diagonal[i]) : 0));
  if (!isfinite(norm)) return 1; /* the residual check finds wrong ones */
  const double tolerance = 3 * n * DBL_EPSILON * norm;
  for (int c = 0; c < k; ++c)
    if (count_below(n, diagonal, off_diagonal, values[c] - tolerance) > c ||
        count_below(n, diagonal, off_diagonal, values[c] + tolerance) <= c)
      return 0;
  return 1;
}

/* The k smallest pairs of a tridiagonal matrix: multiple relatively robust representations. All
 * ranks of a grid compute the same, so that they agree on the result. */
static tv_error *tridiagonal_first(int n, int k, const double *diagonal, const double *off_diagonal,
                                   double *values, double *z, int *info) {
  workspace work = {.real_count = 18 * n, .integer_count = 10 * n};
  int *support = NULL, found = 0, is_accurate = 1;
  double *copy = NULL; /* dstemr leaves nothing of what it is given */
  tv_error *error = tv_allocate(work.real_count, sizeof(double), &work.reals);
  if (!error) error = tv_allocate(work.integer_count, sizeof(int), &work.integers);
  if (!error) error = tv_allocate(2 * k, sizeof(int), &support);
  if (!error) error = tv_allocate(2 * n, sizeof(double), &copy);
  if (!error) {
    memcpy(copy, diagonal, (size_t)n * sizeof(*copy));
    memcpy(copy + n, off_diagonal, (size_t)(n - 1) * sizeof(*copy));
    dstemr_("V", "I", &n, copy, copy + n, &nothing, &nothing, &one, &k, &found, values, z, &n, &k,
            support, &is_accurate, work.reals, &work.real_count, work.integers, &work.integer_count,
            info, 1, 1);
    if (*info == 0 && (found < k || !are_the_smallest(n, k, diagonal, off_diagonal, values)))
      *info = 1;
  }
  free(copy);
  free(support);
  drop_workspace(&work);
  return error;
}

/* All pairs of a tridiagonal matrix, which one rank finds alone: divide and conquer. */
static tv_error *tridiagonal_all(const tv_grid *grid, int n, double *diagonal, double *off_diagonal,
                                 double *values, double *z, int *info) {
  workspace work = {0};
  tv_error *error = take_workspace(grid, "dstedc", 1 + (4.0 + n) * n, 3 + 5 * n, &work);
  if (!error)
    dstedc_("I", &n, diagonal, off_diagonal, z, &n, work.reals, &work.real_count, work.integers,
            &work.integer_count, info, 1);
  memcpy(values, diagonal, (size_t)n * sizeof(*values));
  drop_workspace(&work);
  return error;
}

/* One call of the transformation, or of its query. */
static void call_transformation(const tv_distmat *a, const double *tau, tv_distmat *vectors,
                                double *reals, int count, int *info) {
  if (tv_is_alone(a))
    dormtr_("L", "L", "N", &vectors->rows, &vectors->columns, a->data, &a->leading, tau,
            vectors->data, &vectors->leading, reals, &count, info, 1, 1, 1);
  else
    pdormtr_("L", "L", "N", &vectors->rows, &vectors->columns, a->data, &one, &one, a->descriptor,
             tau, vectors->data, &one, &one, vectors->descriptor, reals, &count, info, 1, 1, 1);
}

/* dormtr's answer to a query omits the triangular factors of dormqr's blocks (LAPACK 3.7 and
 * later), which then falls back on one reflector after the other, unnoticed. */
enum { FORGOTTEN_FACTORS = 65 * 64 };

static tv_error *transform_back(const tv_distmat *a, const double *tau, tv_distmat *vectors,
                                int *info) {
  workspace work = {0};
  double reals = 0;
  call_transformation(a, tau, vectors, &reals, -1, info);
  tv_error *error = take_workspace(a->grid, "ormtr", reals + FORGOTTEN_FACTORS, 0, &work);
  if (!error) call_transformation(a, tau, vectors, work.reals, work.real_count, info);
  drop_workspace(&work);
  return error;
}

/* The tridiagonal vectors of crowded values are orthogonal to 1e-13 or so: make them so to the last
 * bits. V'V = L L', V = V L^{-T}. */
static tv_error *orthonormalise(tv_distmat *vectors, int *info) {
  tv_distmat *gram = NULL;
  TV_TRY(tv_distmat_create(vectors->grid, vectors->columns, vectors->columns, &gram));
  tv_gram(vectors, 0, gram);
  tv_error *error = tv_cholesky(gram, info);
  if (!error && *info == 0) tv_solve_lower(TV_RIGHT, TV_TRANSPOSED, gram, vectors);
  tv_distmat_destroy(&gram);
  return error;
}

/* The k = vectors->columns smallest pairs, out of all or, when `selects`, by themselves; `values`
 * has room for all d. info > 0: not found. */
static tv_error *eigen_first(tv_distmat *a, int selects, double *values, tv_distmat *vectors,
                             int *info) {
  const int n = a->rows, k = vectors->columns, local = a->local_columns + 1;
  double *numbers = NULL, *z = NULL;
  tv_error *error = tv_allocate(2 * n + 3 * local, sizeof(*numbers), &numbers);
  if (!error) error = tv_allocate((int64_t)n * (selects ? k : n), sizeof(*z), &z);
  error = tv_grid_agree(a->grid, error);
  double *diagonal = numbers, *off_diagonal = diagonal + n, *tau = off_diagonal + n;
  double *local_diagonal = tau + local, *local_off_diagonal = local_diagonal + local;
  if (!error) error = reduce(a, local_diagonal, local_off_diagonal, tau, info);
  if (!error) {
    spread_by_columns(a, local_diagonal, diagonal);
    spread_by_columns(a, local_off_diagonal, off_diagonal);
    error = selects ? tridiagonal_first(n, k, diagonal, off_diagonal, values, z, info)
                    : tridiagonal_all(a->grid, n, diagonal, off_diagonal, values, z, info);
    error = tv_grid_agree(a->grid, error);
  }
  if (!error) share_values(a->grid, k, values, info);
  if (!error && *info == 0) {
    tv_distmat_scatter(z, vectors);
    error = transform_back(a, tau, vectors, info);
  }
  if (!error && *info == 0 && selects) error = orthonormalise(vectors, info);
  free(numbers);
  free(z);
  return error;
}

/* ---- Either way ---- */

/* The k smallest of all pairs. */
static tv_error *eigen_cut(tv_distmat *a, const char *triangle, double *values, tv_distmat *vectors,
                           int *info) {
  tv_distmat *z = NULL;
  tv_error *error = tv_distmat_create(a->grid, a->rows, a->rows, &z);
  if (!error) error = eigen_all(a, triangle, values, z, info);
  if (!error && *info == 0)
    pdlacpy_("A", &vectors->rows, &vectors->columns, z->data, &one, &one, z->descriptor,
             vectors->data, &one, &one, vectors->descriptor, 1);
  tv_distmat_destroy(&z);
  return error;
}

/* Save this rank's part of the diagonal, or put it back. */
static void copy_diagonal(tv_distmat *a, double *saved, int restores) {
  for (int j = 0; j < a->local_columns; ++j) {
    double *entry = tv_distmat_diagonal(a, j);
    if (entry && restores)
      *entry = saved[j];
    else if (entry)
      saved[j] = *entry;
  }
}

/* A few pairs, or a selection of all pairs when that fails, as it may on crowded spectra. For that
 * case the upper triangle keeps a copy of the lower one. */
static tv_error *eigen_few(tv_distmat *a, double *values, tv_distmat *vectors, int *info) {
  double *diagonal;
  TV_TRY(tv_grid_agree(a->grid, tv_allocate(a->local_columns, sizeof(*diagonal), &diagonal)));
  tv_symmetrise(a);
  copy_diagonal(a, diagonal, 0);
  tv_error *error = eigen_first(a, 1, values, vectors, info);
  if (!error && *info > 0) {
    copy_diagonal(a, diagonal, 1);
    error = eigen_cut(a, "U", values, vectors, info);
  }
  free(diagonal);
  return error;
}

tv_error *tv_eigen_top(tv_distmat *a, int k, double *values, tv_distmat *vectors, int *status) {
  const int are_few = tv_eigen_selects(a->rows, k);
  double *all = NULL;
  int info = 0;
  TV_TRY(tv_grid_agree(a->grid, tv_allocate(a->rows, sizeof(*all), &all)));
  for (int64_t i = 0; i < (int64_t)a->leading * a->local_columns; ++i) a->data[i] = -a->data[i];
  tv_error *error = are_few          ? eigen_few(a, all, vectors, &info)
                    : tv_is_alone(a) ? eigen_first(a, 0, all, vectors, &info)
                                     : eigen_cut(a, "L", all, vectors, &info);
  if (!error) error = tv_check_info(are_few ? "sytrd" : "syevd", info, status);
  for (int i = 0; !error && i < k; ++i) values[i] = -all[i];
  free(all);
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
  if (!error) error = tv_grid_agree(a->grid, tv_allocate(a->rows, sizeof(*all), &all));
  if (!error) error = singular_all(a, all, right, &info);
  if (!error) error = tv_check_info("pdgesvd", info, status);
  if (!error && *status == 0) {
    memcpy(values, all, (size_t)k * sizeof(*values));
    pdtran_(&vectors->rows, &k, &unit, right->data, &one, &one, right->descriptor, &nothing,
            vectors->data, &one, &one, vectors->descriptor);
  }
  free(all);
  tv_distmat_destroy(&right);
  return error;
}
