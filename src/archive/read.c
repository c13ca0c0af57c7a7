#include <hdf5.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "twoview/archive/archive.h"
#include "twoview/archive/seal.h"
#include "twoview/base/escape.h"
#include "twoview/base/file.h"
#include "twoview/hdf5/array_copy.h"
#include "twoview/hdf5/error.h"
#include "twoview/hdf5/file.h"

/* Deflate packs to 1/1032 at the best: what claims more was not written by a run, and is not to
 * claim memory either. */
static tv_error *count_items(hid_t set, const char *name, int64_t *count) {
  static const double most_packed = 1032;
  const hid_t space = H5Dget_space(set);
  *count = H5Sget_simple_extent_npoints(space);
  if (space >= 0) H5Sclose(space);
  if (*count > 0 && *count <= INT_MAX &&
      (double)*count <= most_packed * (double)H5Dget_storage_size(set))
    return NULL;
  return tv_hdf5_fail("dataset '%s' cannot hold %lld items", name, (long long)*count);
}

/* All numbers of a dataset, and how many: at least 1, at most INT_MAX. */
static tv_error *read_numbers(hid_t file, const char *name, double **out, int64_t *count) {
  const hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
  if (set < 0)
    return tv_hdf5_fail("there is no dataset '%s': not an archive of twoview run?", name);
  tv_error *error = count_items(set, name, count);
  if (!error) error = tv_allocate(*count, sizeof(**out), out);
  if (!error && H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, *out) < 0)
    error = tv_hdf5_fail("dataset '%s' cannot be read", name);
  H5Dclose(set);
  return error;
}

static tv_error *read_coordinate(hid_t file, const char *name, double **out, int *count) {
  int64_t length = 0;
  TV_TRY(read_numbers(file, name, out, &length));
  *count = (int)length;
  return NULL;
}

tv_error *tv_archive_read_words(hid_t file, const char *name, char ***out, int *count) {
  const hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
  if (set < 0)
    return tv_hdf5_fail("there is no dataset '%s': not an archive of twoview run?", name);
  const hid_t type = H5Dget_type(set);
  int64_t items = 0;
  tv_error *error = count_items(set, name, &items);
  *count = error ? 0 : (int)items;
  if (!error) error = tv_allocate(*count, sizeof(**out), out);
  if (!error && (H5Tis_variable_str(type) <= 0 ||
                 H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, *out) < 0))
    error = tv_hdf5_fail("dataset '%s' cannot be read", name);
  for (int i = 0; !error && i < *count; ++i)
    if (!(*out)[i]) error = tv_fail("dataset '%s' lacks a word", name);
  if (type >= 0) H5Tclose(type);
  H5Dclose(set);
  return error;
}

void tv_archive_free_words(char **words, int count) {
  for (int i = 0; words && i < count; ++i) H5free_memory(words[i]);
  free(words);
}

/* ---- Coordinates ---- */

/* That the numbers of a coordinate are those of the experiment, which has been checked: finite, in
 * order, none twice. */
static tv_error *expect_coordinate(hid_t file, const char *name, const double *expected,
                                   int64_t count) {
  double *found = NULL;
  int64_t length = 0, same = 0;
  tv_error *error = read_numbers(file, name, &found, &length);
  while (!error && same < length && same < count && found[same] == expected[same]) ++same;
  if (!error && length != count)
    error = tv_fail("coordinate '%s' has %lld values where the experiment has %lld", name,
                    (long long)length, (long long)count);
  if (!error && same < count)
    error = tv_fail("coordinate '%s' has the value %g at index %lld where the experiment has %g",
                    name, found[same], (long long)same, expected[same]);
  free(found);
  return error;
}

/* The same of whole numbers: `values`, or `first` and those after it. */
static tv_error *expect_counts(hid_t file, const char *name, const int64_t *values, int64_t first,
                               int64_t count) {
  double *expected = NULL;
  TV_TRY(tv_allocate(count, sizeof(*expected), &expected));
  for (int64_t i = 0; i < count; ++i) expected[i] = (double)(values ? values[i] : first + i);
  tv_error *error = expect_coordinate(file, name, expected, count);
  free(expected);
  return error;
}

