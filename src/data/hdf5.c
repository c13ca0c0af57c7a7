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
  char *samples; /* dataset of 2 to 4 dimensions, samples first */
  char *labels;  /* 1D dataset of class labels, ... */
  char *targets; /* ... or 2D dataset of targets; NULL: the other, or neither */
} settings;

static const tv_key keys[] = {
    TV_SOURCE_AS,
    {TV_KEY(settings, file, TV_KEY_FILE), .missing = "name the HDF5 file",
     .help = "name of the file"},
    {TV_KEY(settings, samples, TV_KEY_TEXT), .missing = "name the dataset of samples",
     .help =
         "2D dataset, samples as rows; of images 3D or 4D: samples x rows x columns (x channels)"},
    {TV_KEY(settings, labels, TV_KEY_TEXT), .otherwise = "this, ...",
     .help = "1D dataset of classes from 0 (a warning names one that no sample has) ..."},
    {TV_KEY(settings, targets, TV_KEY_TEXT),
     .otherwise = "... or this, or neither: no SL, no scores",
     .help = "... or 2D dataset of numbers"},
    {0}};

static tv_error *fill(tv_experiment *e) {
  const settings *s = e->source.settings;
  e->source.is_unlabelled = !s->labels && !s->targets;
  return NULL;
}

static tv_error *check(const tv_experiment *e) {
  const settings *s = e->source.settings;
  TV_REQUIRE(e, "source.labels", !s->labels || !s->targets,
             "give either 'labels' (classes) or 'targets' (numbers), the dataset to learn from");
  return NULL;
}

/* Every rank has the file open for itself and reads the rows of its own shards. */
typedef struct {
  const settings *spec; /* borrowed from the experiment */
  hid_t file;
  tv_dataset samples, targets; /* targets: or labels, or not open */
  tv_packing samples_packing, targets_packing;
  int is_unsigned; /* labels of an unsigned type */
} hdf5_rows;

static void close_datasets(tv_source *source) {
  hdf5_rows *h = source->state;
  if (!h) return;
  tv_dataset_close(&h->targets);
  tv_dataset_close(&h->samples);
  if (h->file > 0) H5Fclose(h->file);
}

/* Values of a dataset, unpacked. */
static tv_error *read_values(const tv_dataset *dataset, const tv_packing *packing, int64_t first,
                             int64_t count, double *out) {
  TV_TRY(tv_dataset_read(dataset, first, count, H5T_NATIVE_DOUBLE, out));
  return tv_packing_undo(packing, dataset, first, count, out);
}

/* Labels that are packed, or some of which are missing, are read as values. */
static tv_error *unpack_labels(const hdf5_rows *h, int64_t first, int64_t count, int64_t *labels) {
  double *values;
  TV_TRY(tv_allocate(count, sizeof(*values), &values));
  tv_error *error = read_values(&h->targets, &h->targets_packing, first, count, values);
  for (int64_t i = 0; !error && i < count; ++i) {
    labels[i] = (int64_t)fmin(fmax(values[i], -1), MOST_CLASSES);
    if (values[i] != rint(values[i]) || values[i] < 0 || values[i] >= MOST_CLASSES)
      error = tv_fail("%s: dataset '%s': row %lld: label %s is not an integer from 0 to %d",
                      h->spec->file, h->spec->labels, (long long)(first + i), TV_EXACT(values[i]),
                      MOST_CLASSES - 1);
  }
  free(values);
  return error;
}

/* Unsigned labels of 2^63 and more come as negative numbers, which are no classes either. */
static tv_error *read_labels(const hdf5_rows *h, int64_t first, int64_t count, int64_t *labels) {
  if (!h->targets_packing.is_plain) return unpack_labels(h, first, count, labels);
  return tv_dataset_read(&h->targets, first, count,
                         h->is_unsigned ? H5T_NATIVE_UINT64 : H5T_NATIVE_INT64, labels);
}

static tv_error *read_classes(const hdf5_rows *h, int64_t first, int count, int l, double *y) {
  int64_t *labels;
  TV_TRY(tv_allocate(count, sizeof(*labels), &labels));
  tv_error *error = read_labels(h, first, count, labels);
  for (int64_t i = 0; !error && i < (int64_t)count * l; ++i) y[i] = labels[i / l] == i % l;
  free(labels);
  return error;
}

static tv_error *read_rows(const tv_source *source, int replicate, int64_t first, int count,
                           double *x, double *y) {
  const hdf5_rows *h = source->state;
  (void)replicate;
  TV_TRY(read_values(&h->samples, &h->samples_packing, first, count, x));
  if (h->spec->labels) return read_classes(h, first, count, source->targets, y);
  return h->spec->targets ? read_values(&h->targets, &h->targets_packing, first, count, y) : NULL;
}

