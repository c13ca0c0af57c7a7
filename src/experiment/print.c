#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "keys.h"
#include "twoview/base/escape.h"
#include "twoview/base/statistics.h"
#include "twoview/experiment/check.h"

typedef struct {
  const tv_experiment *experiment;
  tv_file_namer *name;
  const void *context; /* of `name` */
  FILE *out;
} printer;

/* ---- Values ---- */

static void print_numbers(const printer *p, const tv_key *key, const double *values,
                          unsigned count) {
  const int is_bare = key->is_bare_alone && count == 1;
  if (!is_bare) fputc('[', p->out);
  for (unsigned i = 0; i < count; ++i) {
    if (i) fputs(", ", p->out);
    tv_key_print_number(p->out, key, values[i]);
  }
  if (!is_bare) fputc(']', p->out);
}

static void print_kinds(const printer *p, const tv_kind *const *kinds, unsigned count) {
  fputc('[', p->out);
  for (unsigned i = 0; i < count; ++i) fprintf(p->out, "%s%s", i ? ", " : "", kinds[i]->name);
  fputc(']', p->out);
}

/* In words, where one stands for it. */
static void print_number(const printer *p, const tv_key *key, double value) {
  const tv_word *word = key->words;
  while (word && word->text && word->value != value) ++word;
  if (word && word->text)
    fputs(word->text, p->out);
  else if (key->type == TV_KEY_INTEGER)
    fprintf(p->out, "%.0f", value);
  else
    tv_key_print_number(p->out, key, value);
}

static void print_mapping(const printer *p, const char *path, const tv_key *keys, void *mapping);

static void print_rows(const void *context, const tv_key *key, tv_source_spec *rows) {
  print_mapping(context, key->name, key->keys, rows);
}

static void print_value(const printer *p, const char *path, const tv_key *key, void *base) {
  void *value = tv_key_value(key, base);
  switch (key->type) {
  case TV_KEY_INTEGER:
    print_number(p, key, *(int *)value);
    break;
  case TV_KEY_NATURAL:
    fprintf(p->out, "%" PRIu64, *(uint64_t *)value);
    break;
  case TV_KEY_NUMBER:
    print_number(p, key, *(double *)value);
    break;
  case TV_KEY_CHOICE:
    tv_key_print_word(p->out, key, *(int *)value);
    break;
  case TV_KEY_TEXT:
    tv_put_yaml(*(char **)value, p->out);
    break;
  case TV_KEY_FILE:
    tv_put_yaml(p->name ? p->name(p->context, *(char **)value) : *(char **)value, p->out);
    break;
  case TV_KEY_NUMBERS:
  case TV_KEY_SIZES:
    print_numbers(p, key, *(double **)value, *tv_key_count(key, base));
    break;
  case TV_KEY_INTERVAL:
    print_numbers(p, key, value, 2);
    break;
  case TV_KEY_MAPPING:
    print_mapping(p, path, key->keys, value);
    break;
  case TV_KEY_KIND:
    fputs((*(const tv_kind **)value)->name, p->out);
    break;
  case TV_KEY_KINDS:
    print_kinds(p, *(const tv_kind *const **)value, *tv_key_count(key, base));
    break;
  case TV_KEY_CHAIN:
    tv_chain_spec_print(&(tv_chain_printer){p->out, print_rows, p}, value);
    break;
  default:
    break;
  }
}

/* ---- Which values ---- */

static int is_standard(const tv_key *key, void *value) {
  uint64_t standard = 0; /* room for any number */
  tv_key_read(key, key->standard, &standard);
  return memcmp(value, &standard, key->type == TV_KEY_NUMBER ? sizeof(double) : sizeof(int)) == 0;
}

static int any_is_shown(const printer *p, const char *path, const tv_key *keys, void *mapping);

/* The own keys of a kind that is chosen elsewhere have no standards here: names alone may be
 * inherited. */
static int is_of_another(const tv_key *keys, const tv_key_walk *w) {
  const tv_key *choice = tv_key_of_kind(keys);
  return w->rest && choice && choice->same_as && w->key->type != TV_KEY_TEXT &&
         w->key->type != TV_KEY_FILE;
}

/* A number that may be left out is 0 then. */
static int is_shown(const printer *p, const char *path, const tv_key *keys, const tv_key_walk *w) {
  const tv_key *key = w->key;
  void *value = tv_key_value(key, w->base);
  if (tv_key_is_no_key(key) || !tv_key_is_of(p->experiment, key) ||
      !tv_key_applies(keys, key, w->base))
    return 0;
  if (is_of_another(keys, w) && !tv_experiment_gives(p->experiment, path)) return 0;
  switch (key->type) {
  case TV_KEY_MAPPING:
    if (key->is_quiet && !tv_experiment_gives(p->experiment, path)) return 0;
    return any_is_shown(p, path, key->keys, value);
  case TV_KEY_TEXT:
  case TV_KEY_FILE:
    return *(char **)value != NULL;
  case TV_KEY_NUMBERS:
  case TV_KEY_SIZES:
  case TV_KEY_KINDS:
    return *tv_key_count(key, w->base) > 0;
  case TV_KEY_CHAIN:
    return ((const tv_chain_spec *)value)->count > 0;
  default:
    break;
  }
  if (key->standard) return !(key->is_quiet && is_standard(key, value));
  if (key->type == TV_KEY_INTEGER && !key->missing) return *(int *)value != 0;
  if (key->type == TV_KEY_NUMBER && *(double *)value != 0) return 1;
  if (key->type == TV_KEY_CHOICE && *(int *)value != 0) return 1;
  return key->missing || key->type == TV_KEY_KIND || tv_experiment_gives(p->experiment, path);
}

static int any_is_shown(const printer *p, const char *path, const tv_key *keys, void *mapping) {
  char below[LONGEST_PATH];
  for (tv_key_walk w = tv_key_first(keys, mapping); w.key; tv_key_next(&w)) {
    tv_key_join(path, w.key->name, below);
    if (is_shown(p, below, keys, &w)) return 1;
  }
  return 0;
}

static void print_mapping(const printer *p, const char *path, const tv_key *keys, void *mapping) {
  const int is_whole = !*path, indent = (int)strlen(path) + 3;
  const char *separator = is_whole ? "" : "{";
  for (tv_key_walk w = tv_key_first(keys, mapping); w.key; tv_key_next(&w)) {
    char below[LONGEST_PATH];
    tv_key_join(path, w.key->name, below);
    if (!is_shown(p, below, keys, &w)) continue;
    if (w.key->begins_line)
      fprintf(p->out, ",\n%*s", indent, "");
    else
      fputs(separator, p->out);
    fprintf(p->out, "%s: ", w.key->name);
    print_value(p, below, w.key, w.base);
    separator = is_whole ? "\n" : ", ";
  }
  fputc(is_whole ? '\n' : '}', p->out);
}

tv_error *tv_experiment_print_as(const tv_experiment *e, tv_file_namer *name, const void *context,
                                 char **text) {
  size_t size;
  tv_experiment values = *e;
  const printer p = {e, name, context, open_memstream(text, &size)};
  if (!p.out) return tv_fail_errno("printing the experiment");
  print_mapping(&p, "", tv_experiment_keys, &values);
  if (fclose(p.out) == 0) return NULL;
  free(*text);
  *text = NULL;
  return tv_fail_errno("printing the experiment");
}

tv_error *tv_experiment_print(const tv_experiment *e, char **text) {
  return tv_experiment_print_as(e, NULL, NULL, text);
}
