/* A kind is one row of a table: a source, a method, a study. The choices of an experiment are rows
 * of these tables, which are handed to it from above, so that nothing here names a kind. Every row
 * is a larger struct that begins with its tv_kind. */
#ifndef TWOVIEW_EXPERIMENT_KIND_H
#define TWOVIEW_EXPERIMENT_KIND_H

#include "twoview/base/error.h"
#include "twoview/experiment/key.h"

struct tv_experiment;
struct tv_step_spec;

typedef struct {
  const char *name;       /* in experiment files and archives: joint-embedding */
  const char *short_name; /* JE, also understood in experiment files; NULL: none */
  const char *title;      /* for people: Joint embedding */
  const tv_key *keys;     /* its own, beside the key that chooses it; NULL: none */
  size_t size;            /* of the struct that they fill, where the experiment keeps one for it */
  /* NULL where there is nothing to do: fill in what the file leaves open; check what needs no data;
   * check what depends on the number of features of the data, of which `features` are kept. */
  tv_error *(*fill)(struct tv_experiment *experiment);
  tv_error *(*check)(const struct tv_experiment *experiment);
  tv_error *(*check_data)(const struct tv_experiment *experiment, int features);
  /* Of a step: whether the exact moments of its views take the rows one by one; NULL: never. */
  int (*takes_rows)(const struct tv_experiment *experiment, const struct tv_step_spec *step);
} tv_kind;

/* Each table ends with NULL; the first study is the one of a file that names none. */
typedef struct {
  const tv_kind *const *sources, *const *augmentations, *const *methods, *const *studies;
} tv_kinds;

/* The name in a form that programs accept as an identifier: joint_embedding. */
enum { TV_KIND_KEY = 32 };
void tv_kind_key(const tv_kind *kind, char out[TV_KIND_KEY]);

/* The row of that name or short name, in any case; NULL: there is none. */
const tv_kind *tv_kind_named(const tv_kind *const *table, const char *name);

#endif
