#include "twoview/experiment/yaml.h"

#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "twoview/base/escape.h"

/* Limits of the values that are copied for anchors and aliases, and of nesting: far more than an
 * experiment needs, and quick to process. */
enum { MOST_COPIES = 100000, DEEPEST = 64 };

typedef struct {
  char *name;
  tv_yaml_node value; /* a copy */
  int is_open;        /* its value is being read */
} anchor;

typedef struct {
  yaml_parser_t parser;
  const char *file, *override, *text;
  void *anchors; /* a tree of tsearch */
  int copies, depth;
} reader;

static tv_error *refuse(const reader *r, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static tv_error *refuse(const reader *r, int line, const char *format, ...) {
  char reason[512];
  va_list args;
  va_start(args, format);
  vsnprintf(reason, sizeof reason, format, args);
  va_end(args);
  if (r->override) return tv_fail_usage("--set %s: not YAML: %s", r->override, reason);
  return tv_fail_usage("%s:%d: not YAML: %s", r->file, line, reason);
}

/* ---- Nodes ---- */

void tv_yaml_free(tv_yaml_node *node) {
  for (int i = 0; i < node->count; ++i) tv_yaml_free(&node->children[i]);
  free(node->children);
  free(node->text);
  free(node->key);
  *node = (tv_yaml_node){0};
}

/* A new child at the end, zeroed. Children stand in blocks whose sizes are powers of two. */
static tv_error *append(tv_yaml_node *parent, tv_yaml_node **child) {
  const int count = parent->count;
  *child = NULL;
  if ((count & (count - 1)) == 0) {
    const size_t room = count ? 2 * (size_t)count : 1;
    tv_yaml_node *children = realloc(parent->children, room * sizeof *children);
    if (!children) return tv_fail("out of memory");
    parent->children = children;
  }
  *child = &parent->children[parent->count++];
  **child = (tv_yaml_node){0};
  return NULL;
}

static tv_error *copy_text(const char *text, size_t length, char **out) {
  *out = strndup(text, length);
  return *out ? NULL : tv_fail("out of memory");
}

static tv_error *go_deeper(reader *r, int line) {
  if (++r->depth <= DEEPEST) return NULL;
  return refuse(r, line, "lists and mappings more than %d deep, with aliases written out", DEEPEST);
}

/* A copy of a value, without the key that it stands at. */
static tv_error *copy_value(reader *r, const tv_yaml_node *from, int line, tv_yaml_node *to) {
  to->kind = from->kind;
  to->is_quoted = from->is_quoted;
  to->line = from->line;
  to->override = from->override;
  if (++r->copies > MOST_COPIES)
    return refuse(r, line, "anchors and aliases stand for more than %d values", MOST_COPIES);
  if (from->text) TV_TRY(copy_text(from->text, strlen(from->text), &to->text));
  TV_TRY(go_deeper(r, line));
  for (int i = 0; i < from->count; ++i) {
    const tv_yaml_node *original = &from->children[i];
    tv_yaml_node *child;
    TV_TRY(append(to, &child));
    if (original->key) TV_TRY(copy_text(original->key, strlen(original->key), &child->key));
    child->key_line = original->key_line;
    TV_TRY(copy_value(r, original, line, child));
  }
  --r->depth;
  return NULL;
}

/* ---- Keys ---- */

/* Equal keys stand together: the mapping's own before merged ones, then the earlier first. */
static int by_key(const void *a, const void *b) {
  const tv_yaml_node *x = *(tv_yaml_node *const *)a, *y = *(tv_yaml_node *const *)b;
  const int order = strcmp(x->key, y->key);
  if (order != 0) return order;
  if (x->is_merged != y->is_merged) return x->is_merged - y->is_merged;
  return (x > y) - (x < y);
}

static void remove_freed(tv_yaml_node *mapping) {
  int kept = 0;
  for (int i = 0; i < mapping->count; ++i)
    if (mapping->children[i].key) mapping->children[kept++] = mapping->children[i];
  mapping->count = kept;
}

/* Of merged keys the first one counts, and none where the mapping has that key itself. */
static tv_error *settle_keys(const reader *r, tv_yaml_node *mapping) {
  tv_yaml_node **sorted;
  tv_error *error = NULL;
  TV_TRY(tv_allocate(mapping->count, sizeof(*sorted), &sorted));
  for (int i = 0; i < mapping->count; ++i) sorted[i] = &mapping->children[i];
  qsort(sorted, (size_t)mapping->count, sizeof *sorted, by_key);
  for (int i = 1, first = 0; !error && i < mapping->count; ++i) {
    if (strcmp(sorted[i]->key, sorted[first]->key) != 0)
      first = i;
    else if (sorted[i]->is_merged)
      tv_yaml_free(sorted[i]);
    else
      error = refuse(r, sorted[i]->key_line, "the key '%s' is given twice", sorted[i]->key);
  }
  free(sorted);
  if (!error) remove_freed(mapping);
  return error;
}

/* The entries of a mapping, or of each mapping of a list, move over. */
static tv_error *merge(const reader *r, tv_yaml_node *from, tv_yaml_node *mapping) {
  tv_yaml_node *child;
  if (from->kind == TV_YAML_SCALAR)
    return refuse(r, from->line, "the merge key << expects a mapping or a list of mappings");
  for (int i = 0; i < from->count; ++i) {
    if (from->kind == TV_YAML_LIST && from->children[i].kind == TV_YAML_LIST)
      return refuse(r, from->line, "the merge key << expects mappings in its list");
    if (from->kind == TV_YAML_LIST) {
      TV_TRY(merge(r, &from->children[i], mapping));
      continue;
    }
    TV_TRY(append(mapping, &child));
    *child = from->children[i];
    child->is_merged = 1;
    from->children[i] = (tv_yaml_node){0};
  }
  return NULL;
}

/* ---- Anchors ---- */

static int by_name(const void *a, const void *b) {
  return strcmp(((const anchor *)a)->name, ((const anchor *)b)->name);
}

static void free_anchor(void *it) {
  anchor *a = it;
  tv_yaml_free(&a->value);
  free(a->name);
  free(a);
}

static int has_name(const void *name, const void *a) {
  return strcmp(name, ((const anchor *)a)->name);
}

static anchor *find_anchor(const reader *r, const char *name) {
  anchor *const *found = tfind(name, &r->anchors, has_name);
  return found ? *found : NULL;
}

/* A name that is given again stands for its new value from then on. */
static tv_error *open_anchor(reader *r, const char *name, anchor **out) {
  anchor *a = find_anchor(r, name);
  if (!a) {
    TV_TRY(tv_allocate(1, sizeof(*a), &a));
    tv_error *error = copy_text(name, strlen(name), &a->name);
    if (!error && !tsearch(a, &r->anchors, by_name)) error = tv_fail("out of memory");
    if (error) {
      free_anchor(a);
      return error;
    }
  }
  tv_yaml_free(&a->value);
  a->is_open = 1;
  *out = a;
  return NULL;
}

static tv_error *expand_alias(reader *r, const char *name, int line, tv_yaml_node *out) {
  const anchor *a = find_anchor(r, name);
  if (!a) return refuse(r, line, "undefined alias '%s'", name);
  if (a->is_open) return refuse(r, line, "the alias '%s' stands within its own value", name);
  TV_TRY(copy_value(r, &a->value, line, out));
  out->line = line;
  return NULL;
}

/* ---- From events to nodes ---- */

/* Lines are counted as libyaml counts them, which gives of bytes that are no characters only the
 * offset. */
static int line_at(const char *text, size_t offset) {
  static const char *const breaks[] = {"\r\n",         "\n",           "\r", "\xC2\x85",
                                       "\xE2\x80\xA8", "\xE2\x80\xA9", NULL};
  int line = 1;
  for (const char *at = text; *at && at < text + offset;) {
    const char *const *found = breaks;
    while (*found && strncmp(at, *found, strlen(*found)) != 0) ++found;
    line += *found != NULL;
    at += *found ? strlen(*found) : 1;
  }
  return line;
}

static tv_error *next_event(reader *r, yaml_event_t *event) {
  yaml_parser_t *p = &r->parser;
  if (yaml_parser_parse(p, event)) return NULL;
  if (!p->problem) return tv_fail("out of memory");
  const int line = p->error == YAML_READER_ERROR ? line_at(r->text, p->problem_offset)
                                                 : (int)p->problem_mark.line + 1;
  return refuse(r, line, "%s", p->problem);
}

static tv_error *read_value(reader *r, const yaml_event_t *event, tv_yaml_node *out);

static tv_error *read_next(reader *r, tv_yaml_node *out) {
  yaml_event_t event;
  TV_TRY(next_event(r, &event));
  tv_error *error = read_value(r, &event, out);
  yaml_event_delete(&event);
  return error;
}

/* The value of the merge key, which is no entry itself. */
static tv_error *read_merged(reader *r, tv_yaml_node *mapping) {
  tv_yaml_node from = {0};
  tv_error *error = read_next(r, &from);
  if (!error) error = merge(r, &from, mapping);
  tv_yaml_free(&from);
  return error;
}

static tv_error *read_entry(reader *r, const yaml_event_t *key, tv_yaml_node *mapping) {
  tv_yaml_node *child;
  const int line = (int)key->start_mark.line + 1;
  if (key->type != YAML_SCALAR_EVENT) return refuse(r, line, "a key must be a text");
  const char *text = (const char *)key->data.scalar.value;
  if (strlen(text) != key->data.scalar.length) return refuse(r, line, "a zero byte in a key");
  if (strcmp(text, "<<") == 0 && key->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
    return read_merged(r, mapping);
  TV_TRY(append(mapping, &child));
  child->key_line = line;
  TV_TRY(copy_text(text, strlen(text), &child->key));
  return read_next(r, child);
}

static tv_error *read_item(reader *r, const yaml_event_t *event, tv_yaml_node *list) {
  tv_yaml_node *child;
  TV_TRY(append(list, &child));
  return read_value(r, event, child);
}

static tv_error *read_children(reader *r, tv_yaml_node *out) {
  const int is_list = out->kind == TV_YAML_LIST;
  TV_TRY(go_deeper(r, out->line));
  for (int is_over = 0; !is_over;) {
    yaml_event_t event;
    TV_TRY(next_event(r, &event));
    is_over = event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;
    tv_error *error = is_over   ? NULL
                      : is_list ? read_item(r, &event, out)
                                : read_entry(r, &event, out);
    yaml_event_delete(&event);
    TV_TRY(error);
  }
  --r->depth;
  return is_list ? NULL : settle_keys(r, out);
}

static tv_error *read_scalar(const reader *r, const yaml_event_t *event, tv_yaml_node *out) {
  const char *text = (const char *)event->data.scalar.value;
  const size_t length = event->data.scalar.length;
  if (strlen(text) != length) return refuse(r, out->line, "a zero byte in a text");
  out->is_quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
  return copy_text(text, length, &out->text);
}

static const char *anchor_of(const yaml_event_t *event) {
  return (const char *)(event->type == YAML_SCALAR_EVENT ? event->data.scalar.anchor
                        : event->type == YAML_SEQUENCE_START_EVENT
                            ? event->data.sequence_start.anchor
                        : event->type == YAML_MAPPING_START_EVENT ? event->data.mapping_start.anchor
                                                                  : NULL);
}

static tv_error *read_value(reader *r, const yaml_event_t *event, tv_yaml_node *out) {
  anchor *a = NULL;
  out->line = (int)event->start_mark.line + 1;
  out->override = r->override;
  if (event->type == YAML_ALIAS_EVENT)
    return expand_alias(r, (const char *)event->data.alias.anchor, out->line, out);
  out->kind = event->type == YAML_SCALAR_EVENT           ? TV_YAML_SCALAR
              : event->type == YAML_SEQUENCE_START_EVENT ? TV_YAML_LIST
                                                         : TV_YAML_MAPPING;
  if (anchor_of(event)) TV_TRY(open_anchor(r, anchor_of(event), &a));
  TV_TRY(out->kind == TV_YAML_SCALAR ? read_scalar(r, event, out) : read_children(r, out));
  if (!a) return NULL;
  a->is_open = 0;
  tv_yaml_free(&a->value); /* of the same name within the value */
  return copy_value(r, out, out->line, &a->value);
}

/* After the document the stream has to end. */
static tv_error *expect_end(reader *r) {
  yaml_event_t event;
  tv_error *error = next_event(r, &event);
  if (error || event.type == YAML_STREAM_END_EVENT) return error;
  yaml_event_delete(&event);
  TV_TRY(next_event(r, &event));
  error = refuse(r, (int)event.start_mark.line + 1, "a second document begins");
  yaml_event_delete(&event);
  return error;
}

static tv_error *read_stream(reader *r, tv_yaml_node *root) {
  yaml_event_t event;
  for (yaml_event_type_t type = YAML_NO_EVENT; type != YAML_DOCUMENT_START_EVENT;) {
    TV_TRY(next_event(r, &event));
    type = event.type;
    yaml_event_delete(&event);
    if (type == YAML_STREAM_END_EVENT) return copy_text("", 0, &root->text);
  }
  TV_TRY(read_next(r, root));
  TV_TRY(next_event(r, &event)); /* the document's end */
  yaml_event_delete(&event);
  return expect_end(r);
}

tv_error *tv_yaml_read(const char *file, const char *override, const char *text,
                       tv_yaml_node *root) {
  reader r = {.file = file, .override = override, .text = text};
  *root = (tv_yaml_node){.line = 1, .override = override};
  if (!yaml_parser_initialize(&r.parser)) return tv_fail("out of memory");
  yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, strlen(text));
  tv_error *error = read_stream(&r, root);
  tdestroy(r.anchors, free_anchor);
  yaml_parser_delete(&r.parser);
  return error;
}

/* ---- Paths ---- */

/* The entry of a list that a number, of so many letters, means. */
static tv_yaml_node *entry_at(const tv_yaml_node *list, const char *number, size_t length) {
  const long n = strspn(number, "0123456789") == length ? strtol(number, NULL, 10) : 0;
  return n >= 1 && n <= list->count ? &list->children[n - 1] : NULL;
}

static tv_yaml_node *child_at(const tv_yaml_node *node, const char *key, size_t length) {
  if (node->kind == TV_YAML_LIST) return entry_at(node, key, length);
  for (int i = 0; node->kind == TV_YAML_MAPPING && i < node->count; ++i)
    if (strncmp(node->children[i].key, key, length) == 0 && !node->children[i].key[length])
      return &node->children[i];
  return NULL;
}

/* Walk down `path`; `*rest` is the part that is missing below the node returned, "" if none. */
static const tv_yaml_node *descend(const tv_yaml_node *node, const char *path, const char **rest) {
  for (*rest = path; **rest;) {
    const size_t length = strcspn(*rest, ".");
    const tv_yaml_node *next = child_at(node, *rest, length);
    if (!next) break;
    node = next;
    *rest += length + ((*rest)[length] == '.');
  }
  return node;
}

const tv_yaml_node *tv_yaml_find(const tv_yaml_node *root, const char *path) {
  const char *rest;
  const tv_yaml_node *node = descend(root, path, &rest);
  return *rest ? NULL : node;
}

const tv_yaml_node *tv_yaml_nearest(const tv_yaml_node *root, const char *path) {
  const char *rest;
  return descend(root, path, &rest);
}

/* ---- Changes ---- */

/* The child of that key or number, a key's made if missing. Where nothing stands a mapping may be
 * made. */
static tv_error *enter(tv_yaml_node *node, const char *key, const char *override,
                       tv_yaml_node **child) {
  const size_t length = strcspn(key, ".=");
  if (node->kind == TV_YAML_SCALAR && !*node->text) node->kind = TV_YAML_MAPPING;
  *child = child_at(node, key, length);
  if (!*child && node->kind != TV_YAML_MAPPING)
    return tv_fail_usage("--set %s: the key above '%.*s' is not a mapping%s", override,
                         (int)strcspn(key, "="), key,
                         node->kind == TV_YAML_LIST ? ", but a list, numbered from 1" : "");
  node->touched = override;
  if (*child) return NULL;
  TV_TRY(append(node, child));
  (*child)->override = override;
  TV_TRY(copy_text("", 0, &(*child)->text));
  return copy_text(key, length, &(*child)->key);
}

/* The new value takes the old one's place, under its key. */
static void replace(tv_yaml_node *node, tv_yaml_node *value) {
  value->key = node->key;
  value->key_line = node->key_line;
  node->key = NULL;
  tv_yaml_free(node);
  *node = *value;
}

tv_error *tv_yaml_set(tv_yaml_node *root, const char *override) {
  const char *equals = strchr(override, '=');
  if (!equals || equals == override)
    return tv_fail_usage("--set %s: expects KEY=VALUE, as in --set noise.components=20", override);
  tv_yaml_node value, *node = root;
  for (const char *key = override; key <= equals; key += strcspn(key, ".=") + 1) {
    tv_error *error = enter(node, key, override, &node);
    if (error) return error;
  }
  tv_error *error = tv_yaml_read(NULL, override, equals + 1, &value);
  if (error)
    tv_yaml_free(&value);
  else
    replace(node, &value);
  return error;
}

/* ---- Printing ---- */

static void print_node(FILE *out, const tv_yaml_node *node) {
  if (node->kind == TV_YAML_SCALAR) {
    tv_put_yaml(node->text, out);
    return;
  }
  fputc(node->kind == TV_YAML_LIST ? '[' : '{', out);
  for (int i = 0; i < node->count; ++i) {
    if (i) fputs(",\n", out);
    if (node->children[i].key) {
      tv_put_yaml(node->children[i].key, out);
      fputs(": ", out);
    }
    print_node(out, &node->children[i]);
  }
  fputc(node->kind == TV_YAML_LIST ? ']' : '}', out);
}

tv_error *tv_yaml_print(const tv_yaml_node *root, char **text) {
  size_t size;
  FILE *out = open_memstream(text, &size);
  if (!out) return tv_fail_errno("printing YAML");
  print_node(out, root);
  if (fclose(out) == 0) return NULL;
  free(*text);
  *text = NULL;
  return tv_fail_errno("printing YAML");
}
