#include "twoview/hdf5/file.h"

#include <unistd.h>

#include "foreign.h"
#include "twoview/base/file.h"
#include "twoview/hdf5/error.h"

/* Whether HDF5 reads this very file: links between files are relative to the path, so that it is
 * opened by that. */
static int is_file(hid_t opened, int file) {
  int *descriptor = NULL;
  return H5Fget_vfd_handle(opened, H5P_DEFAULT, (void **)&descriptor) >= 0 &&
         tv_file_is_same(file, *descriptor);
}

tv_error *tv_hdf5_expect_kind(const char *path) {
  const char *foreign = tv_hdf5_foreign(path);
  return foreign ? tv_fail("%s: no HDF5 file but %s", path, foreign) : NULL;
}

tv_error *tv_hdf5_open(const char *path, int file, hid_t *out) {
  *out = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  if (*out < 0) return tv_hdf5_fail("%s: cannot be opened as an HDF5 file", path);
  if (is_file(*out, file)) return NULL;
  H5Fclose(*out);
  *out = H5I_INVALID_HID;
  return tv_fail("%s: was replaced by another file, or changed, while it was read", path);
}

tv_error *tv_hdf5_open_path(const char *path, hid_t *out) {
  int file;
  *out = H5I_INVALID_HID;
  TV_TRY(tv_file_open(path, &file));
  tv_error *error = tv_hdf5_open(path, file, out);
  close(file);
  return error;
}
