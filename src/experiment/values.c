/* One word or number: read, refused, printed. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "keys.h"
#include "twoview/base/statistics.h"
#include "twoview/experiment/check.h"

/* ---- Words and numbers ---- */

static const tv_word *word_named(const tv_word *words, const char *text) {
  while (words->text && strcasecmp(words->text, text) != 0) ++words;
  return words->text ? words : NULL;
}

/* Whether a number is one that a word stands for: it cannot be given as a number, too. */
static int is_of_word(const tv_key *key, double number) {
  const tv_word *word = key->words;
  while (word && word->text && word->value != number) ++word;
  return word && word->text;
}

static tv_number_status read_integer(const tv_key *key, const char *text, int *value) {
  int64_t integer;
  const tv_number_status status = tv_read_integer(text, &integer);
  if (status != TV_NUMBER_READ) return status;
  if (integer < INT_MIN || integer > INT_MAX || is_of_word(key, (double)integer))
    return TV_NUMBER_BEYOND;
  *value = (int)integer;
  return status;
}

static tv_number_status read_double(const tv_key *key, const char *text, double *value) {
  const tv_number_status status = tv_read_double(text, value);
  return status == TV_NUMBER_READ && is_of_word(key, *value) ? TV_NUMBER_BEYOND : status;
}

tv_number_status tv_key_read(const tv_key *key, const char *text, void *value) {
  const tv_word *word = key->words ? word_named(key->words, text) : NULL;
  switch (key->type) {
  case TV_KEY_NATURAL:
    return tv_read_natural(text, value);
  case TV_KEY_INTEGER:
    if (!word) return read_integer(key, text, value);
    *(int *)value = word->value;
    return TV_NUMBER_READ;
  case TV_KEY_CHOICE:
    if (word) *(int *)value = word->value;
    return word ? TV_NUMBER_READ : TV_NUMBER_NONE;
  default:
    if (!word) return read_double(key, text, value);
    *(double *)value = word->value;
    return TV_NUMBER_READ;
  }
}

tv_number_status tv_key_read_number(const tv_key *key, const char *text, double *number,
                                    int *is_word) {
  const tv_word *word = key->words ? word_named(key->words, text) : NULL;
  *is_word = word != NULL;
  if (word) *number = word->value;
  if (word) return TV_NUMBER_READ;
  const int is_choice = key->type == TV_KEY_CHOICE || key->type == TV_KEY_CHOICE_OR_ROWS;
  return is_choice ? TV_NUMBER_NONE : tv_read_double(text, number);
}

/* Names of kinds, then their short names. */
static void describe_kinds(const tv_kind *const *kinds, char *out, size_t size) {
  const char *separator = "";
  for (int is_short = 0; is_short < 2; ++is_short)
    for (const tv_kind *const *kind = kinds; *kind; ++kind) {
      const char *name = is_short ? (*kind)->short_name : (*kind)->name;
      if (name) tv_append(out, size, "%s %s", separator, name);
      if (name) separator = ",";
    }
}

/* What a value has to be, in a reader's words. */
static void describe(const tv_experiment *e, const tv_key *key, char *out, size_t size) {
  static const char *const types[] = {[TV_KEY_INTEGER] = "an integer",
                                      [TV_KEY_NATURAL] = "an integer that is not negative",
                                      [TV_KEY_NUMBER] = "a number",
                                      [TV_KEY_TEXT] = "a text",
                                      [TV_KEY_FILE] = "a text",
                                      [TV_KEY_MAPPING] = "a mapping",
                                      [TV_KEY_NUMBERS] = "a list of numbers",
                                      [TV_KEY_SIZES] = "an integer or a list of integers",
                                      [TV_KEY_INTERVAL] = "a list of two numbers, [low, high]",
                                      [TV_KEY_CHOICE] = "one of",
                                      [TV_KEY_CHOICE_OR_NUMBER] = "a number",
                                      [TV_KEY_CHOICE_OR_ROWS] =
                                          "a data set, as in {type: npy, samples: FILE},",
                                      [TV_KEY_CHAIN] = "one of",
                                      [TV_KEY_KIND] = "one of",
                                      [TV_KEY_KINDS] = "one of"};
  snprintf(out, size, "%s", types[key->type]);
  if (key->words && key->type != TV_KEY_CHOICE) tv_append(out, size, " or one of");
  if (key->type == TV_KEY_KIND || key->type == TV_KEY_KINDS || key->type == TV_KEY_CHAIN)
    describe_kinds(tv_key_kinds(e, key), out, size);
  for (const tv_word *word = key->words; word && word->text; ++word)
    tv_append(out, size, "%s %s", word > key->words ? "," : "", word->text);
}

tv_error *tv_key_refuse_node(const tv_experiment *e, const char *path, const tv_yaml_node *node,
                             const tv_key *key) {
  char wanted[512];
  describe(e, key, wanted, sizeof wanted);
  if (node->kind == TV_YAML_SCALAR)
    return tv_experiment_fault(e, path, "expects %s, not '%.100s'", wanted, node->text);
  return tv_experiment_fault(e, path, "expects %s, not a %s", wanted,
                             node->kind == TV_YAML_LIST ? "list" : "mapping");
}

