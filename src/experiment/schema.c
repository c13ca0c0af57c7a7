#include "schema.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/experiment/yaml.h"

/* Every field is optional to libcyaml: what is required, and the defaults, are checked later,
 * where the message can say more. Booleans are enumerations because libcyaml takes any unknown
 * word for true. */
enum { OPTIONAL = CYAML_FLAG_OPTIONAL, CHOICE = CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT };

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define TEXT(key, type, member)                                                                    \
  CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | OPTIONAL, type, member, 0, CYAML_UNLIMITED)
#define NUMBERS(key, type, member)                                                                 \
  CYAML_FIELD_SEQUENCE(key, CYAML_FLAG_POINTER | OPTIONAL, type, member, &number, 1,               \
                       CYAML_UNLIMITED)
#define PAIR(key, type, member) CYAML_FIELD_SEQUENCE_FIXED(key, OPTIONAL, type, member, &number, 2)
#define YES_OR_NO(key, type, member)                                                               \
  CYAML_FIELD_ENUM(key, CHOICE, type, member, booleans, COUNT(booleans))

static const cyaml_schema_value_t number = {CYAML_VALUE_FLOAT(CYAML_FLAG_DEFAULT, double)};

static const cyaml_strval_t booleans[] = {{"false", 0}, {"true", 1}, {"no", 0},
                                          {"yes", 1},   {"off", 0},  {"on", 1}};
static const cyaml_strval_t source_types[] = {{"idx", TV_SOURCE_IDX},
                                              {"hdf5", TV_SOURCE_HDF5},
                                              {"gaussian", TV_SOURCE_GAUSSIAN},
                                              {"mixture", TV_SOURCE_MIXTURE}};
static const cyaml_strval_t source_roles[] = {{"sample", TV_AS_SAMPLE},
                                              {"population", TV_AS_POPULATION}};
static const cyaml_strval_t noise_samplers[] = {{"rows", TV_SAMPLER_ROWS}, {"law", TV_SAMPLER_LAW}};
static const cyaml_strval_t teacher_types[] = {{"linear", TV_TEACHER_LINEAR},
                                               {"classes", TV_TEACHER_CLASSES}};
static const cyaml_strval_t keep_choices[] = {{"none", TV_KEEP_NONE},
                                              {"last", TV_KEEP_LAST},
                                              {"all", TV_KEEP_ALL},
                                              {"false", TV_KEEP_NONE},
                                              {"true", TV_KEEP_ALL}};
static const cyaml_strval_t method_names[] = {{"supervised", TV_SUPERVISED},
                                              {"reconstruction", TV_RECONSTRUCTION},
                                              {"joint-embedding", TV_JOINT_EMBEDDING}};
static const cyaml_strval_t study_types[] = {
    {"grid", TV_STUDY_GRID}, {"threshold", TV_STUDY_THRESHOLD}, {"phase", TV_STUDY_PHASE}};
static const cyaml_strval_t spacings[] = {{"logarithmic", TV_SPACED_LOGARITHMIC},
                                          {"linear", TV_SPACED_LINEAR}};
static const cyaml_schema_value_t method = {
    CYAML_VALUE_ENUM(CYAML_FLAG_STRICT, tv_method_id, method_names, COUNT(method_names))};

static const cyaml_schema_field_t number_range_fields[] = {
    CYAML_FIELD_FLOAT("from", OPTIONAL, tv_number_range, from),
    CYAML_FIELD_FLOAT("to", OPTIONAL, tv_number_range, to),
    CYAML_FIELD_INT("count", OPTIONAL, tv_number_range, count),
    CYAML_FIELD_ENUM("spacing", CHOICE, tv_number_range, spacing, spacings, COUNT(spacings)),
    CYAML_FIELD_END};

static const cyaml_schema_field_t power_law_fields[] = {
    CYAML_FIELD_INT("features", OPTIONAL, tv_power_law, features),
    CYAML_FIELD_FLOAT("scale", OPTIONAL, tv_power_law, scale),
    CYAML_FIELD_FLOAT("exponent", OPTIONAL, tv_power_law, exponent), CYAML_FIELD_END};

