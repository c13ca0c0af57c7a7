#include "keys.h"

#include <stdio.h>
#include <string.h>

int tv_key_is_no_key(const tv_key *row) {
  return row->type == TV_KEY_OWN || row->same_as;
}

static tv_model model_of(const tv_experiment *e) {
  return tv_experiment_has_views(e) ? TV_VIEW_MODEL : TV_COMPONENT_MODEL;
}

int tv_key_is_of(const tv_experiment *e, const tv_key *key) {
  return key->model == TV_BOTH_MODELS || key->model == model_of(e);
}

const tv_key *tv_key_named(const tv_key *keys, const char *name) {
  while (keys->name && (tv_key_is_no_key(keys) || strcmp(keys->name, name) != 0)) ++keys;
  return keys->name ? keys : NULL;
}

const tv_key *tv_key_of_kind(const tv_key *keys) {
  while (keys->name && keys->type != TV_KEY_KIND) ++keys;
  return keys->name ? keys : NULL;
}

void tv_key_join(const char *prefix, const char *key, char path[LONGEST_PATH]) {
  snprintf(path, LONGEST_PATH, "%s%s%s", prefix, *prefix ? "." : "", key);
}

const tv_kind *const *tv_key_kinds(const tv_experiment *e, const tv_key *key) {
  const char *tables = (const char *)e->kinds;
  return *(const tv_kind *const *const *)(tables + key->kinds);
}

void *tv_key_value(const tv_key *key, void *base) {
  return (char *)base + key->offset;
}

unsigned *tv_key_count(const tv_key *key, void *base) {
  return (unsigned *)((char *)base + key->count);
}

const tv_kind *tv_key_chosen(const tv_key *keys, void *mapping) {
  const tv_key *key = tv_key_of_kind(keys);
  return key ? *(const tv_kind **)tv_key_value(key, mapping) : NULL;
}

void **tv_key_settings(const tv_key *keys, void *mapping) {
  const tv_key *key = tv_key_of_kind(keys);
  return key && key->settings ? (void **)((char *)mapping + key->settings) : NULL;
}

void *tv_key_base(const tv_key *keys, const tv_key *key, void *mapping) {
  return key->is_common ? mapping : *tv_key_settings(keys, mapping);
}

/* ---- One after the other ---- */

/* At the place for them the chosen kind's own keys come in. */
static void go_on(tv_key_walk *walk) {
  static const tv_key none[] = {{0}};
  if (walk->key->type == TV_KEY_OWN) {
    const tv_kind *kind = tv_key_chosen(walk->keys, walk->mapping);
    walk->rest = walk->key + 1;
    walk->key = kind && kind->keys ? kind->keys : none;
  }
  if (!walk->key->name && walk->rest) {
    walk->key = walk->rest;
    walk->rest = NULL;
  }
  if (!walk->key->name)
    walk->key = NULL;
  else
    walk->base = walk->rest ? tv_key_base(walk->keys, walk->key, walk->mapping) : walk->mapping;
}

tv_key_walk tv_key_first(const tv_key *keys, void *mapping) {
  tv_key_walk walk = {.key = keys, .keys = keys, .mapping = mapping};
  go_on(&walk);
  return walk;
}

void tv_key_next(tv_key_walk *walk) {
  ++walk->key;
  go_on(walk);
}

/* The key of the first `length` letters of a name in a mapping. */
static tv_key_walk find_in(const tv_key *keys, void *mapping, const char *name, size_t length) {
  tv_key_walk w = tv_key_first(keys, mapping);
  while (w.key && (strncmp(w.key->name, name, length) != 0 || w.key->name[length])) tv_key_next(&w);
  return w;
}

tv_key_type tv_experiment_key_type(const tv_experiment *e, const char *path) {
  tv_experiment values = *e; /* not changed, but reached by pointers to what may be */
  size_t length = strcspn(path, ".");
  tv_key_walk w = find_in(tv_experiment_keys, &values, path, length);
  while (w.key && path[length]) {
    if (w.key->type != TV_KEY_MAPPING) return 0;
    path += length + 1;
    length = strcspn(path, ".");
    w = find_in(w.key->keys, tv_key_value(w.key, w.base), path, length);
  }
  return w.key ? w.key->type : 0;
}
