#include "hdf5_dataset.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "twoview/base/memory.h"
#include "twoview/hdf5/error.h"

static const double most_cached = 1 << 28;         /* bytes of unpacked chunks on each rank */
static const hsize_t most_rows = (hsize_t)1 << 53; /* counted by doubles in plans and models */
static const hsize_t most_columns = INT_MAX / 8;
static const size_t longest_string = 1 << 16; /* bytes, if they are of fixed length */

enum { FILE_NAME = 512 };

/* ---- What is refused ---- */

static tv_error *refuse_other_file(const tv_dataset_wish *w, const char *other) {
  return tv_fail(
      "%s: dataset '%s' has its numbers in another file, '%s'; write them into this one, "
      "of which the archive keeps a digest",
      w->path, w->name, other);
}

static const char *class_name(H5T_class_t class) {
  switch (class) {
  case H5T_INTEGER:
    return "integers";
  case H5T_FLOAT:
    return "floating-point numbers";
  case H5T_STRING:
    return "strings";
  case H5T_COMPOUND:
    return "compounds (complex numbers are stored as such)";
  case H5T_ENUM:
    return "enumerated values (booleans are stored as such)";
  case H5T_ARRAY:
    return "arrays";
  case H5T_VLEN:
    return "lists of varying length";
  case H5T_REFERENCE:
    return "references";
  default:
    return "bits of no type";
  }
}

/* Strings of fixed length, each of which a reader has to hold, are bounded. */
static tv_error *check_type(const tv_dataset_wish *w, hid_t type) {
  static const char *const wanted[] = {[TV_HOLDS_NUMBERS] = "numbers",
                                       [TV_HOLDS_INTEGERS] = "integers, of the categories",
                                       [TV_HOLDS_LABELS] =
                                           "integers, the classes from 0, or strings, their names"};
  const H5T_class_t class = H5Tget_class(type);
  const int is_wanted = class == H5T_INTEGER ||
                        (class == H5T_FLOAT && w->type == TV_HOLDS_NUMBERS) ||
                        (class == H5T_STRING && w->type == TV_HOLDS_LABELS);
  if (!is_wanted)
    return tv_fail("%s: dataset '%s' holds %s and must hold %s", w->path, w->name,
                   class_name(class), wanted[w->type]);
  if (class == H5T_STRING && H5Tget_size(type) > longest_string)
    return tv_fail("%s: dataset '%s' holds strings of %zu bytes; at most %zu will do", w->path,
                   w->name, H5Tget_size(type), longest_string);
  return NULL;
}

static tv_error *expect_type(const tv_dataset_wish *w, hid_t dataset) {
  const hid_t type = H5Dget_type(dataset);
  if (type < 0) return tv_hdf5_fail("%s: dataset '%s' has no type", w->path, w->name);
  tv_error *error = check_type(w, type);
  H5Tclose(type);
  return error;
}

static tv_error *expect_rank(const tv_dataset_wish *w, int dimensions) {
  char most[32] = "";
  if (w->most > w->least) snprintf(most, sizeof most, " to %d", w->most);
  if (dimensions >= w->least && dimensions <= w->most) return NULL;
  return tv_fail(
      "%s: dataset '%s' has %d dimensions and must have %d%s; name another, or reshape it", w->path,
      w->name, dimensions, w->least, most);
}

static tv_error *refuse_extent(const tv_dataset *d, int dimension, hsize_t length, hsize_t most) {
  char what[48] = "rows";
  if (dimension > 0 && d->dimensions == 2) snprintf(what, sizeof what, "columns");
  if (dimension > 0 && d->dimensions > 2)
    snprintf(what, sizeof what, "numbers along its dimensions 2 to %d", dimension + 1);
  return tv_fail("%s: dataset '%s' has %llu %s; at least 1 and at most %llu will do", d->path,
                 d->name, (unsigned long long)length, what, (unsigned long long)most);
}

