/* Chains of steps: each a mapping of its type and its parameters. */
#include "chain.h"

#include <stdio.h>
#include <stdlib.h>

#include "twoview/experiment/check.h"

enum { MOST_STEPS = 60 }; /* each has random numbers of its own (tv_purpose) */

static int count_keys(const tv_kind *kind) {
  int count = 0;
  while (kind->keys[count].name) ++count;
  return count;
}

/* ---- Values ---- */

/* One level: a word or number, or a list where the parameter is one by nature. */
static tv_error *read_level(tv_experiment *e, const char *path, const tv_yaml_node *node,
                            const tv_key *key, const tv_chain_spec *chain, tv_values *out) {
  if (key->type == TV_KEY_CHOICE_OR_ROWS && node->kind == TV_YAML_MAPPING)
    return chain->rows->read(e, path, node, key, &out->rows);
  const int is_list = key->type == TV_KEY_NUMBERS && node->kind == TV_YAML_LIST;
  const tv_yaml_node *entries = is_list ? node->children : node;
  const int count = is_list ? node->count : 1;
  TV_TRY(tv_key_expect_length(e, path, count));
  TV_TRY(tv_allocate(count, sizeof(*out->numbers), &out->numbers));
  out->count = count;
  for (int i = 0; i < count; ++i)
    TV_TRY(tv_key_read_entry(e, path, &entries[i], key, &out->numbers[i], &out->is_word));
  for (int i = 0; i < count && !out->is_word; ++i)
    TV_TRY(tv_key_expect_within(e, path, key, out->numbers[i], is_list ? (unsigned)i + 1 : 0));
  return NULL;
}

/* Whether a node lists the levels of a parameter. */
static int lists_levels(const tv_key *key, const tv_yaml_node *node) {
  if (node->kind != TV_YAML_LIST || key->type == TV_KEY_CHOICE ||
      key->type == TV_KEY_CHOICE_OR_ROWS)
    return 0;
  return key->type != TV_KEY_NUMBERS || (node->count > 0 && node->children[0].kind == TV_YAML_LIST);
}

static tv_error *read_parameter(tv_experiment *e, const char *path, const tv_yaml_node *node,
                                const tv_key *key, tv_chain_spec *chain, tv_parameter_spec *out) {
  const int is_list = lists_levels(key, node);
  const int count = is_list ? node->count : 1;
  TV_TRY(tv_key_expect_length(e, path, count));
  TV_REQUIRE(e, path, !is_list || !chain->levels || count == chain->levels,
             "a list of %d, where another one in the chain has %d; they go together and have one "
             "length",
             count, chain->levels);
  if (is_list) chain->levels = count;
  TV_TRY(tv_allocate(count, sizeof(*out->levels), &out->levels));
  out->count = count;
  for (int i = 0; i < count; ++i)
    TV_TRY(read_level(e, path, is_list ? &node->children[i] : node, key, chain, &out->levels[i]));
  return NULL;
}

static tv_error *take_standard(const tv_key *key, tv_parameter_spec *out) {
  TV_TRY(tv_allocate(1, sizeof(*out->levels), &out->levels));
  out->count = 1;
  TV_TRY(tv_allocate(1, sizeof(double), &out->levels[0].numbers));
  out->levels[0].count = 1;
  tv_key_read_number(key, key->standard, out->levels[0].numbers, &out->levels[0].is_word);
  return NULL;
}

/* ---- Steps ---- */

static tv_error *choose_kind(const tv_experiment *e, const char *path, const tv_yaml_node *node,
                             const tv_key *key, tv_step_spec *step) {
  char below[LONGEST_PATH];
  const tv_yaml_node *type = tv_yaml_find(node, "type");
  tv_key_join(path, "type", below);
  TV_REQUIRE(e, below, type,
             "is missing; write for example\n    chain: [{type: noise, deviation: 0.1}]");
  TV_TRY(tv_key_read_kind(e, below, type, key, &step->kind));
  return tv_allocate(count_keys(step->kind), sizeof(*step->parameters), &step->parameters);
}

