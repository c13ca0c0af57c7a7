#include "twoview/experiment/yaml.h"

#include <stdio.h>

#include "support/unit.h"

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

static tv_yaml_node read_text(const char *text) {
  tv_yaml_node root;
  expect_success(tv_yaml_read("x.yaml", NULL, text, &root));
  return root;
}

/* Frees the tree. The caller frees the text. */
static char *printed(tv_yaml_node root) {
  char *text = NULL;
  expect_success(tv_yaml_print(&root, &text));
  tv_yaml_free(&root);
  return text;
}

/* Frees the first tree, which has to be that of `text`. */
static void expect_tree(tv_yaml_node root, const char *text) {
  char *found = printed(root), *wanted = printed(read_text(text));
  ck_assert_str_eq(found, wanted);
  free(wanted);
  free(found);
}

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

enum { ABSENT = -1 };

static const struct {
  const char *path;
  int kind, line; /* of the value, or of the nearest one above it */
} places[] = {
    {"", TV_YAML_MAPPING, 2},
    {"name", TV_YAML_SCALAR, 2},
    {"noise", TV_YAML_MAPPING, 3},
    {"noise.a", TV_YAML_SCALAR, 3},
    {"noise.b", TV_YAML_LIST, 3},
    {"noise.c", TV_YAML_SCALAR, 5},
    {"noise.d", ABSENT, 3},
    {"noise.a.b", ABSENT, 3},
    {"noise.b.0", ABSENT, 3},
    {"block", TV_YAML_MAPPING, 7},
    {"block.deep", TV_YAML_MAPPING, 8},
    {"block.deep.deeper", TV_YAML_SCALAR, 8},
    {"block.list", TV_YAML_LIST, 10},
    {"empty", TV_YAML_SCALAR, 12},
    {"nam", ABSENT, 2},
    {"names", ABSENT, 2},
};

START_TEST(places_are_found) {
  tv_yaml_node root = read_text(sample);
  const tv_yaml_node *node = tv_yaml_find(&root, places[_i].path);
  ck_assert_int_eq(node ? (int)node->kind : ABSENT, places[_i].kind);
  ck_assert_int_eq(tv_yaml_nearest(&root, places[_i].path)->line, places[_i].line);
  tv_yaml_free(&root);
}
END_TEST

START_TEST(nothing_is_an_empty_scalar) {
  static const char *const texts[] = {"", "# comment\n", "---\n...\n"};
  for (int i = 0; i < COUNT(texts); ++i) {
    tv_yaml_node root = read_text(texts[i]);
    ck_assert_int_eq(root.kind, TV_YAML_SCALAR);
    ck_assert_str_eq(root.text, "");
    ck_assert_ptr_null(tv_yaml_find(&root, "a"));
    tv_yaml_free(&root);
  }
}
END_TEST