static const cyaml_schema_field_t teacher_fields[] = {
    CYAML_FIELD_ENUM("type", CHOICE, tv_teacher, type, teacher_types, COUNT(teacher_types)),
    CYAML_FIELD_INT("targets", OPTIONAL, tv_teacher, targets),
    CYAML_FIELD_FLOAT("noise", OPTIONAL, tv_teacher, noise), CYAML_FIELD_END};

static const cyaml_schema_field_t source_fields[] = {
    CYAML_FIELD_ENUM("type", CHOICE, tv_source_spec, type, source_types, COUNT(source_types)),
    CYAML_FIELD_ENUM("as", CHOICE, tv_source_spec, role, source_roles, COUNT(source_roles)),
    TEXT("images", tv_source_spec, images),
    TEXT("labels", tv_source_spec, labels),
    TEXT("file", tv_source_spec, file),
    TEXT("samples", tv_source_spec, samples),
    TEXT("targets", tv_source_spec, targets),
    NUMBERS("spectrum", tv_source_spec, spectrum),
    CYAML_FIELD_MAPPING("power_law", OPTIONAL, tv_source_spec, power_law, power_law_fields),
    CYAML_FIELD_MAPPING("teacher", OPTIONAL, tv_source_spec, teacher, teacher_fields),
    CYAML_FIELD_INT("classes", OPTIONAL, tv_source_spec, classes),
    CYAML_FIELD_FLOAT("separation", OPTIONAL, tv_source_spec, separation),
    CYAML_FIELD_END};

static const cyaml_schema_field_t features_fields[] = {
    CYAML_FIELD_INT("pca", OPTIONAL, tv_features_spec, pca), CYAML_FIELD_END};

static const cyaml_schema_field_t noise_fields[] = {
    CYAML_FIELD_INT("components", OPTIONAL, tv_noise_spec, components),
    NUMBERS("lambda_max", tv_noise_spec, lambda_max),
    CYAML_FIELD_FLOAT("lambda_min_ratio", OPTIONAL, tv_noise_spec, lambda_min_ratio),
    NUMBERS("eigenvalues", tv_noise_spec, eigenvalues),
    CYAML_FIELD_ENUM("sampler", CHOICE, tv_noise_spec, sampler, noise_samplers,
                     COUNT(noise_samplers)),
    CYAML_FIELD_END};

static const cyaml_schema_field_t theta_fields[] = {
    PAIR("signal", tv_theta_spec, signal), PAIR("noise", tv_theta_spec, noise), CYAML_FIELD_END};

static const cyaml_schema_field_t augmentation_fields[] = {
    CYAML_FIELD_FLOAT("theta_max", OPTIONAL, tv_augmentation_spec, theta_max),
    CYAML_FIELD_MAPPING("theta", OPTIONAL, tv_augmentation_spec, theta, theta_fields),
    NUMBERS("theta_eigenvalues", tv_augmentation_spec, theta_eigenvalues),
    NUMBERS("alpha", tv_augmentation_spec, alpha), CYAML_FIELD_END};

static const cyaml_schema_field_t range_fields[] = {
    CYAML_FIELD_FLOAT("from", OPTIONAL, tv_size_range, from),
    CYAML_FIELD_FLOAT("to", OPTIONAL, tv_size_range, to),
    CYAML_FIELD_FLOAT("factor", OPTIONAL, tv_size_range, factor), CYAML_FIELD_END};

static const cyaml_schema_field_t encoder_fields[] = {
    CYAML_FIELD_INT("k", OPTIONAL, tv_encoder_spec, k), CYAML_FIELD_END};

static const cyaml_schema_field_t threshold_fields[] = {
    CYAML_FIELD_FLOAT("tolerance", OPTIONAL, tv_threshold_spec, tolerance), CYAML_FIELD_END};

