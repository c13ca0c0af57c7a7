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
    {TV_KEY(settings, labels, TV_KEY_FILE), .missing = "name the IDX file of labels",
     .help = "the same, of classes"},
    {0}};

enum { ROWS_TAG = 2, MESSAGE_BYTES = 1 << 23 };

/* The bytes of this rank's shards, as they stand in the files. */
typedef struct {
  int64_t first, rows;
  unsigned char *images, *labels;
} idx_rows;

static const unsigned char *row_bytes(const tv_source *source, int64_t first) {
  const idx_rows *mine = source->state;
  return mine->images + (first - mine->first) * source->features;
}

static tv_error *read_rows(const tv_source *source, int replicate, int64_t first, int count,
                           double *x, double *y) {
  const idx_rows *mine = source->state;
  (void)replicate;
  const unsigned char *image = row_bytes(source, first);
  const unsigned char *label = mine->labels + (first - mine->first);
  const int64_t pixels = (int64_t)count * source->features;
  for (int64_t i = 0; i < pixels; ++i) x[i] = image[i];
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
  return tv_source_note_file(source, spec->labels);
}

static tv_error *open_files(const settings *spec, tv_idx *images, tv_idx *labels) {
  TV_TRY(tv_idx_open(spec->images, 2, images));
  TV_TRY(tv_idx_open(spec->labels, 1, labels));
  if (images->items != labels->items)
    return tv_fail("%s holds %lld images and %s %lld labels; they must be of the same set",
                   spec->images, (long long)images->items, spec->labels, (long long)labels->items);
  return NULL;
}

/* One rank digests the files while rank 0 unpacks them.                             Collective. */
static tv_error *deal_both(const tv_partition *partition, int digesting_rank, tv_source *source,
                           tv_idx *images, tv_idx *labels) {
  idx_rows *mine = source->state;
  const int64_t size = source->features;
  unsigned char *piece = NULL;
  TV_TRY(tv_agree(partition->comm,
                  tv_allocate(size > MESSAGE_BYTES ? size : MESSAGE_BYTES, 1, &piece)));
  tv_error *error = partition->rank == digesting_rank ? tv_source_digest_files(source) : NULL;
  error = deal(partition, images, size, piece, mine->images, error);
  if (!error) error = deal(partition, labels, 1, piece, mine->labels, NULL);
  if (!error) tv_source_pass_digests(source, partition->comm, digesting_rank);
  free(piece);
  return error;
}

/* Everybody's share of both files, and the number of classes. */
static tv_error *deal_files(const tv_experiment *experiment, MPI_Comm comm, int digesting_rank,
                            tv_source *source, tv_idx *images, tv_idx *labels) {
  int64_t shape[2] = {images->items, images->item_size};
  MPI_Bcast(shape, 2, MPI_INT64_T, 0, comm);
  source->rows = shape[0];
  source->features = (int)shape[1];
  const tv_partition partition = tv_partition_make(comm, shape[0], experiment->parallel.shards);
  idx_rows *mine = source->state;
  mine->first = tv_shard_first_row_of_rank(&partition, partition.rank);
  mine->rows = tv_shard_first_row_of_rank(&partition, partition.rank + 1) - mine->first;
  tv_error *error = tv_allocate(mine->rows * shape[1], 1, &mine->images);
  if (!error) error = tv_allocate(mine->rows, 1, &mine->labels);
  TV_TRY(tv_agree(comm, error));
  TV_TRY(deal_both(&partition, digesting_rank, source, images, labels));
  unsigned char is_seen[UCHAR_MAX + 1] = {0};
  for (int64_t i = 0; i < mine->rows; ++i) is_seen[mine->labels[i]] = 1;
  const settings *spec = experiment->source.settings;
  tv_source_count_classes(source, spec->labels, NULL, is_seen, UCHAR_MAX + 1, comm);
  return NULL;
}

static tv_error *open_idx(const tv_experiment *experiment, MPI_Comm comm, tv_source *source) {
  int rank;
  MPI_Comm_rank(comm, &rank);
  const int digesting_rank = tv_source_digesting_rank(comm);
  source->read = read_rows;
  source->bytes = row_bytes;
  source->close = close_rows;
  tv_idx images = {0}, labels = {0};
  tv_error *error = tv_allocate(1, sizeof(idx_rows), &source->state);
  if (!error && (rank == 0 || rank == digesting_rank))
    error = note_files(experiment->source.settings, source);
  if (!error && rank == 0) error = open_files(experiment->source.settings, &images, &labels);
  error = tv_agree(comm, error);
  if (!error) error = deal_files(experiment, comm, digesting_rank, source, &images, &labels);
  tv_idx_close(&images);
  tv_idx_close(&labels);
  return error;
}

const tv_source_kind tv_source_idx = {.kind = {.name = "idx",
                                               .title = "images and labels in IDX files",
                                               .keys = keys,
                                               .size = sizeof(settings)},
                                      .open = open_idx};
