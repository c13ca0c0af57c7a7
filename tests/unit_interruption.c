#include "twoview/base/interruption.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "support/unit.h"

static double seconds_of(const char *text) {
  double seconds = -1;
  expect_success(tv_parse_duration("--max-time", text, &seconds));
  return seconds;
}

START_TEST(lengths_of_time_are_taken) {
  ck_assert_double_eq(seconds_of("90"), 90);
  ck_assert_double_eq(seconds_of("0.25"), 0.25);
  ck_assert_double_eq(seconds_of("1:30"), 90);
  ck_assert_double_eq(seconds_of("01:00:00"), 3600);
  ck_assert_double_eq(seconds_of("2-03:04:05"), ((2 * 24 + 3) * 60 + 4) * 60 + 5);
  ck_assert_double_eq(seconds_of("100:00"), 6000); /* only the first number may be that large */
  ck_assert_double_eq(seconds_of("100:59:59"), 100 * 3600 + 59 * 60 + 59);
  ck_assert(isinf(seconds_of("UNLIMITED")));
}
END_TEST

START_TEST(other_texts_are_refused) {
  static const char *const wrong[] = {
      "",        "0",          "-5",        "nan",    "inf",   "1h",
      "1:",      ":30",        "1:2:3:4",   "0:00",   "1-2",   "1-2:3",
      "1:-3",    "INVALID",    "1:3x",      "1 : 30", "1e400", "12345678901:00",
      "0x10",    "010",        "1e-400",    "0x1:00", "1:60",  "1:60:00",
      "1:00:60", "1-24:00:00", "1-00:60:00"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
    double seconds;
    tv_error *error = tv_parse_duration("--max-time", wrong[i], &seconds);
    ck_assert_msg(error != NULL, "'%s' was taken", wrong[i]);
    ck_assert_int_eq(error->exit_code, TV_EXIT_USAGE);
    ck_assert_ptr_nonnull(strstr(error->message, "--max-time '"));
    tv_error_free(error);
  }
}
END_TEST

START_TEST(the_larger_wish_wins) {
  expect_success(tv_interruption_watch());
  ck_assert_int_eq(tv_interruption_wish(), TV_GO_ON);
  raise(SIGUSR2);
  ck_assert_int_eq(tv_interruption_wish(), TV_SAVE);
  tv_interruption_saved();
  ck_assert_int_eq(tv_interruption_wish(), TV_GO_ON);
  raise(SIGUSR2);
  raise(SIGUSR1);
  ck_assert_int_eq(tv_interruption_wish(), TV_STOP);
  tv_interruption_saved();
  ck_assert_int_eq(tv_interruption_wish(), TV_STOP);
}
END_TEST

START_TEST(sigterm_stops) {
  expect_success(tv_interruption_watch());
  raise(SIGTERM);
  ck_assert_int_eq(tv_interruption_wish(), TV_STOP);
}
END_TEST

START_TEST(sigint_stops) {
  signal(SIGINT, SIG_DFL);
  expect_success(tv_interruption_watch());
  raise(SIGINT);
  ck_assert_int_eq(tv_interruption_wish(), TV_STOP);
}
END_TEST

START_TEST(a_second_sigint_ends_it) {
  signal(SIGINT, SIG_DFL);
  expect_success(tv_interruption_watch());
  raise(SIGINT);
  if (tv_interruption_wish() == TV_STOP) raise(SIGINT);
}
END_TEST

START_TEST(an_ignored_sigint_stays_ignored) {
  signal(SIGINT, SIG_IGN);
  expect_success(tv_interruption_watch());
  raise(SIGINT);
  ck_assert_int_eq(tv_interruption_wish(), TV_GO_ON);
}
END_TEST

static double time_left(void) {
  double seconds;
  expect_success(tv_scheduler_time_left(&seconds));
  return seconds;
}

START_TEST(slurm_tells_the_end) {
  char text[32];
  unsetenv("SLURM_JOB_END_TIME");
  ck_assert(isinf(time_left()));
  snprintf(text, sizeof text, "%lld", (long long)time(NULL) + 1000);
  setenv("SLURM_JOB_END_TIME", text, 1);
  ck_assert_double_ge(time_left(), 990);
  ck_assert_double_le(time_left(), 1000);
  setenv("SLURM_JOB_END_TIME", "", 1);
  ck_assert(isinf(time_left()));
  setenv("SLURM_JOB_END_TIME", "0x7fffffffffff", 1);
  double seconds;
  expect_error(tv_scheduler_time_left(&seconds), TV_EXIT_USAGE, "SLURM_JOB_END_TIME '0x7fff",
               "no time in seconds");
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("interruption");
  tcase_add_test(cases, lengths_of_time_are_taken);
  tcase_add_test(cases, other_texts_are_refused);
  tcase_add_test(cases, the_larger_wish_wins);
  tcase_add_test(cases, sigterm_stops);
  tcase_add_test(cases, sigint_stops);
  tcase_add_test_raise_signal(cases, a_second_sigint_ends_it, SIGINT);
  tcase_add_test(cases, an_ignored_sigint_stays_ignored);
  tcase_add_test(cases, slurm_tells_the_end);
  return unit_run("interruption", cases);
}
