#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/base/comm.h"
#include "twoview/data/idx.h"
#include "twoview/data/source.h"
#include "twoview/experiment/key.h"

typedef struct {
  char *images, *labels; /* names of files, plain or gzipped */
} settings;

static const tv_key keys[] = {
    TV_SOURCE_AS,
    {TV_KEY(settings, images, TV_KEY_FILE), .missing = "name the IDX file of images",
     .help = "file of bytes, plain or gzipped (MNIST and its kin)"},
    {TV_KEY(settings, labels, TV_KEY_FILE), .otherwise = "none, and then no SL and no scores",
     .help = "the same, of classes"},
    {0}};

static tv_error *fill(tv_experiment *e) {
  const settings *s = e->source.settings;
  e->source.is_unlabelled = !s->labels;
  return NULL;
}

enum { ROWS_TAG = 2, MESSAGE_BYTES = 1 << 23, MOST_AXES = 3 };

/* The bytes of this rank's shards, as they stand in the files; labels NULL: there are none. */
typedef struct {
  int64_t first, rows;
  int pixels; /* of an image */
  unsigned char *images, *labels;
} idx_rows;

static const unsigned char *row_bytes(const tv_source *source, int64_t first) {
  const idx_rows *mine = source->state;
  return mine->images + (first - mine->first) * mine->pixels;
}

static tv_error *read_rows(const tv_source *source, int replicate, int64_t first, int count,
                           double *x, double *y) {
  const idx_rows *mine = source->state;
  (void)replicate;
  const unsigned char *image = row_bytes(source, first);
  const int64_t pixels = (int64_t)count * mine->pixels;
  for (int64_t i = 0; i < pixels; ++i) x[i] = image[i];
  if (!mine->labels) return NULL;
  const unsigned char *label = mine->labels + (first - mine->first);
  memset(y, 0, (size_t)count * (size_t)source->targets * sizeof(*y));
  for (int i = 0; i < count; ++i) y[(int64_t)i * source->targets + label[i]] = 1;
  return NULL;
}

static void close_rows(tv_source *source) {
  idx_rows *mine = source->state;
  if (!mine) return;
  free(mine->images);
  free(mine->labels);
}

/* Rank 0 reads the file once, in order, and sends each rank its rows through `piece`, which has
 * room for a message. When reading fails it sends what it has, so that no rank waits, and the error
 * is shared afterwards, as is an error that a rank had before.                       Collective. */
static tv_error *deal(const tv_partition *partition, tv_idx *idx, int64_t item_size,
                      unsigned char *piece, unsigned char *mine, tv_error *error) {
  const int64_t most = MESSAGE_BYTES / item_size > 0 ? MESSAGE_BYTES / item_size : 1;
  for (int rank = 0; rank < partition->size; ++rank) {
    const int64_t begin = tv_shard_first_row_of_rank(partition, rank);
    const int64_t end = tv_shard_first_row_of_rank(partition, rank + 1);
    for (int64_t row = begin; row < end; row += most) {
      const int64_t count = end - row < most ? end - row : most;
      const int bytes = (int)(count * item_size);
      unsigned char *target = rank == 0 ? mine + (row - begin) * item_size : piece;
      if (partition->rank == 0 && !error) error = tv_idx_read(idx, count, target);
      if (rank > 0 && partition->rank == 0)
        MPI_Send(piece, bytes, MPI_UNSIGNED_CHAR, rank, ROWS_TAG, partition->comm);
      if (rank > 0 && partition->rank == rank)
        MPI_Recv(mine + (row - begin) * item_size, bytes, MPI_UNSIGNED_CHAR, 0, ROWS_TAG,
                 partition->comm, MPI_STATUS_IGNORE);
    }
  }
  if (partition->rank == 0 && !error) error = tv_idx_expect_end(idx);
  return tv_agree(partition->comm, error);
}

static tv_error *note_files(const settings *spec, tv_source *source) {
  TV_TRY(tv_source_note_file(source, spec->images));
  return spec->labels ? tv_source_note_file(source, spec->labels) : NULL;
}

static tv_error *open_files(const settings *spec, tv_idx *images, tv_idx *labels) {
  TV_TRY(tv_idx_open(spec->images, 2, images));
  if (images->dimensions > MOST_AXES + 1)
    return tv_fail("%s: an image of %d dimensions; rows, columns and channels are all that it may "
                   "have",
                   spec->images, images->dimensions - 1);
  if (!spec->labels) return NULL;
  TV_TRY(tv_idx_open(spec->labels, 1, labels));
  if (images->items != labels->items)
    return tv_fail("%s holds %lld images and %s %lld labels; they must be of the same set",
                   spec->images, (long long)images->items, spec->labels, (long long)labels->items);
  return NULL;
}

