/* Chains of steps in the experiment file. */
#ifndef TWOVIEW_EXPERIMENT_CHAIN_H
#define TWOVIEW_EXPERIMENT_CHAIN_H

#include <stdio.h>

#include "keys.h"

/* How a chain is printed: what prints the data sets that its steps name. */
typedef struct {
  FILE *out;
  void (*print_rows)(const void *context, const tv_key *key, tv_source_spec *rows);
  const void *context;
} tv_chain_printer;

/* What reads and frees the data sets that steps name, and is not called by its name here, because
 * it reads chains too. Both are of a key of type TV_KEY_CHOICE_OR_ROWS. */
typedef struct tv_rows_functions {
  tv_error *(*read)(tv_experiment *experiment, const char *path, const tv_yaml_node *node,
                    const tv_key *key, tv_source_spec **out);
  void (*release)(const tv_key *key, tv_source_spec *rows);
} tv_rows_functions;

extern const tv_rows_functions tv_rows_of_keys;

/* Read and check the steps of a node, for a chain that has its functions alone; free them, after an
 * error too; and print them as YAML. */
tv_error *tv_chain_spec_read(tv_experiment *experiment, const char *path, const tv_yaml_node *node,
                             const tv_key *key, tv_chain_spec *chain);
void tv_chain_spec_free(tv_chain_spec *chain);
void tv_chain_spec_print(const tv_chain_printer *printer, const tv_chain_spec *chain);

#endif
