#include "twoview/experiment/kind.h"

#include <stdio.h>
#include <strings.h>

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
