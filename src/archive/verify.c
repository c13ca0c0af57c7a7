#include "twoview/archive/verify.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attributes.h"
#include "open.h"
#include "settings.h"
#include "table.h"
#include "twoview/archive/seal.h"
#include "twoview/base/escape.h"
#include "twoview/base/file.h"
#include "twoview/base/guard.h"
#include "twoview/base/statistics.h"
#include "twoview/hdf5/array_copy.h"
#include "twoview/hdf5/error.h"
#include "twoview/hdf5/file.h"
#include "twoview/kinds.h"
#include "twoview/studies/tally.h"
#include "verification.h"
#include "walk.h"

/* ---- One variable ---- */

/* The group in which variables are expected. */
typedef struct {
  tv_verification *v;
  hid_t group;
  char prefix[TV_NAME_LENGTH]; /* of the names of its datasets */
} place;

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

static void expect_type(const place *p, hid_t set, const tv_variable *x) {
  static const H5T_class_t classes[] = {
      [TV_REAL] = H5T_FLOAT, [TV_INTEGER] = H5T_INTEGER, [TV_TEXT] = H5T_STRING};
  const hid_t type = H5Dget_type(set);
  const int is_right = H5Tget_class(type) == classes[x->element] &&
                       (x->element != TV_TEXT || H5Tis_variable_str(type) > 0) &&
                       (x->element != TV_REAL || H5Tget_size(type) == sizeof(double));
  if (type >= 0) H5Tclose(type);
  if (!is_right)
    tv_verify_problem(p->v, "dataset '%s%s' does not hold %s", p->prefix, x->name,
                      x->element == TV_TEXT ? "texts" : "numbers of the right kind");
}

