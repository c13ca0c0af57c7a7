#include "twoview/base/guard.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "support/unit.h"

static tv_error *succeed(void *context) {
  *(int *)context = 1; /* the child's own */
  return NULL;
}

static tv_error *fail_as_asked(void *context) {
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
  expect_error(tv_guard("file", fail_as_asked, &failed), TV_EXIT_FAILED, "failed", ": 8");
  expect_error(tv_guard("file", fail_as_asked, &usage), TV_EXIT_USAGE, "wrong", ": 7");
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

/* Seconds of the processor that are left of the limit, by the timer that ends the process: other
 * clocks of the same processor go at other rates on a busy machine. */
static double time_left(void) {
  struct itimerval left;
  ck_assert_int_eq(getitimer(ITIMER_PROF, &left), 0);
  return (double)left.it_value.tv_sec + 1e-6 * (double)left.it_value.tv_usec;
}

static const double limit = 0.6;

/* Three steps of two thirds of the limit each, and then one of twice the limit that unpacks as many
 * MB as seconds more. */
static tv_error *go_on(void *context) {
  (void)context;
  for (int step = 1; step <= 4; ++step) {
    const double more = step < 4 ? 0 : 2, taken = step < 4 ? 2 * limit / 3 : 2 * limit;
    tv_guard_step(1e6 * more);
    while (time_left() > limit + more - taken) continue;
  }
  return NULL;
}

START_TEST(every_step_has_its_own_time) {
  setenv("TWOVIEW_READ_SECONDS", "0.6", 1);
  expect_success(tv_guard("file", go_on, NULL));
  unsetenv("TWOVIEW_READ_SECONDS");
  tv_guard_step(0); /* of no task: nothing */
}
END_TEST

/* No limit of the processor, nor of the clock. */
static tv_error *expect_no_timer(void *context) {
  struct itimerval left;
  (void)context;
  tv_guard_step(0);
  getitimer(ITIMER_PROF, &left);
  return left.it_value.tv_sec || left.it_value.tv_usec || alarm(0) ? tv_fail("timed") : NULL;
}

static tv_error *expect_timer(void *context) {
  const double *most = context, seconds = time_left();
  return seconds > 0.9 * *most && seconds <= *most + 1 && alarm(0) ? NULL
                                                                   : tv_fail("%g s", seconds);
}

START_TEST(the_limit_is_set_and_lifted) {
  double usual = 60, other = 500;
  expect_success(tv_guard("file", expect_timer, &usual));
  setenv("TWOVIEW_READ_SECONDS", "", 1); /* as if it were not set */
  expect_success(tv_guard("file", expect_timer, &usual));
  setenv("TWOVIEW_READ_SECONDS", "500", 1);
  expect_success(tv_guard("file", expect_timer, &other));
  setenv("TWOVIEW_READ_SECONDS", "0", 1);
  expect_success(tv_guard("file", expect_no_timer, NULL));
  unsetenv("TWOVIEW_READ_SECONDS");
}
END_TEST

START_TEST(endless_computing_becomes_an_error) {
  setenv("TWOVIEW_READ_SECONDS", "0.5", 1);
  expect_error(tv_guard("file", never_end, NULL), TV_EXIT_FAILED,
               "file: time limit: a step of reading it took more than 0.5 s",
               "TWOVIEW_READ_SECONDS sets the limit, and 0 lifts it");
  unsetenv("TWOVIEW_READ_SECONDS");
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("guard");
  tcase_add_test(cases, errors_come_back);
  tcase_add_test(cases, every_step_has_its_own_time);
  tcase_add_test(cases, the_limit_is_set_and_lifted);
  tcase_add_test(cases, endless_computing_becomes_an_error);
  tcase_add_loop_test(cases, crashes_become_errors, 0, (int)(sizeof crashes / sizeof *crashes));
  return unit_run("guard", cases);
}
