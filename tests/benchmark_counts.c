/* Sparse counts, from the file to the moments of their most variable features, normalised, beside
 * what cannot be spared: unpacking every number of the file once, and the products of the features
 * that are left, as dsyrk. `benchmark_counts 100000` is of so many rows. */
#include "moments/products.h"
#include "support/benchmark.h"

#include <hdf5.h>
#include <string.h>
#include <unistd.h>

#include "twoview/hdf5/error.h"
#include "twoview/linalg/fortran.h"
#include "twoview/moments/moments.h"

enum { COLUMNS = 20000, OF_ROW = 1000, CHOSEN = 2000, BATCH = 512, CHUNK = 1 << 16, ROUNDS = 3 };

static const double limit = 2; /* of the time for reading and the products */

static const char text[] = "source: {type: hdf5, file: %s, samples: X}\n"
                           "features: {normalise: counts, variable: %d}\n"
                           "augmentation: {chain: [{type: noise, deviation: 0.1}]}\n"
                           "samples: [%d]\n"
                           "encoder: {k: 10}\n"
                           "methods: [RC, JE]\n"
                           "archive: {representations: none}\n";

typedef struct {
  char path[64], experiment[1024];
  int rows, knows_zeros;
  float *values;
  int *columns;
  double *u, *matrix; /* a batch of the chosen features, and their products */
} task;

/* ---- The file ---- */

static hid_t create_part(hid_t group, const char *name, hid_t type, hsize_t length) {
  const hsize_t chunk = length < CHUNK ? length : CHUNK;
  const hid_t space = H5Screate_simple(1, &length, NULL), packed = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(packed, 1, &chunk);
  H5Pset_shuffle(packed);
  H5Pset_deflate(packed, 4);
  const hid_t part = H5Dcreate2(group, name, type, space, H5P_DEFAULT, packed, H5P_DEFAULT);
  H5Pclose(packed);
  H5Sclose(space);
  return part;
}

static void select_rows(hid_t part, int64_t first, int count, hid_t *file, hid_t *memory) {
  const hsize_t start = (hsize_t)(first * OF_ROW), length = (hsize_t)count * OF_ROW;
  *file = H5Dget_space(part);
  *memory = H5Screate_simple(1, &length, NULL);
  H5Sselect_hyperslab(*file, H5S_SELECT_SET, &start, NULL, &length, NULL);
}

static void move_rows(hid_t part, hid_t type, int64_t first, int count, int is_written,
                      void *values) {
  hid_t file, memory;
  select_rows(part, first, count, &file, &memory);
  const herr_t status = is_written ? H5Dwrite(part, type, memory, file, H5P_DEFAULT, values)
                                   : H5Dread(part, type, memory, file, H5P_DEFAULT, values);
  if (status < 0) demand(tv_hdf5_fail("rows %lld of the benchmark", (long long)first));
  H5Sclose(memory);
  H5Sclose(file);
}

/* Columns in gaps about COLUMNS / OF_ROW, and small counts, of some columns larger ones. */
static void draw_row(uint64_t *state, float *values, int *columns) {
  int column = -1;
  for (int i = 0; i < OF_ROW; ++i) {
    *state = *state * UINT64_C(6364136223846793005) + 1;
    const unsigned bits = (unsigned)(*state >> 33);
    column += 1 + (int)(bits % (2 * COLUMNS / OF_ROW - 2));
    if (column > COLUMNS - OF_ROW + i) column = COLUMNS - OF_ROW + i; /* room for the others */
    columns[i] = column;
    values[i] = (float)(1 + (bits >> 8) % (column % 10 ? 3 : 20));
  }
}

