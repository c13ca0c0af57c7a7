/* The documentation's table of keys follows from the table that the program reads. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>

#include "experiment/keys.h"
#include "support/unit.h"
#include "twoview/base/statistics.h"
#include "twoview/kinds.h"

static const tv_experiment no_experiment = {.kinds = &tv_kinds_all};

/* ---- What a key may be ---- */

static void put_number(FILE *out, double value) {
  char text[TV_NUMBER_TEXT];
  tv_number_format(value, text);
  fputs(text, out);
}

static void put_bounds(FILE *out, const tv_key *key) {
  const int is_whole = key->is_whole || key->type == TV_KEY_INTEGER;
  if (key->low == 0 && key->high == 0) return;
  if (isinf(key->high) && key->low == 0 && !is_whole) {
    fputs(key->excludes_low ? ", positive" : ", not negative", out);
    return;
  }
  fputs(key->excludes_low ? ", above " : " from ", out);
  put_number(out, key->low);
  if (isinf(key->high)) {
    fputs(" on", out);
    return;
  }
  fputs(key->excludes_high ? " to below " : " to ", out);
  put_number(out, key->high);
}

static int is_first_of_its_value(const tv_word *words, const tv_word *word) {
  while (words->value != word->value) ++words;
  return words == word;
}

static void put_words(FILE *out, const tv_word *words) {
  for (const tv_word *word = words; word->text; ++word)
    if (is_first_of_its_value(words, word))
      fprintf(out, "%s`%s`", word > words ? ", " : "", word->text);
}

static void put_kinds(FILE *out, const tv_kind *const *kinds) {
  for (const tv_kind *const *kind = kinds; *kind; ++kind) {
    fprintf(out, "%s`%s`", kind > kinds ? ", " : "", (*kind)->name);
    if ((*kind)->short_name)
      fprintf(out, " (`%s`)", (*kind)->short_name);
    else
      fprintf(out, " (%s)", (*kind)->title);
  }
}

static void put_values(FILE *out, const tv_key *key) {
  static const char *const types[] = {[TV_KEY_INTEGER] = "integer",
                                      [TV_KEY_NATURAL] = "integer, not negative",
                                      [TV_KEY_NUMBER] = "number",
                                      [TV_KEY_TEXT] = "text",
                                      [TV_KEY_FILE] = "name of a file",
                                      [TV_KEY_NUMBERS] = "list of numbers",
                                      [TV_KEY_SIZES] = "list of integers",
                                      [TV_KEY_INTERVAL] = "[low, high]",
                                      [TV_KEY_CHOICE] = "",
                                      [TV_KEY_CHOICE_OR_NUMBER] = "number, or ",
                                      [TV_KEY_CHOICE_OR_ROWS] = "data set, or ",
                                      [TV_KEY_CHAIN] = "list of steps, below",
                                      [TV_KEY_KIND] = "",
                                      [TV_KEY_KINDS] = "list of "};
  const int is_number = key->type == TV_KEY_INTEGER || key->type == TV_KEY_NUMBER;
  fputs(types[key->type], out);
  if (is_number) put_bounds(out, key);
  if (is_number && key->words) fputs(", or ", out);
  if (key->words) put_words(out, key->words);
  if (key->type == TV_KEY_KIND || key->type == TV_KEY_KINDS)
    put_kinds(out, tv_key_kinds(&no_experiment, key));
  if (!is_number) put_bounds(out, key);
}

static void put_standard(FILE *out, const tv_key *key) {
  if (key->otherwise)
    fputs(key->otherwise, out);
  else if (key->missing)
    fputs("required", out);
  else if (key->type == TV_KEY_KIND)
    fprintf(out, "`%s`", tv_key_kinds(&no_experiment, key)[0]->name);
  else if (key->standard)
    fprintf(out, "`%s`", key->standard);
}

/* ---- The table ---- */

static void put_keys(FILE *out, const char *path, const tv_key *keys, const char *owners);

static const char *help_of(const tv_key *key) {
  return key->help ? key->help : "";
}

