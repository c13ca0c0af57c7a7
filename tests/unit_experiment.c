#include <stdio.h>

#include "data/generated.h"
#include "support/experiments.h"
#include "support/unit.h"
#include "twoview/experiment/experiment.h"
#include "twoview/kinds.h"
#include "twoview/methods/method.h"
#include "twoview/studies/study.h"

static const tv_gaussian_settings *gaussian_of(const tv_experiment *e) {
  return e->source.settings;
}

static const tv_mixture_settings *mixture_of(const tv_experiment *e) {
  return e->source.settings;
}

START_TEST(defaults_are_as_documented) {
  tv_experiment *e = parse(plain, NULL);
  ck_assert_str_eq(e->name, "experiment");
  ck_assert_ptr_eq(e->study, &tv_grid_study.kind);
  ck_assert_uint_eq(e->seed, 1);
  ck_assert_int_eq(e->replicates, 1);
  ck_assert_int_eq(e->features.pca, 0);
  ck_assert_int_eq(e->source.role, TV_AS_SAMPLE);
  ck_assert_int_eq(e->noise.sampler, TV_SAMPLER_ROWS);
  ck_assert_int_eq(gaussian_of(e)->teacher.type, TV_TEACHER_LINEAR);
  ck_assert_int_eq(gaussian_of(e)->teacher.targets, 1);
  ck_assert_double_eq(gaussian_of(e)->teacher.noise, 0);
  ck_assert_uint_eq(e->methods_count, 3);
  for (int m = 0; m < 3; ++m) ck_assert_ptr_eq(e->methods[m], tv_kinds_all.methods[m]);
  ck_assert_int_eq(e->archive.encoders, TV_KEEP_LAST);
  ck_assert_int_eq(e->archive.representations, TV_KEEP_LAST);
  ck_assert_int_eq(e->archive.samples, 0);
  ck_assert_int_eq(e->archive.representation_samples, 10); /* the smallest size, at most 100 */
  ck_assert_int_eq(e->parallel.shards, 64);
  ck_assert_int_eq(e->parallel.ranks_per_point, 0);
  ck_assert_int_eq(e->parallel.layout, TV_LAYOUT_AUTO);
  ck_assert_ptr_null(e->noise.eigenvalues);
  for (int i = 0; i < 2; ++i) { /* theta_max: 0.5 */
    ck_assert_double_eq(e->augmentation.theta.signal[i], i * 0.5);
    ck_assert_double_eq(e->augmentation.theta.noise[i], i * 0.5);
  }
  tv_experiment_destroy(&e);
  ck_assert_ptr_null(e);
}
END_TEST

START_TEST(given_values_are_taken) {
  const char *const overrides[] = {"name=\"Gr\xc3\xb6\xc3\x9f e\"",
                                   "seed=18446744073709551615",
                                   "replicates=3",
                                   "first_replicate=4",
                                   "features.pca=2",
                                   "methods=joint-embedding",
                                   "archive={encoders: all, samples: yes}",
                                   "parallel={shards: 5, ranks_per_point: 2}",
                                   "samples={from: 200, to: 2e3, factor: 10}",
                                   "noise.lambda_max=1e3",
                                   "noise.lambda_min_ratio=0.3",
                                   NULL};
  tv_experiment *e = parse(plain, overrides);
  ck_assert_str_eq(e->name, "Gr\xc3\xb6\xc3\x9f e");
  ck_assert_uint_eq(e->seed, UINT64_MAX);
  ck_assert_int_eq(e->replicates, 3);
  ck_assert_int_eq(e->first_replicate, 4);
  const tv_stream noise = tv_experiment_stream(e, TV_FOR_NOISE, 2);
  ck_assert_uint_eq(noise.seed, UINT64_MAX);
  ck_assert_int_eq(noise.purpose, TV_FOR_NOISE);
  ck_assert_uint_eq(noise.replicate, 6);
  ck_assert_int_eq(e->features.pca, 2);
  ck_assert_uint_eq(e->methods_count, 1);
  ck_assert_ptr_eq(e->methods[0], &tv_joint_embedding.kind);
  ck_assert_int_eq(e->archive.encoders, TV_KEEP_ALL);
  ck_assert_int_eq(e->archive.representations, TV_KEEP_LAST); /* beside the keys given */
  ck_assert_int_eq(e->archive.samples, 1);
  ck_assert_int_eq(e->archive.representation_samples, 100);
  ck_assert_int_eq(e->parallel.shards, 5);
  ck_assert_int_eq(e->parallel.ranks_per_point, 2);
  ck_assert_int_eq(e->sizes_count, 2);
  ck_assert_int_eq(e->sizes[0], 200);
  ck_assert_int_eq(e->sizes[1], 2000);
  ck_assert_uint_eq(e->noise.lambda_max_count, 1);
  ck_assert_double_eq(e->noise.lambda_max[0], 1000);
  ck_assert_double_eq(e->noise.lambda_min_ratio, 0.3);
  ck_assert_str_eq(e->text, plain);
  tv_experiment_destroy(&e);
}
END_TEST

