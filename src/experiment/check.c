#include "twoview/experiment/check.h"

#include <stdarg.h>
#include <stdio.h>

int tv_experiment_gives(const tv_experiment *e, const char *key) {
  return tv_yaml_find(&e->root, key) != NULL;
}

/* The override that a fault of `key` comes from: it gave the value or, of a mapping, something in
 * it, or it gave the mapping in which the key is missing. NULL: the file. */
static const char *override_of(const tv_experiment *e, const char *key) {
  const tv_yaml_node *node = tv_yaml_nearest(&e->root, key);
  if (node->override || !tv_experiment_gives(e, key)) return node->override;
  return node->touched;
}

tv_error *tv_experiment_fault(const tv_experiment *e, const char *key, const char *format, ...) {
  char message[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  const char *override = override_of(e, key);
  if (!*key) return tv_fail_usage("%s:1: %s", e->file, message);
  if (override) return tv_fail_usage("--set %s: %s: %s", override, key, message);
  const int line = tv_yaml_nearest(&e->root, key)->line;
  return tv_fail_usage("%s:%d: %s: %s", e->file, line, key, message);
}
