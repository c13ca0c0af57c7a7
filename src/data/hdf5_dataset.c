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

static tv_error *expect_numbers(const tv_dataset_wish *w, hid_t dataset) {
  const hid_t type = H5Dget_type(dataset);
  if (type < 0) return tv_hdf5_fail("%s: dataset '%s' has no type", w->path, w->name);
  const H5T_class_t class = H5Tget_class(type);
  H5Tclose(type);
  if (class == H5T_INTEGER || (class == H5T_FLOAT && !w->is_integer)) return NULL;
  return tv_fail("%s: dataset '%s' holds %s and must hold %s", w->path, w->name, class_name(class),
                 w->is_integer ? "integers, the classes from 0" : "numbers");
}

static tv_error *expect_shape(const tv_dataset_wish *w, hid_t dataset, hsize_t extent[2]) {
  hsize_t shape[H5S_MAX_RANK] = {0};
  const hid_t space = H5Dget_space(dataset);
  const int dimensions = H5Sget_simple_extent_dims(space, shape, NULL);
  tv_error *error =
      dimensions < 0 ? tv_hdf5_fail("%s: dataset '%s' has no shape", w->path, w->name) : NULL;
  if (space >= 0) H5Sclose(space);
  TV_TRY(error);
  if (dimensions != w->dimensions)
    return tv_fail("%s: dataset '%s' has %d dimensions and must have %d", w->path, w->name,
                   dimensions, w->dimensions);
  for (int i = 0; i < dimensions; ++i) {
    const hsize_t most = i == 0 ? most_rows : most_columns;
    if (shape[i] == 0 || shape[i] > most)
      return tv_fail("%s: dataset '%s' has %llu %s; at least 1 and at most %llu will do", w->path,
                     w->name, (unsigned long long)shape[i], i == 0 ? "rows" : "columns",
                     (unsigned long long)most);
    extent[i] = shape[i];
  }
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

/* What was never written would be read as zeros. */
static tv_error *expect_written(const tv_dataset_wish *w, hid_t dataset, hid_t creation,
                                const hsize_t extent[2]) {
  hsize_t chunk[2] = {1, 1}, written = 0, all = 1;
  if (H5Pget_layout(creation) != H5D_CHUNKED) {
    if (H5Dget_storage_size(dataset) > 0) return NULL;
    return tv_fail("%s: dataset '%s' was never written", w->path, w->name);
  }
  const hid_t space = H5Dget_space(dataset);
  const herr_t status = H5Dget_num_chunks(dataset, space, &written);
  const int is_known = status >= 0 && H5Pget_chunk(creation, w->dimensions, chunk) == w->dimensions;
  tv_error *error =
      is_known ? NULL
               : tv_hdf5_fail("%s: dataset '%s': its chunks cannot be counted", w->path, w->name);
  H5Sclose(space);
  TV_TRY(error);
  for (int i = 0; i < w->dimensions; ++i) {
    if (chunk[i] == 0) return tv_fail("%s: dataset '%s' has empty chunks", w->path, w->name);
    all *= (extent[i] + chunk[i] - 1) / chunk[i];
  }
  if (written >= all) return NULL;
  return tv_fail("%s: dataset '%s': %llu of its %llu chunks were never written", w->path, w->name,
                 (unsigned long long)(all - written), (unsigned long long)all);
}

static tv_error *expect_storage(const tv_dataset_wish *w, hid_t dataset, hid_t creation,
                                const hsize_t extent[2]) {
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
  return expect_written(w, dataset, creation, extent);
}

static tv_error *check(const tv_dataset_wish *w, hid_t dataset, hsize_t extent[2]) {
  TV_TRY(expect_shape(w, dataset, extent));
  TV_TRY(expect_numbers(w, dataset));
  const hid_t creation = H5Dget_create_plist(dataset);
  if (creation < 0) return tv_hdf5_fail("%s: dataset '%s' is damaged", w->path, w->name);
  tv_error *error = expect_storage(w, dataset, creation, extent);
  H5Pclose(creation);
  return error;
}

/* ---- The cache ---- */

/* Bytes of a chunk as it is stored, on average: it is held beside the unpacked ones. */
static double packed_size(hid_t dataset, const hsize_t *extent, const hsize_t *chunk, int rank) {
  double chunks = 1;
  for (int i = 0; i < rank; ++i) chunks *= ceil((double)extent[i] / (double)chunk[i]);
  return (double)H5Dget_storage_size(dataset) / fmax(chunks, 1);
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
 * unpacked again for every batch. */
static void widen_cache(hid_t dataset, int dimensions, const hsize_t extent[2], hid_t access,
                        double *cache_bytes) {
  hsize_t chunk[2] = {1, 1};
  const hid_t creation = H5Dget_create_plist(dataset), type = H5Dget_type(dataset);
  if (H5Pget_layout(creation) == H5D_CHUNKED &&
      H5Pget_chunk(creation, dimensions, chunk) == dimensions) {
    const double across = dimensions == 2 ? ceil((double)extent[1] / (double)chunk[1]) : 1;
    const double bytes = (double)chunk[0] * (double)chunk[1] * (double)H5Tget_size(type);
    const int is_cached =
        across * bytes <= most_cached &&
        H5Pset_chunk_cache(access, 100 * (size_t)across + 1, (size_t)(across * bytes), 1) >= 0;
    *cache_bytes += (is_cached ? across : 1) * bytes +
                    unpacking_bytes(packed_size(dataset, extent, chunk, dimensions), bytes);
  }
  H5Tclose(type);
  H5Pclose(creation);
}

double tv_dataset_unpacked(hid_t dataset, int64_t rows) {
  hsize_t extent[2] = {1, 1}, chunk[2] = {1, 1};
  const hid_t creation = H5Dget_create_plist(dataset), type = H5Dget_type(dataset);
  const hid_t space = H5Dget_space(dataset);
  const int dimensions = H5Sget_simple_extent_dims(space, extent, NULL);
  double numbers = (double)rows * (double)extent[1];
  if (H5Pget_layout(creation) == H5D_CHUNKED &&
      H5Pget_chunk(creation, dimensions, chunk) == dimensions)
    numbers = (ceil((double)rows / (double)chunk[0]) + 1) * (double)chunk[0] *
              ceil((double)extent[1] / (double)chunk[1]) * (double)chunk[1];
  const double bytes = numbers * (double)H5Tget_size(type);
  H5Sclose(space);
  H5Tclose(type);
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

tv_error *tv_dataset_open(hid_t file, const tv_dataset_wish *w, hid_t *dataset, hsize_t extent[2],
                          double *cache_bytes) {
  char other[FILE_NAME] = "";
  const hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
  if (access < 0 || H5Pset_elink_cb(access, stop_at_link, other) < 0)
    return tv_hdf5_fail("%s: dataset '%s'", w->path, w->name);
  tv_error *error = NULL;
  const hid_t plain = H5Dopen2(file, w->name, access);
  if (plain < 0)
    error = *other ? refuse_other_file(w, other)
                   : tv_hdf5_fail("%s: there is no dataset '%s'; `h5ls -r` lists what there is",
                                  w->path, w->name);
  else
    error = check(w, plain, extent);
  if (!error) widen_cache(plain, w->dimensions, extent, access, cache_bytes);
  if (plain >= 0) H5Dclose(plain);
  if (!error && (*dataset = H5Dopen2(file, w->name, access)) < 0)
    error = tv_hdf5_fail("%s: dataset '%s' cannot be opened", w->path, w->name);
  H5Pclose(access);
  return error;
}