/* An override, and a text of the tree that it makes. */
static const struct {
  const char *before, *override, *after;
} settings[] = {
    /* scalars, with what stands around them */
    {"a: 1 # one\nb: 2\n", "a=[3, 4]", "{a: [3, 4], b: 2}"},
    {"a: 1\nb: \"2\"", "b=3", "{a: 1, b: 3}"},
    {"a:\nb: 2\n", "a=1", "{a: 1, b: 2}"},
    {"{a: , b: 2}\n", "a=1", "{a: 1, b: 2}"},
    {"a: \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80 # \xc3\xa4\nb: {\xc3\xa4: 1, c: 2, d: 3}\n", "b.c=9",
     "{a: \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80, b: {\xc3\xa4: 1, c: 9, d: 3}}"},
    {"\xef\xbb\xbf"
     "a: 1\nb: 2\n",
     "a=9", "{a: 9, b: 2}"},
    {"a: 1\r\nb: 2\r\n", "b=9", "{a: 1, b: 9}"},
    /* the other line breaks of YAML: CR, NEL, LS and PS */
    {"a: abc\rb: abc\rc: abc\r", "b=7", "{a: abc, b: 7, c: abc}"},
    {"a: abc\xc2\x85"
     "b: abc\n",
     "b=7", "{a: abc, b: 7}"},
    {"a: \"x\xe2\x80\xa8y\"\nb: 1\n", "b=7", "{a: \"x\\Ly\", b: 7}"},
    {"a: \"x\xe2\x80\xa9y\"\nb: 1\n", "b=7", "{a: \"x\\Py\", b: 7}"},
    /* flow and block collections */
    {"a: {b: 1,\n  c: 2} # one\nd: 3\n", "a=4", "{a: 4, d: 3}"},
    {"a: {b: {c: 1}, d: 2}\n", "a.b=5", "{a: {b: 5, d: 2}}"},
    {"a: [1,\n  2]\nd: 3\n", "a=4", "{a: 4, d: 3}"},
    {"a:\n  b: 1\n  c: 2\nd: 3\n", "a=4", "{a: 4, d: 3}"},
    {"a:\n  b:\n    c: 1\n  d: 3\n", "a.b=4", "{a: {b: 4, d: 3}}"},
    {"a:\n- 1\n- 2\nd: 3\n", "a=[4]", "{a: [4], d: 3}"},
    {"a:\n  - 1\n  - 2\n", "a=[4]", "{a: [4]}"},
    /* keys that are missing */
    {"a: 1\n", "b=2", "{a: 1, b: 2}"},
    {"# first\na: 1\n", "b=2", "{a: 1, b: 2}"},
    {"a: 1\n", "b.c.d=2", "{a: 1, b: {c: {d: 2}}}"},
    {"a: {b: 1}\n", "a.c=2", "{a: {b: 1, c: 2}}"},
    {"a: {}\n", "a.c.d=2", "{a: {c: {d: 2}}}"},
    {"a:\n", "a.c=2", "{a: {c: 2}}"},
    {"a: &n {}\n", "a.c=2", "{a: {c: 2}}"},
    {"a: &n {b: 1}\n", "a.c=2", "{a: {b: 1, c: 2}}"},
    {"a:\n  # why\n  b: 1\n", "a.c=2", "{a: {b: 1, c: 2}}"},
    {"a:\n    b:\n        c: 1\n", "a.b.d=2", "{a: {b: {c: 1, d: 2}}}"},
    {"{a: 1}", "b=2", "{a: 1, b: 2}"},
    {"?                 a\n: 1\n", "b=2", "{a: 1, b: 2}"},
    {"c:\n  ? a\n  : 1\n", "c.b=2", "{c: {a: 1, b: 2}}"},
    {"", "a.b=1", "{a: {b: 1}}"},
    {"# comment", "a=1", "{a: 1}"},
    /* values: nothing, an equals sign, a mapping without braces */
    {"a: 1", "a=", "{a: }"},
    {"a: 1", "a=b=c", "{a: b=c}"},
    {"a: 1", "a=b: 2", "{a: {b: 2}}"},
    {"a: 1", "b={c: &x 1, d: *x}", "{a: 1, b: {c: 1, d: 1}}"},
    /* of an anchor's value and its aliases only the one that is named */
    {"a: &n {c: 1}\nb: *n\n", "a.c=2", "{a: {c: 2}, b: {c: 1}}"},
    {"a: &n {c: 1}\nb: *n\n", "b.c=2", "{a: {c: 1}, b: {c: 2}}"},
    {"a: &n [1, 2]\nb: *n\n", "b=3", "{a: [1, 2], b: 3}"},
    {"a: &n [1, 2]\nb: *n\n", "a=3", "{a: 3, b: [1, 2]}"},
    {"a: {<<: {b: 1, c: 2}}", "a.b=3", "{a: {b: 3, c: 2}}"},
    /* entries of lists, by their numbers */
    {"a: [1, 2]", "a.2=3", "{a: [1, 3]}"},
    {"a: [{b: 1}, {b: 2}]", "a.1.b=[3]", "{a: [{b: [3]}, {b: 2}]}"},
    {"a: [{b: 1}]", "a.1.c=3", "{a: [{b: 1, c: 3}]}"},
};

START_TEST(values_are_set) {
  tv_yaml_node root = read_text(settings[_i].before);
  expect_success(tv_yaml_set(&root, settings[_i].override));
  expect_tree(root, settings[_i].after);
}
END_TEST

/* Whatever is set is found where it was put, and knows what put it there. */
START_TEST(what_is_set_is_found) {
  static const char *const overrides[] = {
      "name=[7]",  "noise=[7]",      "noise.a=[7]",           "noise.d=[7]",
      "block=[7]", "block.deep=[7]", "block.deep.deeper=[7]", "block.list=[7]",
      "empty=[7]", "new=[7]",        "new.newer.newest=[7]"};
  tv_yaml_node root = read_text(sample);
  for (int i = COUNT(overrides) - 1; i >= 0; --i) {
    char *path = strndup(overrides[i], strcspn(overrides[i], "="));
    expect_success(tv_yaml_set(&root, overrides[i]));
    const tv_yaml_node *node = tv_yaml_find(&root, path);
    ck_assert_ptr_nonnull(node);
    ck_assert_int_eq(node->kind, TV_YAML_LIST);
    ck_assert_str_eq(node->override, overrides[i]);
    ck_assert_str_eq(root.touched, overrides[i]);
    ck_assert_ptr_null(root.override);
    free(path);
  }
  tv_yaml_free(&root);
}
END_TEST

