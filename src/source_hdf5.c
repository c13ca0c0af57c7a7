#include <hdf5.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "twoview/comm.h"
#include "twoview/hdf5_error.h"
#include "twoview/source.h"

enum { MOST_CLASSES = 1 << 16, LABEL_PIECE = 1 << 20 };

static const size_t most_cached = (size_t)1 << 28; /* bytes of unpacked chunks on each rank */

/* Every rank has the file open for itself and reads the rows of its own shards. */
typedef struct {
  const tv_source_spec *spec; /* borrowed from the experiment */
  hid_t file, samples, targets;
  int has_labels;     /* `targets` is a 1D dataset of class labels */
  double cache_bytes; /* of unpacked chunks */
} hdf5_rows;

static void close_datasets(tv_source *source) {
  hdf5_rows *h = source->state;
  if (!h) return;
  if (h->targets > 0) H5Dclose(h->targets);
  if (h->samples > 0) H5Dclose(h->samples);
  if (h->file > 0) H5Fclose(h->file);
}

/* Rows [first, first + count) of a dataset with `width` numbers in a row (0: one-dimensional). */
static tv_error *read_slab(hid_t dataset, const char *name, int64_t first, int64_t count, int width,
                           hid_t type, void *out) {
  const hsize_t start[2] = {(hsize_t)first, 0}, extent[2] = {(hsize_t)count, (hsize_t)width};
  const int dimensions = width ? 2 : 1;
  const hid_t file_space = H5Dget_space(dataset);
  const hid_t memory_space = H5Screate_simple(dimensions, extent, NULL);
  const int is_read =
      file_space >= 0 && memory_space >= 0 &&
      H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, extent, NULL) >= 0 &&
      H5Dread(dataset, type, memory_space, file_space, H5P_DEFAULT, out) >= 0;
  tv_error *error = is_read ? NULL
                            : tv_hdf5_fail("dataset '%s': rows %lld to %lld cannot be read", name,
                                           (long long)first, (long long)(first + count - 1));
  if (memory_space >= 0) H5Sclose(memory_space);
  if (file_space >= 0) H5Sclose(file_space);
  return error;
}

static tv_error *expect_finite(const char *file, const char *name, int64_t first, int64_t count,
                               int width, const double *values) {
  for (int64_t i = 0; i < count * width; ++i)
    if (!isfinite(values[i]))
      return tv_fail("%s: dataset '%s': row %lld, column %lld is not a finite number", file, name,
                     (long long)(first + i / width), (long long)(i % width));
  return NULL;
}

static tv_error *read_labels(const tv_source *source, int64_t first, int64_t count,
                             int64_t *labels) {
  const hdf5_rows *h = source->state;
  return read_slab(h->targets, h->spec->labels, first, count, 0, H5T_NATIVE_INT64, labels);
}

static tv_error *read_rows(const tv_source *source, int replicate, int64_t first, int count,
                           double *x, double *y) {
  const hdf5_rows *h = source->state;
  const int l = source->targets;
  (void)replicate;
  TV_TRY(read_slab(h->samples, h->spec->samples, first, count, source->features, H5T_NATIVE_DOUBLE,
                   x));
  TV_TRY(expect_finite(h->spec->file, h->spec->samples, first, count, source->features, x));
  if (!h->has_labels) {
    TV_TRY(read_slab(h->targets, h->spec->targets, first, count, l, H5T_NATIVE_DOUBLE, y));
    return expect_finite(h->spec->file, h->spec->targets, first, count, l, y);
  }
  int64_t *labels;
  TV_TRY(tv_allocate(count, sizeof(*labels), &labels));
  tv_error *error = read_labels(source, first, count, labels);
  for (int64_t i = 0; !error && i < (int64_t)count * l; ++i) y[i] = labels[i / l] == i % l;
  free(labels);
  return error;
}

/* Bytes of a chunk as it is stored, on average: it is held beside the unpacked ones. */
static double packed_chunk(hid_t dataset, const hsize_t *shape, const hsize_t *chunk, int rank) {
  double chunks = 1;
  for (int i = 0; i < rank; ++i) chunks *= ceil((double)shape[i] / (double)chunk[i]);
  return (double)H5Dget_storage_size(dataset) / fmax(chunks, 1);
}

/* Access to a dataset with a cache for all chunks that a row crosses, so that chunks of many rows
 * are not unpacked again for every batch. The cache's size is added to `cache_bytes`. */
static hid_t cached_access(hid_t file, const char *name, double *cache_bytes) {
  const hid_t access = H5Pcreate(H5P_DATASET_ACCESS), plain = H5Dopen2(file, name, H5P_DEFAULT);
  if (plain < 0) return access;
  const hid_t creation = H5Dget_create_plist(plain), space = H5Dget_space(plain);
  const hid_t type = H5Dget_type(plain);
  hsize_t chunk[H5S_MAX_RANK] = {0}, shape[H5S_MAX_RANK] = {0};
  const int rank = H5Sget_simple_extent_dims(space, shape, NULL);
  if (rank > 0 && rank <= 2 && H5Pget_layout(creation) == H5D_CHUNKED &&
      H5Pget_chunk(creation, rank, chunk) == rank) {
    const size_t across = rank == 2 ? (size_t)((shape[1] + chunk[1] - 1) / chunk[1]) : 1;
    const size_t bytes = (size_t)(chunk[0] * (rank == 2 ? chunk[1] : 1)) * H5Tget_size(type);
    if (across <= most_cached / bytes &&
        H5Pset_chunk_cache(access, 100 * across + 1, across * bytes, 1) >= 0)
      *cache_bytes += (double)across * (double)bytes + packed_chunk(plain, shape, chunk, rank);
  }
  H5Tclose(type);
  H5Sclose(space);
  H5Pclose(creation);
  H5Dclose(plain);
  return access;
}

