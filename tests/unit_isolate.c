#include "twoview/isolate.h"

#include <signal.h>

#include "unit_main.h"

static tv_error *succeed(const char *path, const void *context) {
  ck_assert_str_eq(path, "name");
  return *(const int *)context == 7 ? NULL : tv_fail("another context");
}

static tv_error *refuse(const char *path, const void *context) {
  (void)context;
  return tv_fail("%s: refused", path);
}

static tv_error *crash(const char *path, const void *context) {
  (void)path;
  raise(*(const int *)context);
  return NULL;
}

static tv_error *leave(const char *path, const void *context) {
  (void)path;
  _exit(*(const int *)context);
}

static tv_error *never_end(const char *path, const void *context) {
  (void)path, (void)context;
  for (volatile int turn = 0; turn >= 0; turn = !turn) continue;
  return tv_fail("it has ended");
}

START_TEST(a_child_that_comes_back_is_no_error) {
  const int seven = 7;
  expect_success(tv_isolate("name", succeed, &seven));
  expect_success(tv_isolate("name", refuse, NULL));
}
END_TEST

START_TEST(a_crash_is_told) {
  static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGKILL};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; ++i)
    expect_error(tv_isolate("name", crash, &signals[i]), TV_EXIT_FAILED, "name: damaged",
                 strsignal(signals[i]));
}
END_TEST

START_TEST(an_exit_is_told) {
  const int status = 5;
  expect_error(tv_isolate("name", leave, &status), TV_EXIT_FAILED, "name: ", "status 5");
}
END_TEST

START_TEST(endless_computing_is_ended) {
  expect_error(tv_isolate("name", never_end, NULL), TV_EXIT_FAILED, "name: damaged",
               "does not come to an end");
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("isolate");
  tcase_set_timeout(cases, 60);
  tcase_add_test(cases, a_child_that_comes_back_is_no_error);
  tcase_add_test(cases, a_crash_is_told);
  tcase_add_test(cases, an_exit_is_told);
  tcase_add_test(cases, endless_computing_is_ended);
  return unit_run("isolate", cases);
}
