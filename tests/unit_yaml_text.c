#include "twoview/experiment/yaml.h"

#include "unit_main.h"

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

static const char sample[] = "# comment\n"                         /* 1 */
                             "name: Gr\xc3\xb6\xc3\x9f e # keep\n" /* 2 */
                             "noise: {a: 1, b: [1,\n"              /* 3 */
                             "  2], c:\n"                          /* 4 */
                             "    3}\n"                            /* 5 */
                             "block:\n"                            /* 6 */
                             "  deep:\n"                           /* 7 */
                             "    deeper: x\n"                     /* 8 */
                             "  list:\n"                           /* 9 */
                             "  - 1\n"                             /* 10 */
                             "  - 2\n"                             /* 11 */
                             "empty:\n";                           /* 12 */

static const struct {
  const char *path;
  tv_yaml_kind kind;
  int line;
} places[] = {
    {"", TV_YAML_MAPPING, 2},
    {"name", TV_YAML_SCALAR, 2},
    {"noise", TV_YAML_MAPPING, 3},
    {"noise.a", TV_YAML_SCALAR, 3},
    {"noise.b", TV_YAML_SEQUENCE, 3},
    {"noise.c", TV_YAML_SCALAR, 5},
    {"noise.d", TV_YAML_ABSENT, 3},
    {"noise.a.b", TV_YAML_ABSENT, 3},
    {"noise.b.0", TV_YAML_ABSENT, 3},
    {"block", TV_YAML_MAPPING, 7},
    {"block.deep", TV_YAML_MAPPING, 8},
    {"block.deep.deeper", TV_YAML_SCALAR, 8},
    {"block.list", TV_YAML_SEQUENCE, 10},
    {"empty", TV_YAML_SCALAR, 12},
    {"nam", TV_YAML_ABSENT, 2},
    {"names", TV_YAML_ABSENT, 2},
};

START_TEST(places_are_found) {
  const tv_yaml_place place = tv_yaml_find(sample, places[_i].path);
  ck_assert_int_eq(place.kind, places[_i].kind);
  ck_assert_int_eq(place.line, places[_i].line);
}
END_TEST

START_TEST(nothing_is_found_in_what_is_no_yaml) {
  static const char *const texts[] = {"", "# comment\n", "a: [", "\t", "\xff"};
  for (int i = 0; i < COUNT(texts); ++i) {
    const tv_yaml_place place = tv_yaml_find(texts[i], "a");
    ck_assert_int_eq(place.kind, TV_YAML_ABSENT);
    ck_assert_int_eq(place.line, 1);
  }
}
END_TEST

/* What a path is set to, in which text, and the text wanted. */
static const struct {
  const char *before, *path, *value, *after;
} settings[] = {
    /* scalars, with what stands around them */
    {"a: 1 # one\nb: 2\n", "a", "[3, 4]", "a: [3, 4] # one\nb: 2\n"},
    {"a: 1\nb: \"2\"", "b", "3", "a: 1\nb: 3"},
    {"a:\nb: 2\n", "a", "1", "a: 1\nb: 2\n"},
    {"{a: , b: 2}\n", "a", "1", "{a:  1, b: 2}\n"},
    {"a: \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80 # \xc3\xa4\nb: {\xc3\xa4: 1, c: 2, d: 3}\n", "b.c",
     "9", "a: \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80 # \xc3\xa4\nb: {\xc3\xa4: 1, c: 9, d: 3}\n"},
    {"\xef\xbb\xbf"
     "a: 1\nb: 2\n",
     "a", "9",
     "\xef\xbb\xbf"
     "a: 9\nb: 2\n"},
    {"a: 1\r\nb: 2\r\n", "b", "9", "a: 1\r\nb: 9\r\n"},
    /* flow and block collections */
    {"a: {b: 1,\n  c: 2} # one\nd: 3\n", "a", "4", "a: 4 # one\nd: 3\n"},
    {"a: {b: {c: 1}, d: 2}\n", "a.b", "5", "a: {b: 5, d: 2}\n"},
    {"a: [1,\n  2]\nd: 3\n", "a", "4", "a: 4\nd: 3\n"},
    {"a:\n  b: 1\n  c: 2\nd: 3\n", "a", "4", "a:\n   4\nd: 3\n"},
    {"a:\n  b:\n    c: 1\n  d: 3\n", "a.b", "4", "a:\n  b:\n     4\n  d: 3\n"},
    {"a:\n- 1\n- 2\nd: 3\n", "a", "[4]", "a:\n [4]\nd: 3\n"},
    {"a:\n  - 1\n  - 2\n", "a", "[4]", "a:\n   [4]\n"},
    /* keys that are missing */
    {"a: 1\n", "b", "2", "b: 2\na: 1\n"},
    {"# first\na: 1\n", "b", "2", "# first\nb: 2\na: 1\n"},
    {"a: 1\n", "b.c.d", "2", "b: {c: {d: 2}}\na: 1\n"},
    {"a: {b: 1}\n", "a.c", "2", "a: {c: 2, b: 1}\n"},
    {"a: {}\n", "a.c.d", "2", "a: {c: {d: 2}}\n"},
    {"a: &n {}\n", "a.c", "2", "a: &n {c: 2}\n"},
    {"a: &n {b: 1}\n", "a.c", "2", "a: &n {c: 2, b: 1}\n"},
    {"a:\n  # why\n  b: 1\n", "a.c", "2", "a:\n  # why\n  c: 2\n  b: 1\n"},
    {"a:\n    b:\n        c: 1\n", "a.b.d", "2", "a:\n    b:\n        d: 2\n        c: 1\n"},
    {"{a: 1}", "b", "2", "{b: 2, a: 1}"},
    {"?                 a\n: 1\n", "b", "2", "b: 2\n?                 a\n: 1\n"},
    {"c:\n  ? a\n  : 1\n", "c.b", "2", "c:\n  b: 2\n  ? a\n  : 1\n"},
    {"", "a.b", "1", "\na: {b: 1}"},
    {"# comment", "a", "1", "# comment\na: 1"},
    /* what is no YAML is left for the loader to complain of */
    {"a: [", "a", "1", "a: ["},
};

