#include <hdf5_hl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bulk.h"
#include "twoview/archive/archive.h"
#include "twoview/hdf5/array_copy.h"
#include "twoview/hdf5/error.h"
#include "verification.h"

enum { MOST = 6 /* dimensions of a variable */ };

/* A variable over dimensions of its group or of the root. */
typedef struct {
  const char *name;
  H5T_class_t type;
  const char *dimensions[MOST + 1];
} variable;

/* Where variables are looked for. */
typedef struct {
  tv_verification *v;
  hid_t group;
  char prefix[TV_NAME_LENGTH]; /* of the names of its datasets */
} place;

/* ---- One variable ---- */

static void remember(const place *p, const char *name) {
  fprintf(p->v->names, "\n%s%s\n", p->prefix, name);
}

/* Of a group, or of one of its datasets. */
static void expect_attribute(const place *p, hid_t object, const char *dataset, const char *name) {
  char *text = NULL;
  tv_error *error = tv_attribute_print(object, name, &text);
  if (!text)
    tv_verify_problem(p->v, "attribute '%s%s%s%s' is %s", p->prefix, dataset, *dataset ? "/" : "",
                      name, error ? "unreadable" : "missing");
  tv_error_free(error);
  free(text);
}

/* An attribute that says what the experiment says too; that it is there is told elsewhere. */
static void expect_text(const place *p, const char *name, const char *expected) {
  char *text = NULL;
  tv_error_free(tv_attribute_print(p->group, name, &text));
  if (text && strcmp(text, expected) != 0)
    tv_verify_problem(p->v, "attribute '%s' is '%s' where the experiment says '%s'", name, text,
                      expected);
  free(text);
}

static void expect_type(const place *p, hid_t set, const variable *x) {
  const hid_t type = H5Dget_type(set);
  const int is_right =
      H5Tget_class(type) == x->type && (x->type != H5T_STRING || H5Tis_variable_str(type) > 0);
  if (type >= 0) H5Tclose(type);
  if (!is_right)
    tv_verify_problem(p->v, "dataset '%s%s' does not hold %s", p->prefix, x->name,
                      x->type == H5T_STRING ? "texts" : "numbers of the right kind");
}

static void expect_dimensions(const place *p, hid_t set, const variable *x) {
  hsize_t shape[H5S_MAX_RANK];
  char name[TV_NAME_LENGTH];
  int rank = 0;
  const hid_t space = H5Dget_space(set);
  const int found = H5Sget_simple_extent_dims(space, shape, NULL);
  if (space >= 0) H5Sclose(space);
  while (x->dimensions[rank]) ++rank;
  if (found != rank) {
    tv_verify_problem(p->v, "dataset '%s%s' has %d dimensions, not %d", p->prefix, x->name, found,
                      rank);
    return;
  }
  for (int i = 0; i < rank; ++i) {
    const int64_t length = tv_label_length(p->group, x->dimensions[i]);
    tv_label_dimension(set, i, name);
    if (strcmp(name, x->dimensions[i]) != 0)
      tv_verify_problem(p->v, "dimension %d of dataset '%s%s' is '%s', not '%s'", i, p->prefix,
                        x->name, name, x->dimensions[i]);
    else if ((int64_t)shape[i] != length)
      tv_verify_problem(p->v, "dataset '%s%s' is %lld long where its coordinate '%s' is %lld",
                        p->prefix, x->name, (long long)shape[i], name, (long long)length);
  }
}

static void expect_variable(const place *p, const variable *x) {
  remember(p, x->name);
  const int is_there = H5Lexists(p->group, x->name, H5P_DEFAULT) > 0;
  const hid_t set = is_there ? H5Dopen2(p->group, x->name, H5P_DEFAULT) : H5I_INVALID_HID;
  if (set < 0) {
    tv_verify_problem(p->v, "dataset '%s%s' %s", p->prefix, x->name,
                      is_there ? "cannot be opened" : "is missing");
    return;
  }
  expect_type(p, set, x);
  expect_dimensions(p, set, x);
  expect_attribute(p, set, x->name, "long_name");
  expect_attribute(p, set, x->name, "units");
  H5Dclose(set);
}

static void expect_variables(const place *p, const variable *variables, size_t count) {
  for (size_t i = 0; i < count; ++i) expect_variable(p, &variables[i]);
}

/* ---- Coordinates ---- */