/* One rank digests the files while rank 0 unpacks them; there may be no labels.     Collective. */
static tv_error *deal_both(const tv_partition *partition, int digesting_rank, tv_source *source,
                           tv_idx *images, tv_idx *labels) {
  idx_rows *mine = source->state;
  const int64_t size = source->features;
  unsigned char *piece = NULL;
  TV_TRY(tv_agree(partition->comm,
                  tv_allocate(size > MESSAGE_BYTES ? size : MESSAGE_BYTES, 1, &piece)));
  tv_error *error = partition->rank == digesting_rank ? tv_source_digest_files(source) : NULL;
  error = deal(partition, images, size, piece, mine->images, error);
  if (!error && mine->labels) error = deal(partition, labels, 1, piece, mine->labels, NULL);
  if (!error) tv_source_pass_digests(source, partition->comm, digesting_rank);
  free(piece);
  return error;
}

/* What rank 0 has read in the header of the images, on all ranks. Items that are bytes in a row are
 * vectors.                                                                          Collective. */
static void share_header(MPI_Comm comm, const tv_idx *images, tv_source *source) {
  int64_t header[2 + TV_IDX_DIMENSIONS] = {images->item_size, images->dimensions};
  int numbers[MOST_AXES] = {0};
  memcpy(header + 2, images->extent, sizeof images->extent);
  MPI_Bcast(header, 2 + TV_IDX_DIMENSIONS, MPI_INT64_T, 0, comm);
  const int axes = (int)header[1] - 1;
  source->features = (int)header[0];
  source->rows = header[2];
  for (int i = 0; i < axes; ++i) numbers[i] = (int)header[3 + i];
  if (axes > 1) source->shape = tv_shape_make(axes, numbers, 1);
}

/* The number of classes that the labels name.                                       Collective. */
static tv_error *count_classes(const settings *spec, MPI_Comm comm, tv_source *source) {
  const idx_rows *mine = source->state;
  unsigned char is_seen[UCHAR_MAX + 1] = {0};
  for (int64_t i = 0; i < mine->rows; ++i) is_seen[mine->labels[i]] = 1;
  return tv_source_count_classes(source, spec->labels, NULL, is_seen, UCHAR_MAX + 1, comm);
}

/* Everybody's share of the files.                                                   Collective. */
static tv_error *deal_files(const tv_experiment *experiment, MPI_Comm comm, int digesting_rank,
                            tv_source *source, tv_idx *images, tv_idx *labels) {
  const settings *spec = experiment->source.settings;
  idx_rows *mine = source->state;
  share_header(comm, images, source);
  mine->pixels = source->features;
  const tv_partition partition = tv_partition_make(comm, source->rows, experiment->parallel.shards);
  mine->first = tv_shard_first_row_of_rank(&partition, partition.rank);
  mine->rows = tv_shard_first_row_of_rank(&partition, partition.rank + 1) - mine->first;
  tv_error *error = tv_allocate(mine->rows * source->features, 1, &mine->images);
  if (!error && spec->labels) error = tv_allocate(mine->rows, 1, &mine->labels);
  TV_TRY(tv_agree(comm, error));
  TV_TRY(deal_both(&partition, digesting_rank, source, images, labels));
  return spec->labels ? count_classes(spec, comm, source) : NULL;
}

static tv_error *open_idx(const tv_experiment *experiment, MPI_Comm comm, tv_source *source) {
  int rank;
  MPI_Comm_rank(comm, &rank);
  const settings *spec = experiment->source.settings;
  const int digesting_rank = tv_source_digesting_rank(comm);
  source->read = read_rows;
  source->bytes = row_bytes;
  source->close = close_rows;
  tv_idx images = {0}, labels = {0};
  tv_error *error = tv_allocate(1, sizeof(idx_rows), &source->state);
  if (!error && (rank == 0 || rank == digesting_rank)) error = note_files(spec, source);
  if (!error) error = tv_source_place(source, spec->images, NULL);
  if (!error && rank == 0) error = open_files(spec, &images, &labels);
  error = tv_agree(comm, error);
  if (!error) error = deal_files(experiment, comm, digesting_rank, source, &images, &labels);
  tv_idx_close(&images);
  tv_idx_close(&labels);
  return error;
}

const tv_source_kind tv_source_idx = {.kind = {.name = "idx",
                                               .title = "images and labels in IDX files",
                                               .keys = keys,
                                               .size = sizeof(settings),
                                               .fill = fill},
                                      .open = open_idx};
