/* Chains of steps in the experiment file: read, refused, printed. */
#include <stdio.h>

#include "experiment/chain.h"
#include "support/unit.h"
#include "twoview/kinds.h"

static const tv_key key = {
    .name = "chain", .type = TV_KEY_CHAIN, .kinds = offsetof(tv_kinds, augmentations)};

/* An experiment that is nothing but `chain: TEXT`. */
static tv_experiment experiment_of(const char *chain) {
  tv_experiment e = {.kinds = &tv_kinds_all, .file = strdup("x.yaml")};
  char text[512];
  snprintf(text, sizeof text, "chain: %s", chain);
  expect_success(tv_yaml_read("x.yaml", NULL, text, &e.root));
  return e;
}

static tv_error *read_chain(tv_experiment *e, tv_chain_spec *chain) {
  *chain = (tv_chain_spec){.rows = &tv_rows_of_keys};
  return tv_chain_spec_read(e, "chain", tv_yaml_find(&e->root, "chain"), &key, chain);
}

static void free_experiment(tv_experiment *e) {
  tv_yaml_free(&e->root);
  free(e->file);
}

/* As it is printed; with what is not given filled in. */
static char *printed(const char *text, int levels) {
  char *out = NULL;
  size_t size;
  tv_chain_spec chain;
  tv_experiment e = experiment_of(text);
  expect_success(read_chain(&e, &chain));
  ck_assert_int_eq(chain.levels, levels);
  FILE *file = open_memstream(&out, &size);
  tv_chain_spec_print(&(tv_chain_printer){file, NULL, NULL}, &chain);
  fclose(file);
  tv_chain_spec_free(&chain);
  ck_assert_ptr_null(chain.steps);
  free_experiment(&e);
  return out;
}

static const struct {
  const char *text, *printed;
  int levels;
} taken[] = {
    {"[{type: noise, deviation: 0.1}]", "[{type: noise, deviation: 0.1}]", 0},
    {"{type: Noise, deviation: 1}", "[{type: noise, deviation: 1}]", 0},
    {"[{type: shift, pixels: 1}, {type: noise, deviation: [0.1, 0.2, 0.4]}]",
     "[{type: shift, pixels: 1, fill: zero}, {type: noise, deviation: [0.1, 0.2, 0.4]}]", 3},
    {"[{deviation: [0.1], type: multiply, per: channel}]",
     "[{type: multiply, deviation: [0.1], per: channel}]", 1},
    {"[{type: rotate, degrees: [-10, 10]}]", "[{type: rotate, degrees: [-10, 10]}]", 0},
    {"[{type: rotate, degrees: [[0], [-10, 0, 10]]}, {type: noise, deviation: [0, 1]}]",
     "[{type: rotate, degrees: [[0], [-10, 0, 10]]}, {type: noise, deviation: [0, 1]}]", 2},
    {"[{type: mask, keep: 0.5, fill: [mean, 3]}]",
     "[{type: mask, keep: 0.5, fill: [mean, 3], per: entry}]", 2},
    {"[{type: mask, exactly: 3, patch: [2, 2], per: patch}]",
     "[{type: mask, fill: zero, per: patch, patch: [2, 2], exactly: 3}]", 0},
};

START_TEST(chains_are_taken_and_printing_is_a_fixed_point) {
  char *once = printed(taken[_i].text, taken[_i].levels);
  ck_assert_str_eq(once, taken[_i].printed);
  char *twice = printed(once, taken[_i].levels);
  ck_assert_str_eq(once, twice);
  free(once);
  free(twice);
}
END_TEST

START_TEST(values_stand_by_step_parameter_and_level) {
  tv_chain_spec chain;
  tv_experiment e = experiment_of(
      "[{type: flip}, {type: impulse, probability: [0.1, 0.2], values: [[0, 1], [0, 255]]}]");
  expect_success(read_chain(&e, &chain));
  ck_assert_int_eq(chain.count, 2);
  ck_assert_str_eq(chain.steps[0].kind->name, "flip");
  const tv_parameter_spec *flip = chain.steps[0].parameters, *impulse = chain.steps[1].parameters;
  ck_assert(flip[0].count == 1 && flip[0].levels[0].is_word);
  ck_assert(flip[1].count == 1 && !flip[1].levels[0].is_word);
  ck_assert_double_eq(flip[1].levels[0].numbers[0], 0.5);
  ck_assert_int_eq(impulse[0].count, 2);
  ck_assert_double_eq(impulse[0].levels[1].numbers[0], 0.2);
  ck_assert_int_eq(impulse[1].levels[1].count, 2);
  ck_assert_double_eq(impulse[1].levels[1].numbers[1], 255);
  tv_chain_spec_free(&chain);
  free_experiment(&e);
}
END_TEST

