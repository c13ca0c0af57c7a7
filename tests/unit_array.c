#include "twoview/hdf5/array.h"

#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/unit.h"
#include "twoview/base/file.h"
#include "twoview/hdf5/array_copy.h"
#include "twoview/hdf5/error.h"
#include "twoview/hdf5/file.h"
#include "twoview/hdf5/growing.h"

static hid_t file; /* open in each test, made anew */
static const tv_storage at_once = {0};

static tv_error *create_file(const char *path, hid_t *out) {
  int open_file;
  TV_TRY(tv_file_create(path, &open_file));
  tv_error *error = tv_label_create_file(path, open_file, out);
  close(open_file);
  return error;
}

static void make_file(void) {
  unit_clear_folder();
  tv_hdf5_prepare();
  expect_success(create_file("arrays.h5", &file));
}

static void close_file(void) {
  H5Fclose(file);
}

static tv_label label_of(const char *name) {
  return (tv_label){name, "what it means", "1"};
}

/* Coordinates of lengths 2 (replicate), 3 (n) and 2 (method). */
static void make_dimensions(void) {
  static const int64_t replicates[] = {5, 6};
  static const double sizes[] = {10, 20, 40};
  static const char *const methods[] = {"reconstruction", "joint-embedding"};
  expect_success(tv_label_coordinate(file, label_of("replicate"), TV_INTEGER, 2, replicates));
  expect_success(tv_label_coordinate(file, label_of("n"), TV_REAL, 3, sizes));
  expect_success(tv_label_coordinate(file, label_of("method"), TV_TEXT, 2, methods));
}

static hid_t open_set(const char *name) {
  const hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
  ck_assert_msg(set >= 0, "there is no %s", name);
  return set;
}

static void expect_attribute(hid_t object, const char *name, const char *expected) {
  char *text = NULL;
  expect_success(tv_attribute_print(object, name, &text));
  if (expected)
    ck_assert_str_eq(text, expected);
  else
    ck_assert_ptr_null(text);
  free(text);
}

START_TEST(coordinates_are_what_was_given) {
  int64_t replicates[2];
  double sizes[3];
  make_dimensions();
  hid_t set = open_set("replicate");
  ck_assert_int_ge(H5Dread(set, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, replicates), 0);
  H5Dclose(set);
  ck_assert(replicates[0] == 5 && replicates[1] == 6);
  set = open_set("n");
  ck_assert_int_ge(H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, sizes), 0);
  expect_attribute(set, "long_name", "what it means");
  expect_attribute(set, "units", "1");
  H5Dclose(set);
  ck_assert(sizes[0] == 10 && sizes[1] == 20 && sizes[2] == 40);
  ck_assert_int_eq(tv_label_length(file, "method"), 2);
  ck_assert_int_eq(tv_label_length(file, "alpha"), -1);
}
END_TEST

START_TEST(arrays_have_their_dimensions_and_values) {
  static const char *const over[] = {"replicate", "n", NULL};
  static const double values[] = {1, 2, 3, 4, NAN, -INFINITY};
  double found[6];
  char name[TV_NAME_LENGTH];
  make_dimensions();
  expect_success(tv_label_array(file, label_of("score"), TV_REAL, over, at_once, values));
  const hid_t set = open_set("score");
  ck_assert_int_ge(H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, found), 0);
  ck_assert_int_eq(memcmp(found, values, sizeof values), 0);
  for (int i = 0; i < 2; ++i) {
    tv_label_dimension(set, i, name);
    ck_assert_str_eq(name, over[i]);
  }
  H5Dclose(set);
}
END_TEST

START_TEST(words_may_be_an_array) {
  static const char *const over[] = {"method", NULL};
  static const char *const words[] = {"", "größer"};
  char *found[2] = {NULL};
  make_dimensions();
  expect_success(tv_label_array(file, label_of("remark"), TV_TEXT, over, at_once, words));
  const hid_t set = open_set("remark"), type = H5Dget_type(set), space = H5Dget_space(set);
  ck_assert_int_ge(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, found), 0);
  ck_assert_str_eq(found[0], words[0]);
  ck_assert_str_eq(found[1], words[1]);
  H5Dvlen_reclaim(type, space, H5P_DEFAULT, found);
  H5Sclose(space);
  H5Tclose(type);
  H5Dclose(set);
}
END_TEST

