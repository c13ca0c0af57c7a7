#include "twoview/base/output.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/unit.h"

static const char *const no_inputs[] = {NULL};

static void put(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  ck_assert_ptr_nonnull(file);
  ck_assert_int_ge(fputs(text, file), 0);
  ck_assert_int_eq(fclose(file), 0);
}

static void expect_content(const char *path, const char *text) {
  char content[64] = "";
  FILE *file = fopen(path, "r");
  ck_assert_msg(file != NULL, "%s is not there", path);
  ck_assert_uint_eq(fread(content, 1, sizeof content - 1, file), strlen(text));
  fclose(file);
  ck_assert_str_eq(content, text);
}

static void expect_absent(const char *path) {
  ck_assert_msg(access(path, F_OK) != 0, "%s is there", path);
}

static tv_output begun(int replaces) {
  tv_output output;
  expect_success(tv_output_begin("out", no_inputs, replaces, &output));
  ck_assert_int_eq(write(output.file, "new", 3), 3);
  return output;
}

START_TEST(a_file_gets_its_name_when_it_is_whole) {
  tv_output output = begun(0);
  char *part = strdup(output.part);
  ck_assert_str_eq(output.path, "out");
  ck_assert_ptr_eq(strstr(part, "out."), part);
  expect_absent("out");
  expect_success(tv_output_finish(&output));
  expect_content("out", "new");
  expect_absent(part);
  tv_output_abandon(&output); /* of one that is finished: nothing */
  expect_content("out", "new");
  free(part);
}
END_TEST

START_TEST(an_abandoned_file_leaves_nothing) {
  put("out", "old");
  tv_output output = begun(1);
  char *part = strdup(output.part);
  tv_output_abandon(&output);
  expect_absent(part);
  expect_content("out", "old");
  ck_assert_ptr_null(output.path);
  free(part);
}
END_TEST

START_TEST(a_file_is_replaced_when_that_is_wanted) {
  put("out", "old");
  tv_output output = begun(1);
  expect_content("out", "old");
  expect_success(tv_output_finish(&output));
  expect_content("out", "new");
}
END_TEST

