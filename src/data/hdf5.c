#include <hdf5.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "hdf5_dataset.h"
#include "packing.h"
#include "twoview/base/comm.h"
#include "twoview/base/guard.h"
#include "twoview/base/statistics.h"
#include "twoview/data/source.h"
#include "twoview/experiment/check.h"
#include "twoview/experiment/key.h"
#include "twoview/hdf5/error.h"
#include "twoview/hdf5/file.h"

enum { MOST_CLASSES = 1 << 16, LABEL_PIECE = 1 << 20 };

typedef struct {
  char *file;
  char *samples; /* 2D dataset, samples as rows */
  char *labels;  /* 1D dataset of class labels, ... */
  char *targets; /* ... or 2D dataset of targets; NULL: the other */
} settings;

static const tv_key keys[] = {
    TV_SOURCE_AS,
    {TV_KEY(settings, file, TV_KEY_FILE), .missing = "name the HDF5 file",
     .help = "name of the file"},
    {TV_KEY(settings, samples, TV_KEY_TEXT), .missing = "name the 2D dataset of samples",
     .help = "2D dataset, samples as rows"},
    {TV_KEY(settings, labels, TV_KEY_TEXT), .otherwise = "this ...",
     .help = "1D dataset of classes from 0 (a warning names one that no sample has) ..."},
    {TV_KEY(settings, targets, TV_KEY_TEXT), .otherwise = "... or this",
     .help = "... or 2D dataset of numbers"},
    {0}};

static tv_error *check(const tv_experiment *e) {
  const settings *s = e->source.settings;
  TV_REQUIRE(e, "source.labels", !s->labels != !s->targets,
             "give either 'labels' (classes) or 'targets' (numbers), the dataset to learn from");
  return NULL;
}

/* Every rank has the file open for itself and reads the rows of its own shards. */
typedef struct {
  const settings *spec; /* borrowed from the experiment */
  hid_t file, samples, targets;
  tv_packing samples_packing, targets_packing;
  int has_labels;  /* `targets` is a 1D dataset of class labels ... */
  int is_unsigned; /* ... of an unsigned type */
} hdf5_rows;

static void close_datasets(tv_source *source) {
  hdf5_rows *h = source->state;
  if (!h) return;
  if (h->targets > 0) H5Dclose(h->targets);
  if (h->samples > 0) H5Dclose(h->samples);
  if (h->file > 0) H5Fclose(h->file);
}

/* Rows [first, first + count) of a dataset with `width` numbers in a row (0: one-dimensional). */
static tv_error *read_slab(const char *file, hid_t dataset, const char *name, int64_t first,
                           int64_t count, int width, hid_t type, void *out) {
  const hsize_t start[2] = {(hsize_t)first, 0}, extent[2] = {(hsize_t)count, (hsize_t)width};
  const int dimensions = width ? 2 : 1;
  const hid_t file_space = H5Dget_space(dataset);
  const hid_t memory_space = H5Screate_simple(dimensions, extent, NULL);
  const int is_read =
      file_space >= 0 && memory_space >= 0 &&
      H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, extent, NULL) >= 0 &&
      H5Dread(dataset, type, memory_space, file_space, H5P_DEFAULT, out) >= 0;
  tv_error *error = is_read
                        ? NULL
                        : tv_hdf5_fail("%s: dataset '%s': rows %lld to %lld cannot be read", file,
                                       name, (long long)first, (long long)(first + count - 1));
  if (memory_space >= 0) H5Sclose(memory_space);
  if (file_space >= 0) H5Sclose(file_space);
  return error;
}

/* Values of a dataset, unpacked; `width` 0: of a one-dimensional one. */
static tv_error *read_values(const hdf5_rows *h, hid_t dataset, const char *name,
                             const tv_packing *packing, int64_t first, int64_t count, int width,
                             double *out) {
  TV_TRY(read_slab(h->spec->file, dataset, name, first, count, width, H5T_NATIVE_DOUBLE, out));
  return tv_packing_undo(packing, h->spec->file, name, first, count, width, out);
}

/* Labels that are packed, or some of which are missing, are read as values. */
static tv_error *unpack_labels(const hdf5_rows *h, int64_t first, int64_t count, int64_t *labels) {
  const char *name = h->spec->labels;
  double *values;
  TV_TRY(tv_allocate(count, sizeof(*values), &values));
  tv_error *error = read_values(h, h->targets, name, &h->targets_packing, first, count, 0, values);
  for (int64_t i = 0; !error && i < count; ++i) {
    labels[i] = (int64_t)fmin(fmax(values[i], -1), MOST_CLASSES);
    if (values[i] != rint(values[i]) || values[i] < 0 || values[i] >= MOST_CLASSES)
      error = tv_fail("%s: dataset '%s': row %lld: label %s is not an integer from 0 to %d",
                      h->spec->file, name, (long long)(first + i), TV_EXACT(values[i]),
                      MOST_CLASSES - 1);
  }
  free(values);
  return error;
}