START_TEST(attributes_are_texts_and_numbers) {
  const double tenth = 0.1, pair[] = {1, 2};
  expect_success(tv_attribute_text(file, "title", "größer"));
  expect_success(tv_attribute_number(file, "least", INT64_MIN));
  expect_success(tv_attribute_natural(file, "most", UINT64_MAX));
  expect_attribute(file, "title", "größer");
  expect_attribute(file, "least", "-9223372036854775808");
  expect_attribute(file, "most", "18446744073709551615");
  expect_attribute(file, "absent", NULL);
  expect_success(tv_attribute_real(file, "tenth", tenth));
  expect_success(tv_attribute_list(file, "pair", TV_REAL, 2, pair));
  expect_attribute(file, "tenth", "0.1");
  expect_attribute(file, "pair", NULL);
}
END_TEST

/* Chunks hold 2^20 numbers at the most; items of the first `outer` dimensions, which several ranks
 * write, share 2^13 in a chunk, replicates share none, and what is written in pieces is cut at a
 * power of 2. */
static const struct {
  int64_t shape[3];
  int outer;
  hsize_t chunk[3];
} chunks[] = {
    {{3, 40, 50}, 0, {3, 40, 50}},     {{3, 2000, 1000}, 0, {1, 1048, 1000}}, /* 2^20/1000 */
    {{3, 40, 1000}, 1, {1, 40, 1000}}, {{2, 2000, 1000}, 1, {1, 1024, 1000}},
    {{2, 100, 50}, 2, {1, 100, 50}},   {{2, 400, 50}, 2, {1, 163, 50}}, /* 2^13/50 */
};

START_TEST(chunks_are_neither_small_nor_large) {
  static const char *const over[] = {"a", "b", "c", NULL};
  static const double zeros[2000];
  hsize_t chunk[3];
  for (int i = 0; i < 3; ++i)
    expect_success(
        tv_label_coordinate(file, label_of(over[i]), TV_REAL, chunks[_i].shape[i], zeros));
  expect_success(tv_label_array(file, label_of("array"), TV_REAL, over,
                                (tv_storage){.outer = chunks[_i].outer}, NULL));
  const hid_t set = open_set("array"), creation = H5Dget_create_plist(set);
  ck_assert_int_eq(H5Pget_chunk(creation, 3, chunk), 3);
  for (int i = 0; i < 3; ++i) ck_assert_uint_eq(chunk[i], chunks[_i].chunk[i]);
  ck_assert_int_eq(H5Pget_nfilters(creation), 3);
  H5Pclose(creation);
  H5Dclose(set);
}
END_TEST

/* Both have a checksum; what is like noise has nothing else. */
START_TEST(numbers_like_noise_are_not_deflated) {
  static const char *const over[] = {"replicate", "n", NULL};
  const H5Z_filter_t filters[2][3] = {
      {H5Z_FILTER_SHUFFLE, H5Z_FILTER_DEFLATE, H5Z_FILTER_FLETCHER32}, {H5Z_FILTER_FLETCHER32}};
  make_dimensions();
  const tv_storage storage = {_i, _i};
  expect_success(tv_label_array(file, label_of("score"), TV_REAL, over, storage, NULL));
  const hid_t set = open_set("score"), creation = H5Dget_create_plist(set);
  const int count = H5Pget_nfilters(creation);
  ck_assert_int_eq(count, _i ? 1 : 3);
  for (int i = 0; i < count; ++i) {
    size_t settings = 0;
    ck_assert_int_eq(H5Pget_filter2(creation, (unsigned)i, NULL, &settings, NULL, 0, NULL, NULL),
                     filters[_i][i]);
  }
  H5Pclose(creation);
  H5Dclose(set);
}
END_TEST

START_TEST(what_cannot_be_written_is_named) {
  static const char *const unknown[] = {"replicate", "alpha", NULL};
  static const char *const known[] = {"n", NULL};
  static const char *const nine[] = {"n", "n", "n", "n", "n", "n", "n", "n", "n", NULL};
  static const double values[3] = {0};
  make_dimensions();
  expect_error(tv_label_array(file, label_of("score"), TV_REAL, unknown, at_once, values),
               TV_EXIT_FAILED, "there is no dimension 'alpha'", "");
  expect_error(tv_label_array(file, label_of("score"), TV_REAL, nine, at_once, NULL),
               TV_EXIT_FAILED, "more than 8 dimensions", "");
  expect_success(tv_label_array(file, label_of("score"), TV_REAL, known, at_once, values));
  expect_error(tv_label_array(file, label_of("score"), TV_REAL, known, at_once, values),
               TV_EXIT_FAILED, "dataset 'score' cannot be created", "exists");
  expect_error(tv_label_coordinate(file, label_of("n"), TV_REAL, 3, values), TV_EXIT_FAILED,
               "dataset 'n' cannot be created", "exists");
  expect_success(tv_attribute_number(file, "ranks", 1));
  expect_error(tv_attribute_number(file, "ranks", 2), TV_EXIT_FAILED,
               "attribute 'ranks' cannot be written", "exists");
  expect_attribute(file, "ranks", "1");
}
END_TEST

