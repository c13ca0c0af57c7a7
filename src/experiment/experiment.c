#include "twoview/experiment/experiment.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ranges.h"
#include "schema.h"
#include "twoview/experiment/check.h"
#include "twoview/random/random.h"

enum { DEFAULT_SHARDS = 64, DEFAULT_REPRESENTED = 100 };

/* ---- Where things stand ---- */

/* The override that a fault of `key` comes from: it gave the value or, of a mapping, something in
 * it, or it gave the mapping in which the key is missing. NULL: the file. */
static const char *override_of(const tv_experiment *e, const char *key) {
  const tv_yaml_node *node = tv_yaml_nearest(&e->root, key);
  if (node->override || !tv_experiment_gives(e, key)) return node->override;
  return node->touched;
}

tv_error *tv_experiment_fault(const tv_experiment *e, const char *key, const char *format, ...) {
  char message[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  const char *override = override_of(e, key);
  if (!*key) return tv_fail_usage("%s:1: %s", e->file, message);
  if (override) return tv_fail_usage("--set %s: %s: %s", override, key, message);
  const int line = tv_yaml_nearest(&e->root, key)->line;
  return tv_fail_usage("%s:%d: %s: %s", e->file, line, key, message);
}

/* ---- From text to struct ---- */

static tv_error *load(const char *file, const char *text, const char *const *overrides,
                      const tv_kinds *kinds, tv_experiment **out) {
  tv_experiment draft = {.file = (char *)file, .kinds = kinds};
  tv_error *error = tv_yaml_read(file, NULL, text, &draft.root);
  for (; !error && overrides && *overrides; ++overrides)
    error = tv_yaml_set(&draft.root, *overrides);
  if (!error) error = tv_experiment_conform(&draft);
  if (!error) error = tv_schema_load(&tv_experiment_schema, &draft.root, out);
  if (error) {
    tv_yaml_free(&draft.root);
    return error;
  }
  (*out)->root = draft.root;
  (*out)->kinds = kinds;
  return NULL;
}

/* ---- Defaults ---- */

int tv_experiment_gives(const tv_experiment *e, const char *key) {
  return tv_yaml_find(&e->root, key) != NULL;
}

static tv_error *fill_defaults(tv_experiment *e) {
  if (!e->name && !(e->name = strdup("experiment"))) return tv_fail("out of memory");
  if (!tv_experiment_gives(e, "seed")) e->seed = 1;
  if (!tv_experiment_gives(e, "replicates")) e->replicates = 1;
  if (!tv_experiment_gives(e, "parallel.shards")) e->parallel.shards = DEFAULT_SHARDS;
  if (!tv_experiment_gives(e, "parallel.layout")) e->parallel.layout = TV_LAYOUT_AUTO;
  if (!tv_experiment_gives(e, "source.as")) e->source.role = TV_AS_SAMPLE;
  if (!tv_experiment_gives(e, "noise.sampler")) e->noise.sampler = TV_SAMPLER_ROWS;
  if (!tv_experiment_gives(e, "source.power_law.scale")) e->source.power_law.scale = 1;
  if (!tv_experiment_gives(e, "source.teacher.type")) e->source.teacher.type = TV_TEACHER_LINEAR;
  if (!tv_experiment_gives(e, "source.teacher.targets")) e->source.teacher.targets = 1;
  if (!tv_experiment_gives(e, "archive.encoders")) e->archive.encoders = TV_KEEP_NONE;
  if (!tv_experiment_gives(e, "archive.representations")) e->archive.representations = TV_KEEP_NONE;
  return e->study->fill ? e->study->fill(e) : NULL;
}

/* ---- Checks that need no data ---- */

static tv_error *check_present(const tv_experiment *e) {
  static const struct {
    const char *key, *example;
  } required[] = {{"source.type", "source: {type: idx, images: ..., labels: ...}"},
                  {"noise.components", "noise: {components: 50, lambda_max: [1e3]}"},
                  {"noise.lambda_max", "noise: {components: 50, lambda_max: [1e3]}"},
                  {"samples", SIZES_EXAMPLE},
                  {"encoder.k", "encoder: {k: 50}"}};
  for (size_t i = 0; i < sizeof required / sizeof *required; ++i)
    TV_REQUIRE(e, required[i].key, tv_experiment_gives(e, required[i].key),
               "is missing; write for example\n    %s", required[i].example);
  return NULL;
}

/* Moments drawn in law belong to no samples, and come whole. */
static tv_error *check_sampler(const tv_experiment *e) {
  const int is_law = e->noise.sampler == TV_SAMPLER_LAW;
  TV_REQUIRE(e, "source.as", e->source.role == TV_AS_SAMPLE || is_law,
             "a data set stands for a population only with 'noise: {sampler: law}'");
  if (!is_law) return NULL;
  TV_REQUIRE(
      e, "noise.sampler",
      e->source.type != TV_SOURCE_GAUSSIAN || e->source.teacher.type == TV_TEACHER_LINEAR,
      "moments with the classes of 'teacher: {type: classes}', the nearest means, have no law "
      "in closed form; take 'rows', 'teacher: {type: linear}' or 'source: {type: mixture}'");
  TV_REQUIRE(
      e, "archive.samples", !e->archive.samples,
      "there are no samples to archive with 'noise: {sampler: law}'; take 'rows' or leave them");
  TV_REQUIRE(e, "archive.representations", e->archive.representations == TV_KEEP_NONE,
             "there are no samples to represent with 'noise: {sampler: law}'; take 'none'");
  TV_REQUIRE(e, "parallel.layout", e->parallel.layout != TV_LAYOUT_DISTRIBUTED,
             "moments of 'noise: {sampler: law}' are whole on every rank; take 'replicated'");
  return NULL;
}

static tv_error *check_rest(const tv_experiment *e) {
  TV_REQUIRE(e, "replicates", e->replicates > 0 && e->replicates < TV_MAX_REPLICATES,
             "must be from 1 to %d, got %d", TV_MAX_REPLICATES - 1, e->replicates);
  TV_REQUIRE(e, "first_replicate",
             e->first_replicate >= 0 && e->first_replicate <= TV_MAX_REPLICATES - e->replicates,
             "must be from 0 to %d for %d replicate%s, got %d", TV_MAX_REPLICATES - e->replicates,
             e->replicates, e->replicates == 1 ? "" : "s", e->first_replicate);
  TV_REQUIRE(e, "features.pca", !tv_experiment_gives(e, "features.pca") || e->features.pca > 0,
             "must be at least 1, got %d", e->features.pca);
  TV_REQUIRE(e, "encoder.k", e->encoder.k > 0, "must be at least 1, got %d", e->encoder.k);
  TV_REQUIRE(e, "parallel.shards", e->parallel.shards > 0 && e->parallel.shards <= 1 << 20,
             "must be from 1 to %d, got %d", 1 << 20, e->parallel.shards);
  TV_REQUIRE(e, "parallel.ranks_per_point",
             !tv_experiment_gives(e, "parallel.ranks_per_point") || e->parallel.ranks_per_point > 0,
             "must be at least 1, got %d", e->parallel.ranks_per_point);
  for (unsigned m = 0; m < e->methods_count; ++m)
    for (unsigned other = 0; other < m; ++other)
      TV_REQUIRE(e, "methods", e->methods[m] != e->methods[other], "'%s' is listed twice",
                 e->methods[m]->name);
  return NULL;
}

/* A section of another study is of no use to this one. */
static tv_error *check_study(const tv_experiment *e) {
  if (e->study->check) TV_TRY(e->study->check(e));
  for (const tv_kind *const *study = e->kinds->studies; *study; ++study) {
    const char *section = (*study)->section;
    TV_REQUIRE(e, section ? section : "",
               !section || *study == e->study || !tv_experiment_gives(e, section),
               "means nothing without 'study: %s'; add that or leave it out", (*study)->name);
  }
  return NULL;
}

/* ---- Sample sizes ---- */

static tv_error *take_sizes(tv_experiment *e) {
  const double most = e->noise.sampler == TV_SAMPLER_LAW ? MOST_SAMPLES_IN_LAW : MOST_ROWS;
  TV_TRY(tv_allocate(e->size_list_count, sizeof(*e->sizes), &e->sizes));
  for (unsigned i = 0; i < e->size_list_count; ++i) {
    const double n = e->size_list[i];
    TV_REQUIRE(e, "samples", n >= 1 && n == floor(n) && n <= most,
               "sizes must be whole numbers from 1 to %g, got %g", most, n);
    TV_REQUIRE(e, "samples", i == 0 || n > e->size_list[i - 1], "sizes must grow: %g follows %g", n,
               e->size_list[i - 1]);
    e->sizes[e->sizes_count++] = (int64_t)n;
  }
  return NULL;
}

/* ---- Public ---- */

static tv_error *complete(tv_experiment *e) {
  TV_TRY(check_present(e));
  TV_TRY(fill_defaults(e));
  TV_TRY(tv_experiment_check_source(e));
  TV_TRY(tv_experiment_check_grid(e));
  TV_TRY(check_rest(e));
  TV_TRY(check_study(e));
  TV_TRY(check_sampler(e));
  TV_TRY(take_sizes(e));
  if (!tv_experiment_gives(e, "archive.representation_samples"))
    e->archive.representation_samples =
        e->sizes[0] < DEFAULT_REPRESENTED ? (int)e->sizes[0] : DEFAULT_REPRESENTED;
  const int64_t largest = e->sizes[e->sizes_count - 1];
  TV_REQUIRE(e, "archive.representation_samples",
             e->archive.representation_samples > 0 && e->archive.representation_samples <= largest,
             "must be from 1 to the largest sample size %lld, got %d", (long long)largest,
             e->archive.representation_samples);
  return NULL;
}

static tv_error *parse(const char *file, const char *text, const char *const *overrides,
                       const tv_kinds *kinds, tv_experiment **out) {
  TV_TRY(load(file, text, overrides, kinds, out));
  (*out)->file = strdup(file);
  (*out)->text = strdup(text);
  tv_error *error = (*out)->file && (*out)->text ? tv_kinds_load(*out) : tv_fail("out of memory");
  if (!error) error = complete(*out);
  if (error) tv_experiment_destroy(out);
  return error;
}

static int ends_with(const char *text, const char *end) {
  const size_t length = strlen(text), end_length = strlen(end);
  return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* `--set A, --set B: message`. Takes the error over. */
static tv_error *name_overrides(tv_error *error, const char *const *overrides) {
  char *names = NULL;
  size_t size;
  FILE *out = open_memstream(&names, &size);
  if (!out) return error;
  for (int i = 0; overrides[i]; ++i) fprintf(out, "%s--set %s", i ? ", " : "", overrides[i]);
  if (fclose(out) != 0) {
    free(names);
    return error;
  }
  error = tv_error_prefix(error, "%s: ", names);
  free(names);
  return error;
}

/* A fault that the file has without overrides too is not theirs; one that names a line of a file
 * that has no fault alone is theirs all the same, such as a study that has no use for a key. Takes
 * the error over. */
static tv_error *attribute(tv_error *error, const char *file, const char *text,
                           const char *const *overrides, const tv_kinds *kinds) {
  tv_experiment *alone = NULL;
  if (error->exit_code != TV_EXIT_USAGE) return error;
  tv_error *own = parse(file, text, NULL, kinds, &alone);
  tv_experiment_destroy(&alone);
  if (!own && strncmp(error->message, "--set ", 6) != 0) return name_overrides(error, overrides);
  if (!own) return error;
  const char *complaint = own->message + strlen(file) + 1; /* FILE:LINE: COMPLAINT */
  const int is_same = ends_with(error->message, complaint + strcspn(complaint, " "));
  tv_error_free(is_same ? error : own);
  return is_same ? own : error;
}

tv_error *tv_experiment_parse(const char *file, const char *text, const char *const *overrides,
                              const tv_kinds *kinds, tv_experiment **out) {
  *out = NULL;
  tv_error *error = parse(file, text, overrides, kinds, out);
  return error && overrides && *overrides ? attribute(error, file, text, overrides, kinds) : error;
}

void tv_experiment_destroy(tv_experiment **experiment) {
  if (!*experiment) return;
  free((*experiment)->sizes);
  free((*experiment)->methods);
  free((*experiment)->file);
  free((*experiment)->text);
  tv_yaml_free(&(*experiment)->root);
  (*experiment)->sizes = NULL;
  tv_schema_free(&tv_experiment_schema, *experiment);
  *experiment = NULL;
}

int tv_experiment_alignments(const tv_experiment *e) {
  return e->augmentation.alpha ? (int)e->augmentation.alpha_count : 1;
}

int64_t tv_experiment_points(const tv_experiment *e) {
  return (int64_t)e->replicates * e->noise.lambda_max_count * tv_experiment_alignments(e) *
         e->sizes_count;
}

tv_stream tv_experiment_stream(const tv_experiment *e, tv_purpose purpose, int replicate) {
  return (tv_stream){e->seed, purpose, (uint32_t)(e->first_replicate + replicate)};
}

tv_error *tv_experiment_check_data(const tv_experiment *e, int64_t rows, int features) {
  const int64_t largest = e->sizes[e->sizes_count - 1];
  TV_REQUIRE(e, "features.pca", e->features.pca <= features,
             "%d principal components of %d features; take at most %d", e->features.pca, features,
             features);
  const int kept = e->features.pca ? e->features.pca : features;
  TV_REQUIRE(e, "encoder.k", e->encoder.k <= kept + e->noise.components,
             "k = %d rows for d = %d inputs (%d features and %d noise components); take at most %d",
             e->encoder.k, kept + e->noise.components, kept, e->noise.components,
             kept + e->noise.components);
  if (e->study->check_data) TV_TRY(e->study->check_data(e, kept));
  TV_REQUIRE(
      e, "augmentation.theta_eigenvalues",
      !e->augmentation.theta_eigenvalues ||
          e->augmentation.theta_eigenvalues_count == (unsigned)(kept + e->noise.components),
      "%u eigenvalues for d = %d inputs (%d features, then %d noise components); give as many",
      e->augmentation.theta_eigenvalues_count, kept + e->noise.components, kept,
      e->noise.components);
  TV_REQUIRE(
      e, "samples", rows < 0 || largest <= rows || e->source.role == TV_AS_POPULATION,
      "n = %lld is larger than the data set of %lld samples; take at most that, or let the data "
      "set stand for a population, 'source: {as: population}'",
      (long long)largest, (long long)rows);
  return NULL;
}