/* Whether a kind has a key of that name, and means the same by it. */
static int shares(const tv_kind *kind, const tv_key *key) {
  const tv_key *same = kind->keys ? tv_key_named(kind->keys, key->name) : NULL;
  return same && strcmp(help_of(same), help_of(key)) == 0;
}

/* The kinds that share a key, "idx, hdf5"; the first of them tells of it. */
static void list_owners(const tv_kind *const *kinds, const tv_key *key, char *out, size_t size) {
  *out = '\0';
  for (; *kinds; ++kinds)
    if (shares(*kinds, key)) tv_append(out, size, "%s%s", *out ? ", " : "", (*kinds)->name);
}

static int is_first_owner(const tv_kind *const *kinds, const tv_kind *kind, const tv_key *key) {
  while (!shares(*kinds, key)) ++kinds;
  return *kinds == kind;
}

static void put_own(FILE *out, const char *path, const tv_kind *const *kinds) {
  for (const tv_kind *const *kind = kinds; *kind; ++kind)
    for (const tv_key *key = (*kind)->keys; key && key->name; ++key) {
      const tv_key row[2] = {*key, {0}};
      char owners[96];
      list_owners(kinds, key, owners, sizeof owners);
      if (is_first_owner(kinds, *kind, key)) put_keys(out, path, row, owners);
    }
}

/* The keys of a kind that is chosen elsewhere stand there. */
static void put_keys(FILE *out, const char *path, const tv_key *keys, const char *owners) {
  int is_chosen_here = 1;
  for (const tv_key *key = keys; key->name; ++key) {
    char below[LONGEST_PATH];
    tv_key_join(path, key->name, below);
    if (key->same_as)
      is_chosen_here = 0;
    else if (key->type == TV_KEY_OWN && is_chosen_here)
      put_own(out, path, tv_key_kinds(&no_experiment, tv_key_of_kind(keys)));
    else if (key->is_planned || key->type == TV_KEY_OWN)
      continue;
    else if (key->type == TV_KEY_MAPPING)
      put_keys(out, below, key->keys, owners);
    else {
      fprintf(out, "| `%s` | %s%s%s | ", below, owners, *owners ? ": " : "", key->help);
      put_values(out, key);
      fputs(" | ", out);
      put_standard(out, key);
      fputs(" |\n", out);
    }
  }
}

/* ---- The table of steps ---- */

static void put_parameters(FILE *out, const tv_key *keys) {
  for (const tv_key *key = keys; key->name; ++key) {
    fprintf(out, "%s`%s`: %s (", key > keys ? "; " : "", key->name, help_of(key));
    put_values(out, key);
    if (key->standard) fprintf(out, "; `%s` where it is left out", key->standard);
    fputc(')', out);
  }
}

static void put_steps(FILE *out, const tv_kind *const *steps) {
  for (; *steps; ++steps) {
    fprintf(out, "| `%s` | %s | ", (*steps)->name, (*steps)->title);
    put_parameters(out, (*steps)->keys);
    fputs(" |\n", out);
  }
}

/* ---- The test ---- */

static char *read_page(void) {
  char path[4096];
  const char *root = getenv("SOURCE_ROOT");
  ck_assert_ptr_nonnull(root);
  snprintf(path, sizeof path, "%s/data/README.md", root);
  FILE *file = fopen(path, "r");
  ck_assert_msg(file != NULL, "%s cannot be opened", path);
  char *text = calloc(1, 1 << 20);
  ck_assert_uint_gt(fread(text, 1, (1 << 20) - 1, file), 0);
  fclose(file);
  return text;
}

static void expect_on_page(const char *expected, const char *what) {
  char *page = read_page();
  if (!strstr(page, expected)) fputs(expected, stderr); /* too long for a message */
  ck_assert_msg(strstr(page, expected) != NULL, "data/README.md has another table of %s", what);
  free(page);
}

START_TEST(the_page_has_the_keys_as_they_are) {
  char *expected = NULL;
  size_t size;
  FILE *out = open_memstream(&expected, &size);
  fputs("| key | meaning | value | where it is left out |\n|---|---|---|---|\n", out);
  put_keys(out, "", tv_experiment_keys, "");
  fputc('\n', out);
  fclose(out);
  expect_on_page(expected, "keys");
  free(expected);
}
END_TEST

