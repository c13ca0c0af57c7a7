#include "support/plain.h"
#include "support/ranks.h"

#include "twoview/linalg/eigen.h"

static const int sizes[] = {1, 5, 31, 32, 33, 100};
enum { SIZES = 6 };

static tv_grid *grid; /* of MPI_COMM_WORLD, made anew for each test */

static void open_grid(void) {
  tv_error_free(tv_grid_create(MPI_COMM_WORLD, TV_SMALL_BLOCK, &grid));
}

static void close_grid(void) {
  tv_grid_destroy(&grid);
}

static tv_distmat *new_distributed(int rows, int columns, const double *whole) {
  tv_distmat *matrix = NULL;
  ASSERT_DONE(tv_distmat_create(grid, rows, columns, &matrix));
  if (whole) tv_distmat_scatter(whole, matrix);
  return matrix;
}

static void check_whole(tv_distmat *matrix, const double *expected, double bound) {
  const int64_t count = (int64_t)matrix->rows * matrix->columns;
  double *whole = gathered(matrix);
  ASSERT_AT_MOST(largest_difference(count, whole, expected), bound);
  free(whole);
}

/* ---- Grids and layouts ---- */

START_TEST(grids_are_nearly_square) {
  const int table[][3] = {{1, 1, 1}, {2, 1, 2},  {3, 1, 3},  {4, 2, 2}, {6, 2, 3},
                          {7, 1, 7}, {12, 3, 4}, {14, 2, 7}, {16, 4, 4}};
  for (int i = 0; i < 9; ++i) {
    int rows, columns;
    tv_grid_shape(table[i][0], &rows, &columns);
    ASSERT_ALL(rows == table[i][1] && columns == table[i][2]);
  }
  ASSERT_ALL(grid->size == world_size() && grid->rank == world_rank());
  ASSERT_ALL(grid->rows * grid->columns == grid->size);
  ASSERT_ALL(grid->my_row * grid->columns + grid->my_column == grid->rank);
}