static const cyaml_schema_field_t archive_fields[] = {
    CYAML_FIELD_ENUM("encoders", CHOICE, tv_archive_spec, encoders, keep_choices,
                     COUNT(keep_choices)),
    CYAML_FIELD_ENUM("representations", CHOICE, tv_archive_spec, representations, keep_choices,
                     COUNT(keep_choices)),
    CYAML_FIELD_INT("representation_samples", OPTIONAL, tv_archive_spec, representation_samples),
    YES_OR_NO("samples", tv_archive_spec, samples), CYAML_FIELD_END};

static const cyaml_strval_t layout_choices[] = {{"auto", TV_LAYOUT_AUTO},
                                                {"replicated", TV_LAYOUT_REPLICATED},
                                                {"distributed", TV_LAYOUT_DISTRIBUTED}};

static const cyaml_schema_field_t parallel_fields[] = {
    CYAML_FIELD_ENUM("layout", CHOICE, tv_parallel_spec, layout, layout_choices,
                     COUNT(layout_choices)),
    CYAML_FIELD_INT("shards", OPTIONAL, tv_parallel_spec, shards),
    CYAML_FIELD_INT("ranks_per_point", OPTIONAL, tv_parallel_spec, ranks_per_point),
    CYAML_FIELD_END};

static const cyaml_schema_field_t top_fields[] = {
    TEXT("name", tv_experiment, name),
    CYAML_FIELD_ENUM("study", CHOICE, tv_experiment, study, study_types, COUNT(study_types)),
    CYAML_FIELD_UINT("seed", OPTIONAL, tv_experiment, seed),
    CYAML_FIELD_INT("replicates", OPTIONAL, tv_experiment, replicates),
    CYAML_FIELD_INT("first_replicate", OPTIONAL, tv_experiment, first_replicate),
    CYAML_FIELD_MAPPING("source", OPTIONAL, tv_experiment, source, source_fields),
    CYAML_FIELD_MAPPING("features", OPTIONAL, tv_experiment, features, features_fields),
    CYAML_FIELD_MAPPING("noise", OPTIONAL, tv_experiment, noise, noise_fields),
    CYAML_FIELD_MAPPING("augmentation", OPTIONAL, tv_experiment, augmentation, augmentation_fields),
    NUMBERS("samples", tv_experiment, size_list),
    CYAML_FIELD_MAPPING("encoder", OPTIONAL, tv_experiment, encoder, encoder_fields),
    CYAML_FIELD_MAPPING("threshold", OPTIONAL, tv_experiment, threshold, threshold_fields),
    CYAML_FIELD_SEQUENCE("methods", CYAML_FLAG_POINTER | OPTIONAL, tv_experiment, methods, &method,
                         1, CYAML_UNLIMITED),
    CYAML_FIELD_MAPPING("archive", OPTIONAL, tv_experiment, archive, archive_fields),
    CYAML_FIELD_MAPPING("parallel", OPTIONAL, tv_experiment, parallel, parallel_fields),
    CYAML_FIELD_END};

/* The mapping forms of what else is a list. */
static const cyaml_schema_field_t sizes_as_range =
    CYAML_FIELD_MAPPING("samples", OPTIONAL, tv_experiment, size_range, range_fields);
static const cyaml_schema_field_t lambda_max_as_range = CYAML_FIELD_MAPPING(
    "lambda_max", OPTIONAL, tv_noise_spec, lambda_max_range, number_range_fields);
static const cyaml_schema_field_t alpha_as_range =
    CYAML_FIELD_MAPPING("alpha", OPTIONAL, tv_augmentation_spec, alpha_range, number_range_fields);
static const cyaml_schema_field_t spectrum_as_range =
    CYAML_FIELD_MAPPING("spectrum", OPTIONAL, tv_source_spec, spectrum_range, number_range_fields);

static cyaml_schema_field_t *field_named(cyaml_schema_field_t *fields, const char *key) {
  while (strcmp(fields->key, key) != 0) ++fields;
  return fields;
}

