#include "twoview/experiment/experiment.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "schema.h"
#include "twoview/base/text.h"
#include "twoview/experiment/yaml.h"
#include "twoview/random/random.h"

enum { MOST_CHOICES = 32, DEFAULT_SHARDS = 64, DEFAULT_REPRESENTED = 100 };
static const double default_tolerance = 1e-4, least_tolerance = 1e-12, largest_tolerance = 0.1;

static const char sizes_example[] = "samples: {from: 100, to: 51200, factor: 2}";
enum { MOST_SIZES = 10000, MOST_STEPS = 100 * MOST_SIZES };

/* Moments of so many samples are known to their spread; far fewer can be drawn one by one. */
static const double most_samples_in_law = 1e15, most_rows = 1e12;

const char *tv_method_name(tv_method_id method) {
  static const char *const names[TV_METHODS] = {"supervised", "reconstruction", "joint-embedding"};
  return names[method];
}

const char *tv_study_type_name(tv_study_type type) {
  static const char *const names[] = {
      [TV_STUDY_GRID] = "grid", [TV_STUDY_THRESHOLD] = "threshold", [TV_STUDY_PHASE] = "phase"};
  return names[type];
}

/* ---- Where things stand ---- */

/* The override that sets `key` or something above or below it, or NULL. */
static const char *override_of(const tv_experiment *e, const char *key) {
  for (const char *const *o = e->overrides; o && *o; ++o) {
    const size_t length = strcspn(*o, "=");
    const size_t shared = length < strlen(key) ? length : strlen(key);
    const char next = length < strlen(key) ? key[length] : (*o)[shared];
    if (strncmp(*o, key, shared) == 0 && (next == '\0' || next == '.' || next == '=')) return *o;
  }
  return NULL;
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
  const int line = tv_yaml_find(e->text, key).line;
  return tv_fail_usage("%s:%d: %s: %s", e->file, line, key, message);
}

/* ---- What libcyaml refuses ---- */

typedef struct {
  char path[256];                        /* dotted path of the mapping that holds the key */
  const char *choices[MOST_CHOICES + 1]; /* the keys that it may hold */
} key_site;

static void list_keys(const cyaml_schema_field_t *fields, const char **choices) {
  int count = 0;
  for (; fields->key && count < MOST_CHOICES; ++fields) choices[count++] = fields->key;
  choices[count] = NULL;
}

/* Find the mapping of the text in which the unknown `key` stands. */
static int find_unknown(const char *text, const char *prefix, const cyaml_schema_field_t *fields,
                        const char *key, key_site *site) {
  char path[256];
  int is_known = 0;
  for (const cyaml_schema_field_t *field = fields; field->key; ++field) {
    is_known |= strcmp(field->key, key) == 0;
    if (field->value.type != CYAML_MAPPING) continue;
    snprintf(path, sizeof path, "%s%s%s", prefix, *prefix ? "." : "", field->key);
    if (find_unknown(text, path, field->value.mapping.fields, key, site)) return 1;
  }
  snprintf(path, sizeof path, "%s%s%s", prefix, *prefix ? "." : "", key);
  if (is_known || tv_yaml_find(text, path).kind == TV_YAML_ABSENT) return 0;
  snprintf(site->path, sizeof site->path, "%s", path);
  list_keys(fields, site->choices);
  return 1;
}

static const cyaml_schema_field_t *field_at(const cyaml_schema_field_t *fields, const char *path) {
  for (;;) {
    const size_t length = strcspn(path, ".");
    while (fields->key && (strncmp(fields->key, path, length) != 0 || fields->key[length]))
      ++fields;
    if (!fields->key || !path[length]) return fields->key ? fields : NULL;
    if (fields->value.type != CYAML_MAPPING) return NULL;
    fields = fields->value.mapping.fields;
    path += length + 1;
  }
}

