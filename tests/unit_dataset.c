#include "data/hdf5_dataset.h"

#include <stdio.h>

#include "support/unit.h"
#include "twoview/hdf5/error.h"

enum { ROWS = 10, COLUMNS = 4 };
static const hsize_t shape[] = {ROWS, COLUMNS};

static hid_t file; /* open in each test, made anew */

static void make_file(void) {
  unit_clear_folder();
  tv_hdf5_prepare();
  file = H5Fcreate("data.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  ck_assert_int_ge(file, 0);
}

static void close_file(void) {
  H5Fclose(file);
}

/* Not written. The caller closes it. */
static hid_t make_set(const char *name, hid_t type, int rank, const hsize_t *extent,
                      hid_t creation) {
  const hid_t space = H5Screate_simple(rank, extent, NULL);
  const hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  ck_assert_msg(set >= 0, "%s cannot be created", name);
  H5Sclose(space);
  return set;
}

/* Zeros of the type of the file. */
static void write_set(const char *name, hid_t type, int rank, const hsize_t *extent,
                      hid_t creation) {
  static const char zeros[4096];
  const hid_t set = make_set(name, type, rank, extent, creation);
  ck_assert_int_ge(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, zeros), 0);
  H5Dclose(set);
}

static hid_t chunked(int rank, const hsize_t *chunk) {
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(creation, rank, chunk);
  return creation;
}

/* As samples or as labels. */
static tv_error *open_set(const char *name, tv_dataset_type type, tv_dataset *out,
                          double *cache_bytes) {
  const int is_sample = type == TV_HOLDS_NUMBERS;
  const tv_dataset_wish wish = {"data.h5", name, is_sample ? 2 : 1,
                                is_sample ? TV_IMAGE_DIMENSIONS : 1, type};
  return tv_dataset_open(file, &wish, out, cache_bytes);
}

/* A row of the chunked one crosses two chunks of 5 x 2, each of 80 bytes; they are held packed,
 * too, in as many bytes, as no filter packs them. */
START_TEST(datasets_are_opened_with_their_shape) {
  double bytes = 0;
  tv_dataset opened;
  const hid_t creation = chunked(2, (hsize_t[]){5, 2});
  write_set("plain", H5T_NATIVE_FLOAT, 2, shape, H5P_DEFAULT);
  write_set("chunked", H5T_NATIVE_DOUBLE, 2, shape, creation);
  write_set("labels", H5T_STD_U8BE, 1, shape, H5P_DEFAULT);
  H5Pclose(creation);
  expect_success(open_set("plain", TV_HOLDS_NUMBERS, &opened, &bytes));
  ck_assert(opened.extent[0] == ROWS && opened.width == COLUMNS && bytes == 0);
  ck_assert_double_eq(tv_dataset_unpacked(&opened, 3), 3 * COLUMNS * sizeof(float));
  tv_dataset_close(&opened);
  expect_success(open_set("chunked", TV_HOLDS_NUMBERS, &opened, &bytes));
  ck_assert_double_eq(bytes, 2 * 80 + 80);
  ck_assert_double_eq(tv_dataset_unpacked(&opened, 3), 2 * 5 * COLUMNS * sizeof(double));
  tv_dataset_close(&opened);
  bytes = 0;
  expect_success(open_set("labels", TV_HOLDS_INTEGERS, &opened, &bytes));
  ck_assert(opened.extent[0] == ROWS && opened.width == 1 && bytes == 0);
  tv_dataset_close(&opened);
}
END_TEST

/* Rows of images are read with the last dimension running fastest, whatever their chunks. */
START_TEST(images_are_read_by_rows) {
  const hsize_t extent[] = {5, 3, 4, 2}, chunk[] = {2, 2, 3, 1};
  for (int dimensions = 3; dimensions <= 4; ++dimensions) {
    const int width = dimensions == 3 ? 12 : 24;
    double bytes = 0, images[5 * 24], rows[2 * 24];
    tv_dataset opened;
    for (int i = 0; i < 5 * width; ++i) images[i] = i;
    const hid_t creation = chunked(dimensions, chunk);
    const char *name = dimensions == 3 ? "grey" : "colour";
    const hid_t set = make_set(name, H5T_NATIVE_INT, dimensions, extent, creation);
    ck_assert_int_ge(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, images), 0);
    H5Dclose(set);
    H5Pclose(creation);
    expect_success(open_set(name, TV_HOLDS_NUMBERS, &opened, &bytes));
    ck_assert_int_eq(opened.dimensions, dimensions);
    ck_assert_int_eq(opened.width, width);
    const double of_chunk = 2 * 2 * 3 * sizeof(int); /* a row crosses 2 x 2 (x 2) of them */
    const int across = dimensions == 3 ? 4 : 8;
    ck_assert_double_eq(bytes, (across + 1) * of_chunk);
    ck_assert_double_eq(tv_dataset_unpacked(&opened, 2), 2 * across * of_chunk);
    expect_success(tv_dataset_read(&opened, 3, 2, H5T_NATIVE_DOUBLE, rows));
    for (int i = 0; i < 2 * width; ++i) ck_assert_double_eq(rows[i], 3 * width + i);
    tv_dataset_close(&opened);
  }
}
END_TEST

