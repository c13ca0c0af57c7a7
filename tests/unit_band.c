#include "twoview/base/statistics.h"

#include <math.h>

#include "unit_main.h"

START_TEST(bands_skip_what_is_not_defined) {
  static const double values[] = {1, 7, NAN, 7, 3, 7, 2, 7};
  const tv_band band = tv_band_over(values, 2, 4);
  ck_assert_double_eq(band.mean, 2);
  ck_assert_double_eq(band.least, 1);
  ck_assert_double_eq(band.largest, 3);
  const tv_band none = tv_band_over(values + 2, 1, 1);
  ck_assert_double_nan(none.mean);
  ck_assert_double_nan(none.least);
  ck_assert_double_nan(none.largest);
}
END_TEST

/* Of 1, 3 and 2, with NaN between them: mean 2, squares 1 + 1 + 0 over 2. */
START_TEST(spreads_skip_what_is_not_defined) {
  static const double values[] = {1, 7, NAN, 7, 3, 7, 2, 7};
  ck_assert_double_eq(tv_deviation_over(values, 2, 4), 1);
  ck_assert_double_nan(tv_deviation_over(values, 2, 2));
  ck_assert_double_eq(tv_quantile_over(values, 2, 4, 0), 1);
  ck_assert_double_eq(tv_quantile_over(values, 2, 4, 0.25), 1.5);
  ck_assert_double_eq(tv_quantile_over(values, 2, 4, 0.5), 2);
  ck_assert_double_eq(tv_quantile_over(values, 2, 4, 0.8), 2.6);
  ck_assert_double_eq(tv_quantile_over(values, 2, 4, 1), 3);
  ck_assert_double_eq(tv_quantile_over(values + 1, 2, 4, 0.3), 7); /* equal ones */
  ck_assert_double_nan(tv_quantile_over(values + 2, 1, 1, 0.5));
}
END_TEST

START_TEST(bands_in_words) {
  static const struct {
    tv_band band;
    const char *text;
  } cases[] = {{{2, 1, 3}, "2 [1, 3]"},
               {{1.00001, 1, 1.00002}, "1"},
               {{-0.25, -1e-300, 1.23456e300}, "-0.25 [-1e-300, 1.235e+300]"},
               {{NAN, NAN, NAN}, "not defined"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    char text[TV_BAND_TEXT];
    tv_band_format(&cases[i].band, text);
    ck_assert_str_eq(text, cases[i].text);
  }
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("band");
  tcase_add_test(cases, bands_skip_what_is_not_defined);
  tcase_add_test(cases, spreads_skip_what_is_not_defined);
  tcase_add_test(cases, bands_in_words);
  return unit_run("band", cases);
}