/* What a value has to be, in a reader's words. */
static void describe_type(const cyaml_schema_value_t *value, char *out, size_t size) {
  const char *const words[] = {[CYAML_INT] = "an integer",
                               [CYAML_UINT] = "an integer that is not negative",
                               [CYAML_FLOAT] = "a number",
                               [CYAML_STRING] = "a text",
                               [CYAML_MAPPING] = "a mapping",
                               [CYAML_SEQUENCE] = "a list of numbers",
                               [CYAML_SEQUENCE_FIXED] = "a list of two numbers, [low, high]"};
  if (value->type == CYAML_SEQUENCE && value->sequence.entry->type == CYAML_ENUM)
    value = value->sequence.entry;
  if (value->type != CYAML_ENUM) {
    snprintf(out, size, "%s", words[value->type]);
    return;
  }
  int length = snprintf(out, size, "one of");
  for (uint32_t i = 0; i < value->enumeration.count; ++i)
    length += snprintf(out + length, size - (size_t)length, "%s %s", i ? "," : "",
                       value->enumeration.strings[i].str);
}

static int is_wholly_integer(const char *text) {
  char *end;
  strtoll(text, &end, 0);
  return !*end;
}

static int is_wholly_natural(const char *text) {
  char *end;
  strtoull(text, &end, 0);
  return !*end && !strchr(text, '-');
}

static int is_wholly_number(const char *text) {
  char *end;
  strtod(text, &end);
  return !*end;
}

/* libcyaml reads a number only as far as it is one: the integer 1e3 as 1, the number 5x as 5, and
 * takes -1 for a large natural number. Refuse what it misread. */
static tv_error *check_numbers(const tv_experiment *e, const char *prefix,
                               const cyaml_schema_field_t *fields) {
  char path[256], wanted[256], *rejected;
  for (const cyaml_schema_field_t *field = fields; field->key; ++field) {
    snprintf(path, sizeof path, "%s%s%s", prefix, *prefix ? "." : "", field->key);
    const cyaml_schema_value_t *value = &field->value;
    if (value->type == CYAML_MAPPING) TV_TRY(check_numbers(e, path, value->mapping.fields));
    if (value->type == CYAML_SEQUENCE || value->type == CYAML_SEQUENCE_FIXED)
      value = value->sequence.entry;
    if (value->type != CYAML_INT && value->type != CYAML_UINT && value->type != CYAML_FLOAT)
      continue;
    TV_TRY(tv_yaml_reject(e->text, path,
                          value->type == CYAML_INT    ? is_wholly_integer
                          : value->type == CYAML_UINT ? is_wholly_natural
                                                      : is_wholly_number,
                          &rejected));
    if (!rejected) continue;
    describe_type(&field->value, wanted, sizeof wanted);
    tv_error *error = tv_experiment_fault(e, path, "expects %s, not '%s'", wanted, rejected);
    free(rejected);
    return error;
  }
  return NULL;
}

/* A quoted integer that libcyaml does not take is too large for the key. */
static int is_beyond(const cyaml_schema_value_t *type, const char *quoted) {
  const char *digits = quoted + strspn(quoted, " '+-");
  const size_t count = strspn(digits, "0123456789");
  return (type->type == CYAML_INT || type->type == CYAML_UINT) && count > 0 &&
         strcmp(digits + count, "'") == 0;
}

static tv_error *explain(const tv_experiment *draft, const cyaml_schema_field_t *fields,
                         const char *complaint, const char *key) {
  char unknown[128], wanted[256];
  key_site site;
  if (sscanf(complaint, "Unexpected key: %127[^\n]", unknown) == 1 &&
      find_unknown(draft->text, "", fields, unknown, &site))
    return tv_experiment_fault(draft, site.path, "unknown key; did you mean '%s'?",
                               tv_suggest(unknown, site.choices));
  const cyaml_schema_field_t *field = field_at(fields, key);
  const char *value = strchr(complaint, ':');
  if (field && value && strncmp(complaint, "libyaml", 7) != 0) {
    describe_type(&field->value, wanted, sizeof wanted);
    if (is_beyond(&field->value, value + 1))
      return tv_experiment_fault(draft, key, "expects %s, and%s is out of range", wanted,
                                 value + 1);
    return tv_experiment_fault(draft, key, "expects %s, not%s", wanted,
                               strncmp(complaint, "Invalid", 7) == 0 ? value + 1
                                                                     : " what stands here");
  }
  return tv_experiment_fault(draft, key, "%s", complaint);
}

/* ---- From text to struct ---- */