START_TEST(values_are_set) {
  char *text = strdup(settings[_i].before), reason[TV_YAML_REASON];
  const int was_sound = tv_yaml_problem(text, reason) == 0;
  expect_success(tv_yaml_set(&text, settings[_i].path, settings[_i].value));
  ck_assert_str_eq(text, settings[_i].after);
  if (was_sound) ck_assert_int_eq(tv_yaml_problem(text, reason), 0);
  free(text);
}
END_TEST

/* Whatever is set is found where it was put. */
START_TEST(what_is_set_is_found) {
  static const char *const paths[] = {"name",  "noise",      "noise.a",           "noise.d",
                                      "block", "block.deep", "block.deep.deeper", "block.list",
                                      "empty", "new",        "new.newer.newest"};
  char *text = strdup(sample), reason[TV_YAML_REASON];
  for (int i = COUNT(paths) - 1; i >= 0; --i) {
    expect_success(tv_yaml_set(&text, paths[i], "[7]"));
    ck_assert_int_eq(tv_yaml_problem(text, reason), 0);
    ck_assert_int_eq(tv_yaml_find(text, paths[i]).kind, TV_YAML_SEQUENCE);
  }
  ck_assert_ptr_nonnull(strstr(text, "# comment\n"));
  ck_assert_ptr_nonnull(strstr(text, " # keep\n"));
  free(text);
}
END_TEST

START_TEST(a_key_below_a_value_is_refused) {
  char *text = strdup("a: 1\nb: [c]\n");
  expect_error(tv_yaml_set(&text, "a.b", "2"), TV_EXIT_USAGE, "--set a.b:", "not a mapping");
  expect_error(tv_yaml_set(&text, "b.c", "2"), TV_EXIT_USAGE, "--set b.c:", "above 'c'");
  ck_assert_str_eq(text, "a: 1\nb: [c]\n");
  free(text);
}
END_TEST

static const struct {
  const char *before, *path, *after;
} lists[] = {
    {"a: 1 # one\n", "a", "a: [1] # one\n"},
    {"a: {b: x, c: 2}", "a.b", "a: {b: [x], c: 2}"},
    {"a: [1]\n", "a", "a: [1]\n"},
    {"a: {b: 1}\n", "a", "a: {b: 1}\n"},
    {"a: 1\n", "b", "a: 1\n"},
    {"a: [", "a", "a: ["},
    {"a: \xc3\xa4\nb: 2\n", "b", "a: \xc3\xa4\nb: [2]\n"},
};

START_TEST(scalars_become_lists) {
  char *text = strdup(lists[_i].before);
  expect_success(tv_yaml_listify(&text, lists[_i].path));
  ck_assert_str_eq(text, lists[_i].after);
  free(text);
}
END_TEST

static const struct {
  const char *text;
  int line;
  const char *reason;
} problems[] = {
    {"", 0, ""},
    {"a: 1\nb: {a: 1}\n", 0, ""},
    {"a: &x [1]\nb: *x\n", 0, ""},
    {"a: 1\nb: [\n", 3, "did not find"},
    {"a: 1\n\tb: 1\n", 2, "tab character"},
    {"a: 1\nb: \x02\n", 2, "control characters"},
    {"a: 1\nb: *x\n", 2, "undefined alias"},
    {"a: 1\nb: 1\na: 2\n", 3, "'a' is given twice"},
    {"a:\n  b: 1\n  b: 2\n", 3, "'b' is given twice"},
    {"a: 1\n---\nb: 1\n", 3, "a second document"},
};

START_TEST(problems_are_located) {
  char reason[TV_YAML_REASON] = "";
  ck_assert_int_eq(tv_yaml_problem(problems[_i].text, reason), problems[_i].line);
  ck_assert_ptr_nonnull(strstr(reason, problems[_i].reason));
}
END_TEST

static int is_short(const char *scalar) {
  return strlen(scalar) < 3;
}

START_TEST(the_first_bad_scalar_is_rejected) {
  static const char text[] = "a: 12\nb: 123\nc: [1, [12345], 1234, 123]\nd: {e: 123}\n";
  static const char *const wanted[][2] = {{"a", NULL}, {"b", "123"},   {"c", "1234"},
                                          {"d", NULL}, {"d.e", "123"}, {"f", NULL}};
  char *rejected;
  for (int i = 0; i < COUNT(wanted); ++i) {
    expect_success(tv_yaml_reject(text, wanted[i][0], is_short, &rejected));
    ck_assert_pstr_eq(rejected, wanted[i][1]);
    free(rejected);
  }
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("yaml_text");
  tcase_add_loop_test(cases, places_are_found, 0, COUNT(places));
  tcase_add_test(cases, nothing_is_found_in_what_is_no_yaml);
  tcase_add_loop_test(cases, values_are_set, 0, COUNT(settings));
  tcase_add_test(cases, what_is_set_is_found);
  tcase_add_test(cases, a_key_below_a_value_is_refused);
  tcase_add_loop_test(cases, scalars_become_lists, 0, COUNT(lists));
  tcase_add_loop_test(cases, problems_are_located, 0, COUNT(problems));
  tcase_add_test(cases, the_first_bad_scalar_is_rejected);
  return unit_run("yaml_text", cases);
}