START_TEST(what_cannot_be_replaced_is_refused) {
  static const char *const inputs[] = {"absent", "in", NULL};
  tv_output output;
  put("out", "old");
  put("in", "data");
  ck_assert_int_eq(symlink("in", "way"), 0);
  ck_assert_int_eq(mkfifo("pipe", 0600), 0);
  const struct {
    const char *path;
    int replaces, exit_code;
    const char *message;
  } cases[] = {{"out", 0, TV_EXIT_USAGE, "out: exists; name another output with -o, or add"},
               {"in", 1, TV_EXIT_USAGE, "in: is read by this run"},
               {"pipe", 1, TV_EXIT_USAGE, "pipe: exists and is not a regular file"},
               {".", 1, TV_EXIT_USAGE, "is not a regular file"},
               {"", 1, TV_EXIT_USAGE, "'' is no name of a file"},
               {"folder/", 1, TV_EXIT_USAGE, "'folder/' is no name of a file"},
               {"in/out", 1, TV_EXIT_FAILED, "in/out: cannot be written"},
               {"absent/out", 1, TV_EXIT_FAILED, "No such file"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    expect_error(tv_output_begin(cases[i].path, inputs, cases[i].replaces, &output),
                 cases[i].exit_code, cases[i].message, "");
    ck_assert_ptr_null(output.path);
  }
  expect_content("out", "old");
  expect_content("in", "data");
}
END_TEST

/* Another process may come first: its file stays, and so does the part, by another name. */
START_TEST(a_file_that_appears_meanwhile_is_kept) {
  tv_output output = begun(0);
  const int stem = (int)strlen(output.part) - (int)strlen(".part");
  char *kept = malloc((size_t)stem + sizeof ".whole.part");
  sprintf(kept, "%.*s.whole.part", stem, output.part);
  put("out", "theirs");
  expect_error(tv_output_finish(&output), TV_EXIT_FAILED, "out: has appeared during the run", kept);
  expect_content("out", "theirs");
  expect_content(kept, "new");
  free(kept);
}
END_TEST

/* A process that has ended left a part of `out`; and one of another file, which is not its. */
START_TEST(parts_of_dead_processes_are_removed) {
  enum { DIGITS = 10 };
  char name[256], other[300];
  tv_output output = begun(0);
  const pid_t dead = fork();
  if (dead == 0) _exit(0);
  ck_assert_int_eq(waitpid(dead, NULL, 0), dead);
  const int stem = (int)strlen(output.part) - DIGITS - (int)strlen(".part");
  snprintf(name, sizeof name, "%.*s%0*d.part", stem, output.part, DIGITS, (int)dead);
  snprintf(other, sizeof other, "other-%s", name);
  put(name, "left");
  put(other, "left");
  expect_success(tv_output_finish(&output));
  expect_absent(name);
  expect_content(other, "left");
  put(name, "left");
  expect_success(tv_output_clear("out"));
  expect_absent(name);
}
END_TEST

START_TEST(a_part_that_is_another_file_is_not_named) {
  tv_output output = begun(1);
  char *part = strdup(output.part);
  ck_assert_int_eq(unlink(part), 0);
  put(part, "theirs");
  expect_error(tv_output_finish(&output), TV_EXIT_FAILED, part, "was removed or replaced");
  expect_absent("out");
  expect_content(part, "theirs");
  unlink(part);
  free(part);
}
END_TEST

START_TEST(a_link_leads_to_the_output) {
  char *path = NULL;
  put("target", "old");
  ck_assert_int_eq(symlink("target", "link"), 0);
  ck_assert_int_eq(symlink("nowhere", "loose"), 0);
  expect_success(tv_output_locate("link", &path));
  ck_assert_str_eq(strrchr(path, '/'), "/target");
  free(path);
  expect_success(tv_output_locate("plain", &path));
  ck_assert_str_eq(path, "plain");
  free(path);
  expect_error(tv_output_locate("loose", &path), TV_EXIT_USAGE, "loose: not a regular file",
               "leads nowhere");
}
END_TEST

/* `printf 'n%.0s' $(seq LENGTH) | sha256sum` begins with these digits. */
START_TEST(long_names_give_way_to_digits) {
  enum { LONGEST = 255, END = 5, DIGITS = 16 };
  char path[LONGEST + 4] = "./", *beside = NULL;
  expect_success(tv_output_beside("folder/out", ".part", &beside));
  ck_assert_str_eq(beside, "folder/out.part");
  free(beside);
  ck_assert_int_eq(pathconf(".", _PC_NAME_MAX), LONGEST);
  memset(path + 2, 'n', LONGEST - END);
  expect_success(tv_output_beside(path, ".part", &beside));
  ck_assert_uint_eq(strlen(beside), 2 + LONGEST);
  ck_assert_int_eq(strncmp(beside, path, strlen(path)), 0);
  free(beside);
  memset(path + 2, 'n', LONGEST);
  expect_success(tv_output_beside(path, ".part", &beside));
  ck_assert_uint_eq(strlen(beside), 2 + LONGEST);
  ck_assert_uint_eq(strspn(beside, "./n"), 2 + LONGEST - END - DIGITS);
  ck_assert_str_eq(beside + 2 + LONGEST - END - DIGITS, "3bb555e4ed3e8c6e.part");
  free(beside);
}
END_TEST

START_TEST(paths_that_are_too_long_are_refused) {
  char path[PATH_MAX + 1] = "", *beside = NULL;
  for (int i = 0; i < PATH_MAX - 2; ++i) path[i] = i % 2 ? '/' : 'd';
  expect_error(tv_output_beside(path, ".part", &beside), TV_EXIT_USAGE, "is too long a path",
               "go into its folder");
  ck_assert_ptr_null(beside);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("output");
  tcase_add_checked_fixture(cases, unit_clear_folder, NULL);
  tcase_add_test(cases, a_file_gets_its_name_when_it_is_whole);
  tcase_add_test(cases, an_abandoned_file_leaves_nothing);
  tcase_add_test(cases, a_file_is_replaced_when_that_is_wanted);
  tcase_add_test(cases, what_cannot_be_replaced_is_refused);
  tcase_add_test(cases, a_file_that_appears_meanwhile_is_kept);
  tcase_add_test(cases, parts_of_dead_processes_are_removed);
  tcase_add_test(cases, a_part_that_is_another_file_is_not_named);
  tcase_add_test(cases, a_link_leads_to_the_output);
  tcase_add_test(cases, long_names_give_way_to_digits);
  tcase_add_test(cases, paths_that_are_too_long_are_refused);
  return unit_run_in_folder("output", cases);
}
