#include "open.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attributes.h"
#include "twoview/archive/archive.h"
#include "twoview/archive/seal.h"
#include "twoview/base/file.h"
#include "twoview/base/statistics.h"
#include "twoview/hdf5/array_copy.h"
#include "twoview/hdf5/error.h"
#include "twoview/hdf5/file.h"
#include "twoview/kinds.h"

/* ---- Values ---- */

/* Deflate packs to 1/1032 at best: a dataset that claims more was not written by a run, and must
 * not claim memory either. */
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

tv_error *tv_archive_read_numbers(hid_t group, const char *name, double **out, int64_t *count) {
  const hid_t set = H5Dopen2(group, name, H5P_DEFAULT);
  if (set < 0)
    return tv_hdf5_fail("there is no dataset '%s': not an archive of twoview run?", name);
  tv_error *error = count_items(set, name, count);
  if (!error) error = tv_allocate(*count, sizeof(**out), out);
  if (!error && H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, *out) < 0)
    error = tv_hdf5_fail("dataset '%s' cannot be read", name);
  H5Dclose(set);
  return error;
}

tv_error *tv_archive_read_words(hid_t group, const char *name, char ***out, int64_t *count) {
  *count = 0;
  const hid_t set = H5Dopen2(group, name, H5P_DEFAULT);
  if (set < 0)
    return tv_hdf5_fail("there is no dataset '%s': not an archive of twoview run?", name);
  const hid_t type = H5Dget_type(set);
  tv_error *error = count_items(set, name, count);
  if (!error) error = tv_allocate(*count, sizeof(**out), out);
  if (error) *count = 0;
  if (!error && (H5Tis_variable_str(type) <= 0 ||
                 H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, *out) < 0))
    error = tv_hdf5_fail("dataset '%s' cannot be read", name);
  for (int64_t i = 0; !error && i < *count; ++i)
    if (!(*out)[i]) error = tv_fail("dataset '%s' lacks a word", name);
  if (type >= 0) H5Tclose(type);
  H5Dclose(set);
  return error;
}

void tv_archive_free_words(char **words, int64_t count) {
  for (int64_t i = 0; words && i < count; ++i) H5free_memory(words[i]);
  free(words);
}

/* ---- Coordinates ---- */

static double expected_number(const tv_variable *v, int64_t i) {
  if (!v->values) return (double)(v->first + i);
  return v->element == TV_REAL ? ((const double *)v->values)[i]
                               : (double)((const int64_t *)v->values)[i];
}

int64_t tv_coordinate_difference(const tv_variable *v, const void *found, int64_t count) {
  const char *const *words = found, *const *expected = v->values;
  const double *numbers = found;
  int64_t same = 0;
  if (v->element == TV_TEXT)
    while (same < count && strcmp(words[same], expected[same]) == 0) ++same;
  else
    while (same < count && numbers[same] == expected_number(v, same)) ++same;
  return same;
}

static tv_error *tell_length(const tv_variable *v, int64_t length) {
  return tv_fail("coordinate '%s' has %lld values where the experiment has %lld", v->name,
                 (long long)length, (long long)v->shape[0]);
}

static tv_error *expect_words(hid_t file, const tv_variable *v) {
  char **found = NULL;
  int64_t length = 0;
  tv_error *error = tv_archive_read_words(file, v->name, &found, &length);
  if (!error && length != v->shape[0]) error = tell_length(v, length);
  const int64_t same = error ? 0 : tv_coordinate_difference(v, found, length);
  if (!error && same < length)
    error = tv_fail("coordinate '%s' has '%s' at index %lld where the experiment has '%s'", v->name,
                    found[same], (long long)same, ((const char *const *)v->values)[same]);
  tv_archive_free_words(found, length);
  return error;
}

static tv_error *expect_numbers(hid_t file, const tv_variable *v) {
  double *found = NULL;
  int64_t length = 0;
  tv_error *error = tv_archive_read_numbers(file, v->name, &found, &length);
  if (!error && length != v->shape[0]) error = tell_length(v, length);
  const int64_t same = error ? 0 : tv_coordinate_difference(v, found, length);
  if (!error && same < length)
    error = tv_fail("coordinate '%s' has the value %s at index %lld where the experiment has %s",
                    v->name, TV_EXACT(found[same]), (long long)same,
                    TV_EXACT(expected_number(v, same)));
  free(found);
  return error;
}

