#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/archive.h"
#include "twoview/hdf5_error.h"

/* All numbers of a dataset, and how many. */
static tv_error *read_numbers(hid_t file, const char *name, double **out, int64_t *count) {
  const hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
  if (set < 0)
    return tv_hdf5_fail("there is no dataset '%s': not an archive of twoview run?", name);
  const hid_t space = H5Dget_space(set);
  *count = H5Sget_simple_extent_npoints(space);
  H5Sclose(space);
  tv_error *error = tv_allocate(*count, sizeof(**out), out);
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

static tv_error *read_methods(hid_t file, tv_archive *a) {
  const hid_t set = H5Dopen2(file, "method", H5P_DEFAULT);
  if (set < 0) return tv_hdf5_fail("there is no dataset 'method': not an archive of twoview run?");
  const hid_t space = H5Dget_space(set), type = H5Dget_type(set);
  a->methods = (int)H5Sget_simple_extent_npoints(space);
  tv_error *error = tv_allocate(a->methods, sizeof(*a->method), &a->method);
  if (!error && (H5Tis_variable_str(type) <= 0 ||
                 H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, a->method) < 0))
    error = tv_hdf5_fail("dataset 'method' cannot be read");
  H5Tclose(type);
  H5Sclose(space);
  H5Dclose(set);
  return error;
}

static tv_error *read_quantities(hid_t file, tv_archive *a) {
  int64_t count = 0;
  const int64_t points = (int64_t)a->replicates * a->magnitudes * a->alphas * a->levels;
  for (int i = 0; i < TV_QUANTITIES; ++i) {
    const char *name = tv_quantity_label((tv_quantity)i).name;
    TV_TRY(read_numbers(file, name, &a->quantity[i], &count));
    if (count != points * a->methods)
      return tv_fail("dataset '%s' has %lld numbers where its dimensions make %lld", name,
                     (long long)count, (long long)points * a->methods);
  }
  TV_TRY(read_numbers(file, "alpha2_threshold", &a->alpha2_threshold, &count));
  if (count != (int64_t)a->replicates * a->magnitudes * a->methods)
    return tv_fail("dataset 'alpha2_threshold' does not match its dimensions");
  return NULL;
}

/* ---- Root attributes ---- */

typedef struct {
  FILE *lines;
  tv_archive *archive;
} attribute_walk;

static char *read_text_attribute(hid_t attribute, hid_t type) {
  char *text = NULL, *copy = NULL;
  if (H5Aread(attribute, type, &text) < 0 || !text) return NULL;
  copy = strdup(text);
  H5free_memory(text);
  return copy;
}

static herr_t visit_attribute(hid_t root, const char *name, const H5A_info_t *info, void *context) {
  attribute_walk *walk = context;
  const hid_t attribute = H5Aopen(root, name, H5P_DEFAULT), type = H5Aget_type(attribute);
  (void)info;
  if (H5Tis_variable_str(type) > 0) {
    char *text = read_text_attribute(attribute, type);
    if (text && strcmp(name, "experiment") == 0) {
      walk->archive->experiment_text = text;
      text = NULL;
    } else if (text && strcmp(name, "title") == 0) {
      walk->archive->experiment_name = text;
      text = NULL;
    }
    if (text) fprintf(walk->lines, "%s: %s\n", name, text);
    free(text);
  } else if (H5Tget_class(type) == H5T_INTEGER) {
    long long value = 0;
    H5Aread(attribute, H5T_NATIVE_LLONG, &value);
    fprintf(walk->lines, "%s: %lld\n", name, value);
  }
  H5Tclose(type);
  H5Aclose(attribute);
  return 0;
}

static tv_error *read_attributes(hid_t file, tv_archive *a) {
  size_t size;
  attribute_walk walk = {open_memstream(&a->provenance, &size), a};
  if (!walk.lines) return tv_fail_errno("reading the attributes");
  const herr_t status =
      H5Aiterate2(file, H5_INDEX_CRT_ORDER, H5_ITER_INC, NULL, visit_attribute, &walk);
  if (fclose(walk.lines) != 0 || status < 0) return tv_hdf5_fail("the attributes cannot be read");
  if (!a->experiment_text || !a->experiment_name)
    return tv_fail("there is no experiment in it: not an archive of twoview run?");
  return NULL;
}

static tv_error *read_all(hid_t file, tv_archive *a) {
  double *replicates = NULL;
  TV_TRY(read_attributes(file, a));
  TV_TRY(read_coordinate(file, "replicate", &replicates, &a->replicates));
  free(replicates);
  TV_TRY(read_coordinate(file, "lambda_max", &a->lambda_max, &a->magnitudes));
  TV_TRY(read_coordinate(file, "alpha", &a->alpha, &a->alphas));
  TV_TRY(read_coordinate(file, "n", &a->n, &a->levels));
  TV_TRY(read_methods(file, a));
  return read_quantities(file, a);
}

tv_error *tv_archive_read(const char *path, tv_archive **out) {
  *out = NULL;
  const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file < 0) return tv_hdf5_fail("%s: cannot be opened as an HDF5 file", path);
  tv_error *error = tv_allocate(1, sizeof(**out), out);
  if (!error) error = read_all(file, *out);
  H5Fclose(file);
  if (!error) return NULL;
  tv_archive_close(out);
  tv_error *located = tv_fail("%s: %s", path, error->message);
  tv_error_free(error);
  return located;
}

void tv_archive_close(tv_archive **archive) {
  tv_archive *a = *archive;
  if (!a) return;
  for (int i = 0; i < TV_QUANTITIES; ++i) free(a->quantity[i]);
  for (int m = 0; a->method && m < a->methods; ++m) H5free_memory(a->method[m]);
  free(a->method);
  free(a->alpha2_threshold);
  free(a->lambda_max);
  free(a->alpha);
  free(a->n);
  free(a->experiment_name);
  free(a->experiment_text);
  free(a->provenance);
  free(a);
  *archive = NULL;
}
