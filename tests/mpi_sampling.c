#include "support/pipeline.h"

enum { P = 6, Q = 5, L = 3, WIDTH = P + Q + L + 1, N = 3000, REPLICATES = 2, LEVELS = 3 };

static const char gaussian[] = "seed: 3\n"
                               "replicates: 2\n"
                               "source:\n"
                               "  type: gaussian\n"
                               "  power_law: {features: 6, scale: 4, exponent: 0.6}\n"
                               "  teacher: {type: linear, targets: 3, noise: 0.1}\n"
                               "noise: {components: 5, lambda_max: [1, 10]}\n"
                               "augmentation: {theta_max: 0.5, alpha: [1]}\n"
                               "samples: [50, 700, 3000]\n"
                               "encoder: {k: 3}\n"
                               "parallel: {shards: %d}\n";

static char experiment_text[1024];

static const char *with_shards(const char *text, int shards) {
  snprintf(experiment_text, sizeof experiment_text, text, shards);
  return experiment_text;
}

static double *new_rows(const pipeline *p, tv_selection selection) {
  double *rows = new_array((selection.replicate_end - selection.replicate) *
                           (selection.end - selection.first) * p->sampling.width);
  ASSERT_DONE(tv_sampling_collect(&p->sampling, &selection, rows));
  return rows;
}

/* ---- The same bits on any number of ranks ---- */

START_TEST(moments_do_not_depend_on_ranks) {
  const int shards[] = {1, 2, 7, 64};
  for (int i = 0; i < 4; ++i) {
    pipeline together, alone;
    ASSERT_DONE(open_moments(with_shards(gaussian, shards[i]), 20, MPI_COMM_WORLD, &together));
    ASSERT_DONE(open_moments(experiment_text, 20, MPI_COMM_SELF, &alone));
    ASSERT_ALL(memcmp(together.moments->data, alone.moments->data,
                      REPLICATES * LEVELS * WIDTH * WIDTH * sizeof(double)) == 0);
    ASSERT_ALL(memcmp(together.head->rows, alone.head->rows,
                      REPLICATES * 20 * WIDTH * sizeof(double)) == 0);
    close_pipeline(&together);
    close_pipeline(&alone);
  }
}

START_TEST(rows_do_not_depend_on_ranks_or_shards) {
  pipeline together, alone;
  ASSERT_DONE(open_pipeline(with_shards(gaussian, 7), MPI_COMM_WORLD, &together));
  ASSERT_DONE(open_pipeline(with_shards(gaussian, 3), MPI_COMM_SELF, &alone));
  const tv_selection part = {1, 2, 40, 90};
  double *all = new_rows(&together, tv_sampling_everything(&together.sampling));
  double *same = new_rows(&alone, tv_sampling_everything(&alone.sampling));
  double *some = new_rows(&together, part);
  ASSERT_ALL(memcmp(all, same, REPLICATES * N * WIDTH * sizeof(double)) == 0);
  ASSERT_ALL(memcmp(some, all + (N + 40) * WIDTH, 50 * WIDTH * sizeof(double)) == 0);
  free(all);
  free(same);
  free(some);
  close_pipeline(&together);
  close_pipeline(&alone);
}

/* ---- What the rows are ---- */

START_TEST(rows_are_features_noise_targets_and_one) {
  pipeline p;
  ASSERT_DONE(open_pipeline(with_shards(gaussian, 7), MPI_COMM_WORLD, &p));
  double *rows = new_rows(&p, tv_sampling_everything(&p.sampling)), x[P], y[L], z[Q];
  int is_so = p.sampling.width == WIDTH;
  for (int r = 0; r < REPLICATES; ++r)
    for (int i = 0; i < N; ++i) {
      const double *u = rows + (r * N + i) * WIDTH;
      tv_error_free(p.source->read(p.source, r, i, 1, x, y));
      tv_random_normals((tv_stream){3, TV_FOR_NOISE, (uint32_t)r}, (uint64_t)i, Q, z);
      is_so = is_so && memcmp(u, x, sizeof x) == 0 && memcmp(u + P, z, sizeof z) == 0 &&
              memcmp(u + P + Q, y, sizeof y) == 0 && u[WIDTH - 1] == 1;
    }
  ASSERT_ALL(is_so);
  free(rows);
  close_pipeline(&p);
}

/* The largest |M_ij - sum| / sqrt(M_ii M_jj) over the first n rows. */
static double departure_from_sums(const double *matrix, const double *rows, int n) {
  double largest = 0;
  for (int i = 0; i < WIDTH; ++i)
    for (int j = 0; j < WIDTH; ++j) {
      long double sum = 0;
      for (int row = 0; row < n; ++row)
        sum += (long double)rows[row * WIDTH + i] * rows[row * WIDTH + j];
      const double scale = sqrt(matrix[i * (WIDTH + 1)] * matrix[j * (WIDTH + 1)]);
      largest = fmax(largest, fabs(matrix[i * WIDTH + j] - (double)sum) / scale);
    }
  return largest;
}

