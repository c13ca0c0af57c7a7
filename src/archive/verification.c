#include "verification.h"

#include <stdarg.h>
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
