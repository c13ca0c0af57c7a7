#include <math.h>
#include <stdlib.h>

#include "labels.h"
#include "twoview/base/comm.h"
#include "twoview/base/statistics.h"
#include "twoview/data/npy.h"
#include "twoview/data/source.h"
#include "twoview/experiment/check.h"

typedef struct {
  char *samples; /* an array of 2 to 4 dimensions, samples first */
  char *labels;  /* one of classes, ... */
  char *targets; /* ... or one of numbers, samples first; NULL: the other, or neither */
} settings;

static const tv_key keys[] = {
    TV_SOURCE_AS,
    TV_SOURCE_VIEWS,
    {TV_KEY(settings, samples, TV_KEY_FILE), .missing = "name the .npy file of samples",
     .help =
         "array of numbers: samples x features; of images samples x rows x columns (x channels)"},
    {TV_KEY(settings, labels, TV_KEY_FILE), .otherwise = "this, ...",
     .help = "array of one dimension: classes, integers from 0 ..."},
    {TV_KEY(settings, targets, TV_KEY_FILE),
     .otherwise = "... or this, or neither: no SL, no scores",
     .help = "... or array of two dimensions: numbers"},
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

/* Every rank has the files open for itself. */
typedef struct {
  tv_npy samples, targets, views; /* targets: or labels; without a path: there are none */
  int has_labels;
} npy_rows;

static tv_error *read_label(const npy_rows *n, int64_t row, double label, int *out) {
  if (label != rint(label) || label < 0 || label >= TV_MOST_CLASSES)
    return tv_fail("%s: row %lld: label %s is not an integer from 0 to %d", n->targets.path,
                   (long long)row, TV_EXACT(label), TV_MOST_CLASSES - 1);
  *out = (int)label;
  return NULL;
}

static tv_error *read_rows(const tv_source *source, int replicate, int64_t first, int count,
                           double *x, double *y) {
  const npy_rows *n = source->state;
  const int l = source->targets;
  (void)replicate;
  TV_TRY(tv_npy_read(&n->samples, first, count, x));
  if (!n->targets.path) return NULL;
  if (!n->has_labels) return tv_npy_read(&n->targets, first, count, y);
  double labels[TV_BATCH];
  TV_TRY(tv_npy_read(&n->targets, first, count, labels));
  for (int i = 0; i < count; ++i)
    for (int t = 0; t < l; ++t) y[(int64_t)i * l + t] = labels[i] == t;
  return NULL;
}

static void close_files(tv_source *source) {
  npy_rows *n = source->state;
  if (!n) return;
  tv_npy_close(&n->samples);
  tv_npy_close(&n->targets);
  tv_npy_close(&n->views);
}

static tv_error *read_views(const tv_source *source, int64_t first, int64_t count, double *out) {
  const npy_rows *n = source->state;
  return tv_npy_read(&n->views, first, count, out);
}

/* ---- Opening ---- */

static tv_error *open_views(const char *path, tv_source *source) {
  npy_rows *n = source->state;
  TV_TRY(tv_npy_open(path, 3, TV_NPY_DIMENSIONS, &n->views));
  source->views = (int)n->views.extent[1];
  if (n->views.extent[0] == source->rows && n->views.width == source->views * source->features)
    return NULL;
  return tv_fail("%s holds views of %lld samples of %d numbers, and %s %lld of %d", path,
                 (long long)n->views.extent[0], n->views.width / source->views, n->samples.path,
                 (long long)source->rows, source->features);
}

static tv_error *open_arrays(const settings *spec, const char *views, tv_source *source) {
  npy_rows *n = source->state;
  const char *targets = spec->labels ? spec->labels : spec->targets;
  int numbers[TV_NPY_IMAGE_DIMENSIONS] = {0};
  n->has_labels = spec->labels != NULL;
  TV_TRY(tv_npy_open(spec->samples, 2, TV_NPY_IMAGE_DIMENSIONS, &n->samples));
  source->rows = n->samples.extent[0];
  source->features = n->samples.width;
  for (int i = 1; i < n->samples.dimensions; ++i) numbers[i - 1] = (int)n->samples.extent[i];
  if (n->samples.dimensions > 2)
    source->shape = tv_shape_make(n->samples.dimensions - 1, numbers, 1);
  if (views) TV_TRY(open_views(views, source));
  if (!targets) return NULL;
  TV_TRY(tv_npy_open(targets, n->has_labels ? 1 : 2, n->has_labels ? 1 : 2, &n->targets));
  source->targets = n->targets.width;
  if (n->targets.extent[0] == source->rows) return NULL;
  return tv_fail("%s has %lld rows and %s %lld; they must be of the same samples", spec->samples,
                 (long long)source->rows, targets, (long long)n->targets.extent[0]);
}

static tv_error *scan_labels(const tv_partition *p, const npy_rows *n, unsigned char *is_seen) {
  const int64_t end = tv_shard_first_row_of_rank(p, p->rank + 1);
  double labels[TV_BATCH];
  for (int64_t first = tv_shard_first_row_of_rank(p, p->rank); first < end; first += TV_BATCH) {
    const int count = (int)(end - first < TV_BATCH ? end - first : TV_BATCH);
    int label = 0;
    TV_TRY(tv_npy_read(&n->targets, first, count, labels));
    for (int i = 0; i < count; ++i) {
      TV_TRY(read_label(n, first + i, labels[i], &label));
      is_seen[label] = 1;
    }
  }
  return NULL;
}

static tv_error *count_classes(const tv_experiment *e, MPI_Comm comm, tv_source *source) {
  const settings *spec = e->source.settings;
  const tv_partition partition = tv_partition_make(comm, source->rows, e->parallel.shards);
  unsigned char *is_seen = NULL;
  tv_error *error = tv_allocate(TV_MOST_CLASSES, 1, &is_seen);
  if (!error) error = scan_labels(&partition, source->state, is_seen);
  error = tv_agree(comm, error);
  if (!error)
    error = tv_source_count_classes(source, spec->labels, NULL, is_seen, TV_MOST_CLASSES, comm);
  free(is_seen);
  return error;
}

static tv_error *note_files(const settings *spec, const char *views, tv_source *source) {
  TV_TRY(tv_source_note_file(source, spec->samples));
  if (spec->labels) TV_TRY(tv_source_note_file(source, spec->labels));
  if (spec->targets) TV_TRY(tv_source_note_file(source, spec->targets));
  if (views) TV_TRY(tv_source_note_file(source, views));
  return tv_source_digest_files(source);
}

static tv_error *open_npy(const tv_experiment *experiment, MPI_Comm comm, tv_source *source) {
  const settings *spec = experiment->source.settings;
  int rank;
  MPI_Comm_rank(comm, &rank);
  npy_rows *n = NULL;
  source->read = read_rows;
  if (experiment->source.views) source->read_views = read_views;
  source->close = close_files;
  tv_error *error = tv_allocate(1, sizeof(*n), &n);
  source->state = n;
  if (!error)
    *n = (npy_rows){.samples = {.file = -1}, .targets = {.file = -1}, .views = {.file = -1}};
  if (!error && rank == 0) error = note_files(spec, experiment->source.views, source);
  if (!error) error = open_arrays(spec, experiment->source.views, source);
  if (!error) error = tv_source_place(source, spec->samples, NULL);
  TV_TRY(tv_agree(comm, error));
  return spec->labels ? count_classes(experiment, comm, source) : NULL;
}

const tv_source_kind tv_source_npy = {.kind = {.name = "npy",
                                               .title = "arrays in NumPy's .npy files",
                                               .keys = keys,
                                               .size = sizeof(settings),
                                               .fill = fill,
                                               .check = check},
                                      .open = open_npy};