/* A dataset of another file with the same type, filters, attributes and dimensions, but longer. */
START_TEST(arrays_are_copied_with_their_labels) {
  static const char *const over[] = {"replicate", "n", NULL};
  static const int64_t replicates[] = {5, 6, 7, 8};
  static const double sizes[] = {10, 20, 40};
  hid_t other, copy = H5I_INVALID_HID;
  hsize_t shape[2];
  char name[TV_NAME_LENGTH];
  make_dimensions();
  expect_success(tv_label_array(file, label_of("score"), TV_REAL, over, at_once, (double[6]){0}));
  expect_success(create_file("other.h5", &other));
  expect_success(tv_label_coordinate(other, label_of("replicate"), TV_INTEGER, 4, replicates));
  expect_success(tv_label_coordinate(other, label_of("n"), TV_REAL, 3, sizes));
  const hid_t set = open_set("score");
  expect_success(tv_label_like(set, other, "score", 4, &copy));
  const hid_t space = H5Dget_space(copy), creation = H5Dget_create_plist(copy);
  ck_assert_int_eq(H5Sget_simple_extent_dims(space, shape, NULL), 2);
  ck_assert(shape[0] == 4 && shape[1] == 3);
  ck_assert_int_eq(H5Pget_nfilters(creation), 3);
  expect_attribute(copy, "long_name", "what it means");
  tv_label_dimension(copy, 1, name);
  ck_assert_str_eq(name, "n");
  hid_t again;
  expect_error(tv_label_like(set, other, "score", 4, &again), TV_EXIT_FAILED, "cannot be created",
               "exists");
  ck_assert_int_lt(again, 0);
  H5Pclose(creation);
  H5Sclose(space);
  H5Dclose(copy);
  H5Dclose(set);
  H5Fclose(other);
}
END_TEST

START_TEST(attributes_that_are_there_stay) {
  const double zero = 0;
  expect_success(tv_label_coordinate(file, label_of("from"), TV_REAL, 1, &zero));
  expect_success(tv_label_coordinate(file, (tv_label){"to", "its own", "s"}, TV_REAL, 1, &zero));
  const hid_t from = open_set("from"), to = open_set("to");
  expect_success(tv_attribute_number(from, "more", 7));
  expect_success(tv_attributes_copy(from, to));
  expect_attribute(to, "more", "7");
  expect_attribute(to, "long_name", "its own");
  expect_attribute(to, "units", "s");
  H5Dclose(to);
  H5Dclose(from);
}
END_TEST

/* More items than a chunk holds, added in pieces that do not divide it. */
START_TEST(arrays_grow_item_by_item) {
  enum { ITEMS = 100003, WIDTH = 3, PIECE = 977 };
  static unsigned char given[ITEMS * WIDTH];
  static double found[ITEMS * WIDTH];
  static int64_t counted[ITEMS];
  static const char *const names[] = {"one", "two", "three"};
  static const char *const dimensions[] = {"sample", "column", NULL};
  const hsize_t width = WIDTH;
  tv_growing array;
  for (int i = 0; i < ITEMS * WIDTH; ++i) given[i] = (unsigned char)(i * 7 % 251);
  expect_success(
      tv_growing_begin(file, label_of("x"), H5T_STD_U8LE, H5T_NATIVE_UCHAR, 2, &width, &array));
  for (int64_t i = 0; i < ITEMS; i += PIECE)
    expect_success(
        tv_growing_add(&array, i + PIECE < ITEMS ? PIECE : ITEMS - i, given + i * WIDTH));
  expect_success(tv_growing_count(file, label_of("sample"), ITEMS));
  expect_success(tv_label_coordinate(file, label_of("column"), TV_TEXT, WIDTH, names));
  expect_success(tv_growing_finish(&array, file, dimensions));
  tv_growing_close(&array);
  ck_assert_int_eq(tv_label_length(file, "sample"), ITEMS);
  hid_t set = open_set("x");
  char name[TV_NAME_LENGTH];
  tv_label_dimension(set, 1, name);
  ck_assert_str_eq(name, "column");
  ck_assert_int_ge(H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, found), 0);
  for (int i = 0; i < ITEMS * WIDTH; ++i) ck_assert(found[i] == given[i]);
  H5Dclose(set);
  set = open_set("sample");
  ck_assert_int_ge(H5Dread(set, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, counted), 0);
  for (int i = 0; i < ITEMS; ++i) ck_assert(counted[i] == i);
  H5Dclose(set);
}
END_TEST

