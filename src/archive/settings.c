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

/* ---- The settings of an experiment ---- */

static int is_real(const tv_yaml_node *node, double *number) {
  return !node->is_quoted && tv_read_double(node->text, number) == TV_NUMBER_READ;
}

static int is_integer(const tv_yaml_node *node, int64_t *integer) {
  const int is_true = strcmp(node->text, "true") == 0;
  if (node->is_quoted) return 0;
  *integer = is_true;
  return is_true || strcmp(node->text, "false") == 0 ||
         tv_read_integer(node->text, integer) == TV_NUMBER_READ;
}

static tv_error *visit_scalar(const char *key, const tv_yaml_node *node, visitor *visit,
                              void *context) {
  uint64_t natural;
  int64_t integer;
  double number;
  setting s = {key, TV_TEXT, 0, 1, &node->text};
  if (is_integer(node, &integer)) {
    s.element = TV_INTEGER;
    s.values = &integer;
  } else if (is_real(node, &number) && tv_read_natural(node->text, &natural) != TV_NUMBER_READ) {
    s.element = TV_REAL; /* a seed that is no int64_t stays what it is as a text */
    s.values = &number;
  }
  return visit(context, &s);
}

static int are_real(const tv_yaml_node *list, double *numbers) {
  for (int i = 0; i < list->count; ++i)
    if (!is_real(&list->children[i], &numbers[i])) return 0;
  return 1;
}

static tv_error *visit_list(const char *key, const tv_yaml_node *list, visitor *visit,
                            void *context) {
  double *numbers = NULL;
  const char **words = NULL;
  if (!list->count) return NULL;
  tv_error *error = tv_allocate(list->count, sizeof(*numbers), &numbers);
  if (!error) error = tv_allocate(list->count, sizeof(*words), &words);
  for (int i = 0; words && i < list->count; ++i) words[i] = list->children[i].text;
  if (!error)
    error =
        visit(context, are_real(list, numbers) ? &(setting){key, TV_REAL, 1, list->count, numbers}
                                               : &(setting){key, TV_TEXT, 1, list->count, words});
  free(numbers);
  free(words);
  return error;
}

static tv_error *visit_node(const char *key, const tv_yaml_node *node, visitor *visit,
                            void *context) {
  char below[TV_NAME_LENGTH];
  if (node->kind == TV_YAML_SCALAR) return visit_scalar(key, node, visit, context);
  if (node->kind == TV_YAML_LIST) return visit_list(key, node, visit, context);
  for (int i = 0; i < node->count; ++i) {
    const tv_yaml_node *child = &node->children[i];
    snprintf(below, sizeof below, "%s%s%s", key, *key ? "." : "", child->key);
    TV_TRY(visit_node(below, child, visit, context));
  }
  return NULL;
}

static tv_error *visit_settings(const char *resolved, visitor *visit, void *context) {
  tv_yaml_node experiment = {0};
  tv_error *error = tv_yaml_read("the experiment", NULL, resolved, &experiment);
  if (!error) error = visit_node("", &experiment, visit, context);
  tv_yaml_free(&experiment);
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

tv_error *tv_settings_write(hid_t root, const char *resolved) {
  if (H5Lexists(root, TV_SETTINGS, H5P_DEFAULT) > 0 &&
      H5Ldelete(root, TV_SETTINGS, H5P_DEFAULT) < 0)
    return tv_hdf5_fail("group '%s' cannot be replaced", TV_SETTINGS);
  hid_t group = H5Gcreate2(root, TV_SETTINGS, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  if (group < 0) return tv_hdf5_fail("group '%s' cannot be created", TV_SETTINGS);
  tv_error *error = visit_settings(resolved, write_setting, &group);
  H5Gclose(group);
  return error;
}

/* ---- Compared ---- */

typedef struct {
  hid_t group;
  void (*tell)(void *context, const char *key);
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
  if (attribute < 0 || !is_same(attribute, s)) c->tell(c->context, s->key);
  if (attribute >= 0) H5Aclose(attribute);
  return NULL;
}

tv_error *tv_settings_compare(hid_t group, const char *resolved,
                              void (*tell)(void *context, const char *key), void *context) {
  return visit_settings(resolved, compare_setting, &(comparison){group, tell, context});
}