static tv_error *expect_methods(hid_t file, const tv_experiment *e) {
  char **names = NULL;
  int count = 0;
  tv_error *error = tv_archive_read_words(file, "method", &names, &count);
  int are_same = count == (int)e->methods_count;
  for (int i = 0; !error && are_same && i < count; ++i)
    are_same = strcmp(names[i], tv_method_name(e->methods[i])) == 0;
  if (!error && !are_same)
    error = tv_fail("coordinate 'method' does not hold the methods of the experiment");
  tv_archive_free_words(names, count);
  return error;
}

static tv_error *expect_coordinates_of(hid_t file, const tv_experiment *e) {
  TV_TRY(expect_counts(file, "replicate", NULL, e->first_replicate, e->replicates));
  TV_TRY(expect_coordinate(file, "lambda_max", e->noise.lambda_max, e->noise.lambda_max_count));
  if (e->study != TV_STUDY_THRESHOLD)
    TV_TRY(expect_coordinate(file, "alpha", e->augmentation.alpha, e->augmentation.alpha_count));
  TV_TRY(expect_counts(file, "n", e->sizes, 0, e->sizes_count));
  return expect_methods(file, e);
}

static tv_error *expect_coordinates(hid_t file) {
  tv_experiment *e = NULL;
  char *text = NULL;
  TV_TRY(tv_attribute_print(file, "experiment", &text));
  tv_error *error = text ? tv_experiment_parse("its experiment", text, NULL, &e)
                         : tv_fail("there is no experiment in it: not an archive of twoview run?");
  if (!error) error = expect_coordinates_of(file, e);
  tv_experiment_destroy(&e);
  free(text);
  return error;
}

/* ---- Numbers of points ---- */

/* Eigenvalues: finite, and none below 0. */
static tv_error *expect_eigenvalues(const char *name, const double *values, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    if (!(values[i] >= 0 && values[i] < HUGE_VAL))
      return tv_fail("dataset '%s' has the value %g at index %lld, which is no eigenvalue of a "
                     "covariance matrix",
                     name, values[i], (long long)i);
  return NULL;
}

static tv_error *read_quantities(hid_t file, tv_archive *a) {
  int64_t count = 0;
  const double points = (double)a->replicates * a->magnitudes * a->alphas * a->levels;
  const tv_quantities quantities = tv_quantities_of(a->study);
  for (int i = quantities.first; i < quantities.end; ++i) {
    const char *name = tv_quantity_label((tv_quantity)i).name;
    TV_TRY(read_numbers(file, name, &a->quantity[i], &count));
    if ((double)count != points * a->methods)
      return tv_fail("dataset '%s' has %lld numbers where its dimensions make %.0f", name,
                     (long long)count, points * a->methods);
  }
  TV_TRY(read_numbers(file, "alpha2_threshold", &a->alpha2_threshold, &count));
  if ((double)count != (double)a->replicates * a->magnitudes * a->methods)
    return tv_fail("dataset 'alpha2_threshold' does not match its dimensions");
  return NULL;
}

/* The length of a coordinate; 0 where there is none, or none that a run has. */
static int count_along(hid_t file, const char *dimension) {
  const int64_t length = tv_label_length(file, dimension);
  return length > 0 && length <= INT_MAX / 4 ? (int)length : 0; /* sums of them are ints */
}

/* Archives of threshold studies have no encoders, whose rows could be counted. */
static tv_error *read_encoder_size(tv_archive *a) {
  tv_experiment *e = NULL;
  TV_TRY(tv_experiment_parse("its experiment", a->experiment_text, NULL, &e));
  a->k = e->encoder.k;
  tv_experiment_destroy(&e);
  return NULL;
}

