#include "twoview/linalg/pivoted.h"

#include <float.h>
#include <math.h>

#include "support/unit.h"

enum { N = 5 };

static const double ones[N] = {1, 1, 1, 1, 1};

/* A = B B' of so many columns, whose entries are whole numbers below 10: all sums are exact. */
static void make_gram(int columns, double *a) {
  static const double b[N][N] = {
      {1, 7, -2, 3, 5}, {4, -1, 6, 0, 2}, {9, 3, 1, -5, 8}, {2, 2, -7, 4, 1}, {6, 0, 3, 9, -4}};
  for (int j = 0; j < N; ++j)
    for (int i = 0; i < N; ++i) {
      a[j * N + i] = 0;
      for (int c = 0; c < columns; ++c) a[j * N + i] += b[i][c] * b[j][c];
    }
}

/* Backward error of Cholesky: n eps times the largest diagonal entry, which bounds all others; what
 * is left beyond the rank is below the tolerance, which is no more. */
static void expect_factor(const double *a, const double *l, const int *pivots, int rank) {
  double largest = 0;
  for (int i = 0; i < N; ++i) largest = fmax(largest, a[i * N + i]);
  for (int j = 0; j < N; ++j)
    for (int i = j; i < N; ++i) {
      double sum = 0;
      for (int c = 0; c < rank && c <= j; ++c) sum += l[c * N + i] * l[c * N + j];
      ck_assert_double_le(fabs(sum - a[(pivots[j] - 1) * N + pivots[i] - 1]),
                          2 * N * DBL_EPSILON * largest);
    }
}

START_TEST(factor_of_any_rank) {
  double a[N * N], l[N * N];
  int pivots[N], rank;
  make_gram(_i, a);
  make_gram(_i, l);
  expect_success(tv_pivoted_cholesky(N, l, ones, N * DBL_EPSILON * 200, pivots, &rank));
  ck_assert_int_eq(rank, _i);
  expect_factor(a, l, pivots, rank);
}
END_TEST

/* Diagonal: the pivots go by size, up to the tolerance. */
START_TEST(rank_ends_at_the_tolerance) {
  double a[9] = {1e-3, 0, 0, 0, 4, 0, 0, 0, 1e-5};
  int pivots[3], rank;
  expect_success(tv_pivoted_cholesky(3, a, ones, 1e-4, pivots, &rank));
  ck_assert_int_eq(rank, 2);
  ck_assert_int_eq(pivots[0], 2);
  ck_assert_int_eq(pivots[1], 1);
  ck_assert_double_eq(a[0], 2);
}
END_TEST

/* Rows of very different size, scaled by it, keep the rank and the factor of their like. */
START_TEST(small_rows_count_as_much_as_large_ones) {
  static const double sizes[N] = {1, 0x1p-30, 0x1p40, 0x1p-60, 0x1p-10};
  double plain[N * N], graded[N * N];
  int pivots[N], others[N], rank, other;
  make_gram(_i, plain);
  for (int j = 0; j < N; ++j)
    for (int i = 0; i < N; ++i) graded[j * N + i] = plain[j * N + i] * sizes[i] * sizes[j];
  expect_success(tv_pivoted_cholesky(N, plain, ones, N * DBL_EPSILON * 200, pivots, &rank));
  expect_success(tv_pivoted_cholesky(N, graded, sizes, N * DBL_EPSILON * 200, others, &other));
  ck_assert_int_eq(rank, _i);
  ck_assert_int_eq(other, rank);
  ck_assert_mem_eq(others, pivots, sizeof pivots);
  for (int j = 0; j < rank; ++j)
    for (int i = j; i < N; ++i) ck_assert_double_eq(graded[j * N + i], plain[j * N + i]);
}
END_TEST

/* A row without size is none, whatever rounding left in it. */
START_TEST(rows_without_size_add_nothing) {
  static const double sizes[3] = {1, 0, 1};
  double a[9] = {1, 0, 0, 0, 1e-30, 0, 0, 0, 1};
  int pivots[3], rank;
  expect_success(tv_pivoted_cholesky(3, a, sizes, 3 * DBL_EPSILON, pivots, &rank));
  ck_assert_int_eq(rank, 2);
  ck_assert_int_eq(pivots[2], 2);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("pivoted");
  tcase_add_loop_test(cases, factor_of_any_rank, 0, N + 1);
  tcase_add_test(cases, rank_ends_at_the_tolerance);
  tcase_add_loop_test(cases, small_rows_count_as_much_as_large_ones, 0, N + 1);
  tcase_add_test(cases, rows_without_size_add_nothing);
  return unit_run("pivoted", cases);
}
