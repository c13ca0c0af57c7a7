#include "twoview/base/text.h"

#include <math.h>

#include "support/unit.h"

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

static const struct {
  const char *text;
  tv_number_status integer, natural, number;
  double value;
} numbers[] = {
#define READ   TV_NUMBER_READ
#define NONE   TV_NUMBER_NONE
#define BEYOND TV_NUMBER_BEYOND
    {"0", READ, READ, READ, 0},
    {"+7", READ, READ, READ, 7},
    {"-7", READ, NONE, READ, -7},
    {"120", READ, READ, READ, 120},
    {"9223372036854775807", READ, READ, READ, 0x1p63},
    {"9223372036854775808", BEYOND, READ, READ, 0x1p63},
    {"-9223372036854775808", READ, NONE, READ, -0x1p63},
    {"18446744073709551615", BEYOND, READ, READ, 0x1p64},
    {"18446744073709551616", BEYOND, BEYOND, READ, 0x1p64},
    {"1.5", NONE, NONE, READ, 1.5},
    {".5", NONE, NONE, READ, 0.5},
    {"5.", NONE, NONE, READ, 5},
    {"1e3", NONE, NONE, READ, 1000},
    {"-2.5E-05", NONE, NONE, READ, -2.5e-5},
    {"0.0", NONE, NONE, READ, 0},
    {"0e9", NONE, NONE, READ, 0},
    {"inf", NONE, NONE, READ, INFINITY},
    {"-Inf", NONE, NONE, READ, -INFINITY},
    {"1e400", NONE, NONE, BEYOND, 0},
    {"-1e400", NONE, NONE, BEYOND, 0},
    {"1e-400", NONE, NONE, BEYOND, 0},
    {"1e-320", NONE, NONE, READ, 1e-320}, /* with a few digits only */
    {"", NONE, NONE, NONE, 0},
    {"-", NONE, NONE, NONE, 0},
    {".", NONE, NONE, NONE, 0},
    {" 1", NONE, NONE, NONE, 0},
    {"1 ", NONE, NONE, NONE, 0},
    {"5x", NONE, NONE, NONE, 0},
    {"010", NONE, NONE, NONE, 0},
    {"-010", NONE, NONE, NONE, 0},
    {"00.5", NONE, NONE, NONE, 0},
    {"0x10", NONE, NONE, NONE, 0},
    {"0x1p3", NONE, NONE, NONE, 0},
    {"1e", NONE, NONE, NONE, 0},
    {"1e+", NONE, NONE, NONE, 0},
    {"e5", NONE, NONE, NONE, 0},
    {"1,5", NONE, NONE, NONE, 0},
    {"1_000", NONE, NONE, NONE, 0},
    {"--1", NONE, NONE, NONE, 0},
    {"nan(1)", NONE, NONE, NONE, 0},
};

START_TEST(numbers_are_read_whole_and_as_decimal) {
  const double unread = -1234;
  int64_t integer = (int64_t)unread;
  uint64_t natural = 1234;
  double number = unread;
  ck_assert_int_eq(tv_read_integer(numbers[_i].text, &integer), numbers[_i].integer);
  ck_assert_int_eq(tv_read_natural(numbers[_i].text, &natural), numbers[_i].natural);
  ck_assert_int_eq(tv_read_double(numbers[_i].text, &number), numbers[_i].number);
  ck_assert_double_eq(number, numbers[_i].number == READ ? numbers[_i].value : unread);
  ck_assert_double_eq((double)integer, numbers[_i].integer == READ ? numbers[_i].value : unread);
  ck_assert_double_eq((double)natural, numbers[_i].natural == READ ? numbers[_i].value : -unread);
}
END_TEST

START_TEST(an_empty_variable_is_not_set) {
  unsetenv("TWOVIEW_TEST");
  ck_assert_ptr_null(tv_environment("TWOVIEW_TEST"));
  setenv("TWOVIEW_TEST", "", 1);
  ck_assert_ptr_null(tv_environment("TWOVIEW_TEST"));
  setenv("TWOVIEW_TEST", "0", 1);
  ck_assert_str_eq(tv_environment("TWOVIEW_TEST"), "0");
}
END_TEST

START_TEST(what_does_not_fit_is_left_out) {
  char text[8] = "";
  for (int i = 0; i < 3; ++i) tv_append(text, sizeof text, "%s", "abc");
  ck_assert_str_eq(text, "abcabca");
}
END_TEST

static const struct {
  const char *a, *b;       /* two texts */
  const char *in_a, *in_b; /* from the first line that differs on; the ends where none does */
} differences[] = {
    {"", "", "", ""},
    {"k: 2\nn: 5\n", "k: 2\nn: 5\n", "", ""},
    {"k: 2\nn: 5\n", "k: 2\nn: 5", "", ""}, /* the last line ends either way */
    {"k: 2\nn: 5\n", "k: 2\nn: 50\n", "n: 5\n", "n: 50\n"},
    {"k: 2\nn: 5\nm: 1", "k: 2\nn: 6\nm: 1", "n: 5\nm: 1", "n: 6\nm: 1"},
    {"k: 2\nn: 5", "k: 2", "n: 5", ""}, /* one goes on where the other ends */
    {"k: 2\n", "k: 2\nn: 5", "", "n: 5"},
    {"k", "", "k", ""},
    {"k\n\nn", "k\nn", "\nn", "n"},
};

START_TEST(the_first_line_that_differs_is_found) {
  const char *a = differences[_i].a, *b = differences[_i].b;
  const int differ = *differences[_i].in_a || *differences[_i].in_b;
  ck_assert_int_eq(tv_text_first_difference(&a, &b), differ);
  ck_assert_str_eq(a, differences[_i].in_a);
  ck_assert_str_eq(b, differences[_i].in_b);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("text");
  tcase_add_loop_test(cases, the_nearest_word_is_suggested, 0, (int)(sizeof pairs / sizeof *pairs));
  tcase_add_test(cases, of_equally_near_words_the_first_is_suggested);
  tcase_add_test(cases, an_empty_list_has_no_suggestion);
  tcase_add_test(cases, long_words_are_compared_by_their_beginnings);
  tcase_add_loop_test(cases, numbers_are_read_whole_and_as_decimal, 0,
                      (int)(sizeof numbers / sizeof *numbers));
  tcase_add_test(cases, an_empty_variable_is_not_set);
  tcase_add_test(cases, what_does_not_fit_is_left_out);
  tcase_add_loop_test(cases, the_first_line_that_differs_is_found, 0,
                      (int)(sizeof differences / sizeof *differences));
  return unit_run("text", cases);
}
