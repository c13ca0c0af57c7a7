#include "twoview/experiment/experiment.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys.h"
#include "twoview/base/statistics.h"
#include "twoview/experiment/check.h"
#include "twoview/random/random.h"

/* ---- Checks that need no data ---- */

/* The law sampler draws moments without samples, and only in the replicated layout. */
static tv_error *check_sampler(const tv_experiment *e) {
  const int is_law = e->noise.sampler == TV_SAMPLER_LAW;
  TV_REQUIRE(e, "source.as", e->source.role == TV_AS_SAMPLE || is_law,
             "a data set stands for a population only with 'noise: {sampler: law}'");
  if (!is_law) return NULL;
  TV_REQUIRE(e, "test", !tv_experiment_gives(e, "test"),
             "there are no rows to hold out with 'noise: {sampler: law}'; take 'rows'");
  TV_REQUIRE(
      e, "archive.samples", !e->archive.samples,
      "there are no samples to archive with 'noise: {sampler: law}'; take 'rows' or leave them");
  TV_REQUIRE(e, "archive.representations", e->archive.representations == TV_KEEP_NONE,
             "there are no samples to represent with 'noise: {sampler: law}'; take 'none'");
  TV_REQUIRE(e, "parallel.layout", e->parallel.layout != TV_LAYOUT_DISTRIBUTED,
             "moments of 'noise: {sampler: law}' are whole on every rank; take 'replicated'");
  return NULL;
}

static tv_error *check_replicates(const tv_experiment *e) {
  TV_REQUIRE(e, "first_replicate",
             e->first_replicate >= 0 && e->first_replicate <= TV_MAX_REPLICATES - e->replicates,
             "must be from 0 to %d for %d replicate%s, got %d", TV_MAX_REPLICATES - e->replicates,
             e->replicates, e->replicates == 1 ? "" : "s", e->first_replicate);
  return NULL;
}

/* ---- Sample sizes ---- */

static tv_error *take_sizes(tv_experiment *e) {
  const double most = e->noise.sampler == TV_SAMPLER_LAW ? MOST_SAMPLES_IN_LAW : MOST_ROWS;
  TV_TRY(tv_allocate(e->size_list_count, sizeof(*e->sizes), &e->sizes));
  for (unsigned i = 0; i < e->size_list_count; ++i) {
    const double n = e->size_list[i];
    TV_REQUIRE(e, "samples", n >= 1 && n == floor(n) && n <= most,
               "sizes must be whole numbers from 1 to %g, got %s", most, TV_EXACT(n));
    TV_REQUIRE(e, "samples", i == 0 || n > e->size_list[i - 1], "sizes must grow: %s follows %s",
               TV_EXACT(n), TV_EXACT(e->size_list[i - 1]));
    e->sizes[e->sizes_count++] = (int64_t)n;
  }
  return NULL;
}

/* ---- Encoders ---- */

static tv_error *take_encoders(tv_experiment *e) {
  tv_encoder_spec *encoder = &e->encoder;
  TV_TRY(tv_allocate(encoder->list_count, sizeof(*encoder->sizes), &encoder->sizes));
  for (unsigned i = 0; i < encoder->list_count; ++i) {
    const double k = encoder->list[i];
    TV_REQUIRE(e, "encoder.k", i == 0 || k > encoder->list[i - 1], "sizes must grow: %s follows %s",
               TV_EXACT(k), TV_EXACT(encoder->list[i - 1]));
    encoder->sizes[encoder->sizes_count++] = encoder->k = (int)k;
  }
  return NULL;
}

/* ---- Public ---- */

/* Of a smaller sample all samples are represented where nothing is said. */
static tv_error *settle_representations(tv_experiment *e) {
  const int64_t largest = e->sizes[e->sizes_count - 1];
  int *count = &e->archive.representation_samples;
  const int is_given = tv_experiment_gives(e, "archive.representation_samples");
  if (!is_given && e->sizes[0] < *count) *count = (int)e->sizes[0];
  TV_REQUIRE(e, "archive.representation_samples", *count > 0 && *count <= largest,
             "must be from 1 to the largest sample size %lld, got %d", (long long)largest, *count);
  return NULL;
}

