#include "twoview/experiment/kind.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "schema.h"
#include "twoview/base/text.h"
#include "twoview/experiment/check.h"

const tv_kind *tv_kind_named(const tv_kind *const *table, const char *name) {
  for (; *table; ++table)
    if (strcasecmp((*table)->name, name) == 0 ||
        ((*table)->short_name && strcasecmp((*table)->short_name, name) == 0))
      return *table;
  return NULL;
}

void tv_kind_key(const tv_kind *kind, char out[TV_KIND_KEY]) {
  snprintf(out, TV_KIND_KEY, "%s", kind->name);
  for (; *out; ++out)
    if (*out == '-') *out = '_';
}

/* The table of a key, and whether its value is a list of rows. */
static const tv_kind *const *table_of(const tv_experiment *e, const char *key, int *is_list) {
  *is_list = strcmp(key, "methods") == 0;
  return *is_list ? e->kinds->methods : e->kinds->studies;
}

/* Names, then short names. */
static void describe(const tv_kind *const *table, char *out, size_t size) {
  const char *separator = "";
  *out = '\0';
  for (int is_short = 0; is_short < 2; ++is_short)
    for (const tv_kind *const *row = table; *row; ++row) {
      const char *name = is_short ? (*row)->short_name : (*row)->name;
      if (!name) continue;
      tv_append(out, size, "%s %s", separator, name);
      separator = ",";
    }
}

static tv_error *refuse(const tv_experiment *e, const char *key, const tv_kind *const *table,
                        const tv_yaml_node *node) {
  char names[256];
  describe(table, names, sizeof names);
  if (node->kind == TV_YAML_SCALAR)
    return tv_experiment_fault(e, key, "expects one of%s, not '%.100s'", names, node->text);
  return tv_experiment_fault(e, key, "expects one of%s, not a %s", names,
                             node->kind == TV_YAML_LIST ? "list" : "mapping");
}

static tv_error *expect_kind(const tv_experiment *e, const char *key, const tv_kind *const *table,
                             const tv_yaml_node *node) {
  const int is_name = node->kind == TV_YAML_SCALAR && tv_kind_named(table, node->text);
  return is_name ? NULL : refuse(e, key, table, node);
}

tv_error *tv_kinds_conform(const tv_experiment *e, const char *key, tv_yaml_node *node) {
  int is_list;
  const tv_kind *const *table = table_of(e, key, &is_list);
  if (!is_list) return expect_kind(e, key, table, node);
  if (node->kind == TV_YAML_SCALAR) TV_TRY(tv_yaml_enlist(node));
  if (node->kind != TV_YAML_LIST) return refuse(e, key, table, node);
  TV_REQUIRE(e, key, node->count >= 1 && node->count <= MOST_VALUES,
             "must have from %d to %d entries, got %d", 1, MOST_VALUES, node->count);
  for (int i = 0; i < node->count; ++i) TV_TRY(expect_kind(e, key, table, &node->children[i]));
  return NULL;
}

tv_error *tv_kinds_load(tv_experiment *e) {
  const tv_yaml_node *study = tv_yaml_find(&e->root, "study");
  const tv_yaml_node *methods = tv_yaml_find(&e->root, "methods");
  e->study = study ? tv_kind_named(e->kinds->studies, study->text) : e->kinds->studies[0];
  if (!methods) return NULL;
  TV_TRY(tv_allocate(methods->count, sizeof(tv_kind *), &e->methods));
  for (; (int)e->methods_count < methods->count; ++e->methods_count)
    e->methods[e->methods_count] =
        tv_kind_named(e->kinds->methods, methods->children[e->methods_count].text);
  return NULL;
}