static const char *const bad_overrides[][3] = {
    {"a.b=2", "--set a.b=2:", "the key above 'b' is not a mapping"},
    {"b.c=2", "--set b.c=2:", "the key above 'c' is not a mapping"},
    {"b.0=2", "--set b.0=2:", "the key above '0' is not a mapping, but a list, numbered from 1"},
    {"b.2=2", "--set b.2=2:", "the key above '2' is not a mapping, but a list, numbered from 1"},
    {"b.1x=2", "--set b.1x=2:", "the key above '1x' is not a mapping"},
    {"b.1.d=2", "--set b.1.d=2:", "the key above 'd' is not a mapping"},
    {"a", "--set a:", "expects KEY=VALUE"},
    {"=1", "--set =1:", "expects KEY=VALUE"},
    {"a=[", "--set a=[: not YAML:", "did not find"},
    {"a=*n", "--set a=*n: not YAML:", "undefined alias 'n'"},
    {"a=1\n---\n2", "--set a=1\n---\n2: not YAML:", "a second document begins"},
};

START_TEST(bad_overrides_are_refused) {
  tv_yaml_node root = read_text("a: &n 1\nb: [c]\n");
  expect_error(tv_yaml_set(&root, bad_overrides[_i][0]), TV_EXIT_USAGE, bad_overrides[_i][1],
               bad_overrides[_i][2]);
  tv_yaml_free(&root);
}
END_TEST

/* Aliases and merge keys, and the same without them. */
static const char *const expansions[][2] = {
    {"a: &x [1]\nb: *x\n", "{a: [1], b: [1]}"},
    {"a: &x 1\nb: &x 2\nc: *x\n", "{a: 1, b: 2, c: 2}"},
    {"a: &x [&x 1, *x]\nb: *x\n", "{a: [1, 1], b: [1, 1]}"},
    {"a: &x {b: 1}\nc: {<<: *x, d: 2}\n", "{a: {b: 1}, c: {b: 1, d: 2}}"},
    {"a: &x {b: 1, d: 3}\nc: {d: 2, <<: *x}\n", "{a: {b: 1, d: 3}, c: {d: 2, b: 1}}"},
    {"a: &x {b: 1, d: 3}\nc:\n  <<: *x\n  d: 2\n", "{a: {b: 1, d: 3}, c: {b: 1, d: 2}}"},
    {"a: {<<: [{b: 1}, {b: 2, c: 3}]}", "{a: {b: 1, c: 3}}"},
    {"a: {<<: &x {b: 1}, b: 2}\nc: *x\n", "{a: {b: 2}, c: {b: 1}}"},
    {"a: {<<: {<<: {b: 1}, c: 2}}", "{a: {b: 1, c: 2}}"},
    {"a: {<<: {}}", "{a: {}}"},
    {"a: {\"<<\": 1}", "{a: {\"<<\": 1}}"},
};

START_TEST(aliases_and_merge_keys_are_expanded) {
  expect_tree(read_text(expansions[_i][0]), expansions[_i][1]);
}
END_TEST

/* Every text is read back as it was printed. */
START_TEST(printing_keeps_texts) {
  static const char *const texts[] = {
      "", " a ", "a: [b]", "# no comment", "\"\\\"", "two\nlines\t\r\x01\x7f",
      "Gr\xc3\xb6\xc3\x9f e \xe2\x82\xac \xf0\x9f\x98\x80",
      /* NEL, LS, PS, C1, byte order mark, no character */
      "\xc2\x85 \xe2\x80\xa8 \xe2\x80\xa9 \xc2\x9b \xef\xbb\xbf \xef\xbf\xbe"};
  for (int i = 0; i < COUNT(texts); ++i) {
    char *key = (char *)texts[i], *text = NULL;
    const tv_yaml_node child = {.text = key, .key = key};
    const tv_yaml_node root = {
        .kind = TV_YAML_MAPPING, .children = (tv_yaml_node *)&child, .count = 1};
    expect_success(tv_yaml_print(&root, &text));
    tv_yaml_node again = read_text(text);
    ck_assert_int_eq(again.count, 1);
    ck_assert_str_eq(again.children[0].key, key);
    ck_assert_str_eq(again.children[0].text, key);
    tv_yaml_free(&again);
    free(text);
  }
}
END_TEST

