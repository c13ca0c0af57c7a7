/* The schema of the experiment file, in libcyaml's terms. */
#ifndef TWOVIEW_EXPERIMENT_SCHEMA_H
#define TWOVIEW_EXPERIMENT_SCHEMA_H

#include <cyaml/cyaml.h>

#include "twoview/experiment.h"

/* The fields of the top level; `samples` is a list or a range. Ends with CYAML_FIELD_END. */
const cyaml_schema_field_t *tv_schema_fields(int samples_is_list);

/* Load `text` into a new experiment with libcyaml. `*complaint` is what libcyaml says is wrong
 * (owned by the caller), `*key` the dotted path of the value it speaks of, "" when it does not
 * know; both are NULL on success. */
tv_error *tv_schema_load(const char *text, tv_experiment **out, char **complaint, char **key);

/* Free what the schema allocated. */
void tv_schema_free(tv_experiment *experiment);

#endif