static tv_error *read_spectra(hid_t file, tv_archive *a) {
  int64_t thetas = 0, gammas = 0;
  a->q = count_along(file, "noise_component");
  TV_TRY(read_encoder_size(a));
  TV_TRY(read_coordinate(file, "data_spectrum", &a->spectrum, &a->p));
  TV_TRY(read_numbers(file, "theta_eigenvalues", &a->theta, &thetas));
  if (a->q) TV_TRY(read_numbers(file, "gamma_eigenvalues", &a->gamma, &gammas));
  if (thetas != (int64_t)a->replicates * (a->p + a->q) ||
      gammas != (int64_t)a->replicates * a->magnitudes * a->q)
    return tv_fail("'gamma_eigenvalues' or 'theta_eigenvalues' do not match their dimensions");
  TV_TRY(expect_eigenvalues("data_spectrum", a->spectrum, a->p));
  TV_TRY(expect_eigenvalues("theta_eigenvalues", a->theta, thetas));
  return expect_eigenvalues("gamma_eigenvalues", a->gamma, gammas);
}

/* ---- Root attributes ---- */

typedef struct {
  tv_archive *archive;
  tv_error *error;
} attribute_walk;

static tv_study_type study_named(const char *name) {
  for (tv_study_type type = TV_STUDY_GRID; type <= TV_STUDY_PHASE; ++type)
    if (strcmp(name, tv_study_type_name(type)) == 0) return type;
  return TV_STUDY_GRID;
}

/* Takes over the value. */
static tv_error *keep_note(tv_archive *a, const char *name, char *value) {
  tv_note *notes = realloc(a->note, ((size_t)a->notes + 1) * sizeof(*notes));
  char *copy = strdup(name);
  if (notes) a->note = notes;
  if (notes && copy) {
    notes[a->notes++] = (tv_note){copy, value};
    return NULL;
  }
  free(copy);
  free(value);
  return tv_fail("out of memory for attribute '%s'", name);
}

static herr_t visit_attribute(hid_t root, const char *name, const H5A_info_t *info, void *context) {
  attribute_walk *walk = context;
  tv_archive *a = walk->archive;
  char *text = NULL;
  (void)info;
  walk->error = tv_attribute_print(root, name, &text);
  if (text && strcmp(name, "study") == 0) a->study = study_named(text);
  if (text && strcmp(name, "experiment") == 0)
    a->experiment_text = text;
  else if (text && strcmp(name, "title") == 0)
    a->experiment_name = text;
  else if (text)
    walk->error = keep_note(a, name, text);
  return walk->error ? -1 : 0;
}

static tv_error *read_attributes(hid_t file, tv_archive *a) {
  attribute_walk walk = {.archive = a};
  a->study = TV_STUDY_GRID;
  const herr_t status =
      H5Aiterate2(file, H5_INDEX_CRT_ORDER, H5_ITER_INC, NULL, visit_attribute, &walk);
  if (walk.error) return walk.error;
  if (status < 0) return tv_hdf5_fail("the attributes cannot be read");
  if (!a->experiment_text || !a->experiment_name)
    return tv_fail("there is no experiment in it: not an archive of twoview run?");
  return NULL;
}

static tv_error *read_all(hid_t file, tv_archive *a) {
  TV_TRY(read_attributes(file, a));
  TV_TRY(read_coordinate(file, "replicate", &a->replicate, &a->replicates));
  TV_TRY(read_coordinate(file, "lambda_max", &a->lambda_max, &a->magnitudes));
  a->alphas = 1;
  if (a->study != TV_STUDY_THRESHOLD) TV_TRY(read_coordinate(file, "alpha", &a->alpha, &a->alphas));
  TV_TRY(read_coordinate(file, "n", &a->n, &a->levels));
  TV_TRY(tv_archive_read_words(file, "method", &a->method, &a->methods));
  TV_TRY(read_quantities(file, a));
  return read_spectra(file, a);
}

int tv_archive_is_one(hid_t file) {
  char *type = NULL;
  tv_error_free(tv_attribute_print(file, "filetype", &type));
  const int is_archive = type && strcmp(type, "twoview archive") == 0;
  free(type);
  return is_archive;
}