static void write_attributes(hid_t group, int rows) {
  const hsize_t two = 2;
  const int64_t shape[] = {rows, COLUMNS};
  const hid_t type = H5Tcopy(H5T_C_S1), one = H5Screate(H5S_SCALAR),
              pair = H5Screate_simple(1, &two, NULL);
  H5Tset_size(type, sizeof "csr_matrix");
  const hid_t encoding = H5Acreate2(group, "encoding-type", type, one, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t numbers = H5Acreate2(group, "shape", H5T_STD_I64LE, pair, H5P_DEFAULT, H5P_DEFAULT);
  H5Awrite(encoding, type, "csr_matrix");
  H5Awrite(numbers, H5T_NATIVE_INT64, shape);
  H5Aclose(numbers);
  H5Aclose(encoding);
  H5Sclose(pair);
  H5Sclose(one);
  H5Tclose(type);
}

static void write_begins(hid_t group, int rows) {
  const hsize_t length = (hsize_t)rows + 1;
  const hid_t space = H5Screate_simple(1, &length, NULL);
  const hid_t part =
      H5Dcreate2(group, "indptr", H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  int64_t *begins;
  demand(tv_allocate(rows + 1, sizeof *begins, &begins));
  for (int64_t i = 0; i <= rows; ++i) begins[i] = i * OF_ROW;
  H5Dwrite(part, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, begins);
  free(begins);
  H5Dclose(part);
  H5Sclose(space);
}

static void write_file(task *t) {
  const hid_t file = H5Fcreate(t->path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t group = H5Gcreate2(file, "X", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  const hsize_t numbers = (hsize_t)t->rows * OF_ROW;
  const hid_t data = create_part(group, "data", H5T_IEEE_F32LE, numbers);
  const hid_t indices = create_part(group, "indices", H5T_STD_I32LE, numbers);
  uint64_t state = 1;
  for (int64_t first = 0; first < t->rows; first += BATCH) {
    const int count = t->rows - first < BATCH ? (int)(t->rows - first) : BATCH;
    for (int i = 0; i < count; ++i)
      draw_row(&state, t->values + i * OF_ROW, t->columns + i * OF_ROW);
    move_rows(data, H5T_NATIVE_FLOAT, first, count, 1, t->values);
    move_rows(indices, H5T_NATIVE_INT, first, count, 1, t->columns);
  }
  write_attributes(group, t->rows);
  write_begins(group, t->rows);
  H5Dclose(indices);
  H5Dclose(data);
  H5Gclose(group);
  if (H5Fclose(file) < 0) demand(tv_hdf5_fail("%s", t->path));
}

/* ---- What is measured ---- */

static void run_all(void *context) {
  task *t = context;
  benchmark_data data = open_text(t->experiment);
  tv_moments *moments = NULL;
  demand(tv_moments_collect(&data.sampling, NULL, 0, &moments));
  tv_moments_destroy(&moments);
  close_data(&data);
}

static void run_least(void *context) {
  task *t = context;
  const double unit = 1;
  const int width = CHOSEN;
  const hid_t file = H5Fopen(t->path, H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t data = H5Dopen2(file, "X/data", H5P_DEFAULT);
  const hid_t indices = H5Dopen2(file, "X/indices", H5P_DEFAULT);
  for (int64_t first = 0; first < t->rows; first += BATCH) {
    const int count = t->rows - first < BATCH ? (int)(t->rows - first) : BATCH;
    move_rows(data, H5T_NATIVE_FLOAT, first, count, 0, t->values);
    move_rows(indices, H5T_NATIVE_INT, first, count, 0, t->columns);
    if (t->knows_zeros)
      demand(tv_products_add(count, CHOSEN, t->u, t->matrix));
    else
      dsyrk_("L", "N", &width, &count, &unit, t->u, &width, &unit, t->matrix, &width, 1, 1);
  }
  H5Dclose(indices);
  H5Dclose(data);
  H5Fclose(file);
}

int main(int argc, char **argv) {
  tv_hdf5_prepare();
  MPI_Init(&argc, &argv);
  tv_limit_blas_threads();
  task t = {.rows = argc > 1 ? atoi(argv[1]) : 20000};
  const char *folder = getenv("TMPDIR");
  snprintf(t.path, sizeof t.path, "%.32s/counts.%d.h5", folder ? folder : "/tmp", (int)getpid());
  snprintf(t.experiment, sizeof t.experiment, text, t.path, CHOSEN, t.rows);
  demand(tv_allocate(BATCH * OF_ROW, sizeof *t.values, &t.values));
  demand(tv_allocate(BATCH * OF_ROW, sizeof *t.columns, &t.columns));
  demand(tv_allocate(BATCH * CHOSEN, sizeof *t.u, &t.u));
  demand(tv_allocate(CHOSEN * CHOSEN, sizeof *t.matrix, &t.matrix));
  write_file(&t);
  for (int i = 0; i < BATCH * CHOSEN; ++i) t.u[i] = i % 20 == 0;
  const double all = least_processor_time(ROUNDS, run_all, &t),
               least = least_processor_time(ROUNDS, run_least, &t);
  t.knows_zeros = 1;
  const double ratio = all / least, of_zeros = all / least_processor_time(ROUNDS, run_least, &t);
  printf("%d x %d counts, 5 %% of them not 0, to the moments of %d features: %.2f s; reading and "
         "products %.2f s, ratio %.2f (at most %.1f); with products of what is not 0 alone %.2f\n",
         t.rows, COLUMNS, CHOSEN, all, least, ratio, limit, of_zeros);
  remove(t.path);
  free(t.matrix);
  free(t.u);
  free(t.columns);
  free(t.values);
  MPI_Finalize();
  return ratio > limit;
}
