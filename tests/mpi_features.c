#include "support/pipeline.h"

/* Data whose principal components are known on paper: of `inputs` features, rows in pairs mean +- a
 * b_i for the first `pairs` rows b_i of an orthonormal matrix. All numbers are exact. The
 * components are b_i, of variances 2 a^2/rows with a = 2^(2 - i). */
enum { MOST_ROWS = 8, MOST_INPUTS = 16 };

typedef struct {
  int inputs, pairs;
} design;

/* More rows than features; and fewer, for which the Gram matrix of the rows is taken. */
static const design tall = {4, 4}, wide = {16, 3};

static char folder[256];

static void make_test_folder(void) {
  make_folder(folder);
}

static const char *path_of_data(void) {
  static char path[300];
  snprintf(path, sizeof path, "%s/data.h5", folder);
  return path;
}

static void drop_test_folder(void) {
  MPI_Barrier(MPI_COMM_WORLD);
  if (world_rank() != 0) return;
  unlink(path_of_data());
  rmdir(folder);
}

static double size_of(int component) {
  return ldexp(1, 2 - component);
}

static double variance_of(design d, int component) {
  return 2 * size_of(component) * size_of(component) / (2 * d.pairs);
}

/* Hadamard's matrix of a power of 4, by its square root: the entries are powers of 2. */
static double base_of(design d, int component, int input) {
  int sign = 1;
  for (int common = component & input; common; common &= common - 1) sign = -sign;
  return sign / sqrt(d.inputs);
}

static double mean_of(int input) {
  return 3 - input;
}

static double entry_of(design d, int row, int input) {
  const double along = (row % 2 ? -1 : 1) * size_of(row / 2);
  return mean_of(input) + along * base_of(d, row / 2, input);
}

