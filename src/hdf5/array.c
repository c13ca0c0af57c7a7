#include "twoview/hdf5/array.h"

#include <hdf5_hl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/base/file.h"
#include "twoview/hdf5/error.h"

enum { DEFLATE_LEVEL = 1 };

static const unsigned in_order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;

/* Negative on a failure. */
static hid_t create_file(const char *alias, hid_t access, hid_t creation) {
  if (H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V110) < 0 ||
      H5Pset_link_creation_order(creation, in_order) < 0 ||
      H5Pset_attr_creation_order(creation, in_order) < 0)
    return H5I_INVALID_HID;
  return H5Fcreate(alias, H5F_ACC_TRUNC, creation, access);
}

tv_error *tv_label_create_file(const char *path, int open_file, hid_t *file) {
  char alias[TV_FILE_ALIAS];
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS), creation = H5Pcreate(H5P_FILE_CREATE);
  tv_file_alias(open_file, alias);
  *file = create_file(alias, access, creation);
  tv_error *error = *file < 0 ? tv_hdf5_fail("%s: cannot be created", path) : NULL;
  H5Pclose(access);
  H5Pclose(creation);
  return error;
}

hid_t tv_label_create_group(hid_t parent, const char *name) {
  const hid_t creation = H5Pcreate(H5P_GROUP_CREATE);
  hid_t group = H5I_INVALID_HID;
  if (H5Pset_link_creation_order(creation, in_order) >= 0 &&
      H5Pset_attr_creation_order(creation, in_order) >= 0)
    group = H5Gcreate2(parent, name, H5P_DEFAULT, creation, H5P_DEFAULT);
  H5Pclose(creation);
  return group;
}

/* ---- Attributes ---- */

/* Takes over the space. */
static tv_error *write_values(hid_t object, const char *name, hid_t type, hid_t space,
                              const void *value) {
  const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  const int is_written = attribute >= 0 && H5Awrite(attribute, type, value) >= 0;
  tv_error *error = is_written ? NULL : tv_hdf5_fail("attribute '%s' cannot be written", name);
  if (attribute >= 0) H5Aclose(attribute);
  H5Sclose(space);
  return error;
}

static tv_error *write_attribute(hid_t object, const char *name, hid_t type, const void *value) {
  return write_values(object, name, type, H5Screate(H5S_SCALAR), value);
}

hid_t tv_label_text_type(void) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  if (type >= 0 && (H5Tset_size(type, H5T_VARIABLE) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0)) {
    H5Tclose(type);
    return H5I_INVALID_HID;
  }
  return type;
}

/* The type in memory and in the file. Close with H5Tclose. */
static hid_t type_of(tv_element element) {
  if (element == TV_TEXT) return tv_label_text_type();
  return H5Tcopy(element == TV_REAL ? H5T_NATIVE_DOUBLE : H5T_NATIVE_INT64);
}

tv_error *tv_attribute_text(hid_t object, const char *name, const char *text) {
  const hid_t type = tv_label_text_type();
  tv_error *error = write_attribute(object, name, type, &text);
  H5Tclose(type);
  return error;
}

tv_error *tv_attribute_number(hid_t object, const char *name, int64_t value) {
  return write_attribute(object, name, H5T_NATIVE_INT64, &value);
}

tv_error *tv_attribute_natural(hid_t object, const char *name, uint64_t value) {
  return write_attribute(object, name, H5T_NATIVE_UINT64, &value);
}

tv_error *tv_attribute_real(hid_t object, const char *name, double value) {
  return write_attribute(object, name, H5T_NATIVE_DOUBLE, &value);
}

tv_error *tv_attribute_list(hid_t object, const char *name, tv_element element, int64_t count,
                            const void *values) {
  const hsize_t length = (hsize_t)count;
  const hid_t type = type_of(element);
  tv_error *error = write_values(object, name, type, H5Screate_simple(1, &length, NULL), values);
  H5Tclose(type);
  return error;
}

/* ---- Arrays ---- */

static hsize_t power_of_2_within(hsize_t room) {
  hsize_t power = TV_PIECE_ROWS;
  while (power > room) power /= 2;
  return power;
}

/* Whole dimensions from the last on, until a chunk is full. What is written later, in pieces of a
 * power of 2, is cut at powers of 2: a chunk is filtered each time that a piece of it is written.
 * Items of several ranks share no more chunks than it takes to keep these few, as each takes some
 * kilobytes of memory beside its numbers; and those of replicates share none.
 */
static void choose_chunk(int rank, int outer, const hsize_t *shape, hsize_t *chunk) {
  hsize_t numbers = 1;
  for (int i = rank - 1; i >= 0; --i) {
    const hsize_t most = i == 0 && outer ? 1 : i < outer ? TV_SHARED_NUMBERS : TV_CHUNK_NUMBERS;
    const hsize_t room = most / numbers > 0 ? most / numbers : 1;
    chunk[i] = shape[i] < room ? shape[i] : room;
    if (i == outer && outer > 0 && chunk[i] < shape[i]) chunk[i] = power_of_2_within(room);
    numbers *= chunk[i];
  }
}

static int set_chunks(hid_t properties, int rank, tv_storage storage, const hsize_t *shape) {
  hsize_t chunk[TV_MOST_DIMENSIONS] = {0};
  choose_chunk(rank, storage.outer, shape, chunk);
  return H5Pset_chunk(properties, rank, chunk) >= 0 &&
         (storage.is_noise_like ||
          (H5Pset_shuffle(properties) >= 0 && H5Pset_deflate(properties, DEFLATE_LEVEL) >= 0)) &&
         H5Pset_fletcher32(properties) >= 0 &&
         (!storage.outer || H5Pset_fill_time(properties, H5D_FILL_TIME_NEVER) >= 0);
}