static tv_error *load(const tv_experiment *draft, const char *text, tv_experiment **out) {
  char *complaint = NULL, *key = NULL;
  tv_schema schema;
  tv_schema_make(text, &schema);
  tv_error *error = tv_schema_load(&schema, text, out, &complaint, &key);
  tv_experiment judged = *draft;
  judged.text = (char *)text;
  if (!error && complaint) error = explain(&judged, schema.top, complaint, key);
  if (!error) error = check_numbers(&judged, "", schema.top);
  if (error) tv_experiment_destroy(out);
  free(complaint);
  free(key);
  return error;
}

/* Faults of the form are told first: whatever else is said of such a text would mislead. */
static tv_error *check_yaml(const tv_experiment *draft, const char *text, const char *override) {
  char reason[TV_YAML_REASON];
  const int line = tv_yaml_problem(text, reason);
  if (!line) return NULL;
  if (override) return tv_fail_usage("--set %s: not YAML: %s", override, reason);
  return tv_fail_usage("%s:%d: not YAML: %s", draft->file, line, reason);
}

static tv_error *apply_overrides(const tv_experiment *draft, char **text) {
  for (const char *const *o = draft->overrides; o && *o; ++o) {
    const char *equals = strchr(*o, '=');
    if (!equals || equals == *o)
      return tv_fail_usage("--set %s: expects KEY=VALUE, as in --set noise.components=20", *o);
    char *key = strndup(*o, (size_t)(equals - *o));
    if (!key) return tv_fail("out of memory");
    tv_error *error = tv_yaml_set(text, key, equals + 1);
    free(key);
    TV_TRY(error);
    TV_TRY(check_yaml(draft, *text, *o));
  }
  return NULL;
}

/* Where a list is wanted, one value stands for a list of one. */
static tv_error *expand_short_forms(char **text) {
  static const char *const lists[] = {"noise.lambda_max",
                                      "noise.eigenvalues",
                                      "augmentation.alpha",
                                      "augmentation.theta_eigenvalues",
                                      "samples",
                                      "methods",
                                      "source.spectrum"};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; ++i) TV_TRY(tv_yaml_listify(text, lists[i]));
  return NULL;
}

static tv_error *edit_and_load(const tv_experiment *draft, tv_experiment **out) {
  char *edited = strdup(draft->text);
  if (!edited) return tv_fail("out of memory");
  tv_error *error = check_yaml(draft, edited, NULL);
  if (!error) error = apply_overrides(draft, &edited);
  if (!error) error = expand_short_forms(&edited);
  if (!error) error = load(draft, edited, out);
  if (error)
    free(edited);
  else
    (*out)->edited = edited;
  return error;
}

/* With overrides, a fault of the file itself is told by the file's own lines. */
static tv_error *load_with_overrides(const tv_experiment *draft, tv_experiment **out) {
  tv_error *error = edit_and_load(draft, out);
  if (!error || !draft->overrides || !*draft->overrides) return error;
  const tv_experiment plain = {.file = draft->file, .text = draft->text};
  tv_error *own_fault = edit_and_load(&plain, out);
  if (!own_fault) {
    tv_experiment_destroy(out);
    return error;
  }
  tv_error_free(error);
  return own_fault;
}

/* ---- Defaults ---- */

int tv_experiment_gives(const tv_experiment *e, const char *key) {
  return tv_yaml_find(e->edited, key).kind != TV_YAML_ABSENT;
}

static int seeks_threshold(const tv_experiment *e) {
  return e->study == TV_STUDY_THRESHOLD;
}

/* Supervised learning has no threshold. */
static tv_error *fill_methods(tv_experiment *e) {
  if (e->methods) return NULL;
  TV_TRY(tv_allocate(TV_METHODS, sizeof(*e->methods), &e->methods));
  for (int m = seeks_threshold(e) ? TV_RECONSTRUCTION : 0; m < TV_METHODS; ++m)
    e->methods[e->methods_count++] = (tv_method_id)m;
  return NULL;
}

static void fill_archive(tv_experiment *e) {
  const int is_law = e->noise.sampler == TV_SAMPLER_LAW, is_grid = e->study == TV_STUDY_GRID;
  if (!tv_experiment_gives(e, "archive.encoders"))
    e->archive.encoders = is_grid ? TV_KEEP_LAST : TV_KEEP_NONE;
  if (!tv_experiment_gives(e, "archive.representations"))
    e->archive.representations = is_law || !is_grid ? TV_KEEP_NONE : TV_KEEP_LAST;
}