static const struct {
  const char *text, *where, *reason;
} problems[] = {
    {"a: 1\nb: [\n", "x.yaml:3: not YAML:", "did not find"},
    {"a: 1\n\tb: 1\n", "x.yaml:2: not YAML:", "tab character"},
    {"a: 1\nb: \x02\n", "x.yaml:2: not YAML:", "control characters"},
    {"a: 1\r\rb: \x02\n", "x.yaml:3: not YAML:", "control characters"},
    {"\xff", "x.yaml:1: not YAML:", "UTF-8"},
    {"a: 1\nb: *x\n", "x.yaml:2: not YAML:", "undefined alias 'x'"},
    {"a: 1\nb: 1\na: 2\n", "x.yaml:3: not YAML:", "'a' is given twice"},
    {"a: 1\nb: {a: 1}\na:\n  2\n", "x.yaml:3: not YAML:", "'a' is given twice"},
    {"a:\n  b: 1\n  b: 2\n", "x.yaml:3: not YAML:", "'b' is given twice"},
    {"a: 1\n---\nb: 1\n", "x.yaml:3: not YAML:", "a second document"},
    {"a: 1\n\nb: &x [1, *x]\n", "x.yaml:3: not YAML:", "'x' stands within its own value"},
    {"a: 1\n[b]: 1\n", "x.yaml:2: not YAML:", "a key must be a text"},
    {"a: &x b\n*x : 1\n", "x.yaml:2: not YAML:", "a key must be a text"},
    {"a:\n  <<: 1\n", "x.yaml:2: not YAML:", "expects a mapping or a list"},
    {"a: {<<: [1]}\n", "x.yaml:1: not YAML:", "expects a mapping or a list"},
    {"a: {<<: [[{b: 1}]]}\n", "x.yaml:1: not YAML:", "expects mappings in its list"},
    {"a: \"\\0\"\n", "x.yaml:1: not YAML:", "a zero byte"},
    {"\"\\0\": a\n", "x.yaml:1: not YAML:", "a zero byte"},
};

START_TEST(problems_are_located) {
  tv_yaml_node root;
  expect_error(tv_yaml_read("x.yaml", NULL, problems[_i].text, &root), TV_EXIT_USAGE,
               problems[_i].where, problems[_i].reason);
  tv_yaml_free(&root);
}
END_TEST

/* `levels` anchors, each of ten aliases of the one before. */
static char *laughs(int levels) {
  char *text = calloc((size_t)levels + 2, 128), *at = text;
  ck_assert_ptr_nonnull(text);
  at += sprintf(at, "a0: &a0 1\n");
  for (int i = 1; i <= levels; ++i) {
    at += sprintf(at, "a%d: &a%d [", i, i);
    for (int j = 0; j < 10; ++j) at += sprintf(at, "*a%d,", i - 1);
    at += sprintf(at, "]\n");
  }
  return text;
}

/* Anchors hold copies too: of all levels together some 2.5 times 10^levels values. */
START_TEST(aliases_that_stand_for_too_much_are_refused) {
  tv_yaml_node root;
  char *text = laughs(4);
  root = read_text(text);
  tv_yaml_free(&root);
  free(text);
  text = laughs(9);
  expect_error(tv_yaml_read("x.yaml", NULL, text, &root), TV_EXIT_USAGE,
               "x.yaml:6: not YAML:", "stand for more than 100000 values");
  tv_yaml_free(&root);
  free(text);
}
END_TEST

/* Lists in lists: written so, and by aliases of aliases. */
START_TEST(what_is_too_deep_is_refused) {
  tv_yaml_node root;
  char text[256];
  memset(text, '[', 200);
  text[200] = '\0';
  expect_error(tv_yaml_read("x.yaml", NULL, text, &root), TV_EXIT_USAGE,
               "x.yaml:1: not YAML:", "more than 64 deep");
  tv_yaml_free(&root);
  snprintf(text, sizeof text, "a: &a %.40s%.40s\nb: &b %.40s*a%.40s\n",
           "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
           "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
  expect_error(tv_yaml_read("x.yaml", NULL, text, &root), TV_EXIT_USAGE,
               "x.yaml:2: not YAML:", "more than 64 deep");
  tv_yaml_free(&root);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("yaml");
  tcase_add_loop_test(cases, places_are_found, 0, COUNT(places));
  tcase_add_test(cases, nothing_is_an_empty_scalar);
  tcase_add_loop_test(cases, values_are_set, 0, COUNT(settings));
  tcase_add_test(cases, what_is_set_is_found);
  tcase_add_loop_test(cases, bad_overrides_are_refused, 0, COUNT(bad_overrides));
  tcase_add_loop_test(cases, aliases_and_merge_keys_are_expanded, 0, COUNT(expansions));
  tcase_add_test(cases, printing_keeps_texts);
  tcase_add_loop_test(cases, problems_are_located, 0, COUNT(problems));
  tcase_add_test(cases, aliases_that_stand_for_too_much_are_refused);
  tcase_add_test(cases, what_is_too_deep_is_refused);
  return unit_run("yaml", cases);
}
