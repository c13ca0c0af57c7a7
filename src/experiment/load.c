/* From nodes to values: every key, word and number is looked at once. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "chain.h"
#include "ranges.h"
#include "twoview/experiment/check.h"

/* ---- Keys of other kinds ---- */

/* 'type: a' or 'type: b', the choices to which a key belongs; "" when it belongs to none. */
static void list_owners(const tv_experiment *e, const tv_key *choice, const char *key, char *out,
                        size_t size) {
  *out = '\0';
  for (const tv_kind *const *kind = tv_key_kinds(e, choice); *kind; ++kind)
    if ((*kind)->keys && tv_key_named((*kind)->keys, key))
      tv_append(out, size, "%s'%s: %s'", *out ? " or " : "", choice->name, (*kind)->name);
}

/* A key that is not among those of the mapping and of the kind that it chooses. Those of other
 * studies wait until all else is known; and where the choice is still missing, which is refused
 * later, any kind's will do. */
static tv_error *check_foreign(const tv_experiment *e, const char *path, const char *key,
                               const tv_key *keys, void *mapping) {
  const tv_key *choice = tv_key_of_kind(keys);
  const tv_kind *chosen = tv_key_chosen(keys, mapping);
  char owners[96] = "";
  if (choice) list_owners(e, choice, key, owners, sizeof owners);
  if (!*owners) return tv_key_refuse_name(e, path, key, keys);
  if (!chosen || keys == tv_experiment_keys) return NULL;
  return tv_experiment_fault(e, path, "belongs to %s, not to '%s: %s'; leave it out", owners,
                             choice->name, chosen->name);
}

tv_error *tv_keys_expect_study(const tv_experiment *e) {
  const tv_key *choice = tv_key_of_kind(tv_experiment_keys);
  for (int i = 0; i < e->root.count; ++i) {
    char owners[96];
    const char *key = e->root.children[i].key;
    list_owners(e, choice, key, owners, sizeof owners);
    TV_REQUIRE(e, key, !*owners || (e->study->keys && tv_key_named(e->study->keys, key)),
               "has no meaning without %s; add that or leave it out", owners);
  }
  return NULL;
}

static tv_error *read_text(const tv_experiment *e, const char *path, const tv_yaml_node *node,
                           const tv_key *key, char **text) {
  if (node->kind != TV_YAML_SCALAR) return tv_key_refuse_node(e, path, node, key);
  *text = strdup(node->text);
  return *text ? NULL : tv_fail("out of memory");
}

/* ---- Lists ---- */

/* One value stands for a list of one: the nodes of the entries. */
static const tv_yaml_node *entries_of(const tv_yaml_node *node, int *count) {
  *count = node->kind == TV_YAML_LIST ? node->count : 1;
  return node->kind == TV_YAML_LIST ? node->children : node;
}

static tv_error *read_range(tv_experiment *e, const char *path, const tv_yaml_node *node,
                            const tv_key *list, double **numbers, unsigned *count) {
  tv_range range = {0};
  TV_TRY(tv_keys_read(e, path, node, tv_range_keys(list), &range));
  TV_TRY(tv_keys_settle(e, path, tv_range_keys(list), &range, 1));
  return tv_range_expand(e, path, list, &range, numbers, count);
}

static tv_error *read_numbers(tv_experiment *e, const char *path, const tv_yaml_node *node,
                              const tv_key *key, double **numbers, unsigned *count) {
  int length;
  const tv_yaml_node *entries = entries_of(node, &length);
  if (node->kind == TV_YAML_MAPPING) return read_range(e, path, node, key, numbers, count);
  TV_TRY(tv_key_expect_length(e, path, length));
  TV_TRY(tv_allocate(length, sizeof(**numbers), numbers));
  *count = (unsigned)length;
  for (int i = 0; i < length; ++i)
    TV_TRY(tv_key_read_scalar(e, path, &entries[i], key, &(*numbers)[i]));
  return NULL;
}

static tv_error *read_interval(const tv_experiment *e, const char *path, const tv_yaml_node *node,
                               const tv_key *key, double *bounds) {
  if (node->kind != TV_YAML_LIST) return tv_key_refuse_node(e, path, node, key);
  TV_REQUIRE(e, path, node->count == 2, "must have 2 entries, got %d", node->count);
  for (int i = 0; i < 2; ++i)
    TV_TRY(tv_key_read_scalar(e, path, &node->children[i], key, &bounds[i]));
  return NULL;
}

/* ---- Kinds ---- */

static tv_error *read_kinds(const tv_experiment *e, const char *path, const tv_yaml_node *node,
                            const tv_key *key, const tv_kind ***kinds, unsigned *count) {
  int length;
  const tv_yaml_node *entries = entries_of(node, &length);
  TV_TRY(tv_key_expect_length(e, path, length));
  TV_TRY(tv_allocate(length, sizeof(**kinds), kinds));
  for (; (int)*count < length; ++*count)
    TV_TRY(tv_key_read_kind(e, path, &entries[*count], key, &(*kinds)[*count]));
  for (unsigned i = 0; i < *count; ++i)
    for (unsigned j = 0; j < i; ++j)
      TV_REQUIRE(e, path, (*kinds)[i] != (*kinds)[j], "'%s' is listed twice", (*kinds)[i]->name);
  return NULL;
}

