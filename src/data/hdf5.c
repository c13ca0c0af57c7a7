#include <hdf5.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "by_columns.h"
#include "labels.h"
#include "sparse.h"
#include "twoview/base/comm.h"
#include "twoview/base/guard.h"
#include "twoview/base/statistics.h"
#include "twoview/data/source.h"
#include "twoview/experiment/check.h"
#include "twoview/experiment/key.h"
#include "twoview/hdf5/error.h"
#include "twoview/hdf5/file.h"

typedef struct {
  char *file;
  char *samples; /* dataset of 2 to 4 dimensions, samples first, or a sparse matrix */
  char *labels;  /* 1D dataset or group of class labels, ... */
  char *targets; /* ... or 2D dataset of targets; NULL: the other, or neither */
} settings;

static const tv_key keys[] = {
    TV_SOURCE_AS,
    TV_SOURCE_VIEWS,
    {TV_KEY(settings, file, TV_KEY_FILE), .missing = "name the HDF5 file",
     .help = "name of the file"},
    {TV_KEY(settings, samples, TV_KEY_TEXT), .missing = "name the dataset of samples",
     .help = "2D dataset, samples as rows; of images 3D or 4D: samples x rows x columns (x "
             "channels); or "
             "a group, a sparse matrix of AnnData or 10x Genomics"},
    {TV_KEY(settings, labels, TV_KEY_TEXT), .otherwise = "this, ...",
     .help = "1D dataset of classes: integers from 0 (a warning names one that no sample has) or "
             "strings; or a categorical of AnnData ..."},
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
  return tv_source_expect_one_answer(e, s->labels, s->targets);
}

/* Every rank has the file open for itself and reads the rows of its own shards. */
typedef struct {
  const settings *spec; /* borrowed from the experiment */
  hid_t file;
  tv_dataset samples, targets, views;
  tv_packing samples_packing, targets_packing, views_packing;
  tv_sparse sparse;    /* instead of samples */
  tv_own_rows own;     /* of it, where the file has it by columns */
  tv_sparse_rows rows; /* of it, as they are read */
  tv_labels labels;    /* instead of targets */
} hdf5_rows;

static void close_datasets(tv_source *source) {
  hdf5_rows *h = source->state;
  if (!h) return;
  tv_labels_close(&h->labels);
  tv_dataset_close(&h->views);
  tv_dataset_close(&h->targets);
  tv_sparse_rows_release(&h->rows);
  tv_own_rows_release(&h->own);
  tv_sparse_close(&h->sparse);
  tv_dataset_close(&h->samples);
  if (h->file > 0) H5Fclose(h->file);
}

/* Values of a dataset, unpacked. */
static tv_error *read_values(const tv_dataset *dataset, const tv_packing *packing, int64_t first,
                             int64_t count, double *out) {
  TV_TRY(tv_dataset_read(dataset, first, count, H5T_NATIVE_DOUBLE, out));
  return tv_packing_undo(packing, dataset, first, count, out);
}

static tv_error *read_classes(const hdf5_rows *h, int64_t first, int count, int l, double *y) {
  int64_t *classes;
  TV_TRY(tv_allocate(count, sizeof(*classes), &classes));
  tv_error *error = tv_labels_read(&h->labels, first, count, classes);
  for (int64_t i = 0; !error && i < (int64_t)count * l; ++i) y[i] = classes[i / l] == i % l;
  free(classes);
  return error;
}

/* Of the same rows as the samples. */
static tv_error *read_answers(const tv_source *source, int64_t first, int count, double *y) {
  const hdf5_rows *h = source->state;
  if (h->spec->labels) return read_classes(h, first, count, source->targets, y);
  return h->spec->targets ? read_values(&h->targets, &h->targets_packing, first, count, y) : NULL;
}

static tv_error *read_rows(const tv_source *source, int replicate, int64_t first, int count,
                           double *x, double *y) {
  const hdf5_rows *h = source->state;
  (void)replicate;
  TV_TRY(read_values(&h->samples, &h->samples_packing, first, count, x));
  return read_answers(source, first, count, y);
}

static tv_error *read_sparse(const tv_source *source, int64_t first, int count, double *y,
                             const tv_sparse_rows **rows) {
  hdf5_rows *h = source->state;
  *rows = &h->rows;
  if (h->sparse.is_by_columns)
    TV_TRY(tv_own_rows_read(&h->own, first, count, &h->rows));
  else
    TV_TRY(tv_sparse_read(&h->sparse, first, count, &h->rows));
  return read_answers(source, first, count, y);
}

