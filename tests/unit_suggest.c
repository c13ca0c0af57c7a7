#include "twoview/base/text.h"

#include "unit_main.h"

static const char *const words[] = {"replicates", "samples", "seed", "source", NULL};

static const struct {
  const char *typed, *suggested;
} pairs[] = {
    {"seed", "seed"},       {"sede", "seed"},    {"seeds", "seed"},           {"ed", "seed"},
    {"xsource", "source"},  {"sorce", "source"}, {"replicate", "replicates"}, {"smaple", "samples"},
    {"sXmYlZs", "samples"}, {"", "seed"}, /* the shortest is nearest to nothing */
};

START_TEST(the_nearest_word_is_suggested) {
  ck_assert_str_eq(tv_suggest(pairs[_i].typed, words), pairs[_i].suggested);
}
END_TEST

START_TEST(of_equally_near_words_the_first_is_suggested) {
  static const char *const bats[] = {"bat", "cat", "hat", NULL};
  ck_assert_ptr_eq(tv_suggest("mat", bats), bats[0]);
}
END_TEST

START_TEST(an_empty_list_has_no_suggestion) {
  static const char *const none[] = {NULL};
  ck_assert_ptr_null(tv_suggest("seed", none));
}
END_TEST

START_TEST(long_words_are_compared_by_their_beginnings) {
  char word[1000] = "", typed[1000] = "";
  memset(word, 'a', sizeof word - 1);
  memset(typed, 'a', sizeof typed - 2);
  const char *const lengthy[] = {"b", word, NULL};
  ck_assert_ptr_eq(tv_suggest(typed, lengthy), word);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("suggest");
  tcase_add_loop_test(cases, the_nearest_word_is_suggested, 0, (int)(sizeof pairs / sizeof *pairs));
  tcase_add_test(cases, of_equally_near_words_the_first_is_suggested);
  tcase_add_test(cases, an_empty_list_has_no_suggestion);
  tcase_add_test(cases, long_words_are_compared_by_their_beginnings);
  return unit_run("suggest", cases);
}
