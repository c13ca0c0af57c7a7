/* Keys that are misspelt. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "keys.h"
#include "twoview/experiment/check.h"

typedef struct {
  char path[LONGEST_PATH];
  int distance;
} candidate;

static void find_nearest(const tv_experiment *e, const tv_key *keys, const char *prefix,
                         int is_deep, const char *typed, candidate *best);

static void compare_keys(const tv_experiment *e, const tv_key *keys, const char *prefix,
                         int is_deep, const char *typed, candidate *best) {
  for (const tv_key *key = keys; key && key->name; ++key) {
    char path[LONGEST_PATH];
    if (tv_key_is_no_key(key) || key->is_planned) continue;
    const int distance = tv_edit_distance(typed, key->name);
    tv_key_join(prefix, key->name, path);
    if (distance < best->distance) {
      best->distance = distance;
      memcpy(best->path, path, sizeof path);
    }
    if (is_deep && key->type == TV_KEY_MAPPING)
      find_nearest(e, key->keys, path, is_deep, typed, best);
  }
}

/* The key of a mapping or of a kind that it may choose, and of the mappings in it when `is_deep`,
 * that is nearest to what was typed; one that is as near as `best` does not replace it. */
static void find_nearest(const tv_experiment *e, const tv_key *keys, const char *prefix,
                         int is_deep, const char *typed, candidate *best) {
  const tv_key *choice = tv_key_of_kind(keys);
  compare_keys(e, keys, prefix, is_deep, typed, best);
  for (const tv_kind *const *kind = choice ? tv_key_kinds(e, choice) : NULL; kind && *kind; ++kind)
    compare_keys(e, (*kind)->keys, prefix, is_deep, typed, best);
}

/* A key that belongs to another mapping is suggested when it is nearly the same. */
tv_error *tv_key_refuse_name(const tv_experiment *e, const char *path, const char *key,
                             const tv_key *keys) {
  candidate near = {.distance = INT_MAX};
  find_nearest(e, keys, "", 0, key, &near);
  candidate far = {.distance = near.distance};
  find_nearest(e, tv_experiment_keys, "", 1, key, &far);
  const int is_elsewhere = *far.path && 2 * (size_t)far.distance <= strlen(key);
  if (!is_elsewhere && !*near.path)
    return tv_experiment_fault(e, path, "unknown key, where there are none; leave it out");
  return tv_experiment_fault(e, path, "unknown key; did you mean '%s'?",
                             is_elsewhere ? far.path : near.path);
}
