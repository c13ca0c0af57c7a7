#include "twoview/base/progress.h"

#include <stdio.h>

#include "unit_main.h"

/* What two steps of four write to a stderr that is a file, when the stage began `seconds` ago. */
static void run_steps(int is_shown, double seconds, char *written, size_t room) {
  FILE *file = tmpfile();
  const int saved = dup(STDERR_FILENO);
  ck_assert(file && saved >= 0);
  fflush(stderr);
  ck_assert_int_ge(dup2(fileno(file), STDERR_FILENO), 0);
  tv_progress progress = tv_progress_begin("solves", 4, is_shown);
  progress.begun -= seconds;
  progress.last -= seconds;
  tv_progress_step(&progress);
  tv_progress_step(&progress);
  tv_progress_end(&progress);
  fflush(stderr);
  dup2(saved, STDERR_FILENO);
  close(saved);
  rewind(file);
  written[fread(written, 1, room - 1, file)] = '\0';
  fclose(file);
}

START_TEST(a_short_stage_is_silent) {
  char written[1000];
  run_steps(1, 20, written, sizeof written);
  ck_assert_str_eq(written, "");
}
END_TEST

/* One step in 40 s: three more take 120 s. The second step comes too soon for another line. */
START_TEST(a_long_stage_says_now_and_then_where_it_is) {
  char written[1000];
  run_steps(1, 40, written, sizeof written);
  ck_assert_str_eq(written, "solves: 1/4 (25 %), 0.025/s, 0:02:00 left\n");
}
END_TEST

START_TEST(nothing_is_shown_unasked) {
  char written[1000];
  run_steps(0, 40, written, sizeof written);
  ck_assert_str_eq(written, "");
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("progress");
  tcase_add_test(cases, a_short_stage_is_silent);
  tcase_add_test(cases, a_long_stage_says_now_and_then_where_it_is);
  tcase_add_test(cases, nothing_is_shown_unasked);
  return unit_run("progress", cases);
}
