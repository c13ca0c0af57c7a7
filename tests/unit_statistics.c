#include "twoview/base/statistics.h"

#include <math.h>

#include "support/unit.h"

START_TEST(bands_skip_what_is_not_defined) {
  static const double values[] = {1, 7, NAN, 7, 3, 7, 2, 7};
  const tv_summary summary = tv_summary_over(values, 2, 4);
  ck_assert_double_eq(summary.mean, 2);
  ck_assert_double_eq(summary.least, 1);
  ck_assert_double_eq(summary.largest, 3);
  const tv_summary none = tv_summary_over(values + 2, 1, 1);
  ck_assert_double_nan(none.mean);
  ck_assert_double_nan(none.least);
  ck_assert_double_nan(none.largest);
}
END_TEST

/* -2 and -infinity count as 0: mean of 0, 3, 0 and 1. */
START_TEST(no_need_of_alignment_counts_as_0) {
  static const double values[] = {-2, 7, NAN, 7, 3, 7, -INFINITY, 7, 1};
  const tv_summary summary = tv_summary_over_needs(values, 2, 5);
  ck_assert_double_eq(summary.mean, 1);
  ck_assert_double_eq(summary.least, 0);
  ck_assert_double_eq(summary.largest, 3);
  ck_assert_double_nan(tv_summary_over_needs(values + 2, 1, 1).mean);
}
END_TEST

START_TEST(digits_tell_values_apart) {
  static const struct {
    double values[3];
    int count, digits;
  } cases[] = {{{1, 2, 10}, 3, 4},        {{1.00002, 7, 1.00001}, 3, 6},   {{1e6 + 1, 1e6}, 2, 7},
               {{0.1, 0.1, 0.1}, 3, 4}, /* equal ones stay so */
               {{1, 1 + 0x1p-52}, 2, 17}, {{-1.00001, -1.00002, 0}, 3, 6}, {{5}, 0, 4}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i)
    ck_assert_int_eq(tv_digits_of(cases[i].values, cases[i].count), cases[i].digits);
}
END_TEST

START_TEST(numbers_read_back) {
  static const struct {
    double value;
    const char *text, *in_messages;
  } cases[] = {{0.1, "0.1", "0.1"},
               {1.00001, "1.00001", "1.00001"},
               {1 + 0x1p-52, "1.0000000000000002", "1.0000000000000002"},
               {1e7, "10000000", "1e+07"},
               {1e7 + 1, "10000001", "10000001"},
               {1e23, "1e+23", "1e+23"},
               {INFINITY, "inf", "inf"},
               {NAN, "nan", "nan"},
               {0x1p53 + 2, "9007199254740994", "9007199254740994"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    char text[TV_NUMBER_TEXT];
    tv_number_format(cases[i].value, text);
    ck_assert_str_eq(text, cases[i].text);
    ck_assert_str_eq(TV_EXACT(cases[i].value), cases[i].in_messages);
  }
}
END_TEST

START_TEST(bands_in_words) {
  static const struct {
    tv_summary summary;
    const char *text;
  } cases[] = {{{2, 1, 3}, "2 [1, 3]"},
               {{1.00001, 1, 1.00002}, "1.00001 [1, 1.00002]"},
               {{1. / 3, 1. / 3, 1. / 3 + 0x1p-54}, "0.3333"}, /* apart by rounding */
               {{-0.25, -1e-300, 1.23456e300}, "-0.25 [-1e-300, 1.235e+300]"},
               {{NAN, NAN, NAN}, "not defined"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    char text[TV_SUMMARY_TEXT];
    tv_summary_format(&cases[i].summary, TV_LEAST_DIGITS, text);
    ck_assert_str_eq(text, cases[i].text);
  }
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("statistics");
  tcase_add_test(cases, bands_skip_what_is_not_defined);
  tcase_add_test(cases, no_need_of_alignment_counts_as_0);
  tcase_add_test(cases, digits_tell_values_apart);
  tcase_add_test(cases, numbers_read_back);
  tcase_add_test(cases, bands_in_words);
  return unit_run("statistics", cases);
}