static tv_error *expect_shape(const tv_dataset_wish *w, tv_dataset *d) {
  hsize_t shape[H5S_MAX_RANK] = {0}, width = 1;
  const hid_t space = H5Dget_space(d->id);
  d->dimensions = H5Sget_simple_extent_dims(space, shape, NULL);
  tv_error *error =
      d->dimensions < 0 ? tv_hdf5_fail("%s: dataset '%s' has no shape", d->path, d->name) : NULL;
  if (space >= 0) H5Sclose(space);
  if (!error) error = expect_rank(w, d->dimensions);
  TV_TRY(error);
  if (shape[0] == 0 || shape[0] > most_rows) return refuse_extent(d, 0, shape[0], most_rows);
  for (int i = 0; i < TV_DATASET_DIMENSIONS; ++i) d->extent[i] = i < d->dimensions ? shape[i] : 1;
  for (int i = 1; i < d->dimensions; ++i) {
    const hsize_t length = shape[i] > most_columns ? shape[i] : width * shape[i];
    if (length == 0 || length > most_columns) return refuse_extent(d, i, length, most_columns);
    width = length;
  }
  d->width = (int)width;
  return NULL;
}

static tv_error *expect_filters(const tv_dataset_wish *w, hid_t creation) {
  const int filters = H5Pget_nfilters(creation);
  for (int i = 0; i < filters; ++i) {
    char name[64] = "";
    unsigned flags, use = 0;
    size_t parameters = 0;
    const H5Z_filter_t filter =
        H5Pget_filter2(creation, (unsigned)i, &flags, &parameters, NULL, sizeof name, name, &use);
    if (filter < 0) return tv_hdf5_fail("%s: dataset '%s': filter %d", w->path, w->name, i + 1);
    if (H5Zfilter_avail(filter) > 0 && H5Zget_filter_info(filter, &use) >= 0 &&
        use & H5Z_FILTER_CONFIG_DECODE_ENABLED)
      continue;
    H5Eclear2(H5E_DEFAULT);
    return tv_fail("%s: dataset '%s' is packed by filter %d ('%s'), which this HDF5 lacks; set "
                   "HDF5_PLUGIN_PATH to the folder of its plugin, or write the dataset with gzip",
                   w->path, w->name, (int)filter, name);
  }
  return NULL;
}

static int is_chunked(const tv_dataset *d, hid_t creation, hsize_t chunk[TV_DATASET_DIMENSIONS]) {
  return H5Pget_layout(creation) == H5D_CHUNKED &&
         H5Pget_chunk(creation, TV_DATASET_DIMENSIONS, chunk) == d->dimensions;
}

/* Chunks along a dimension; 0 where the file says that they are empty. */
static double chunks_along(const tv_dataset *d, const hsize_t *chunk, int dimension) {
  return chunk[dimension] ? ceil((double)d->extent[dimension] / (double)chunk[dimension]) : 0;
}

/* What was never written would be read as zeros. */
static tv_error *expect_written(const tv_dataset *d, hid_t creation) {
  hsize_t chunk[TV_DATASET_DIMENSIONS] = {1, 1, 1, 1, 1}, written = 0;
  double all = 1;
  if (H5Pget_layout(creation) != H5D_CHUNKED) {
    if (H5Dget_storage_size(d->id) > 0) return NULL;
    return tv_fail("%s: dataset '%s' was never written", d->path, d->name);
  }
  const hid_t space = H5Dget_space(d->id);
  const herr_t status = H5Dget_num_chunks(d->id, space, &written);
  const int is_known = status >= 0 && is_chunked(d, creation, chunk);
  tv_error *error =
      is_known ? NULL
               : tv_hdf5_fail("%s: dataset '%s': its chunks cannot be counted", d->path, d->name);
  H5Sclose(space);
  TV_TRY(error);
  for (int i = 0; i < TV_DATASET_DIMENSIONS; ++i) all *= chunks_along(d, chunk, i);
  if (all == 0) return tv_fail("%s: dataset '%s' has empty chunks", d->path, d->name);
  if ((double)written >= all) return NULL;
  return tv_fail("%s: dataset '%s': %.0f of its %.0f chunks were never written", d->path, d->name,
                 all - (double)written, all);
}

