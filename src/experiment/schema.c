#include "schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every field is optional to libcyaml: what is required, and the defaults, are checked later,
 * where the message can say more. Booleans are enumerations because libcyaml takes any unknown
 * word for true. What stands for rows of tables is left to kind.c. */
enum {
  OPTIONAL = CYAML_FLAG_OPTIONAL,
  WORD = CYAML_FLAG_STRICT | CYAML_FLAG_CASE_INSENSITIVE,
  CHOICE = OPTIONAL | WORD,
  COMPLAINT = 512
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define TEXT(key, type, member)                                                                    \
  CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | OPTIONAL, type, member, 0, CYAML_UNLIMITED)
#define LIST(key, type, member, entry)                                                             \
  CYAML_FIELD_SEQUENCE(key, CYAML_FLAG_POINTER | OPTIONAL, type, member, &entry, 1, MOST_VALUES)
#define PAIR(key, type, member) CYAML_FIELD_SEQUENCE_FIXED(key, OPTIONAL, type, member, &number, 2)
#define YES_OR_NO(key, type, member)                                                               \
  CYAML_FIELD_ENUM(key, CHOICE, type, member, booleans, COUNT(booleans))

static const cyaml_schema_value_t number = {CYAML_VALUE_FLOAT(CYAML_FLAG_DEFAULT, double)};
/* The same, in lists that have another mapping form. */
static const cyaml_schema_value_t size = {CYAML_VALUE_FLOAT(CYAML_FLAG_DEFAULT, double)};

/* YAML's words for no and yes. */
#define BOOLEANS(no, yes)                                                                          \
  {"false", no}, {"true", yes}, {"no", no}, {"yes", yes}, {"off", no}, {"on", yes}, {"n", no}, {   \
    "y", yes                                                                                       \
  }
static const cyaml_strval_t booleans[] = {BOOLEANS(0, 1)};
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
                                              BOOLEANS(TV_KEEP_NONE, TV_KEEP_ALL)};
static const cyaml_strval_t spacings[] = {{"logarithmic", TV_SPACED_LOGARITHMIC},
                                          {"linear", TV_SPACED_LINEAR}};

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
    LIST("spectrum", tv_source_spec, spectrum, number),
    CYAML_FIELD_MAPPING("power_law", OPTIONAL, tv_source_spec, power_law, power_law_fields),
    CYAML_FIELD_MAPPING("teacher", OPTIONAL, tv_source_spec, teacher, teacher_fields),
    CYAML_FIELD_INT("classes", OPTIONAL, tv_source_spec, classes),
    CYAML_FIELD_FLOAT("separation", OPTIONAL, tv_source_spec, separation),
    CYAML_FIELD_END};

static const cyaml_schema_field_t features_fields[] = {
    CYAML_FIELD_INT("pca", OPTIONAL, tv_features_spec, pca), CYAML_FIELD_END};

static const cyaml_schema_field_t noise_fields[] = {
    CYAML_FIELD_INT("components", OPTIONAL, tv_noise_spec, components),
    LIST("lambda_max", tv_noise_spec, lambda_max, number),
    CYAML_FIELD_FLOAT("lambda_min_ratio", OPTIONAL, tv_noise_spec, lambda_min_ratio),
    LIST("eigenvalues", tv_noise_spec, eigenvalues, number),
    CYAML_FIELD_ENUM("sampler", CHOICE, tv_noise_spec, sampler, noise_samplers,
                     COUNT(noise_samplers)),
    CYAML_FIELD_END};

static const cyaml_schema_field_t theta_fields[] = {
    PAIR("signal", tv_theta_spec, signal), PAIR("noise", tv_theta_spec, noise), CYAML_FIELD_END};

static const cyaml_schema_field_t augmentation_fields[] = {
    CYAML_FIELD_FLOAT("theta_max", OPTIONAL, tv_augmentation_spec, theta_max),
    CYAML_FIELD_MAPPING("theta", OPTIONAL, tv_augmentation_spec, theta, theta_fields),
    LIST("theta_eigenvalues", tv_augmentation_spec, theta_eigenvalues, number),
    LIST("alpha", tv_augmentation_spec, alpha, number), CYAML_FIELD_END};

static const cyaml_schema_field_t size_range_fields[] = {
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
    CYAML_FIELD_IGNORE("study", CYAML_FLAG_OPTIONAL),
    CYAML_FIELD_UINT("seed", OPTIONAL, tv_experiment, seed),
    CYAML_FIELD_INT("replicates", OPTIONAL, tv_experiment, replicates),
    CYAML_FIELD_INT("first_replicate", OPTIONAL, tv_experiment, first_replicate),
    CYAML_FIELD_MAPPING("source", OPTIONAL, tv_experiment, source, source_fields),
    CYAML_FIELD_MAPPING("features", OPTIONAL, tv_experiment, features, features_fields),
    CYAML_FIELD_MAPPING("noise", OPTIONAL, tv_experiment, noise, noise_fields),
    CYAML_FIELD_MAPPING("augmentation", OPTIONAL, tv_experiment, augmentation, augmentation_fields),
    LIST("samples", tv_experiment, size_list, size),
    CYAML_FIELD_MAPPING("encoder", OPTIONAL, tv_experiment, encoder, encoder_fields),
    CYAML_FIELD_MAPPING("threshold", OPTIONAL, tv_experiment, threshold, threshold_fields),
    CYAML_FIELD_IGNORE("methods", CYAML_FLAG_OPTIONAL),
    CYAML_FIELD_MAPPING("archive", OPTIONAL, tv_experiment, archive, archive_fields),
    CYAML_FIELD_MAPPING("parallel", OPTIONAL, tv_experiment, parallel, parallel_fields),
    CYAML_FIELD_END};

const cyaml_schema_value_t tv_experiment_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, tv_experiment, top_fields)};
const cyaml_schema_value_t tv_number_range_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, tv_number_range, number_range_fields)};
const cyaml_schema_value_t tv_size_range_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, tv_size_range, size_range_fields)};

const cyaml_schema_value_t *tv_schema_range(const cyaml_schema_value_t *list) {
  return list->sequence.entry == &size     ? &tv_size_range_schema
         : list->sequence.entry == &number ? &tv_number_range_schema
                                           : NULL;
}

/* The first that libcyaml complains of. */
static void listen(cyaml_log_t level, void *context, const char *format, va_list args) {
  char *complaint = context;
  (void)level;
  if (!*complaint) vsnprintf(complaint, COMPLAINT, format, args);
}

tv_error *tv_schema_load(const cyaml_schema_value_t *schema, const tv_yaml_node *node, void *out) {
  char complaint[COMPLAINT] = "", *text = NULL;
  const cyaml_config_t config = {
      .log_fn = listen, .log_ctx = complaint, .log_level = CYAML_LOG_ERROR, .mem_fn = cyaml_mem};
  TV_TRY(tv_yaml_print(node, &text));
  const cyaml_err_t status =
      cyaml_load_data((const uint8_t *)text, strlen(text), &config, schema, out, NULL);
  free(text);
  if (status == CYAML_OK) return NULL;
  complaint[strcspn(complaint, "\n")] = '\0';
  return tv_fail("the experiment cannot be loaded: %s: %s", cyaml_strerror(status), complaint);
}

void tv_schema_free(const cyaml_schema_value_t *schema, void *loaded) {
  const cyaml_config_t config = {.mem_fn = cyaml_mem};
  cyaml_free(&config, schema, loaded, 0);
}