static int is_unsigned(hid_t dataset) {
  const hid_t type = H5Dget_type(dataset);
  const int is_natural = H5Tget_class(type) == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_NONE;
  H5Tclose(type);
  return is_natural;
}

static tv_error *open_samples(const settings *spec, tv_source *source) {
  hdf5_rows *h = source->state;
  int numbers[TV_MOST_DIMENSIONS] = {0};
  const tv_dataset_wish wish = {spec->file, spec->samples, 2, TV_MOST_DIMENSIONS, TV_HOLDS_NUMBERS};
  TV_TRY(tv_dataset_open(h->file, &wish, &h->samples, &source->cache_bytes));
  TV_TRY(tv_packing_read(&h->samples, &h->samples_packing));
  source->rows = (int64_t)h->samples.extent[0];
  source->features = h->samples.width;
  for (int i = 1; i < h->samples.dimensions; ++i) numbers[i - 1] = (int)h->samples.extent[i];
  if (h->samples.dimensions > 2)
    source->shape = tv_shape_make(h->samples.dimensions - 1, numbers, 1);
  return NULL;
}

static tv_error *open_targets(const settings *spec, tv_source *source) {
  hdf5_rows *h = source->state;
  const tv_dataset_wish wish = {spec->file, spec->labels ? spec->labels : spec->targets,
                                spec->labels ? 1 : 2, spec->labels ? 1 : 2,
                                spec->labels ? TV_HOLDS_INTEGERS : TV_HOLDS_NUMBERS};
  TV_TRY(tv_dataset_open(h->file, &wish, &h->targets, &source->cache_bytes));
  TV_TRY(tv_packing_read(&h->targets, &h->targets_packing));
  if (h->targets.extent[0] != h->samples.extent[0])
    return tv_fail("%s: '%s' has %llu rows and '%s' %llu; they must be of the same samples",
                   spec->file, spec->samples, (unsigned long long)h->samples.extent[0], wish.name,
                   (unsigned long long)h->targets.extent[0]);
  h->is_unsigned = is_unsigned(h->targets.id);
  source->targets = h->targets.width;
  return NULL;
}

static tv_error *open_datasets(const settings *spec, tv_source *source) {
  hdf5_rows *h = source->state;
  h->spec = spec;
  TV_TRY(tv_hdf5_open_path(spec->file, &h->file));
  TV_TRY(open_samples(spec, source));
  return spec->labels || spec->targets ? open_targets(spec, source) : NULL;
}

/* ---- Trying the file ---- */

/* Rows [first, first + count), as they will be read. */
static tv_error *try_rows(const hdf5_rows *h, int64_t first, int64_t count, double *x, double *y,
                          int64_t *labels) {
  const int has_targets = h->targets.id > 0;
  tv_guard_step(tv_dataset_unpacked(&h->samples, count) +
                (has_targets ? tv_dataset_unpacked(&h->targets, count) : 0));
  TV_TRY(tv_dataset_read(&h->samples, first, count, H5T_NATIVE_DOUBLE, x));
  if (h->spec->labels) return read_labels(h, first, count, labels);
  return has_targets ? tv_dataset_read(&h->targets, first, count, H5T_NATIVE_DOUBLE, y) : NULL;
}

/* Rows from `first` on, until `end` or for half a second of this process. */
static tv_error *try_for_a_moment(const hdf5_rows *h, int64_t first, int64_t end) {
  const int width = h->samples.width > h->targets.width ? h->samples.width : h->targets.width;
  const int64_t most = width < TV_BATCH ? TV_BATCH : 1;
  double *x = NULL, *y = NULL;
  int64_t *labels = NULL;
  tv_error *error = tv_allocate(most * width, sizeof(*x), &x);
  if (!error) error = tv_allocate(most * width, sizeof(*y), &y);
  if (!error) error = tv_allocate(most, sizeof(*labels), &labels);
  for (; !error && first < end && clock() < CLOCKS_PER_SEC / 2; first += most)
    error = try_rows(h, first, end - first < most ? end - first : most, x, y, labels);
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
  hdf5_rows h = {0};
  tv_source source = {.state = &h};
  tv_partition partition = t->partition;
  tv_error *error = open_datasets(t->spec, &source);
  partition.rows = source.rows;
  const int64_t first = tv_shard_first_row_of_rank(&partition, partition.rank);
  const int64_t end = tv_shard_first_row_of_rank(&partition, partition.rank + 1);
  if (!error) error = try_for_a_moment(&h, first, end);
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
    error = read_labels(h, first, count, labels);
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
  TV_TRY(tv_agree(comm, open_datasets(spec, source)));
  return spec->labels ? count_classes(experiment, comm, source) : NULL;
}

const tv_source_kind tv_source_hdf5 = {.kind = {.name = "hdf5",
                                                .title = "datasets of an HDF5 file",
                                                .keys = keys,
                                                .size = sizeof(settings),
                                                .fill = fill,
                                                .check = check},
                                       .open = open_hdf5};