/* Unsigned labels of 2^63 and more come as negative numbers, which are no classes either. */
static tv_error *read_labels(const tv_source *source, int64_t first, int64_t count,
                             int64_t *labels) {
  const hdf5_rows *h = source->state;
  if (!h->targets_packing.is_plain) return unpack_labels(h, first, count, labels);
  return read_slab(h->spec->file, h->targets, h->spec->labels, first, count, 0,
                   h->is_unsigned ? H5T_NATIVE_UINT64 : H5T_NATIVE_INT64, labels);
}

static tv_error *read_rows(const tv_source *source, int replicate, int64_t first, int count,
                           double *x, double *y) {
  const hdf5_rows *h = source->state;
  const int l = source->targets;
  (void)replicate;
  TV_TRY(read_values(h, h->samples, h->spec->samples, &h->samples_packing, first, count,
                     source->features, x));
  if (!h->has_labels)
    return read_values(h, h->targets, h->spec->targets, &h->targets_packing, first, count, l, y);
  int64_t *labels;
  TV_TRY(tv_allocate(count, sizeof(*labels), &labels));
  tv_error *error = read_labels(source, first, count, labels);
  for (int64_t i = 0; !error && i < (int64_t)count * l; ++i) y[i] = labels[i / l] == i % l;
  free(labels);
  return error;
}

static int is_unsigned(hid_t dataset) {
  const hid_t type = H5Dget_type(dataset);
  const int is_natural = H5Tget_class(type) == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_NONE;
  H5Tclose(type);
  return is_natural;
}

static tv_error *open_datasets(const settings *spec, tv_source *source) {
  hdf5_rows *h = source->state;
  hsize_t samples[2], targets[2] = {0, 0};
  TV_TRY(tv_hdf5_open_path(spec->file, &h->file));
  const tv_dataset_wish of_samples = {spec->file, spec->samples, 2, 0};
  TV_TRY(tv_dataset_open(h->file, &of_samples, &h->samples, samples, &source->cache_bytes));
  TV_TRY(tv_packing_read(&of_samples, h->samples, &h->samples_packing));
  h->has_labels = spec->labels != NULL;
  const char *name = h->has_labels ? spec->labels : spec->targets;
  const tv_dataset_wish of_targets = {spec->file, name, h->has_labels ? 1 : 2, h->has_labels};
  TV_TRY(tv_dataset_open(h->file, &of_targets, &h->targets, targets, &source->cache_bytes));
  TV_TRY(tv_packing_read(&of_targets, h->targets, &h->targets_packing));
  if (targets[0] != samples[0])
    return tv_fail("%s: '%s' has %llu rows and '%s' %llu; they must be of the same samples",
                   spec->file, spec->samples, (unsigned long long)samples[0], name,
                   (unsigned long long)targets[0]);
  h->is_unsigned = is_unsigned(h->targets);
  source->rows = (int64_t)samples[0];
  source->features = (int)samples[1];
  source->targets = (int)targets[1];
  return NULL;
}

/* ---- Trying the file ---- */

/* Rows [first, first + count), as they will be read. */
static tv_error *try_rows(const tv_source *source, int64_t first, int64_t count, double *x,
                          double *y, int64_t *labels) {
  const hdf5_rows *h = source->state;
  const char *file = h->spec->file;
  tv_guard_step(tv_dataset_unpacked(h->samples, count) + tv_dataset_unpacked(h->targets, count));
  TV_TRY(read_slab(file, h->samples, h->spec->samples, first, count, source->features,
                   H5T_NATIVE_DOUBLE, x));
  if (h->has_labels) return read_labels(source, first, count, labels);
  return read_slab(file, h->targets, h->spec->targets, first, count, source->targets,
                   H5T_NATIVE_DOUBLE, y);
}

/* Rows from `first` on, until `end` or for half a second of this process. */
static tv_error *try_for_a_moment(const tv_source *source, int64_t first, int64_t end) {
  const int width = source->features > source->targets ? source->features : source->targets;
  const int64_t most = width < TV_BATCH ? TV_BATCH : 1;
  double *x = NULL, *y = NULL;
  int64_t *labels = NULL;
  tv_error *error = tv_allocate(most * width, sizeof(*x), &x);
  if (!error) error = tv_allocate(most * width, sizeof(*y), &y);
  if (!error) error = tv_allocate(most, sizeof(*labels), &labels);
  for (; !error && first < end && clock() < CLOCKS_PER_SEC / 2; first += most)
    error = try_rows(source, first, end - first < most ? end - first : most, x, y, labels);
  free(labels);
  free(y);
  free(x);
  return error;
}