static tv_error *read_sparse_rows(const tv_source *source, int replicate, int64_t first, int count,
                                  double *x, double *y) {
  const hdf5_rows *h = source->state;
  const tv_sparse_rows *rows;
  (void)replicate;
  TV_TRY(read_sparse(source, first, count, y, &rows));
  tv_sparse_rows_spread(rows, count, h->sparse.columns, x);
  return NULL;
}

static tv_error *read_views(const tv_source *source, int64_t first, int64_t count, double *out) {
  const hdf5_rows *h = source->state;
  return read_values(&h->views, &h->views_packing, first, count, out);
}

static tv_error *renumber(tv_source *source, const tv_source *other) {
  hdf5_rows *h = source->state;
  TV_TRY(tv_labels_renumber(&h->labels, other->class_names, other->targets));
  source->class_names = h->labels.names;
  source->targets = h->labels.name_count;
  return NULL;
}

static tv_error *open_sparse(const settings *spec, tv_source *source) {
  hdf5_rows *h = source->state;
  TV_TRY(tv_sparse_open(h->file, spec->file, spec->samples, &h->sparse));
  source->read = read_sparse_rows;
  source->read_sparse = read_sparse;
  source->rows = h->sparse.rows;
  source->features = h->sparse.columns;
  source->cache_bytes += h->sparse.cache_bytes;
  return NULL;
}

static tv_error *open_samples(const settings *spec, tv_source *source) {
  hdf5_rows *h = source->state;
  int numbers[TV_IMAGE_DIMENSIONS] = {0};
  const tv_dataset_wish wish = {spec->file, spec->samples, 2, TV_IMAGE_DIMENSIONS,
                                TV_HOLDS_NUMBERS};
  if (tv_is_group(h->file, spec->samples)) return open_sparse(spec, source);
  source->read = read_rows;
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
  const tv_dataset_wish wish = {spec->file, spec->targets, 2, 2, TV_HOLDS_NUMBERS};
  TV_TRY(tv_dataset_open(h->file, &wish, &h->targets, &source->cache_bytes));
  source->targets = h->targets.width;
  return tv_packing_read(&h->targets, &h->targets_packing);
}

static tv_error *expect_same_rows(const settings *spec, const tv_source *source,
                                  const tv_dataset *others) {
  if (source->rows == (int64_t)others->extent[0]) return NULL;
  return tv_fail("%s: '%s' has %lld rows and '%s' %llu; they must be of the same samples",
                 spec->file, spec->samples, (long long)source->rows, others->name,
                 (unsigned long long)others->extent[0]);
}

static tv_error *open_views(const settings *spec, const char *name, tv_source *source) {
  hdf5_rows *h = source->state;
  const tv_dataset_wish wish = {spec->file, name, 3, TV_DATASET_DIMENSIONS, TV_HOLDS_NUMBERS};
  TV_TRY(tv_dataset_open(h->file, &wish, &h->views, &source->cache_bytes));
  TV_TRY(tv_packing_read(&h->views, &h->views_packing));
  source->views = (int)h->views.extent[1];
  TV_TRY(expect_same_rows(spec, source, &h->views));
  if (h->views.width == (int64_t)source->views * source->features) return NULL;
  return tv_fail("%s: '%s' has views of %d numbers, and '%s' samples of %d", spec->file, name,
                 h->views.width / source->views, spec->samples, source->features);
}

static tv_error *open_datasets(const settings *spec, const char *views, tv_source *source) {
  hdf5_rows *h = source->state;
  h->spec = spec;
  TV_TRY(tv_hdf5_open_path(spec->file, &h->file));
  TV_TRY(open_samples(spec, source));
  if (spec->targets) TV_TRY(open_targets(spec, source));
  if (spec->labels)
    TV_TRY(tv_labels_open(h->file, spec->file, spec->labels, &h->labels, &source->cache_bytes));
  if (spec->targets || spec->labels)
    TV_TRY(expect_same_rows(spec, source, spec->labels ? &h->labels.values : &h->targets));
  return views ? open_views(spec, views, source) : NULL;
}

/* ---- Trying the file ---- */

static double unpacked(const tv_dataset *dataset, int64_t rows) {
  return dataset->id > 0 ? tv_dataset_unpacked(dataset, rows) : 0;
}

