#include "unit.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int unit_run(const char *topic, TCase *cases) {
  tcase_set_timeout(cases, HANG_SECONDS);
  Suite *suite = suite_create(topic);
  suite_add_tcase(suite, cases);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed > 0;
}

void unit_clear_folder(void) {
  DIR *listing = opendir(".");
  for (struct dirent *entry; listing && (entry = readdir(listing));) unlink(entry->d_name);
  if (listing) closedir(listing);
}

int unit_run_in_folder(const char *topic, TCase *cases) {
  char folder[] = "/tmp/twoview-unit.XXXXXX";
  if (!mkdtemp(folder) || chdir(folder) != 0) return 1;
  const int status = unit_run(topic, cases);
  unit_clear_folder();
  return chdir("/") != 0 || rmdir(folder) != 0 || status;
}

void expect_success(tv_error *error) {
  ck_assert_msg(!error, "unexpected error: %s", error ? error->message : "");
}

void expect_error(tv_error *error, int exit_code, const char *part, const char *other) {
  ck_assert_msg(error != NULL, "no error, but expected one about '%s'", other);
  ck_assert_msg(strstr(error->message, part) && strstr(error->message, other),
                "'%s' and '%s' are not both in: %s", part, other, error->message);
  ck_assert_int_eq(error->exit_code, exit_code);
  tv_error_free(error);
}
