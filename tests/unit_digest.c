#include "twoview/base/digest.h"

#include <stdio.h>

#include "support/unit.h"

/* Known answers of FIPS 180-2: "abc" and a million of 'a'; and the digest of nothing. A million
 * bytes are more than one buffer of a stream, three millions more than one piece. */
static const struct {
  const char *text;
  int times;
  const char *digest;
} known[] = {
    {"", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    {"abc", 1000000, "f4096a131e7e6ebfa7a512b5c299e13b065df34d15624ee1202ab394cc4d7e90"},
};

START_TEST(known_answers) {
  char digest[TV_DIGEST_LENGTH];
  FILE *file = fopen("known", "wb");
  ck_assert_ptr_nonnull(file);
  for (int i = 0; i < known[_i].times; ++i) fputs(known[_i].text, file);
  ck_assert_int_eq(fclose(file), 0);
  expect_success(tv_digest_file("known", digest));
  ck_assert_str_eq(digest, known[_i].digest);
}
END_TEST

START_TEST(unreadable_files_are_named) {
  char digest[TV_DIGEST_LENGTH];
  expect_error(tv_digest_file("nowhere", digest), TV_EXIT_FAILED, "nowhere: ", "No such file");
  expect_error(tv_digest_file(".", digest), TV_EXIT_FAILED, ".: ", "Is a directory");
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("digest");
  tcase_add_loop_test(cases, known_answers, 0, (int)(sizeof known / sizeof *known));
  tcase_add_test(cases, unreadable_files_are_named);
  return unit_run_in_folder("digest", cases);
}
