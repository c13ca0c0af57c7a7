#include "twoview/hdf5/pieces.h"

#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "support/unit.h"
#include "twoview/hdf5/error.h"

static hid_t file; /* open in each test, made anew */

static void make_file(void) {
  unit_clear_folder();
  tv_hdf5_prepare();
  file = H5Fcreate("pieces.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  ck_assert_int_ge(file, 0);
}

static void close_file(void) {
  H5Fclose(file);
}

/* rows x columns, in chunks with a checksum unless `chunk` is NULL, of `values` or not written. */
static hid_t make_set(const char *name, hid_t type, int rank, const hsize_t *shape,
                      const hsize_t *chunk, const void *values) {
  const hid_t space = rank ? H5Screate_simple(rank, shape, NULL) : H5Screate(H5S_SCALAR);
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  if (chunk) {
    H5Pset_chunk(creation, rank, chunk);
    H5Pset_fletcher32(creation);
  }
  const hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  ck_assert_int_ge(set, 0);
  if (values) ck_assert_int_ge(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0);
  H5Pclose(creation);
  H5Sclose(space);
  return set;
}

enum { ROWS = 5, COLUMNS = 3 };
static const hsize_t shape[] = {ROWS, COLUMNS};

/* 10 i + j. */
static hid_t make_table(const char *name, const hsize_t *chunk) {
  int32_t values[ROWS * COLUMNS];
  for (int i = 0; i < ROWS * COLUMNS; ++i) values[i] = 10 * (i / COLUMNS) + i % COLUMNS;
  return make_set(name, H5T_NATIVE_INT32, 2, shape, chunk, values);
}

/* Pieces of 2 x 2 of a table of 5 x 3: the last dimension first, cut at the edges. */
START_TEST(pieces_follow_the_chunks) {
  static const struct {
    hsize_t start[2], count[2];
  } expected[] = {{{0, 0}, {2, 2}}, {{0, 2}, {2, 1}}, {{2, 0}, {2, 2}},
                  {{2, 2}, {2, 1}}, {{4, 0}, {1, 2}}, {{4, 2}, {1, 1}}};
  const hid_t set = make_table("table", (hsize_t[]){2, 2});
  tv_pieces p;
  int is_there;
  expect_success(tv_pieces_begin(set, &p));
  for (int piece = 0; piece < 6; ++piece) {
    expect_success(tv_pieces_next(&p, &is_there));
    ck_assert_int_eq(is_there, 1);
    for (int i = 0; i < 2; ++i) {
      ck_assert_uint_eq(p.start[i], expected[piece].start[i]);
      ck_assert_uint_eq(p.count[i], expected[piece].count[i]);
    }
    const int32_t *values = p.values;
    for (hsize_t i = 0; i < p.count[0]; ++i)
      for (hsize_t j = 0; j < p.count[1]; ++j)
        ck_assert_int_eq(values[i * p.count[1] + j], 10 * (p.start[0] + i) + p.start[1] + j);
  }
  expect_success(tv_pieces_next(&p, &is_there));
  ck_assert_int_eq(is_there, 0);
  tv_pieces_end(&p);
  H5Dclose(set);
}
END_TEST

static int count_pieces(hid_t set) {
  tv_pieces p;
  int is_there = 1, count = -1;
  expect_success(tv_pieces_begin(set, &p));
  for (; is_there; ++count) expect_success(tv_pieces_next(&p, &is_there));
  tv_pieces_end(&p);
  H5Dclose(set);
  return count;
}

/* Rows of some 2^20 numbers where there are no chunks. */
START_TEST(arrays_without_chunks_are_cut_into_rows) {
  static const char *const words[] = {"a", "longer than all others", ""};
  const double one = 1;
  const hid_t text = H5Tcopy(H5T_C_S1);
  H5Tset_size(text, H5T_VARIABLE);
  ck_assert_int_eq(count_pieces(make_table("table", NULL)), 1);
  ck_assert_int_eq(
      count_pieces(make_set("none", H5T_NATIVE_INT32, 2, (hsize_t[]){0, 3}, NULL, NULL)), 0);
  ck_assert_int_eq(count_pieces(make_set("scalar", H5T_NATIVE_DOUBLE, 0, NULL, NULL, &one)), 1);
  ck_assert_int_eq(count_pieces(make_set("words", text, 1, (hsize_t[]){3}, NULL, words)), 1);
  ck_assert_int_eq(
      count_pieces(make_set("wide", H5T_NATIVE_INT8, 2, (hsize_t[]){3, 1 << 20}, NULL, NULL)), 3);
  ck_assert_int_eq(
      count_pieces(make_set("long", H5T_NATIVE_INT8, 1, (hsize_t[]){(1 << 20) + 1}, NULL, NULL)),
      2);
  H5Tclose(text);
}
END_TEST

/* The table behind two rows of another one, in other chunks. */
START_TEST(pieces_are_written_to_their_place) {
  const hid_t set = make_table("table", (hsize_t[]){2, 2});
  const hid_t to = make_set("longer", H5T_NATIVE_INT32, 2, (hsize_t[]){ROWS + 2, COLUMNS},
                            (hsize_t[]){3, 1}, NULL);
  int32_t found[(ROWS + 2) * COLUMNS];
  tv_pieces p;
  int is_there = 1;
  expect_success(tv_pieces_begin(set, &p));
  ck_assert_int_eq(tv_pieces_are_stored_alike(&p, to), 0);
  while (is_there) {
    expect_success(tv_pieces_next(&p, &is_there));
    if (is_there) expect_success(tv_pieces_write(&p, to, 2));
  }
  tv_pieces_end(&p);
  ck_assert_int_ge(H5Dread(to, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, found), 0);
  for (int i = 0; i < (ROWS + 2) * COLUMNS; ++i) {
    const int row = i / COLUMNS - 2;
    ck_assert_int_eq(found[i], row < 0 ? 0 : 10 * row + i % COLUMNS);
  }
  H5Dclose(to);
  H5Dclose(set);
}
END_TEST

START_TEST(pieces_are_copied_as_they_are_stored) {
  const hsize_t chunk[] = {1, 2};
  const hid_t set = make_table("table", chunk);
  const hid_t to =
      make_set("longer", H5T_NATIVE_INT32, 2, (hsize_t[]){ROWS + 1, COLUMNS}, chunk, NULL);
  const hid_t other = make_set("other", H5T_NATIVE_DOUBLE, 2, shape, chunk, NULL);
  int32_t found[(ROWS + 1) * COLUMNS];
  tv_pieces p;
  int is_there = 1, count = -1;
  expect_success(tv_pieces_begin(set, &p));
  ck_assert_int_eq(tv_pieces_are_stored_alike(&p, to), 1);
  ck_assert_int_eq(tv_pieces_are_stored_alike(&p, other), 0); /* of another type */
  for (; is_there; ++count) expect_success(tv_pieces_copy_next(&p, to, 1, &is_there));
  ck_assert_int_eq(count, 10);
  tv_pieces_end(&p);
  ck_assert_int_ge(H5Dread(to, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, found), 0);
  for (int i = COLUMNS; i < (ROWS + 1) * COLUMNS; ++i)
    ck_assert_int_eq(found[i], 10 * (i / COLUMNS - 1) + i % COLUMNS);
  H5Dclose(other);
  H5Dclose(to);
  H5Dclose(set);
}
END_TEST

static int is_same(hid_t set, hid_t other) {
  tv_pieces p;
  int is_there, is_same = 0;
  expect_success(tv_pieces_begin(set, &p));
  expect_success(tv_pieces_next(&p, &is_there));
  expect_success(tv_pieces_compare(&p, other, &is_same));
  tv_pieces_end(&p);
  return is_same;
}

/* 0 and -0 are equal numbers of other bits; a NaN is no number, but the same bits. */
START_TEST(pieces_are_compared_bit_for_bit) {
  static const double values[] = {0, 0x7ff8p0}, others[] = {-0.0, 0x7ff8p0};
  static const char *const words[] = {"a", "b"}, *const other_words[] = {"a", "c"};
  const hsize_t two[] = {2};
  const hid_t text = H5Tcopy(H5T_C_S1);
  H5Tset_size(text, H5T_VARIABLE);
  const hid_t sets[] = {make_set("x", H5T_NATIVE_DOUBLE, 1, two, NULL, values),
                        make_set("y", H5T_NATIVE_DOUBLE, 1, two, NULL, values),
                        make_set("z", H5T_NATIVE_DOUBLE, 1, two, NULL, others),
                        make_set("u", text, 1, two, NULL, words),
                        make_set("v", text, 1, two, NULL, words),
                        make_set("w", text, 1, two, NULL, other_words)};
  ck_assert_int_eq(is_same(sets[0], sets[1]), 1);
  ck_assert_int_eq(is_same(sets[0], sets[2]), 0);
  ck_assert_int_eq(is_same(sets[3], sets[4]), 1);
  ck_assert_int_eq(is_same(sets[3], sets[5]), 0);
  for (int i = 0; i < 6; ++i) H5Dclose(sets[i]);
  H5Tclose(text);
}
END_TEST

/* A byte of the second chunk is another one than its checksum was made of. */
START_TEST(damaged_chunks_are_refused) {
  hid_t set = make_table("table", (hsize_t[]){2, COLUMNS});
  hsize_t size = 0, start[2];
  haddr_t place = HADDR_UNDEF;
  unsigned filters;
  tv_pieces p;
  int is_there;
  const hid_t space = H5Dget_space(set);
  ck_assert_int_ge(H5Dflush(set), 0);
  ck_assert_int_ge(H5Dget_chunk_info(set, space, 1, start, &filters, &place, &size), 0);
  ck_assert_uint_eq(start[0], 2);
  H5Sclose(space);
  H5Dclose(set);
  H5Fclose(file);
  const int bytes = open("pieces.h5", O_RDWR);
  ck_assert_int_eq(pwrite(bytes, "\xff", 1, (off_t)place), 1);
  close(bytes);
  file = H5Fopen("pieces.h5", H5F_ACC_RDONLY, H5P_DEFAULT);
  set = H5Dopen2(file, "table", H5P_DEFAULT);
  expect_success(tv_pieces_begin(set, &p));
  expect_success(tv_pieces_next(&p, &is_there));
  expect_error(tv_pieces_next(&p, &is_there), TV_EXIT_FAILED,
               "cannot be read where its indices begin with 2", "");
  tv_pieces_end(&p);
  H5Dclose(set);
}
END_TEST

/* 2^40 numbers, of which none is stored: reading them would not come to an end. */
START_TEST(values_that_are_not_stored_are_refused) {
  const hsize_t shape[] = {1LL << 30, 1 << 10}, chunk[] = {1 << 10, 1 << 10};
  tv_pieces p;
  const hid_t set = make_set("vast", H5T_NATIVE_DOUBLE, 2, shape, chunk, NULL);
  expect_error(tv_pieces_begin(set, &p), TV_EXIT_FAILED, "claims values of 8.8e+12 bytes",
               "stores 0");
  tv_pieces_end(&p);
  H5Dclose(set);
}
END_TEST

/* 2^31 numbers of a byte. */
START_TEST(huge_chunks_are_refused) {
  const hsize_t huge[] = {1 << 15, 1 << 16};
  tv_pieces p;
  const hid_t set = make_set("huge", H5T_NATIVE_INT8, 2, huge, huge, NULL);
  expect_error(tv_pieces_begin(set, &p), TV_EXIT_FAILED, "its chunks are larger than 1073741824",
               "numbers");
  tv_pieces_end(&p);
  H5Dclose(set);
}
END_TEST

START_TEST(what_cannot_be_written_is_told) {
  hid_t set = make_table("table", NULL);
  tv_pieces p;
  int is_there;
  H5Dclose(set);
  H5Fclose(file);
  file = H5Fopen("pieces.h5", H5F_ACC_RDONLY, H5P_DEFAULT);
  set = H5Dopen2(file, "table", H5P_DEFAULT);
  expect_success(tv_pieces_begin(set, &p));
  expect_success(tv_pieces_next(&p, &is_there));
  expect_error(tv_pieces_write(&p, set, 0), TV_EXIT_FAILED, "cannot be written",
               "is the disk full?");
  tv_pieces_end(&p);
  H5Dclose(set);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("pieces");
  tcase_add_checked_fixture(cases, make_file, close_file);
  tcase_add_test(cases, pieces_follow_the_chunks);
  tcase_add_test(cases, arrays_without_chunks_are_cut_into_rows);
  tcase_add_test(cases, pieces_are_written_to_their_place);
  tcase_add_test(cases, pieces_are_copied_as_they_are_stored);
  tcase_add_test(cases, pieces_are_compared_bit_for_bit);
  tcase_add_test(cases, damaged_chunks_are_refused);
  tcase_add_test(cases, huge_chunks_are_refused);
  tcase_add_test(cases, values_that_are_not_stored_are_refused);
  tcase_add_test(cases, what_cannot_be_written_is_told);
  return unit_run_in_folder("pieces", cases);
}
