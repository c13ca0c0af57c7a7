#include "twoview/base/escape.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/unit.h"

static void expect_put(void (*put)(const char *text, FILE *out), const char *text,
                       const char *expected) {
  char *written = NULL;
  size_t size;
  FILE *out = open_memstream(&written, &size);
  put(text, out);
  fclose(out);
  ck_assert_str_eq(written, expected);
  free(written);
}

/* ---- What is harmless nowhere ---- */

static const struct {
  const char *text, *visible;
} harmful[] = {
    {"\x1b]0;title\x07", "\\x1b]0;title\\x07"}, /* sets a terminal's title */
    {"\xc2\x9b"
     "31m",
     "\\x9b31m"}, /* the same as ESC [ in one character */
    {"\x7f\r\x0b", "\\x7f\\x0d\\x0b"},
    {"\xe2\x80\xae"
     "4pm.exe",
     "\\u202e4pm.exe"}, /* written from right to left */
    {"\xe2\x81\xa6\xe2\x81\xa9", "\\u2066\\u2069"},
    {"a\xe2\x80\xa8"
     "b",
     "a\\u2028b"},                                /* a line separator */
    {"\xff\xc3", "\\xff\\xc3"},                   /* no UTF-8, and cut off */
    {"\xc0\xaf", "\\xc0\\xaf"},                   /* '/' in too many bytes */
    {"\xed\xa0\x80", "\\xed\\xa0\\x80"},          /* half of a pair of UTF-16 */
    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* beyond the last character */
    {"\xef\xbf\xbf", "\\uffff"},
};

START_TEST(the_harmful_is_made_visible_in_every_medium) {
  char doubled[128] = "\"", quoted[64], *end = doubled + 1;
  const char *visible = harmful[_i].visible;
  for (const char *c = visible; *c; ++c) {
    if (*c == '\\') *end++ = '\\';
    *end++ = *c;
  }
  *end = '"';
  snprintf(quoted, sizeof quoted, "\"%s\"", visible);
  expect_put(tv_put_plain, harmful[_i].text, visible);
  expect_put(tv_put_html, harmful[_i].text, visible);
  expect_put(tv_put_yaml, harmful[_i].text, quoted);
  expect_put(tv_put_gnuplot, harmful[_i].text, doubled);
}
END_TEST

START_TEST(all_else_stays) {
  static const char text[] = "α = 0.5, 10 µm: naïve 漢字 😀 ~/a b#c$d%e|f";
  expect_put(tv_put_plain, text, text);
  expect_put(tv_put_html, text, text);
  expect_put(tv_put_plain, "", "");
}
END_TEST

/* ---- The media ---- */

static void put_indented(const char *text, FILE *out) {
  tv_put_lines("  ", text, out);
}

static const struct {
  void (*put)(const char *text, FILE *out);
  const char *text, *expected;
} media[] = {
    {tv_put_plain, "a\nb\tc", "a\\x0ab\\x09c"},
    {put_indented, "a\nb\tc\n\nd\x1b", "  a\n  b\tc\n  \n  d\\x1b\n"},
    {tv_put_html, "<script>alert(\"1\" & '2')</script>\n",
     "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;\n"},
    {tv_put_csv, "joint-embedding", "joint-embedding"},
    {tv_put_csv, "=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"},
    {tv_put_csv, "+1", "'+1"},
    {tv_put_csv, "-1", "'-1"},
    {tv_put_csv, "@SUM(A1)", "'@SUM(A1)"},
    {tv_put_csv, "  =1", "'  =1"},
    {tv_put_csv, "\t=1", "\\x09=1"},
    {tv_put_csv, "=a,\"b\"", "\"'=a,\"\"b\"\"\""},
    {tv_put_csv, "a;b", "\"a;b\""},
    {tv_put_csv, "a\r\n=b", "a\\x0d\\x0a=b"},
    {tv_put_csv, "", ""},
    {tv_put_gnuplot, "a\"; system(\"b\") `c` \\d",
     "\"a\\\"; system(\\\"b\\\") \\140c\\140 \\\\d\""},
    {tv_put_gnuplot, "a\nb", "\"a\\\\x0ab\""},
    {tv_put_yaml, "a\"b\\c\nd", "\"a\\\"b\\\\c\\x0ad\""},
};

START_TEST(each_medium_has_its_escapes) {
  expect_put(media[_i].put, media[_i].text, media[_i].expected);
}
END_TEST

static void put_message(const char *text, FILE *out) {
  tv_print_line(out, "%s: %d\n%s", text, 7, "x");
}

START_TEST(a_message_is_one_line) {
  expect_put(put_message, "a\nb\x1b", "a\\x0ab\\x1b: 7\\x0ax\n");
}
END_TEST

/* ---- Names of files ---- */

START_TEST(names_with_control_characters_are_refused) {
  expect_success(tv_expect_file_name("runs/α 1/über\xff.h5"));
  expect_error(tv_expect_file_name("a\nb.h5"), TV_EXIT_USAGE, "control characters", "byte 2");
  expect_error(tv_expect_file_name("\x1b[2J.h5"), TV_EXIT_USAGE, "control characters", "byte 1");
  expect_error(tv_expect_file_name("a\x7f"), TV_EXIT_USAGE, "control characters", "byte 2");
  expect_error(tv_expect_file_name("ab\xc2\x9b"), TV_EXIT_USAGE, "control characters", "byte 3");
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("escape");
  tcase_add_loop_test(cases, the_harmful_is_made_visible_in_every_medium, 0,
                      (int)(sizeof harmful / sizeof *harmful));
  tcase_add_test(cases, all_else_stays);
  tcase_add_loop_test(cases, each_medium_has_its_escapes, 0, (int)(sizeof media / sizeof *media));
  tcase_add_test(cases, a_message_is_one_line);
  tcase_add_test(cases, names_with_control_characters_are_refused);
  return unit_run("escape", cases);
}
