#include "twoview/data/shard.h"

#include <stdlib.h>
#include <string.h>

#include "twoview/base/comm.h"

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

int tv_shard_owner(const tv_partition *partition, int shard) {
  int rank = (int)((int64_t)shard * partition->size / partition->shards);
  while (tv_shard_first_of_rank(partition, rank + 1) <= shard) ++rank;
  return rank;
}

int64_t tv_shard_first_row_of_rank(const tv_partition *partition, int rank) {
  return tv_shard_first(partition, tv_shard_first_of_rank(partition, rank));
}

/* ---- The tree ---- */

/* A branch is a union of shards [first, end) with its halves below it. One that a single rank owns
 * is summed by that rank alone, and so is one that a checkpoint holds. */
static int is_of_one_rank(const tv_partition *p, int first, int end) {
  return tv_shard_owner(p, first) == tv_shard_owner(p, end - 1);
}

static int middle_of(int first, int end) {
  return first + (end - first) / 2;
}

static int depth_of(int shards) {
  int depth = 0;
  while (1 << depth < shards) ++depth;
  return depth;
}

/* A right half at each level below a branch, one at least for what is received. */
static int64_t count_spares(int depth) {
  return depth > 0 ? depth : 1;
}

/* ---- Under way ---- */

enum { FINISHED, UNFINISHED, NEXT_ROW, PARTS }; /* of what a checkpoint holds of a branch */

typedef struct {
  const tv_partition *partition;
  const tv_summation *what;
  double **branches;      /* of this rank alone, in order; the first is the total's memory */
  int count, next, depth; /* depth: of the deepest branch */
  double *spare;          /* room for the right halves below one branch, and for what is received */
  double sent_bytes;
  tv_error *error;
} pass;

static tv_saved_key key_of(const pass *s, int part, int first, int end) {
  return (tv_saved_key){s->what->kind, s->what->pass * PARTS + part, first, end, ""};
}

static size_t bytes_of(const pass *s) {
  return (size_t)s->what->length * sizeof(double);
}

static int is_saved(const pass *s, int first, int end) {
  return tv_checkpoint_find(s->what->checkpoint, key_of(s, FINISHED, first, end)) >= 0;
}

static int is_alone(const pass *s, int first, int end) {
  return is_of_one_rank(s->partition, first, end) || is_saved(s, first, end);
}

/* ---- One rank's branches ---- */

/* The rows of a shard from `row` on, which moves along. */
static tv_error *add_rows(pass *s, int shard, int64_t *row, double *sum) {
  const tv_summation *w = s->what;
  const int64_t end = tv_shard_first(s->partition, shard + 1);
  while (*row < end) {
    const int count = (int)(end - *row < w->batch ? end - *row : w->batch);
    TV_TRY(w->add(w->context, *row, count, sum));
    *row += count;
    TV_TRY(tv_checkpoint_poll(w->checkpoint, MPI_COMM_SELF));
  }
  return NULL;
}

static tv_error *sum_shard(pass *s, int shard, double *sum) {
  tv_checkpoint *c = s->what->checkpoint;
  const tv_saved_key part = key_of(s, UNFINISHED, shard, shard + 1);
  const tv_saved_key place = key_of(s, NEXT_ROW, shard, shard + 1);
  int64_t row = tv_shard_first(s->partition, shard);
  if (tv_checkpoint_find(c, part) >= 0) {
    TV_TRY(tv_checkpoint_read(c, part, sum, bytes_of(s)));
    TV_TRY(tv_checkpoint_read(c, place, &row, sizeof row));
  }
  TV_TRY(tv_checkpoint_hold(c, part, sum, bytes_of(s)));
  TV_TRY(tv_checkpoint_hold(c, place, &row, sizeof row));
  tv_error *error = add_rows(s, shard, &row, sum);
  tv_checkpoint_release(c, part);
  tv_checkpoint_release(c, place);
  return error;
}

static void move_onto(double *sum, double *right, int64_t length) {
  for (int64_t i = 0; i < length; ++i) {
    sum[i] += right[i];
    right[i] = 0;
  }
}

/* Into `sum`, which is 0; the right halves go to `spare`, which is 0 again afterwards. Held when
 * it is finished. */
static tv_error *sum_branch(pass *s, int first, int end, double *sum, double *spare) {
  tv_checkpoint *c = s->what->checkpoint;
  const int middle = middle_of(first, end);
  if (is_saved(s, first, end)) {
    TV_TRY(tv_checkpoint_read(c, key_of(s, FINISHED, first, end), sum, bytes_of(s)));
  } else if (end - first == 1) {
    TV_TRY(sum_shard(s, first, sum));
  } else {
    TV_TRY(sum_branch(s, first, middle, sum, spare));
    TV_TRY(sum_branch(s, middle, end, spare, spare + s->what->length));
    tv_checkpoint_release(c, key_of(s, FINISHED, first, middle));
    tv_checkpoint_release(c, key_of(s, FINISHED, middle, end));
    move_onto(sum, spare, s->what->length);
  }
  return tv_checkpoint_hold(c, key_of(s, FINISHED, first, end), sum, bytes_of(s));
}

/* The branches of a rank within [first, end), in order. */
typedef void branch_visitor(pass *s, int first, int end);