static tv_error *expect_storage(const tv_dataset_wish *w, const tv_dataset *d, hid_t creation) {
  char other[FILE_NAME] = "";
  off_t offset;
  hsize_t size;
  if (H5Pget_layout(creation) == H5D_VIRTUAL) {
    H5Pget_virtual_filename(creation, 0, other, sizeof other);
    return refuse_other_file(w, other);
  }
  if (H5Pget_external_count(creation) > 0) {
    H5Pget_external(creation, 0, sizeof other - 1, other, &offset, &size);
    return refuse_other_file(w, other);
  }
  TV_TRY(expect_filters(w, creation));
  return expect_written(d, creation);
}

static tv_error *check(const tv_dataset_wish *w, tv_dataset *d) {
  TV_TRY(expect_shape(w, d));
  TV_TRY(expect_type(w, d->id));
  const hid_t creation = H5Dget_create_plist(d->id);
  if (creation < 0) return tv_hdf5_fail("%s: dataset '%s' is damaged", w->path, w->name);
  tv_error *error = expect_storage(w, d, creation);
  H5Pclose(creation);
  return error;
}

/* ---- The cache ---- */

/* Chunks that a row crosses, and bytes of one. */
static double chunks_across(const tv_dataset *d, const hsize_t *chunk) {
  double across = 1;
  for (int i = 1; i < TV_DATASET_DIMENSIONS; ++i) across *= chunks_along(d, chunk, i);
  return across;
}

static double chunk_bytes(const hsize_t *chunk, size_t size) {
  double bytes = (double)size;
  for (int i = 0; i < TV_DATASET_DIMENSIONS; ++i) bytes *= (double)chunk[i];
  return bytes;
}

static size_t value_size(const tv_dataset *d) {
  const hid_t type = H5Dget_type(d->id);
  const size_t size = H5Tget_size(type);
  H5Tclose(type);
  return size;
}

/* What unpacking takes beside the unpacked chunk: the packed one, and the buffers that HDF5 outgrew
 * on the way, each twice the one before, of which the heap keeps those that are not mapped. */
static double unpacking_bytes(double packed, double unpacked) {
  double kept = packed;
  for (double buffer = 2 * packed; packed > 0 && buffer < fmin(unpacked, TV_MAPPED_BYTES);
       buffer *= 2)
    kept += buffer;
  return kept;
}

/* Let `access` have a cache for all chunks that a row crosses, so that chunks of many rows are not
 * unpacked again for every batch. A chunk as it is stored, of average size, is held beside them. */
static void widen_cache(const tv_dataset *d, hid_t access, double *cache_bytes) {
  hsize_t chunk[TV_DATASET_DIMENSIONS] = {1, 1, 1, 1, 1};
  const hid_t creation = H5Dget_create_plist(d->id);
  if (is_chunked(d, creation, chunk)) {
    const double across = chunks_across(d, chunk), bytes = chunk_bytes(chunk, value_size(d));
    const double packed = (double)H5Dget_storage_size(d->id) / (chunks_along(d, chunk, 0) * across);
    const int is_cached =
        across * bytes <= most_cached &&
        H5Pset_chunk_cache(access, 100 * (size_t)across + 1, (size_t)(across * bytes), 1) >= 0;
    *cache_bytes += (is_cached ? across : 1) * bytes + unpacking_bytes(packed, bytes);
  }
  H5Pclose(creation);
}

double tv_dataset_unpacked(const tv_dataset *d, int64_t rows) {
  hsize_t chunk[TV_DATASET_DIMENSIONS] = {1, 1, 1, 1, 1};
  const hid_t creation = H5Dget_create_plist(d->id);
  const size_t size = value_size(d);
  double bytes = (double)rows * d->width * (double)size;
  if (is_chunked(d, creation, chunk))
    bytes = (ceil((double)rows / (double)chunk[0]) + 1) * chunks_across(d, chunk) *
            chunk_bytes(chunk, size);
  H5Pclose(creation);
  return bytes;
}

