#include "support/pipeline.h"

#include "twoview/moments/law.h"

/* The law sampler against exact moments and against rows. Seeds are fixed. Means of R products are
 * compared within BAND standard errors, taken from the products themselves. Kolmogorov and Smirnov:
 * P(D > c sqrt(2/R)) = 2 exp(-2 c^2) for two samples of R numbers, P(D > c / sqrt(R)) for one
 * against its law; c = 3.27 makes that 1e-9, and a thousand comparisons 1e-6. */
enum { R = 2000, BAND = 6, P = 3, Q = 3, L = 3, ROWS = 400 };
static const double ks_factor = 3.27;

static char folder[256];

/* ---- Experiments ---- */

/* Components p, q of the noise, and targets: the first of each kind has 3 of all. */
static const struct {
  const char *source, *features;
  int q, is_one_hot;
} sources[] = {
    {"type: gaussian, spectrum: [4, 2, 1], teacher: {targets: 3, noise: 0.5}", "", 3, 0},
    {"type: gaussian, spectrum: [4, 2, 1, 0.5], teacher: {targets: 3}", "features: {pca: 3}\n", 3,
     0},
    {"type: gaussian, spectrum: [5, 4, 3, 2, 1], teacher: {targets: 1, noise: 1}", "", 8, 0},
    {"type: gaussian, spectrum: [3], teacher: {targets: 2, noise: 0.3}", "", 1, 0},
    {"type: mixture, classes: 3, separation: 1.5, spectrum: [4, 3, 2, 1]", "features: {pca: 3}\n",
     3, 1},
    {"type: mixture, classes: 5, separation: 2, spectrum: [3, 2]", "", 6, 1},
    {"type: hdf5, samples: x, labels: label", "", 3, 1},
    {"type: hdf5, samples: x, targets: y", "", 3, 0},
    {"type: hdf5, samples: x, labels: label", "features: {pca: 2}\n", 7, 1},
    {"type: hdf5, samples: x, targets: y", "features: {pca: 1}\n", 2, 0},
};
enum { SOURCES = sizeof sources / sizeof *sources, FIRST_DATA = 6 };

static const char *experiment(int source, const char *as, const char *sampler, int replicates,
                              const char *sizes) {
  static char text[2048];
  char data[512] = "";
  if (source >= FIRST_DATA) snprintf(data, sizeof data, ", file: '%s/data.h5', as: %s", folder, as);
  snprintf(text, sizeof text,
           "seed: 12\nreplicates: %d\n"
           "source: {%s%s}\n%s"
           "noise: {components: %d, lambda_max: 1, sampler: %s}\n"
           "augmentation: {theta_max: 0.5, alpha: 1}\n"
           "samples: %s\nencoder: {k: 1}\narchive: {representations: none}\n"
           "parallel: {shards: 5}\n",
           replicates, sources[source].source, data, sources[source].features, sources[source].q,
           sampler, sizes);
  return text;
}

static tv_error *open_law(const char *text, MPI_Comm comm, pipeline *p) {
  TV_TRY(open_pipeline(text, comm, p));
  TV_TRY(tv_law_expect_sizes(p->experiment, p->source));
  return tv_law_collect(&p->sampling, 0, &p->moments);
}

/* A data set whose last class is rare, and whose features are far from independent. */
static void write_data(void) {
  make_folder(folder);
  if (world_rank() != 0) return;
  char path[300];
  snprintf(path, sizeof path, "%s/data.h5", folder);
  double *x = new_normals(8, ROWS * P), *y = new_normals(9, ROWS * L);
  int label[ROWS];
  for (int i = 0; i < ROWS; ++i) {
    label[i] = i % 40 == 3 ? 2 : i % 3 == 0;
    for (int j = 0; j < P; ++j) x[i * P + j] = 100 + x[i * P + j] * (1 + j) + 2 * label[i];
    for (int t = 0; t < L; ++t) y[i * L + t] += x[i * P + t % P];
  }
  const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  add_dataset(file, "x", H5T_NATIVE_DOUBLE, 2, ROWS, P, x);
  add_dataset(file, "y", H5T_NATIVE_DOUBLE, 2, ROWS, L, y);
  add_dataset(file, "label", H5T_NATIVE_INT, 1, ROWS, 1, label);
  H5Fclose(file);
  free(x);
  free(y);
}