typedef struct {
  const settings *spec;
  tv_partition partition; /* of rows yet to be counted */
} trial;

/* What describes the datasets, and rows of this rank's shards. */
static tv_error *try_source(void *context) {
  const trial *t = context;
  hdf5_rows h = {.spec = t->spec};
  tv_source source = {.state = &h};
  tv_partition partition = t->partition;
  tv_error *error = open_datasets(h.spec, &source);
  partition.rows = source.rows;
  const int64_t first = tv_shard_first_row_of_rank(&partition, partition.rank);
  const int64_t end = tv_shard_first_row_of_rank(&partition, partition.rank + 1);
  if (!error) error = try_for_a_moment(&source, first, end);
  close_datasets(&source);
  return error;
}

/* ---- Opening ---- */

static tv_error *refuse_label(const hdf5_rows *h, int64_t row, int64_t label) {
  char text[32];
  if (h->is_unsigned)
    snprintf(text, sizeof text, "%" PRIu64, (uint64_t)label);
  else
    snprintf(text, sizeof text, "%" PRId64, label);
  return tv_fail("%s: dataset '%s': row %lld: label %s is not from 0 to %d", h->spec->file,
                 h->spec->labels, (long long)row, text, MOST_CLASSES - 1);
}

/* The labels of this rank's shards, all of them checked. */
static tv_error *scan_labels(const tv_partition *partition, const tv_source *source,
                             unsigned char *is_seen) {
  const hdf5_rows *h = source->state;
  const int64_t end = tv_shard_first_row_of_rank(partition, partition->rank + 1);
  int64_t first = tv_shard_first_row_of_rank(partition, partition->rank);
  int64_t *labels;
  TV_TRY(tv_allocate(LABEL_PIECE, sizeof(*labels), &labels));
  tv_error *error = NULL;
  for (; !error && first < end; first += LABEL_PIECE) {
    const int64_t count = end - first < LABEL_PIECE ? end - first : LABEL_PIECE;
    error = read_labels(source, first, count, labels);
    for (int64_t i = 0; !error && i < count; ++i)
      if (labels[i] >= 0 && labels[i] < MOST_CLASSES)
        is_seen[labels[i]] = 1;
      else
        error = refuse_label(h, first + i, labels[i]);
  }
  free(labels);
  return error;
}

static tv_error *count_classes(const tv_experiment *experiment, MPI_Comm comm, tv_source *source) {
  const tv_partition partition = tv_partition_make(comm, source->rows, experiment->parallel.shards);
  unsigned char *is_seen;
  tv_error *error = tv_allocate(MOST_CLASSES, 1, &is_seen);
  if (!error) error = scan_labels(&partition, source, is_seen);
  error = tv_agree(comm, error);
  const settings *spec = experiment->source.settings;
  if (!error)
    tv_source_count_classes(source, spec->file, spec->labels, is_seen, MOST_CLASSES, comm);
  free(is_seen);
  return error;
}

static tv_error *open_hdf5(const tv_experiment *experiment, MPI_Comm comm, tv_source *source) {
  int rank;
  MPI_Comm_rank(comm, &rank);
  source->read = read_rows;
  source->close = close_datasets;
  hdf5_rows *h = NULL;
  tv_error *error = tv_allocate(1, sizeof(*h), &h);
  source->state = h;
  const settings *spec = experiment->source.settings;
  if (!error && rank == 0) error = tv_hdf5_expect_kind(spec->file);
  if (!error && rank == 0) error = tv_source_note_file(source, spec->file);
  if (!error && rank == 0) error = tv_source_digest_files(source);
  TV_TRY(tv_agree(comm, error));
  trial attempt = {spec, tv_partition_make(comm, 0, experiment->parallel.shards)};
  TV_TRY(tv_agree(comm, tv_guard(spec->file, try_source, &attempt)));
  h->spec = spec;
  TV_TRY(tv_agree(comm, open_datasets(spec, source)));
  return h->has_labels ? count_classes(experiment, comm, source) : NULL;
}

const tv_source_kind tv_source_hdf5 = {.kind = {.name = "hdf5",
                                                .title = "datasets of an HDF5 file",
                                                .keys = keys,
                                                .size = sizeof(settings),
                                                .check = check},
                                       .open = open_hdf5};