static const struct {
  const char *text, *where, *reason;
} refused[] = {
    {"[]", "x.yaml:1: chain:", "from 1 to 60 steps, got 0"},
    {"3", "x.yaml:1: chain:", "expects a step, such as"},
    {"[noise]", "x.yaml:1: chain.1:", "expects a step, such as"},
    {"[{deviation: 1}]", "chain.1.type:", "is missing; write for example"},
    {"[{type: nois}]", "chain.1.type:", "expects one of noise, texture"},
    {"[{type: shift, pixels: 1},\n {type: noise}]", "x.yaml:2: chain.2.deviation:", "is missing"},
    {"[{type: log1p, x: 1}]", "chain.1.x:", "unknown key, where there are none; leave it out"},
    {"[{type: noise, deviatoin: 1}]", "chain.1.deviatoin:", "did you mean 'deviation'?"},
    {"[{type: noise, deviation: -1}]", "chain.1.deviation:", "must be from 0 to 1e+100, got -1"},
    {"[{type: noise, deviation: [0, a]}]", "chain.1.deviation:", "expects a number, not 'a'"},
    {"[{type: noise, deviation: []}]", "chain.1.deviation:", "must have from 1"},
    {"[{type: swap, rounds: 1.5}]", "chain.1.rounds:", "a whole number from 1 to 64, got 1.5"},
    {"[{type: swap, rounds: 1e300}]", "chain.1.rounds:", "from 1 to 64, got 1e+300"},
    {"[{type: crop, sizes: [3, 2.5]}]", "chain.1.sizes:", "entry 2 is 2.5"},
    {"[{type: multiply, deviation: 1, per: pixel}]",
     "chain.1.per:", "one of entry, channel, sample, not 'pixel'"},
    {"[{type: mask, keep: 1, fill: grey}]",
     "chain.1.fill:", "a number or one of zero, mean, not 'grey'"},
    {"[{type: noise, deviation: [1, 2]}, {type: noise, deviation: [1, 2, 3]}]",
     "chain.2.deviation:", "a list of 3, where another one in the chain has 2"},
    {"[{type: blend, weight: 1.5}]", "chain.1.weight:", "must be from 0 to 1, got 1.5"},
    {"[{type: blend, weight: 1, with: gray}]",
     "chain.1.with:", "a data set, as in {type: npy, samples: FILE}, or one of grey, not 'gray'"},
    {"[{type: blend, weight: 1, with: [grey, grey]}]", "chain.1.with:", "not a list"},
    {"[{type: blend, weight: 1, with: {samples: t.npy}}]",
     "chain.1.with.type:", "name the kind of the file"},
    {"[{type: blend, weight: 1, with: {type: npz, samples: t}}]",
     "chain.1.with.type:", "expects one of idx"},
    {"[{type: blend, weight: 1, with: {type: npy}}]",
     "chain.1.with.samples:", "name the .npy file of samples"},
    {"[{type: blend, weight: 1, with: {type: npy, samples: t.npy, scale: 0}}]",
     "chain.1.with.scale:", "must be positive and finite, got 0"},
    {"[{type: blend, weight: 1, with: {type: npy, samples: t.npy, file: t}}]",
     "chain.1.with.file:", "belongs to"},
    {"[{type: blend, weight: 1, with: {type: npy, samples: t.npy, labels: l.npy}}]",
     "chain.1.with.labels:", "leave it out"},
};

START_TEST(what_is_no_chain_is_refused) {
  tv_chain_spec chain;
  tv_experiment e = experiment_of(refused[_i].text);
  expect_error(read_chain(&e, &chain), TV_EXIT_USAGE, refused[_i].where, refused[_i].reason);
  tv_chain_spec_free(&chain);
  free_experiment(&e);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

int main(void) {
  TCase *cases = tcase_create("chain");
  tcase_add_loop_test(cases, chains_are_taken_and_printing_is_a_fixed_point, 0, COUNT(taken));
  tcase_add_test(cases, values_stand_by_step_parameter_and_level);
  tcase_add_loop_test(cases, what_is_no_chain_is_refused, 0, COUNT(refused));
  return unit_run("chain", cases);
}
