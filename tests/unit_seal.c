#include "twoview/archive/seal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/unit.h"
#include "twoview/base/file.h"

/* `printf abc | sha256sum`, as in FIPS 180-2. */
static const char sealed[] = "abc\ntwoview archive, SHA-256 of all bytes before this line: "
                             "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n";
enum { SIZE = sizeof sealed - 1 };

static void put(const char *bytes, size_t count) {
  FILE *file = fopen("file", "wb");
  ck_assert_ptr_nonnull(file);
  ck_assert_uint_eq(fwrite(bytes, 1, count, file), count);
  ck_assert_int_eq(fclose(file), 0);
}

static void expect_content(const char *bytes) {
  char content[2 * SIZE] = "";
  FILE *file = fopen("file", "rb");
  ck_assert_ptr_nonnull(file);
  ck_assert_uint_eq(fread(content, 1, sizeof content, file), strlen(bytes));
  ck_assert_int_eq(fclose(file), 0);
  ck_assert_str_eq(content, bytes);
}

static int exists(const char *path) {
  int file;
  tv_error *error = tv_file_open(path, &file);
  const int is_there = !error && tv_seal_exists(path, file);
  if (!error) close(file);
  tv_error_free(error);
  return is_there;
}

static tv_error *write_seal(const char *path) {
  int file;
  TV_TRY(tv_file_open_to_change(path, &file));
  tv_error *error = tv_seal_write(path, file);
  close(file);
  return error;
}

static tv_error *check(const char *path) {
  int file;
  char digits[TV_DIGEST_LENGTH];
  TV_TRY(tv_file_open(path, &file));
  tv_error *error = tv_seal_check(path, file, digits);
  close(file);
  return error;
}

START_TEST(a_seal_is_a_last_line) {
  put("abc", 3);
  ck_assert(!exists("file"));
  expect_success(write_seal("file"));
  expect_content(sealed);
  ck_assert(exists("file"));
  expect_success(check("file"));
  expect_success(write_seal("file"));
  expect_content(sealed);
}
END_TEST

START_TEST(a_wrong_seal_is_replaced) {
  char wrong[SIZE + 1];
  strcpy(wrong, sealed);
  wrong[SIZE - 2] ^= 1;
  put(wrong, SIZE);
  expect_success(write_seal("file"));
  expect_content(sealed);
}
END_TEST

START_TEST(any_damage_is_refused) {
  for (int i = 0; i < SIZE; ++i) {
    char damaged[SIZE + 1];
    strcpy(damaged, sealed);
    damaged[i] ^= 1;
    put(damaged, SIZE);
    expect_error(check("file"), TV_EXIT_FAILED, "file: ", "checksum");
    put(sealed, (size_t)i);
    expect_error(check("file"), TV_EXIT_FAILED, "file: ", "cut short");
  }
  put(sealed, SIZE + 1); /* with the zero byte */
  expect_error(check("file"), TV_EXIT_FAILED, "file: ", "changed by another program");
}
END_TEST

START_TEST(files_that_cannot_be_read_are_named) {
  ck_assert(!exists("nowhere"));
  expect_error(check("nowhere"), TV_EXIT_FAILED, "nowhere: ", "No such file");
  expect_error(write_seal("nowhere"), TV_EXIT_FAILED, "nowhere: ", "No such file");
  expect_error(check("."), TV_EXIT_FAILED, ".: ", "Is a directory");
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("seal");
  tcase_add_test(cases, a_seal_is_a_last_line);
  tcase_add_test(cases, a_wrong_seal_is_replaced);
  tcase_add_test(cases, any_damage_is_refused);
  tcase_add_test(cases, files_that_cannot_be_read_are_named);
  return unit_run_in_folder("seal", cases);
}
