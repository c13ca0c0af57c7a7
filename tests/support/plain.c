#include "plain.h"

double *new_array(int64_t count) {
  double *array = calloc(count > 0 ? (size_t)count : 1, sizeof(*array));
  if (!array) MPI_Abort(MPI_COMM_WORLD, 99);
  return array;
}

double *new_normals(uint64_t seed, int64_t count) {
  double *array = new_array(count);
  tv_random_normals((tv_stream){seed, TV_FOR_NOISE, 0}, 0, (int)count, array);
  return array;
}

double *new_product(int a_transposed, int b_transposed, int rows, int inner, int columns,
                    const double *a, const double *b) {
  double *c = new_array((int64_t)rows * columns);
  for (int j = 0; j < columns; ++j)
    for (int i = 0; i < rows; ++i) {
      long double sum = 0;
      for (int m = 0; m < inner; ++m)
        sum += (long double)(a_transposed ? a[i * inner + m] : a[m * rows + i]) *
               (b_transposed ? b[m * columns + j] : b[j * inner + m]);
      c[j * rows + i] = (double)sum;
    }
  return c;
}

double dot_plain(int64_t count, const double *a, const double *b) {
  long double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += (long double)a[i] * b[i];
  return (double)sum;
}

double norm_plain(int64_t count, const double *a) {
  return sqrt(dot_plain(count, a, a));
}

double largest_difference(int64_t count, const double *a, const double *b) {
  double largest = 0;
  for (int64_t i = 0; i < count; ++i) {
    const double difference = fabs(a[i] - b[i]);
    if (!isfinite(difference)) return INFINITY;
    largest = fmax(largest, difference);
  }
  return largest;
}

double departure_plain(int n, const double *a) {
  double largest = 0;
  for (int i = 0; i < n * n; ++i) largest = fmax(largest, fabs(a[i] - (i % (n + 1) == 0)));
  return largest;
}

double *gathered(const tv_distmat *matrix) {
  double *whole = new_array((int64_t)matrix->rows * matrix->columns);
  tv_distmat_gather(matrix, whole);
  return whole;
}

/* Zero the (row, column) entry of a symmetric matrix by a rotation, turning `vectors` along. */
static void rotate_jacobi(int n, int row, int column, long double *a, long double *vectors) {
  const long double entry = a[column * n + row];
  if (entry == 0) return;
  const long double tau = (a[column * n + column] - a[row * n + row]) / (2 * entry);
  const long double t = (tau >= 0 ? 1 : -1) / (fabsl(tau) + sqrtl(1 + tau * tau));
  const long double c = 1 / sqrtl(1 + t * t), s = t * c;
  for (int i = 0; i < n; ++i) {
    const long double x = a[row * n + i], y = a[column * n + i];
    const long double v = vectors[row * n + i], w = vectors[column * n + i];
    a[row * n + i] = c * x - s * y;
    a[column * n + i] = s * x + c * y;
    vectors[row * n + i] = c * v - s * w;
    vectors[column * n + i] = s * v + c * w;
  }
  for (int i = 0; i < n; ++i) {
    const long double x = a[i * n + row], y = a[i * n + column];
    a[i * n + row] = c * x - s * y;
    a[i * n + column] = s * x + c * y;
  }
}

static void copy_descending(int n, const long double *a, const long double *all, double *values,
                            double *vectors) {
  for (int i = 0; i < n; ++i) {
    int place = 0;
    for (int j = 0; j < n; ++j)
      place += a[j * (n + 1)] > a[i * (n + 1)] || (j < i && a[j * (n + 1)] == a[i * (n + 1)]);
    values[place] = (double)a[i * (n + 1)];
    for (int j = 0; vectors && j < n; ++j) vectors[place * n + j] = (double)all[i * n + j];
  }
}

void jacobi(int n, const double *matrix, double *values, double *vectors) {
  enum { SWEEPS = 30 };
  const size_t size = (size_t)n * (size_t)n;
  long double *a = calloc(2 * size, sizeof(*a)), *all = a + size;
  if (!a) MPI_Abort(MPI_COMM_WORLD, 99);
  for (size_t i = 0; i < size; ++i) {
    a[i] = matrix[i];
    all[i] = i % ((size_t)n + 1) == 0;
  }
  for (int sweep = 0; sweep < SWEEPS; ++sweep) {
    int turned = 0;
    for (int column = 1; column < n; ++column)
      for (int row = 0; row < column; ++row) {
        const long double scale = fabsl(a[row * (n + 1)]) * fabsl(a[column * (n + 1)]);
        if (fabsl(a[column * n + row]) <= LDBL_EPSILON * sqrtl(scale)) continue;
        rotate_jacobi(n, row, column, a, all);
        turned = 1;
      }
    if (!turned) break;
  }
  copy_descending(n, a, all, values, vectors);
  free(a);
}

void solve_plain(int n, int columns, const double *s, double *b) {
  const int width = n + columns;
  long double *a = calloc((size_t)n * (size_t)width, sizeof(*a));
  if (!a) MPI_Abort(MPI_COMM_WORLD, 99);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < width; ++j) a[i * width + j] = j < n ? s[j * n + i] : b[(j - n) * n + i];
  for (int m = 0; m < n; ++m)
    for (int i = 0; i < n; ++i) {
      if (i == m) continue;
      const long double factor = a[i * width + m] / a[m * width + m];
      for (int j = m; j < width; ++j) a[i * width + j] -= factor * a[m * width + j];
    }
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < columns; ++j)
      b[j * n + i] = (double)(a[i * width + n + j] / a[i * width + i]);
  free(a);
}
