#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ranges.h"
#include "schema.h"
#include "twoview/base/text.h"
#include "twoview/experiment/check.h"

enum { LONGEST_PATH = 256 };

static void join(const char *prefix, const char *key, char path[LONGEST_PATH]) {
  snprintf(path, LONGEST_PATH, "%s%s%s", prefix, *prefix ? "." : "", key);
}

/* ---- Keys ---- */

static const cyaml_schema_field_t *field_named(const cyaml_schema_field_t *fields,
                                               const char *key) {
  while (fields->key && strcmp(fields->key, key) != 0) ++fields;
  return fields->key ? fields : NULL;
}

typedef struct {
  char path[LONGEST_PATH];
  int distance;
} candidate;

/* The key of a mapping, and of those in it when `is_deep`, that is nearest to what was typed; one
 * that is as near as `best` does not replace it. */
static void find_nearest(const cyaml_schema_field_t *fields, const char *prefix, int is_deep,
                         const char *typed, candidate *best) {
  for (; fields->key; ++fields) {
    char path[LONGEST_PATH];
    const int distance = tv_edit_distance(typed, fields->key);
    join(prefix, fields->key, path);
    if (distance < best->distance) {
      best->distance = distance;
      memcpy(best->path, path, sizeof path);
    }
    if (is_deep && fields->value.type == CYAML_MAPPING)
      find_nearest(fields->value.mapping.fields, path, is_deep, typed, best);
  }
}

/* A key that belongs to another mapping is suggested when it is nearly the same. */
static tv_error *refuse_key(const tv_experiment *e, const char *path, const char *key,
                            const cyaml_schema_field_t *fields) {
  candidate near = {.distance = INT_MAX};
  find_nearest(fields, "", 0, key, &near);
  candidate far = {.distance = near.distance};
  find_nearest(tv_experiment_schema.mapping.fields, "", 1, key, &far);
  const int is_elsewhere = *far.path && 2 * (size_t)far.distance <= strlen(key);
  return tv_experiment_fault(e, path, "unknown key; did you mean '%s'?",
                             is_elsewhere ? far.path : near.path);
}

/* ---- Values ---- */

/* What a value has to be, in a reader's words. */
static void describe_type(const cyaml_schema_value_t *value, char *out, size_t size) {
  const char *const words[] = {[CYAML_INT] = "an integer",
                               [CYAML_UINT] = "an integer that is not negative",
                               [CYAML_FLOAT] = "a number",
                               [CYAML_STRING] = "a text",
                               [CYAML_MAPPING] = "a mapping",
                               [CYAML_SEQUENCE] = "a list of numbers",
                               [CYAML_SEQUENCE_FIXED] = "a list of two numbers, [low, high]"};
  if (value->type != CYAML_ENUM) {
    snprintf(out, size, "%s", words[value->type]);
    return;
  }
  snprintf(out, size, "one of");
  for (uint32_t i = 0; i < value->enumeration.count; ++i)
    tv_append(out, size, "%s %s", i ? "," : "", value->enumeration.strings[i].str);
}