static tv_error *fill_defaults(tv_experiment *e) {
  if (!e->name && !(e->name = strdup("experiment"))) return tv_fail("out of memory");
  if (!tv_experiment_gives(e, "study")) e->study = TV_STUDY_GRID;
  if (!tv_experiment_gives(e, "seed")) e->seed = 1;
  if (!tv_experiment_gives(e, "replicates")) e->replicates = 1;
  if (!tv_experiment_gives(e, "parallel.shards")) e->parallel.shards = DEFAULT_SHARDS;
  if (!tv_experiment_gives(e, "parallel.layout")) e->parallel.layout = TV_LAYOUT_AUTO;
  if (!tv_experiment_gives(e, "threshold.tolerance")) e->threshold.tolerance = default_tolerance;
  if (!tv_experiment_gives(e, "source.as")) e->source.role = TV_AS_SAMPLE;
  if (!tv_experiment_gives(e, "noise.sampler")) e->noise.sampler = TV_SAMPLER_ROWS;
  fill_archive(e);
  if (!tv_experiment_gives(e, "source.power_law.scale")) e->source.power_law.scale = 1;
  if (!tv_experiment_gives(e, "source.teacher.type")) e->source.teacher.type = TV_TEACHER_LINEAR;
  if (!tv_experiment_gives(e, "source.teacher.targets")) e->source.teacher.targets = 1;
  return fill_methods(e);
}

/* ---- Checks that need no data ---- */

static tv_error *check_present(const tv_experiment *e) {
  static const char alignments[] = "augmentation.alpha"; /* which a threshold study looks for */
  static const struct {
    const char *key, *example;
  } required[] = {{"source.type", "source: {type: idx, images: ..., labels: ...}"},
                  {"noise.components", "noise: {components: 50, lambda_max: [1e3]}"},
                  {"noise.lambda_max", "noise: {components: 50, lambda_max: [1e3]}"},
                  {alignments, "augmentation: {theta_max: 1e4, alpha: [1]}"},
                  {"samples", sizes_example},
                  {"encoder.k", "encoder: {k: 50}"}};
  for (size_t i = 0; i < sizeof required / sizeof *required; ++i)
    REQUIRE(e, required[i].key,
            tv_experiment_gives(e, required[i].key) ||
                (seeks_threshold(e) && required[i].key == alignments),
            "is missing; write for example\n    %s", required[i].example);
  return NULL;
}

/* Moments drawn in law belong to no samples, and come whole. */
static tv_error *check_sampler(const tv_experiment *e) {
  const int is_law = e->noise.sampler == TV_SAMPLER_LAW;
  REQUIRE(e, "source.as", e->source.role == TV_AS_SAMPLE || is_law,
          "a data set stands for a population only with 'noise: {sampler: law}'");
  if (!is_law) return NULL;
  REQUIRE(e, "noise.sampler",
          e->source.type != TV_SOURCE_GAUSSIAN || e->source.teacher.type == TV_TEACHER_LINEAR,
          "moments with the classes of 'teacher: {type: classes}', the nearest means, have no law "
          "in closed form; take 'rows', 'teacher: {type: linear}' or 'source: {type: mixture}'");
  REQUIRE(
      e, "archive.samples", !e->archive.samples,
      "there are no samples to archive with 'noise: {sampler: law}'; take 'rows' or leave them");
  REQUIRE(e, "archive.representations", e->archive.representations == TV_KEEP_NONE,
          "there are no samples to represent with 'noise: {sampler: law}'; take 'none'");
  REQUIRE(e, "parallel.layout", e->parallel.layout != TV_LAYOUT_DISTRIBUTED,
          "moments of 'noise: {sampler: law}' are whole on every rank; take 'replicated'");
  return NULL;
}