static void expect_dimensions(const place *p, hid_t set, const tv_variable *x) {
  hsize_t shape[H5S_MAX_RANK];
  char name[TV_NAME_LENGTH];
  const hid_t space = H5Dget_space(set);
  const int found = H5Sget_simple_extent_dims(space, shape, NULL);
  if (space >= 0) H5Sclose(space);
  if (found != x->rank) {
    tv_verify_problem(p->v, "dataset '%s%s' has %d dimensions, not %d", p->prefix, x->name, found,
                      x->rank);
    return;
  }
  for (int i = 0; i < x->rank; ++i) {
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

/* Whether it is there, so that its values can be checked. */
static int expect_variable(const place *p, const tv_variable *x) {
  const int is_there = H5Lexists(p->group, x->name, H5P_DEFAULT) > 0;
  const hid_t set = is_there ? H5Dopen2(p->group, x->name, H5P_DEFAULT) : H5I_INVALID_HID;
  if (set < 0) {
    tv_verify_problem(p->v, "dataset '%s%s' %s", p->prefix, x->name,
                      is_there ? "cannot be opened" : "is missing");
    return 0;
  }
  expect_type(p, set, x);
  expect_dimensions(p, set, x);
  expect_attribute(p, set, x->name, "long_name");
  expect_attribute(p, set, x->name, "units");
  H5Dclose(set);
  return 1;
}

/* ---- Coordinates ---- */

/* Any length is right where only the data determine it. */
static int has_length(const place *p, const tv_variable *x, int64_t length) {
  if (x->is_free || length == x->shape[0]) return 1;
  tv_verify_problem(p->v, "coordinate '%s%s' has %lld values, not %lld", p->prefix, x->name,
                    (long long)length, (long long)x->shape[0]);
  return 0;
}

static void expect_numbers(const place *p, const tv_variable *x) {
  int64_t length = 0;
  double *numbers = tv_verify_read(p->v, p->group, x->name, &length);
  const int64_t same =
      numbers && has_length(p, x, length) ? tv_coordinate_difference(x, numbers, length) : length;
  if (same < length)
    tv_verify_problem(p->v, "coordinate '%s%s' has the value %s at index %lld", p->prefix, x->name,
                      TV_EXACT(numbers[same]), (long long)same);
  free(numbers);
}

static void expect_words(const place *p, const tv_variable *x) {
  char **words = NULL;
  int64_t length = 0;
  tv_error *error = tv_archive_read_words(p->group, x->name, &words, &length);
  if (error) tv_verify_problem(p->v, "coordinate '%s%s': %s", p->prefix, x->name, error->message);
  const int64_t same =
      !error && has_length(p, x, length) ? tv_coordinate_difference(x, words, length) : length;
  if (same < length)
    tv_verify_problem(p->v, "coordinate '%s%s' has '%s' at index %lld, not '%s'", p->prefix,
                      x->name, words[same], (long long)same,
                      ((const char *const *)x->values)[same]);
  tv_error_free(error);
  tv_archive_free_words(words, length);
}

/* ---- Digests ---- */

static int is_digest(const char *text) {
  return strlen(text) == TV_DIGEST_LENGTH - 1 &&
         strspn(text, "0123456789abcdef") == TV_DIGEST_LENGTH - 1;
}

static void expect_digests(const place *p, const tv_variable *x) {
  int64_t malformed = 0, count = 0;
  char **words = NULL;
  tv_error *error = tv_archive_read_words(p->group, x->name, &words, &count);
  for (int64_t i = 0; !error && i < count; ++i) malformed += !is_digest(words[i]);
  if (malformed)
    tv_verify_problem(p->v, "%lld of the %lld digests in '%s' are not 64 hexadecimal digits",
                      (long long)malformed, (long long)count, x->name);
  tv_error_free(error); /* reported where it is read as an object */
  tv_archive_free_words(words, count);
}

/* ---- Groups ---- */

static void check_notes(const place *p, tv_note_place which) {
  for (tv_note_id note = 0; note < TV_NOTES; ++note)
    if (tv_note_place_of(note) == which) expect_attribute(p, p->group, "", tv_note_name(note));
}

static void check_place(const place *p, tv_place which, const tv_schema *schema) {
  for (const tv_variable *x = schema->variables; x < schema->variables + schema->count; ++x) {
    if (x->place != which || !expect_variable(p, x)) continue;
    if (x->is_coordinate)
      (x->element == TV_TEXT ? expect_words : expect_numbers)(p, x);
    else if (x->row->holds_digests)
      expect_digests(p, x);
  }
}

static hid_t expect_group(const place *p, const char *name) {
  const int is_there = H5Lexists(p->group, name, H5P_DEFAULT) > 0;
  const hid_t group = is_there ? H5Gopen2(p->group, name, H5P_DEFAULT) : H5I_INVALID_HID;
  if (group < 0)
    tv_verify_problem(p->v, "group '%s%s' is missing or cannot be opened", p->prefix, name);
  return group;
}

static void check_samples(const place *root, const tv_schema *schema) {
  const place p = {root->v, expect_group(root, TV_SAMPLES), TV_SAMPLES "/"};
  if (p.group < 0) return;
  check_place(&p, TV_IN_SAMPLES, schema);
  H5Gclose(p.group);
}

/* ---- Runs: the file itself, or the parts that were joined in it ---- */

/* A count; a missing one is reported elsewhere. */
static void expect_count(const place *p, tv_note_id note) {
  const char *name = tv_note_name(note);
  char *text = NULL, *end = NULL;
  tv_error_free(tv_attribute_print(p->group, name, &text));
  if (text && (strtoll(text, &end, 10) < 1 || *end))
    tv_verify_problem(p->v, "attribute '%s%s' is %s, and at least 1", p->prefix, name, text);
  free(text);
}

static void check_run(const place *p, const tv_schema *schema) {
  check_notes(p, TV_OF_RUN);
  expect_count(p, TV_NOTE_RANKS);
  expect_count(p, TV_NOTE_SESSIONS);
  expect_count(p, TV_NOTE_GROUPS);
  check_place(p, TV_IN_RUN, schema);
}

static long long number_of(const place *p, tv_note_id note) {
  char *text = NULL;
  tv_error_free(tv_attribute_print(p->group, tv_note_name(note), &text));
  const long long number = text ? atoll(text) : -1;
  free(text);
  return number;
}

static void check_parts(const place *root, const tv_schema *schema, const tv_experiment *e) {
  char name[32];
  H5G_info_t info = {.nlinks = 0};
  long long next = e->first_replicate;
  const hid_t parts = expect_group(root, TV_PARTS);
  if (parts < 0) return;
  H5Gget_info(parts, &info);
  for (hsize_t i = 0; i < info.nlinks; ++i) {
    snprintf(name, sizeof name, "%llu", (unsigned long long)i);
    place p = {root->v, expect_group(&(place){root->v, parts, TV_PARTS "/"}, name), ""};
    if (p.group < 0) continue;
    snprintf(p.prefix, sizeof p.prefix, TV_PARTS "/%s/", name);
    check_run(&p, schema);
    check_notes(&p, TV_OF_PART);
    if (number_of(&p, TV_NOTE_FIRST_REPLICATE) == next) next += number_of(&p, TV_NOTE_REPLICATES);
    H5Gclose(p.group);
  }
  H5Gclose(parts);
  if (next != e->first_replicate + e->replicates)
    tv_verify_problem(root->v, "the parts do not cover all replicates");
}

/* ---- The keys of the experiment ---- */

static void tell_setting(void *context, const char *key) {
  tv_verify_problem(context, "attribute '%s/%s' is not what the experiment says", TV_SETTINGS, key);
}

static tv_error *check_settings(const place *root, const tv_experiment *e) {
  const hid_t group = expect_group(root, TV_SETTINGS);
  if (group < 0) return NULL;
  tv_error *error = tv_settings_compare(group, e, tell_setting, root->v);
  H5Gclose(group);
  return error;
}

/* ---- The root ---- */

/* An attribute that repeats a value of the experiment; a missing one is reported elsewhere. */
static void expect_text(const place *p, tv_note_id note, const char *expected) {
  char *text = NULL;
  const char *name = tv_note_name(note);
  tv_error_free(tv_attribute_print(p->group, name, &text));
  if (text && strcmp(text, expected) != 0)
    tv_verify_problem(p->v, "attribute '%s' is '%s' where the experiment says '%s'", name, text,
                      expected);
  free(text);
}

/* What was found of the data, without which new rows cannot be encoded. */
static void expect_positive(const place *p, tv_note_id note) {
  char *text = NULL;
  const char *name = tv_note_name(note);
  tv_error *error = tv_attribute_print(p->group, name, &text);
  if (!text || !(atof(text) > 0))
    tv_verify_problem(p->v, "attribute '%s' is %s, and must be a positive number", name,
                      text ? text : "missing");
  tv_error_free(error);
  free(text);
}

static tv_error *check_schema(tv_verification *v, hid_t file, const tv_schema *schema,
                              const tv_experiment *e) {
  const place root = {v, file, ""};
  char seed[32];
  snprintf(seed, sizeof seed, "%" PRIu64, e->seed);
  check_notes(&root, TV_OF_ARCHIVE);
  expect_text(&root, TV_NOTE_SEED, seed);
  expect_text(&root, TV_NOTE_STUDY, e->study->name);
  if (e->features.normalise) expect_positive(&root, TV_NOTE_LIBRARY_SIZE);
  if (tv_experiment_has_fourier(e)) expect_positive(&root, TV_NOTE_BANDWIDTH);
  check_place(&root, TV_IN_ROOT, schema);
  if (e->archive.samples) check_samples(&root, schema);
  if (H5Lexists(file, TV_PARTS, H5P_DEFAULT) > 0)
    check_parts(&root, schema, e);
  else
    check_run(&root, schema);
  return schema->extent.format > 1 ? check_settings(&root, e) : NULL;
}

/* ---- Objects ---- */

static void tell_object(void *context, const char *problem) {
  tv_verify_problem(context, "%s", problem);
}

/* The variable at that path; NULL where the archive has none. */
static const tv_variable *find_own(const tv_schema *schema, const char *path) {
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  const tv_variable *of_run = tv_schema_find(schema, TV_IN_RUN, name);
  if (!slash) return of_run ? of_run : tv_schema_find(schema, TV_IN_ROOT, name);
  if (strncmp(path, TV_PARTS "/", sizeof TV_PARTS) == 0) return of_run;
  const int is_of_samples =
      name == path + sizeof TV_SAMPLES && strncmp(path, TV_SAMPLES "/", sizeof TV_SAMPLES) == 0;
  return is_of_samples ? tv_schema_find(schema, TV_IN_SAMPLES, name) : NULL;
}

static void pass_values(void *context, const char *path, const double *values, int64_t count) {
  tv_verification *v = context;
  const tv_variable *x = find_own(v->schema, path);
  for (int64_t i = 0; x && i < count; ++i) {
    if (!tv_variable_holds(x, values[i]) && !v->impossible++) v->first_impossible = values[i];
    v->undefined += x->row->write && isnan(values[i]);
  }
}

static void meet_dataset(void *context, const char *path) {
  tv_verification *v = context;
  ++v->datasets;
  if (v->impossible)
    tv_verify_problem(v, "%lld of the values of '%s' are impossible: the first is %s",
                      (long long)v->impossible, path, TV_EXACT(v->first_impossible));
  v->impossible = 0;
  if (!find_own(v->schema, path))
    tv_print_line(v->out, "%s: also holds '%s', which is not the run's", v->path, path);
}

/* ---- Together ---- */

static int64_t count_clean_failures(tv_verification *v, hid_t file, const tv_experiment *e) {
  int64_t count = 0;
  const tv_study *study = tv_study_of(e);
  if (study->score_clean < 0 || e->source.is_unlabelled) return 0;
  double *score = tv_verify_read(v, file, study->quantities[study->score_clean].label.name, &count);
  const tv_cube cube = tv_cube_of(e);
  const int64_t failures = tv_count_clean_failures(&cube, score);
  free(score);
  return failures;
}

static void tell_contents(tv_verification *v, hid_t file, const tv_experiment *e, int datasets) {
  const tv_study *study = tv_study_of(e);
  tv_tally tally = {.study = study, .clean_failed = count_clean_failures(v, file, e)};
  const char *name = study->quantities[study->status].label.name;
  double *status = tv_verify_read(v, file, name, &tally.solutions);
  if (status) tv_tally_count(&tally, status);
  free(status);
  tv_put_plain(v->path, v->out);
  fprintf(v->out, ": whole: %d datasets, replicates %d to %d, ", datasets, e->first_replicate,
          e->first_replicate + e->replicates - 1);
  tv_tally_print(&tally, v->out);
  fputc('\n', v->out);
}

static tv_error *check_content_against(tv_verification *v, hid_t file, const tv_experiment *e) {
  const tv_walk walk = {v, tell_object, pass_values, meet_dataset};
  const int before = v->problems;
  TV_TRY(check_schema(v, file, v->schema, e));
  tv_walk_objects(&walk, file);
  if (v->problems == before) tv_verify_values(v, file, e);
  if (!v->problems) tell_contents(v, file, e, v->datasets);
  return NULL;
}

static tv_error *check_against(tv_verification *v, hid_t file, const char *text, int format) {
  tv_experiment *e = NULL;
  tv_error *error = tv_experiment_parse(v->path, text, NULL, &tv_kinds_all, &e);
  if (error) {
    tv_verify_problem(v, "attribute '%s' is no experiment: %s", tv_note_name(TV_NOTE_EXPERIMENT),
                      error->message);
    tv_error_free(error);
    return NULL;
  }
  tv_error *unknown = tv_schema_of_file(e, format, file, &v->schema);
  if (unknown)
    tv_verify_problem(v, "%s", unknown->message);
  else
    error = check_content_against(v, file, e);
  tv_error_free(unknown);
  tv_schema_destroy(&v->schema);
  tv_experiment_destroy(&e);
  return error;
}

static tv_error *check_file(tv_verification *v, hid_t file) {
  char *text = NULL;
  int format;
  tv_error *error = tv_archive_read_format(file, &format);
  if (!error) error = tv_attribute_print(file, tv_note_name(TV_NOTE_EXPERIMENT), &text);
  if (error || !text) {
    tv_verify_problem(v, "%s",
                      error ? error->message
                            : "there is no attribute 'experiment': no archive of twoview run");
    tv_error_free(error);
    return NULL;
  }
  error = check_against(v, file, text, format);
  free(text);
  return error;
}

/* In a process of its own. */
static tv_error *check_content(void *context) {
  tv_verification *v = context;
  hid_t file;
  tv_error *error = tv_hdf5_open(v->path, v->file, &file);
  if (error) {
    fprintf(v->out, "%s\n", error->message);
    ++v->problems;
    tv_error_free(error);
    error = NULL;
  } else {
    error = check_file(v, file);
    H5Fclose(file);
  }
  if (error || !v->problems) return error;
  return tv_fail("%s: %d problem%s; %s%s", v->path, v->problems, v->problems == 1 ? "" : "s",
                 v->accepts ? "it is not accepted" : "take it from a copy or run it again",
                 v->accepts || v->is_sealed ? ""
                                            : ", or, if it was changed on purpose and nothing else "
                                              "is wrong, take it with twoview info --accept");
}

static tv_error *verify_open(const char *path, int file, int accepts, FILE *out) {
  char digits[TV_DIGEST_LENGTH];
  tv_verification v = {.path = path,
                       .file = file,
                       .out = out,
                       .accepts = accepts,
                       .is_sealed = tv_seal_exists(path, file)};
  /* A change through HDF5 cuts the seal off: bytes that differ from one that is there are damage.
   */
  tv_error *error = accepts && !v.is_sealed ? NULL : tv_seal_check(path, file, digits);
  if (error) {
    tv_print_line(out, "%s", error->message);
    ++v.problems;
    tv_error_free(error);
  }
  TV_TRY(tv_guard(path, check_content, &v));
  if (!accepts) return NULL;
  TV_TRY(tv_seal_write(path, file));
  return fsync(file) == 0 ? NULL : tv_fail_errno("%s: cannot be flushed to disk", path);
}

tv_error *tv_verify(const char *path, int accepts, FILE *out) {
  int file;
  TV_TRY(accepts ? tv_file_open_to_change(path, &file) : tv_file_open(path, &file));
  tv_error *error = verify_open(path, file, accepts, out);
  close(file);
  return error;
}
