/* Lists of numbers that are given as mappings, {from, to, ...}. */
#ifndef TWOVIEW_EXPERIMENT_RANGES_H
#define TWOVIEW_EXPERIMENT_RANGES_H

#include "keys.h"

/* `count` numbers, evenly spaced; and sizes that grow by a factor. */
typedef struct {
  double from, to;
  int count;
  tv_spacing spacing;
} tv_number_range;
typedef struct {
  double from, to, factor;
} tv_size_range;

/* What the mapping of a list fills by its keys. */
typedef union {
  tv_number_range numbers;
  tv_size_range sizes;
} tv_range;

const tv_key *tv_range_keys(const tv_key *list);

/* The numbers that a range gives, owned by the caller. */
tv_error *tv_range_expand(const tv_experiment *experiment, const char *path, const tv_key *list,
                          const tv_range *range, double **numbers, unsigned *count);

#endif