static tv_error *read_step(tv_experiment *e, const char *path, const tv_yaml_node *node,
                           const tv_key *key, tv_chain_spec *chain) {
  char below[LONGEST_PATH];
  tv_step_spec *step = &chain->steps[chain->count++];
  TV_TRY(choose_kind(e, path, node, key, step));
  for (int i = 0; i < node->count; ++i) {
    const tv_yaml_node *child = &node->children[i];
    const tv_key *parameter = tv_key_named(step->kind->keys, child->key);
    if (child == tv_yaml_find(node, "type")) continue;
    tv_key_join(path, child->key, below);
    if (!parameter) return tv_key_refuse_name(e, below, child->key, step->kind->keys);
    TV_TRY(read_parameter(e, below, child, parameter, chain,
                          &step->parameters[parameter - step->kind->keys]));
  }
  for (int i = 0; step->kind->keys[i].name; ++i) {
    const tv_key *parameter = &step->kind->keys[i];
    if (step->parameters[i].count) continue;
    tv_key_join(path, parameter->name, below);
    TV_REQUIRE(e, below, !parameter->missing, "is missing; %s", parameter->missing);
    if (parameter->standard) TV_TRY(take_standard(parameter, &step->parameters[i]));
  }
  return NULL;
}

tv_error *tv_chain_spec_read(tv_experiment *e, const char *path, const tv_yaml_node *node,
                             const tv_key *key, tv_chain_spec *chain) {
  const int is_list = node->kind == TV_YAML_LIST;
  const int count = is_list ? node->count : 1;
  TV_REQUIRE(e, path, count >= 1 && count <= MOST_STEPS, "must have from 1 to %d steps, got %d",
             MOST_STEPS, count);
  TV_TRY(tv_allocate(count, sizeof(*chain->steps), &chain->steps));
  for (int i = 0; i < count; ++i) {
    const tv_yaml_node *step = is_list ? &node->children[i] : node;
    char number[16], below[LONGEST_PATH];
    snprintf(number, sizeof number, "%d", i + 1);
    tv_key_join(path, number, below);
    TV_REQUIRE(e, is_list ? below : path, step->kind == TV_YAML_MAPPING,
               "expects a step, such as {type: noise, deviation: 0.1}");
    TV_TRY(read_step(e, is_list ? below : path, step, key, chain));
  }
  return NULL;
}

static void free_values(const tv_chain_spec *chain, const tv_key *key, tv_values *values) {
  if (values->rows) chain->rows->release(key, values->rows);
  free(values->numbers);
}

void tv_chain_spec_free(tv_chain_spec *chain) {
  for (int i = 0; i < chain->count; ++i) {
    const tv_step_spec *step = &chain->steps[i];
    for (int k = 0; step->parameters && step->kind->keys[k].name; ++k) {
      for (int l = 0; l < step->parameters[k].count; ++l)
        free_values(chain, &step->kind->keys[k], &step->parameters[k].levels[l]);
      free(step->parameters[k].levels);
    }
    free(step->parameters);
  }
  free(chain->steps);
  *chain = (tv_chain_spec){0};
}

/* ---- Printing ---- */

static void print_level(const tv_chain_printer *p, const tv_key *key, const tv_values *values) {
  const int is_list = key->type == TV_KEY_NUMBERS;
  FILE *out = p->out;
  if (values->rows) p->print_rows(p->context, key, values->rows);
  if (is_list) fputc('[', out);
  for (int i = 0; i < values->count; ++i) {
    if (i) fputs(", ", out);
    if (values->is_word)
      tv_key_print_word(out, key, (int)values->numbers[i]);
    else
      tv_key_print_number(out, key, values->numbers[i]);
  }
  if (is_list) fputc(']', out);
}

static void print_step(const tv_chain_printer *printer, const tv_chain_spec *chain,
                       const tv_step_spec *step) {
  FILE *out = printer->out;
  fprintf(out, "{type: %s", step->kind->name);
  for (int k = 0; step->kind->keys[k].name; ++k) {
    const tv_key *key = &step->kind->keys[k];
    const tv_parameter_spec *p = &step->parameters[k];
    const int is_list = key->type != TV_KEY_CHOICE && key->type != TV_KEY_CHOICE_OR_ROWS &&
                        p->count > 0 && p->count == chain->levels;
    if (p->count == 0) continue;
    fprintf(out, ", %s: %s", key->name, is_list ? "[" : "");
    for (int l = 0; l < p->count; ++l) {
      if (l) fputs(", ", out);
      print_level(printer, key, &p->levels[l]);
    }
    if (is_list) fputc(']', out);
  }
  fputc('}', out);
}

void tv_chain_spec_print(const tv_chain_printer *p, const tv_chain_spec *chain) {
  fputc('[', p->out);
  for (int i = 0; i < chain->count; ++i) {
    if (i) fputs(", ", p->out);
    print_step(p, chain, &chain->steps[i]);
  }
  fputc(']', p->out);
}