/* On every rank; rank 0 writes. */
static void write_data(int rows, int inputs, const double *x) {
  const int labels[MOST_ROWS] = {0, 1, 0, 1, 0, 1, 0, 1};
  MPI_Barrier(MPI_COMM_WORLD);
  if (world_rank() == 0) {
    const hid_t file = H5Fcreate(path_of_data(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    add_dataset(file, "x", H5T_NATIVE_DOUBLE, 2, (hsize_t)rows, (hsize_t)inputs, x);
    add_dataset(file, "labels", H5T_NATIVE_INT, 1, (hsize_t)rows, 1, labels);
    H5Fclose(file);
  }
  MPI_Barrier(MPI_COMM_WORLD);
}

static void write_design(design d) {
  double x[MOST_ROWS * MOST_INPUTS];
  for (int i = 0; i < 2 * d.pairs * d.inputs; ++i) x[i] = entry_of(d, i / d.inputs, i % d.inputs);
  write_data(2 * d.pairs, d.inputs, x);
}

static tv_error *open_data(int pca, pipeline *p) {
  char text[2048], features[32] = "";
  if (pca) snprintf(features, sizeof features, "features: {pca: %d}\n", pca);
  snprintf(text, sizeof text,
           "source: {type: hdf5, file: '%s', samples: x, labels: labels}\n%s"
           "noise: {components: 2, lambda_max: [1]}\n"
           "augmentation: {theta_max: 0.5, alpha: [1]}\n"
           "samples: 1\n"
           "encoder: {k: 1}\n"
           "parallel: {shards: 4}\n",
           path_of_data(), features);
  return open_pipeline(text, MPI_COMM_WORLD, p);
}

/* Sums of some dozen exact terms, and an eigenproblem of that order: relative to the largest
 * variance. Directions are sharper by the gaps, which are 3/4 of each variance. */
static double bound_of(design d) {
  return 16 * d.inputs * DBL_EPSILON * variance_of(d, 0);
}

static void check_fit(design d, int pca) {
  pipeline p;
  const int count = pca ? pca : d.inputs;
  write_design(d);
  ASSERT_DONE(open_data(pca, &p));
  const tv_features *f = p.features;
  ASSERT_ALL(f->inputs == d.inputs && f->p == count);
  for (int j = 0; j < d.inputs; ++j)
    ASSERT_AT_MOST(fabs(f->mean[j] - mean_of(j)), d.inputs * DBL_EPSILON * fabs(mean_of(j)));
  for (int i = 0; i < count; ++i) {
    double along = 0;
    for (int j = 0; j < d.inputs; ++j) along += f->basis[i * d.inputs + j] * base_of(d, i, j);
    ASSERT_AT_MOST(fabs(f->spectrum[i] - variance_of(d, i)), bound_of(d));
    ASSERT_AT_MOST(fabs(fabs(along) - 1), bound_of(d) / variance_of(d, i));
  }
  close_pipeline(&p);
}

START_TEST(components_are_those_on_paper) {
  check_fit(tall, 0);
  check_fit(tall, 2);
  check_fit(wide, 3);
  check_fit(wide, 1);
}
END_TEST

/* Of row +- a b_i the components are +- a at i, up to a sign for each component, and 0 elsewhere:
 * all divided by that of a row with the + sign. */
static void check_rows(design d) {
  pipeline p;
  double raw[MOST_ROWS * MOST_INPUTS], components[MOST_ROWS * MOST_INPUTS];
  const int rows = 2 * d.pairs;
  write_design(d);
  ASSERT_DONE(open_data(d.pairs, &p));
  for (int i = 0; i < rows * d.inputs; ++i) raw[i] = entry_of(d, i / d.inputs, i % d.inputs);
  tv_features_apply(p.features, rows, NULL, raw, components);
  for (int row = 0; row < rows; ++row)
    for (int i = 0; i < d.pairs; ++i) {
      const double sign = components[2 * i * d.pairs + i] > 0 ? 1 : -1;
      const double expected = i == row / 2 ? sign * (row % 2 ? -1 : 1) * size_of(i) : 0;
      ASSERT_AT_MOST(fabs(components[row * d.pairs + i] - expected),
                     bound_of(d) / variance_of(d, i) * size_of(0));
    }
  close_pipeline(&p);
}

START_TEST(rows_have_the_components_on_paper) {
  check_rows(tall);
  check_rows(wide);
}
END_TEST

/* Rows that are combinations of samples, whose coefficients add up to 0, 1 and 5: a mean is taken
 * off for each. */
START_TEST(combinations_lose_their_share_of_the_mean) {
  enum { ROWS = 3 };
  static const double first[ROWS] = {1, 2, 3}, second[ROWS] = {-1, -1, 2};
  pipeline p;
  double raw[2 * MOST_INPUTS], of_samples[2 * MOST_INPUTS], combined[ROWS * MOST_INPUTS];
  double of_combined[ROWS * MOST_INPUTS], constants[ROWS];
  const int d = tall.inputs;
  write_design(tall);
  ASSERT_DONE(open_data(0, &p));
  for (int i = 0; i < 2 * d; ++i) raw[i] = entry_of(tall, 3 * (i / d), i % d);
  for (int row = 0; row < ROWS; ++row) {
    constants[row] = first[row] + second[row];
    for (int j = 0; j < d; ++j)
      combined[row * d + j] = first[row] * raw[j] + second[row] * raw[d + j];
  }
  tv_features_apply(p.features, 2, NULL, raw, of_samples);
  tv_features_apply(p.features, ROWS, constants, combined, of_combined);
  for (int i = 0; i < ROWS * d; ++i) {
    const int row = i / d, j = i % d;
    const double expected = first[row] * of_samples[j] + second[row] * of_samples[d + j];
    ASSERT_AT_MOST(fabs(of_combined[i] - expected), 64 * d * DBL_EPSILON * size_of(0));
  }
  close_pipeline(&p);
}
END_TEST

/* A gaussian source is made in its components: the features are those, with the variances that were
 * asked for. */
START_TEST(components_of_a_population_stay_as_they_are) {
  static const double variances[] = {4, 2, 1};
  pipeline p;
  double raw[] = {1, 2, 3, 4, 5, 6}, components[6];
  ASSERT_DONE(open_pipeline("source: {type: gaussian, spectrum: [4, 2, 1], teacher: {targets: 1}}\n"
                            "noise: {components: 2, lambda_max: [1]}\n"
                            "augmentation: {theta_max: 0.5, alpha: [1]}\n"
                            "samples: 10\n"
                            "encoder: {k: 1}\n",
                            MPI_COMM_WORLD, &p));
  ASSERT_ALL(p.features->p == 3 && !p.features->basis && !p.features->mean);
  ASSERT_ALL(memcmp(p.features->spectrum, variances, sizeof variances) == 0);
  tv_features_apply(p.features, 2, NULL, raw, components);
  ASSERT_ALL(memcmp(components, raw, sizeof raw) == 0);
  close_pipeline(&p);
}
END_TEST

START_TEST(components_without_variance_are_refused) {
  static const struct {
    int rows, inputs;
    double x[24];
    const char *text, *other;
  } cases[] = {
      {6, 2, {1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2}, "the data have no variance", "are the same"},
      {1, 2, {1, 2}, "the data have no variance", "there is one sample"},
      {3, 3, {1, 2, 3, 3, 2, 1, 5, 5, 5}, "3 samples vary in 2 directions", "keep at most 2"},
      /* a feature twice, and one that is constant */
      {4,
       2,
       {1, 1, 2, 2, 3, 3, 5, 5},
       "no variance beyond 1 principal component:",
       "features that depend linearly on each other"},
      {4,
       2,
       {1, 7, 2, 7, 3, 7, 5, 7},
       "no variance beyond 1 principal component:",
       "features without further variance, counted from 0: 1"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    pipeline p;
    write_data(cases[i].rows, cases[i].inputs, cases[i].x);
    ASSERT_FAILS(open_data(0, &p), cases[i].text, cases[i].other);
    ASSERT_ALL(!p.features);
    close_pipeline(&p);
  }
}
END_TEST

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  TCase *tests = tcase_create("features");
  tcase_add_checked_fixture(tests, make_test_folder, drop_test_folder);
  tcase_add_test(tests, components_are_those_on_paper);
  tcase_add_test(tests, rows_have_the_components_on_paper);
  tcase_add_test(tests, combinations_lose_their_share_of_the_mean);
  tcase_add_test(tests, components_of_a_population_stay_as_they_are);
  tcase_add_test(tests, components_without_variance_are_refused);
  return run_tests(tests);
}