tv_error *tv_archive_expect_format(hid_t file) {
  char *version = NULL;
  if (!tv_archive_is_one(file)) return NULL;
  TV_TRY(tv_attribute_print(file, "format_version", &version));
  tv_error *error = NULL;
  if (!version || atoll(version) != TV_FORMAT_VERSION)
    error = tv_fail("attribute 'format_version' is %s, but this program knows %d only; take the "
                    "version of twoview that wrote it",
                    version ? version : "no number", TV_FORMAT_VERSION);
  free(version);
  return error;
}

/* The same error with the file's name in front: whatever it is, the archive is at fault. */
static tv_error *locate(const char *path, tv_error *error) {
  tv_error *located = tv_error_prefix(error, "%s: ", path);
  if (located) located->exit_code = TV_EXIT_FAILED;
  return located;
}

/* What is no HDF5 file at all is left to HDF5 to refuse. */
static tv_error *check_and_open(const char *path, int file, char seal[TV_DIGEST_LENGTH],
                                hid_t *out) {
  *seal = '\0';
  if (H5Fis_hdf5(path) > 0) TV_TRY(tv_seal_expect(path, file, seal));
  return tv_hdf5_open(path, file, out);
}

tv_error *tv_archive_open_sealed(const char *path, char seal[TV_DIGEST_LENGTH], hid_t *out) {
  int file;
  *out = H5I_INVALID_HID;
  TV_TRY(tv_file_open(path, &file));
  tv_error *error = check_and_open(path, file, seal, out);
  close(file);
  TV_TRY(error);
  error = tv_archive_expect_format(*out);
  if (!error) error = expect_coordinates(*out);
  if (!error) return NULL;
  H5Fclose(*out);
  return locate(path, error);
}

tv_error *tv_archive_open(const char *path, hid_t *out) {
  char seal[TV_DIGEST_LENGTH];
  return tv_archive_open_sealed(path, seal, out);
}

tv_error *tv_archive_open_again(const char *path, const char *seal, hid_t *out) {
  char found[TV_DIGEST_LENGTH];
  TV_TRY(tv_archive_open_sealed(path, found, out));
  if (strcmp(found, seal) == 0) return NULL;
  H5Fclose(*out);
  *out = H5I_INVALID_HID;
  return tv_fail("%s: was replaced or changed since it was first read; merge again when nothing "
                 "writes to it any more",
                 path);
}

tv_error *tv_archive_read(const char *path, tv_archive **out) {
  hid_t file;
  *out = NULL;
  TV_TRY(tv_archive_open(path, &file));
  tv_error *error = tv_allocate(1, sizeof(**out), out);
  if (!error) error = read_all(file, *out);
  H5Fclose(file);
  if (error) tv_archive_close(out);
  return locate(path, error);
}

void tv_archive_close(tv_archive **archive) {
  tv_archive *a = *archive;
  if (!a) return;
  for (int i = 0; i < TV_QUANTITIES; ++i) free(a->quantity[i]);
  tv_archive_free_words(a->method, a->methods);
  free(a->alpha2_threshold);
  free(a->spectrum);
  free(a->gamma);
  free(a->theta);
  free(a->replicate);
  free(a->lambda_max);
  free(a->alpha);
  free(a->n);
  free(a->experiment_name);
  free(a->experiment_text);
  for (int i = 0; i < a->notes; ++i) {
    free(a->note[i].name);
    free(a->note[i].value);
  }
  free(a->note);
  free(a);
  *archive = NULL;
}

/* ---- What the ranks tell of their work ---- */

static tv_error *read_stages(hid_t file, const char *name, int ranks, double **out) {
  int64_t count = 0;
  TV_TRY(read_numbers(file, name, out, &count));
  if (count != (int64_t)ranks * TV_STAGES)
    return tv_fail("dataset '%s' has %lld numbers where %d ranks and %d stages make %lld", name,
                   (long long)count, ranks, TV_STAGES, (long long)ranks * TV_STAGES);
  for (int64_t i = 0; i < count; ++i)
    if (!((*out)[i] >= 0 && (*out)[i] < HUGE_VAL))
      return tv_fail("dataset '%s' has the value %g at index %lld, which nothing takes", name,
                     (*out)[i], (long long)i);
  return NULL;
}

