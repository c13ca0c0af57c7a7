#include "walk.h"

#include <stdlib.h>
#include <string.h>

#include "twoview/base/guard.h"
#include "twoview/hdf5/array_copy.h"
#include "twoview/hdf5/error.h"
#include "twoview/hdf5/pieces.h"

enum { DEEPEST = 8 /* depth of nested groups; a damaged link may lead back to a group above */ };

/* A group on the way through the file. */
typedef struct {
  const tv_walk *walk;
  const char *name; /* "" for the root */
  int depth;
} place;

/* Takes over the error. */
static void tell_of(const place *p, const char *kind, tv_error *error) {
  tv_error *named = tv_error_prefix(error, "%s'%s' ", kind, *p->name ? p->name : "/");
  if (named) p->walk->report(p->walk->context, named->message);
  tv_error_free(named);
}

static void report(const place *p, tv_error *error) {
  tell_of(p, "", error);
}

/* ---- Attributes ---- */

static tv_error *read_values(hid_t attribute) {
  void *values = NULL;
  const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
  const int is_known = type >= 0 && space >= 0;
  tv_error *error =
      is_known ? tv_allocate(H5Sget_simple_extent_npoints(space), H5Tget_size(type), &values)
               : tv_hdf5_fail("has no type or no shape");
  if (!error && H5Aread(attribute, type, values) < 0)
    error = tv_hdf5_fail("cannot be read");
  else if (!error && H5Tdetect_class(type, H5T_VLEN) + H5Tis_variable_str(type) > 0)
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, values);
  free(values);
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  return error;
}

static herr_t visit_attribute(hid_t object, const char *name, const H5A_info_t *info,
                              void *context) {
  const place *p = context;
  const hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
  tv_guard_step(0);
  tv_error *error = attribute < 0 ? tv_hdf5_fail("cannot be opened") : read_values(attribute);
  (void)info;
  if (error) report(p, tv_fail("has an attribute '%s' that %s", name, error->message));
  tv_error_free(error);
  if (attribute >= 0) H5Aclose(attribute);
  return 0;
}

/* For the index of objects that the other index has already reached. */
static herr_t pass_attribute(hid_t object, const char *name, const H5A_info_t *info,
                             void *context) {
  (void)object, (void)name, (void)info, (void)context;
  return 0;
}

static void read_attributes(place *p, hid_t object) {
  if (H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, NULL, visit_attribute, p) < 0 ||
      H5Aiterate2(object, H5_INDEX_CRT_ORDER, H5_ITER_INC, NULL, pass_attribute, NULL) < 0)
    report(p, tv_hdf5_fail("has attributes that cannot be opened"));
}

/* ---- Datasets ---- */

/* Integers become doubles where they stand, which have as many bytes. */
static void pass_values(const place *p, const tv_pieces *pieces) {
  int64_t count = 1;
  for (int i = 0; i < pieces->rank; ++i) count *= (int64_t)pieces->count[i];
  const int is_real = H5Tequal(pieces->type, H5T_NATIVE_DOUBLE) > 0;
  const int is_integer = H5Tequal(pieces->type, H5T_NATIVE_INT64) > 0;
  if (is_real || (is_integer && H5Tconvert(H5T_NATIVE_INT64, H5T_NATIVE_DOUBLE, (size_t)count,
                                           pieces->values, NULL, H5P_DEFAULT) >= 0))
    p->walk->pass(p->walk->context, p->name, pieces->values, count);
}

static tv_error *read_pieces(const place *p, hid_t set) {
  tv_pieces pieces;
  int is_there = 1;
  tv_error *error = tv_pieces_begin(set, &pieces);
  while (!error && is_there) {
    error = tv_pieces_next(&pieces, &is_there);
    if (!error && is_there) pass_values(p, &pieces);
  }
  tv_pieces_end(&pieces);
  return error;
}

static void read_dataset(const place *p, hid_t set) {
  tell_of(p, "dataset ", read_pieces(p, set));
  p->walk->meet(p->walk->context, p->name);
}

/* ---- Objects ---- */

static void read_object(place *p, hid_t object);

static herr_t visit_link(hid_t group, const char *name, const H5L_info_t *info, void *context) {
  place *parent = context;
  char path[4 * TV_NAME_LENGTH];
  if (info->type != H5L_TYPE_HARD) return 0; /* not a part of this file, or visited by its name */
  snprintf(path, sizeof path, "%s%s%s", parent->name, *parent->name ? "/" : "", name);
  place p = {.walk = parent->walk, .name = path, .depth = parent->depth + 1};
  const hid_t object = H5Oopen(group, name, H5P_DEFAULT);
  if (object < 0)
    report(&p, tv_hdf5_fail("cannot be opened"));
  else
    read_object(&p, object);
  if (object >= 0) H5Oclose(object);
  return 0;
}

static herr_t pass_link(hid_t group, const char *name, const H5L_info_t *info, void *context) {
  (void)group, (void)name, (void)info, (void)context;
  return 0;
}

/* The index of a group in the order of creation, if it has one. */
static herr_t read_order(hid_t group) {
  unsigned order = 0;
  const hid_t creation = H5Gget_create_plist(group);
  const herr_t status = H5Pget_link_creation_order(creation, &order);
  if (creation >= 0) H5Pclose(creation);
  if (status < 0 || !(order & H5P_CRT_ORDER_INDEXED)) return status;
  return H5Literate(group, H5_INDEX_CRT_ORDER, H5_ITER_INC, NULL, pass_link, NULL);
}

static void read_group(place *p, hid_t group) {
  if (p->depth > DEEPEST)
    report(p, tv_fail("lies more than %d groups deep", DEEPEST));
  else if (H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, visit_link, p) < 0 ||
           read_order(group) < 0)
    report(p, tv_hdf5_fail("holds objects that cannot be found"));
}

/* Its indices too: HDF5 reads all of them to report their size, and other programs read them. */
static void read_object(place *p, hid_t object) {
  H5O_info_t info;
  tv_guard_step(0);
  if (H5Oget_info2(object, &info, H5O_INFO_ALL) < 0) report(p, tv_hdf5_fail("is damaged"));
  read_attributes(p, object);
  if (H5Iget_type(object) == H5I_GROUP) read_group(p, object);
  if (H5Iget_type(object) == H5I_DATASET) read_dataset(p, object);
}

void tv_walk_objects(const tv_walk *walk, hid_t file) {
  place root = {.walk = walk, .name = ""};
  const hid_t group = H5Gopen2(file, "/", H5P_DEFAULT);
  if (group < 0)
    report(&root, tv_hdf5_fail("cannot be opened"));
  else
    read_object(&root, group);
  if (group >= 0) H5Gclose(group);
}
