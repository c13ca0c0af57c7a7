/* Shards: the samples are cut into a number of parts that depends on the experiment alone. Each
 * part's sums are accumulated by one rank, and the parts are added along a binary tree over their
 * indices, so that the total is the same bits whatever rank owns which part. */
#ifndef TWOVIEW_DATA_SHARD_H
#define TWOVIEW_DATA_SHARD_H

#include <mpi.h>
#include <stdint.h>

#include "twoview/base/error.h"
#include "twoview/checkpoint/checkpoint.h"

enum { TV_BATCH = 512 }; /* rows read and multiplied at a time; part of the bits of a result */

typedef struct {
  MPI_Comm comm;  /* borrowed */
  int rank, size; /* of comm */
  int64_t rows;   /* samples cut into shards */
  int shards;
} tv_partition;

tv_partition tv_partition_make(MPI_Comm comm, int64_t rows, int shards);

/* First row of a shard; shard = shards gives the number of rows. */
int64_t tv_shard_first(const tv_partition *partition, int shard);

/* First shard of a rank: ranks own consecutive shards, as evenly as possible; with more ranks than
 * shards some own none. rank = size gives the number of shards. */
int tv_shard_first_of_rank(const tv_partition *partition, int rank);

/* The rank that owns a shard. */
int tv_shard_owner(const tv_partition *partition, int shard);

/* The rows that a rank owns: from its first one up to the next rank's. */
int64_t tv_shard_first_row_of_rank(const tv_partition *partition, int rank);

/* Add rows [first, first + count), which lie in one shard, to `sum`. Called for the shards that
 * this rank owns, in order, batch by batch from each shard's first row. */
typedef tv_error *tv_batch_adder(void *context, int64_t first, int count, double *sum);

/* A sum over the rows. */
typedef struct {
  int64_t length; /* numbers that are summed */
  int batch;      /* rows added at a time */
  tv_batch_adder *add;
  void *context;             /* of `add` */
  tv_checkpoint *checkpoint; /* where finished parts are kept; NULL: nowhere */
  tv_saved_kind kind;        /* ... and as what */
  int pass;                  /* number of this sum among those of its kind, which follow it */
} tv_summation;

/* The work of a stage on this rank, beside time. */
typedef struct {
  double flops, sent_bytes; /* sent_bytes: of sums on their way along the tree */
} tv_work;

/* Sum over all shards; every rank receives the same bits in `total` (length numbers). What was sent
 * is added to `work`. An error on one rank is returned on all. Parts that a checkpoint holds are
 * read rather than added. Needs tv_shard_buffers(...) * length numbers beside `total`.
 *                                                                                    Collective. */
tv_error *tv_shard_sum(const tv_partition *partition, const tv_summation *summation, double *total,
                       tv_work *work);

/* How many sums a rank holds at the same time, beside the total. */
int tv_shard_buffers(const tv_partition *partition, int rank);

/* How many sums a rank will send along the tree, each of the length asked for. */
int tv_shard_sends(const tv_partition *partition, int rank);

#endif
