#include <stdio.h>

#include "data/generated.h"
#include "support/unit.h"
#include "twoview/experiment/experiment.h"
#include "twoview/kinds.h"
#include "twoview/methods/method.h"
#include "twoview/studies/study.h"

/* Nothing but what is required; the tests below add to it and replace parts of it. */
static const char plain[] = "source:\n"
                            "  type: gaussian\n"
                            "  spectrum: [4, 1]\n"
                            "noise: {components: 3, lambda_max: [1, 10]}\n"
                            "augmentation: {theta_max: 0.5, alpha: [0, 1]}\n"
                            "samples: [10, 200]\n"
                            "encoder: {k: 2}\n";

static const char *const no_overrides[] = {NULL};

static tv_experiment *parse(const char *text, const char *const *overrides) {
  tv_experiment *e;
  expect_success(tv_experiment_parse("x.yaml", text, overrides, &tv_kinds_all, &e));
  ck_assert_ptr_nonnull(e);
  return e;
}

/* The plain text with `old` replaced; "" stands for its end. Owned by the caller. */
static char *edited(const char *old, const char *replacement) {
  const char *at = *old ? strstr(plain, old) : plain + strlen(plain);
  ck_assert_msg(at != NULL, "'%s' does not occur in the plain text", old);
  char *text = malloc(sizeof plain + strlen(replacement));
  ck_assert_ptr_nonnull(text);
  sprintf(text, "%.*s%s%s", (int)(at - plain), plain, replacement, at + strlen(old));
  return text;
}

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
  ck_assert_str_eq(e->text, plain);
  tv_experiment_destroy(&e);
}
END_TEST