static void prepare(void) {
  write_data();
  MPI_Barrier(MPI_COMM_WORLD);
}

static void clean_up(void) {
  char path[300];
  MPI_Barrier(MPI_COMM_WORLD);
  snprintf(path, sizeof path, "%s/data.h5", folder);
  if (world_rank() != 0) return;
  unlink(path);
  rmdir(folder);
}

/* ---- Statistics over replicates ---- */

/* Entries (i, j), i >= j, of the moment matrices, R numbers of each, and their means: levels x
 * entries (x R). */
typedef struct {
  int levels, width, entries;
  double *value, *mean;
} table;

static table make_table(const tv_moments *m) {
  table t = {m->levels, m->width, m->width * (m->width + 1) / 2, NULL, NULL};
  t.value = new_array((int64_t)t.levels * t.entries * R);
  t.mean = new_array((int64_t)t.levels * t.entries);
  for (int r = 0; r < R; ++r)
    for (int level = 0; level < t.levels; ++level) {
      const double *matrix = tv_moments_at(m, r, 0, level).whole;
      for (int j = 0, entry = 0; j < t.width; ++j)
        for (int i = j; i < t.width; ++i, ++entry)
          t.value[((int64_t)level * t.entries + entry) * R + r] = matrix[j * t.width + i];
    }
  for (int i = 0; i < t.levels * t.entries * R; ++i) t.mean[i / R] += t.value[i] / R;
  return t;
}

static void free_table(const table *t) {
  free(t->value);
  free(t->mean);
}

static table collect(const char *text, int is_law) {
  pipeline p;
  ASSERT_DONE(is_law ? open_law(text, MPI_COMM_WORLD, &p)
                     : open_moments(text, 0, MPI_COMM_WORLD, &p));
  const table t = make_table(p.moments);
  close_pipeline(&p);
  return t;
}

static const double *column(const table *t, int level, int entry) {
  return t->value + ((int64_t)level * t->entries + entry) * R;
}

static double mean_at(const table *t, int level, int entry) {
  return t->mean[level * t->entries + entry];
}

typedef struct {
  double mean, error; /* of R numbers, and its standard error */
} estimate;

static estimate mean_of(const double *x) {
  estimate e = {0, 0};
  for (int r = 0; r < R; ++r) e.mean += x[r] / R;
  for (int r = 0; r < R; ++r) e.error += (x[r] - e.mean) * (x[r] - e.mean) / (R - 1.0) / R;
  e.error = sqrt(e.error);
  return e;
}

