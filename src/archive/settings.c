#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/archive/schema.h"
#include "twoview/base/text.h"
#include "twoview/experiment/yaml.h"
#include "twoview/hdf5/array_copy.h"
#include "twoview/hdf5/error.h"

/* A key and its value, or its values. */
typedef struct {
  const char *key;
  tv_element element;
  int is_list;
  int64_t count;
  const void *values;
} setting;

typedef tv_error *visitor(void *context, const setting *setting);

/* What goes through the settings. */
typedef struct {
  const tv_experiment *experiment;
  visitor *visit;
  void *context;
} tour;

/* ---- The settings of an experiment ---- */

static int is_boolean(const tv_yaml_node *node) {
  return !node->is_quoted && (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0);
}

static int is_number(const tv_yaml_node *node, int is_whole) {
  int64_t integer;
  double number;
  if (node->is_quoted) return 0;
  return is_whole ? tv_read_integer(node->text, &integer) == TV_NUMBER_READ
                  : tv_read_double(node->text, &number) == TV_NUMBER_READ;
}

/* The type of a key that is in no table, by its text. */
static tv_element look_at(const tv_yaml_node *const *nodes, int count) {
  int are_whole = 1, are_numbers = 1;
  for (int i = 0; i < count; ++i) {
    are_whole = are_whole && (is_number(nodes[i], 1) || is_boolean(nodes[i]));
    are_numbers = are_numbers && is_number(nodes[i], 0);
  }
  return are_whole ? TV_INTEGER : are_numbers ? TV_REAL : TV_TEXT;
}

/* Texts too of what the type cannot hold: a seed of more than 63 bits, a word instead of a number.
 */
static tv_element element_of(const tour *t, const char *key, const tv_yaml_node *const *nodes,
                             int count) {
  const tv_element looks = look_at(nodes, count);
  switch (tv_experiment_key_type(t->experiment, key)) {
  case TV_KEY_NUMBER:
  case TV_KEY_NUMBERS:
  case TV_KEY_INTERVAL:
    return looks == TV_INTEGER ? TV_REAL : looks;
  case TV_KEY_TEXT:
  case TV_KEY_FILE:
  case TV_KEY_KIND:
  case TV_KEY_KINDS:
    return TV_TEXT;
  case TV_KEY_INTEGER:
  case TV_KEY_NATURAL:
  case TV_KEY_SIZES:
    return looks == TV_INTEGER ? TV_INTEGER : TV_TEXT;
  default:
    return looks;
  }
}

static void take_value(tv_element element, const tv_yaml_node *node, int i, int64_t *integers,
                       double *numbers, const char **texts) {
  texts[i] = node->text;
  if (element == TV_REAL) tv_read_double(node->text, &numbers[i]);
  if (element != TV_INTEGER) return;
  if (is_boolean(node))
    integers[i] = strcmp(node->text, "true") == 0;
  else
    tv_read_integer(node->text, &integers[i]);
}

static tv_error *visit_values(const tour *t, const char *key, const tv_yaml_node *const *nodes,
                              int count, int is_list) {
  const tv_element element = element_of(t, key, nodes, count);
  int64_t *integers = NULL;
  double *numbers = NULL;
  const char **texts = NULL;
  tv_error *error = tv_allocate(count, sizeof(*integers), &integers);
  if (!error) error = tv_allocate(count, sizeof(*numbers), &numbers);
  if (!error) error = tv_allocate(count, sizeof(*texts), &texts);
  for (int i = 0; !error && i < count; ++i)
    take_value(element, nodes[i], i, integers, numbers, texts);
  const void *const values[] = {[TV_REAL] = numbers, [TV_INTEGER] = integers, [TV_TEXT] = texts};
  if (!error)
    error = t->visit(t->context, &(setting){key, element, is_list, count, values[element]});
  free(integers);
  free(numbers);
  free(texts);
  return error;
}

static tv_error *visit_node(const tour *t, const char *key, const tv_yaml_node *node);

static int are_scalars(const tv_yaml_node *list) {
  for (int i = 0; i < list->count; ++i)
    if (list->children[i].kind != TV_YAML_SCALAR) return 0;
  return 1;
}

static tv_error *visit_list(const tour *t, const char *key, const tv_yaml_node *list) {
  const tv_yaml_node **nodes = NULL;
  TV_TRY(tv_allocate(list->count, sizeof(*nodes), &nodes));
  for (int i = 0; i < list->count; ++i) nodes[i] = &list->children[i];
  tv_error *error = list->count ? visit_values(t, key, nodes, list->count, 1) : NULL;
  free(nodes);
  return error;
}

/* Of a list of mappings the items are named by their numbers, from 1 as in messages and in `--set`:
 * `augmentation.chain.1.type`. */