/* The kind that a mapping chooses says what its other keys are, wherever they stand. Where none is
 * chosen and one has to be, that is refused later. */
static tv_error *choose_kind(const tv_experiment *e, const char *path, const tv_yaml_node *node,
                             const tv_key *keys, void *mapping) {
  char below[LONGEST_PATH];
  const tv_key *choice = tv_key_of_kind(keys);
  if (!choice) return NULL;
  const tv_yaml_node *name =
      choice->same_as ? tv_yaml_find(&e->root, choice->same_as) : tv_yaml_find(node, choice->name);
  const tv_kind **kind = tv_key_value(choice, mapping);
  tv_key_join(path, choice->name, below);
  if (name) TV_TRY(tv_key_read_kind(e, below, name, choice, kind));
  if (!name && !choice->missing) *kind = tv_key_kinds(e, choice)[0];
  void **settings = tv_key_settings(keys, mapping);
  return *kind && settings ? tv_allocate(1, (*kind)->size, settings) : NULL;
}

/* ---- Mappings ---- */

static tv_error *read_value(tv_experiment *e, const char *path, const tv_yaml_node *node,
                            const tv_key *key, void *base) {
  void *value = tv_key_value(key, base);
  switch (key->type) {
  case TV_KEY_MAPPING:
    if (node->kind != TV_YAML_MAPPING) return tv_key_refuse_node(e, path, node, key);
    return tv_keys_read(e, path, node, key->keys, value);
  case TV_KEY_TEXT:
  case TV_KEY_FILE:
    return read_text(e, path, node, key, value);
  case TV_KEY_NUMBERS:
  case TV_KEY_SIZES:
    return read_numbers(e, path, node, key, value, tv_key_count(key, base));
  case TV_KEY_INTERVAL:
    return read_interval(e, path, node, key, value);
  case TV_KEY_KIND:
    return NULL; /* it is chosen already */
  case TV_KEY_CHAIN:
    ((tv_chain_spec *)value)->rows = &tv_rows_of_keys;
    return tv_chain_spec_read(e, path, node, key, value);
  case TV_KEY_KINDS:
    return read_kinds(e, path, node, key, value, tv_key_count(key, base));
  default:
    return tv_key_read_scalar(e, path, node, key, value);
  }
}

/* The key of a node, and the struct that its value goes to. */
static const tv_key *find_key(const tv_key *keys, const char *name, void *mapping, void **base) {
  const tv_kind *kind = tv_key_chosen(keys, mapping);
  const tv_key *key = tv_key_named(keys, name);
  *base = mapping;
  if (key || !kind || !kind->keys) return key;
  key = tv_key_named(kind->keys, name);
  if (key) *base = tv_key_base(keys, key, mapping);
  return key;
}

tv_error *tv_keys_read(tv_experiment *e, const char *path, const tv_yaml_node *node,
                       const tv_key *keys, void *mapping) {
  TV_TRY(choose_kind(e, path, node, keys, mapping));
  for (int i = 0; i < node->count; ++i) {
    char below[LONGEST_PATH];
    void *base;
    const tv_yaml_node *child = &node->children[i];
    const tv_key *key = find_key(keys, child->key, mapping, &base);
    tv_key_join(path, child->key, below);
    TV_TRY(key ? read_value(e, below, child, key, base)
               : check_foreign(e, below, child->key, keys, mapping));
  }
  return NULL;
}

/* ---- What values own ---- */

void tv_keys_free(const tv_key *keys, void *mapping) {
  void **settings = tv_key_settings(keys, mapping);
  for (tv_key_walk w = tv_key_first(keys, mapping); w.key; tv_key_next(&w)) {
    void *value = tv_key_value(w.key, w.base);
    switch (w.key->type) {
    case TV_KEY_MAPPING:
      tv_keys_free(w.key->keys, value);
      break;
    case TV_KEY_TEXT:
    case TV_KEY_FILE:
    case TV_KEY_NUMBERS:
    case TV_KEY_SIZES:
    case TV_KEY_KINDS:
      free(*(void **)value);
      *(void **)value = NULL;
      break;
    case TV_KEY_CHAIN:
      tv_chain_spec_free(value);
      break;
    default:
      break;
    }
  }
  if (!settings) return;
  free(*settings);
  *settings = NULL;
}

/* ---- Data sets beside the source's ---- */

/* Of its own keys such a data set has those that no samples can do without. */
static tv_error *read_rows(tv_experiment *e, const char *path, const tv_yaml_node *node,
                           const tv_key *key, tv_source_spec **out) {
  char below[LONGEST_PATH];
  TV_TRY(tv_allocate(1, sizeof(**out), out));
  TV_TRY(tv_keys_read(e, path, node, key->keys, *out));
  TV_TRY(tv_keys_settle(e, path, key->keys, *out, 1));
  for (const tv_key *own = (*out)->kind->keys; own && own->name; ++own) {
    tv_key_join(path, own->name, below);
    TV_REQUIRE(e, below, own->missing || !tv_experiment_gives(e, below),
               "has no use here, where samples alone are taken from the data set; leave it out");
  }
  return NULL;
}

static void release_rows(const tv_key *key, tv_source_spec *rows) {
  tv_keys_free(key->keys, rows);
  free(rows);
}

const tv_rows_functions tv_rows_of_keys = {read_rows, release_rows};