static tv_error *complete(tv_experiment *e) {
  TV_REQUIRE(e, "source.shape", e->source.shape_count <= 3, "must have from 1 to 3 entries, got %u",
             e->source.shape_count);
  TV_TRY(tv_experiment_settle_test(e));
  tv_experiment_settle_probe(e);
  TV_TRY(tv_keys_refuse_planned(e, "", tv_experiment_keys));
  TV_TRY(take_encoders(e));
  if (e->source.kind->fill) TV_TRY(e->source.kind->fill(e));
  if (e->study->fill) TV_TRY(e->study->fill(e));
  if (e->source.kind->check) TV_TRY(e->source.kind->check(e));
  TV_TRY(tv_experiment_check_test(e));
  TV_TRY(tv_experiment_has_views(e) ? tv_experiment_check_views(e)
                                    : tv_experiment_check_components(e));
  TV_TRY(tv_experiment_check_fourier(e));
  TV_REQUIRE(e, "features.solver", !tv_experiment_gives(e, "features.solver") || e->features.pca,
             "finds principal components; give their number, 'features: {pca: 10}', or leave it "
             "out");
  TV_TRY(check_replicates(e));
  if (e->study->check) TV_TRY(e->study->check(e));
  for (unsigned m = 0; m < e->methods_count; ++m)
    if (e->methods[m]->check) TV_TRY(e->methods[m]->check(e));
  TV_TRY(tv_keys_expect_study(e));
  TV_TRY(check_sampler(e));
  TV_TRY(take_sizes(e));
  return settle_representations(e);
}

static tv_error *read(const char *file, const char *text, const char *const *overrides,
                      tv_experiment *e) {
  e->file = strdup(file);
  e->text = strdup(text);
  if (!e->file || !e->text) return tv_fail("out of memory");
  TV_TRY(tv_yaml_read(file, NULL, text, &e->root));
  for (; overrides && *overrides; ++overrides) TV_TRY(tv_yaml_set(&e->root, *overrides));
  TV_REQUIRE(e, "", e->root.kind == TV_YAML_MAPPING, "no YAML mapping of keys to values");
  TV_TRY(tv_keys_read(e, "", &e->root, tv_experiment_keys, e));
  return tv_keys_settle(e, "", tv_experiment_keys, e, 1);
}

static tv_error *parse(const char *file, const char *text, const char *const *overrides,
                       const tv_kinds *kinds, tv_experiment **out) {
  TV_TRY(tv_allocate(1, sizeof(**out), out));
  (*out)->kinds = kinds;
  tv_error *error = read(file, text, overrides, *out);
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

/* A fault that the file has without overrides too is not due to them. One that names a line of a
 * file which is right by itself is due to them, such as a study that has no use for a key. Takes
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
  tv_experiment *e = *experiment;
  if (!e) return;
  tv_keys_free(tv_experiment_keys, e);
  tv_yaml_free(&e->root);
  free(e->sizes);
  free(e->encoder.sizes);
  free(e->file);
  free(e->text);
  free(e);
  *experiment = NULL;
}

tv_stream tv_experiment_stream(const tv_experiment *e, tv_purpose purpose, int replicate) {
  return (tv_stream){e->seed, purpose, (uint32_t)(e->first_replicate + replicate)};
}

int tv_experiment_components(const tv_experiment *e, int features) {
  if (tv_experiment_has_fourier(e)) return 2 * e->features.count;
  return e->features.pca ? e->features.pca : features;
}

int tv_experiment_row_numbers(const tv_experiment *e, int features) {
  const int are_kept = tv_experiment_has_views(e) && !tv_experiment_has_fourier(e);
  return are_kept ? features : tv_experiment_components(e, features);
}

const char *tv_experiment_fewer_features(const tv_experiment *e) {
  if (tv_experiment_has_fourier(e)) return "lower features.count";
  return e->features.pca ? "lower features.pca" : "leave such features out";
}

double tv_experiment_input_scale(const tv_experiment *e) {
  return tv_experiment_has_fourier(e) ? 1 : e->source.scale;
}

tv_error *tv_experiment_check_data(const tv_experiment *e, int64_t rows, int features) {
  const int64_t largest = e->sizes[e->sizes_count - 1];
  TV_REQUIRE(e, "features.pca", e->features.pca <= features,
             "%d principal components of %d features; take at most %d", e->features.pca, features,
             features);
  const int kept = tv_experiment_components(e, features);
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
      e, "samples", largest <= rows || e->source.role == TV_AS_POPULATION,
      "n = %lld is larger than the data set of %lld samples; take at most that, or let the data "
      "set stand for a population, 'source: {as: population}'",
      (long long)largest, (long long)rows);
  return NULL;
}