START_TEST(even_steps_are_told) {
  static const struct {
    double values[4];
    int count, is_linear, is_logarithmic;
  } cases[] = {{{1, 2, 3, 4}, 4, 1, 0},
               {{0.5, 1, 2, 4}, 4, 0, 1},
               {{0, 0.25, 0.5}, 3, 1, 0},
               {{1, 10}, 2, 1, 1},
               {{1, 3, 2}, 3, 0, 0},
               {{4, 2, 1}, 3, 0, 0},
               {{1, 2, 3.0001}, 3, 0, 0},
               {{0.1, 0.215443469003, 0.464158883361, 1}, 4, 0, 1}, /* rounded to 12 digits */
               {{7}, 1, 0, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    const double *values = cases[i].values;
    ck_assert_int_eq(tv_is_evenly_spaced(values, cases[i].count, TV_SPACED_LINEAR),
                     cases[i].is_linear);
    ck_assert_int_eq(tv_is_evenly_spaced(values, cases[i].count, TV_SPACED_LOGARITHMIC),
                     cases[i].is_logarithmic);
  }
}
END_TEST

/* A threshold study: all that is not said of it. */
static const char *const threshold_study[] = {"study=threshold", "augmentation={theta_max: 0.5}",
                                              NULL};

/* What is made of overrides, in the experiment as it is printed. */
static const struct {
  const char *overrides[4], *printed[3];
} taken[] = {
    /* lists */
    {{"noise.lambda_max={from: 1e-3, to: 1e3, count: 7}"},
     {"lambda_max: [0.001, 0.01, 0.1, 1, 10, 100, 1000]"}},
    {{"augmentation.alpha={from: 0, to: 0.7, count: 8, spacing: linear}"},
     {"alpha: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]"}},
    {{"source.spectrum={from: 4, to: 1, count: 3, spacing: logarithmic}"}, {"spectrum: [4, 2, 1]"}},
    {{"source.spectrum={from: 4, to: 1, count: 10, spacing: linear}"}, /* to 12 digits */
     {"[4, 3.66666666667, 3.33333333333, 3, 2.66666666667, 2.33333333333, 2, 1.66666666667,"}},
    /* 1.5^j, rounded: 1, 1.5, 2.25, 3.375, 5.0625, 7.59375; 2 comes twice */
    {{"samples={from: 1, to: 10, factor: 1.5}"}, {"samples: [1, 2, 3, 5, 8]"}},
    /* eigenvalues */
    {{"augmentation={theta: {signal: [0.5, 0.5], noise: [.05, .5]}, alpha: 1}"},
     {"theta: {signal: [0.5, 0.5], noise: [0.05, 0.5]}"}},
    {{"noise={components: 30, lambda_max: 10, lambda_min_ratio: 0.3}"},
     {"noise: {components: 30, lambda_max: [10], lambda_min_ratio: 0.3, "}},
    /* sources, methods and studies */
    {{"source={type: mixture, classes: 5, separation: 2.5, spectrum: [4, 3]}"},
     {"type: mixture, ", "classes: 5, separation: 2.5", "spectrum: [4, 3]"}},
    {{"methods=PCA"}, {"methods: [pca]"}},
    {{"methods=[RC, JE, SL]"}, {"methods: [reconstruction, joint-embedding, supervised]"}},
    {{"methods=[rc, Je, sl]"}, {"methods: [reconstruction, joint-embedding, supervised]"}},
    {{"methods=[Reconstruction, joint-embedding, SUPERVISED]"},
     {"methods: [reconstruction, joint-embedding, supervised]"}},
    {{"study=phase"}, {"study: phase\n", "encoders: none, representations: none"}},
    {{"study=phase", "archive.encoders=last"}, {"encoders: last, representations: none"}},
    {{"study=threshold", "augmentation={theta_max: 0.5}"},
     {"augmentation: {theta_max: 0.5}\n", "threshold: {tolerance: 0.0001}\n",
      "methods: [reconstruction, joint-embedding]\n"}},
    {{"study=threshold", "augmentation={theta_max: 0.5}"},
     {"study: threshold\n", "encoders: none, representations: none"}},
    /* the last override of a key counts */
    {{"noise={components: 9, lambda_max: 5}", "noise.components=4", "noise.components=6"},
     {"noise: {components: 6, lambda_max: [5],"}},
};

static void expect_printed(const char *text, const char *const *overrides,
                           const char *const *pieces, int most) {
  char *printed;
  tv_experiment *e = parse(text, overrides);
  expect_success(tv_experiment_print(e, &printed));
  for (int i = 0; i < most && pieces[i]; ++i)
    ck_assert_msg(strstr(printed, pieces[i]) != NULL, "'%s' is not in: %s", pieces[i], printed);
  free(printed);
  tv_experiment_destroy(&e);
}

START_TEST(what_is_given_is_taken) {
  expect_printed(plain, taken[_i].overrides, taken[_i].printed, 3);
}
END_TEST

/* A list or a scalar that several keys share is that of each of them, and an override changes one
 * of them. */
static const struct {
  const char *lambda_max, *alpha, *override, *printed[2];
} shared[] = {
    {"&a [1, 10]", "*a", NULL, {"lambda_max: [1, 10]", "alpha: [1, 10]"}},
    {"&a [1, 10]", "*a", "augmentation.alpha=[7]", {"lambda_max: [1, 10]", "alpha: [7]}"}},
    {"&a 3", "*a", NULL, {"lambda_max: [3],", "alpha: [3]}"}},
    {"&r {from: 1, to: 100, count: 3}",
     "{<<: *r, to: 4}",
     "augmentation.alpha.from=0.25",
     {"lambda_max: [1, 10, 100]", "alpha: [0.25, 1, 4]"}},
};

START_TEST(aliases_stand_for_their_values) {
  char values[256];
  const char *const overrides[] = {shared[_i].override, NULL};
  snprintf(values, sizeof values, "%s}\naugmentation: {theta_max: 0.5, alpha: %s}",
           shared[_i].lambda_max, shared[_i].alpha);
  char *text = edited("[1, 10]}\naugmentation: {theta_max: 0.5, alpha: [0, 1]}", values);
  expect_printed(text, overrides, shared[_i].printed, 2);
  free(text);
}
END_TEST

/* Magnitudes x alignments x sizes; a threshold study looks for the alignments. */
START_TEST(points_are_counted) {
  tv_experiment *e = parse(plain, no_overrides);
  ck_assert_int_eq(tv_experiment_points(e), 8);
  tv_experiment_destroy(&e);
  e = parse(plain, threshold_study);
  ck_assert_int_eq(tv_experiment_points(e), 4);
  tv_experiment_destroy(&e);
}
END_TEST

/* There are no samples to represent, unless asked for, and they cannot be. */
START_TEST(a_law_sampler_is_taken) {
  const char *const overrides[] = {"source={type: idx, as: population, images: a, labels: b}",
                                   "noise.sampler=law", "samples={from: 10, to: 1e15, factor: 10}",
                                   NULL};
  tv_experiment *e = parse(plain, overrides);
  ck_assert_int_eq(e->source.role, TV_AS_POPULATION);
  ck_assert_int_eq(e->noise.sampler, TV_SAMPLER_LAW);
  ck_assert_int_eq(e->archive.representations, TV_KEEP_NONE);
  ck_assert_int_eq(e->archive.encoders, TV_KEEP_LAST);
  ck_assert_int_eq(e->sizes[e->sizes_count - 1], 1000000000000000);
  expect_success(tv_experiment_check_data(e, 20, 2)); /* reused beyond its size */
  tv_experiment_destroy(&e);
}
END_TEST

static const char *const printed[][4] = {
    {NULL},
    {"source={type: idx, images: \"a \\\"b\\\" \\\\ c\", labels: l}", NULL},
    {"source={type: hdf5, file: f, samples: s, targets: t}", NULL},
    {"source={type: hdf5, as: population, file: f, samples: s, targets: t}", "noise.sampler=law",
     "samples=[10, 1e15]", NULL},
    {"source={type: hdf5, file: f, samples: s, labels: l}", "features.pca=7", NULL},
    {"source={type: gaussian, power_law: {features: 9, exponent: 0.1}}", NULL},
    {"source={type: mixture, classes: 2, separation: 0, spectrum: 3}", NULL},
    {"source={type: mixture, classes: 7, separation: 0.3333333333333333, power_law: {features: 9}}",
     NULL},
    {"source.teacher={type: classes, targets: 4}", "archive={encoders: false, samples: on}", NULL},
    {"augmentation.alpha=[0.1, 0.3333333333333333, 1e-300]", "name=\"two\\nlines\\t\\x01\"", NULL},
    {"replicates=2", "first_replicate=16777214", NULL},
    {"noise.lambda_max={from: 0.1, to: 100, count: 64}", "noise.lambda_min_ratio=0.1"},
    {"augmentation.alpha={from: 0, to: 3, count: 10, spacing: linear}", NULL},
    {"source.spectrum={from: 4, to: 1, count: 10, spacing: linear}", NULL},
    {"noise.eigenvalues=[1, 0.3333333333333333, 1e-300]", NULL},
    {"augmentation={theta: {signal: [0.1, 0.30000000000000004], noise: [0, 0]}, alpha: 1}", NULL},
    {"augmentation={theta_eigenvalues: [0, 1, 0.3333333333333333, 2, 1e300], alpha: 1}", NULL},
    {"study=phase", NULL},
    {"study=threshold", "augmentation={theta_max: 0.5}", "threshold.tolerance=0.03", NULL},
    {"samples={from: 1, to: 1e12, factor: 1000}", "methods=[joint-embedding, supervised]", NULL}};

static void expect_same(const double *a, unsigned a_count, const double *b, unsigned b_count) {
  ck_assert_uint_eq(a_count, b_count);
  for (unsigned i = 0; i < a_count; ++i) ck_assert_double_eq(a[i], b[i]);
}

static void expect_same_variances(const tv_experiment *x, const tv_experiment *y) {
  const tv_variances_spec *v = x->source.settings, *w = y->source.settings;
  expect_same(v->spectrum, v->spectrum_count, w->spectrum, w->spectrum_count);
  ck_assert_int_eq(v->power_law.features, w->power_law.features);
  expect_same(&v->power_law.scale, 1, &w->power_law.scale, 1);
  expect_same(&v->power_law.exponent, 1, &w->power_law.exponent, 1);
}

static void expect_same_numbers(const tv_experiment *x, const tv_experiment *y) {
  const tv_noise_spec *n = &x->noise, *m = &y->noise;
  const tv_augmentation_spec *a = &x->augmentation, *b = &y->augmentation;
  expect_same(n->lambda_max, n->lambda_max_count, m->lambda_max, m->lambda_max_count);
  expect_same(n->eigenvalues, n->eigenvalues_count, m->eigenvalues, m->eigenvalues_count);
  expect_same(&x->threshold.tolerance, 1, &y->threshold.tolerance, 1);
  expect_same(&n->lambda_min_ratio, 1, &m->lambda_min_ratio, 1);
  expect_same(a->alpha, a->alpha_count, b->alpha, b->alpha_count);
  expect_same(a->theta_eigenvalues, a->theta_eigenvalues_count, b->theta_eigenvalues,
              b->theta_eigenvalues_count);
  expect_same(&a->theta_max, 1, &b->theta_max, 1);
  expect_same(a->theta.signal, 2, b->theta.signal, 2);
  expect_same(a->theta.noise, 2, b->theta.noise, 2);
}

START_TEST(printing_is_a_fixed_point) {
  char *once, *twice;
  tv_experiment *first = parse(plain, printed[_i]);
  expect_success(tv_experiment_print(first, &once));
  tv_experiment *second = parse(once, no_overrides);
  expect_success(tv_experiment_print(second, &twice));
  ck_assert_str_eq(once, twice);
  ck_assert_str_eq(first->name, second->name);
  ck_assert_int_eq(first->first_replicate, second->first_replicate);
  ck_assert_ptr_eq(first->study, second->study);
  ck_assert_ptr_eq(first->source.kind, second->source.kind);
  ck_assert_int_eq(first->source.role, second->source.role);
  ck_assert_int_eq(first->noise.sampler, second->noise.sampler);
  if (strcmp(first->source.kind->name, "mixture") == 0) {
    ck_assert_int_eq(mixture_of(first)->classes, mixture_of(second)->classes);
    ck_assert_double_eq(mixture_of(first)->separation, mixture_of(second)->separation);
  }
  if (tv_source_kind_of(first)->is_generated) expect_same_variances(first, second);
  expect_same_numbers(first, second);
  free(once);
  free(twice);
  tv_experiment_destroy(&first);
  tv_experiment_destroy(&second);
}
END_TEST

START_TEST(booleans_are_spelled_as_in_yaml) {
  static const char *const words[2][12] = {
      {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF", "\"no\""},
      {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", "'on'"}};
  for (int i = 0; i < 2 * 12; ++i) {
    char samples[64], encoders[64];
    const int is_true = i / 12;
    snprintf(samples, sizeof samples, "archive.samples=%s", words[is_true][i % 12]);
    snprintf(encoders, sizeof encoders, "archive.encoders=%s", words[is_true][i % 12]);
    const char *const overrides[] = {samples, encoders, NULL};
    tv_experiment *e = parse(plain, overrides);
    ck_assert_int_eq(e->archive.samples, is_true);
    ck_assert_int_eq(e->archive.encoders, is_true ? TV_KEEP_ALL : TV_KEEP_NONE);
    tv_experiment_destroy(&e);
  }
}
END_TEST

START_TEST(data_too_small_for_the_experiment_are_refused) {
  const char *const overrides[] = {"features.pca=4", "encoder.k=7", NULL}; /* d = 4 + 3 */
  tv_experiment *e = parse(plain, overrides);
  expect_success(tv_experiment_check_data(e, 200, 4));
  expect_success(tv_experiment_check_data(e, INT64_MAX, 4));
  expect_error(tv_experiment_check_data(e, 199, 4), TV_EXIT_USAGE,
               "x.yaml:6: samples:", "n = 200 is larger than the data set of 199 samples");
  expect_error(tv_experiment_check_data(e, 200, 3), TV_EXIT_USAGE,
               "--set features.pca=4:", "4 principal components of 3 features");
  tv_experiment_destroy(&e);
  const char *const listed[] = {"augmentation={theta_eigenvalues: [1, 2, 3, 4, 5], alpha: 1}",
                                NULL};
  e = parse(plain, listed);
  expect_success(tv_experiment_check_data(e, 200, 2));
  expect_error(tv_experiment_check_data(e, 200, 3), TV_EXIT_USAGE,
               "augmentation.theta_eigenvalues:", "5 eigenvalues for d = 6 inputs");
  tv_experiment_destroy(&e);
  e = parse(plain, no_overrides);
  e->encoder.k = 5;
  expect_success(tv_experiment_check_data(e, 200, 2));
  e->encoder.k = 6;
  expect_error(tv_experiment_check_data(e, 200, 2), TV_EXIT_USAGE,
               "x.yaml:7: encoder.k:", "take at most 5");
  tv_experiment_destroy(&e);
  e = parse(plain, threshold_study);
  expect_success(tv_experiment_check_data(e, 200, 2));
  e->encoder.k = 3;
  expect_error(tv_experiment_check_data(e, 200, 2), TV_EXIT_USAGE,
               "x.yaml:7: encoder.k:", "no threshold; take at most 2");
  tv_experiment_destroy(&e);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

int main(void) {
  TCase *cases = tcase_create("experiment");
  tcase_add_test(cases, defaults_are_as_documented);
  tcase_add_test(cases, given_values_are_taken);
  tcase_add_test(cases, even_steps_are_told);
  tcase_add_loop_test(cases, what_is_given_is_taken, 0, COUNT(taken));
  tcase_add_loop_test(cases, aliases_stand_for_their_values, 0, COUNT(shared));
  tcase_add_test(cases, points_are_counted);
  tcase_add_test(cases, a_law_sampler_is_taken);
  tcase_add_loop_test(cases, printing_is_a_fixed_point, 0, COUNT(printed));
  tcase_add_test(cases, booleans_are_spelled_as_in_yaml);
  tcase_add_test(cases, data_too_small_for_the_experiment_are_refused);
  return unit_run("experiment", cases);
}