static void visit_own(pass *s, int first, int end, branch_visitor *visit) {
  const tv_partition *p = s->partition;
  if (p->rank < tv_shard_owner(p, first) || p->rank > tv_shard_owner(p, end - 1)) return;
  if (!is_alone(s, first, end)) {
    visit_own(s, first, middle_of(first, end), visit);
    visit_own(s, middle_of(first, end), end, visit);
  } else if (p->rank == tv_shard_owner(p, first)) {
    visit(s, first, end);
  }
}

static void count_and_claim(pass *s, int first, int end) {
  const int depth = depth_of(end - first);
  ++s->count;
  if (depth > s->depth) s->depth = depth;
  tv_checkpoint_claim(s->what->checkpoint, s->what->kind, first, end);
}

static void sum_own(pass *s, int first, int end) {
  if (!s->error) s->error = sum_branch(s, first, end, s->branches[s->next], s->spare);
  ++s->next;
}

/* ---- All together ---- */

/* The sum of [first, end) on the owner of `first`, NULL elsewhere; right halves travel to it. */
static double *join(pass *s, int first, int end) {
  const tv_partition *p = s->partition;
  const int owner = tv_shard_owner(p, first), middle = middle_of(first, end);
  const int right_owner = tv_shard_owner(p, middle);
  if (p->rank < owner || p->rank > tv_shard_owner(p, end - 1)) return NULL;
  if (is_alone(s, first, end)) return p->rank == owner ? s->branches[s->next++] : NULL;
  double *sum = join(s, first, middle), *right = join(s, middle, end);
  if (p->rank == right_owner && p->rank != owner) {
    tv_send(p->comm, owner, right, s->what->length);
    s->sent_bytes += (double)bytes_of(s);
  }
  if (p->rank != owner) return NULL;
  if (p->rank != right_owner) {
    right = s->spare;
    tv_receive(p->comm, right_owner, right, s->what->length);
  }
  for (int64_t i = 0; i < s->what->length; ++i) sum[i] += right[i];
  return sum;
}

static tv_error *allocate_pass(pass *s, double *total) {
  tv_checkpoint_take_over(s->what->checkpoint, s->what->kind);
  visit_own(s, 0, s->partition->shards, count_and_claim);
  TV_TRY(tv_allocate(s->count, sizeof(*s->branches), &s->branches));
  for (int i = 0; i < s->count; ++i) {
    s->branches[i] = total;
    if (i > 0) TV_TRY(tv_allocate(s->what->length, sizeof(double), &s->branches[i]));
  }
  memset(total, 0, bytes_of(s));
  return tv_allocate(count_spares(s->depth) * s->what->length, sizeof(double), &s->spare);
}

static void free_pass(pass *s) {
  for (int i = 1; s->branches && i < s->count; ++i) free(s->branches[i]);
  free(s->branches);
  free(s->spare);
}

/* Each rank's branches at its own pace, then all together. */
static tv_error *carry_out(pass *s, double *total) {
  const tv_partition *p = s->partition;
  visit_own(s, 0, p->shards, sum_own);
  TV_TRY(tv_checkpoint_finish(s->what->checkpoint, p->comm, s->error));
  s->next = 0;
  join(s, 0, p->shards);
  tv_broadcast(p->comm, tv_shard_owner(p, 0), total, s->what->length);
  return NULL;
}

tv_error *tv_shard_sum(const tv_partition *partition, const tv_summation *summation, double *total,
                       tv_work *work) {
  pass s = {.partition = partition, .what = summation};
  tv_error *error = tv_agree(partition->comm, allocate_pass(&s, total));
  if (!error) error = carry_out(&s, total);
  work->sent_bytes += s.sent_bytes;
  tv_checkpoint_release_kind(summation->checkpoint, summation->kind);
  free_pass(&s);
  return error;
}

/* ---- Counted in advance ---- */

/* How many branches a rank has, and the depth of the deepest. */
static void count_branches(const tv_partition *p, int first, int end, int rank, int *count,
                           int *depth) {
  if (rank < tv_shard_owner(p, first) || rank > tv_shard_owner(p, end - 1)) return;
  if (is_of_one_rank(p, first, end)) {
    ++*count;
    if (depth_of(end - first) > *depth) *depth = depth_of(end - first);
    return;
  }
  count_branches(p, first, middle_of(first, end), rank, count, depth);
  count_branches(p, middle_of(first, end), end, rank, count, depth);
}

int tv_shard_buffers(const tv_partition *partition, int rank) {
  int count = 0, depth = 0;
  count_branches(partition, 0, partition->shards, rank, &count, &depth);
  return (count > 1 ? count - 1 : 0) + (int)count_spares(depth);
}

static int count_sends(const tv_partition *p, int first, int end, int rank) {
  if (end - first == 1) return 0;
  const int middle = middle_of(first, end);
  const int sends = tv_shard_owner(p, middle) == rank && tv_shard_owner(p, first) != rank;
  return sends + count_sends(p, first, middle, rank) + count_sends(p, middle, end, rank);
}

int tv_shard_sends(const tv_partition *partition, int rank) {
  return count_sends(partition, 0, partition->shards, rank);
}