static tv_error *visit_children(const tour *t, const char *key, const tv_yaml_node *node) {
  char below[TV_NAME_LENGTH], number[16];
  for (int i = 0; i < node->count; ++i) {
    const tv_yaml_node *child = &node->children[i];
    snprintf(number, sizeof number, "%d", i + 1);
    snprintf(below, sizeof below, "%s%s%s", key, *key ? "." : "", child->key ? child->key : number);
    TV_TRY(visit_node(t, below, child));
  }
  return NULL;
}

static tv_error *visit_node(const tour *t, const char *key, const tv_yaml_node *node) {
  if (node->kind == TV_YAML_SCALAR) return visit_values(t, key, &node, 1, 0);
  if (node->kind == TV_YAML_LIST && are_scalars(node)) return visit_list(t, key, node);
  return visit_children(t, key, node);
}

static tv_error *visit_settings(const tv_experiment *e, visitor *visit, void *context) {
  char *resolved = NULL;
  tv_yaml_node root = {0};
  TV_TRY(tv_experiment_print(e, &resolved));
  tv_error *error = tv_yaml_read("the experiment", NULL, resolved, &root);
  if (!error) error = visit_node(&(tour){e, visit, context}, "", &root);
  tv_yaml_free(&root);
  free(resolved);
  return error;
}

/* ---- Written ---- */

static tv_error *write_setting(void *context, const setting *s) {
  const hid_t *group = context;
  if (s->is_list) return tv_attribute_list(*group, s->key, s->element, s->count, s->values);
  if (s->element == TV_INTEGER)
    return tv_attribute_number(*group, s->key, *(const int64_t *)s->values);
  if (s->element == TV_REAL) return tv_attribute_real(*group, s->key, *(const double *)s->values);
  return tv_attribute_text(*group, s->key, *(const char *const *)s->values);
}

tv_error *tv_settings_write(hid_t root, const tv_experiment *experiment) {
  if (H5Lexists(root, TV_SETTINGS, H5P_DEFAULT) > 0 &&
      H5Ldelete(root, TV_SETTINGS, H5P_DEFAULT) < 0)
    return tv_hdf5_fail("group '%s' cannot be replaced", TV_SETTINGS);
  hid_t group = tv_label_create_group(root, TV_SETTINGS);
  if (group < 0) return tv_hdf5_fail("group '%s' cannot be created", TV_SETTINGS);
  tv_error *error = visit_settings(experiment, write_setting, &group);
  H5Gclose(group);
  return error;
}

/* ---- Compared ---- */

typedef struct {
  hid_t group;
  void (*report)(void *context, const char *key);
  void *context;
} comparison;

/* Whether an attribute holds these values. */
static int is_same(hid_t attribute, const setting *s) {
  const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
  const H5T_class_t classes[] = {
      [TV_REAL] = H5T_FLOAT, [TV_INTEGER] = H5T_INTEGER, [TV_TEXT] = H5T_STRING};
  const int is_text = s->element == TV_TEXT;
  char **found = NULL;
  int is_so = type >= 0 && space >= 0 && H5Sget_simple_extent_npoints(space) == s->count &&
              H5Tget_class(type) == classes[s->element] && H5Tget_size(type) == sizeof(*found) &&
              (!is_text || H5Tis_variable_str(type) > 0);
  tv_error *error = is_so ? tv_allocate(s->count, sizeof(*found), &found) : NULL;
  is_so = is_so && !error && H5Aread(attribute, type, found) >= 0;
  if (is_so && !is_text) is_so = memcmp(found, s->values, (size_t)s->count * sizeof(*found)) == 0;
  for (int64_t i = 0; is_so && is_text && i < s->count; ++i)
    is_so = found[i] && strcmp(found[i], ((const char *const *)s->values)[i]) == 0;
  for (int64_t i = 0; found && is_text && i < s->count; ++i) H5free_memory(found[i]);
  tv_error_free(error);
  free(found);
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  return is_so;
}

static tv_error *compare_setting(void *context, const setting *s) {
  const comparison *c = context;
  const int is_there = H5Aexists(c->group, s->key) > 0;
  const hid_t attribute = is_there ? H5Aopen(c->group, s->key, H5P_DEFAULT) : H5I_INVALID_HID;
  if (attribute < 0 || !is_same(attribute, s)) c->report(c->context, s->key);
  if (attribute >= 0) H5Aclose(attribute);
  return NULL;
}

tv_error *tv_settings_compare(hid_t group, const tv_experiment *experiment,
                              void (*report)(void *context, const char *key), void *context) {
  return visit_settings(experiment, compare_setting, &(comparison){group, report, context});
}