static tv_error *check_rest(const tv_experiment *e) {
  unsigned seen = 0;
  REQUIRE(e, "replicates", e->replicates > 0 && e->replicates < TV_MAX_REPLICATES,
          "must be from 1 to %d, got %d", TV_MAX_REPLICATES - 1, e->replicates);
  REQUIRE(e, "first_replicate",
          e->first_replicate >= 0 && e->first_replicate <= TV_MAX_REPLICATES - e->replicates,
          "must be from 0 to %d for %d replicate%s, got %d", TV_MAX_REPLICATES - e->replicates,
          e->replicates, e->replicates == 1 ? "" : "s", e->first_replicate);
  REQUIRE(e, "features.pca", !tv_experiment_gives(e, "features.pca") || e->features.pca > 0,
          "must be at least 1, got %d", e->features.pca);
  REQUIRE(e, "encoder.k", e->encoder.k > 0, "must be at least 1, got %d", e->encoder.k);
  REQUIRE(e, "parallel.shards", e->parallel.shards > 0 && e->parallel.shards <= 1 << 20,
          "must be from 1 to %d, got %d", 1 << 20, e->parallel.shards);
  REQUIRE(e, "parallel.ranks_per_point",
          !tv_experiment_gives(e, "parallel.ranks_per_point") || e->parallel.ranks_per_point > 0,
          "must be at least 1, got %d", e->parallel.ranks_per_point);
  for (unsigned m = 0; m < e->methods_count; ++m) {
    REQUIRE(e, "methods", !(seen & 1u << e->methods[m]), "'%s' is listed twice",
            tv_method_name(e->methods[m]));
    seen |= 1u << e->methods[m];
  }
  return NULL;
}

static tv_error *check_study(const tv_experiment *e) {
  if (!seeks_threshold(e)) {
    REQUIRE(e, "threshold", !tv_experiment_gives(e, "threshold"),
            "means nothing without 'study: threshold'; add that or leave it out");
    return NULL;
  }
  REQUIRE(e, "augmentation.alpha", !e->augmentation.alpha_count,
          "is what 'study: threshold' looks for; leave it out");
  for (unsigned m = 0; m < e->methods_count; ++m)
    REQUIRE(e, "methods", e->methods[m] != TV_SUPERVISED,
            "'supervised' has no threshold, it needs no alignment; leave it out");
  REQUIRE(e, "archive.encoders", e->archive.encoders == TV_KEEP_NONE,
          "a threshold study keeps no encoders; take 'none'");
  REQUIRE(e, "archive.representations", e->archive.representations == TV_KEEP_NONE,
          "a threshold study keeps no encoders to represent samples with; take 'none'");
  REQUIRE(e, "threshold.tolerance",
          e->threshold.tolerance >= least_tolerance && e->threshold.tolerance <= largest_tolerance,
          "must be from %g to %g, got %g", least_tolerance, largest_tolerance,
          e->threshold.tolerance);
  return NULL;
}

/* ---- Sample sizes ---- */

static double most_samples(const tv_experiment *e) {
  return e->noise.sampler == TV_SAMPLER_LAW ? most_samples_in_law : most_rows;
}

static tv_error *expect_range(const tv_experiment *e) {
  static const char *const keys[] = {"samples.from", "samples.to", "samples.factor"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; ++i)
    REQUIRE(e, keys[i], tv_experiment_gives(e, keys[i]), "is missing; write for example\n    %s",
            sizes_example);
  return NULL;
}

static tv_error *expand_range(tv_experiment *e) {
  const double most = most_samples(e);
  TV_TRY(expect_range(e));
  const tv_size_range *r = &e->size_range;
  REQUIRE(e, "samples.from", r->from >= 1 && r->from == floor(r->from) && r->from <= most,
          "must be a whole number from 1 to %g, got %g", most, r->from);
  REQUIRE(e, "samples.to", r->to >= r->from && r->to <= most, "must be from %g to %g, got %g",
          r->from, most, r->to);
  REQUIRE(e, "samples.factor", r->factor > 1 && isfinite(r->factor),
          "must be above 1 and finite, got %g", r->factor);
  TV_TRY(tv_allocate(MOST_SIZES, sizeof(*e->sizes), &e->sizes));
  int step = 0;
  for (double n = r->from; n <= r->to * (1 + 1e-12); n *= r->factor) {
    const int64_t size = llround(n);
    REQUIRE(e, "samples.factor", e->sizes_count < MOST_SIZES && ++step < MOST_STEPS,
            "gives more than %d sample sizes; raise it", MOST_SIZES);
    if (e->sizes_count == 0 || size > e->sizes[e->sizes_count - 1])
      e->sizes[e->sizes_count++] = size;
  }
  return NULL;
}

