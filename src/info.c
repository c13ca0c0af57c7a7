#include "twoview/info.h"

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/hdf5_error.h"
#include "twoview/idx.h"
#include "twoview/isolate.h"
#include "twoview/labelled.h"

static void print_text(const char *text, const char *indent, FILE *out) {
  const int is_long = strchr(text, '\n') != NULL;
  fputs(is_long ? "\n" : " ", out);
  for (const char *line = text; *line;) {
    const size_t length = strcspn(line, "\n");
    fprintf(out, "%s%s%.*s\n", is_long ? indent : "", is_long ? "    " : "", (int)length, line);
    line += length + (line[length] == '\n');
  }
  if (!*text) fputc('\n', out);
}

static herr_t visit_attribute(hid_t object, const char *name, const H5A_info_t *info,
                              void *context) {
  static const char indent[] = "  ";
  FILE *out = context;
  const hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
  char *text = tv_attribute_read_text(attribute);
  int64_t number;
  (void)info;
  if (text) {
    fprintf(out, "%s%s:", indent, name);
    print_text(text, indent, out);
    free(text);
  } else if (tv_attribute_read_number(attribute, &number)) {
    fprintf(out, "%s%s: %lld\n", indent, name, (long long)number);
  }
  if (attribute >= 0) H5Aclose(attribute);
  return 0;
}

static void print_long_name(hid_t set, FILE *out) {
  if (H5Aexists(set, "long_name") <= 0) return;
  const hid_t attribute = H5Aopen(set, "long_name", H5P_DEFAULT);
  char *text = tv_attribute_read_text(attribute);
  if (text) fprintf(out, "  %s", text);
  free(text);
  if (attribute >= 0) H5Aclose(attribute);
}

static herr_t visit_object(hid_t root, const char *name, const H5O_info_t *info, void *context) {
  FILE *out = context;
  hsize_t shape[H5S_MAX_RANK];
  char extent[256] = "";
  if (info->type != H5O_TYPE_DATASET) return 0;
  const hid_t set = H5Dopen2(root, name, H5P_DEFAULT);
  const hid_t space = H5Dget_space(set);
  const int rank = H5Sget_simple_extent_dims(space, shape, NULL);
  for (int i = 0; i < rank; ++i)
    snprintf(extent + strlen(extent), sizeof extent - strlen(extent), "%s%llu", i ? " x " : "",
             (unsigned long long)shape[i]);
  fprintf(out, "  %-30s %-28s", name, rank > 0 ? extent : "scalar");
  print_long_name(set, out);
  fputc('\n', out);
  H5Sclose(space);
  H5Dclose(set);
  return 0;
}

static tv_error *describe_hdf5(const char *path, FILE *out) {
  const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file < 0) return tv_hdf5_fail("%s: cannot be opened as an HDF5 file", path);
  fprintf(out, "%s: HDF5\n", path);
  herr_t status = H5Aiterate2(file, H5_INDEX_NAME, H5_ITER_INC, NULL, visit_attribute, out);
  fprintf(out, "datasets:\n");
  if (status >= 0)
    status = H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, visit_object, out, H5O_INFO_BASIC);
  tv_error *error = status < 0 ? tv_hdf5_fail("%s: damaged", path) : NULL;
  H5Fclose(file);
  return error;
}

static tv_error *try_hdf5(const char *path, const void *context) {
  FILE *nowhere = fopen("/dev/null", "w");
  (void)context;
  if (!nowhere) return tv_fail_errno("/dev/null");
  tv_error *error = describe_hdf5(path, nowhere);
  fclose(nowhere);
  return error;
}

tv_error *tv_info(const char *path, FILE *out) {
  tv_idx idx;
  FILE *file = fopen(path, "rb");
  if (!file) return tv_fail_errno("%s", path);
  fclose(file);
  if (H5Fis_hdf5(path) > 0) {
    TV_TRY(tv_isolate(path, try_hdf5, NULL));
    return describe_hdf5(path, out);
  }
  tv_error *error = tv_idx_open(path, 1, &idx);
  if (error) {
    tv_error_free(error);
    error = tv_idx_open(path, 2, &idx);
  }
  if (error) {
    tv_error_free(error);
    return tv_fail("%s: neither an HDF5 nor an IDX file", path);
  }
  fprintf(out, "%s: IDX, %lld %s of %lld byte%s, %d dimension%s\n", path, (long long)idx.items,
          idx.dimensions == 1 ? "labels" : "items", (long long)idx.item_size,
          idx.item_size == 1 ? "" : "s", idx.dimensions, idx.dimensions == 1 ? "" : "s");
  tv_idx_close(&idx);
  return NULL;
}
