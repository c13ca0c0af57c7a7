/* Products of rows, most of whose numbers are 0 or not, against plain loops. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "moments/products.h"
#include "support/unit.h"

enum { ROWS = 200, WIDTH = 70 };

/* Rows of that share of numbers, and an empty row and column among them. */
static void draw(double share, int rows, double *u) {
  unsigned state = 7;
  for (int i = 0; i < rows * WIDTH; ++i) {
    state = state * 1664525u + 1013904223u;
    const int is_there = (state >> 8) % 1000 < 1000 * share;
    state = state * 1664525u + 1013904223u;
    u[i] = is_there && i / WIDTH != 1 && i % WIDTH != 5 ? (state >> 8) / 1e6 - 8 : 0;
  }
}

/* The sum of `rows` products, in any order, has an error of rows eps of that of their sizes. */
static void compare(double share, int rows) {
  static double u[ROWS * WIDTH], found[WIDTH * WIDTH];
  draw(share, rows, u);
  for (int i = 0; i < WIDTH * WIDTH; ++i) found[i] = i;
  expect_success(tv_products_add(rows, WIDTH, u, found));
  for (int j = 0; j < WIDTH; ++j)
    for (int i = 0; i < WIDTH; ++i) {
      double sum = j * WIDTH + i, size = sum;
      for (int r = 0; r < rows && i >= j; ++r) {
        sum += u[r * WIDTH + i] * u[r * WIDTH + j];
        size += fabs(u[r * WIDTH + i] * u[r * WIDTH + j]);
      }
      ck_assert_msg(fabs(found[j * WIDTH + i] - sum) <= (rows + 1) * DBL_EPSILON * size,
                    "share %g, rows %d, entry %d %d", share, rows, i, j);
    }
}

START_TEST(products_of_few_and_of_many_numbers) {
  static const double shares[] = {0, 0.01, 0.1, 0.16, 0.19, 0.5, 1};
  for (size_t i = 0; i < sizeof shares / sizeof *shares; ++i) {
    compare(shares[i], ROWS);
    compare(shares[i], 1);
  }
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("products");
  tcase_add_test(cases, products_of_few_and_of_many_numbers);
  return unit_run("products", cases);
}
