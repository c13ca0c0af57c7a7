#include "ranges.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "twoview/experiment/check.h"

enum { MOST_STEPS = 100 * MOST_VALUES };

static const char numbers_example[] = "{from: 0.1, to: 100, count: 7}";

static tv_error *expect_keys(const tv_experiment *e, const char *path, const char *const *keys,
                             const char *example) {
  for (; *keys; ++keys) {
    char below[64];
    snprintf(below, sizeof below, "%s.%s", path, *keys);
    TV_REQUIRE(e, below, tv_experiment_gives(e, below), "is missing; write for example\n    %s",
               example);
  }
  return NULL;
}

/* ---- Numbers ---- */

/* Rounded to 12 digits, so that decades are decades: 1, not 1.0000000000000002. */
static double spaced(const tv_number_range *r, int i) {
  const double share = (double)i / (r->count - 1);
  char text[32];
  if (i == 0 || i == r->count - 1) return i == 0 ? r->from : r->to;
  snprintf(text, sizeof text, "%.12g",
           r->spacing == TV_SPACED_LINEAR ? r->from + share * (r->to - r->from)
                                          : pow(r->from, 1 - share) * pow(r->to, share));
  return strtod(text, NULL);
}

static tv_error *check_end(const tv_experiment *e, const char *path, const char *end,
                           tv_spacing spacing, double value) {
  char below[64];
  snprintf(below, sizeof below, "%s.%s", path, end);
  TV_REQUIRE(e, below, isfinite(value) && (value > 0 || spacing == TV_SPACED_LINEAR),
             "must be positive and finite, got %g; 'spacing: linear' may begin at 0", value);
  return NULL;
}

static tv_error *expand_numbers(const tv_experiment *e, const char *path, const tv_number_range *r,
                                tv_yaml_node *node) {
  static const char *const keys[] = {"from", "to", "count", NULL};
  char below[64];
  double *numbers;
  TV_TRY(expect_keys(e, path, keys, numbers_example));
  TV_TRY(check_end(e, path, "from", r->spacing, r->from));
  TV_TRY(check_end(e, path, "to", r->spacing, r->to));
  snprintf(below, sizeof below, "%s.count", path);
  TV_REQUIRE(e, below, r->count >= 2 && r->count <= MOST_VALUES, "must be from 2 to %d, got %d",
             MOST_VALUES, r->count);
  TV_TRY(tv_allocate(r->count, sizeof(*numbers), &numbers));
  for (int i = 0; i < r->count; ++i) numbers[i] = spaced(r, i);
  tv_error *error = tv_yaml_put_numbers(node, numbers, r->count);
  free(numbers);
  return error;
}

/* ---- Sample sizes ---- */

/* Rounded to whole numbers, each once. */
static tv_error *list_sizes(const tv_experiment *e, const tv_size_range *r, double *sizes,
                            int *count) {
  int step = 0;
  for (double n = r->from; n <= r->to * (1 + 1e-12); n *= r->factor) {
    TV_REQUIRE(e, "samples.factor", *count < MOST_VALUES && ++step < MOST_STEPS,
               "gives more than %d sample sizes; raise it", MOST_VALUES);
    if (*count == 0 || round(n) > sizes[*count - 1]) sizes[(*count)++] = round(n);
  }
  return NULL;
}

static tv_error *expand_sizes(const tv_experiment *e, const char *path, const tv_size_range *r,
                              tv_yaml_node *node) {
  static const char *const keys[] = {"from", "to", "factor", NULL};
  double *sizes;
  int count = 0;
  TV_TRY(expect_keys(e, path, keys, SIZES_EXAMPLE));
  TV_REQUIRE(e, "samples.from",
             r->from >= 1 && r->from == floor(r->from) && r->from <= MOST_SAMPLES_IN_LAW,
             "must be a whole number from 1 to %g, got %g", MOST_SAMPLES_IN_LAW, r->from);
  TV_REQUIRE(e, "samples.to", r->to >= r->from && r->to <= MOST_SAMPLES_IN_LAW,
             "must be from %g to %g, got %g", r->from, MOST_SAMPLES_IN_LAW, r->to);
  TV_REQUIRE(e, "samples.factor", r->factor > 1 && isfinite(r->factor),
             "must be above 1 and finite, got %g", r->factor);
  TV_TRY(tv_allocate(MOST_VALUES, sizeof(*sizes), &sizes));
  tv_error *error = list_sizes(e, r, sizes, &count);
  if (!error) error = tv_yaml_put_numbers(node, sizes, count);
  free(sizes);
  return error;
}

tv_error *tv_experiment_expand_range(const tv_experiment *e, const char *path,
                                     const cyaml_schema_value_t *range, tv_yaml_node *node) {
  void *loaded = NULL;
  TV_TRY(tv_schema_load(range, node, &loaded));
  tv_error *error = range == &tv_size_range_schema ? expand_sizes(e, path, loaded, node)
                                                   : expand_numbers(e, path, loaded, node);
  tv_schema_free(range, loaded);
  return error;
}