/* Numbers as they have to be: `values`, or first, first + 1, ... without. */
static void expect_numbers(const place *p, const char *name, int64_t count, const double *values,
                           int64_t first) {
  char path[2 * TV_NAME_LENGTH];
  int64_t found = 0;
  expect_variable(p, &(variable){name, values ? H5T_FLOAT : H5T_INTEGER, {name}});
  if (H5Lexists(p->group, name, H5P_DEFAULT) <= 0) return;
  double *numbers = tv_verify_read(p->v, p->group, name, &found);
  snprintf(path, sizeof path, "%s%s", p->prefix, name);
  if (numbers && found != count)
    tv_verify_problem(p->v, "coordinate '%s' has %lld values, not %lld", path, (long long)found,
                      (long long)count);
  for (int64_t i = 0; numbers && found == count && i < count; ++i)
    if (numbers[i] != (values ? values[i] : (double)(first + i))) {
      tv_verify_problem(p->v, "coordinate '%s' has the value %g at index %lld", path, numbers[i],
                        (long long)i);
      break;
    }
  free(numbers);
}

static void expect_indices(const place *p, const char *name, int64_t count) {
  expect_numbers(p, name, count, NULL, 0);
}

/* Of a length that only the data tell. */
static int64_t expect_any_indices(const place *p, const char *name) {
  const int64_t length = tv_label_length(p->group, name);
  expect_indices(p, name, length > 0 ? length : 1);
  return length;
}

static tv_error *expect_sizes(const place *p, const tv_experiment *e) {
  double *sizes = NULL;
  TV_TRY(tv_allocate(e->sizes_count, sizeof(*sizes), &sizes));
  for (int i = 0; i < e->sizes_count; ++i) sizes[i] = (double)e->sizes[i];
  expect_variable(p, &(variable){"n", H5T_INTEGER, {"n"}});
  int64_t count = 0;
  double *found =
      tv_label_length(p->group, "n") > 0 ? tv_verify_read(p->v, p->group, "n", &count) : NULL;
  if (found &&
      (count != e->sizes_count || memcmp(found, sizes, (size_t)count * sizeof(*sizes)) != 0))
    tv_verify_problem(p->v, "coordinate 'n' does not hold the sample sizes of the experiment");
  free(found);
  free(sizes);
  return NULL;
}

static void expect_methods(const place *p, const tv_experiment *e) {
  char **names = NULL;
  int count = 0;
  expect_variable(p, &(variable){"method", H5T_STRING, {"method"}});
  if (tv_label_length(p->group, "method") <= 0) return; /* told already */
  tv_error *error = tv_archive_read_words(p->group, "method", &names, &count);
  int are_right = !error && count == (int)e->methods_count;
  for (int i = 0; are_right && i < count; ++i)
    are_right = strcmp(names[i], tv_method_name(e->methods[i])) == 0;
  if (!are_right)
    tv_verify_problem(p->v, "coordinate 'method' does not hold the methods of the experiment");
  tv_error_free(error);
  tv_archive_free_words(names, count);
}

static tv_error *check_coordinates(const place *p, const tv_experiment *e) {
  expect_numbers(p, "replicate", e->replicates, NULL, e->first_replicate);
  expect_numbers(p, "lambda_max", e->noise.lambda_max_count, e->noise.lambda_max, 0);
  if (e->study != TV_STUDY_THRESHOLD)
    expect_numbers(p, "alpha", e->augmentation.alpha_count, e->augmentation.alpha, 0);
  TV_TRY(expect_sizes(p, e));
  expect_methods(p, e);
  const int64_t components = expect_any_indices(p, "component");
  if (e->noise.components) expect_indices(p, "noise_component", e->noise.components);
  expect_indices(p, "input", components + e->noise.components);
  expect_any_indices(p, "output");
  if (e->study != TV_STUDY_THRESHOLD) expect_indices(p, "encoder_row", e->encoder.k);
  return NULL;
}

