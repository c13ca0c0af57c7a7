#include "twoview/hdf5/array_copy.h"

#include <hdf5_hl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/base/statistics.h"
#include "twoview/hdf5/error.h"

/* ---- Attributes ---- */

static char *read_text(hid_t attribute, hid_t type) {
  char *text = NULL, *copy = NULL;
  if (H5Aread(attribute, type, &text) < 0 || !text) return NULL;
  copy = strdup(text);
  H5free_memory(text);
  return copy;
}

static char *print_one(hid_t attribute, hid_t type) {
  const int is_unsigned = H5Tget_sign(type) == H5T_SGN_NONE;
  unsigned long long natural = 0;
  long long number = 0;
  char text[32];
  if (is_unsigned ? H5Aread(attribute, H5T_NATIVE_ULLONG, &natural) < 0
                  : H5Aread(attribute, H5T_NATIVE_LLONG, &number) < 0)
    return NULL;
  if (is_unsigned)
    snprintf(text, sizeof text, "%llu", natural);
  else
    snprintf(text, sizeof text, "%lld", number);
  return strdup(text);
}

/* As many as a shape has, and some more: "28, 28, 1". */
enum { SHORT_LIST = 8 };

static char *print_list(hid_t attribute, int64_t count) {
  int64_t numbers[SHORT_LIST];
  char text[SHORT_LIST * 24];
  int length = 0;
  if (H5Aread(attribute, H5T_NATIVE_INT64, numbers) < 0) return NULL;
  for (int64_t i = 0; i < count; ++i)
    length += snprintf(text + length, sizeof text - (size_t)length, "%s%lld", i ? ", " : "",
                       (long long)numbers[i]);
  return strdup(text);
}

static int64_t length_of(hid_t attribute) {
  const hid_t space = H5Aget_space(attribute);
  const int64_t length = H5Sget_simple_extent_npoints(space);
  H5Sclose(space);
  return length;
}

static char *print_integers(hid_t attribute, hid_t type) {
  const int64_t length = length_of(attribute);
  return length == 1 ? print_one(attribute, type) : print_list(attribute, length);
}

static char *print_real(hid_t attribute) {
  double number = 0;
  return H5Aread(attribute, H5T_NATIVE_DOUBLE, &number) < 0 ? NULL : strdup(TV_EXACT(number));
}

tv_error *tv_attribute_print(hid_t object, const char *name, char **text) {
  *text = NULL;
  if (H5Aexists(object, name) <= 0) return NULL;
  const hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
  if (attribute < 0) return tv_hdf5_fail("attribute '%s' cannot be opened", name);
  const hid_t type = H5Aget_type(attribute);
  const int is_word = H5Tis_variable_str(type) > 0 && length_of(attribute) == 1;
  const int is_integer = H5Tget_class(type) == H5T_INTEGER && length_of(attribute) > 0 &&
                         length_of(attribute) <= SHORT_LIST;
  const int is_real = H5Tget_class(type) == H5T_FLOAT && length_of(attribute) == 1;
  if (is_word) *text = read_text(attribute, type);
  if (is_integer) *text = print_integers(attribute, type);
  if (is_real) *text = print_real(attribute);
  tv_error *error = (is_word || is_integer || is_real) && !*text
                        ? tv_hdf5_fail("attribute '%s' cannot be read", name)
                        : NULL;
  if (type >= 0) H5Tclose(type);
  H5Aclose(attribute);
  return error;
}

static int is_list(hid_t attribute, int count) {
  const hid_t type = H5Aget_type(attribute);
  const int is_one = H5Tget_class(type) == H5T_INTEGER && length_of(attribute) == count;
  H5Tclose(type);
  return is_one;
}

tv_error *tv_attribute_integers(hid_t object, const char *name, int count, int64_t *out,
                                int *is_there) {
  *is_there = H5Aexists(object, name) > 0;
  if (!*is_there) return NULL;
  const hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
  if (attribute < 0) return tv_hdf5_fail("attribute '%s' cannot be opened", name);
  const int is_good = is_list(attribute, count) && H5Aread(attribute, H5T_NATIVE_INT64, out) >= 0;
  H5Aclose(attribute);
  return is_good ? NULL : tv_hdf5_fail("attribute '%s' is no list of %d integers", name, count);
}

static tv_error *copy_values(hid_t from, hid_t type, hid_t space, hid_t to) {
  void *values = NULL;
  TV_TRY(tv_allocate(H5Sget_simple_extent_npoints(space), H5Tget_size(type), &values));
  const int is_read = H5Aread(from, type, values) >= 0;
  const int is_written = is_read && H5Awrite(to, type, values) >= 0;
  if (is_read && H5Tdetect_class(type, H5T_VLEN) + H5Tis_variable_str(type) > 0)
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, values);
  free(values);
  return is_written ? NULL : tv_hdf5_fail("cannot be copied");
}

