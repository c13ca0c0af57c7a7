#include "twoview/base/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/unit.h"

/* What two steps of four write to a stderr that is a file, when the stage began `seconds` ago. This
 * rank has 40 of 160 units. */
static void run_steps(int is_shown, double seconds, char *written, size_t room) {
  FILE *file = tmpfile();
  const int saved = dup(STDERR_FILENO);
  ck_assert(file && saved >= 0);
  fflush(stderr);
  ck_assert_int_ge(dup2(fileno(file), STDERR_FILENO), 0);
  tv_progress progress = tv_progress_begin("moments", "samples", 40, 160, is_shown);
  progress.begun -= seconds;
  progress.last -= seconds;
  tv_progress_step(&progress, 10);
  tv_progress_step(&progress, 10);
  tv_progress_end(&progress);
  fflush(stderr);
  dup2(saved, STDERR_FILENO);
  close(saved);
  rewind(file);
  written[fread(written, 1, room - 1, file)] = '\0';
  fclose(file);
}

/* However slow the machine is: the stage begins in the future. */
START_TEST(a_short_stage_is_silent) {
  char written[1000];
  run_steps(1, -1e6, written, sizeof written);
  ck_assert_str_eq(written, "");
}
END_TEST

/* Ten units in 40000 s: thirty more take 120000 s, if the step itself takes no half a minute. The
 * second step comes too soon for another line. */
START_TEST(a_long_stage_says_now_and_then_where_all_ranks_are) {
  char written[1000];
  run_steps(1, 40000, written, sizeof written);
  ck_assert_ptr_eq(strstr(written, "moments: 40 of 160 samples (25 %), 0.001/s, 33:"), written);
  ck_assert_ptr_eq(strchr(written, '\n'), written + strlen(written) - 1);
}
END_TEST

/* The first line in a log comes after 10 s, the next half a minute later. */
START_TEST(a_log_is_written_soon_and_then_seldom) {
  const tv_progress progress = tv_progress_begin("moments", "samples", 40, 160, 1);
  ck_assert_double_eq(progress.patience, progress.is_terminal ? 2 : 10);
  ck_assert_double_eq(progress.interval, progress.is_terminal ? 0.2 : 30);
}
END_TEST

START_TEST(the_environment_sets_how_often) {
  char written[1000];
  setenv("TWOVIEW_PROGRESS_SECONDS", "0", 1);
  run_steps(1, 0, written, sizeof written);
  unsetenv("TWOVIEW_PROGRESS_SECONDS");
  ck_assert(strstr(written, "moments: 40 of 160 samples (25 %)") &&
            strstr(written, "\nmoments: 80 of 160 samples (50 %)"));
}
END_TEST

START_TEST(nothing_is_shown_unasked) {
  char written[1000];
  run_steps(0, 40000, written, sizeof written);
  ck_assert_str_eq(written, "");
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("progress");
  tcase_add_test(cases, a_short_stage_is_silent);
  tcase_add_test(cases, a_long_stage_says_now_and_then_where_all_ranks_are);
  tcase_add_test(cases, a_log_is_written_soon_and_then_seldom);
  tcase_add_test(cases, the_environment_sets_how_often);
  tcase_add_test(cases, nothing_is_shown_unasked);
  return unit_run("progress", cases);
}
