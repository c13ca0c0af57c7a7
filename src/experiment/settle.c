/* What holds where nothing is given, what has to be given, and what numbers may be. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys.h"
#include "twoview/base/escape.h"
#include "twoview/base/statistics.h"
#include "twoview/experiment/check.h"

static tv_error *expect_interval(const tv_experiment *e, const char *path, const tv_key *key,
                                 const double *bounds) {
  TV_REQUIRE(e, path,
             tv_key_is_within(key, bounds[0]) && tv_key_is_within(key, bounds[1]) &&
                 bounds[0] <= bounds[1],
             "%s must be finite and not negative, the lower one first; got [%s, %s]", key->subject,
             TV_EXACT(bounds[0]), TV_EXACT(bounds[1]));
  return NULL;
}

/* Coordinates name points: each value stands once. */
static tv_error *expect_distinct(const tv_experiment *e, const char *path, const double *values,
                                 unsigned count) {
  for (unsigned i = 0; i < count; ++i)
    for (unsigned j = 0; j < i; ++j)
      TV_REQUIRE(e, path, values[i] != values[j], "%s is listed twice", TV_EXACT(values[i]));
  return NULL;
}

static tv_error *check_list(const tv_experiment *e, const char *path, const tv_key *key,
                            const double *values, unsigned count) {
  for (unsigned i = 0; i < count; ++i)
    TV_TRY(tv_key_expect_within(e, path, key, values[i], key->is_coordinate ? 0 : i + 1));
  return key->is_coordinate ? expect_distinct(e, path, values, count) : NULL;
}

static tv_error *check_file_name(const tv_experiment *e, const char *path, const char *name) {
  tv_error *error = name ? tv_expect_file_name(name) : NULL;
  if (!error) return NULL;
  tv_error *fault = tv_experiment_fault(e, path, "%s", error->message);
  tv_error_free(error);
  return fault;
}

/* Whether one of the words for it stands for a number. */
static int is_word(const tv_key *key, double value) {
  const tv_word *word = key->words;
  while (word && word->text && word->value != value) ++word;
  return word && word->text;
}

static tv_error *check_value(const tv_experiment *e, const char *path, const tv_key *key,
                             void *base) {
  void *value = tv_key_value(key, base);
  switch (key->type) {
  case TV_KEY_INTEGER:
    return is_word(key, *(int *)value) ? NULL
                                       : tv_key_expect_within(e, path, key, *(int *)value, 0);
  case TV_KEY_NUMBER:
    return is_word(key, *(double *)value) ? NULL
                                          : tv_key_expect_within(e, path, key, *(double *)value, 0);
  case TV_KEY_NUMBERS:
  case TV_KEY_SIZES:
    return check_list(e, path, key, *(double **)value, *tv_key_count(key, base));
  case TV_KEY_INTERVAL:
    return expect_interval(e, path, key, value);
  case TV_KEY_FILE:
    return check_file_name(e, path, *(char **)value);
  default:
    return NULL;
  }
}

/* ---- Defaults ---- */

static tv_error *take_standard(const tv_key *key, void *value) {
  if (!key->standard) return NULL;
  if (key->type != TV_KEY_TEXT) {
    tv_key_read(key, key->standard, value);
    return NULL;
  }
  *(char **)value = strdup(key->standard);
  return *(char **)value ? NULL : tv_fail("out of memory");
}

int tv_key_applies(const tv_key *keys, const tv_key *key, void *base) {
  int wanted, type;
  if (!key->only_with) return 1;
  const tv_key *choice = tv_key_named(keys, "type");
  memcpy(&type, tv_key_value(choice, base), sizeof type);
  tv_key_read(choice, key->only_with, &wanted);
  return type == wanted;
}

/* ---- Together ---- */

static tv_error *settle(tv_experiment *e, const char *path, const tv_key *keys,
                        const tv_key_walk *w, int is_given) {
  const tv_key *key = w->key;
  const int is_here = tv_experiment_gives(e, path);
  void *value = tv_key_value(key, w->base);
  TV_REQUIRE(e, path, !is_here || tv_key_is_of(e, key),
             "belongs to the %s model; an experiment has components ('noise', 'augmentation' with "
             "'alpha') or views ('corruption', 'augmentation' with 'chain')",
             key->model == TV_VIEW_MODEL ? "view" : "component");
  if (!tv_key_is_of(e, key)) return NULL;
  if (key->type == TV_KEY_MAPPING) return tv_keys_settle(e, path, key->keys, value, is_here);
  TV_REQUIRE(e, path, is_here || !key->missing || !(is_given || key->is_essential),
             "is missing; %s", key->missing);
  TV_REQUIRE(e, path, !is_here || tv_key_applies(keys, key, w->base), "belongs to 'type: %s'",
             key->only_with);
  if (!is_here) TV_TRY(take_standard(key, value));
  return is_here || (is_given && key->standard) ? check_value(e, path, key, w->base) : NULL;
}

tv_error *tv_keys_settle(tv_experiment *e, const char *path, const tv_key *keys, void *mapping,
                         int is_given) {
  const tv_key *choice = tv_key_of_kind(keys);
  const int is_needed = is_given && !(choice && choice->same_as); /* else its names are optional */
  for (tv_key_walk w = tv_key_first(keys, mapping); w.key; tv_key_next(&w)) {
    char below[LONGEST_PATH];
    if (tv_key_is_no_key(w.key)) continue;
    tv_key_join(path, w.key->name, below);
    TV_TRY(settle(e, below, keys, &w, is_needed));
  }
  return NULL;
}

tv_error *tv_keys_refuse_planned(const tv_experiment *e, const char *path, const tv_key *keys) {
  for (const tv_key *key = keys; key->name; ++key) {
    char below[LONGEST_PATH];
    tv_key_join(path, key->name, below);
    TV_REQUIRE(e, below, !key->is_planned || !tv_experiment_gives(e, below),
               "is well formed, but this version does not compute it yet; leave it out");
    if (key->type == TV_KEY_MAPPING) TV_TRY(tv_keys_refuse_planned(e, below, key->keys));
  }
  return NULL;
}