/* ---- Variables ---- */

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void check_small(const place *p, const tv_experiment *e) {
  static const variable grid = {"", H5T_FLOAT, {"replicate", "lambda_max", "alpha", "n", "method"}};
  static const variable threshold = {"", H5T_FLOAT, {"replicate", "lambda_max", "n", "method"}};
  static const variable always[] = {
      {"alpha2_threshold", H5T_FLOAT, {"replicate", "lambda_max", "method"}},
      {"moments_sha256", H5T_STRING, {"replicate", "n"}},
      {"theta_eigenvalues", H5T_FLOAT, {"replicate", "input"}},
      {"data_spectrum", H5T_FLOAT, {"component"}}};
  static const variable of_noise = {
      "gamma_eigenvalues", H5T_FLOAT, {"replicate", "lambda_max", "noise_component"}};
  static const variable of_data[] = {{"feature_mean", H5T_FLOAT, {"feature"}},
                                     {"principal_axes", H5T_FLOAT, {"component", "feature"}}};
  const tv_quantities quantities = tv_quantities_of(e->study);
  for (int i = quantities.first; i < quantities.end; ++i) {
    variable of_points = e->study == TV_STUDY_THRESHOLD ? threshold : grid;
    of_points.name = tv_quantity_label((tv_quantity)i).name;
    expect_variable(p, &of_points);
  }
  expect_variables(p, always, COUNT(always));
  if (e->noise.components) expect_variable(p, &of_noise);
  if (e->source.type == TV_SOURCE_GAUSSIAN) return; /* features are components already */
  expect_any_indices(p, "feature");
  expect_variables(p, of_data, COUNT(of_data));
}

static const char *size_dimension(const tv_experiment *e, tv_keep keep) {
  return keep == TV_KEEP_ALL || e->sizes_count == 1 ? "n" : "last_n";
}

/* The arrays of one method, `kind_METHOD`. */
static void expect_of_method(const place *p, const tv_experiment *e, const char *kind,
                             tv_method_id method, tv_keep keep) {
  const char *row = method == TV_SUPERVISED ? "output" : "encoder_row";
  const char *size = size_dimension(e, keep);
  const int is_representation = strcmp(kind, "representation") == 0;
  char name[64];
  snprintf(name, sizeof name, "%s_%s", kind, tv_method_key(method));
  expect_variable(p, &(variable){name,
                                 H5T_FLOAT,
                                 {"replicate", "lambda_max", "alpha", size,
                                  is_representation ? "represented_sample" : row,
                                  is_representation ? row : "input"}});
}

static void check_large(const place *p, const tv_experiment *e) {
  const tv_archive_spec *a = &e->archive;
  const int has_encoders = a->encoders != TV_KEEP_NONE;
  const int has_representations = a->representations != TV_KEEP_NONE;
  if ((has_encoders || has_representations) && e->sizes_count > 1)
    expect_numbers(p, "last_n", 1, NULL, e->sizes[e->sizes_count - 1]);
  if (has_representations) expect_indices(p, "represented_sample", a->representation_samples);
  for (unsigned m = 0; m < e->methods_count; ++m) {
    const tv_method_id method = e->methods[m];
    if (has_encoders) expect_of_method(p, e, "encoder", method, a->encoders);
    if (has_encoders && method == TV_RECONSTRUCTION)
      expect_of_method(p, e, "decoder", method, a->encoders);
    if (has_representations) expect_of_method(p, e, "representation", method, a->representations);
  }
}

/* Open a group that has to be there. */
static hid_t expect_group(const place *p, const char *name) {
  const int is_there = H5Lexists(p->group, name, H5P_DEFAULT) > 0;
  const hid_t group = is_there ? H5Gopen2(p->group, name, H5P_DEFAULT) : H5I_INVALID_HID;
  if (group < 0)
    tv_verify_problem(p->v, "group '%s%s' is missing or cannot be opened", p->prefix, name);
  return group;
}

static void check_samples(const place *root, const tv_experiment *e) {
  static const variable clean = {"clean", H5T_FLOAT, {"replicate", "sample", "component"}};
  static const variable noise = {"noise", H5T_FLOAT, {"replicate", "sample", "noise_component"}};
  static const variable target = {"target", H5T_FLOAT, {"replicate", "sample", "output"}};
  const place p = {root->v, expect_group(root, "samples"), "samples/"};
  if (p.group < 0) return;
  expect_variable(&p, &(variable){"sample", H5T_INTEGER, {"sample"}});
  if (tv_label_length(p.group, "sample") != e->sizes[e->sizes_count - 1])
    tv_verify_problem(p.v, "coordinate 'samples/sample' is not as long as the largest sample");
  expect_variable(&p, &clean);
  if (e->noise.components) expect_variable(&p, &noise);
  expect_variable(&p, &target);
  H5Gclose(p.group);
}

/* ---- Digests ---- */