/* Open a dataset of numbers with the given number of dimensions. */
static tv_error *open_dataset(hdf5_rows *h, const char *name, int dimensions, int must_be_integer,
                              hid_t *dataset, hsize_t extent[2]) {
  const char *path = h->spec->file;
  const hid_t access = cached_access(h->file, name, &h->cache_bytes);
  *dataset = H5Dopen2(h->file, name, access);
  H5Pclose(access);
  if (*dataset < 0)
    return tv_hdf5_fail("%s: there is no dataset '%s'; `h5ls -r` lists what there is", path, name);
  const hid_t space = H5Dget_space(*dataset), type = H5Dget_type(*dataset);
  const int rank = H5Sget_simple_extent_ndims(space);
  const H5T_class_t class = H5Tget_class(type);
  if (rank == dimensions) H5Sget_simple_extent_dims(space, extent, NULL);
  H5Tclose(type);
  H5Sclose(space);
  if (rank != dimensions)
    return tv_fail("%s: dataset '%s' has %d dimensions and must have %d", path, name, rank,
                   dimensions);
  if (class != H5T_INTEGER && (class != H5T_FLOAT || must_be_integer))
    return tv_fail("%s: dataset '%s' must hold %s", path, name,
                   must_be_integer ? "integers, the classes from 0" : "numbers");
  if (extent[0] == 0 || (dimensions == 2 && (extent[1] == 0 || extent[1] > INT_MAX / 8)))
    return tv_fail("%s: dataset '%s' is empty or too wide", path, name);
  return NULL;
}

static tv_error *open_datasets(const tv_source_spec *spec, tv_source *source) {
  hdf5_rows *h = source->state;
  hsize_t samples[2], targets[2] = {0, 0};
  if ((h->file = H5Fopen(spec->file, H5F_ACC_RDONLY, H5P_DEFAULT)) < 0)
    return tv_hdf5_fail("%s: cannot be opened as an HDF5 file", spec->file);
  TV_TRY(open_dataset(h, spec->samples, 2, 0, &h->samples, samples));
  h->has_labels = spec->labels != NULL;
  const char *name = h->has_labels ? spec->labels : spec->targets;
  TV_TRY(open_dataset(h, name, h->has_labels ? 1 : 2, h->has_labels, &h->targets, targets));
  if (targets[0] != samples[0])
    return tv_fail("%s: '%s' has %llu rows and '%s' %llu; they must be of the same samples",
                   spec->file, spec->samples, (unsigned long long)samples[0], name,
                   (unsigned long long)targets[0]);
  source->cache_bytes = h->cache_bytes;
  source->rows = (int64_t)samples[0];
  source->features = (int)samples[1];
  source->targets = (int)targets[1];
  return NULL;
}

/* The largest label of this rank's shards, all of them checked. */
static tv_error *scan_labels(const tv_partition *partition, const tv_source *source,
                             int64_t *largest) {
  const hdf5_rows *h = source->state;
  const int64_t end =
      tv_shard_first(partition, tv_shard_first_of_rank(partition, partition->rank + 1));
  int64_t first = tv_shard_first(partition, tv_shard_first_of_rank(partition, partition->rank));
  int64_t *labels;
  TV_TRY(tv_allocate(LABEL_PIECE, sizeof(*labels), &labels));
  tv_error *error = NULL;
  for (; !error && first < end; first += LABEL_PIECE) {
    const int64_t count = end - first < LABEL_PIECE ? end - first : LABEL_PIECE;
    error = read_labels(source, first, count, labels);
    for (int64_t i = 0; !error && i < count; ++i) {
      if (labels[i] < 0 || labels[i] >= MOST_CLASSES)
        error = tv_fail("%s: '%s' row %lld: label %lld is not from 0 to %d", h->spec->file,
                        h->spec->labels, (long long)(first + i), (long long)labels[i],
                        MOST_CLASSES - 1);
      if (labels[i] > *largest) *largest = labels[i];
    }
  }
  free(labels);
  return error;
}

static tv_error *count_classes(const tv_experiment *experiment, MPI_Comm comm, tv_source *source) {
  const tv_partition partition = tv_partition_make(comm, source->rows, experiment->parallel.shards);
  int64_t largest = 0;
  TV_TRY(tv_agree(comm, scan_labels(&partition, source, &largest)));
  MPI_Allreduce(MPI_IN_PLACE, &largest, 1, MPI_INT64_T, MPI_MAX, comm);
  source->targets = (int)largest + 1;
  return NULL;
}

tv_error *tv_source_open_hdf5(const tv_experiment *experiment, MPI_Comm comm, tv_source *source) {
  int rank;
  MPI_Comm_rank(comm, &rank);
  source->read = read_rows;
  source->close = close_datasets;
  hdf5_rows *h = NULL;
  tv_error *error = tv_allocate(1, sizeof(*h), &h);
  source->state = h;
  if (!error && rank == 0) error = tv_source_note_file(source, experiment->source.file);
  TV_TRY(tv_agree(comm, error));
  h->spec = &experiment->source;
  TV_TRY(tv_agree(comm, open_datasets(&experiment->source, source)));
  return h->has_labels ? count_classes(experiment, comm, source) : NULL;
}
