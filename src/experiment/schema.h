/* The schema of the experiment file, in libcyaml's terms. */
#ifndef TWOVIEW_EXPERIMENT_SCHEMA_H
#define TWOVIEW_EXPERIMENT_SCHEMA_H

#include <cyaml/cyaml.h>

#include "twoview/experiment/experiment.h"

enum { TV_MOST_KEYS = 24 }; /* of one mapping, and an end */

/* Fields end with CYAML_FIELD_END. The struct points into itself: it must stay where it is. */
typedef struct {
  cyaml_schema_field_t top[TV_MOST_KEYS], source[TV_MOST_KEYS], noise[TV_MOST_KEYS],
      augmentation[TV_MOST_KEYS];
  cyaml_schema_value_t experiment;
} tv_schema;

/* The schema of a text: what may be a list or a mapping is taken as it stands there. */
void tv_schema_make(const char *text, tv_schema *out);

/* Load `text` into a new experiment with libcyaml. `*complaint` is what libcyaml says is wrong
 * (owned by the caller), `*key` the dotted path of the value it speaks of, "" when it does not
 * know; both are NULL on success. */
tv_error *tv_schema_load(const tv_schema *schema, const char *text, tv_experiment **out,
                         char **complaint, char **key);

/* Free what the schema allocated. */
void tv_schema_free(tv_experiment *experiment);

#endif