START_TEST(texts_grow_as_numbers_do) {
  enum { ITEMS = 5000 };
  char text[16], *found[ITEMS];
  const char *given = text;
  tv_growing array;
  expect_success(tv_growing_begin_texts(file, label_of("name"), &array));
  for (int i = 0; i < ITEMS; ++i) {
    sprintf(text, "number %d", i);
    expect_success(tv_growing_add(&array, 1, &given));
  }
  expect_success(tv_growing_finish(&array, file, NULL));
  tv_growing_close(&array);
  const hid_t set = open_set("name"), type = tv_label_text_type(), space = H5Dget_space(set);
  ck_assert_int_ge(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, found), 0);
  for (int i = 0; i < ITEMS; ++i) {
    sprintf(text, "number %d", i);
    ck_assert_str_eq(found[i], text);
  }
  H5Dvlen_reclaim(type, space, H5P_DEFAULT, found);
  H5Sclose(space);
  H5Tclose(type);
  H5Dclose(set);
}
END_TEST

/* Noise for a chunk that HDF5 keeps in its cache until the dataset is closed. */
static tv_error *write_noise(int grows) {
  enum { ITEMS = 1 << 15 };
  static double noise[ITEMS];
  static const char *const dimensions[] = {"n", NULL};
  tv_growing array = {0};
  uint64_t state = 1;
  for (int i = 0; i < ITEMS; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    noise[i] = (double)(state >> 11);
  }
  if (!grows) return tv_label_coordinate(file, label_of("noise"), TV_REAL, ITEMS, noise);
  TV_TRY(tv_growing_count(file, label_of("n"), ITEMS));
  tv_error *error = tv_growing_begin(file, label_of("noise"), H5T_NATIVE_DOUBLE, H5T_NATIVE_DOUBLE,
                                     1, NULL, &array);
  if (!error) error = tv_growing_add(&array, ITEMS, noise);
  if (!error) error = tv_growing_finish(&array, file, dimensions);
  tv_growing_close(&array);
  return error;
}

/* Where the file must not grow beyond 100 kB. */
START_TEST(what_a_full_disk_loses_is_an_error) {
  struct rlimit limit;
  ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
  const struct rlimit small = {100000, limit.rlim_max};
  signal(SIGXFSZ, SIG_IGN);
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
  tv_error *error = write_noise(_i);
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  expect_error(error, TV_EXIT_FAILED, "dataset 'noise' cannot be written: ", "File too large");
}
END_TEST

START_TEST(what_is_no_hdf5_file_is_refused) {
  hid_t other;
  FILE *text = fopen("text", "w");
  ck_assert_ptr_nonnull(text);
  fclose(text);
  expect_error(tv_hdf5_open_path("text", &other), TV_EXIT_FAILED, "text: ", "");
  expect_error(tv_hdf5_open_path("absent", &other), TV_EXIT_FAILED, "absent: ", "No such file");
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("array");
  tcase_add_checked_fixture(cases, make_file, close_file);
  tcase_add_test(cases, coordinates_are_what_was_given);
  tcase_add_test(cases, arrays_have_their_dimensions_and_values);
  tcase_add_test(cases, words_may_be_an_array);
  tcase_add_test(cases, attributes_are_texts_and_numbers);
  tcase_add_loop_test(cases, chunks_are_neither_small_nor_large, 0,
                      (int)(sizeof chunks / sizeof *chunks));
  tcase_add_loop_test(cases, numbers_like_noise_are_not_deflated, 0, 2);
  tcase_add_test(cases, what_cannot_be_written_is_named);
  tcase_add_test(cases, arrays_are_copied_with_their_labels);
  tcase_add_test(cases, attributes_that_are_there_stay);
  tcase_add_test(cases, arrays_grow_item_by_item);
  tcase_add_test(cases, texts_grow_as_numbers_do);
  tcase_add_loop_test(cases, what_a_full_disk_loses_is_an_error, 0, 2);
  tcase_add_test(cases, what_is_no_hdf5_file_is_refused);
  return unit_run_in_folder("array", cases);
}