/* Rows [first, first + count), as they will be read. */
static tv_error *try_rows(hdf5_rows *h, int64_t first, int count, double *x, double *y) {
  tv_guard_step(unpacked(&h->samples, count) + unpacked(&h->targets, count) +
                unpacked(&h->labels.values, count));
  if (h->samples.id > 0)
    TV_TRY(tv_dataset_read(&h->samples, first, count, H5T_NATIVE_DOUBLE, x));
  else if (!h->sparse.is_by_columns)
    TV_TRY(tv_sparse_read(&h->sparse, first, count, &h->rows));
  if (h->spec->labels) return tv_labels_try(&h->labels, first, count);
  return h->spec->targets ? tv_dataset_read(&h->targets, first, count, H5T_NATIVE_DOUBLE, y) : NULL;
}

/* Rows from `first` on, until `end` or for half a second of this process. */
static tv_error *try_for_a_moment(hdf5_rows *h, int64_t first, int64_t end) {
  const int width = h->samples.width > h->targets.width ? h->samples.width : h->targets.width;
  const int most = width < TV_BATCH ? TV_BATCH : 1;
  double *x = NULL, *y = NULL;
  tv_error *error = tv_allocate((int64_t)most * width, sizeof(*x), &x);
  if (!error) error = tv_allocate((int64_t)most * width, sizeof(*y), &y);
  for (; !error && first < end && clock() < CLOCKS_PER_SEC / 2; first += most)
    error = try_rows(h, first, end - first < most ? (int)(end - first) : most, x, y);
  free(y);
  free(x);
  return error;
}

typedef struct {
  const settings *spec;
  const char *views;
  tv_partition partition; /* of rows yet to be counted */
} trial;

/* What describes the datasets, and rows of this rank's shards. */
static tv_error *try_source(void *context) {
  const trial *t = context;
  hdf5_rows h = {0};
  tv_source source = {.state = &h};
  tv_partition partition = t->partition;
  tv_error *error = open_datasets(t->spec, t->views, &source);
  partition.rows = source.rows;
  const int64_t first = tv_shard_first_row_of_rank(&partition, partition.rank);
  const int64_t end = tv_shard_first_row_of_rank(&partition, partition.rank + 1);
  if (!error && h.sparse.is_by_columns)
    error = tv_by_columns_try(&h.sparse, partition.rank, partition.size);
  if (!error) error = try_for_a_moment(&h, first, end);
  close_datasets(&source);
  return error;
}

/* ---- Opening ---- */

/* Room for the fullest batch of rows, which has to be known before the run is planned. Collective.
 */
static tv_error *settle_sparse(const tv_partition *partition, tv_source *source) {
  hdf5_rows *h = source->state;
  int64_t most = 0;
  if (h->sparse.is_by_columns) {
    TV_TRY(tv_own_rows_collect(&h->sparse, partition, &h->own));
    most = tv_own_rows_fullest(&h->own, partition);
  } else {
    TV_TRY(tv_agree(partition->comm, tv_sparse_examine(&h->sparse, partition, &most)));
  }
  source->cache_bytes += (double)most * (sizeof(*h->rows.column) + sizeof(*h->rows.value));
  return tv_agree(partition->comm, tv_sparse_rows_reserve(&h->rows, most));
}

static tv_error *open_hdf5(const tv_experiment *experiment, MPI_Comm comm, tv_source *source) {
  int rank;
  MPI_Comm_rank(comm, &rank);
  if (experiment->source.views) source->read_views = read_views;
  source->renumber = renumber;
  source->close = close_datasets;
  hdf5_rows *h = NULL;
  tv_error *error = tv_allocate(1, sizeof(*h), &h);
  source->state = h;
  const settings *spec = experiment->source.settings;
  if (!error && rank == 0) error = tv_hdf5_expect_kind(spec->file);
  if (!error && rank == 0) error = tv_source_note_file(source, spec->file);
  if (!error && rank == 0) error = tv_source_digest_files(source);
  TV_TRY(tv_agree(comm, error));
  trial attempt = {spec, experiment->source.views,
                   tv_partition_make(comm, 0, experiment->parallel.shards)};
  TV_TRY(tv_agree(comm, tv_guard(spec->file, try_source, &attempt)));
  error = open_datasets(spec, experiment->source.views, source);
  if (!error) error = tv_source_place(source, spec->file, spec->samples);
  TV_TRY(tv_agree(comm, error));
  const tv_partition partition = tv_partition_make(comm, source->rows, experiment->parallel.shards);
  if (h->samples.id == 0) TV_TRY(settle_sparse(&partition, source));
  if (!spec->labels) return NULL;
  return tv_labels_settle(&h->labels, &partition, source);
}

const tv_source_kind tv_source_hdf5 = {.kind = {.name = "hdf5",
                                                .title = "datasets of an HDF5 file",
                                                .keys = keys,
                                                .size = sizeof(settings),
                                                .fill = fill,
                                                .check = check},
                                       .open = open_hdf5};
