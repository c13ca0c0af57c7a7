#include "twoview/base/error.h"

#include <errno.h>
#include <limits.h>

#include "support/unit.h"

static void expect_message(tv_error *error, int exit_code, const char *message) {
  ck_assert_ptr_nonnull(error);
  ck_assert_int_eq(error->exit_code, exit_code);
  ck_assert_str_eq(error->message, message);
  tv_error_free(error);
}

START_TEST(errors_carry_code_and_message) {
  expect_message(tv_fail("row %d of %s", 3, "x"), TV_EXIT_FAILED, "row 3 of x");
  expect_message(tv_fail_usage("%s: %g", "key", 0.5), TV_EXIT_USAGE, "key: 0.5");
  errno = ENOENT;
  expect_message(tv_fail_errno("%s", "file"), TV_EXIT_FAILED, "file: No such file or directory");
  expect_message(tv_fail("%s", ""), TV_EXIT_FAILED, "");
  tv_error_free(NULL);
}
END_TEST

START_TEST(long_messages_are_kept_whole) {
  enum { LENGTH = 100000 };
  char *text = calloc(LENGTH + 1, 1);
  ck_assert_ptr_nonnull(text);
  memset(text, 'x', LENGTH);
  expect_message(tv_fail("%s", text), TV_EXIT_FAILED, text);
  errno = EACCES;
  tv_error *error = tv_fail_errno("%s", text);
  ck_assert_str_eq(error->message + LENGTH, ": Permission denied");
  tv_error_free(error);
  free(text);
}
END_TEST

START_TEST(memory_is_zeroed) {
  unsigned char *memory, zeros[1000] = {0};
  expect_success(tv_allocate(100, 10, &memory));
  ck_assert_mem_eq(memory, zeros, sizeof zeros);
  free(memory);
}
END_TEST

START_TEST(zero_bytes_are_allowed) {
  double *memory = NULL;
  expect_success(tv_allocate(0, sizeof *memory, &memory));
  ck_assert_ptr_nonnull(memory);
  free(memory);
}
END_TEST

/* The product of count and size wraps around 2^64, the second time to a mere 8 bytes. */
START_TEST(absurd_sizes_are_refused) {
  void *memory = &memory, *const untouched = memory;
  expect_error(tv_allocate(LLONG_MAX, 8, &memory), TV_EXIT_FAILED,
               "out of memory: ", "9223372036854775807 items of 8 bytes");
  expect_error(tv_allocate(((long long)1 << 61) + 1, 8, &memory), TV_EXIT_FAILED,
               "out of memory: ", "2305843009213693953 items of 8 bytes");
  expect_error(tv_allocate(-1, 1, &memory), TV_EXIT_FAILED, "out of memory: ", "-1 items");
  ck_assert_ptr_eq(memory, untouched);
}
END_TEST

static tv_error *try_twice(int *reached, tv_error *first) {
  TV_TRY(first);
  ++*reached;
  TV_TRY(NULL);
  ++*reached;
  return NULL;
}

static tv_error *go_to_the_end(int *cleaned, tv_error *first) {
  tv_error *error;
  TV_GO(first);
done:
  ++*cleaned;
  return error;
}

START_TEST(macros_leave_on_the_first_error) {
  int reached = 0, cleaned = 0;
  expect_message(try_twice(&reached, tv_fail("first")), TV_EXIT_FAILED, "first");
  ck_assert_int_eq(reached, 0);
  expect_success(try_twice(&reached, NULL));
  ck_assert_int_eq(reached, 2);
  expect_message(go_to_the_end(&cleaned, tv_fail("first")), TV_EXIT_FAILED, "first");
  expect_success(go_to_the_end(&cleaned, NULL));
  ck_assert_int_eq(cleaned, 2);
}
END_TEST

START_TEST(a_prefix_says_where_and_keeps_the_kind) {
  tv_error *shared = tv_fail("broken");
  shared->is_shared = 1;
  shared = tv_error_prefix(shared, "file '%s': ", "a.h5");
  ck_assert_int_eq(shared->is_shared, 1);
  expect_message(shared, TV_EXIT_FAILED, "file 'a.h5': broken");
  expect_message(tv_error_prefix(tv_fail_usage("no 100%% of %s", "it"), "line %d: ", 7),
                 TV_EXIT_USAGE, "line 7: no 100% of it");
  expect_success(tv_error_prefix(NULL, "nothing happened: "));
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("error");
  tcase_add_test(cases, errors_carry_code_and_message);
  tcase_add_test(cases, long_messages_are_kept_whole);
  tcase_add_test(cases, memory_is_zeroed);
  tcase_add_test(cases, zero_bytes_are_allowed);
  tcase_add_test(cases, absurd_sizes_are_refused);
  tcase_add_test(cases, macros_leave_on_the_first_error);
  tcase_add_test(cases, a_prefix_says_where_and_keeps_the_kind);
  return unit_run("error", cases);
}