/* ---- Opening ---- */

/* Called before HDF5 opens the file that an external link names: notes the file, and stops HDF5. */
static herr_t stop_at_link(const char *parent, const char *group, const char *file,
                           const char *object, unsigned *flags, hid_t access, void *other) {
  (void)parent, (void)group, (void)object, (void)flags, (void)access;
  snprintf(other, FILE_NAME, "%s", file);
  return -1;
}

int tv_is_group(hid_t file, const char *name) {
  char other[FILE_NAME] = "";
  H5O_info_t info = {.type = H5O_TYPE_UNKNOWN};
  const hid_t access = H5Pcreate(H5P_LINK_ACCESS);
  const int is_found = access >= 0 && H5Pset_elink_cb(access, stop_at_link, other) >= 0 &&
                       H5Oget_info_by_name2(file, name, &info, H5O_INFO_BASIC, access) >= 0;
  H5Eclear2(H5E_DEFAULT);
  if (access >= 0) H5Pclose(access);
  return is_found && info.type == H5O_TYPE_GROUP;
}

/* Open as HDF5 does, check, and let `access` have the cache for what it is. */
static tv_error *inspect(hid_t file, const tv_dataset_wish *w, hid_t access, const char *other,
                         tv_dataset *d, double *cache_bytes) {
  d->id = H5Dopen2(file, w->name, access);
  if (d->id < 0 && *other) return refuse_other_file(w, other);
  if (d->id < 0)
    return tv_hdf5_fail("%s: there is no dataset '%s'; `h5ls -r` lists what there is", w->path,
                        w->name);
  tv_error *error = check(w, d);
  if (!error) widen_cache(d, access, cache_bytes);
  H5Dclose(d->id);
  return error;
}

tv_error *tv_dataset_open(hid_t file, const tv_dataset_wish *w, tv_dataset *out,
                          double *cache_bytes) {
  char other[FILE_NAME] = "";
  const hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
  *out = (tv_dataset){.path = w->path, .name = w->name};
  if (access < 0 || H5Pset_elink_cb(access, stop_at_link, other) < 0)
    return tv_hdf5_fail("%s: dataset '%s'", w->path, w->name);
  tv_error *error = inspect(file, w, access, other, out, cache_bytes);
  out->id = error ? 0 : H5Dopen2(file, w->name, access);
  if (out->id < 0) error = tv_hdf5_fail("%s: dataset '%s' cannot be opened", w->path, w->name);
  H5Pclose(access);
  return error;
}

void tv_dataset_close(tv_dataset *d) {
  if (d->id > 0) H5Dclose(d->id);
  d->id = 0;
}

/* ---- Reading ---- */

tv_error *tv_dataset_read(const tv_dataset *d, int64_t first, int64_t count, hid_t type,
                          void *out) {
  const hsize_t start[TV_DATASET_DIMENSIONS] = {(hsize_t)first};
  hsize_t extent[TV_DATASET_DIMENSIONS];
  memcpy(extent, d->extent, sizeof extent);
  extent[0] = (hsize_t)count;
  const hid_t file_space = H5Dget_space(d->id);
  const hid_t memory_space = H5Screate_simple(d->dimensions, extent, NULL);
  const int is_read =
      file_space >= 0 && memory_space >= 0 &&
      H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, extent, NULL) >= 0 &&
      H5Dread(d->id, type, memory_space, file_space, H5P_DEFAULT, out) >= 0;
  tv_error *error =
      is_read ? NULL
              : tv_hdf5_fail("%s: dataset '%s': rows %lld to %lld cannot be read", d->path, d->name,
                             (long long)first, (long long)(first + count - 1));
  if (memory_space >= 0) H5Sclose(memory_space);
  if (file_space >= 0) H5Sclose(file_space);
  return error;
}
