/* Chains of steps in the experiment file. */
#ifndef TWOVIEW_EXPERIMENT_CHAIN_H
#define TWOVIEW_EXPERIMENT_CHAIN_H

#include <stdio.h>

#include "keys.h"

/* Read and check the steps of a node; free them; and print them as YAML. */
tv_error *tv_chain_spec_read(const tv_experiment *experiment, const char *path,
                             const tv_yaml_node *node, const tv_key *key, tv_chain_spec *chain);
void tv_chain_spec_free(tv_chain_spec *chain);
void tv_chain_spec_print(FILE *out, const tv_chain_spec *chain);

#endif