/* Nested sizes: the matrix of a level sums the first rows, of every smaller level too. */
START_TEST(moments_are_sums_over_the_first_rows) {
  pipeline p;
  const int n[LEVELS] = {50, 700, 3000};
  ASSERT_DONE(open_moments(with_shards(gaussian, 7), 20, MPI_COMM_WORLD, &p));
  double *rows = new_rows(&p, tv_sampling_everything(&p.sampling));
  for (int r = 0; r < REPLICATES; ++r) {
    const double *of_replicate = rows + r * N * WIDTH;
    for (int level = 0; level < LEVELS; ++level) {
      const double *matrix = tv_moments_at(p.moments, r, 0, level).whole;
      ASSERT_ALL(matrix[WIDTH * WIDTH - 1] == n[level]);
      ASSERT_AT_MOST(departure_from_sums(matrix, of_replicate, n[level]), n[level] * DBL_EPSILON);
    }
    ASSERT_ALL(memcmp(p.head->rows + r * 20 * WIDTH, of_replicate, 20 * WIDTH * sizeof(double)) ==
               0);
  }
  free(rows);
  close_pipeline(&p);
}

/* ---- What law they have ---- */

/* The covariance of n rows of independent normals strays from its mean by about 1/sqrt(n), on the
 * diagonal by sqrt(2/n); five of these leave room for every entry of one fixed seed. */
START_TEST(covariances_are_those_asked_for) {
  pipeline p;
  ASSERT_DONE(open_moments(with_shards(gaussian, 7), 0, MPI_COMM_WORLD, &p));
  for (int r = 0; r < REPLICATES; ++r) {
    const double *matrix = tv_moments_at(p.moments, r, 0, LEVELS - 1).whole;
    for (int i = 0; i < P + Q; ++i)
      for (int j = 0; j < P + Q; ++j) {
        const double a = i < P ? 4 * pow(i + 1, -0.6) : 1, b = j < P ? 4 * pow(j + 1, -0.6) : 1;
        const double found = matrix[i * WIDTH + j] / N / sqrt(a * b);
        ASSERT_AT_MOST(fabs(found - (i == j)), 5 * sqrt((i == j ? 2.0 : 1.0) / N));
      }
  }
  close_pipeline(&p);
}

START_TEST(replicates_are_drawn_anew) {
  pipeline p;
  ASSERT_DONE(open_pipeline(with_shards(gaussian, 7), MPI_COMM_WORLD, &p));
  double *rows = new_rows(&p, tv_sampling_everything(&p.sampling));
  int equal = 0;
  for (int i = 0; i < N; ++i)
    for (int j = 0; j < WIDTH - 1; ++j) equal += rows[i * WIDTH + j] == rows[(N + i) * WIDTH + j];
  ASSERT_ALL(equal == 0);
  free(rows);
  close_pipeline(&p);
}

/* ---- A data set whose means are large beside its spread ---- */

enum { FILE_ROWS = 500, FILE_FEATURES = 5, FILE_WIDTH = FILE_FEATURES + 2 + 1 + 1 };

static const char large_means[] = "replicates: 2\n"
                                  "source:\n"
                                  "  type: hdf5\n"
                                  "  file: %s/means.h5\n"
                                  "  samples: x\n"
                                  "  targets: y\n"
                                  "noise: {components: 2, lambda_max: [1]}\n"
                                  "augmentation: {theta_max: 0.5, alpha: [1]}\n"
                                  "samples: [100, 500]\n"
                                  "encoder: {k: 2}\n"
                                  "parallel: {shards: 7}\n";

