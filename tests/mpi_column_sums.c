/* Moments whose columns are spread over the ranks, against whole ones. */
#include "support/pipeline.h"

#include "twoview/data/held_out.h"
#include "twoview/moments/column_sums.h"

enum { D = 100, L = 3, WIDTH = D + L + 1, ROWS = 2000, REPLICATES = 2, LEVELS = 2 };

/* Of blocks of 32 columns there are 4: of 7 ranks 3 have none. */
#define VIEWS                                                                                      \
  "augmentation: {chain: [{type: noise, deviation: 1}]}\n"                                         \
  "test: {fraction: 0.2}\n"                                                                        \
  "replicates: 2\n"                                                                                \
  "samples: [300, 1500]\n"                                                                         \
  "encoder: {k: 3}\n"                                                                              \
  "parallel: {shards: 5}\n"

static const char generated[] = "source:\n"
                                "  type: gaussian\n"
                                "  power_law: {features: 100, scale: 4, exponent: 0.6}\n"
                                "  teacher: {type: classes, targets: 3}\n" VIEWS;

static char from_file[1024], folder[256], name[300];

/* An experiment of a file that rank 0 writes, and removes. */
static const char *write_file(void) {
  make_folder(folder);
  snprintf(name, sizeof name, "%s/data.h5", folder);
  snprintf(from_file, sizeof from_file,
           "source: {type: hdf5, file: %s, samples: x, targets: y}\n" VIEWS, name);
  if (world_rank() == 0) {
    double *x = new_normals(5, ROWS * D), *y = new_normals(6, ROWS * L);
    for (int i = 0; i < ROWS * D; ++i) x[i] += i % D;
    const hid_t file = H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    add_dataset(file, "x", H5T_NATIVE_DOUBLE, 2, ROWS, D, x);
    add_dataset(file, "y", H5T_NATIVE_DOUBLE, 2, ROWS, L, y);
    H5Fclose(file);
    free(x);
    free(y);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  return from_file;
}

static void remove_file(void) {
  MPI_Barrier(MPI_COMM_WORLD);
  ASSERT_ALL(world_rank() != 0 || (unlink(name) == 0 && rmdir(folder) == 0));
}

/* Those of a sampling, on a communicator; the caller destroys all three. */
typedef struct {
  pipeline p;
  tv_held_out held_out;
  tv_sampling sampling;
  tv_grid *row;
  tv_column_sums *sums;
  tv_moments *whole;
} columns;

static void open_columns(const char *text, int are_held_out, MPI_Comm comm, columns *c) {
  *c = (columns){0};
  ASSERT_DONE(open_pipeline(text, comm, &c->p));
  ASSERT_DONE(tv_held_out_open(c->p.experiment, c->p.source, comm, &c->held_out));
  c->sampling = c->p.sampling;
  if (are_held_out) c->sampling = tv_held_out_sampling(&c->held_out, &c->p.sampling);
  ASSERT_DONE(tv_grid_create_row(comm, TV_SMALL_BLOCK, &c->row));
  ASSERT_DONE(tv_column_sums_create(&c->sampling, c->row, &c->sums));
  ASSERT_DONE(tv_moments_collect(&c->sampling, NULL, 0, &c->whole));
}

static void close_columns(columns *c) {
  tv_moments_destroy(&c->whole);
  tv_column_sums_destroy(&c->sums);
  tv_grid_destroy(&c->row);
  tv_held_out_release(&c->held_out);
  close_pipeline(&c->p);
}

/* The largest difference of the sums, relative to what their terms may add up to. */
static double apart(const tv_moment_matrix *spread, const tv_moment_matrix *whole) {
  double *inputs = gathered(spread->inputs), *cross = gathered(spread->cross), largest = 0;
  const double *m = whole->whole, *ones = m + (WIDTH - 1) * WIDTH;
  for (int j = 0; j < D + L; ++j) {
    const double size = sqrt(m[j * (WIDTH + 1)]);
    for (int i = 0; i < D; ++i) {
      const double is = j < D ? inputs[j * D + i] : cross[(j - D) * D + i];
      largest = fmax(largest, fabs(is - m[j * WIDTH + i]) / (size * sqrt(m[i * (WIDTH + 1)])));
    }
    largest = fmax(largest, fabs(spread->vectors[j] - ones[j]) / (size * sqrt((double)whole->n)));
  }
  for (int t = D; t < D + L; ++t)
    largest = fmax(largest, fabs(spread->vectors[t + L] / m[t * (WIDTH + 1)] - 1));
  free(inputs);
  free(cross);
  return largest;
}

static void compare(const char *text, int are_held_out) {
  columns together, alone;
  tv_progress unseen = {0};
  char digest[TV_DIGEST_LENGTH], expected[TV_DIGEST_LENGTH], last[TV_DIGEST_LENGTH] = "";
  open_columns(text, are_held_out, MPI_COMM_WORLD, &together);
  open_columns(text, are_held_out, MPI_COMM_SELF, &alone);
  for (int replicate = 0; replicate < REPLICATES; ++replicate)
    for (int level = 0; level < together.sampling.sizes_count; ++level) {
      ASSERT_DONE(tv_column_sums_advance(together.sums, replicate, level, &unseen));
      ASSERT_DONE(tv_column_sums_advance(alone.sums, replicate, level, &unseen));
      const tv_moment_matrix is =
          tv_moments_at(tv_column_sums_moments(together.sums), replicate, 0, level);
      const tv_moment_matrix of_one =
          tv_moments_at(tv_column_sums_moments(alone.sums), replicate, 0, level);
      const tv_moment_matrix whole = tv_moments_at(together.whole, replicate, 0, level);
      ASSERT_ALL(is.n == whole.n && of_one.n == whole.n);
      ASSERT_AT_MOST(apart(&is, &whole), (double)whole.n * DBL_EPSILON);
      ASSERT_DONE(tv_moments_digest(&is, digest));
      ASSERT_DONE(tv_moments_digest(&of_one, expected));
      ASSERT_ALL(strcmp(digest, expected) == 0 && strcmp(digest, last) != 0);
      memcpy(last, digest, sizeof last);
    }
  close_columns(&together);
  close_columns(&alone);
}

START_TEST(sums_of_generated_rows_are_those_of_whole_moments) {
  compare(generated, 0);
  compare(generated, 1);
}

START_TEST(sums_of_rows_of_a_file_are_those_of_whole_moments) {
  const char *text = write_file();
  compare(text, 0);
  compare(text, 1);
  remove_file();
}

/* A larger size alone has the bits that it has after a smaller one; a smaller one, or another
 * replicate, starts again. */
START_TEST(sizes_may_be_left_out) {
  columns c;
  tv_progress unseen = {0};
  const int levels[] = {1, 0, 1};
  char digest[3][TV_DIGEST_LENGTH];
  open_columns(write_file(), 0, MPI_COMM_WORLD, &c);
  for (int i = 0; i < 3; ++i) {
    ASSERT_DONE(tv_column_sums_advance(c.sums, 1, levels[i], &unseen));
    const tv_moment_matrix m = tv_moments_at(tv_column_sums_moments(c.sums), 1, 0, levels[i]);
    ASSERT_DONE(tv_moments_digest(&m, digest[i]));
  }
  ASSERT_ALL(strcmp(digest[0], digest[2]) == 0 && strcmp(digest[0], digest[1]) != 0);
  close_columns(&c);
  remove_file();
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  TCase *tests = tcase_create("column_sums");
  tcase_add_test(tests, sums_of_generated_rows_are_those_of_whole_moments);
  tcase_add_test(tests, sums_of_rows_of_a_file_are_those_of_whole_moments);
  tcase_add_test(tests, sizes_may_be_left_out);
  return run_tests(tests);
}