START_TEST(the_page_has_the_steps_as_they_are) {
  char *expected = NULL;
  size_t size;
  FILE *out = open_memstream(&expected, &size);
  fputs("| step | what becomes of a sample | parameters |\n|---|---|---|\n", out);
  put_steps(out, tv_kinds_all.augmentations);
  fputc('\n', out);
  fclose(out);
  expect_on_page(expected, "steps");
  free(expected);
}
END_TEST

/* A row of a table, with its help. */
static void expect_key(const tv_key *key) {
  if (tv_key_is_no_key(key)) return;
  if (key->type == TV_KEY_MAPPING) {
    for (const tv_key *below = key->keys; below->name; ++below) expect_key(below);
    return;
  }
  ck_assert_msg(key->help && *key->help, "the key %s has no help", key->name);
  ck_assert_msg(!key->missing || !key->standard, "%s is required and has a standard", key->name);
  ck_assert_msg(key->low <= key->high, "no number is within the bounds of %s", key->name);
  if (!key->standard || key->type == TV_KEY_TEXT) return;
  double room[2];
  int is_word;
  const int is_of_step = key->type == TV_KEY_CHOICE_OR_NUMBER || key->type == TV_KEY_CHOICE_OR_ROWS;
  const int is_read = is_of_step ? tv_key_read_number(key, key->standard, room, &is_word)
                                 : tv_key_read(key, key->standard, room);
  ck_assert_msg(is_read == TV_NUMBER_READ, "%s cannot be %s", key->name, key->standard);
}

/* Whether a text has the name as a word of its own. */
static int has_word(const char *text, const char *name) {
  const size_t length = strlen(name);
  const char *at = text;
  while (text && (at = strstr(at, name)) &&
         ((at > text && isalnum((unsigned char)at[-1])) || isalnum((unsigned char)at[length])))
    ++at;
  return text && at;
}

static void expect_no_name(const tv_key *key, const char *name) {
  ck_assert_msg(!has_word(key->help, name), "the help of %s names %s", key->name, name);
  ck_assert_msg(!has_word(key->otherwise, name), "%s names %s", key->name, name);
}

static void expect_no_kind(const tv_key *keys, const tv_kind *const *table) {
  for (const tv_key *key = keys; key->name; ++key) {
    if (key->type == TV_KEY_MAPPING) expect_no_kind(key->keys, table);
    for (const tv_kind *const *kind = table; *kind; ++kind) {
      expect_no_name(key, (*kind)->name);
      if ((*kind)->short_name) expect_no_name(key, (*kind)->short_name);
    }
  }
}

/* What a study or a method needs to say of a key stands in its own row. */
START_TEST(common_keys_name_no_study_and_no_method) {
  expect_no_kind(tv_experiment_keys, tv_kinds_all.studies);
  expect_no_kind(tv_experiment_keys, tv_kinds_all.methods);
}
END_TEST

START_TEST(rows_of_keys_are_whole) {
  const tv_kind *const *const tables[] = {tv_kinds_all.sources, tv_kinds_all.augmentations,
                                          tv_kinds_all.methods, tv_kinds_all.studies};
  for (const tv_key *key = tv_experiment_keys; key->name; ++key) expect_key(key);
  for (size_t t = 0; t < sizeof tables / sizeof *tables; ++t)
    for (const tv_kind *const *kind = tables[t]; *kind; ++kind) {
      ck_assert_ptr_nonnull((*kind)->title);
      ck_assert_ptr_eq(tv_kind_named(tables[t], (*kind)->name), *kind);
      for (const tv_key *key = (*kind)->keys; key && key->name; ++key) expect_key(key);
    }
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("keys");
  tcase_add_test(cases, rows_of_keys_are_whole);
  tcase_add_test(cases, common_keys_name_no_study_and_no_method);
  tcase_add_test(cases, the_page_has_the_keys_as_they_are);
  tcase_add_test(cases, the_page_has_the_steps_as_they_are);
  return unit_run("keys", cases);
}