/* Means of a million; the target of a row is its number. */
static double *write_large_means(const char *folder) {
  char path[300];
  double *x = new_normals(8, FILE_ROWS * FILE_FEATURES), y[FILE_ROWS];
  for (int i = 0; i < FILE_ROWS; ++i) {
    y[i] = i;
    for (int j = FILE_FEATURES - 1; j >= 0; --j) {
      double *entry = x + i * FILE_FEATURES + j;
      *entry = *entry / (1 + j) + (j ? 0.4 * entry[-1] : 0) + 1e6 * (j + 1);
    }
  }
  snprintf(path, sizeof path, "%s/means.h5", folder);
  if (world_rank() == 0) {
    const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    add_dataset(file, "x", H5T_NATIVE_DOUBLE, 2, FILE_ROWS, FILE_FEATURES, x);
    add_dataset(file, "y", H5T_NATIVE_DOUBLE, 2, FILE_ROWS, 1, y);
    H5Fclose(file);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  return x;
}

/* Centred first, then multiplied, in long double. */
static double *new_covariance(const double *x) {
  double *covariance = new_array(FILE_FEATURES * FILE_FEATURES);
  long double mean[FILE_FEATURES] = {0};
  for (int i = 0; i < FILE_ROWS * FILE_FEATURES; ++i)
    mean[i % FILE_FEATURES] += (long double)x[i] / FILE_ROWS;
  for (int i = 0; i < FILE_FEATURES; ++i)
    for (int j = 0; j < FILE_FEATURES; ++j) {
      long double sum = 0;
      for (int row = 0; row < FILE_ROWS; ++row)
        sum += (x[row * FILE_FEATURES + i] - mean[i]) * (x[row * FILE_FEATURES + j] - mean[j]);
      covariance[i * FILE_FEATURES + j] = (double)(sum / FILE_ROWS);
    }
  return covariance;
}

static void check_components(const pipeline *p, const double *x) {
  double *covariance = new_covariance(x), values[FILE_FEATURES];
  jacobi(FILE_FEATURES, covariance, values, NULL);
  /* differences from the first row are exact to eps of the spread, not of the mean */
  ASSERT_AT_MOST(largest_difference(FILE_FEATURES, p->features->spectrum, values),
                 FILE_ROWS * DBL_EPSILON * values[0]);
  for (int r = 0; r < 2; ++r) {
    const double *matrix = tv_moments_at(p->moments, r, 0, 1).whole;
    for (int i = 0; i < FILE_FEATURES; ++i)
      for (int j = 0; j < FILE_FEATURES; ++j) {
        const double expected = i == j ? values[i] : 0;
        /* the mean itself is rounded at 5e6 eps, and so is each row less the mean */
        ASSERT_AT_MOST(fabs(matrix[i * FILE_WIDTH + j] / FILE_ROWS - expected), 1e8 * DBL_EPSILON);
      }
  }
  free(covariance);
}

/* Every row of the file once, in an order of each replicate's own. */
static void check_permutation(const pipeline *p) {
  double *rows = new_rows(p, tv_sampling_everything(&p->sampling));
  int seen[2][FILE_ROWS] = {{0}}, same_place = 0, is_so = 1;
  int64_t number[FILE_ROWS];
  tv_sampling_rows(&p->sampling, 0, 0, FILE_ROWS, number);
  for (int i = 0; i < FILE_ROWS; ++i) {
    const int first = (int)rows[i * FILE_WIDTH + FILE_FEATURES + 2];
    const int second = (int)rows[(FILE_ROWS + i) * FILE_WIDTH + FILE_FEATURES + 2];
    is_so = is_so && number[i] == first;
    ++seen[0][first];
    ++seen[1][second];
    same_place += first == second;
  }
  for (int i = 0; i < FILE_ROWS; ++i) is_so = is_so && seen[0][i] == 1 && seen[1][i] == 1;
  ASSERT_ALL(is_so && same_place < 20);
  free(rows);
}

START_TEST(large_means_leave_the_covariance_alone) {
  char folder[256], text[1024], path[300];
  pipeline together, alone;
  make_folder(folder);
  double *x = write_large_means(folder);
  snprintf(text, sizeof text, large_means, folder);
  ASSERT_DONE(open_moments(text, 0, MPI_COMM_WORLD, &together));
  ASSERT_DONE(open_moments(text, 0, MPI_COMM_SELF, &alone));
  check_components(&together, x);
  check_permutation(&together);
  ASSERT_ALL(memcmp(together.moments->data, alone.moments->data,
                    4 * FILE_WIDTH * FILE_WIDTH * sizeof(double)) == 0);
  close_pipeline(&together);
  close_pipeline(&alone);
  snprintf(path, sizeof path, "%s/means.h5", folder);
  MPI_Barrier(MPI_COMM_WORLD);
  ASSERT_ALL(world_rank() != 0 || (unlink(path) == 0 && rmdir(folder) == 0));
  free(x);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  TCase *tests = tcase_create("sampling");
  tcase_add_test(tests, moments_do_not_depend_on_ranks);
  tcase_add_test(tests, rows_do_not_depend_on_ranks_or_shards);
  tcase_add_test(tests, rows_are_features_noise_targets_and_one);
  tcase_add_test(tests, moments_are_sums_over_the_first_rows);
  tcase_add_test(tests, covariances_are_those_asked_for);
  tcase_add_test(tests, replicates_are_drawn_anew);
  tcase_add_test(tests, large_means_leave_the_covariance_alone);
  return run_tests(tests);
}