static int is_digest(const char *text) {
  return strlen(text) == TV_DIGEST_LENGTH - 1 &&
         strspn(text, "0123456789abcdef") == TV_DIGEST_LENGTH - 1;
}

static void check_digests(const place *p) {
  int malformed = 0, count = 0;
  char **words = NULL;
  if (H5Lexists(p->group, "moments_sha256", H5P_DEFAULT) <= 0) return; /* told already */
  tv_error *error = tv_archive_read_words(p->group, "moments_sha256", &words, &count);
  for (int i = 0; !error && i < count; ++i) malformed += !is_digest(words[i]);
  if (malformed)
    tv_verify_problem(p->v,
                      "%d of the %d digests in 'moments_sha256' are not 64 hexadecimal digits",
                      malformed, count);
  tv_error_free(error); /* told where it is read as an object */
  tv_archive_free_words(words, count);
}

/* ---- Runs: the file itself, or the parts that were joined in it ---- */

static void check_run(const place *p) {
  static const char *const attributes[] = {"twoview_version",
                                           "git_revision",
                                           "compiler",
                                           "build_type",
                                           "mpi",
                                           "hdf5",
                                           "blas",
                                           "scalapack",
                                           "libcyaml",
                                           "random_streams",
                                           "ranks",
                                           "sessions",
                                           "noise_sampler",
                                           "layout",
                                           "groups",
                                           "eigensolver",
                                           "planned_memory",
                                           "blas_threads",
                                           "command",
                                           "experiment_file",
                                           "started",
                                           "finished"};
  static const variable of_ranks[] = {
      {"host", H5T_STRING, {"rank"}},           {"seconds", H5T_FLOAT, {"rank", "stage"}},
      {"flops", H5T_FLOAT, {"rank", "stage"}},  {"sent", H5T_FLOAT, {"rank", "stage"}},
      {"archive_seconds", H5T_FLOAT, {"rank"}}, {"peak_memory", H5T_FLOAT, {"rank"}},
      {"stage", H5T_STRING, {"stage"}}};
  for (size_t i = 0; i < COUNT(attributes); ++i) expect_attribute(p, p->group, "", attributes[i]);
  expect_any_indices(p, "rank");
  expect_variables(p, of_ranks, COUNT(of_ranks));
}

static long long number_of(const place *p, const char *name) {
  char *text = NULL;
  expect_attribute(p, p->group, "", name);
  tv_error_free(tv_attribute_print(p->group, name, &text));
  const long long number = text ? atoll(text) : -1;
  free(text);
  return number;
}

static void check_parts(const place *root, const tv_experiment *e) {
  char name[32];
  H5G_info_t info = {.nlinks = 0};
  long long next = e->first_replicate;
  const hid_t parts = expect_group(root, "parts");
  if (parts < 0) return;
  H5Gget_info(parts, &info);
  for (hsize_t i = 0; i < info.nlinks; ++i) {
    snprintf(name, sizeof name, "%llu", (unsigned long long)i);
    place p = {root->v, expect_group(&(place){root->v, parts, "parts/"}, name), ""};
    if (p.group < 0) continue;
    snprintf(p.prefix, sizeof p.prefix, "parts/%s/", name);
    check_run(&p);
    if (number_of(&p, "first_replicate") == next) next += number_of(&p, "replicates");
    H5Gclose(p.group);
  }
  H5Gclose(parts);
  if (next != e->first_replicate + e->replicates)
    tv_verify_problem(root->v, "the parts do not tell of all replicates");
}

/* ---- Together ---- */

tv_error *tv_verify_schema(tv_verification *v, hid_t file, const tv_experiment *e) {
  static const char *const attributes[] = {"Conventions", "filetype", "format_version",
                                           "study",       "title",    "seed"};
  const place root = {v, file, ""};
  char seed[32];
  snprintf(seed, sizeof seed, "%" PRIu64, e->seed);
  for (size_t i = 0; i < COUNT(attributes); ++i) expect_attribute(&root, file, "", attributes[i]);
  expect_text(&root, "seed", seed);
  expect_text(&root, "study", tv_study_type_name(e->study));
  TV_TRY(check_coordinates(&root, e));
  check_small(&root, e);
  check_digests(&root);
  check_large(&root, e);
  if (e->archive.samples) check_samples(&root, e);
  if (H5Lexists(file, "parts", H5P_DEFAULT) > 0)
    check_parts(&root, e);
  else
    check_run(&root);
  return NULL;
}