START_TEST(other_types_and_shapes_are_refused) {
  typedef struct {
    double re, im;
  } complex_number;
  const hid_t complex = H5Tcreate(H5T_COMPOUND, sizeof(complex_number));
  H5Tinsert(complex, "r", HOFFSET(complex_number, re), H5T_NATIVE_DOUBLE);
  H5Tinsert(complex, "i", HOFFSET(complex_number, im), H5T_NATIVE_DOUBLE);
  const hid_t boolean = H5Tenum_create(H5T_NATIVE_INT8);
  H5Tenum_insert(boolean, "FALSE", &(signed char){0});
  const struct {
    const char *name;
    hid_t type;
    int rank;
    hsize_t extent[5];
    tv_dataset_type type_wanted;
    const char *message;
  } cases[] = {
      {"five",
       H5T_NATIVE_DOUBLE,
       5,
       {2, 2, 2, 2, 2},
       TV_HOLDS_NUMBERS,
       "'five' has 5 dimensions and must have 2 to 4"},
      {"thin",
       H5T_NATIVE_DOUBLE,
       4,
       {3, 2, 4, 0},
       TV_HOLDS_NUMBERS,
       "'thin' has 0 numbers along its dimensions 2 to 4; at"},
      {"large",
       H5T_NATIVE_INT8,
       4,
       {1, 1 << 14, 1 << 14, 1},
       TV_HOLDS_NUMBERS,
       "'large' has 268435456 numbers along its dimensions 2 to 3"},
      {"none",
       H5T_NATIVE_DOUBLE,
       2,
       {0, 3},
       TV_HOLDS_NUMBERS,
       "'none' has 0 rows; at least 1 and at most"},
      {"narrow",
       H5T_NATIVE_DOUBLE,
       2,
       {3, 0},
       TV_HOLDS_NUMBERS,
       "'narrow' has 0 columns; at least 1"},
      {"words",
       H5T_C_S1,
       1,
       {3},
       TV_HOLDS_INTEGERS,
       "'words' holds strings and must hold integers"},
      {"floats",
       H5T_NATIVE_FLOAT,
       1,
       {3},
       TV_HOLDS_INTEGERS,
       "'floats' holds floating-point numbers and must"},
      {"complex",
       complex,
       2,
       {2, 2},
       TV_HOLDS_NUMBERS,
       "'complex' holds compounds (complex numbers"},
      {"flags", boolean, 1, {3}, TV_HOLDS_INTEGERS, "'flags' holds enumerated values (booleans"},
      {"bits", H5T_NATIVE_B8, 1, {3}, TV_HOLDS_INTEGERS, "'bits' holds bits of no type"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    double bytes = 0;
    tv_dataset opened;
    hid_t set = make_set(cases[i].name, cases[i].type, cases[i].rank, cases[i].extent, H5P_DEFAULT);
    H5Dclose(set);
    expect_error(open_set(cases[i].name, cases[i].type_wanted, &opened, &bytes), TV_EXIT_FAILED,
                 "data.h5: dataset ", cases[i].message);
    ck_assert_int_eq(opened.id, 0);
  }
  H5Tclose(boolean);
  H5Tclose(complex);
}
END_TEST

/* Columns are counted in ints, of which LAPACK's workspaces take several for each. */
START_TEST(too_many_columns_are_refused) {
  double bytes = 0;
  tv_dataset opened;
  hid_t set = make_set("wide", H5T_NATIVE_INT8, 2, (hsize_t[]){1, 1 << 28}, H5P_DEFAULT);
  H5Dclose(set);
  expect_error(open_set("wide", TV_HOLDS_NUMBERS, &opened, &bytes), TV_EXIT_FAILED,
               "'wide' has 268435456 columns", "at most 268435455 will do");
}
END_TEST

START_TEST(what_is_absent_is_named) {
  double bytes = 0;
  tv_dataset opened;
  expect_error(open_set("absent", TV_HOLDS_NUMBERS, &opened, &bytes), TV_EXIT_FAILED,
               "data.h5: there is no dataset 'absent'", "h5ls");
}
END_TEST

START_TEST(what_was_never_written_is_refused) {
  double bytes = 0;
  tv_dataset opened;
  hid_t set = make_set("plain", H5T_NATIVE_DOUBLE, 2, shape, H5P_DEFAULT);
  H5Dclose(set);
  expect_error(open_set("plain", TV_HOLDS_NUMBERS, &opened, &bytes), TV_EXIT_FAILED,
               "'plain' was never written", "");
  hid_t creation = chunked(2, (hsize_t[]){1, 1}); /* 2^64 chunks, which no integer counts */
  set = make_set("endless", H5T_NATIVE_INT8, 2, (hsize_t[]){1LL << 40, 1 << 24}, creation);
  H5Dclose(set);
  H5Pclose(creation);
  expect_error(open_set("endless", TV_HOLDS_NUMBERS, &opened, &bytes), TV_EXIT_FAILED,
               "'endless': 18446744073709551616 of its 18446744073709551616 chunks were never", "");
  creation = chunked(2, (hsize_t[]){3, COLUMNS}); /* 4 chunks */
  set = make_set("part", H5T_NATIVE_DOUBLE, 2, shape, creation);
  const hid_t space = H5Dget_space(set);
  const hsize_t start[] = {0, 0}, count[] = {4, COLUMNS};
  H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
  ck_assert_int_ge(
      H5Dwrite(set, H5T_NATIVE_DOUBLE, space, space, H5P_DEFAULT, (double[ROWS * COLUMNS]){0}), 0);
  H5Sclose(space);
  H5Dclose(set);
  H5Pclose(creation);
  expect_error(open_set("part", TV_HOLDS_NUMBERS, &opened, &bytes), TV_EXIT_FAILED,
               "'part': 2 of its 4 chunks were never written", "");
}
END_TEST

/* External storage, a virtual dataset, and an external link. */
START_TEST(numbers_in_other_files_are_refused) {
  static const char *const names[] = {"stored", "virtual", "linked"};
  double bytes = 0;
  tv_dataset opened;
  hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_external(creation, "other.bin", 0, H5F_UNLIMITED);
  H5Dclose(make_set("stored", H5T_NATIVE_DOUBLE, 2, shape, creation));
  H5Pclose(creation);
  creation = H5Pcreate(H5P_DATASET_CREATE);
  const hid_t space = H5Screate_simple(2, shape, NULL);
  H5Pset_virtual(creation, space, "other.bin", "x", space);
  H5Dclose(make_set("virtual", H5T_NATIVE_DOUBLE, 2, shape, creation));
  H5Sclose(space);
  H5Pclose(creation);
  ck_assert_int_ge(H5Lcreate_external("other.bin", "x", file, "linked", H5P_DEFAULT, H5P_DEFAULT),
                   0);
  for (int i = 0; i < 3; ++i)
    expect_error(open_set(names[i], TV_HOLDS_NUMBERS, &opened, &bytes), TV_EXIT_FAILED, names[i],
                 "has its numbers in another file, 'other.bin'");
}
END_TEST

/* One that HDF5 does not know, and may pass over when it writes. */
START_TEST(filters_that_are_lacking_are_refused) {
  enum { NOBODYS_FILTER = 511 };
  double bytes = 0;
  tv_dataset opened;
  const hid_t creation = chunked(2, shape);
  ck_assert_int_ge(H5Pset_filter(creation, NOBODYS_FILTER, H5Z_FLAG_OPTIONAL, 0, NULL), 0);
  write_set("packed", H5T_NATIVE_DOUBLE, 2, shape, creation);
  H5Pclose(creation);
  expect_error(open_set("packed", TV_HOLDS_NUMBERS, &opened, &bytes), TV_EXIT_FAILED,
               "'packed' is packed by filter 511", "HDF5_PLUGIN_PATH");
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("dataset");
  tcase_add_checked_fixture(cases, make_file, close_file);
  tcase_add_test(cases, datasets_are_opened_with_their_shape);
  tcase_add_test(cases, images_are_read_by_rows);
  tcase_add_test(cases, other_types_and_shapes_are_refused);
  tcase_add_test(cases, too_many_columns_are_refused);
  tcase_add_test(cases, what_is_absent_is_named);
  tcase_add_test(cases, what_was_never_written_is_refused);
  tcase_add_test(cases, numbers_in_other_files_are_refused);
  tcase_add_test(cases, filters_that_are_lacking_are_refused);
  return unit_run_in_folder("dataset", cases);
}