static tv_error *copy_attribute(hid_t from, const char *name, hid_t to) {
  const hid_t attribute = H5Aopen(from, name, H5P_DEFAULT);
  const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
  const hid_t copy = H5Acreate2(to, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  tv_error *error =
      copy < 0 ? tv_hdf5_fail("cannot be created") : copy_values(attribute, type, space, copy);
  if (copy >= 0) H5Aclose(copy);
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  if (attribute >= 0) H5Aclose(attribute);
  return tv_error_prefix(error, "attribute '%s' ", name);
}

typedef struct {
  hid_t to;
  tv_error *error;
} attribute_copy;

static herr_t visit_attribute(hid_t from, const char *name, const H5A_info_t *info, void *context) {
  static const char *const of_dimensions[] = {"CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST"};
  attribute_copy *copy = context;
  (void)info;
  for (size_t i = 0; i < sizeof of_dimensions / sizeof *of_dimensions; ++i)
    if (strcmp(name, of_dimensions[i]) == 0) return 0;
  if (H5Aexists(copy->to, name) == 0) copy->error = copy_attribute(from, name, copy->to);
  return copy->error ? -1 : 0;
}

tv_error *tv_attributes_copy(hid_t from, hid_t to) {
  attribute_copy copy = {.to = to};
  const herr_t status = H5Aiterate2(from, H5_INDEX_NAME, H5_ITER_INC, NULL, visit_attribute, &copy);
  if (copy.error || status >= 0) return copy.error;
  return tv_hdf5_fail("the attributes cannot be read");
}

/* ---- Dimensions ---- */

static void take_base_name(hid_t object, char name[TV_NAME_LENGTH]) {
  char path[4 * TV_NAME_LENGTH] = "";
  H5Iget_name(object, path, sizeof path);
  const char *slash = strrchr(path, '/');
  snprintf(name, TV_NAME_LENGTH, "%.*s", TV_NAME_LENGTH - 1, slash ? slash + 1 : path);
}

static herr_t visit_scale(hid_t set, unsigned dimension, hid_t scale, void *context) {
  (void)set;
  (void)dimension;
  take_base_name(scale, context);
  return 1;
}

void tv_label_dimension(hid_t set, int dimension, char name[TV_NAME_LENGTH]) {
  name[0] = '\0';
  if (H5DSis_scale(set) > 0)
    take_base_name(set, name);
  else
    H5DSiterate_scales(set, (unsigned)dimension, NULL, visit_scale, name);
}

int64_t tv_label_length(hid_t group, const char *dimension) {
  const hid_t set = tv_label_open_coordinate(group, dimension);
  if (set < 0) return -1;
  const hid_t space = H5Dget_space(set);
  const int64_t length = H5Sget_simple_extent_npoints(space);
  if (space >= 0) H5Sclose(space);
  H5Dclose(set);
  return length;
}

static tv_error *attach_scales(hid_t set, hid_t group, hid_t copy, int rank) {
  char name[TV_NAME_LENGTH];
  for (int i = 0; i < rank; ++i) {
    tv_label_dimension(set, i, name);
    if (!*name) continue;
    const hid_t scale = tv_label_open_coordinate(group, name);
    const herr_t status = scale >= 0 ? H5DSattach_scale(copy, scale, (unsigned)i) : -1;
    tv_error *error = status < 0 ? tv_hdf5_fail("dimension '%s' cannot be attached", name) : NULL;
    if (scale >= 0) H5Dclose(scale);
    TV_TRY(error);
  }
  return NULL;
}

/* ---- Datasets ---- */

/* Chunks as if the array had been created with this length; those of arrays that were written later
 * are unchanged. Whether all was well. */
static int fit_chunk(hid_t creation, int rank, hsize_t length) {
  hsize_t chunk[TV_MOST_DIMENSIONS], numbers = 1;
  H5D_fill_time_t fill;
  if (H5Pget_layout(creation) != H5D_CHUNKED) return 1;
  if (H5Pget_fill_time(creation, &fill) < 0 || H5Pget_chunk(creation, rank, chunk) != rank)
    return 0;
  if (fill == H5D_FILL_TIME_NEVER) return 1;
  for (int i = 1; i < rank; ++i) numbers *= chunk[i];
  const hsize_t room = TV_CHUNK_NUMBERS / numbers > 0 ? TV_CHUNK_NUMBERS / numbers : 1;
  chunk[0] = length < room ? length : room;
  return H5Pset_chunk(creation, rank, chunk) >= 0;
}

/* With this type, and with this shape and these properties but for the length, to which they are
 * changed. Negative on a failure. */
static hid_t create_fitted(hid_t group, const char *name, hsize_t length, int rank, hid_t type,
                           hid_t space, hid_t creation) {
  hsize_t shape[TV_MOST_DIMENSIONS] = {0};
  if (rank < 0 || rank > TV_MOST_DIMENSIONS || H5Sget_simple_extent_dims(space, shape, NULL) < 0)
    return H5I_INVALID_HID;
  if (rank > 0 && shape[0] != length) {
    shape[0] = length;
    if (H5Sset_extent_simple(space, rank, shape, NULL) < 0 || !fit_chunk(creation, rank, length))
      return H5I_INVALID_HID;
  }
  return H5Dcreate2(group, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
}

static tv_error *create_like(hid_t set, hid_t group, const char *name, hsize_t length, int *rank,
                             hid_t *out) {
  const hid_t space = H5Dget_space(set), type = H5Dget_type(set);
  const hid_t creation = H5Dget_create_plist(set);
  *rank = H5Sget_simple_extent_ndims(space);
  *out = create_fitted(group, name, length, *rank, type, space, creation);
  tv_error *error = *out < 0 ? tv_hdf5_fail("cannot be created") : NULL;
  if (creation >= 0) H5Pclose(creation);
  if (type >= 0) H5Tclose(type);
  if (space >= 0) H5Sclose(space);
  return error;
}

tv_error *tv_label_like(hid_t set, hid_t group, const char *name, hsize_t length, hid_t *out) {
  int rank;
  TV_TRY(create_like(set, group, name, length, &rank, out));
  tv_error *error = tv_attributes_copy(set, *out);
  if (!error && H5DSis_scale(set) > 0)
    error = H5DSset_scale(*out, name) < 0 ? tv_hdf5_fail("cannot be made a dimension") : NULL;
  else if (!error)
    error = attach_scales(set, group, *out, rank);
  if (!error) return NULL;
  H5Dclose(*out);
  *out = H5I_INVALID_HID;
  return error;
}
