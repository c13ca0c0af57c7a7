#include "twoview/experiment/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

static const char byte_order_mark[] = "\xEF\xBB\xBF";

/* Byte offset of a mark; libyaml counts characters, which UTF-8 makes longer than bytes, and not
 * the byte order mark. */
static size_t byte_of(const char *text, yaml_mark_t mark) {
  const char *at = text;
  if (strncmp(at, byte_order_mark, strlen(byte_order_mark)) == 0) at += strlen(byte_order_mark);
  for (size_t line = 0; line < mark.line && *at; ++line) {
    const char *end = strchr(at, '\n');
    at = end ? end + 1 : at + strlen(at);
  }
  for (size_t column = 0; column < mark.column && *at; ++column) do
      ++at;
    while ((*at & 0xC0) == 0x80);
  return (size_t)(at - text);
}

static int load_document(const char *text, yaml_document_t *document) {
  yaml_parser_t parser;
  if (!yaml_parser_initialize(&parser)) return 0;
  yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
  const int loaded = yaml_parser_load(&parser, document);
  yaml_parser_delete(&parser);
  return loaded;
}

static const char *scalar_of(const yaml_node_t *node) {
  return node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

/* The line of the second of two equal keys of a mapping, or 0. */
static int repeated_key(yaml_document_t *document, const yaml_node_t *mapping,
                        char reason[TV_YAML_REASON]) {
  yaml_node_pair_t *const first = mapping->data.mapping.pairs.start;
  for (yaml_node_pair_t *pair = first; pair < mapping->data.mapping.pairs.top; ++pair) {
    const char *key = scalar_of(yaml_document_get_node(document, pair->key));
    for (yaml_node_pair_t *other = first; key && other < pair; ++other) {
      const char *earlier = scalar_of(yaml_document_get_node(document, other->key));
      if (!earlier || strcmp(key, earlier) != 0) continue;
      snprintf(reason, TV_YAML_REASON, "the key '%s' is given twice", key);
      return (int)yaml_document_get_node(document, pair->key)->start_mark.line + 1;
    }
  }
  return 0;
}

static int document_problem(yaml_document_t *document, char reason[TV_YAML_REASON]) {
  int line = 0;
  for (yaml_node_t *node = document->nodes.start; !line && node < document->nodes.top; ++node)
    if (node->type == YAML_MAPPING_NODE) line = repeated_key(document, node, reason);
  return line;
}

/* libyaml gives a mark of what it parsed, but only the offset of bytes that are no characters. */
static int problem_line(const yaml_parser_t *parser, const char *text) {
  if (parser->error != YAML_READER_ERROR) return (int)parser->problem_mark.line + 1;
  int line = 1;
  for (size_t i = 0; i < parser->problem_offset && text[i]; ++i) line += text[i] == '\n';
  return line;
}

int tv_yaml_problem(const char *text, char reason[TV_YAML_REASON]) {
  yaml_parser_t parser;
  yaml_document_t document;
  int line = 0, is_over = 0;
  if (!yaml_parser_initialize(&parser)) return 0;
  yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
  for (int documents = 0; !line && !is_over; ++documents) {
    if (!yaml_parser_load(&parser, &document)) {
      line = problem_line(&parser, text);
      snprintf(reason, TV_YAML_REASON, "%s", parser.problem ? parser.problem : "out of memory");
      break;
    }
    const yaml_node_t *root = yaml_document_get_root_node(&document);
    is_over = !root;
    if (root) line = document_problem(&document, reason);
    if (root && documents > 0) {
      line = (int)root->start_mark.line + 1;
      snprintf(reason, TV_YAML_REASON, "a second document begins");
    }
    yaml_document_delete(&document);
  }
  yaml_parser_delete(&parser);
  return line;
}

static yaml_node_t *child(yaml_document_t *document, yaml_node_t *node, const char *key,
                          size_t length) {
  if (!node || node->type != YAML_MAPPING_NODE) return NULL;
  for (yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top;
       ++pair) {
    const yaml_node_t *name = yaml_document_get_node(document, pair->key);
    if (name->type == YAML_SCALAR_NODE && name->data.scalar.length == length &&
        memcmp(name->data.scalar.value, key, length) == 0)
      return yaml_document_get_node(document, pair->value);
  }
  return NULL;
}

/* Walk down `path`; `*rest` is the part that is missing below the node returned ("" if none). */
static yaml_node_t *descend(yaml_document_t *document, const char *path, const char **rest) {
  yaml_node_t *node = yaml_document_get_root_node(document);
  *rest = path;
  while (node && **rest) {
    const size_t length = strcspn(*rest, ".");
    yaml_node_t *next = child(document, node, *rest, length);
    if (!next) break;
    node = next;
    *rest += length + ((*rest)[length] == '.');
  }
  return node;
}

tv_yaml_place tv_yaml_find(const char *text, const char *path) {
  tv_yaml_place place = {TV_YAML_ABSENT, 1};
  yaml_document_t document;
  if (!load_document(text, &document)) return place;
  const char *rest;
  const yaml_node_t *node = descend(&document, path, &rest);
  if (node) place.line = (int)node->start_mark.line + 1;
  if (node && !*rest)
    place.kind = node->type == YAML_SCALAR_NODE     ? TV_YAML_SCALAR
                 : node->type == YAML_SEQUENCE_NODE ? TV_YAML_SEQUENCE
                                                    : TV_YAML_MAPPING;
  yaml_document_delete(&document);
  return place;
}

tv_error *tv_yaml_reject(const char *text, const char *path, int (*is_fine)(const char *scalar),
                         char **rejected) {
  yaml_document_t document;
  const char *rest, *bad = NULL;
  *rejected = NULL;
  if (!load_document(text, &document)) return NULL;
  const yaml_node_t *node = descend(&document, path, &rest);
  if (node && !*rest && node->type == YAML_SEQUENCE_NODE) {
    for (yaml_node_item_t *item = node->data.sequence.items.start;
         !bad && item < node->data.sequence.items.top; ++item) {
      const char *scalar = scalar_of(yaml_document_get_node(&document, *item));
      if (scalar && !is_fine(scalar)) bad = scalar;
    }
  } else if (node && !*rest && scalar_of(node) && !is_fine(scalar_of(node))) {
    bad = scalar_of(node);
  }
  const int is_copied = !bad || (*rejected = strdup(bad));
  yaml_document_delete(&document);
  return is_copied ? NULL : tv_fail("out of memory");
}

static tv_error *splice(char **text, size_t from, size_t to, const char *insert) {
  char *result;
  TV_TRY(tv_allocate((long long)(strlen(*text) + strlen(insert) + 1), 1, &result));
  sprintf(result, "%.*s%s%s", (int)from, *text, insert, *text + to);
  free(*text);
  *text = result;
  return NULL;
}

/* "a.b" and "1" become "a: {b: 1}". */
static tv_error *nested_entry(const char *path, const char *value, char **out) {
  const size_t size = 4 * strlen(path) + strlen(value) + 8;
  TV_TRY(tv_allocate((long long)size, 1, out));
  int braces = 0;
  char *end = *out;
  for (const char *key = path;; ++braces) {
    const size_t length = strcspn(key, ".");
    end += sprintf(end, "%.*s: ", (int)length, key);
    key += length;
    if (!*key) break;
    ++key;
    *end++ = '{';
  }
  end += sprintf(end, "%s", value);
  while (braces-- > 0) *end++ = '}';
  return NULL;
}

/* Where the first entry of a mapping that is not empty begins: at its key, or at the '?' before. */
static yaml_mark_t first_entry(const char *text, yaml_document_t *document,
                               const yaml_node_t *mapping) {
  if (text[byte_of(text, mapping->start_mark)] == '?') return mapping->start_mark;
  return yaml_document_get_node(document, mapping->data.mapping.pairs.start->key)->start_mark;
}

/* Insert `entry` as the first one of a mapping. */
static tv_error *insert_entry(char **text, yaml_document_t *document, const yaml_node_t *mapping,
                              const char *entry) {
  char *line;
  const int is_empty = mapping->data.mapping.pairs.start == mapping->data.mapping.pairs.top;
  const yaml_mark_t mark = is_empty ? mapping->end_mark : first_entry(*text, document, mapping);
  const size_t at = byte_of(*text, mark) - (size_t)is_empty; /* before the closing brace */
  TV_TRY(tv_allocate((long long)(strlen(entry) + mark.column + 3), 1, &line));
  if (is_empty)
    sprintf(line, "%s", entry);
  else if (mapping->data.mapping.style == YAML_FLOW_MAPPING_STYLE)
    sprintf(line, "%s, ", entry);
  else
    sprintf(line, "%s\n%*s", entry, (int)mark.column, "");
  tv_error *error = splice(text, at, at, line);
  free(line);
  return error;
}

static tv_error *replace_node(char **text, const yaml_node_t *node, const char *value) {
  const int is_block =
      (node->type == YAML_MAPPING_NODE && node->data.mapping.style != YAML_FLOW_MAPPING_STYLE) ||
      (node->type == YAML_SEQUENCE_NODE && node->data.sequence.style != YAML_FLOW_SEQUENCE_STYLE);
  const size_t from = byte_of(*text, node->start_mark);
  size_t to = byte_of(*text, node->end_mark);
  char *line;
  TV_TRY(tv_allocate((long long)strlen(value) + 3, 1, &line));
  /* A block ends where the next key begins, behind that key's indentation, and a block sequence may
   * stand no deeper than its own key; a missing value stands right behind the colon. */
  while (is_block && to > from && (*text)[to - 1] == ' ') --to;
  sprintf(line, "%s%s%s", is_block || from == to ? " " : "", value, is_block ? "\n" : "");
  tv_error *error = splice(text, from, to, line);
  free(line);
  return error;
}

tv_error *tv_yaml_set(char **text, const char *path, const char *value) {
  yaml_document_t document;
  if (!load_document(*text, &document)) return NULL; /* the loader will say what is wrong */
  const char *rest;
  yaml_node_t *node = descend(&document, path, &rest);
  tv_error *error = NULL;
  if (node && !*rest) {
    error = replace_node(text, node, value);
  } else {
    char *entry = NULL;
    error = nested_entry(rest, value, &entry);
    if (!error && !node) error = splice(text, strlen(*text), strlen(*text), "\n");
    if (!error && !node)
      error = splice(text, strlen(*text), strlen(*text), entry);
    else if (!error && node->type == YAML_MAPPING_NODE)
      error = insert_entry(text, &document, node, entry);
    else if (!error)
      error = tv_fail_usage("--set %s: the key above '%s' is not a mapping", path, rest);
    free(entry);
  }
  yaml_document_delete(&document);
  return error;
}

tv_error *tv_yaml_listify(char **text, const char *path) {
  yaml_document_t document;
  if (!load_document(*text, &document)) return NULL;
  const char *rest;
  const yaml_node_t *node = descend(&document, path, &rest);
  tv_error *error = NULL;
  if (node && !*rest && node->type == YAML_SCALAR_NODE) {
    char *list = NULL;
    error = tv_allocate((long long)node->data.scalar.length + 3, 1, &list);
    if (!error) {
      sprintf(list, "[%s]", (const char *)node->data.scalar.value);
      error = replace_node(text, node, list);
    }
    free(list);
  }
  yaml_document_delete(&document);
  return error;
}