/* Take the mapping form of a list where the text has a mapping. */
static void choose_form(const char *text, const char *path, const cyaml_schema_field_t *as_range,
                        cyaml_schema_field_t *fields) {
  if (tv_yaml_find(text, path).kind == TV_YAML_MAPPING)
    *field_named(fields, as_range->key) = *as_range;
}

void tv_schema_make(const char *text, tv_schema *s) {
  static_assert(sizeof s->top >= sizeof top_fields && sizeof s->source >= sizeof source_fields &&
                    sizeof s->noise >= sizeof noise_fields &&
                    sizeof s->augmentation >= sizeof augmentation_fields,
                "TV_MOST_KEYS");
  memcpy(s->top, top_fields, sizeof top_fields);
  memcpy(s->source, source_fields, sizeof source_fields);
  memcpy(s->noise, noise_fields, sizeof noise_fields);
  memcpy(s->augmentation, augmentation_fields, sizeof augmentation_fields);
  choose_form(text, "samples", &sizes_as_range, s->top);
  choose_form(text, "source.spectrum", &spectrum_as_range, s->source);
  choose_form(text, "noise.lambda_max", &lambda_max_as_range, s->noise);
  choose_form(text, "augmentation.alpha", &alpha_as_range, s->augmentation);
  field_named(s->top, "source")->value.mapping.fields = s->source;
  field_named(s->top, "noise")->value.mapping.fields = s->noise;
  field_named(s->top, "augmentation")->value.mapping.fields = s->augmentation;
  s->experiment =
      (cyaml_schema_value_t){CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, tv_experiment, s->top)};
}

/* What libcyaml logs about a failed load: the complaint, then a backtrace, innermost field first.
 */
typedef struct {
  char complaint[512];
  char key[256];
} load_log;

static void prepend_key(char *path, size_t size, const char *name) {
  const size_t old = strlen(path), added = strlen(name) + (old > 0);
  if (old + added >= size) return;
  memmove(path + added, path, old + 1);
  memcpy(path, name, strlen(name));
  if (old > 0) path[added - 1] = '.';
}

static void listen(cyaml_log_t level, void *context, const char *format, va_list args) {
  load_log *log = context;
  char line[512], name[128];
  (void)level;
  vsnprintf(line, sizeof line, format, args);
  line[strcspn(line, "\n")] = '\0';
  const char *text = strncmp(line, "Load: ", 6) == 0 ? line + 6 : line;
  if (sscanf(text, " in mapping field '%127[^']'", name) == 1)
    prepend_key(log->key, sizeof log->key, name);
  else if (!*log->complaint)
    snprintf(log->complaint, sizeof log->complaint, "%s", text);
}

tv_error *tv_schema_load(const tv_schema *schema, const char *text, tv_experiment **out,
                         char **complaint, char **key) {
  load_log log = {"", ""};
  const cyaml_config_t config = {
      .log_fn = listen, .log_ctx = &log, .log_level = CYAML_LOG_ERROR, .mem_fn = cyaml_mem};
  void *loaded = NULL;
  *complaint = *key = NULL;
  const cyaml_err_t status = cyaml_load_data((const uint8_t *)text, strlen(text), &config,
                                             &schema->experiment, &loaded, NULL);
  if (status == CYAML_OK && !loaded)
    snprintf(log.complaint, sizeof log.complaint, "no YAML mapping");
  if (status != CYAML_OK && !*log.complaint)
    snprintf(log.complaint, sizeof log.complaint, "%s", cyaml_strerror(status));
  *out = loaded;
  if (loaded) return NULL;
  *complaint = strdup(log.complaint);
  *key = strdup(log.key);
  return *complaint && *key ? NULL : tv_fail("out of memory reading the experiment");
}

void tv_schema_free(tv_experiment *experiment) {
  const cyaml_config_t config = {.mem_fn = cyaml_mem};
  tv_schema lists; /* mappings own nothing, and lists that were not given are NULL */
  tv_schema_make("", &lists);
  cyaml_free(&config, &lists.experiment, experiment, 0);
}
