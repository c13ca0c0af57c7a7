#include "verification.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "twoview/base/escape.h"
#include "twoview/base/guard.h"
#include "twoview/hdf5/error.h"

void tv_verify_problem(tv_verification *v, const char *format, ...) {
  char *problem = NULL;
  va_list args;
  va_start(args, format);
  if (vasprintf(&problem, format, args) < 0) problem = NULL;
  va_end(args);
  tv_print_line(v->out, "%s: %s", v->path, problem ? problem : "out of memory");
  free(problem);
  ++v->problems;
}

double *tv_verify_read(tv_verification *v, hid_t file, const char *name, int64_t *count) {
  double *values = NULL;
  const hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
  const hid_t space = set >= 0 ? H5Dget_space(set) : H5I_INVALID_HID;
  *count = space >= 0 ? H5Sget_simple_extent_npoints(space) : 0;
  tv_error *error = tv_allocate(*count, sizeof(*values), &values);
  tv_guard_step((double)*count * sizeof(*values));
  if (!error &&
      (space < 0 || H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0))
    error = tv_hdf5_fail("cannot be read");
  if (space >= 0) H5Sclose(space);
  if (set >= 0) H5Dclose(set);
  if (!error) return values;
  tv_verify_problem(v, "dataset '%s' %s", name, error->message);
  tv_error_free(error);
  free(values);
  return NULL;
}

int64_t tv_verify_items(const tv_variable *x) {
  int64_t items = 1;
  for (int i = 0; i < x->outer; ++i) items *= x->shape[i];
  return items;
}

/* What begins there and is so long. */
static tv_error *read_part(hid_t file, const tv_variable *x, const hsize_t *start,
                           const hsize_t *count, double *out) {
  char path[2 * TV_NAME_LENGTH];
  snprintf(path, sizeof path, "%s/%s", x->place == TV_IN_SAMPLES ? TV_SAMPLES : "", x->name);
  const hid_t set = H5Dopen2(file, path, H5P_DEFAULT);
  const hid_t space = set >= 0 ? H5Dget_space(set) : H5I_INVALID_HID;
  const hid_t memory = H5Screate_simple(x->rank, count, NULL);
  tv_guard_step((double)H5Sget_simple_extent_npoints(memory) * sizeof(*out));
  const int is_read = space >= 0 &&
                      H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
                      H5Dread(set, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, out) >= 0;
  tv_error *error = is_read ? NULL : tv_hdf5_fail("dataset '%s' cannot be read", path);
  H5Sclose(memory);
  if (space >= 0) H5Sclose(space);
  if (set >= 0) H5Dclose(set);
  return error;
}

tv_error *tv_verify_read_item(hid_t file, const tv_variable *x, int64_t item, double *out) {
  hsize_t start[TV_MOST_DIMENSIONS] = {0}, count[TV_MOST_DIMENSIONS];
  for (int i = x->rank - 1; i >= 0; --i) {
    count[i] = i < x->outer ? 1 : (hsize_t)x->shape[i];
    if (i >= x->outer) continue;
    start[i] = (hsize_t)(item % x->shape[i]);
    item /= x->shape[i];
  }
  return read_part(file, x, start, count, out);
}

tv_error *tv_verify_read_rows(hid_t file, const tv_variable *x, int64_t replicate, int64_t rows,
                              double *out) {
  const hsize_t start[TV_MOST_DIMENSIONS] = {(hsize_t)replicate};
  const hsize_t count[TV_MOST_DIMENSIONS] = {1, (hsize_t)rows, (hsize_t)x->shape[2]};
  return read_part(file, x, start, count, out);
}