/* Mean of products of deviations from given means. */
static estimate covariance_of(const double *x, double x_mean, const double *y, double y_mean) {
  double product[R];
  for (int r = 0; r < R; ++r) product[r] = (x[r] - x_mean) * (y[r] - y_mean);
  return mean_of(product);
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The size of an entry, sqrt(M_ii M_jj) in the mean: rounding is far below 1e-9 of it. */
static double size_of(const table *t, int level, int entry) {
  int j = 0, first = 0; /* entry (j, j), the first of column j */
  for (; entry >= first + t->width - j; ++j) first += t->width - j;
  int row_first = first;
  for (int i = j; i < j + entry - first; ++i) row_first += t->width - i;
  const double size = sqrt(mean_at(t, level, first)) * sqrt(mean_at(t, level, row_first));
  return size > 0 ? size : 1;
}

/* Sorted, and cut to 1e-9 of their size, so that numbers equal but for rounding are equal. */
static double *new_sorted(const double *x, double size) {
  double *sorted = new_array(R);
  for (int r = 0; r < R; ++r) sorted[r] = round(x[r] / size * 1e9);
  qsort(sorted, R, sizeof *sorted, ascending);
  return sorted;
}

static double distance_of(const double *x, const double *y, double size) {
  double worst = 0, *a = new_sorted(x, size), *b = new_sorted(y, size);
  for (int i = 0, j = 0; i < R && j < R;) {
    const double at = fmin(a[i], b[j]);
    while (i < R && a[i] == at) ++i;
    while (j < R && b[j] == at) ++j;
    worst = fmax(worst, fabs((double)(i - j) / R));
  }
  free(a);
  free(b);
  return worst;
}

static double distance_from_normal(const double *x, double mean, double deviation) {
  double *sorted = new_array(R), worst = 0;
  memcpy(sorted, x, R * sizeof *x);
  qsort(sorted, R, sizeof *sorted, ascending);
  for (int r = 0; r < R; ++r) {
    const double below = erfc(-(sorted[r] - mean) / deviation / sqrt(2)) / 2;
    worst = fmax(worst, fmax(fabs(below - (double)r / R), fabs(below - (r + 1.0) / R)));
  }
  free(sorted);
  return worst;
}

/* ---- Exact moments of a gaussian source ---- */

enum { WIDTH = P + Q + L + 1, ONE = WIDTH - 1, ENTRIES = WIDTH * (WIDTH + 1) / 2 };

/* E u u' of one sample u = (x, z, y, 1). */
static void population_of(const tv_source *source, double *sigma) {
  memset(sigma, 0, WIDTH * WIDTH * sizeof *sigma);
  for (int i = 0; i < P + Q; ++i) sigma[i * WIDTH + i] = i < P ? source->variances[i] : 1;
  sigma[ONE * WIDTH + ONE] = 1;
  for (int t = 0; t < L; ++t)
    for (int i = 0; i < P; ++i) {
      const int y = P + Q + t;
      const double *weights = source->teacher_weights;
      sigma[y * WIDTH + i] = sigma[i * WIDTH + y] = source->variances[i] * weights[t * P + i];
      for (int s = 0; s < L; ++s)
        sigma[y * WIDTH + P + Q + s] +=
            weights[t * P + i] * weights[s * P + i] * source->variances[i];
    }
  for (int y = P + Q; y < ONE; ++y)
    sigma[y * WIDTH + y] += source->teacher_noise * source->teacher_noise;
}

/* cov(u_i u_j, u_k u_m) of one sample, j and m not the constant: Isserlis, and what is left of it
 * when the constant makes the products of one order less. */
static double covariance_of_products(const double *sigma, int i, int j, int k, int m) {
  const double *of_j = sigma + j * WIDTH;
  if (i == ONE || k == ONE) return i == k ? of_j[m] : 0;
  return sigma[i * WIDTH + k] * of_j[m] + sigma[i * WIDTH + m] * of_j[k];
}

static void entry_of(int index, int *row, int *column) {
  int j = 0;
  for (; index >= WIDTH - j; ++j) index -= WIDTH - j;
  *column = j;
  *row = j + index;
}

/* Increments of fewer samples than q, fewer than there are normals, and all that can be counted. */
static const int64_t sizes[] = {2, 4, 11, 1000, 1000000000000, 1000000000000000};
enum { SIZES = sizeof sizes / sizeof *sizes, HUGE_SIZES = 2 };

/* Standard errors by which the covariance of an entry at one size, with all entries at that and at
 * larger nested sizes, misses that of the smaller size: n cov(u_i u_j, u_k u_m). */
static double worst_covariance(const table *t, const double *sigma, int level, int entry) {
  double worst = 0;
  int i, j, k, m;
  entry_of(entry, &i, &j);
  const double n = (double)sizes[level];
  for (int other = entry; other < ENTRIES - 1; ++other)
    for (int larger = level; larger < SIZES; ++larger) {
      entry_of(other, &k, &m);
      const estimate found =
          covariance_of(column(t, level, entry), n * sigma[i * WIDTH + j], column(t, larger, other),
                        (double)sizes[larger] * sigma[k * WIDTH + m]);
      const double expected = n * covariance_of_products(sigma, i, j, k, m);
      worst = fmax(worst, fabs(found.mean - expected) / found.error);
    }
  return worst;
}

/* The last entry is n itself. */
START_TEST(moments_have_exact_means_and_covariances) {
  double sigma[WIDTH * WIDTH], mean = 0, covariance = 0, distance = 0, counts = 0;
  pipeline p;
  int i, j;
  ASSERT_DONE(open_law(experiment(0, "sample", "law", R, "[2, 4, 11, 1000, 1e12, 1e15]"),
                       MPI_COMM_WORLD, &p));
  population_of(p.source, sigma);
  const table t = make_table(p.moments);
  for (int level = 0; level < SIZES; ++level) {
    const double n = (double)sizes[level];
    for (int entry = 0; entry < ENTRIES - 1; ++entry) {
      entry_of(entry, &i, &j);
      const double *x = column(&t, level, entry), expected = n * sigma[i * WIDTH + j];
      const estimate own = mean_of(x);
      mean = fmax(mean, fabs(own.mean - expected) / own.error);
      covariance = fmax(covariance, worst_covariance(&t, sigma, level, entry));
      const double deviation = sqrt(n * covariance_of_products(sigma, i, j, i, j));
      if (level >= SIZES - HUGE_SIZES)
        distance = fmax(distance, distance_from_normal(x, expected, deviation));
    }
    for (int r = 0; r < R; ++r)
      counts = fmax(counts, fabs(column(&t, level, ENTRIES - 1)[r] / n - 1));
  }
  ASSERT_AT_MOST(mean, BAND);
  ASSERT_AT_MOST(covariance, BAND);
  ASSERT_AT_MOST(distance, ks_factor / sqrt(R));   /* normal but for 1/sqrt(1e12) */
  ASSERT_AT_MOST(counts, 2 * SIZES * DBL_EPSILON); /* a root squared, and sums of levels */
  free_table(&t);
  close_pipeline(&p);
}

/* ---- Law against rows ---- */

/* Standard errors by which two estimates differ, rounding aside. */
static double errors_apart(estimate a, estimate b, double rounding) {
  const double apart = fabs(a.mean - b.mean) - rounding;
  return apart > 0 ? apart / hypot(a.error, b.error) : 0;
}

/* The same of an entry's covariances with all entries at its and at larger sizes. */
static double covariances_apart(const table *a, const table *b, int level, int e) {
  const double *x = column(a, level, e), *y = column(b, level, e);
  const double x_mean = mean_at(a, level, e), y_mean = mean_at(b, level, e);
  const double size = size_of(a, level, e);
  double worst = 0;
  for (int f = e; f < a->entries; ++f)
    for (int larger = level; larger < a->levels; ++larger) {
      const double *v = column(a, larger, f), *w = column(b, larger, f);
      const estimate of_a = covariance_of(x, x_mean, v, mean_at(a, larger, f));
      const estimate of_b = covariance_of(y, y_mean, w, mean_at(b, larger, f));
      worst = fmax(worst, errors_apart(of_a, of_b, 1e-9 * size * size_of(a, larger, f)));
    }
  return worst;
}

/* Two tables agree: every entry in distribution, and the means and covariances of all. */
static void expect_same_law(const table *a, const table *b) {
  double distance = 0, mean = 0, covariance = 0;
  for (int level = 0; level < a->levels; ++level)
    for (int e = 0; e < a->entries; ++e) {
      const double *x = column(a, level, e), *y = column(b, level, e);
      const double size = size_of(a, level, e);
      distance = fmax(distance, distance_of(x, y, size));
      mean = fmax(mean, errors_apart(mean_of(x), mean_of(y), 1e-9 * size));
      covariance = fmax(covariance, covariances_apart(a, b, level, e));
    }
  ASSERT_AT_MOST(distance, ks_factor * sqrt(2.0 / R));
  ASSERT_AT_MOST(mean, BAND);
  ASSERT_AT_MOST(covariance, BAND);
}

START_TEST(law_agrees_with_rows) {
  /* Increments of fewer samples than q, than p, than there are targets. */
  static const char *const nested[] = {"[2, 9, 200]", "[5, 6, 60]"};
  for (int s = 0; s < 2; ++s) {
    const table law = collect(experiment(_i, "sample", "law", R, nested[s]), 1);
    const table rows = collect(experiment(_i, "sample", "rows", R, nested[s]), 0);
    expect_same_law(&law, &rows);
    free_table(&law);
    free_table(&rows);
  }
}

/* All rows of a data set, taken as a sample of that size or as a population. */
START_TEST(a_population_of_its_own_size_agrees_with_rows) {
  const table law = collect(experiment(_i, "population", "law", R, "400"), 1);
  const table rows = collect(experiment(_i, "sample", "rows", R, "400"), 0);
  expect_same_law(&law, &rows);
  free_table(&law);
  free_table(&rows);
}

/* ---- What is given of a data set ---- */

/* Largest difference of the moments of (x, y, 1), relative to sqrt(M_ii M_jj): M and scale M'. */
static double given_difference(const tv_moment_matrix *a, const tv_moment_matrix *b, double scale) {
  const int width = a->p + a->q + a->l + 1;
  double worst = 0;
  for (int j = 0; j < width; ++j)
    for (int i = 0; i < width; ++i) {
      const int is_noise = (i >= a->p && i < a->p + a->q) || (j >= a->p && j < a->p + a->q);
      const double size = sqrt(a->whole[i * (width + 1)] * a->whole[j * (width + 1)]);
      const double other = scale * b->whole[j * width + i];
      if (!is_noise)
        worst = fmax(worst, fabs(a->whole[j * width + i] - other) / (size > 0 ? size : 1));
    }
  return worst;
}

/* Pivots below 8 w eps of a column are dropped, and sums round. */
static double given_bound(int width) {
  return 32 * width * DBL_EPSILON;
}

START_TEST(clean_moments_are_those_of_the_subsample) {
  enum { REPLICATES = 20 };
  static const char *const nested = "[1, 3, 4, 30, 400]";
  pipeline law, rows;
  ASSERT_DONE(open_law(experiment(_i, "sample", "law", REPLICATES, nested), MPI_COMM_WORLD, &law));
  ASSERT_DONE(
      open_moments(experiment(_i, "sample", "rows", REPLICATES, nested), 0, MPI_COMM_WORLD, &rows));
  double worst = 0;
  for (int r = 0; r < REPLICATES; ++r)
    for (int level = 0; level < law.moments->levels; ++level) {
      const tv_moment_matrix a = tv_moments_at(law.moments, r, 0, level);
      const tv_moment_matrix b = tv_moments_at(rows.moments, r, 0, level);
      worst = fmax(worst, given_difference(&a, &b, 1));
    }
  ASSERT_AT_MOST(worst, given_bound(law.sampling.width));
  close_pipeline(&law);
  close_pipeline(&rows);
}

START_TEST(a_population_is_scaled) {
  pipeline law, rows;
  ASSERT_DONE(
      open_law(experiment(_i, "population", "law", 3, "[7, 14, 400, 1e15]"), MPI_COMM_WORLD, &law));
  ASSERT_DONE(open_moments(experiment(_i, "sample", "rows", 1, "400"), 0, MPI_COMM_WORLD, &rows));
  const tv_moment_matrix whole = tv_moments_at(rows.moments, 0, 0, 0);
  double worst = 0;
  for (int r = 0; r < 3; ++r)
    for (int level = 0; level < law.moments->levels; ++level) {
      const tv_moment_matrix m = tv_moments_at(law.moments, r, 0, level);
      worst = fmax(worst, given_difference(&m, &whole, (double)m.n / ROWS));
    }
  ASSERT_AT_MOST(worst, given_bound(law.sampling.width));
  close_pipeline(&law);
  close_pipeline(&rows);
}

START_TEST(a_population_too_small_for_its_moments_is_refused) {
  pipeline p;
  ASSERT_FAILS(
      open_law(experiment(FIRST_DATA, "population", "law", 1, "[6, 40]"), MPI_COMM_WORLD, &p),
      "samples: a population of 3 components and 3 targets", "fewer than 7 samples");
  close_pipeline(&p);
  ASSERT_FAILS(
      open_law(experiment(FIRST_DATA, "population", "law", 1, "[40, 46]"), MPI_COMM_WORLD, &p),
      "samples: a population", "n = 46 adds 6");
  close_pipeline(&p);
}

/* ---- Bits, and work ---- */

static void expect_same_bits(const char *text) {
  pipeline together, alone;
  ASSERT_DONE(open_law(text, MPI_COMM_WORLD, &together));
  ASSERT_DONE(open_law(text, MPI_COMM_SELF, &alone));
  const tv_moments *m = together.moments;
  const size_t numbers = (size_t)(m->replicates * m->levels * m->width * m->width);
  ASSERT_ALL(memcmp(m->data, alone.moments->data, numbers * sizeof(double)) == 0);
  close_pipeline(&together);
  close_pipeline(&alone);
}

START_TEST(bits_do_not_depend_on_ranks) {
  expect_same_bits(experiment(_i, "sample", "law", 3, "[1, 2, 10, 300]"));
  expect_same_bits(experiment(_i, "sample", "law", 1, "5")); /* ranks without an item */
  if (_i < FIRST_DATA) expect_same_bits(experiment(_i, "sample", "law", 3, "[1, 1e6, 1e15]"));
  if (_i >= FIRST_DATA) expect_same_bits(experiment(_i, "population", "law", 2, "[7, 1e15]"));
}

/* The ranks count what was predicted, but for targets that depend on each other. */
START_TEST(work_is_as_estimated) {
  for (int s = 0; s < SOURCES; ++s) {
    pipeline p;
    ASSERT_DONE(open_law(experiment(s, "sample", "law", 2, "[3, 50, 400]"), MPI_COMM_WORLD, &p));
    const tv_law_cost cost = tv_law_estimate_cost(p.experiment, p.source, p.sampling.p);
    double flops = p.moments->work.flops;
    MPI_Allreduce(MPI_IN_PLACE, &flops, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    const double one_row = 6.0 * p.sampling.width * p.sampling.width; /* for each increment */
    const double slack = sources[s].is_one_hot ? one_row : 1e-12 * flops;
    ASSERT_AT_MOST(fabs(cost.flops - flops), slack);
    close_pipeline(&p);
  }
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  TCase *tests = tcase_create("law");
  tcase_add_unchecked_fixture(tests, prepare, clean_up);
  tcase_add_test(tests, moments_have_exact_means_and_covariances);
  tcase_add_loop_test(tests, law_agrees_with_rows, 0, SOURCES);
  tcase_add_loop_test(tests, a_population_of_its_own_size_agrees_with_rows, FIRST_DATA, SOURCES);
  tcase_add_loop_test(tests, clean_moments_are_those_of_the_subsample, FIRST_DATA, SOURCES);
  tcase_add_loop_test(tests, a_population_is_scaled, FIRST_DATA, SOURCES);
  tcase_add_test(tests, a_population_too_small_for_its_moments_is_refused);
  tcase_add_loop_test(tests, bits_do_not_depend_on_ranks, 0, SOURCES);
  tcase_add_test(tests, work_is_as_estimated);
  return run_tests(tests);
}
