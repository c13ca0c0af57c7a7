#include "twoview/hdf5/growing.h"

#include <hdf5_hl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/hdf5/error.h"

enum { CHUNK_BYTES = 1 << 20, CHUNK_TEXTS = 1 << 12, DEFLATE_LEVEL = 1, COUNTED = 1 << 12 };

/* ---- Creation ---- */

/* Texts stand elsewhere in the file, so that filters would see their addresses only. */
static int set_filters(const tv_growing *a, hid_t properties) {
  hsize_t chunk[TV_MOST_DIMENSIONS];
  memcpy(chunk, a->extent, sizeof chunk);
  chunk[0] = (hsize_t)a->most;
  return H5Pset_chunk(properties, a->rank, chunk) >= 0 &&
         H5Pset_attr_creation_order(properties, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED) >=
             0 &&
         (a->is_text ||
          (H5Pset_shuffle(properties) >= 0 && H5Pset_deflate(properties, DEFLATE_LEVEL) >= 0 &&
           H5Pset_fletcher32(properties) >= 0));
}

/* Negative on a failure. */
static hid_t create_set(const tv_growing *a, hid_t group, hid_t stored) {
  hsize_t most[TV_MOST_DIMENSIONS];
  memcpy(most, a->extent, sizeof most);
  most[0] = H5S_UNLIMITED;
  const hid_t space = H5Screate_simple(a->rank, a->extent, most);
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  hid_t set = H5I_INVALID_HID;
  if (space >= 0 && properties >= 0 && set_filters(a, properties))
    set = H5Dcreate2(group, a->name, stored, space, H5P_DEFAULT, properties, H5P_DEFAULT);
  if (properties >= 0) H5Pclose(properties);
  if (space >= 0) H5Sclose(space);
  return set;
}

tv_error *tv_growing_begin(hid_t group, tv_label label, hid_t stored, hid_t memory, int rank,
                           const hsize_t *item, tv_growing *out) {
  *out = (tv_growing){.rank = rank};
  snprintf(out->name, sizeof out->name, "%s", label.name);
  out->type = H5Tcopy(memory);
  if (out->type < 0) return tv_hdf5_fail("dataset '%s' has no type", label.name);
  out->is_text = H5Tget_class(memory) == H5T_STRING;
  out->item_bytes = H5Tget_size(memory);
  for (int i = 1; i < rank; ++i) {
    out->extent[i] = item[i - 1];
    out->item_bytes *= item[i - 1];
  }
  out->most = out->is_text ? CHUNK_TEXTS : (int64_t)(CHUNK_BYTES / out->item_bytes);
  if (out->most < 1) out->most = 1;
  TV_TRY(tv_allocate(out->most, out->item_bytes, &out->waiting));
  out->set = create_set(out, group, stored);
  if (out->set < 0) return tv_hdf5_fail("dataset '%s' cannot be created", label.name);
  TV_TRY(tv_attribute_text(out->set, "long_name", label.long_name));
  return tv_attribute_text(out->set, "units", label.units);
}

tv_error *tv_growing_begin_texts(hid_t group, tv_label label, tv_growing *out) {
  const hid_t type = tv_label_text_type();
  tv_error *error = tv_growing_begin(group, label, type, type, 1, NULL, out);
  H5Tclose(type);
  return error;
}

/* ---- Items ---- */

static void forget(tv_growing *a) {
  for (int64_t i = 0; a->is_text && i < a->count; ++i) free(((char **)a->waiting)[i]);
  a->count = 0;
}

static int write_at(const tv_growing *a, hid_t file_space) {
  hsize_t start[TV_MOST_DIMENSIONS] = {a->extent[0] - (hsize_t)a->count};
  hsize_t count[TV_MOST_DIMENSIONS];
  memcpy(count, a->extent, sizeof count);
  count[0] = (hsize_t)a->count;
  const hid_t space = H5Screate_simple(a->rank, count, NULL);
  const int is_written =
      space >= 0 &&
      H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
      H5Dwrite(a->set, a->type, space, file_space, H5P_DEFAULT, a->waiting) >= 0;
  if (space >= 0) H5Sclose(space);
  return is_written;
}

static tv_error *flush(tv_growing *a) {
  if (a->count == 0) return NULL;
  a->extent[0] += (hsize_t)a->count;
  const int is_longer = H5Dset_extent(a->set, a->extent) >= 0;
  const hid_t space = is_longer ? H5Dget_space(a->set) : H5I_INVALID_HID;
  const int is_written = space >= 0 && write_at(a, space);
  tv_error *error = is_written ? NULL : tv_hdf5_fail("dataset '%s' cannot be written", a->name);
  if (space >= 0) H5Sclose(space);
  forget(a);
  return error;
}

static tv_error *keep_texts(tv_growing *a, int64_t count, const char *const *texts) {
  char **waiting = (char **)a->waiting;
  for (int64_t i = 0; i < count; ++i) {
    waiting[a->count] = strdup(texts[i]);
    if (!waiting[a->count]) return tv_fail("out of memory");
    ++a->count;
  }
  return NULL;
}

tv_error *tv_growing_add(tv_growing *a, int64_t count, const void *values) {
  const char *from = values;
  while (count > 0) {
    const int64_t room = a->most - a->count, some = count < room ? count : room;
    const size_t bytes = (size_t)some * a->item_bytes;
    if (a->is_text) {
      TV_TRY(keep_texts(a, some, (const char *const *)from));
    } else {
      memcpy(a->waiting + (size_t)a->count * a->item_bytes, from, bytes);
      a->count += some;
    }
    from += bytes;
    count -= some;
    if (a->count == a->most) TV_TRY(flush(a));
  }
  return NULL;
}

static tv_error *settle(tv_growing *a, hid_t group, const char *const *dimensions) {
  TV_TRY(flush(a));
  if (dimensions) return tv_label_attach(group, a->set, dimensions);
  if (H5DSset_scale(a->set, a->name) >= 0) return NULL;
  return tv_hdf5_fail("'%s' cannot be made a dimension", a->name);
}

tv_error *tv_growing_finish(tv_growing *a, hid_t group, const char *const *dimensions) {
  tv_error *error = settle(a, group, dimensions);
  const hid_t set = a->set;
  a->set = 0;
  return tv_label_close(set, a->name, error);
}

void tv_growing_close(tv_growing *a) {
  if (a->waiting) forget(a);
  free(a->waiting);
  if (a->set > 0) H5Dclose(a->set);
  if (a->type > 0) H5Tclose(a->type);
  *a = (tv_growing){0};
}

static tv_error *count_up(tv_growing *a, int64_t count) {
  int64_t numbers[COUNTED];
  for (int64_t first = 0; first < count; first += COUNTED) {
    const int64_t some = count - first < COUNTED ? count - first : COUNTED;
    for (int64_t i = 0; i < some; ++i) numbers[i] = first + i;
    TV_TRY(tv_growing_add(a, some, numbers));
  }
  return NULL;
}

tv_error *tv_growing_count(hid_t group, tv_label label, int64_t count) {
  tv_growing a;
  tv_error *error = tv_growing_begin(group, label, H5T_NATIVE_INT64, H5T_NATIVE_INT64, 1, NULL, &a);
  if (!error) error = count_up(&a, count);
  if (!error) error = tv_growing_finish(&a, group, NULL);
  tv_growing_close(&a);
  return error;
}
