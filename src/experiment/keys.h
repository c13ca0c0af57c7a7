/* The keys of the experiment file, and going through tables of keys. */
#ifndef TWOVIEW_EXPERIMENT_KEYS_H
#define TWOVIEW_EXPERIMENT_KEYS_H

#include <stdio.h>

#include "twoview/base/text.h"
#include "twoview/experiment/experiment.h"
#include "twoview/experiment/key.h"

enum { MOST_VALUES = 10000, LONGEST_PATH = 256 }; /* of a list; bytes of a path of keys */

#define NUMBERS_EXAMPLE "{from: 0.1, to: 100, count: 7}"
#define SIZES_EXAMPLE   "samples: {from: 100, to: 51200, factor: 2}"

/* Of a whole file; they fill a tv_experiment. */
extern const tv_key tv_experiment_keys[];

/* The key of that name in a table, or NULL; the one that chooses a kind, or NULL. */
const tv_key *tv_key_named(const tv_key *keys, const char *name);
const tv_key *tv_key_of_kind(const tv_key *keys);

/* Whether a row of a table is no key of the file, but a rule for those beside it. */
int tv_key_is_no_key(const tv_key *row);

/* Whether an experiment, by the model that it uses, has a use for a key. */
int tv_key_is_of(const tv_experiment *experiment, const tv_key *key);

/* PREFIX.KEY */
void tv_key_join(const char *prefix, const char *key, char path[LONGEST_PATH]);

/* The table of kinds that a key chooses from. */
const tv_kind *const *tv_key_kinds(const tv_experiment *experiment, const tv_key *key);

/* The value of a key in the struct that it goes to, and the number of them in a list. */
void *tv_key_value(const tv_key *key, void *base);
unsigned *tv_key_count(const tv_key *key, void *base);

/* Of a mapping, whose table `keys` fills the struct `mapping`: the kind that it chooses; where the
 * struct is kept that the kind's own keys fill (both NULL: none); the struct that one of these keys
 * goes to. */
const tv_kind *tv_key_chosen(const tv_key *keys, void *mapping);
void **tv_key_settings(const tv_key *keys, void *mapping);
void *tv_key_base(const tv_key *keys, const tv_key *own, void *mapping);

/* All keys of a mapping: those of its table, and the chosen kind's own.
 *     for (tv_key_walk w = tv_key_first(keys, mapping); w.key; tv_key_next(&w)) */
typedef struct {
  const tv_key *key;  /* NULL: there are no more */
  void *base;         /* the struct that its value goes to */
  const tv_key *keys; /* of the mapping, ... */
  void *mapping;      /* ... and the struct that they fill */
  const tv_key *rest; /* of them, while the kind's own ones come; else NULL */
} tv_key_walk;

tv_key_walk tv_key_first(const tv_key *keys, void *mapping);
void tv_key_next(tv_key_walk *walk);

/* Free what the values of a mapping own, and leave none. */
void tv_keys_free(const tv_key *keys, void *mapping);

/* Take the values of a mapping's nodes. */
tv_error *tv_keys_read(tv_experiment *experiment, const char *path, const tv_yaml_node *node,
                       const tv_key *keys, void *mapping);

/* One value of a key that is a word or a number, as a file has it; and as a number of a step, for
 * which a word stands with its value. */
tv_number_status tv_key_read(const tv_key *key, const char *text, void *value);
tv_number_status tv_key_read_number(const tv_key *key, const char *text, double *number,
                                    int *is_word);

/* The same of a node, or an error that says what the key expects, and that error. */
tv_error *tv_key_refuse_node(const tv_experiment *experiment, const char *path,
                             const tv_yaml_node *node, const tv_key *key);
tv_error *tv_key_read_scalar(const tv_experiment *experiment, const char *path,
                             const tv_yaml_node *node, const tv_key *key, void *value);
tv_error *tv_key_read_entry(const tv_experiment *experiment, const char *path,
                            const tv_yaml_node *node, const tv_key *key, double *number,
                            int *is_word);
tv_error *tv_key_read_kind(const tv_experiment *experiment, const char *path,
                           const tv_yaml_node *node, const tv_key *key, const tv_kind **kind);

/* Refuse a key that is not in a table, with a better one; the length of a list; and a number out
 * of its bounds (tv_key_is_within), that is entry number `entry` of a list, or the only one (0). */
tv_error *tv_key_refuse_name(const tv_experiment *experiment, const char *path, const char *name,
                             const tv_key *keys);
int tv_key_is_within(const tv_key *key, double value);
tv_error *tv_key_expect_length(const tv_experiment *experiment, const char *path, int count);
tv_error *tv_key_expect_within(const tv_experiment *experiment, const char *path, const tv_key *key,
                               double value, unsigned entry);

/* Print a value as YAML. */
void tv_key_print_number(FILE *out, const tv_key *key, double value);
void tv_key_print_word(FILE *out, const tv_key *key, int value);

/* Fill in the standard of what is not given, and refuse what has to be given, and numbers out of
 * their bounds. `is_given`: the mapping itself is there. */
tv_error *tv_keys_settle(tv_experiment *experiment, const char *path, const tv_key *keys,
                         void *mapping, int is_given);

/* Refuse keys that are checked like the others, and not computed yet. */
tv_error *tv_keys_refuse_planned(const tv_experiment *experiment, const char *path,
                                 const tv_key *keys);

/* Refuse keys that belong to other studies than the one that is chosen. */
tv_error *tv_keys_expect_study(const tv_experiment *experiment);

/* Whether a key means something beside the value that `type` has in the same table. */
int tv_key_applies(const tv_key *keys, const tv_key *key, void *base);

#endif