static tv_error *count_hosts(hid_t file, tv_archive_work *w) {
  char **hosts = NULL;
  tv_error *error = tv_archive_read_words(file, "host", &hosts, &w->ranks);
  for (int i = 0; !error && i < w->ranks; ++i) {
    int is_new = 1;
    for (int j = 0; is_new && j < i; ++j) is_new = strcmp(hosts[i], hosts[j]) != 0;
    w->hosts += is_new;
  }
  tv_archive_free_words(hosts, w->ranks);
  return error;
}

static tv_error *expect_one_session(hid_t file) {
  char *sessions = NULL;
  TV_TRY(tv_attribute_print(file, "sessions", &sessions));
  tv_error *error = NULL;
  if (sessions && atoll(sessions) > 1)
    error = tv_fail("a run that was resumed (attribute 'sessions' is %s) tells only of the work of "
                    "its last session, which cannot be compared; give the archive of a run in one",
                    sessions);
  free(sessions);
  return error;
}

static tv_error *read_work(hid_t file, tv_archive_work *w) {
  char *layout = NULL;
  TV_TRY(tv_attribute_print(file, "title", &w->experiment_name));
  TV_TRY(tv_attribute_print(file, "experiment", &w->experiment_text));
  TV_TRY(tv_attribute_print(file, "layout", &layout));
  w->is_distributed = layout && strcmp(layout, "distributed") == 0;
  free(layout);
  if (!w->experiment_name || !w->experiment_text)
    return tv_fail("there is no experiment in it: not an archive of twoview run?");
  if (H5Lexists(file, "parts", H5P_DEFAULT) > 0)
    return tv_fail("joined from several runs, whose times are not those of one; give the archives "
                   "of the runs");
  TV_TRY(expect_one_session(file));
  TV_TRY(count_hosts(file, w));
  TV_TRY(read_stages(file, "seconds", w->ranks, &w->seconds));
  TV_TRY(read_stages(file, "flops", w->ranks, &w->flops));
  TV_TRY(read_stages(file, "sent", w->ranks, &w->sent));
  w->p = count_along(file, "component");
  w->q = count_along(file, "noise_component");
  w->l = count_along(file, "output");
  w->inputs = count_along(file, "feature");
  return NULL;
}

static tv_error *read_origin(hid_t file, tv_archive_origin *o) {
  char name[64];
  TV_TRY(tv_attribute_print(file, "experiment", &o->experiment));
  if (!o->experiment)
    return tv_fail("there is no experiment in it: not an archive of twoview run?");
  for (int i = 0; i < TV_MOST_FILES; ++i) {
    snprintf(name, sizeof name, "source_file_%d", i + 1);
    TV_TRY(tv_attribute_print(file, name, &o->file[i]));
    snprintf(name, sizeof name, "source_file_%d_sha256", i + 1);
    TV_TRY(tv_attribute_print(file, name, &o->sha[i]));
  }
  return NULL;
}

tv_error *tv_archive_read_origin(const char *path, tv_archive_origin *out) {
  hid_t file;
  *out = (tv_archive_origin){0};
  TV_TRY(tv_archive_open(path, &file));
  tv_error *error = read_origin(file, out);
  H5Fclose(file);
  if (!error) return NULL;
  tv_archive_origin_free(out);
  return locate(path, error);
}

void tv_archive_origin_free(tv_archive_origin *o) {
  free(o->experiment);
  for (int i = 0; i < TV_MOST_FILES; ++i) {
    free(o->file[i]);
    free(o->sha[i]);
  }
  *o = (tv_archive_origin){0};
}

tv_error *tv_archive_read_work(const char *path, tv_archive_work *out) {
  hid_t file;
  *out = (tv_archive_work){0};
  TV_TRY(tv_archive_open(path, &file));
  tv_error *error = read_work(file, out);
  H5Fclose(file);
  if (!error) return NULL;
  tv_archive_work_free(out);
  return locate(path, error);
}

void tv_archive_work_free(tv_archive_work *w) {
  free(w->experiment_name);
  free(w->experiment_text);
  free(w->seconds);
  free(w->flops);
  free(w->sent);
  *w = (tv_archive_work){0};
}