/* Those that the experiment determines, which has been checked: finite, in order, none twice. */
static tv_error *expect_coordinates(const tv_opened *o) {
  const tv_schema *schema = o->schema;
  for (const tv_variable *v = schema->variables; v < schema->variables + schema->count; ++v)
    if (v->is_coordinate && !v->is_free && v->place == TV_IN_ROOT)
      TV_TRY(v->element == TV_TEXT ? expect_words(o->file, v) : expect_numbers(o->file, v));
  return NULL;
}

/* ---- Opening ---- */

int tv_archive_is_one(hid_t file) {
  char *type = NULL;
  tv_error_free(tv_attribute_print(file, tv_note_name(TV_NOTE_FILETYPE), &type));
  const int is_archive = type && strcmp(type, TV_FILETYPE) == 0;
  free(type);
  return is_archive;
}

/* Refuse a file that has the other marks of an archive but another file type. */
static tv_error *expect_type(hid_t file) {
  char *type = NULL;
  const char *name = tv_note_name(TV_NOTE_FILETYPE);
  if (H5Aexists(file, tv_note_name(TV_NOTE_EXPERIMENT)) <= 0 ||
      H5Aexists(file, tv_note_name(TV_NOTE_FORMAT)) <= 0)
    return NULL;
  TV_TRY(tv_attribute_print(file, name, &type));
  tv_error *error = tv_fail("attribute '%s' is %s%s%s where archives have '%s'", name,
                            type ? "'" : "", type ? type : "missing", type ? "'" : "", TV_FILETYPE);
  free(type);
  return error;
}

tv_error *tv_archive_read_format(hid_t file, int *format) {
  char *version = NULL;
  *format = TV_FORMAT_VERSION;
  if (!tv_archive_is_one(file)) return expect_type(file);
  TV_TRY(tv_attribute_print(file, tv_note_name(TV_NOTE_FORMAT), &version));
  const long long number = version ? atoll(version) : 0;
  tv_error *error = NULL;
  if (number < TV_FIRST_FORMAT || number > TV_FORMAT_VERSION)
    error = tv_fail("attribute '%s' is %s, but this program knows %d to %d; take the version of "
                    "twoview that wrote it",
                    tv_note_name(TV_NOTE_FORMAT), version ? version : "no number", TV_FIRST_FORMAT,
                    TV_FORMAT_VERSION);
  *format = (int)number;
  free(version);
  return error;
}

tv_error *tv_archive_expect_format(hid_t file) {
  int format;
  return tv_archive_read_format(file, &format);
}

tv_error *tv_archive_locate(const char *path, tv_error *error) {
  tv_error *located = tv_error_prefix(error, "%s: ", path);
  if (located) located->exit_code = TV_EXIT_FAILED;
  return located;
}

/* HDF5 itself refuses a file that is no HDF5 file. */
static tv_error *check_and_open(const char *path, int file, tv_opened *o) {
  if (H5Fis_hdf5(path) > 0) TV_TRY(tv_seal_expect(path, file, o->seal));
  return tv_hdf5_open(path, file, &o->file);
}

static tv_error *read_experiment(tv_opened *o) {
  char *text = NULL;
  TV_TRY(tv_attribute_print(o->file, tv_note_name(TV_NOTE_EXPERIMENT), &text));
  tv_error *error =
      text ? tv_experiment_parse("its experiment", text, NULL, &tv_kinds_all, &o->experiment)
           : tv_fail("there is no experiment in it: not an archive of twoview run?");
  free(text);
  return error;
}

static tv_error *understand(tv_opened *o) {
  TV_TRY(tv_archive_read_format(o->file, &o->format));
  TV_TRY(read_experiment(o));
  TV_TRY(tv_schema_of_file(o->experiment, o->format, o->file, &o->schema));
  return expect_coordinates(o);
}

tv_error *tv_archive_open(const char *path, tv_opened *o) {
  int file;
  *o = (tv_opened){.file = H5I_INVALID_HID};
  TV_TRY(tv_hdf5_expect_kind(path));
  TV_TRY(tv_file_open(path, &file));
  tv_error *error = check_and_open(path, file, o);
  close(file);
  TV_TRY(error);
  return tv_archive_locate(path, understand(o));
}

void tv_archive_shut(tv_opened *o) {
  if (o->file >= 0) H5Fclose(o->file);
  tv_schema_destroy(&o->schema);
  tv_experiment_destroy(&o->experiment);
  o->file = H5I_INVALID_HID;
}

tv_error *tv_archive_open_again(const char *path, const char *seal, tv_opened *o) {
  TV_TRY(tv_archive_open(path, o));
  if (strcmp(o->seal, seal) == 0) return NULL;
  return tv_fail("%s: was replaced or changed since it was first read; merge again when nothing "
                 "writes to it any more",
                 path);
}
