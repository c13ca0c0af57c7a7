/* Where things stand in a YAML text, and how to replace them there. The schema and the values are
 * libcyaml's business; this module only finds and edits places in the text, so that messages can
 * name lines and `--set` can override any key. Paths are keys joined by dots: noise.lambda_max. */
#ifndef TWOVIEW_EXPERIMENT_YAML_H
#define TWOVIEW_EXPERIMENT_YAML_H

#include "twoview/base/error.h"

typedef enum { TV_YAML_ABSENT, TV_YAML_SCALAR, TV_YAML_SEQUENCE, TV_YAML_MAPPING } tv_yaml_kind;

typedef struct {
  tv_yaml_kind kind; /* of the value at the path */
  int line;          /* of the value, from 1; of the nearest parent present when absent */
} tv_yaml_place;

enum { TV_YAML_REASON = 128 };

/* 0 when the text is at most one YAML document whose keys are all different, otherwise the line at
 * which it is not, and why. */
int tv_yaml_problem(const char *text, char reason[TV_YAML_REASON]);

/* The first scalar at `path`, or in the list there, that is not fine; NULL when all are or none is
 * there. Owned by the caller. */
tv_error *tv_yaml_reject(const char *text, const char *path, int (*is_fine)(const char *scalar),
                         char **rejected);

/* Find the value at `path`. A text that is not YAML gives TV_YAML_ABSENT at line 1. */
tv_yaml_place tv_yaml_find(const char *text, const char *path);

/* Replace `*text` by a text in which `path` has the given value (YAML, written inline); missing
 * keys are inserted at the head of the mapping they belong to. Owned by the caller, as before. */
tv_error *tv_yaml_set(char **text, const char *path, const char *value);

/* Write the scalar at `path`, if it is one, as a list of one element. */
tv_error *tv_yaml_listify(char **text, const char *path);

#endif
