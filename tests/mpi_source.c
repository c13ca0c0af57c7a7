#include "support/pipeline.h"

#include <zlib.h>

#include "data/raw_moments.h"

#include "twoview/kinds.h"

enum {
  IMAGES = 37,
  MANY_IMAGES = 1200,
  PIXELS = 12,
  CLASSES = 5,
  ROWS = 41,
  FEATURES = 3,
  TARGETS = 2
};

static char folder[256];

static void make_test_folder(void) {
  make_folder(folder);
}

static const char *path_of(const char *name) {
  static char path[300];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static void drop_test_folder(void) {
  const char *const names[] = {"images", "labels", "images.gz", "labels.gz", "data.h5"};
  MPI_Barrier(MPI_COMM_WORLD);
  if (world_rank() != 0) return;
  for (int i = 0; i < 5; ++i) unlink(path_of(names[i]));
  rmdir(folder);
}

/* ---- IDX files ---- */

static int pixel_of(int image, int pixel) {
  return (image * 37 + pixel * 101 + image * pixel * 7) % 256;
}

/* As far from the first image as bytes can be, and odd. */
static int extreme_pixel_of(int image, int pixel) {
  return image == 0 ? 255 : image % 7 == pixel % 7;
}

static int label_of(int image) {
  return image * 3 % CLASSES;
}

/* Plain when `mode` asks for it ("wT": gzopen writes without compressing). */
static void write_idx(const char *name, const char *mode, int dimensions, int items, int size,
                      int (*pixel)(int image, int pixel)) {
  if (world_rank() != 0) return;
  const unsigned char header[16] = {0,
                                    0,
                                    8,
                                    (unsigned char)dimensions,
                                    0,
                                    0,
                                    (unsigned char)(items >> 8),
                                    (unsigned char)items,
                                    0,
                                    0,
                                    0,
                                    4,
                                    0,
                                    0,
                                    0,
                                    3};
  gzFile file = gzopen(path_of(name), mode);
  gzwrite(file, header, dimensions == 1 ? 8 : 16);
  for (int i = 0; i < items; ++i)
    for (int j = 0; j < size; ++j) gzputc(file, dimensions == 1 ? label_of(i) : pixel(i, j));
  if (gzclose(file) != Z_OK) MPI_Abort(MPI_COMM_WORLD, 99);
}

static const char *idx_experiment(const char *suffix, int shards) {
  static char text[2048];
  snprintf(text, sizeof text,
           "source: {type: idx, images: '%s/images%s', labels: '%s/labels%s'}\n"
           "noise: {components: 2, lambda_max: [1]}\n"
           "augmentation: {theta_max: 0.5, alpha: [1]}\n"
           "samples: [10, 37]\n"
           "encoder: {k: 2}\n"
           "parallel: {shards: %d}\n",
           folder, suffix, folder, suffix, shards);
  return text;
}

static tv_error *open_changed(const char *text, const char *const *overrides, pipeline *p) {
  *p = (pipeline){0};
  MPI_Barrier(MPI_COMM_WORLD); /* for rank 0 to have written the files */
  TV_TRY(tv_experiment_parse("test.yaml", text, overrides, &tv_kinds_all, &p->experiment));
  return tv_source_open(p->experiment, MPI_COMM_WORLD, &p->source);
}

static tv_error *open_source(const char *text, pipeline *p) {
  return open_changed(text, NULL, p);
}

/* The rows of this rank's shards. */
static tv_partition own_rows(const pipeline *p, int64_t *first, int64_t *end) {
  const tv_partition partition =
      tv_partition_make(MPI_COMM_WORLD, p->source->rows, p->experiment->parallel.shards);
  *first = tv_shard_first_row_of_rank(&partition, partition.rank);
  *end = tv_shard_first_row_of_rank(&partition, partition.rank + 1);
  return partition;
}

static int is_shape(const pipeline *p, int axes, int rows, int columns, int channels) {
  const tv_shape *s = &p->source->shape;
  return s->axes == axes && s->rows == rows && s->columns == columns && s->channels == channels;
}

static int is_image(const pipeline *p, int64_t row) {
  double x[PIXELS], y[CLASSES];
  const unsigned char *bytes = p->source->bytes(p->source, row);
  tv_error *error = p->source->read(p->source, 0, row, 1, x, y);
  int is_so = !error;
  tv_error_free(error);
  for (int j = 0; j < PIXELS; ++j)
    is_so = is_so && x[j] == pixel_of((int)row, j) && bytes[j] == pixel_of((int)row, j);
  for (int c = 0; c < CLASSES; ++c) is_so = is_so && y[c] == (label_of((int)row) == c);
  return is_so;
}

/* Each row alone, and all of a rank's rows at once. */
static void check_images(const pipeline *p) {
  int64_t first, end;
  int is_so = 1;
  own_rows(p, &first, &end);
  double *x = new_array((end - first) * PIXELS), *y = new_array((end - first) * CLASSES);
  ASSERT_ALL(p->source->rows == IMAGES && p->source->features == PIXELS &&
             p->source->targets == CLASSES && !p->source->population);
  ASSERT_ALL(is_shape(p, 3, 4, 3, 1));
  for (int64_t row = first; row < end; ++row) is_so = is_so && is_image(p, row);
  ASSERT_ALL(is_so);
  if (end > first) tv_error_free(p->source->read(p->source, 0, first, (int)(end - first), x, y));
  for (int64_t i = 0; i < (end - first) * PIXELS; ++i)
    is_so = is_so && x[i] == pixel_of((int)(first + i / PIXELS), (int)(i % PIXELS));
  ASSERT_ALL(is_so);
  free(x);
  free(y);
}

static void write_images(void) {
  write_idx("images", "wT", 3, IMAGES, PIXELS, pixel_of);
  write_idx("labels", "wT", 1, IMAGES, 1, pixel_of);
  write_idx("images.gz", "wb", 3, IMAGES, PIXELS, pixel_of);
  write_idx("labels.gz", "wb", 1, IMAGES, 1, pixel_of);
}

START_TEST(images_are_what_was_written) {
  const int shards[] = {1, 5, 64};
  write_images();
  for (int i = 0; i < 6; ++i) {
    pipeline p;
    ASSERT_DONE(open_source(idx_experiment(i % 2 ? ".gz" : "", shards[i / 2]), &p));
    check_images(&p);
    close_pipeline(&p);
  }
}

/* Rank 0 has the digests of both files, whichever rank computed them. */
START_TEST(files_are_noted_with_their_digests) {
  static const char *const names[] = {"images.gz", "labels.gz"};
  pipeline p;
  int is_so = 1;
  write_images();
  ASSERT_DONE(open_source(idx_experiment(".gz", 5), &p));
  for (int i = 0; world_rank() == 0 && i < 2; ++i) {
    char digest[TV_DIGEST_LENGTH] = "";
    const tv_source_file *file = &p.source->files[i];
    tv_error *error = tv_digest_file(path_of(names[i]), digest);
    is_so = is_so && !error && strcmp(file->path, path_of(names[i])) == 0 &&
            strcmp(file->digest, digest) == 0;
    tv_error_free(error);
  }
  ASSERT_ALL(is_so);
  close_pipeline(&p);
}

static void check_integer_sums(int items, int shards, int (*pixel)(int image, int pixel)) {
  pipeline p;
  double shift[PIXELS], sums[(PIXELS + 1) * (PIXELS + 1)];
  int is_so = 1;
  tv_work work = {0};
  ASSERT_DONE(open_source(idx_experiment("", shards), &p));
  ASSERT_DONE(tv_raw_moments_sum(p.experiment, p.source, MPI_COMM_WORLD, NULL, shift, sums, &work));
  for (int i = 0; i <= PIXELS; ++i)
    for (int j = 0; j <= i; ++j) {
      long sum = 0;
      for (int row = 0; row < items; ++row)
        sum += (i < PIXELS ? pixel(row, i) - 128 : 1) * (j < PIXELS ? pixel(row, j) - 128 : 1);
      is_so = is_so && sums[j * (PIXELS + 1) + i] == (double)sum;
    }
  for (int j = 0; j < PIXELS; ++j) is_so = is_so && shift[j] == 128;
  ASSERT_ALL(is_so);
  close_pipeline(&p);
}

/* Single precision on the way, and yet the integers themselves: also of more rows than it can add
 * up at the largest distance. */
START_TEST(sums_of_bytes_are_exact) {
  write_images();
  check_integer_sums(IMAGES, 5, pixel_of);
  write_idx("images", "wT", 3, MANY_IMAGES, PIXELS, extreme_pixel_of);
  write_idx("labels", "wT", 1, MANY_IMAGES, 1, pixel_of);
  check_integer_sums(MANY_IMAGES, 1, extreme_pixel_of);
  check_integer_sums(MANY_IMAGES, 2, extreme_pixel_of);
}

START_TEST(principal_components_of_images) {
  pipeline p;
  double covariance[PIXELS * PIXELS], values[PIXELS], mean[PIXELS] = {0};
  write_images();
  MPI_Barrier(MPI_COMM_WORLD);
  ASSERT_DONE(open_pipeline(idx_experiment("", 5), MPI_COMM_WORLD, &p));
  for (int i = 0; i < IMAGES * PIXELS; ++i)
    mean[i % PIXELS] += (double)pixel_of(i / PIXELS, i % PIXELS) / IMAGES;
  for (int i = 0; i < PIXELS * PIXELS; ++i) {
    long double sum = 0;
    for (int row = 0; row < IMAGES; ++row)
      sum += ((long double)pixel_of(row, i / PIXELS) - mean[i / PIXELS]) *
             (pixel_of(row, i % PIXELS) - mean[i % PIXELS]);
    covariance[i] = (double)(sum / IMAGES);
  }
  jacobi(PIXELS, covariance, values, NULL);
  ASSERT_AT_MOST(largest_difference(PIXELS, p.features->spectrum, values),
                 IMAGES * DBL_EPSILON * values[0]);
  ASSERT_AT_MOST(largest_difference(PIXELS, p.features->mean, mean), 256 * PIXELS * DBL_EPSILON);
  double *gram = new_product(1, 0, PIXELS, PIXELS, PIXELS, p.features->basis, p.features->basis);
  ASSERT_AT_MOST(departure_plain(PIXELS, gram), 10 * PIXELS * DBL_EPSILON);
  free(gram);
  close_pipeline(&p);
}

START_TEST(errors_in_images_are_everybodys) {
  pipeline p;
  write_images();
  write_idx("labels", "wT", 1, IMAGES - 1, 1, pixel_of);
  ASSERT_FAILS(open_source(idx_experiment("", 5), &p), "37 images", "36 labels");
  close_pipeline(&p);
  write_idx("labels", "wT", 3, IMAGES, PIXELS, pixel_of);
  ASSERT_FAILS(open_source(idx_experiment("", 5), &p), "labels", "3 dimensions");
  close_pipeline(&p);
  write_idx("labels", "wT", 1, IMAGES, 1, pixel_of);
  MPI_Barrier(MPI_COMM_WORLD);
  ASSERT_ALL(world_rank() != 0 || truncate(path_of("images"), 16 + 30 * PIXELS) == 0);
  ASSERT_FAILS(open_source(idx_experiment("", 5), &p), "images", "truncated");
  close_pipeline(&p);
  ASSERT_FAILS(open_source(idx_experiment(".none", 5), &p), "images.none", "No such");
  close_pipeline(&p);
}

/* Neither labels nor their file: no targets, and the same images. */
START_TEST(images_without_labels) {
  pipeline p;
  char text[1024];
  int64_t first, end;
  write_images();
  snprintf(text, sizeof text,
           "source: {type: idx, images: '%s/images.gz'}\n"
           "noise: {components: 2, lambda_max: [1]}\n"
           "augmentation: {theta_max: 0.5, alpha: [1]}\n"
           "samples: [10, 37]\n"
           "encoder: {k: 2}\n"
           "parallel: {shards: 5}\n",
           folder);
  ASSERT_DONE(open_source(text, &p));
  ASSERT_ALL(p.source->targets == 0 && p.experiment->methods_count == 2 &&
             !p.source->files[1].path);
  int is_so = 1;
  own_rows(&p, &first, &end);
  for (int64_t row = first; row < end; ++row) {
    double x[PIXELS];
    tv_error *error = p.source->read(p.source, 0, row, 1, x, NULL);
    is_so = is_so && !error;
    for (int j = 0; is_so && j < PIXELS; ++j) is_so = x[j] == pixel_of((int)row, j);
    tv_error_free(error);
  }
  ASSERT_ALL(is_so);
  close_pipeline(&p);
}

/* ---- HDF5 files ---- */

static double sample_of(int row, int column) {
  return sin(row * 1.7 + column) + column;
}

/* Samples of 3 x 4 and of 2 x 3 x 2 numbers, in the order of the file. */
static void add_images(hid_t file) {
  const struct {
    const char *name;
    int dimensions;
    hsize_t extent[4];
  } sets[] = {{"grey", 3, {ROWS, 3, 4}}, {"colour", 4, {ROWS, 2, 3, 2}}, {"row", 3, {ROWS, 12, 1}}};
  double images[ROWS * PIXELS];
  for (int i = 0; i < ROWS * PIXELS; ++i) images[i] = sample_of(i / PIXELS, i % PIXELS);
  for (int i = 0; i < 3; ++i) {
    const hid_t space = H5Screate_simple(sets[i].dimensions, sets[i].extent, NULL);
    const hid_t set = H5Dcreate2(file, sets[i].name, H5T_NATIVE_DOUBLE, space, H5P_DEFAULT,
                                 H5P_DEFAULT, H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, images);
    H5Dclose(set);
    H5Sclose(space);
  }
}

/* Samples, targets and labels; one entry of the samples, and one label, as wanted. */
static void write_data(int bad_row, double bad_sample, int bad_label) {
  double x[ROWS * FEATURES], y[ROWS * TARGETS];
  int labels[ROWS];
  if (world_rank() != 0) return;
  for (int i = 0; i < ROWS * FEATURES; ++i) x[i] = sample_of(i / FEATURES, i % FEATURES);
  for (int i = 0; i < ROWS * TARGETS; ++i) y[i] = 100 + i;
  for (int i = 0; i < ROWS; ++i) labels[i] = i * 3 % CLASSES;
  if (bad_row >= 0) x[bad_row * FEATURES + 1] = bad_sample;
  if (bad_row >= 0) labels[bad_row] = bad_label;
  const hid_t file = H5Fcreate(path_of("data.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  add_dataset(file, "x", H5T_NATIVE_DOUBLE, 2, ROWS, FEATURES, x);
  add_dataset(file, "y", H5T_NATIVE_DOUBLE, 2, ROWS, TARGETS, y);
  add_dataset(file, "labels", H5T_NATIVE_INT, 1, ROWS, 1, labels);
  add_images(file);
  add_dataset(file, "short", H5T_NATIVE_INT, 1, ROWS - 1, 1, labels);
  H5Fclose(file);
}

static const char *hdf5_experiment(const char *samples, const char *labels, const char *targets) {
  static char text[2048];
  snprintf(text, sizeof text,
           "source: {type: hdf5, file: '%s/data.h5', samples: %s, %s: %s}\n"
           "noise: {components: 2, lambda_max: [1]}\n"
           "augmentation: {theta_max: 0.5, alpha: [1]}\n"
           "samples: [10, 41]\n"
           "encoder: {k: 2}\n"
           "parallel: {shards: 7}\n",
           folder, samples, labels ? "labels" : "targets", labels ? labels : targets);
  return text;
}

static void check_data(const pipeline *p, int is_labelled) {
  int64_t first, end;
  int is_so = 1;
  own_rows(p, &first, &end);
  const int l = is_labelled ? CLASSES : TARGETS, count = (int)(end - first);
  ASSERT_ALL(p->source->rows == ROWS && p->source->features == FEATURES &&
             p->source->targets == l && !p->source->bytes);
  double *x = new_array(count * FEATURES), *y = new_array(count * l);
  ASSERT_DONE(count ? p->source->read(p->source, 0, first, count, x, y) : NULL);
  for (int i = 0; i < count; ++i) {
    const int row = (int)first + i;
    for (int j = 0; j < FEATURES; ++j) is_so = is_so && x[i * FEATURES + j] == sample_of(row, j);
    for (int t = 0; t < l; ++t) {
      const double expected = is_labelled ? row * 3 % CLASSES == t : 100 + row * TARGETS + t;
      is_so = is_so && y[i * l + t] == expected;
    }
  }
  ASSERT_ALL(is_so);
  free(x);
  free(y);
}

START_TEST(datasets_are_what_was_written) {
  pipeline p;
  write_data(-1, 0, 0);
  ASSERT_DONE(open_source(hdf5_experiment("x", "labels", NULL), &p));
  check_data(&p, 1);
  close_pipeline(&p);
  ASSERT_DONE(open_source(hdf5_experiment("x", NULL, "y"), &p));
  check_data(&p, 0);
  close_pipeline(&p);
}

static const char *shaped_experiment(const char *samples, const char *shape) {
  static char text[1024];
  snprintf(text, sizeof text,
           "source: {type: hdf5, file: '%s/data.h5', samples: %s%s%s}\n"
           "noise: {components: 2, lambda_max: [1]}\n"
           "augmentation: {theta_max: 0.5, alpha: [1]}\n"
           "samples: [10, 41]\n"
           "encoder: {k: 2}\n"
           "parallel: {shards: 3}\n",
           folder, samples, *shape ? ", shape: " : "", shape);
  return text;
}

/* Of the file, or of `source.shape`; without labels. */
START_TEST(samples_have_a_shape) {
  const struct {
    const char *samples, *shape;
    tv_shape expected;
  } cases[] = {{"grey", "", {3, 3, 4, 1}},
               {"colour", "", {3, 2, 3, 2}},
               {"row", "", {2, 12, 1, 1}},
               {"grey", "[2, 6]", {3, 2, 6, 1}},
               {"grey", "[4, 1, 3]", {2, 4, 1, 3}},
               {"colour", "[12]", {2, 12, 1, 1}},
               {"x", "", {1, 3, 1, 1}},
               {"x", "[1, 3]", {2, 1, 1, 3}},
               {"x", "[1, 3, 1]", {3, 1, 3, 1}}};
  write_data(-1, 0, 0);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    const tv_shape *s = &cases[i].expected;
    pipeline p;
    int64_t first, end;
    int is_so = 1;
    ASSERT_DONE(open_source(shaped_experiment(cases[i].samples, cases[i].shape), &p));
    own_rows(&p, &first, &end);
    ASSERT_ALL(is_shape(&p, s->axes, s->rows, s->columns, s->channels));
    ASSERT_ALL(p.source->features == tv_shape_size(s) && p.source->targets == 0);
    double *x = new_array((end - first) * PIXELS);
    ASSERT_DONE(end > first ? p.source->read(p.source, 0, first, (int)(end - first), x, NULL)
                            : NULL);
    for (int64_t j = 0; j < (end - first) * p.source->features; ++j)
      is_so = is_so && x[j] == sample_of((int)(first + j / p.source->features),
                                         (int)(j % p.source->features));
    ASSERT_ALL(is_so);
    free(x);
    close_pipeline(&p);
  }
}

START_TEST(shapes_of_other_sizes_are_refused) {
  pipeline p;
  write_data(-1, 0, 0);
  ASSERT_FAILS(open_source(shaped_experiment("grey", "[2, 7]"), &p),
               "test.yaml:1: source.shape: 2 x 7 are 14 numbers, and a sample has 12", "");
  close_pipeline(&p);
  ASSERT_FAILS(open_source(shaped_experiment("x", "[1024, 1024, 1048576]"), &p),
               "1024 x 1024 x 1048576 are 1099511627776 numbers", "3 features");
  close_pipeline(&p);
}

/* Names in another order than the rows, each of two rows, so that ranks meet different ones. */
static const char *name_of(int row) {
  static char name[16];
  snprintf(name, sizeof name, "%c%02d", row % 4 < 2 ? 'b' : 'a', row / 2);
  return name;
}

/* How many names come before that of a row: each of an even row counts once. */
static int rank_of_name(int row) {
  char own[16];
  int before = 0;
  snprintf(own, sizeof own, "%s", name_of(row));
  for (int other = 0; other < ROWS; other += 2) before += strcmp(name_of(other), own) < 0;
  return before;
}

/* Strings of varying length, and the same as a categorical with a category that no row has. */
static void write_names(void) {
  enum { NAMES = (ROWS + 1) / 2 };
  char text[ROWS][16], *rows[ROWS], *categories[NAMES + 1] = {"a00, unused"};
  int codes[ROWS];
  if (world_rank() != 0) return;
  for (int i = 0; i < ROWS; ++i) {
    rows[i] = strcpy(text[i], name_of(i));
    codes[i] = 1 + i / 2;
    categories[codes[i]] = rows[i];
  }
  const hid_t file = H5Fopen(path_of("data.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
  const hid_t type = H5Tcopy(H5T_C_S1),
              group = H5Gcreate2(file, "kind", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Tset_size(type, H5T_VARIABLE);
  add_dataset(file, "names", type, 1, ROWS, 1, rows);
  add_dataset(group, "codes", H5T_NATIVE_INT, 1, ROWS, 1, codes);
  add_dataset(group, "categories", type, 1, NAMES + 1, 1, categories);
  H5Gclose(group);
  H5Tclose(type);
  H5Fclose(file);
}

/* Also by ranks without rows. */
START_TEST(all_ranks_agree_upon_names) {
  static const char *const labels[] = {"names", "kind"};
  write_data(-1, 0, 0);
  write_names();
  for (int i = 0; i < 4; ++i) {
    pipeline p;
    int64_t first, end;
    int is_so = 1;
    const char *shards[] = {i < 2 ? "parallel.shards=7" : "parallel.shards=2", NULL};
    ASSERT_DONE(open_changed(hdf5_experiment("x", labels[i % 2], NULL), shards, &p));
    ASSERT_ALL(p.source->targets == (ROWS + 1) / 2);
    for (int row = 0; row < ROWS; ++row) {
      const int class = rank_of_name(row);
      is_so = is_so && strcmp(p.source->class_names[class], name_of(row)) == 0;
    }
    own_rows(&p, &first, &end);
    for (int64_t row = first; row < end; ++row) {
      double x[FEATURES], y[ROWS];
      tv_error *error = p.source->read(p.source, 0, row, 1, x, y);
      is_so = is_so && !error;
      for (int c = 0; is_so && c < p.source->targets; ++c)
        is_so = y[c] == (c == rank_of_name((int)row));
      tv_error_free(error);
    }
    ASSERT_ALL(is_so);
    close_pipeline(&p);
  }
}

START_TEST(errors_in_datasets_are_everybodys) {
  const struct {
    const char *samples, *labels, *targets, *text, *other;
  } cases[] = {{"x", "short", NULL, "41 rows", "40"},
               {"x", "y", NULL, "'y' has 2 dimensions", "must have 1"},
               {"labels", "labels", NULL, "'labels' has 1 dimensions", "must have 2 to 4"},
               {"none", "labels", NULL, "there is no dataset 'none'", "data.h5"},
               {"x", NULL, "labels", "'labels' has 1 dimensions", "must have 2"}};
  write_data(-1, 0, 0);
  tv_hdf5_prepare();
  for (int i = 0; i < 5; ++i) {
    pipeline p;
    ASSERT_FAILS(
        open_source(hdf5_experiment(cases[i].samples, cases[i].labels, cases[i].targets), &p),
        cases[i].text, cases[i].other);
    close_pipeline(&p);
  }
}

/* Wherever the row is, and whoever has it. */
START_TEST(bad_numbers_are_found_by_their_owner) {
  for (int row = 0; row < ROWS; row += 20) {
    pipeline p;
    char text[64];
    write_data(row, NAN, -3);
    snprintf(text, sizeof text, "row %d, column 1", row);
    ASSERT_DONE(open_source(hdf5_experiment("x", NULL, "y"), &p));
    ASSERT_FAILS(tv_features_fit(p.experiment, p.source, MPI_COMM_WORLD, NULL, &p.features), text,
                 "'x'");
    close_pipeline(&p);
    snprintf(text, sizeof text, "'labels': row %d: label -3", row);
    ASSERT_FAILS(open_source(hdf5_experiment("x", "labels", NULL), &p), text, "");
    close_pipeline(&p);
  }
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  TCase *tests = tcase_create("source");
  tcase_add_checked_fixture(tests, make_test_folder, drop_test_folder);
  tcase_add_test(tests, images_are_what_was_written);
  tcase_add_test(tests, files_are_noted_with_their_digests);
  tcase_add_test(tests, sums_of_bytes_are_exact);
  tcase_add_test(tests, principal_components_of_images);
  tcase_add_test(tests, errors_in_images_are_everybodys);
  tcase_add_test(tests, images_without_labels);
  tcase_add_test(tests, datasets_are_what_was_written);
  tcase_add_test(tests, samples_have_a_shape);
  tcase_add_test(tests, shapes_of_other_sizes_are_refused);
  tcase_add_test(tests, all_ranks_agree_upon_names);
  tcase_add_test(tests, errors_in_datasets_are_everybodys);
  tcase_add_test(tests, bad_numbers_are_found_by_their_owner);
  return run_tests(tests);
}
