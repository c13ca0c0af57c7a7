/* The schema of the experiment file, in libcyaml's terms: what keys there are, of which type, and
 * where their values go. */
#ifndef TWOVIEW_EXPERIMENT_SCHEMA_H
#define TWOVIEW_EXPERIMENT_SCHEMA_H

#include <cyaml/cyaml.h>

#include "twoview/experiment/experiment.h"

enum { MOST_VALUES = 10000 }; /* of a list, written out or given as a range */

/* The mapping forms of a list: `count` numbers, evenly spaced, or sizes that grow by a factor. */
typedef struct {
  double from, to;
  int count;
  tv_spacing spacing;
} tv_number_range;
typedef struct {
  double from, to, factor;
} tv_size_range;

/* Of a whole experiment file, and of the mapping forms. */
extern const cyaml_schema_value_t tv_experiment_schema, tv_number_range_schema,
    tv_size_range_schema;

/* Of the mapping form of a list; NULL when the list has none. */
const cyaml_schema_value_t *tv_schema_range(const cyaml_schema_value_t *list);

/* Load what conforms to the schema: `*out` becomes a new struct, to be freed with tv_schema_free.
 */
tv_error *tv_schema_load(const cyaml_schema_value_t *schema, const tv_yaml_node *node, void *out);
void tv_schema_free(const cyaml_schema_value_t *schema, void *loaded);

/* The keys whose values are rows of tables, `study` and `methods`. Check what stands there, a
 * single method becoming a list of one; and look the rows up, of a tree that conforms. */
tv_error *tv_kinds_conform(const tv_experiment *experiment, const char *key, tv_yaml_node *node);
tv_error *tv_kinds_load(tv_experiment *experiment);

#endif
