#include "packing.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "twoview/base/statistics.h"
#include "twoview/base/text.h"
#include "twoview/hdf5/error.h"

static tv_error *refuse(const tv_dataset *d, const char *name, const char *reason) {
  return tv_hdf5_fail("%s: dataset '%s': attribute '%s' %s", d->path, d->name, name, reason);
}

/* The numbers of an attribute, `most` of them at the most; *count 0: there is none. */
static tv_error *read_numbers(const tv_dataset *d, const char *name, int most, double *numbers,
                              int *count) {
  *count = 0;
  if (H5Aexists(d->id, name) <= 0) return NULL;
  const hid_t attribute = H5Aopen(d->id, name, H5P_DEFAULT);
  const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
  const H5T_class_t class = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
  const hssize_t points = space < 0 ? 0 : H5Sget_simple_extent_npoints(space);
  tv_error *error = NULL;
  if (class != H5T_INTEGER && class != H5T_FLOAT)
    error = refuse(d, name, "must be a number");
  else if (points < 1 || points > most)
    error = refuse(d, name, most == 1 ? "must be one number" : "must be 1 to 16 numbers");
  else if (H5Aread(attribute, H5T_NATIVE_DOUBLE, numbers) < 0)
    error = refuse(d, name, "cannot be read");
  else
    *count = (int)points;
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  if (attribute >= 0) H5Aclose(attribute);
  return error;
}

/* Round numbers as those of the dataset are, with which they will be compared. */
static void round_as(hid_t type, int count, double *numbers) {
  for (int i = 0; H5Tget_class(type) == H5T_FLOAT && i < count; ++i) {
    unsigned char buffer[64] = {0};
    memcpy(buffer, numbers + i, sizeof *numbers);
    if (H5Tget_size(type) <= sizeof buffer &&
        H5Tconvert(H5T_NATIVE_DOUBLE, type, 1, buffer, NULL, H5P_DEFAULT) >= 0 &&
        H5Tconvert(type, H5T_NATIVE_DOUBLE, 1, buffer, NULL, H5P_DEFAULT) >= 0)
      memcpy(numbers + i, buffer, sizeof *numbers);
  }
}

static tv_error *read_missing(const tv_dataset *d, hid_t type, const char *name, tv_packing *out) {
  double *numbers = out->missing + out->missing_count;
  int count;
  TV_TRY(read_numbers(d, name, TV_MOST_MISSING - out->missing_count, numbers, &count));
  round_as(type, count, numbers);
  out->missing_count += count;
  return NULL;
}

/* A text of fixed or varying length; "" when there is none. */
static void read_text(hid_t dataset, const char *name, char out[8]) {
  out[0] = '\0';
  if (H5Aexists(dataset, name) <= 0) return;
  const hid_t attribute = H5Aopen(dataset, name, H5P_DEFAULT), type = H5Aget_type(attribute);
  char *varying = NULL;
  if (type >= 0 && H5Tis_variable_str(type) > 0 && H5Aread(attribute, type, &varying) >= 0) {
    strncat(out, varying ? varying : "", 7);
    H5free_memory(varying);
  } else if (type >= 0 && H5Tget_class(type) == H5T_STRING && H5Tget_size(type) < 8) {
    char text[8] = "";
    if (H5Aread(attribute, type, text) >= 0) memcpy(out, text, sizeof text);
  }
  if (type >= 0) H5Tclose(type);
  if (attribute >= 0) H5Aclose(attribute);
}

/* Integers of the other sign than their type, which netCDF-3 had no types for. */
static void read_sign(hid_t dataset, hid_t type, tv_packing *out) {
  char text[8];
  read_text(dataset, "_Unsigned", text);
  if (!*text || H5Tget_class(type) != H5T_INTEGER) return;
  const double range = ldexp(1, 8 * (int)H5Tget_size(type));
  const int is_signed = H5Tget_sign(type) == H5T_SGN_2;
  if (is_signed && strcasecmp(text, "true") == 0) out->wrap_by = range;
  if (!is_signed && strcasecmp(text, "false") == 0) out->wrap_by = -range;
  out->wrap_from = out->wrap_by < 0 ? range / 2 : 0;
}

static double wrap(const tv_packing *p, double stored) {
  const int is_beyond = p->wrap_by < 0 ? stored >= p->wrap_from : stored < p->wrap_from;
  return p->wrap_by != 0 && is_beyond ? stored + p->wrap_by : stored;
}

tv_error *tv_packing_read(const tv_dataset *d, tv_packing *out) {
  int scales = 0, offsets = 0;
  *out = (tv_packing){.scale = 1};
  const hid_t type = H5Dget_type(d->id);
  if (type < 0) return tv_hdf5_fail("%s: dataset '%s' has no type", d->path, d->name);
  tv_error *error = read_missing(d, type, "_FillValue", out);
  if (!error) error = read_missing(d, type, "missing_value", out);
  if (!error) error = read_numbers(d, "scale_factor", 1, &out->scale, &scales);
  if (!error) error = read_numbers(d, "add_offset", 1, &out->offset, &offsets);
  if (!error) read_sign(d->id, type, out);
  H5Tclose(type);
  for (int i = 0; i < out->missing_count; ++i) out->missing[i] = wrap(out, out->missing[i]);
  out->is_plain = !out->missing_count && !scales && !offsets && out->wrap_by == 0;
  return error;
}

static int is_missing(const tv_packing *p, double stored) {
  for (int i = 0; i < p->missing_count; ++i)
    if (stored == p->missing[i]) return 1;
  return 0;
}

/* Where the number at a place of the rows stands: `row 5, column 3`, `row 5, entry [3, 0]`. */
static void name_place(const tv_dataset *d, int64_t first, int64_t place, char out[96]) {
  const int64_t columns = (int64_t)(d->extent[2] * d->extent[3]);
  const int64_t rest = place % d->width, pixel = rest % columns;
  snprintf(out, 96, "row %lld", (long long)(first + place / d->width));
  if (d->dimensions == 2) tv_append(out, 96, ", column %lld", (long long)rest);
  if (d->dimensions == 3)
    tv_append(out, 96, ", entry [%lld, %lld]", (long long)(rest / columns), (long long)pixel);
  if (d->dimensions == 4)
    tv_append(out, 96, ", entry [%lld, %lld, %lld]", (long long)(rest / columns),
              (long long)(pixel / (int64_t)d->extent[3]),
              (long long)(pixel % (int64_t)d->extent[3]));
}

tv_error *tv_packing_undo(const tv_packing *p, const tv_dataset *d, int64_t first, int64_t count,
                          double *numbers) {
  char place[96];
  for (int64_t i = 0; i < count * d->width; ++i) {
    const double stored = wrap(p, numbers[i]);
    const int is_absent = is_missing(p, stored);
    numbers[i] = p->is_plain ? stored : p->scale * stored + p->offset;
    if (!is_absent && isfinite(numbers[i])) continue;
    name_place(d, first, i, place);
    if (is_absent)
      return tv_fail("%s: dataset '%s': %s is missing (%s stands for that, by _FillValue or "
                     "missing_value); leave such rows out, or fill them in",
                     d->path, d->name, place, TV_EXACT(stored));
    return tv_fail("%s: dataset '%s': %s is %s; all numbers must be finite", d->path, d->name,
                   place, TV_EXACT(numbers[i]));
  }
  return NULL;
}
