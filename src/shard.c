#include "twoview/shard.h"

#include <stdlib.h>
#include <string.h>

#include "twoview/comm.h"

tv_partition tv_partition_make(MPI_Comm comm, int64_t rows, int shards) {
  tv_partition partition = {.comm = comm, .rows = rows, .shards = shards};
  MPI_Comm_rank(comm, &partition.rank);
  MPI_Comm_size(comm, &partition.size);
  return partition;
}

int64_t tv_shard_first(const tv_partition *partition, int shard) {
  const int64_t each = partition->rows / partition->shards;
  const int64_t left_over = partition->rows % partition->shards;
  return each * shard + left_over * shard / partition->shards;
}

int tv_shard_first_of_rank(const tv_partition *partition, int rank) {
  return (int)((int64_t)partition->shards * rank / partition->size);
}

static int owner_of(const tv_partition *partition, int shard) {
  int rank = (int)((int64_t)shard * partition->size / partition->shards);
  while (tv_shard_first_of_rank(partition, rank + 1) <= shard) ++rank;
  return rank;
}

/* One summation under way; the first error is kept while the messages go on as agreed. */
typedef struct {
  const tv_partition *partition;
  int64_t length;
  tv_shard_adder *add;
  void *context;
  double *branches; /* one right branch for each level of the tree */
  double sent_bytes;
  tv_error *error;
} summation;

static void add_shard(summation *s, int shard, double *sum) {
  if (!s->error) s->error = s->add(s->context, shard, sum);
}

/* Add the shards [first, end) to `sum`, which exists on the owner of `first` alone. The tree's
 * shape depends on first and end; a right branch travels when another rank owns it. */
static void sum_branch(summation *s, int first, int end, int level, double *sum) {
  const tv_partition *p = s->partition;
  const int owner = owner_of(p, first);
  if (p->rank < owner || p->rank > owner_of(p, end - 1)) return;
  if (end - first == 1) {
    add_shard(s, first, sum);
    return;
  }
  const int middle = first + (end - first) / 2, right_owner = owner_of(p, middle);
  double *right = s->branches + level * s->length;
  sum_branch(s, first, middle, level + 1, sum);
  if (p->rank == right_owner) memset(right, 0, (size_t)s->length * sizeof(*right));
  sum_branch(s, middle, end, level + 1, right);
  if (p->rank == right_owner && p->rank != owner) {
    tv_send(p->comm, owner, right, s->length);
    s->sent_bytes += (double)s->length * sizeof(*right);
  }
  if (p->rank != owner) return;
  if (p->rank != right_owner) tv_receive(p->comm, right_owner, right, s->length);
  for (int64_t i = 0; i < s->length; ++i) sum[i] += right[i];
}

static int tree_levels(int shards) {
  int levels = 0;
  while (1 << levels < shards) ++levels;
  return levels;
}

tv_error *tv_shard_sum(const tv_partition *partition, int64_t length, tv_shard_adder *add,
                       void *context, double *total, tv_work *work) {
  summation s = {.partition = partition, .length = length, .add = add, .context = context};
  tv_error *error =
      tv_allocate(tree_levels(partition->shards) * length, sizeof(*s.branches), &s.branches);
  TV_TRY(tv_agree(partition->comm, error));
  memset(total, 0, (size_t)length * sizeof(*total));
  sum_branch(&s, 0, partition->shards, 0, total);
  free(s.branches);
  work->sent_bytes += s.sent_bytes;
  TV_TRY(tv_agree(partition->comm, s.error));
  tv_broadcast(partition->comm, owner_of(partition, 0), total, length);
  return NULL;
}

static int count_sends(const tv_partition *p, int first, int end, int rank) {
  if (end - first == 1) return 0;
  const int middle = first + (end - first) / 2;
  const int sends = owner_of(p, middle) == rank && owner_of(p, first) != rank;
  return sends + count_sends(p, first, middle, rank) + count_sends(p, middle, end, rank);
}

int tv_shard_sends(const tv_partition *partition, int rank) {
  return count_sends(partition, 0, partition->shards, rank);
}
