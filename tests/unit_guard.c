#include "twoview/base/guard.h"

#include <signal.h>
#include <string.h>

#include "unit_main.h"

static tv_error *succeed(void *context) {
  *(int *)context = 1; /* the child's own */
  return NULL;
}

static tv_error *fail_as_told(void *context) {
  const int *exit_code = context;
  return *exit_code == TV_EXIT_USAGE ? tv_fail_usage("wrong: %d", 7) : tv_fail("failed: %d", 8);
}

static tv_error *fail_at_length(void *context) {
  char text[3000];
  (void)context;
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  return tv_fail("%s.", text);
}

static tv_error *crash(void *context) {
  const int *number = context;
  signal(*number, SIG_DFL); /* whatever a sanitizer does with it */
  raise(*number);
  return NULL;
}

static tv_error *never_end(void *context) {
  (void)context;
  for (volatile int turn = 0; turn >= 0; turn = !turn) continue;
  return tv_fail("it has ended");
}

START_TEST(errors_come_back) {
  int context = 0, failed = TV_EXIT_FAILED, usage = TV_EXIT_USAGE;
  expect_success(tv_guard("file", succeed, &context));
  ck_assert_int_eq(context, 0);
  expect_error(tv_guard("file", fail_as_told, &failed), TV_EXIT_FAILED, "failed", ": 8");
  expect_error(tv_guard("file", fail_as_told, &usage), TV_EXIT_USAGE, "wrong", ": 7");
  tv_error *error = tv_guard("file", fail_at_length, NULL);
  ck_assert_ptr_nonnull(error);
  ck_assert_uint_eq(strlen(error->message), 3000);
  tv_error_free(error);
}
END_TEST

static const struct {
  int number;
  const char *name;
} crashes[] = {{SIGSEGV, "Segmentation fault"}, {SIGABRT, "Aborted"}, {SIGFPE, "Floating"}};

START_TEST(crashes_become_errors) {
  int number = crashes[_i].number;
  expect_error(tv_guard("file", crash, &number), TV_EXIT_FAILED, "file: damaged", crashes[_i].name);
}
END_TEST

START_TEST(endless_computing_becomes_an_error) {
  expect_error(tv_guard("file", never_end, NULL), TV_EXIT_FAILED, "file: damaged",
               "does not come to an end");
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("guard");
  tcase_add_test(cases, errors_come_back);
  tcase_add_test(cases, endless_computing_becomes_an_error);
  tcase_add_loop_test(cases, crashes_become_errors, 0, (int)(sizeof crashes / sizeof *crashes));
  return unit_run("guard", cases);
}
