/* Lists of numbers that are given as ranges. */
#ifndef TWOVIEW_EXPERIMENT_RANGES_H
#define TWOVIEW_EXPERIMENT_RANGES_H

#include "schema.h"

#define SIZES_EXAMPLE "samples: {from: 100, to: 51200, factor: 2}"

/* Replace the mapping at `path`, which conforms to `range` (tv_schema_range), by its numbers. */
tv_error *tv_experiment_expand_range(const tv_experiment *experiment, const char *path,
                                     const cyaml_schema_value_t *range, tv_yaml_node *node);

#endif