static tv_error *take_list(tv_experiment *e) {
  const double most = most_samples(e);
  TV_TRY(tv_allocate(e->size_list_count, sizeof(*e->sizes), &e->sizes));
  for (unsigned i = 0; i < e->size_list_count; ++i) {
    const double n = e->size_list[i];
    REQUIRE(e, "samples", n >= 1 && n == floor(n) && n <= most,
            "sizes must be whole numbers from 1 to %g, got %g", most, n);
    REQUIRE(e, "samples", i == 0 || n > e->size_list[i - 1], "sizes must grow: %g follows %g", n,
            e->size_list[i - 1]);
    e->sizes[e->sizes_count++] = (int64_t)n;
  }
  return NULL;
}

/* ---- Public ---- */

static tv_error *complete(tv_experiment *e) {
  TV_TRY(check_present(e));
  TV_TRY(fill_defaults(e));
  TV_TRY(tv_experiment_expand_ranges(e));
  TV_TRY(tv_experiment_check_source(e));
  TV_TRY(tv_experiment_check_grid(e));
  TV_TRY(tv_experiment_check_phase(e));
  TV_TRY(check_rest(e));
  TV_TRY(check_study(e));
  TV_TRY(check_sampler(e));
  TV_TRY(e->size_list ? take_list(e) : expand_range(e));
  if (!tv_experiment_gives(e, "archive.representation_samples"))
    e->archive.representation_samples =
        e->sizes[0] < DEFAULT_REPRESENTED ? (int)e->sizes[0] : DEFAULT_REPRESENTED;
  const int64_t largest = e->sizes[e->sizes_count - 1];
  REQUIRE(e, "archive.representation_samples",
          e->archive.representation_samples > 0 && e->archive.representation_samples <= largest,
          "must be from 1 to the largest sample size %lld, got %d", (long long)largest,
          e->archive.representation_samples);
  return NULL;
}

tv_error *tv_experiment_parse(const char *file, const char *text, const char *const *overrides,
                              tv_experiment **out) {
  tv_experiment draft = {.file = (char *)file, .text = (char *)text, .overrides = overrides};
  tv_experiment *e = NULL;
  *out = NULL;
  TV_TRY(load_with_overrides(&draft, &e));
  e->overrides = overrides;
  e->file = strdup(file);
  e->text = strdup(text);
  tv_error *error = e->file && e->text ? complete(e) : tv_fail("out of memory");
  if (error) tv_experiment_destroy(&e);
  *out = e;
  return error;
}

void tv_experiment_destroy(tv_experiment **experiment) {
  if (!*experiment) return;
  free((*experiment)->sizes);
  free((*experiment)->file);
  free((*experiment)->text);
  free((*experiment)->edited);
  (*experiment)->sizes = NULL;
  tv_schema_free(*experiment);
  *experiment = NULL;
}

int tv_experiment_alignments(const tv_experiment *e) {
  return seeks_threshold(e) ? 1 : (int)e->augmentation.alpha_count;
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
  REQUIRE(e, "features.pca", e->features.pca <= features,
          "%d principal components of %d features; take at most %d", e->features.pca, features,
          features);
  const int kept = e->features.pca ? e->features.pca : features;
  REQUIRE(e, "encoder.k", e->encoder.k <= kept + e->noise.components,
          "k = %d rows for d = %d inputs (%d features and %d noise components); take at most %d",
          e->encoder.k, kept + e->noise.components, kept, e->noise.components,
          kept + e->noise.components);
  REQUIRE(e, "encoder.k", !seeks_threshold(e) || e->encoder.k <= kept,
          "k = %d rows for %d features: some of them hold noise at any alignment, so that there is "
          "no threshold to look for; take at most %d",
          e->encoder.k, kept, kept);
  REQUIRE(e, "augmentation.theta_eigenvalues",
          !e->augmentation.theta_eigenvalues ||
              e->augmentation.theta_eigenvalues_count == (unsigned)(kept + e->noise.components),
          "%u eigenvalues for d = %d inputs (%d features, then %d noise components); give as many",
          e->augmentation.theta_eigenvalues_count, kept + e->noise.components, kept,
          e->noise.components);
  REQUIRE(
      e, "samples", rows < 0 || largest <= rows || e->source.role == TV_AS_POPULATION,
      "n = %lld is larger than the data set of %lld samples; take at most that, or let the data "
      "set stand for a population, 'source: {as: population}'",
      (long long)largest, (long long)rows);
  return NULL;
}