/* Negative on a failure. */
static hid_t create_set(hid_t group, const char *name, hid_t type, int rank, tv_storage storage,
                        const hsize_t *shape, hid_t space, hid_t properties) {
  const int is_numeric = H5Tget_class(type) != H5T_STRING;
  if (H5Pset_attr_creation_order(properties, in_order) < 0) return H5I_INVALID_HID;
  if (is_numeric && !set_chunks(properties, rank, storage, shape)) return H5I_INVALID_HID;
  return H5Dcreate2(group, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
}

/* Create a dataset and its labels, and write `values` unless NULL. The caller closes it. */
static tv_error *create_array(hid_t group, tv_label label, hid_t type, int rank, tv_storage storage,
                              const hsize_t *shape, const void *values, hid_t *out) {
  const hid_t space = H5Screate_simple(rank, shape, NULL);
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  *out = create_set(group, label.name, type, rank, storage, shape, space, properties);
  tv_error *error = *out < 0 ? tv_hdf5_fail("dataset '%s' cannot be created", label.name) : NULL;
  H5Pclose(properties);
  H5Sclose(space);
  TV_TRY(error);
  TV_TRY(tv_attribute_text(*out, "long_name", label.long_name));
  TV_TRY(tv_attribute_text(*out, "units", label.units));
  if (values && H5Dwrite(*out, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
    return tv_hdf5_fail("dataset '%s' cannot be written", label.name);
  return NULL;
}

tv_error *tv_label_close(hid_t set, const char *name, tv_error *error) {
  if (set < 0 || H5Dclose(set) >= 0 || error) return error;
  return tv_hdf5_fail("dataset '%s' cannot be written", name);
}

static tv_error *create_scale(hid_t group, tv_label label, hid_t type, int64_t count,
                              const void *values) {
  const hsize_t shape[1] = {(hsize_t)count};
  hid_t set = H5I_INVALID_HID;
  tv_error *error = create_array(group, label, type, 1, (tv_storage){0}, shape, values, &set);
  if (!error && H5DSset_scale(set, label.name) < 0)
    error = tv_hdf5_fail("'%s' cannot be made a dimension", label.name);
  return tv_label_close(set, label.name, error);
}

tv_error *tv_label_coordinate(hid_t group, tv_label label, tv_element element, int64_t count,
                              const void *values) {
  const hid_t type = type_of(element);
  tv_error *error = create_scale(group, label, type, count, values);
  H5Tclose(type);
  return error;
}

hid_t tv_label_open_coordinate(hid_t group, const char *name) {
  char path[TV_NAME_LENGTH + 1];
  const int is_near = H5Lexists(group, name, H5P_DEFAULT) > 0;
  snprintf(path, sizeof path, "%s%s", is_near ? "" : "/", name);
  return H5Dopen2(group, path, H5P_DEFAULT);
}

static tv_error *read_shape(hid_t group, const char *const *dimensions, int *rank, hsize_t *shape) {
  for (*rank = 0; dimensions[*rank]; ++*rank) {
    if (*rank == TV_MOST_DIMENSIONS) return tv_fail("more than %d dimensions", TV_MOST_DIMENSIONS);
    const hid_t scale = tv_label_open_coordinate(group, dimensions[*rank]);
    if (scale < 0) return tv_hdf5_fail("there is no dimension '%s'", dimensions[*rank]);
    const hid_t space = H5Dget_space(scale);
    const int count = space >= 0 ? H5Sget_simple_extent_dims(space, &shape[*rank], NULL) : -1;
    tv_error *error =
        count < 0 ? tv_hdf5_fail("dimension '%s' has no length", dimensions[*rank]) : NULL;
    if (space >= 0) H5Sclose(space);
    H5Dclose(scale);
    TV_TRY(error);
  }
  return NULL;
}

tv_error *tv_label_attach(hid_t group, hid_t set, const char *const *dimensions) {
  for (unsigned i = 0; dimensions[i]; ++i) {
    const hid_t scale = tv_label_open_coordinate(group, dimensions[i]);
    const herr_t status = scale >= 0 ? H5DSattach_scale(set, scale, i) : -1;
    tv_error *error =
        status < 0 ? tv_hdf5_fail("dimension '%s' cannot be attached", dimensions[i]) : NULL;
    if (scale >= 0) H5Dclose(scale);
    TV_TRY(error);
  }
  return NULL;
}

static tv_error *create_variable(hid_t group, tv_label label, hid_t type,
                                 const char *const *dimensions, tv_storage storage,
                                 const void *values) {
  hsize_t shape[TV_MOST_DIMENSIONS] = {0};
  int rank;
  hid_t set = H5I_INVALID_HID;
  TV_TRY(read_shape(group, dimensions, &rank, shape));
  tv_error *error = create_array(group, label, type, rank, storage, shape, values, &set);
  if (!error) error = tv_label_attach(group, set, dimensions);
  return tv_label_close(set, label.name, error);
}

tv_error *tv_label_array(hid_t group, tv_label label, tv_element element,
                         const char *const *dimensions, tv_storage storage, const void *values) {
  const hid_t type = type_of(element);
  tv_error *error = create_variable(group, label, type, dimensions, storage, values);
  H5Tclose(type);
  return error;
}