/* What a decimal comma, or a list without brackets, may have been meant for; "" for other texts. */
static void suggest_commas(const char *text, int is_list, char *out, size_t size) {
  char first[32], second[32], rest;
  double number;
  *out = '\0';
  if (sscanf(text, "%31[^, ] , %31[^, ]%c", first, second, &rest) != 2 ||
      tv_read_double(first, &number) != TV_NUMBER_READ ||
      second[strspn(second, "0123456789")] != '\0')
    return;
  if (is_list)
    snprintf(out, size, "; write [%s, %s] for two numbers, %s.%s for one", first, second, first,
             second);
  else
    snprintf(out, size, "; write %s.%s", first, second);
}

static void suggest_notation(const char *text, tv_key_type type, char *out, size_t size) {
  const char *digits = text + strspn(text, "+-");
  if (*digits == '0' && strchr("0123456789xX", digits[1]) && digits[1])
    snprintf(out, size, "; numbers are decimal, without leading zeros");
  else if (type == TV_KEY_INTEGER || type == TV_KEY_NATURAL)
    *out = '\0';
  else
    suggest_commas(text, type == TV_KEY_NUMBERS || type == TV_KEY_SIZES, out, size);
}

static tv_error *check_text(const tv_experiment *e, const char *path, const char *text,
                            const tv_key *key, tv_number_status status) {
  char wanted[256], hint[192];
  if (status == TV_NUMBER_READ) return NULL;
  describe(e, key, wanted, sizeof wanted);
  if (status == TV_NUMBER_BEYOND)
    return tv_experiment_fault(e, path, "expects %s, and '%.100s' is out of range", wanted, text);
  suggest_notation(text, key->type, hint, sizeof hint);
  return tv_experiment_fault(e, path, "expects %s, not '%.100s'%s", wanted, text, hint);
}

tv_error *tv_key_read_scalar(const tv_experiment *e, const char *path, const tv_yaml_node *node,
                             const tv_key *key, void *value) {
  if (node->kind != TV_YAML_SCALAR) return tv_key_refuse_node(e, path, node, key);
  return check_text(e, path, node->text, key, tv_key_read(key, node->text, value));
}

tv_error *tv_key_read_entry(const tv_experiment *e, const char *path, const tv_yaml_node *node,
                            const tv_key *key, double *number, int *is_word) {
  if (node->kind != TV_YAML_SCALAR) return tv_key_refuse_node(e, path, node, key);
  return check_text(e, path, node->text, key, tv_key_read_number(key, node->text, number, is_word));
}

tv_error *tv_key_read_kind(const tv_experiment *e, const char *path, const tv_yaml_node *node,
                           const tv_key *key, const tv_kind **kind) {
  const int is_name = node->kind == TV_YAML_SCALAR;
  *kind = is_name ? tv_kind_named(tv_key_kinds(e, key), node->text) : NULL;
  return *kind ? NULL : tv_key_refuse_node(e, path, node, key);
}

tv_error *tv_key_expect_length(const tv_experiment *e, const char *path, int count) {
  TV_REQUIRE(e, path, count >= 1 && count <= MOST_VALUES, "must have from 1 to %d entries, got %d",
             MOST_VALUES, count);
  return NULL;
}

/* ---- Bounds ---- */

static int is_whole(const tv_key *key) {
  return key->is_whole || key->type == TV_KEY_INTEGER;
}

int tv_key_is_within(const tv_key *key, double value) {
  return (key->excludes_low ? value > key->low : value >= key->low) &&
         (key->excludes_high ? value < key->high : value <= key->high) && isfinite(value) &&
         (!key->is_whole || value == floor(value));
}

/* "from 1 to 10", "positive and finite" */
static void describe_bounds(const tv_key *key, char *out, size_t size) {
  char low[TV_NUMBER_TEXT], high[TV_NUMBER_TEXT];
  tv_number_format(key->low, low);
  tv_number_format(key->high, high);
  if (isfinite(key->high))
    snprintf(out, size,
             key->excludes_low    ? "above %s and below %s"
             : key->excludes_high ? "at least %s and below %s"
                                  : "from %s to %s",
             low, high);
  else if (is_whole(key) || key->low != 0)
    snprintf(out, size, "at least %s", low);
  else
    snprintf(out, size, key->excludes_low ? "positive and finite" : "finite and not negative");
}

tv_error *tv_key_expect_within(const tv_experiment *e, const char *path, const tv_key *key,
                               double value, unsigned entry) {
  char wanted[96], got[TV_NUMBER_TEXT];
  const char *subject = key->subject ? key->subject : "", *space = key->subject ? " " : "";
  if ((key->low == 0 && key->high == 0) || tv_key_is_within(key, value)) return NULL;
  describe_bounds(key, wanted, sizeof wanted);
  tv_number_format(value, got);
  if (entry > 0)
    return tv_experiment_fault(e, path, "%s%smust be %s%s; entry %u is %s", subject, space,
                               key->is_whole ? "whole numbers " : "", wanted, entry, got);
  return tv_experiment_fault(e, path, "%s%smust be %s%s, got %s", subject, space,
                             key->is_whole ? "a whole number " : "", wanted, got);
}

/* ---- Printing ---- */

void tv_key_print_number(FILE *out, const tv_key *key, double value) {
  char text[TV_NUMBER_TEXT];
  if (key->type == TV_KEY_SIZES)
    snprintf(text, sizeof text, "%.0f", value);
  else
    tv_number_format(value, text);
  fputs(text, out);
}

void tv_key_print_word(FILE *out, const tv_key *key, int value) {
  const tv_word *word = key->words;
  while (word->text && word->value != value) ++word;
  fputs(word->text, out);
}
