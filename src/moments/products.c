#include "products.h"

#include <stdint.h>
#include <stdlib.h>

#include "twoview/linalg/fortran.h"

/* A product of two numbers that are looked up takes as long as so many of dsyrk's. */
static const double price = 32;

/* The numbers that are not 0, by rows and, as their places there, by columns. */
typedef struct {
  int rows, width;
  int *begin, *column; /* of each row; of each number */
  double *value;
  int *begin_column, *row, *place; /* of each column; of each number in it, from the first row on */
} sparse;

static int count_row(int width, const double *row) {
  int count = 0;
  for (int j = 0; j < width; ++j) count += row[j] != 0;
  return count;
}

/* Their number; negative: dsyrk is cheaper. */
static int count_numbers(int rows, int width, const double *u) {
  double products = 0;
  int numbers = 0;
  for (int i = 0; i < rows; ++i) {
    const int count = count_row(width, u + (int64_t)i * width);
    products += (double)count * count;
    numbers += count;
    if (price * products > (double)rows * width * width) return -1;
  }
  return numbers;
}

static void fill_rows(const double *u, sparse *s) {
  int at = 0;
  for (int i = 0; i < s->rows; ++i) {
    s->begin[i] = at;
    for (int j = 0; j < s->width; ++j) {
      const double value = u[(int64_t)i * s->width + j];
      if (value == 0) continue;
      s->column[at] = j;
      s->value[at++] = value;
      ++s->begin_column[j + 1];
    }
  }
  s->begin[s->rows] = at;
}

/* `begin_column` moves on while columns are filled, and is moved back. */
static void fill_columns(sparse *s) {
  for (int j = 0; j < s->width; ++j) s->begin_column[j + 1] += s->begin_column[j];
  for (int i = 0; i < s->rows; ++i)
    for (int at = s->begin[i]; at < s->begin[i + 1]; ++at) {
      const int to = s->begin_column[s->column[at]]++;
      s->row[to] = i;
      s->place[to] = at;
    }
  for (int j = s->width; j > 0; --j) s->begin_column[j] = s->begin_column[j - 1];
  s->begin_column[0] = 0;
}

/* Column by column of the matrix, which stays in the cache meanwhile. */
static void multiply(const sparse *s, double *matrix) {
  for (int j = 0; j < s->width; ++j) {
    double *out = matrix + (int64_t)j * s->width;
    for (int to = s->begin_column[j]; to < s->begin_column[j + 1]; ++to) {
      const int end = s->begin[s->row[to] + 1];
      const double value = s->value[s->place[to]];
      for (int at = s->place[to]; at < end; ++at) out[s->column[at]] += value * s->value[at];
    }
  }
}

static tv_error *allocate(int numbers, sparse *s) {
  TV_TRY(tv_allocate(s->rows + 1, sizeof *s->begin, &s->begin));
  TV_TRY(tv_allocate(numbers, sizeof *s->column, &s->column));
  TV_TRY(tv_allocate(numbers, sizeof *s->value, &s->value));
  TV_TRY(tv_allocate(s->width + 1, sizeof *s->begin_column, &s->begin_column));
  TV_TRY(tv_allocate(numbers, sizeof *s->row, &s->row));
  return tv_allocate(numbers, sizeof *s->place, &s->place);
}

tv_error *tv_products_add(int rows, int width, const double *u, double *matrix) {
  const double unit = 1;
  const int numbers = count_numbers(rows, width, u);
  sparse s = {.rows = rows, .width = width};
  if (numbers < 0) {
    dsyrk_("L", "N", &width, &rows, &unit, u, &width, &unit, matrix, &width, 1, 1);
    return NULL;
  }
  tv_error *error = allocate(numbers, &s);
  if (!error) {
    fill_rows(u, &s);
    fill_columns(&s);
    multiply(&s, matrix);
  }
  free(s.begin);
  free(s.column);
  free(s.value);
  free(s.begin_column);
  free(s.row);
  free(s.place);
  return error;
}