static tv_error *refuse_kind(const tv_experiment *e, const char *path, const tv_yaml_node *node,
                             const cyaml_schema_value_t *type) {
  char wanted[256];
  describe_type(type, wanted, sizeof wanted);
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

static void suggest_notation(const char *text, const cyaml_schema_value_t *type, char *out,
                             size_t size) {
  const char *digits = text + strspn(text, "+-");
  const int is_integer = type->type == CYAML_INT || type->type == CYAML_UINT;
  if (*digits == '0' && strchr("0123456789xX", digits[1]) && digits[1])
    snprintf(out, size, "; numbers are decimal, without leading zeros");
  else if (is_integer)
    *out = '\0';
  else
    suggest_commas(text, type->type == CYAML_SEQUENCE, out, size);
}

static int is_word_of(const cyaml_schema_value_t *choices, const char *text) {
  for (uint32_t i = 0; i < choices->enumeration.count; ++i)
    if (strcasecmp(choices->enumeration.strings[i].str, text) == 0) return 1;
  return 0;
}

static tv_number_status try_scalar(const char *text, const cyaml_schema_value_t *type) {
  int64_t integer;
  uint64_t natural;
  double number;
  tv_number_status status;
  switch (type->type) {
  case CYAML_INT:
    status = tv_read_integer(text, &integer);
    if (status == TV_NUMBER_READ && type->data_size == sizeof(int) &&
        (integer < INT_MIN || integer > INT_MAX))
      status = TV_NUMBER_BEYOND;
    return status;
  case CYAML_UINT:
    return tv_read_natural(text, &natural);
  case CYAML_FLOAT:
    return tv_read_double(text, &number);
  case CYAML_ENUM:
    return is_word_of(type, text) ? TV_NUMBER_READ : TV_NUMBER_NONE;
  default:
    return TV_NUMBER_READ;
  }
}

/* `type` is that of a key, `entry` that of the scalar: the same, or of the entries of its list. */
static tv_error *conform_scalar(const tv_experiment *e, const char *path, const tv_yaml_node *node,
                                const cyaml_schema_value_t *type,
                                const cyaml_schema_value_t *entry) {
  char wanted[256], hint[192];
  if (node->kind != TV_YAML_SCALAR) return refuse_kind(e, path, node, type);
  const tv_number_status status = try_scalar(node->text, entry);
  if (status == TV_NUMBER_READ) return NULL;
  describe_type(type, wanted, sizeof wanted);
  if (status == TV_NUMBER_BEYOND)
    return tv_experiment_fault(e, path, "expects %s, and '%.100s' is out of range", wanted,
                               node->text);
  suggest_notation(node->text, type, hint, sizeof hint);
  return tv_experiment_fault(e, path, "expects %s, not '%.100s'%s", wanted, node->text, hint);
}

static tv_error *conform(const tv_experiment *e, const char *path, tv_yaml_node *node,
                         const cyaml_schema_value_t *type);

/* One value stands for a list of one, a range for the numbers that it gives. */
static tv_error *expand_short_form(const tv_experiment *e, const char *path, tv_yaml_node *node,
                                   const cyaml_schema_value_t *list) {
  const cyaml_schema_value_t *range = tv_schema_range(list);
  if (node->kind == TV_YAML_SCALAR) return tv_yaml_enlist(node);
  if (node->kind == TV_YAML_LIST || !range) return NULL;
  TV_TRY(conform(e, path, node, range));
  return tv_experiment_expand_range(e, path, range, node);
}

static tv_error *conform_list(const tv_experiment *e, const char *path, tv_yaml_node *node,
                              const cyaml_schema_value_t *list) {
  const int least = (int)list->sequence.min, most = (int)list->sequence.max;
  if (list->type == CYAML_SEQUENCE) TV_TRY(expand_short_form(e, path, node, list));
  if (node->kind != TV_YAML_LIST) return refuse_kind(e, path, node, list);
  TV_REQUIRE(e, path, least != most || node->count == most, "must have %d entries, got %d", most,
             node->count);
  TV_REQUIRE(e, path, node->count >= least && node->count <= most,
             "must have from %d to %d entries, got %d", least, most, node->count);
  for (int i = 0; i < node->count; ++i)
    TV_TRY(conform_scalar(e, path, &node->children[i], list, list->sequence.entry));
  return NULL;
}

static tv_error *conform_mapping(const tv_experiment *e, const char *path, tv_yaml_node *node,
                                 const cyaml_schema_value_t *mapping) {
  char below[LONGEST_PATH];
  if (node->kind != TV_YAML_MAPPING) return refuse_kind(e, path, node, mapping);
  for (int i = 0; i < node->count; ++i) {
    tv_yaml_node *child = &node->children[i];
    const cyaml_schema_field_t *field = field_named(mapping->mapping.fields, child->key);
    join(path, child->key, below);
    if (!field) return refuse_key(e, below, child->key, mapping->mapping.fields);
    TV_TRY(conform(e, below, child, &field->value));
  }
  return NULL;
}

static tv_error *conform(const tv_experiment *e, const char *path, tv_yaml_node *node,
                         const cyaml_schema_value_t *type) {
  if (type->type == CYAML_MAPPING) return conform_mapping(e, path, node, type);
  if (type->type == CYAML_IGNORE) return tv_kinds_conform(e, path, node);
  if (type->type == CYAML_SEQUENCE || type->type == CYAML_SEQUENCE_FIXED)
    return conform_list(e, path, node, type);
  return conform_scalar(e, path, node, type, type);
}

tv_error *tv_experiment_conform(tv_experiment *e) {
  TV_REQUIRE(e, "", e->root.kind == TV_YAML_MAPPING, "no YAML mapping of keys to values");
  return conform(e, "", &e->root, &tv_experiment_schema);
}
