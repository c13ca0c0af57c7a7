/* A YAML text as a tree of nodes that know where they come from. Aliases are expanded into copies,
 * merge keys (<<) are applied, and the keys of a mapping are all different. Nodes are found and
 * replaced by paths, which are keys joined by dots: noise.lambda_max; entries of lists are found by
 * their numbers, from 1. Reading takes time in proportion to the text; what grows beyond it by its
 * aliases is refused. */
#ifndef TWOVIEW_YAML_H
#define TWOVIEW_YAML_H

#include "twoview/base/error.h"

typedef enum { TV_YAML_SCALAR, TV_YAML_LIST, TV_YAML_MAPPING } tv_yaml_kind;

typedef struct tv_yaml_node {
  tv_yaml_kind kind;
  char *text;                    /* of a scalar; "" where nothing stands */
  struct tv_yaml_node *children; /* of a list or a mapping */
  int count;                     /* of the children */
  char *key;                     /* in a mapping, NULL elsewhere */
  int key_line, line;            /* of key and value in their text, from 1 */
  int is_quoted;                 /* a scalar that is a text, whatever it looks like */
  int is_merged;                 /* came by a merge key, and gives way to the mapping's own keys */
  const char *override;          /* borrowed: the KEY=VALUE that it comes from; NULL: the file */
  const char *touched;           /* borrowed: the last KEY=VALUE that set something below it */
} tv_yaml_node;

/* Read `text`, a single document, into `*root`; an empty text is an empty scalar. Errors name the
 * `override` that the text belongs to or, when that is NULL, `file` and line. `override` has to
 * outlive the nodes. Free them with tv_yaml_free, also after an error. */
tv_error *tv_yaml_read(const char *file, const char *override, const char *text,
                       tv_yaml_node *root);

/* Free what a node owns, and leave an empty one. */
void tv_yaml_free(tv_yaml_node *node);

/* The node at `path`, or NULL. */
const tv_yaml_node *tv_yaml_find(const tv_yaml_node *root, const char *path);

/* The node at `path` or the deepest one above it that is there. */
const tv_yaml_node *tv_yaml_nearest(const tv_yaml_node *root, const char *path);

/* Apply an override, KEY=VALUE: its value, read as YAML, replaces the node at the path KEY;
 * mappings that are missing on the way are made, entries of lists are not. `override` has to
 * outlive the nodes; pointers to nodes do not. */
tv_error *tv_yaml_set(tv_yaml_node *root, const char *override);

/* The tree as YAML without aliases and merge keys. Owned by the caller. */
tv_error *tv_yaml_print(const tv_yaml_node *root, char **text);

#endif