START_TEST(a_phase_study_keeps_numbers_alone) {
  const char *const overrides[] = {"study=phase", NULL};
  const char *const keeping[] = {"study=phase", "archive.encoders=last", NULL};
  tv_experiment *e = parse(plain, overrides);
  ck_assert_ptr_eq(e->study, &tv_phase_study.kind);
  ck_assert_int_eq(e->archive.encoders, TV_KEEP_NONE);
  ck_assert_int_eq(e->archive.representations, TV_KEEP_NONE);
  tv_experiment_destroy(&e);
  e = parse(plain, keeping);
  ck_assert_int_eq(e->archive.encoders, TV_KEEP_LAST);
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

START_TEST(a_threshold_study_needs_no_alignment) {
  tv_experiment *e = parse(plain, threshold_study);
  ck_assert_ptr_eq(e->study, &tv_threshold_study.kind);
  ck_assert_double_eq(e->threshold.tolerance, 1e-4);
  ck_assert_uint_eq(e->augmentation.alpha_count, 0);
  ck_assert_uint_eq(e->methods_count, 2);
  ck_assert_ptr_eq(e->methods[0], &tv_reconstruction.kind);
  ck_assert_ptr_eq(e->methods[1], &tv_joint_embedding.kind);
  ck_assert_int_eq(e->archive.encoders, TV_KEEP_NONE);
  ck_assert_int_eq(e->archive.representations, TV_KEEP_NONE);
  ck_assert_int_eq(tv_experiment_points(e), 4); /* magnitudes x sizes */
  tv_experiment_destroy(&e);
  e = parse(plain, no_overrides);
  ck_assert_int_eq(tv_experiment_points(e), 8);
  tv_experiment_destroy(&e);
}
END_TEST

static const char *const refused_thresholds[][4] = {
    {"study=threshold", NULL, "augmentation.alpha:", "is what 'study: threshold' looks for"},
    {"study=thresholds", NULL, "study:", "one of grid, threshold, phase, not 'thresholds'"},
    {"threshold.tolerance=1e-3", NULL, "threshold:", "means nothing without 'study: threshold'"},
    {"augmentation={theta_max: 0.5}", NULL, "augmentation.alpha:", "is missing"},
    {"augmentation={theta_max: 0.5}", "methods=supervised", "methods:", "'supervised' has no"},
    {"augmentation={theta_max: 0}", "seed=1", "augmentation:", "begins at alpha = 0"},
    {"augmentation={theta_max: 0.5}", "archive.encoders=last", "archive.encoders:", "no encoders"},
    {"augmentation={theta_max: 0.5}", "archive.representations=all",
     "archive.representations:", "no encoders to represent"},
    {"augmentation={theta_max: 0.5}", "threshold.tolerance=0",
     "threshold.tolerance:", "must be from 1e-12 to 0.1, got 0"},
    {"augmentation={theta_max: 0.5}", "threshold.tolerance=1", "threshold.tolerance:", "got 1"},
    {"augmentation={theta_max: 0.5}", "threshold.tolerance=nan", "threshold.tolerance:", "got nan"},
};

/* With a second override, of a threshold study. */
START_TEST(what_a_threshold_study_lacks_is_refused) {
  tv_experiment *e;
  const char *const *r = refused_thresholds[_i];
  const char *const overrides[] = {r[0], r[1] ? r[1] : "seed=3",
                                   r[1] ? "study=threshold" : "seed=4", NULL};
  expect_error(tv_experiment_parse("x.yaml", plain, overrides, &tv_kinds_all, &e), TV_EXIT_USAGE,
               r[2], r[3]);
  ck_assert_ptr_null(e);
}
END_TEST

START_TEST(a_mixture_is_taken) {
  const char *const overrides[] = {
      "source={type: mixture, classes: 5, separation: 2.5, spectrum: [4, 3]}", NULL};
  tv_experiment *e = parse(plain, overrides);
  ck_assert_str_eq(e->source.kind->name, "mixture");
  ck_assert_int_eq(mixture_of(e)->classes, 5);
  ck_assert_double_eq(mixture_of(e)->separation, 2.5);
  ck_assert_uint_eq(mixture_of(e)->variances.spectrum_count, 2);
  tv_experiment_destroy(&e);
}
END_TEST

START_TEST(a_range_of_numbers_is_a_list) {
  static const double decades[] = {0.001, 0.01, 0.1, 1, 10, 100, 1000};
  const char *const overrides[] = {
      "noise.lambda_max={from: 1e-3, to: 1e3, count: 7}",
      "augmentation.alpha={from: 0, to: 0.7, count: 8, spacing: linear}",
      "source.spectrum={from: 4, to: 1, count: 3, spacing: logarithmic}", NULL};
  tv_experiment *e = parse(plain, overrides);
  ck_assert_uint_eq(e->noise.lambda_max_count, 7);
  for (int i = 0; i < 7; ++i) ck_assert_double_eq(e->noise.lambda_max[i], decades[i]);
  ck_assert_uint_eq(e->augmentation.alpha_count, 8);
  for (int i = 0; i < 8; ++i) ck_assert_double_eq(e->augmentation.alpha[i], i / 10.);
  ck_assert_uint_eq(gaussian_of(e)->variances.spectrum_count, 3);
  for (int i = 0; i < 3; ++i) ck_assert_double_eq(gaussian_of(e)->variances.spectrum[i], 4 >> i);
  tv_experiment_destroy(&e);
}
END_TEST

/* k = 10, 30 noise components, s from 4 to 1, theta 0.5 on the signal and U[0.05, 0.5] on the
 * noise, Gamma U[3, 10]. */
START_TEST(intervals_of_eigenvalues_are_taken) {
  const char *const overrides[] = {"source.spectrum={from: 4, to: 1, count: 10, spacing: linear}",
                                   "noise={components: 30, lambda_max: 10, lambda_min_ratio: 0.3}",
                                   "augmentation={theta: {signal: [0.5, 0.5], noise: [.05, .5]}, "
                                   "alpha: 1}",
                                   NULL};
  tv_experiment *e = parse(plain, overrides);
  ck_assert_double_eq(gaussian_of(e)->variances.spectrum[0], 4);
  ck_assert_double_eq_tol(gaussian_of(e)->variances.spectrum[1], 4 - 1. / 3,
                          1e-11); /* of 12 digits */
  ck_assert_double_eq(e->noise.lambda_min_ratio, 0.3);
  ck_assert_ptr_null(e->noise.eigenvalues);
  ck_assert_double_eq(e->augmentation.theta.signal[0], 0.5);
  ck_assert_double_eq(e->augmentation.theta.signal[1], 0.5);
  ck_assert_double_eq(e->augmentation.theta.noise[0], 0.05);
  ck_assert_double_eq(e->augmentation.theta.noise[1], 0.5);
  tv_experiment_destroy(&e);
  e = parse(plain, no_overrides); /* theta_max: 0.5 */
  for (int i = 0; i < 2; ++i) {
    ck_assert_double_eq(e->augmentation.theta.signal[i], i * 0.5);
    ck_assert_double_eq(e->augmentation.theta.noise[i], i * 0.5);
  }
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

START_TEST(a_range_of_sizes_grows_without_repeats) {
  /* 1.5^j, rounded: 1, 1.5, 2.25, 3.375, 5.0625, 7.59375; 2 comes twice. */
  static const int64_t sizes[] = {1, 2, 3, 5, 8};
  const char *const overrides[] = {"samples={from: 1, to: 10, factor: 1.5}", NULL};
  tv_experiment *e = parse(plain, overrides);
  ck_assert_int_eq(e->sizes_count, 5);
  for (int i = 0; i < 5; ++i) ck_assert_int_eq(e->sizes[i], sizes[i]);
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

/* Each replaces a part of the plain text and is refused for a reason that the message tells. */
static const struct {
  const char *old, *replacement, *where, *reason;
} refused[] = {
    /* unknown keys */
    {"", "replicate: 2\n", "x.yaml:8: replicate:", "did you mean 'replicates'?"},
    {"", "parallel: {shard: 2}\n", "x.yaml:8: parallel.shard:", "did you mean 'shards'?"},
    {"lambda_max", "lamda_max", "x.yaml:4: noise.lamda_max:", "did you mean 'lambda_max'?"},
    {"  spectrum", "  teacher: {target: 1}\n  spectrum",
     "x.yaml:3: source.teacher.target:", "did you mean 'targets'?"},
    {"{k: 2}", "{K: 2}", "x.yaml:7: encoder.K:", "did you mean 'k'?"},
    {"0.5", "0,5", "x.yaml:5: augmentation.5:", "unknown key"},
    /* wrong types */
    {"", "replicates: two\n", "x.yaml:8: replicates:", "expects an integer, not 'two'"},
    {"", "replicates: []\n", "x.yaml:8: replicates:", "expects an integer"},
    {"", "replicates:\n", "x.yaml:8: replicates:", "expects an integer, not ''"},
    {"", "features: 3\n", "x.yaml:8: features:", "expects a mapping"},
    {"", "name: [a]\n", "x.yaml:8: name:", "expects a text"},
    {"", "methods: [superwised]\n",
     "x.yaml:8: methods:", "one of supervised, reconstruction, joint"},
    {"", "archive: {samples: maybe}\n", "x.yaml:8: archive.samples:", "not 'maybe'"},
    {"", "archive: {encoders: first}\n", "x.yaml:8: archive.encoders:", "none, last, all"},
    {"gaussian", "gausian",
     "x.yaml:2: source.type:", "idx, hdf5, gaussian, mixture, not 'gausian'"},
    {"{k: 2}", "2", "x.yaml:7: encoder:", "expects a mapping"},
    {"[1, 10]", "{a: 1}", "x.yaml:4: noise.lambda_max.a:", "unknown key; did you mean 'to'?"},
    {"[1, 10]", "{from: a}", "x.yaml:4: noise.lambda_max.from:", "expects a number, not 'a'"},
    {"[1, 10]", "{from: 1, to: 2, count: 2.5}", "x.yaml:4: noise.lambda_max.count:", "not '2.5'"},
    {"[1, 10]", "{spacing: log}",
     "x.yaml:4: noise.lambda_max.spacing:", "one of logarithmic, linear, not 'log'"},
    {"0.5", "0.5, theta: 3", "x.yaml:5: augmentation.theta:", "expects a mapping"},
    {"theta_max: 0.5", "theta: {signal: [1]}",
     "x.yaml:5: augmentation.theta.signal:", "must have 2 entries, got 1"},
    {"theta_max: 0.5", "theta: {noise: [1, 2, 3]}", "x.yaml:5: augmentation.theta.noise:", "entr"},
    {"theta_max: 0.5", "theta: {noise: [1, 2x]}",
     "x.yaml:5: augmentation.theta.noise:", "list of two numbers, [low, high], not '2x'"},
    {"[1, 10]", "[1, two]", "x.yaml:4: noise.lambda_max:", "expects a list of numbers, not 'two'"},
    {"[1, 10]", "[[1]]", "x.yaml:4: noise.lambda_max:", "expects a list of numbers"},
    {"[10, 200]", "many", "x.yaml:6: samples:", "expects a list of numbers, not 'many'"},
    /* numbers with more behind them, out of the type's range, not finite */
    {"", "seed: 5x\n", "x.yaml:8: seed:", "not '5x'"},
    {"", "seed: -1\n", "x.yaml:8: seed:", "an integer that is not negative, not '-1'"},
    {"", "seed: 18446744073709551616\n",
     "x.yaml:8: seed:", "an integer that is not negative, and '18446744073709551616' is out of"},
    {"", "replicates: 4294967296\n", "x.yaml:8: replicates:", "and '4294967296' is out of range"},
    {"{k: 2}", "{k: -99999999999999999999}", "encoder.k:", "9' is out of range"},
    {"", "replicates: 1e3\n", "x.yaml:8: replicates:", "expects an integer, not '1e3'"},
    {"components: 3", "components: 3.5", "x.yaml:4: noise.components:", "not '3.5'"},
    {"components: 3", "components: 2147483648",
     "x.yaml:4: noise.components:", "'2147483648' is out of"},
    {"0.5", "0.5.1", "x.yaml:5: augmentation.theta_max:", "expects a number, not '0.5.1'"},
    {"[1, 10]", "[1, 1e3x]", "x.yaml:4: noise.lambda_max:", "a list of numbers, not '1e3x'"},
    {"[1, 10]", "[.nan]", "x.yaml:4: noise.lambda_max:", "not '.nan'"},
    {"[1, 10]", "[nan]", "x.yaml:4: noise.lambda_max:", "must be positive and finite, got nan"},
    {"[1, 10]", "1e999",
     "x.yaml:4: noise.lambda_max:", "a list of numbers, and '1e999' is out of range"},
    {"0.5", "inf", "x.yaml:5: augmentation.theta_max:", "finite and not negative, got inf"},
    {"[0, 1]", "[nan]", "x.yaml:5: augmentation.alpha:", "got nan"},
    {"[4, 1]", "[inf, 1]", "x.yaml:3: source.spectrum:", "entry 1 is inf"},
    {"[10, 200]", "[nan]", "x.yaml:6: samples:", "whole numbers"},
    {"[10, 200]", "{from: 1, to: inf, factor: 2}", "x.yaml:6: samples.to:", "got inf"},
    {"[10, 200]", "{from: 1, to: 9, factor: nan}",
     "x.yaml:6: samples.factor:", "above 1 and finite, got nan"},
    /* one scalar in YAML, and no number */
    {"[1, 10]", "\"2,5\"",
     "x.yaml:4: noise.lambda_max:", "not '2,5'; write [2, 5] for two numbers, 2.5 for one"},
    {"{theta_max: 0.5, alpha: [0, 1]}", "\n  theta_max: 0.5\n  alpha: 1,5",
     "x.yaml:7: augmentation.alpha:", "not '1,5'; write [1, 5] for two numbers, 1.5 for one"},
    {"[10, 200]", "10,500", "x.yaml:6: samples:", "not '10,500'; write [10, 500] for"},
    {"[10, 200]", "10, 500", "x.yaml:6: samples:", "not '10, 500'; write [10, 500] for"},
    {"[10, 200]", "'[10, 500]'", "x.yaml:6: samples:", "a list of numbers, not '[10, 500]'"},
    {"[1, 10]", "[\"2,5\", 3]", "x.yaml:4: noise.lambda_max:", "a list of numbers, not '2,5'"},
    {"{theta_max: 0.5", "{\"theta_max\": \"0,5\"", "augmentation.theta_max:", "'0,5'; write 0.5"},
    {"", "methods: RC, JE\n", "x.yaml:8: methods:", "one of supervised"},
    /* numbers are decimal, without leading zeros */
    {"", "replicates: 010\n",
     "x.yaml:8: replicates:", "an integer, not '010'; numbers are decimal"},
    {"", "first_replicate: 010\n", "first_replicate:", "without leading zeros"},
    {"", "replicates: 0x10\n", "x.yaml:8: replicates:", "an integer, not '0x10'; numbers are"},
    {"", "seed: 010\n", "x.yaml:8: seed:", "not '010'"},
    {"", "seed: 0x10\n", "x.yaml:8: seed:", "not '0x10'"},
    {"", "seed: 0o10\n", "x.yaml:8: seed:", "not '0o10'"},
    {"", "seed: 1_000\n", "x.yaml:8: seed:", "not '1_000'"},
    {"{k: 2}", "{k: 02}", "x.yaml:7: encoder.k:", "not '02'"},
    {"[10, 200]", "[010, 200]", "x.yaml:6: samples:", "not '010'"},
    {"[1, 10]", "0x10", "x.yaml:4: noise.lambda_max:", "not '0x10'; numbers are decimal"},
    {"0.5", "00.5", "x.yaml:5: augmentation.theta_max:", "not '00.5'"},
    {"0.5", "0x1p-1", "x.yaml:5: augmentation.theta_max:", "not '0x1p-1'"},
    {"[1, 10]", "{from: 01, to: 10, count: 2}", "noise.lambda_max.from:", "not '01'"},
    {"[1, 10]", "{from: 1, to: 10, count: 02}", "noise.lambda_max.count:", "not '02'"},
    /* numbers that no double holds */
    {"[0, 1]", "1e-400", "x.yaml:5: augmentation.alpha:", "and '1e-400' is out of range"},
    {"[0, 1]", "[1, 1e-330]", "x.yaml:5: augmentation.alpha:", "and '1e-330' is out of range"},
    {"[0, 1]", "-1e400", "x.yaml:5: augmentation.alpha:", "and '-1e400' is out of range"},
    {"0.5", "1e-400", "x.yaml:5: augmentation.theta_max:", "and '1e-400' is out of range"},
    {"[10, 200]", "{from: 1, to: 1e400, factor: 2}", "samples.to:", "'1e400' is out of range"},
    /* keys of another mapping */
    {"", "k: 5\n", "x.yaml:8: k:", "unknown key; did you mean 'encoder.k'?"},
    {"", "lambda-max: 5\n", "x.yaml:8: lambda-max:", "did you mean 'noise.lambda_max'?"},
    {"components: 3", "components: 3, alpha: 1", "x.yaml:4: noise.alpha:", "'augmentation.alpha'?"},
    /* what is required */
    {"type: gaussian", "", "source.type: is missing", "write for example"},
    {"components: 3, ", "", "noise.components: is missing", "write for example"},
    {", lambda_max: [1, 10]", "", "noise.lambda_max: is missing", "write for example"},
    {"theta_max: 0.5, ", "", "augmentation.theta_max: is missing", "write for example"},
    {", alpha: [0, 1]", "", "augmentation.alpha: is missing", "write for example"},
    {"samples: [10, 200]\n", "", "samples: is missing", "write for example"},
    {"{k: 2}", "{}", "x.yaml:7: encoder.k: is missing", "write for example"},
    /* ranges */
    {"", "replicates: 0\n", "x.yaml:8: replicates:", "from 1 to 16777215, got 0"},
    {"", "replicates: 16777216\n", "x.yaml:8: replicates:", "got 16777216"},
    {"", "first_replicate: -1\n", "x.yaml:8: first_replicate:", "from 0 to 16777215 for 1 "},
    {"", "first_replicate: 16777215\nreplicates: 2\n",
     "x.yaml:8: first_replicate:", "from 0 to 16777214 for 2 replicates, got 16777215"},
    {"", "features: {pca: 0}\n", "x.yaml:8: features.pca:", "at least 1, got 0"},
    {"", "parallel: {shards: 0}\n", "x.yaml:8: parallel.shards:", "from 1 to 1048576, got 0"},
    {"", "parallel: {shards: 1048577}\n", "x.yaml:8: parallel.shards:", "got 1048577"},
    {"", "parallel: {ranks_per_point: 0}\n", "x.yaml:8: parallel.ranks_per_point:", "got 0"},
    {"", "archive: {representation_samples: 0}\n", "archive.representation_samples:", "got 0"},
    {"", "archive: {representation_samples: 201}\n",
     "archive.representation_samples:", "200, got 201"},
    {"", "methods: []\n", "x.yaml:8: methods:", "from 1 to 10000 entries, got 0"},
    {"", "methods: [supervised, supervised]\n", "x.yaml:8: methods:", "listed twice"},
    {"components: 3", "components: -1", "x.yaml:4: noise.components:", "got -1"},
    {"components: 3", "components: 1048577", "x.yaml:4: noise.components:", "got 1048577"},
    {"[1, 10]", "-1", "x.yaml:4: noise.lambda_max:", "must be positive and finite, got -1"},
    {"[1, 10]", "[1, 0]", "x.yaml:4: noise.lambda_max:", "must be positive and finite, got 0"},
    {"[1, 10]", "[]", "x.yaml:4: noise.lambda_max:", "from 1 to 10000 entries, got 0"},
    {"0.5", "-0.5", "x.yaml:5: augmentation.theta_max:", "finite and not negative, got -0.5"},
    {"0.5", "0", "x.yaml:5: augmentation.alpha:", "alpha = 0 with 'theta_max' of"},
    {"theta_max: 0.5", "theta: {signal: [0, 0], noise: [0, 0]}",
     "x.yaml:5: augmentation.alpha:", "alpha = 0 with 'theta' of"},
    {"theta_max: 0.5", "theta_eigenvalues: [0, 0, 0, 0, 0]",
     "x.yaml:5: augmentation.alpha:", "alpha = 0 with 'theta_eigenvalues' of"},
    {"[1, 10]", "{from: 1, to: 2}", "noise.lambda_max.count: is missing", "write for example"},
    {"[0, 1]", "-1", "x.yaml:5: augmentation.alpha:", "finite and not negative, got -1"},
    {"{k: 2}", "{k: 0}", "x.yaml:7: encoder.k:", "at least 1, got 0"},
    /* eigenvalues of Gamma and Theta */
    {"[1, 10]", "1, lambda_min_ratio: 1", "x.yaml:4: noise.lambda_min_ratio:", "below 1, got 1"},
    {"[1, 10]", "1, lambda_min_ratio: -.1", "noise.lambda_min_ratio:", "at least 0 and below"},
    {"[1, 10]", "1, lambda_min_ratio: nan", "noise.lambda_min_ratio:", "got nan"},
    {"[1, 10]", "1, eigenvalues: [1, 2]", "x.yaml:4: noise.eigenvalues:", "2 of them for 3"},
    {"[1, 10]", "1, eigenvalues: [1, 2, 0]", "x.yaml:4: noise.eigenvalues:", "entry 3 is 0"},
    {"[1, 10]", "1, eigenvalues: [1, inf, 3]", "x.yaml:4: noise.eigenvalues:", "entry 2 is inf"},
    {"[1, 10]", "1, eigenvalues: [1, 2, 3], lambda_min_ratio: 0",
     "x.yaml:4: noise.eigenvalues:", "leave one of them out"},
    {"0.5", "0.5, theta: {signal: [0, 1], noise: [0, 1]}", "x.yaml:5: augmentation:", "one of"},
    {"0.5", "0.5, theta_eigenvalues: [1, 2, 3, 4, 5]", "x.yaml:5: augmentation:", "one of"},
    {"theta_max: 0.5", "theta: {signal: [0, 1]}", "augmentation.theta.noise:", "is missing"},
    {"theta_max: 0.5", "theta: {signal: [1, 0], noise: [0, 1]}",
     "x.yaml:5: augmentation.theta.signal:", "the lower one first; got [1, 0]"},
    {"theta_max: 0.5", "theta: {signal: [0, 1], noise: [-1, 1]}", "theta.noise:", "got [-1, 1]"},
    {"theta_max: 0.5", "theta: {signal: [0, inf], noise: [0, 1]}", "theta.signal:", "[0, inf]"},
    {"theta_max: 0.5", "theta: {signal: [0, 0], noise: [0, 0]}",
     "augmentation.alpha:", "augments nothing"},
    {"theta_max: 0.5", "theta_eigenvalues: [1, -2]", "theta_eigenvalues:", "entry 2 is -2"},
    {"theta_max: 0.5", "theta_eigenvalues: 0", "augmentation.alpha:", "augments nothing"},
    /* ranges of numbers */
    {"[1, 10]", "{to: 2, count: 2}", "x.yaml:4: noise.lambda_max.from: is missing", "for example"},
    {"[1, 10]", "{from: 1, count: 2}", "noise.lambda_max.to: is missing", "write for example"},
    {"[1, 10]", "{from: 1, to: 2, count: 0}", "noise.lambda_max.count:", "from 2 to 10000, got 0"},
    {"[1, 10]", "{from: 1, to: 2, count: 1}", "noise.lambda_max.count:", "got 1"},
    {"[1, 10]", "{from: 1, to: 2, count: 10001}", "noise.lambda_max.count:", "got 10001"},
    {"[1, 10]", "{from: 1, to: 1, count: 2}", "noise.lambda_max:", "1 is listed twice"},
    {"[1, 10]", "{from: 0, to: 1, count: 2, spacing: linear}", "lambda_max:", "got 0"},
    {"[0, 1]", "{from: 0, to: 1, count: 3}", "x.yaml:5: augmentation.alpha.from:", "linear"},
    {"[0, 1]", "{from: 1, to: inf, count: 3}", "augmentation.alpha.to:", "got inf"},
    {"[0, 1]", "{from: -1, to: 1, count: 3, spacing: linear}", "augmentation.alpha:", "got -1"},
    {"[4, 1]", "{from: 1, to: 4, count: 3}", "x.yaml:3: source.spectrum:", "largest first"},
    /* phase diagrams */
    {"[1, 10]}", "[1, 10, 20]}\nstudy: phase", "x.yaml:4: noise.lambda_max:", "in even steps"},
    {"[1, 10]}", "1}\nstudy: phase", "x.yaml:4: noise.lambda_max:", "from: 0.1, to: 100"},
    {"[0, 1]}", "[0, 1, 3]}\nstudy: phase", "x.yaml:5: augmentation.alpha:", "in even steps"},
    {"noise: {components: 3", "study: phase\nnoise: {components: 0",
     "x.yaml:5: noise.components:", "without noise has no phases"},
    /* views of data: checked, not computed yet */
    {"noise: {components: 3, lambda_max: [1, 10]}\naugmentation: {theta_max: 0.5, alpha: [0, 1]}",
     "augmentation: {chain: {type: noise, deviation: 0.1}}",
     "x.yaml:4: augmentation.chain:", "does not compute it yet; leave it out"},
    {"noise: {components: 3, lambda_max: [1, 10]}\naugmentation: {theta_max: 0.5, alpha: [0, 1]}",
     "corruption: {chain: {type: noise, deviation: 0.1}, clean: yes, sampler: expected}",
     "x.yaml:4: corruption:", "does not compute it yet; leave it out"},
    {"noise: {components: 3, lambda_max: [1, 10]}\naugmentation: {theta_max: 0.5, alpha: [0, 1]}",
     "corruption: {clean: yes}", "x.yaml:4: corruption.chain:", "is missing; write for example"},
    {"noise: {components: 3, lambda_max: [1, 10]}\naugmentation: {theta_max: 0.5, alpha: [0, 1]}",
     "augmentation: {chain: {type: noise, deviation: 0.1}, views: 1}",
     "augmentation.views:", "must be from 2 to 1000000, got 1"},
    {"noise: {components: 3, lambda_max: [1, 10]}\naugmentation: {theta_max: 0.5, alpha: [0, 1]}",
     "augmentation: {chain: {type: noise, deviation: 0.1}, views: all}",
     "augmentation.views:", "expects an integer or one of exact, not 'all'"},
    {"", "corruption: {chain: {type: noise, deviation: 0.1}}\n",
     "x.yaml:4: noise:", "belongs to the component model"},
    {"theta_max: 0.5", "floor: 0.5", "augmentation.floor:", "belongs to the view model"},
    {"  spectrum", "  scale: 0\n  spectrum", "source.scale:", "must be positive and finite, got 0"},
    {"  spectrum", "  scale: 2\n  spectrum", "x.yaml:3: source.scale:", "does not compute it yet"},
    {"  spectrum", "  shape: [2, 0.5]\n  spectrum", "source.shape:", "entry 2 is 0.5"},
    {"  spectrum", "  shape: [1, 1, 1, 2]\n  spectrum", "source.shape:", "3 entries, got 4"},
    {"", "test: {fraction: 1}\n", "test.fraction:", "above 0 and below 1, got 1"},
    {"", "test: {fraction: 0.2}\n", "x.yaml:8: test:", "does not compute it yet"},
    {"", "test: {}\n", "x.yaml:8: test:", "give either 'fraction'"},
    {"", "test: {type: idx}\n", "x.yaml:8: test.type:", "unknown key"},
    {"", "test: {images: a}\n", "test.images:", "belongs to 'type: idx', not to 'type: gaussian'"},
    {"", "probe: {intercept: true}\n", "x.yaml:8: probe:", "does not compute it yet"},
    /* sample sizes */
    {"[10, 200]", "[20, 10]", "x.yaml:6: samples:", "sizes must grow: 10 follows 20"},
    {"[10, 200]", "[10, 10]", "x.yaml:6: samples:", "sizes must grow: 10 follows 10"},
    {"[10, 200]", "[10000001, 10000000]",
     "x.yaml:6: samples:", "must grow: 1e+07 follows 10000001"},
    {"[10, 200]", "[10.0000001]", "x.yaml:6: samples:", "got 10.0000001"},
    {"[0, 1]", "[0.10000001, 0.10000001]", "x.yaml:5: augmentation.alpha:", "0.10000001 is listed"},
    {"[10, 200]", "[10.5]", "x.yaml:6: samples:", "whole numbers from 1 to 1e+12, got 10.5"},
    {"[10, 200]", "0", "x.yaml:6: samples:", "got 0"},
    {"[10, 200]", "[2e12]", "x.yaml:6: samples:", "got 2e+12"},
    {"[10, 200]", "{from: 0.5, to: 9, factor: 2}", "x.yaml:6: samples.from:", "got 0.5"},
    {"[10, 200]", "{from: 9, to: 1, factor: 2}", "x.yaml:6: samples.to:", "from 9 to"},
    {"[10, 200]", "{from: 1, to: 9}", "x.yaml:6: samples.factor: is missing", "factor: 2}"},
    {"[10, 200]", "{to: 9, factor: 2}", "x.yaml:6: samples.from: is missing", "from: 100"},
    {"[10, 200]", "{from: 1, factor: 2}", "x.yaml:6: samples.to: is missing", "to: 51200"},
    {"[10, 200]", "{from: 1, to: 9, factor: 1}",
     "x.yaml:6: samples.factor:", "above 1 and finite, got 1"},
    {"[10, 200]", "{from: 1, to: 1e12, factor: 1.0001}", "samples.factor:", "more than 10000"},
    {"[10, 200]", "{from: 1, to: 1e12, factor: 1.000000000000001}", "samples.factor:", "more than"},
    {"10]}\naugmentation: {theta_max: 0.5, alpha: [0, 1]}\nsamples: [10, 200]",
     "10], sampler: law}\naugmentation: {theta_max: 0.5, alpha: 1}\nsamples: [2e15]",
     "x.yaml:6: samples:", "whole numbers from 1 to 1e+15, got 2e+15"},
    /* the law sampler */
    {"components: 3", "sampler: lwa, components: 3",
     "x.yaml:4: noise.sampler:", "expects one of rows, law, not 'lwa'"},
    /* sources */
    {"[4, 1]", "[1, 4]", "x.yaml:3: source.spectrum:", "largest first; entry 2 is 4"},
    {"[4, 1]", "[4, 0]", "x.yaml:3: source.spectrum:", "entry 2 is 0"},
    {"  spectrum: [4, 1]\n", "", "source.spectrum:", "either 'spectrum'"},
    {"[4, 1]", "[4, 1]\n  power_law: {features: 2}", "source.spectrum:", "either 'spectrum'"},
    {"spectrum: [4, 1]", "power_law: {}", "source.power_law.features:", "got 0"},
    {"spectrum: [4, 1]", "power_law: {features: 1048577}", "power_law.features:", "got 1048577"},
    {"spectrum: [4, 1]", "power_law: {features: 2, scale: 0}", "power_law.scale:", "got 0"},
    {"spectrum: [4, 1]", "power_law: {features: 2, exponent: -1}", "power_law.exponent:", "got -1"},
    {"[4, 1]", "4\n  teacher: {targets: 0}", "source.teacher.targets:", "got 0"},
    {"[4, 1]", "4\n  teacher: {noise: -1}", "source.teacher.noise:", "got -1"},
    {"[4, 1]", "4\n  teacher: {type: classes, noise: 1}", "teacher.noise:", "'type: linear'"},
    {"[4, 1]", "[4, 1]\n  images: a",
     "x.yaml:4: source.images:", "'type: idx', not to 'type: gauss"},
    {"gaussian", "idx",
     "x.yaml:3: source.spectrum:", "'type: gaussian' or 'type: mixture', not to"},
    {"gaussian\n  spectrum: [4, 1]", "idx\n  labels: a", "source.images:", "is missing"},
    {"gaussian\n  spectrum: [4, 1]", "idx\n  images: a", "source.labels:", "is missing"},
    {"gaussian\n  spectrum: [4, 1]", "idx\n  images: a\n  labels: b\n  file: c",
     "x.yaml:5: source.file:", "belongs to 'type: hdf5', not to 'type: idx'"},
    {"gaussian\n  spectrum: [4, 1]", "idx\n  images: a\n  labels: b\n  teacher: {}",
     "x.yaml:5: source.teacher:", "belongs to 'type: gaussian', not to 'type: idx'"},
    {"gaussian\n  spectrum: [4, 1]", "hdf5\n  images: a", "source.images:", "'type: idx'"},
    {"gaussian\n  spectrum: [4, 1]", "hdf5\n  samples: a", "source.file:", "is missing"},
    {"gaussian\n  spectrum: [4, 1]", "hdf5\n  file: a", "source.samples:", "is missing"},
    {"gaussian\n  spectrum: [4, 1]", "hdf5\n  file: a\n  samples: b", "source.labels:", "either"},
    {"gaussian\n  spectrum: [4, 1]", "hdf5\n  file: a\n  samples: b\n  labels: c\n  targets: d",
     "source.labels:", "either 'labels'"},
    {"[4, 1]", "[4, 1]\n  classes: 2", "x.yaml:4: source.classes:", "'type: mixture', not to"},
    {"[4, 1]", "[4, 1]\n  separation: 2", "x.yaml:4: source.separation:", "'type: mixture', not"},
    /* not YAML, or not one mapping of different keys */
    {"0.5", "[0.5", "x.yaml:5: not YAML:", "did not find"},
    {"", "\tname: x\n", "x.yaml:8: not YAML:", "cannot start any token"},
    {"", "name: \x01\n", "x.yaml:8: not YAML:", "control characters"},
    {"", "name: \xff\xfe\n", "x.yaml:8: not YAML:", "UTF-8"},
    {"", "seed: *nowhere\n", "x.yaml:8: not YAML:", "undefined alias"},
    {"", "seed: 1\nname: a\nseed: 2\n", "x.yaml:10: not YAML:", "'seed' is given twice"},
    {"{k: 2}", "{k: 2, k: 3}", "x.yaml:7: not YAML:", "'k' is given twice"},
    {"", "---\nseed: 1\n", "x.yaml:9: not YAML:", "a second document"},
    {"[0, 1]", "&a [*a]", "x.yaml:5: not YAML:", "'a' stands within its own value"},
    {plain, "", "x.yaml:1: no YAML mapping", ""},
    {plain, "# only a comment\n", "x.yaml:1: no YAML mapping", ""},
    {plain, "text", "x.yaml:1: no YAML mapping", ""},
    {plain, "[1, 2]", "x.yaml:1: no YAML mapping", ""},
    {plain, "a: &a {b: *a}", "x.yaml:1: not YAML:", "'a' stands within its own value"},
};

START_TEST(bad_values_are_refused) {
  tv_experiment *e;
  char *text = edited(refused[_i].old, refused[_i].replacement);
  tv_error *error = tv_experiment_parse("x.yaml", text, no_overrides, &tv_kinds_all, &e);
  expect_error(error, TV_EXIT_USAGE, refused[_i].where, refused[_i].reason);
  ck_assert_ptr_null(e);
  free(text);
}
END_TEST

/* What cannot be drawn in law, or stand for a population. */
static const struct {
  const char *overrides[4], *where, *reason;
} refused_in_law[] = {
    {{"source.as=population"}, "source.as:", "belongs to 'type: idx' or 'type: hdf5', not to"},
    {{"source={type: idx, as: population, images: a, labels: b}"},
     "source.as:",
     "only with 'noise: {sampler: law}'"},
    {{"source={type: idx, as: sampel, images: a, labels: b}"},
     "source.as:",
     "expects one of sample, population, not 'sampel'"},
    {{"noise.sampler=law", "source.teacher={type: classes, targets: 3}"},
     "--set noise.sampler=law:",
     "no law in closed form; take 'rows'"},
    {{"noise.sampler=law", "archive.samples=true"}, "archive.samples:", "no samples to archive"},
    {{"noise.sampler=law", "archive.representations=last"},
     "archive.representations:",
     "no samples to represent"},
    {{"noise.sampler=law", "parallel.layout=distributed"},
     "parallel.layout:",
     "whole on every rank; take 'replicated'"},
};

START_TEST(what_has_no_law_is_refused) {
  tv_experiment *e;
  tv_error *error =
      tv_experiment_parse("x.yaml", plain, refused_in_law[_i].overrides, &tv_kinds_all, &e);
  expect_error(error, TV_EXIT_USAGE, refused_in_law[_i].where, refused_in_law[_i].reason);
  ck_assert_ptr_null(e);
}
END_TEST

/* Mixtures, as the rest of `source={type: mixture, ...}`. */
static const struct {
  const char *rest, *where, *reason;
} refused_mixtures[] = {
    {"classes: 2, separation: 1", "source.spectrum:", "either 'spectrum'"},
    {"separation: 1, spectrum: 1", "source.classes:", "is missing"},
    {"classes: 2, spectrum: 1", "source.separation:", "is missing"},
    {"classes: 1, separation: 1, spectrum: 1",
     "source.classes:", "must be from 2 to 1048576, got 1"},
    {"classes: 1048577, separation: 1, spectrum: 1", "source.classes:", "got 1048577"},
    {"classes: 2.5, separation: 1, spectrum: 1", "source.classes:", "an integer, not '2.5'"},
    {"classes: 2, separation: -1, spectrum: 1", "source.separation:", "got -1"},
    {"classes: 2, separation: inf, spectrum: 1", "source.separation:", "got inf"},
    {"classes: 2, separation: nan, spectrum: 1", "source.separation:", "got nan"},
    {"classes: 2, separation: 1, spectrum: [1, 2]", "source.spectrum:", "entry 2 is 2"},
    {"classes: 2, separation: 1, spectrum: 1, teacher: {}", "source.teacher:", "'type: gaus"},
    {"classes: 2, separation: 1, spectrum: 1, labels: a", "source.labels:",
     "belongs to 'type: idx' or 'type: hdf5', not to 'type: mixture'; leave it out"},
    {"classes: 2, separation: 1, spectrum: 1, class: 3", "source.class:", "'classes'?"},
};

START_TEST(bad_mixtures_are_refused) {
  tv_experiment *e;
  char source[128];
  const char *const overrides[] = {source, NULL};
  snprintf(source, sizeof source, "source={type: mixture, %s}", refused_mixtures[_i].rest);
  tv_error *error = tv_experiment_parse("x.yaml", plain, overrides, &tv_kinds_all, &e);
  expect_error(error, TV_EXIT_USAGE, refused_mixtures[_i].where, refused_mixtures[_i].reason);
  ck_assert_ptr_null(e);
}
END_TEST

/* Overrides that are refused, always by their own name. */
static const char *const refused_overrides[][2] = {
    {"noise", "expects KEY=VALUE"},
    {"=5", "expects KEY=VALUE"},
    {"nois.components=5", "nois: unknown key; did you mean 'noise'?"},
    {"noise.component=5", "did you mean 'components'?"},
    {"noise.components=", "expects an integer, not ''"},
    {"noise.components=5x", "expects an integer, not '5x'"},
    {"noise={components: 3}", "noise.lambda_max: is missing"},
    {"noise.lambda_max=[1, -2]", "must be positive and finite, got -2"},
    {"encoder.k.x=3", "not a mapping"},
    {"k=5", "k: unknown key; did you mean 'encoder.k'?"},
    {"augmentation.alpha=0.1,1", "not '0.1,1'; write [0.1, 1] for two numbers"},
    {"alpha=0.1,1", "alpha: unknown key; did you mean 'augmentation.alpha'?"},
    {"samples=10,500", "not '10,500'"},
    {"replicates=010", "replicates: expects an integer, not '010'"},
    {"seed=*nowhere", "not YAML: undefined alias"},
    {"seed={a: 1, a: 2}", "not YAML: the key 'a' is given twice"},
    {"augmentation.theta={signal: [0, 1], noise: [0, 1]}", "augmentation: give one of"},
    {"study=threshold", "x.yaml:5: augmentation.alpha: is what 'study: threshold' looks for"},
    {"samples.from=10", "not a mapping"},
    {"samples=[30, 20]", "sizes must grow"},
    {"encoder.k=0", "encoder.k: must be at least 1"},
    {"parallel.shards=0", "parallel.shards: must be from 1"},
    {"source.teacher={type: liner}", "one of linear, classes, not 'liner'"},
    {"seed={", "not YAML"},
    {"seed=}", "not YAML"},
    {"a..b=1", "--set a..b=1"},
};

START_TEST(bad_overrides_are_named) {
  tv_experiment *e;
  char name[64];
  const char *const overrides[] = {"seed=3", refused_overrides[_i][0], NULL};
  snprintf(name, sizeof name, "--set %.*s", (int)strcspn(overrides[1], "="), overrides[1]);
  tv_error *error = tv_experiment_parse("x.yaml", plain, overrides, &tv_kinds_all, &e);
  expect_error(error, TV_EXIT_USAGE, name, refused_overrides[_i][1]);
  ck_assert_ptr_null(e);
}
END_TEST

START_TEST(the_last_override_of_a_key_counts) {
  const char *const overrides[] = {"noise={components: 9, lambda_max: 5}", "noise.components=4",
                                   "noise.components=6", NULL};
  tv_experiment *e = parse(plain, overrides);
  ck_assert_int_eq(e->noise.components, 6);
  ck_assert_double_eq(e->noise.lambda_max[0], 5);
  tv_experiment_destroy(&e);
}
END_TEST

START_TEST(a_fault_of_the_file_is_told_with_its_own_line) {
  tv_experiment *e;
  const char *const overrides[] = {"name=longer", "noise.components=4", NULL};
  char *text = edited("", "features: 3\n");
  expect_error(tv_experiment_parse("x.yaml", text, overrides, &tv_kinds_all, &e), TV_EXIT_USAGE,
               "x.yaml:8: features:", "expects a mapping");
  free(text);
}
END_TEST

/* The file has the fault with and without the override, which is within the same mapping. */
START_TEST(an_innocent_override_is_not_blamed) {
  tv_experiment *e;
  const char *const overrides[] = {"augmentation.alpha=4", NULL};
  char *text = edited("0.5", "0.5, theta: {signal: [0, 1], noise: [0, 1]}");
  expect_error(tv_experiment_parse("x.yaml", text, overrides, &tv_kinds_all, &e), TV_EXIT_USAGE,
               "x.yaml:5: augmentation:", "give one of");
  free(text);
}
END_TEST

START_TEST(methods_have_short_names) {
  static const char *const lists[] = {"methods=[RC, JE, SL]", "methods=[rc, Je, sl]",
                                      "methods=[Reconstruction, joint-embedding, SUPERVISED]"};
  static const tv_kind *const methods[] = {&tv_reconstruction.kind, &tv_joint_embedding.kind,
                                           &tv_supervised.kind};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; ++i) {
    const char *const overrides[] = {lists[i], NULL};
    tv_experiment *e = parse(plain, overrides);
    ck_assert_uint_eq(e->methods_count, 3);
    for (int m = 0; m < 3; ++m) ck_assert_ptr_eq(e->methods[m], methods[m]);
    tv_experiment_destroy(&e);
  }
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

/* A list or a scalar that several keys share is that of each of them. */
START_TEST(an_override_changes_one_of_the_aliases) {
  const char *const overrides[] = {"augmentation.alpha=[7]", NULL};
  char *text = edited("[1, 10]}\naugmentation: {theta_max: 0.5, alpha: [0, 1]}",
                      "&a [1, 10]}\naugmentation: {theta_max: 0.5, alpha: *a}");
  tv_experiment *e = parse(text, overrides);
  ck_assert_uint_eq(e->augmentation.alpha_count, 1);
  ck_assert_double_eq(e->augmentation.alpha[0], 7);
  ck_assert_uint_eq(e->noise.lambda_max_count, 2);
  ck_assert_double_eq(e->noise.lambda_max[1], 10);
  tv_experiment_destroy(&e);
  free(text);
  text = edited("[1, 10]}\naugmentation: {theta_max: 0.5, alpha: [0, 1]}",
                "&a 3}\naugmentation: {theta_max: 0.5, alpha: *a}");
  e = parse(text, no_overrides);
  ck_assert_double_eq(e->noise.lambda_max[0], 3);
  ck_assert_double_eq(e->augmentation.alpha[0], 3);
  tv_experiment_destroy(&e);
  free(text);
}
END_TEST

START_TEST(merge_keys_are_applied) {
  char *text = edited("[1, 10]}\naugmentation: {theta_max: 0.5, alpha: [0, 1]}",
                      "&r {from: 1, to: 100, count: 3}}\n"
                      "augmentation: {theta_max: 0.5, alpha: {<<: *r, to: 4}}");
  const char *const overrides[] = {"augmentation.alpha.from=0.25", NULL};
  static const double lambda_max[] = {1, 10, 100}, alpha[] = {0.25, 1, 4};
  tv_experiment *e = parse(text, overrides);
  for (int i = 0; i < 3; ++i) {
    ck_assert_double_eq(e->noise.lambda_max[i], lambda_max[i]);
    ck_assert_double_eq(e->augmentation.alpha[i], alpha[i]);
  }
  tv_experiment_destroy(&e);
  free(text);
}
END_TEST

START_TEST(aliases_stand_for_their_values) {
  char *text = edited("[1, 10]}\naugmentation: {theta_max: 0.5, alpha: [0, 1]}",
                      "&a [1, 10]}\naugmentation: {theta_max: 0.5, alpha: *a}");
  tv_experiment *e = parse(text, no_overrides);
  ck_assert_uint_eq(e->augmentation.alpha_count, 2);
  ck_assert_double_eq(e->augmentation.alpha[1], 10);
  tv_experiment_destroy(&e);
  free(text);
}
END_TEST

static char *repeated(const char *piece, int times, const char *end) {
  char *text = calloc(strlen(piece) * (size_t)times + strlen(end) + 1, 1), *at = text;
  ck_assert_ptr_nonnull(text);
  for (int i = 0; i < times; ++i) at += sprintf(at, "%s", piece);
  strcpy(at, end);
  return text;
}

static const struct {
  const char *piece;
  int times;
  const char *end;
} deep[] = {{"[", 2000, ""},       {"{a: ", 2000, ""},   {"- ", 2000, "x"},
            {"noise: {", 500, ""}, {"a.", 2000, "b: 1"}, {"x", 100000, ": 1\n"},
            {"? ", 2000, "x"},     {"&a ", 500, "x"},    {"[*a,", 500, ""}};

/* What took seconds to hours when each value was looked for anew. */
static const struct {
  const char *piece;
  int times;
  const char *end, *where, *reason;
} large[] = {
    {"unknown%d: 1\n", 40000, "", "x.yaml:1: unknown0:", "unknown key"},
    {"- &anchor%d 1\n", 20000, "", "x.yaml:1:", "no YAML mapping"},
    {"? &anchor%d a\n: b%d\n", 20000, "", "x.yaml:3: not YAML:", "'a' is given twice"},
    {"{k%d: ", 20000, "", "x.yaml:1: not YAML:", "more than 64 deep"},
};

START_TEST(what_is_long_is_refused_at_once) {
  tv_experiment *e;
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  for (int i = 0; i < large[_i].times; ++i) fprintf(out, large[_i].piece, i, i);
  fclose(out);
  expect_error(tv_experiment_parse("x.yaml", text, no_overrides, &tv_kinds_all, &e), TV_EXIT_USAGE,
               large[_i].where, large[_i].reason);
  free(text);
}
END_TEST

START_TEST(lists_are_as_long_as_ranges_at_most) {
  static const char *const keys[] = {"noise.lambda_max",
                                     "noise.eigenvalues",
                                     "augmentation.alpha",
                                     "augmentation.theta_eigenvalues",
                                     "samples",
                                     "source.spectrum"};
  char *one_too_many = repeated("1,", 10000, "1]");
  for (size_t i = 0; i < sizeof keys / sizeof *keys; ++i) {
    char *override = malloc(strlen(one_too_many) + 64);
    ck_assert_ptr_nonnull(override);
    sprintf(override, "%s=[%s", keys[i], one_too_many);
    const char *const overrides[] = {override, NULL};
    tv_experiment *e;
    expect_error(tv_experiment_parse("x.yaml", plain, overrides, &tv_kinds_all, &e), TV_EXIT_USAGE,
                 "--set", keys[i]);
    free(override);
  }
  char *text = edited("[0, 1]", "[0,"), *many = repeated("1,", 500000, "1]");
  char *longer = malloc(strlen(text) + strlen(many) + 1);
  ck_assert_ptr_nonnull(longer);
  char *at = strstr(text, "[0,") + 3;
  sprintf(longer, "%.*s%s%s", (int)(at - text), text, many, at);
  tv_experiment *e;
  expect_error(tv_experiment_parse("x.yaml", longer, no_overrides, &tv_kinds_all, &e),
               TV_EXIT_USAGE,
               "x.yaml:5: augmentation.alpha:", "from 1 to 10000 entries, got 500002");
  free(longer);
  free(text);
  free(many);
  free(one_too_many);
}
END_TEST

START_TEST(deep_or_long_texts_are_refused) {
  tv_experiment *e;
  char *text = repeated(deep[_i].piece, deep[_i].times, deep[_i].end);
  expect_error(tv_experiment_parse("x.yaml", text, no_overrides, &tv_kinds_all, &e), TV_EXIT_USAGE,
               "x.yaml", "");
  free(text);
}
END_TEST

/* Any text that is cut short or has a byte changed is taken or refused, but not more. */
START_TEST(damaged_texts_do_no_harm) {
  static const char bytes[] = {'\0', '\t', '\n', '"', '{', ':', '&', '*', '-', '\x80', '\xff'};
  char text[sizeof plain];
  for (size_t i = 0; i < sizeof plain; ++i) {
    tv_experiment *e;
    memcpy(text, plain, sizeof plain);
    text[i] = bytes[i % sizeof bytes];
    text[sizeof plain - 1] = '\0';
    tv_error *error = tv_experiment_parse("x.yaml", text, no_overrides, &tv_kinds_all, &e);
    ck_assert_int_eq(!error, e != NULL);
    if (error) ck_assert_int_eq(error->exit_code, TV_EXIT_USAGE);
    tv_error_free(error);
    if (e) tv_experiment_destroy(&e);
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
               "x.yaml:7: encoder.k:", "no threshold to look for; take at most 2");
  tv_experiment_destroy(&e);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

int main(void) {
  TCase *cases = tcase_create("experiment");
  tcase_add_test(cases, defaults_are_as_documented);
  tcase_add_test(cases, given_values_are_taken);
  tcase_add_test(cases, a_phase_study_keeps_numbers_alone);
  tcase_add_test(cases, even_steps_are_told);
  tcase_add_test(cases, a_threshold_study_needs_no_alignment);
  tcase_add_loop_test(cases, what_a_threshold_study_lacks_is_refused, 0, COUNT(refused_thresholds));
  tcase_add_test(cases, a_mixture_is_taken);
  tcase_add_test(cases, a_range_of_numbers_is_a_list);
  tcase_add_test(cases, intervals_of_eigenvalues_are_taken);
  tcase_add_test(cases, a_law_sampler_is_taken);
  tcase_add_test(cases, a_range_of_sizes_grows_without_repeats);
  tcase_add_loop_test(cases, printing_is_a_fixed_point, 0, COUNT(printed));
  tcase_add_loop_test(cases, bad_values_are_refused, 0, COUNT(refused));
  tcase_add_loop_test(cases, bad_mixtures_are_refused, 0, COUNT(refused_mixtures));
  tcase_add_loop_test(cases, what_has_no_law_is_refused, 0, COUNT(refused_in_law));
  tcase_add_loop_test(cases, bad_overrides_are_named, 0, COUNT(refused_overrides));
  tcase_add_test(cases, the_last_override_of_a_key_counts);
  tcase_add_test(cases, a_fault_of_the_file_is_told_with_its_own_line);
  tcase_add_test(cases, an_innocent_override_is_not_blamed);
  tcase_add_test(cases, methods_have_short_names);
  tcase_add_test(cases, booleans_are_spelled_as_in_yaml);
  tcase_add_test(cases, an_override_changes_one_of_the_aliases);
  tcase_add_test(cases, merge_keys_are_applied);
  tcase_add_test(cases, lists_are_as_long_as_ranges_at_most);
  tcase_add_loop_test(cases, what_is_long_is_refused_at_once, 0, COUNT(large));
  tcase_add_test(cases, aliases_stand_for_their_values);
  tcase_add_loop_test(cases, deep_or_long_texts_are_refused, 0, COUNT(deep));
  tcase_add_test(cases, damaged_texts_do_no_harm);
  tcase_add_test(cases, data_too_small_for_the_experiment_are_refused);
  return unit_run("experiment", cases);
}