static void check_round_trip(int rows, int columns) {
  double *whole = new_normals(1, (int64_t)rows * columns);
  tv_distmat *matrix = new_distributed(rows, columns, whole);
  int64_t owned = (int64_t)matrix->local_rows * matrix->local_columns;
  MPI_Allreduce(MPI_IN_PLACE, &owned, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
  ASSERT_ALL(owned == (int64_t)rows * columns && matrix->leading >= 1);
  check_whole(matrix, whole, 0);
  tv_distmat_destroy(&matrix);
  ASSERT_ALL(matrix == NULL);
  free(whole);
}

START_TEST(scattered_matrices_are_gathered_again) {
  for (int i = 0; i < SIZES; ++i)
    for (int j = 0; j < SIZES; ++j) check_round_trip(sizes[i], sizes[j]);
}

/* ScaLAPACK's own idea of who owns what is ours: the identity times a matrix is the matrix. */
START_TEST(products_are_those_of_plain_loops) {
  for (int i = 0; i < SIZES; ++i)
    for (int op = 0; op < 4; ++op) {
      const int rows = sizes[i], inner = sizes[(i + 2) % SIZES], columns = sizes[(i + 3) % SIZES];
      const int is_a = op & 1, is_b = op >> 1;
      double *a = new_normals(2, (int64_t)rows * inner),
             *b = new_normals(3, (int64_t)inner * columns);
      double *expected = new_product(is_a, is_b, rows, inner, columns, a, b);
      tv_distmat *A = new_distributed(is_a ? inner : rows, is_a ? rows : inner, a);
      tv_distmat *B = new_distributed(is_b ? columns : inner, is_b ? inner : columns, b);
      tv_distmat *C = new_distributed(rows, columns, NULL);
      tv_multiply(is_a ? TV_TRANSPOSED : TV_PLAIN, A, is_b ? TV_TRANSPOSED : TV_PLAIN, B, C);
      /* |c| <= |a_i| |b_j|: inner roundings of it */
      const double size =
          norm_plain((int64_t)rows * inner, a) * norm_plain((int64_t)inner * columns, b);
      check_whole(C, expected, inner * DBL_EPSILON * size);
      tv_distmat_destroy(&A);
      tv_distmat_destroy(&B);
      tv_distmat_destroy(&C);
      free(a);
      free(b);
      free(expected);
    }
}

START_TEST(dot_and_trace_are_sums) {
  for (int i = 0; i < SIZES; ++i) {
    const int n = sizes[i];
    double *a = new_normals(4, n * n), *b = new_normals(5, n * n), trace = 0;
    for (int j = 0; j < n; ++j) trace += a[j * (n + 1)];
    tv_distmat *A = new_distributed(n, n, a), *B = new_distributed(n, n, b);
    ASSERT_AT_MOST(fabs(tv_dot(A, B) - dot_plain(n * n, a, b)),
                   n * DBL_EPSILON * norm_plain(n * n, a) * norm_plain(n * n, b));
    ASSERT_AT_MOST(fabs(tv_trace(A) - trace), n * DBL_EPSILON * norm_plain(n * n, a));
    tv_distmat_destroy(&A);
    tv_distmat_destroy(&B);
    free(a);
    free(b);
  }
}

/* ---- Gram matrices and triangular factors ---- */

/* Of the rows from a third on, and of none. */
static void check_gram_below(int n) {
  double *a = new_normals(7, n * n);
  tv_distmat *A = new_distributed(n, n, a), *S = new_distributed(n, n, NULL);
  for (int first = n / 3; first <= n; first += n - n / 3) {
    tv_gram(A, first, S);
    double *found = gathered(S), worst = 0;
    for (int j = 0; j < n; ++j)
      for (int i = j; i < n; ++i) {
        double expected = 0;
        for (int r = first; r < n; ++r) expected += a[i * n + r] * a[j * n + r];
        worst = fmax(worst, fabs(found[j * n + i] - expected));
      }
    ASSERT_AT_MOST(worst, n * DBL_EPSILON * norm_plain(n * n, a) * norm_plain(n * n, a));
    free(found);
  }
  tv_distmat_destroy(&A);
  tv_distmat_destroy(&S);
  free(a);
}

static void check_gram_and_factor(int n) {
  int status = -1;
  double *a = new_normals(6, n * n);
  double *gram = new_product(1, 0, n, n, n, a, a);
  tv_distmat *A = new_distributed(n, n, a), *S = new_distributed(n, n, NULL);
  tv_gram(A, 0, S);
  double *found = gathered(S);
  const double size = norm_plain(n * n, gram);
  for (int j = 0; j < n; ++j)
    for (int i = j; i < n; ++i)
      ASSERT_AT_MOST(fabs(found[j * n + i] - gram[j * n + i]), n * DBL_EPSILON * size);
  for (int j = 0; j < n; ++j) gram[j * (n + 1)] += 1;
  tv_distmat_scatter(gram, S);
  ASSERT_DONE(tv_cholesky(S, &status));
  ASSERT_ALL(status == 0);
  double *L = gathered(S);
  for (int j = 1; j < n; ++j) memset(L + j * n, 0, (size_t)j * sizeof(*L));
  double *product = new_product(0, 1, n, n, n, L, L);
  ASSERT_AT_MOST(largest_difference(n * n, product, gram), n * DBL_EPSILON * (size + 1));
  tv_distmat_destroy(&A);
  tv_distmat_destroy(&S);
  double *const arrays[] = {a, gram, found, L, product};
  for (int i = 0; i < 5; ++i) free(arrays[i]);
}

START_TEST(gram_and_cholesky) {
  for (int i = 0; i < SIZES; ++i) {
    check_gram_below(sizes[i]);
    check_gram_and_factor(sizes[i]);
  }
}

START_TEST(status_is_the_minor_that_is_not_positive) {
  for (int i = 0; i < SIZES; ++i) {
    const int n = sizes[i], bad = (n + 1) / 2;
    int status = 0;
    double *a = new_array(n * n);
    for (int j = 0; j < n; ++j) a[j * (n + 1)] = j + 1 == bad ? -1 : 2;
    tv_distmat *A = new_distributed(n, n, a);
    ASSERT_DONE(tv_cholesky(A, &status));
    ASSERT_ALL(status == bad);
    tv_distmat_destroy(&A);
    free(a);
  }
}

/* L x = b in all four forms, by multiplying the answer again; what stands above the diagonal of the
 * factor does not count. */
static void check_solve(int n, int columns, tv_side side, tv_transpose op) {
  const int rows_of_b = side == TV_LEFT ? n : columns, columns_of_b = side == TV_LEFT ? columns : n;
  double *l = new_normals(7, n * n), *b = new_normals(8, n * columns);
  for (int j = 0; j < n; ++j) l[j * (n + 1)] = n + 2;
  tv_distmat *L = new_distributed(n, n, l), *B = new_distributed(rows_of_b, columns_of_b, b);
  tv_solve_lower(side, op, L, B);
  double *x = gathered(B);
  for (int j = 1; j < n; ++j) memset(l + j * n, 0, (size_t)j * sizeof(*l));
  double *product = side == TV_LEFT ? new_product(op == TV_TRANSPOSED, 0, n, n, columns, l, x)
                                    : new_product(0, op == TV_TRANSPOSED, columns, n, n, x, l);
  const double size = norm_plain(n * n, l) * norm_plain(n * columns, x);
  ASSERT_AT_MOST(largest_difference(n * columns, product, b), n * DBL_EPSILON * size);
  tv_distmat_destroy(&L);
  tv_distmat_destroy(&B);
  free(l);
  free(b);
  free(x);
  free(product);
}

START_TEST(triangular_systems_are_solved) {
  for (int i = 0; i < SIZES; ++i)
    for (int form = 0; form < 4; ++form)
      check_solve(sizes[i], sizes[(i + 4) % SIZES], form & 1 ? TV_RIGHT : TV_LEFT,
                  form & 2 ? TV_TRANSPOSED : TV_PLAIN);
}

/* ---- Eigenvalues and singular values that are known ---- */

typedef enum { SPREAD, CLUSTERS, REPEATED, GRADED, INDEFINITE, SPECTRA } spectrum;

static double known_value(spectrum kind, int n, int i) {
  switch (kind) {
  case SPREAD:
    return n - i;
  case CLUSTERS:
    return 1 + n / 5 - i / 5 - 1e-10 * (i % 5);
  case REPEATED:
    return i < (n + 1) / 2 ? 3 : 1;
  case GRADED:
    return pow(1e-12, n > 1 ? i / (n - 1.0) : 0);
  default:
    return n / 2.0 - i;
  }
}

/* H d H or, for `other` given, H d K with the reflections H = I - 2 v v' of unit vectors. */
static void reflect(int n, const double *v, int from_right, double *a) {
  const double square = dot_plain(n, v, v);
  const int step = from_right ? n : 1, stride = from_right ? 1 : n;
  for (int line = 0; line < n; ++line) {
    long double along = 0;
    for (int i = 0; i < n; ++i) along += (long double)v[i] * a[line * stride + i * step];
    for (int i = 0; i < n; ++i) a[line * stride + i * step] -= (double)(2 * along / square * v[i]);
  }
}

static double *new_known(spectrum kind, int n, int is_symmetric) {
  double *a = new_array(n * n), *v = new_normals(9, n), *w = new_normals(10, n);
  for (int i = 0; i < n; ++i) a[i * (n + 1)] = known_value(kind, n, i);
  reflect(n, v, 0, a);
  reflect(n, is_symmetric ? v : w, 1, a);
  free(v);
  free(w);
  return a;
}

/* With the product A V at hand: values, residual |A V - V w| and V'V = I, to a few n eps |A|. */
static void check_pairs(int n, int k, spectrum kind, const double *values, const double *V,
                        const double *image) {
  const double scale = fmax(fabs(known_value(kind, n, 0)), fabs(known_value(kind, n, n - 1)));
  const double bound = 10 * n * DBL_EPSILON * scale;
  double residual = 0;
  for (int c = 0; c < k; ++c) {
    ASSERT_AT_MOST(fabs(values[c] - known_value(kind, n, c)), bound);
    for (int i = 0; image && i < n; ++i)
      residual = fmax(residual, fabs(image[c * n + i] - values[c] * V[c * n + i]));
  }
  ASSERT_AT_MOST(residual, bound);
  double *gram = new_product(1, 0, k, n, k, V, V);
  ASSERT_AT_MOST(departure_plain(k, gram), 10 * n * DBL_EPSILON);
  free(gram);
}

static void check_eigen(spectrum kind, int n, int k) {
  int status = -1;
  double *a = new_known(kind, n, 1), *values = new_array(k);
  tv_distmat *A = new_distributed(n, n, a), *V = new_distributed(n, k, NULL);
  ASSERT_DONE(tv_eigen_top(A, k, values, V, &status));
  ASSERT_ALL(status == 0);
  double *vectors = gathered(V), *image = new_product(0, 0, n, n, k, a, vectors);
  check_pairs(n, k, kind, values, vectors, image);
  tv_distmat_destroy(&A);
  tv_distmat_destroy(&V);
  double *const arrays[] = {a, values, vectors, image};
  for (int i = 0; i < 4; ++i) free(arrays[i]);
}

/* Few by one routine of ScaLAPACK, many and all by another. */
START_TEST(leading_eigenpairs) {
  for (int i = 0; i < SIZES; ++i)
    for (int kind = 0; kind < SPECTRA; ++kind) {
      const int n = sizes[i], counts[] = {1, n / 8, n / 3, n / 2, n};
      for (int j = 0; j < 5; ++j)
        if (counts[j] > 0) check_eigen((spectrum)kind, n, counts[j]);
    }
  for (int kind = 0; kind < SPECTRA; ++kind) {
    check_eigen((spectrum)kind, 200, 10);
    check_eigen((spectrum)kind, 200, 35);
  }
}

/* Right singular vectors: |A v| is the singular value, and they are orthonormal. */
static void check_singular(spectrum kind, int n, int k) {
  int status = -1;
  double *a = new_known(kind, n, 0), *values = new_array(k), *norms = new_array(k);
  tv_distmat *A = new_distributed(n, n, a), *V = new_distributed(n, k, NULL);
  ASSERT_DONE(tv_singular_top(A, k, values, V, &status));
  ASSERT_ALL(status == 0);
  double *vectors = gathered(V), *image = new_product(0, 0, n, n, k, a, vectors);
  for (int c = 0; c < k; ++c) norms[c] = norm_plain(n, image + c * n);
  check_pairs(n, k, kind, values, vectors, NULL);
  check_pairs(n, k, kind, norms, vectors, NULL);
  double *gram = new_product(1, 0, k, n, k, image, image);
  for (int j = 0; j < k * k; ++j)
    ASSERT_AT_MOST(j % (k + 1) == 0 ? 0 : fabs(gram[j]),
                   10 * n * DBL_EPSILON * norms[0] * norms[0]);
  tv_distmat_destroy(&A);
  tv_distmat_destroy(&V);
  double *const arrays[] = {a, values, norms, vectors, image, gram};
  for (int i = 0; i < 6; ++i) free(arrays[i]);
}

START_TEST(leading_singular_pairs) {
  for (int i = 0; i < SIZES; ++i)
    for (int kind = 0; kind < INDEFINITE; ++kind) {
      check_singular((spectrum)kind, sizes[i], (sizes[i] + 2) / 3);
      check_singular((spectrum)kind, sizes[i], sizes[i]);
    }
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  TCase *tests = tcase_create("dense");
  tcase_add_checked_fixture(tests, open_grid, close_grid);
  tcase_add_test(tests, grids_are_nearly_square);
  tcase_add_test(tests, scattered_matrices_are_gathered_again);
  tcase_add_test(tests, products_are_those_of_plain_loops);
  tcase_add_test(tests, dot_and_trace_are_sums);
  tcase_add_test(tests, gram_and_cholesky);
  tcase_add_test(tests, status_is_the_minor_that_is_not_positive);
  tcase_add_test(tests, triangular_systems_are_solved);
  tcase_add_test(tests, leading_eigenpairs);
  tcase_add_test(tests, leading_singular_pairs);
  return run_tests(tests);
}
