#include "support/ranks.h"

#include <stdint.h>

#include "twoview/data/shard.h"

/* ---- Who owns which rows ---- */

static int rows_are_cut_once(int64_t rows, int shards) {
  const tv_partition p = {.comm = MPI_COMM_SELF, .size = 1, .rows = rows, .shards = shards};
  int is_so = tv_shard_first(&p, 0) == 0 && tv_shard_first(&p, shards) == rows;
  for (int s = 0; s < shards; ++s) {
    const int64_t count = tv_shard_first(&p, s + 1) - tv_shard_first(&p, s);
    is_so = is_so && (count == rows / shards || count == rows / shards + 1);
  }
  return is_so;
}

static int shards_are_dealt_once(int shards, int ranks) {
  const tv_partition p = {.comm = MPI_COMM_SELF, .size = ranks, .rows = 1000, .shards = shards};
  int is_so = tv_shard_first_of_rank(&p, 0) == 0 && tv_shard_first_of_rank(&p, ranks) == shards;
  for (int r = 0; r < ranks; ++r) {
    const int count = tv_shard_first_of_rank(&p, r + 1) - tv_shard_first_of_rank(&p, r);
    is_so = is_so && (count == shards / ranks || count == shards / ranks + 1);
  }
  return is_so;
}

START_TEST(every_row_is_in_one_shard) {
  const int64_t rows[] = {0, 1, 2, 5, 17, 100, 1000003, INT64_C(1) << 40};
  const int shards[] = {1, 2, 3, 7, 16, 64, 1000};
  for (int i = 0; i < 8; ++i)
    for (int j = 0; j < 7; ++j) ASSERT_ALL(rows_are_cut_once(rows[i], shards[j]));
}

START_TEST(every_shard_has_one_rank) {
  const int shards[] = {1, 2, 3, 7, 16, 64, 1000};
  for (int ranks = 1; ranks <= 20; ++ranks)
    for (int j = 0; j < 7; ++j) ASSERT_ALL(shards_are_dealt_once(shards[j], ranks));
}

START_TEST(partition_knows_its_communicator) {
  const tv_partition p = tv_partition_make(MPI_COMM_WORLD, 100, 16);
  ASSERT_ALL(p.rank == world_rank() && p.size == world_size() && p.rows == 100 && p.shards == 16);
}

/* ---- Sums whose order matters ---- */

enum { LENGTH = 5, MOST_SHARDS = 64, ROWS_EACH = 3 };

static void hostile(int shard, double *values) {
  const double mix[] = {1e16, 1, -1e16, 3, 1e-3, -7e15, 0.1};
  for (int i = 0; i < LENGTH; ++i) values[i] = mix[(shard * 3 + i * 5 + shard / 4) % 7];
}

/* The documented tree, written again: halves of [first, end), the left one the smaller. */
static void tree_sum(int first, int end, double *sum) {
  double right[LENGTH];
  if (end - first == 1) {
    hostile(first, sum);
    return;
  }
  tree_sum(first, first + (end - first) / 2, sum);
  tree_sum(first + (end - first) / 2, end, right);
  for (int i = 0; i < LENGTH; ++i) sum[i] += right[i];
}

typedef struct {
  int added[MOST_SHARDS]; /* how often each shard was asked for on this rank */
  int last, is_ordered;
  int failing; /* this shard fails; -1: none */
  int64_t rows;
  double sent_bytes, expected_bytes;
} adder_log;

/* Shards of three rows come in two batches, of which the first has the numbers. */
static tv_error *add_hostile(void *context, int64_t first, int count, double *sum) {
  adder_log *log = context;
  double values[LENGTH];
  const int shard = (int)(first / ROWS_EACH);
  log->rows += count;
  if (first % ROWS_EACH != 0) return NULL;
  if (shard == log->failing) return tv_fail_usage("shard %d is broken", shard);
  ++log->added[shard];
  log->is_ordered = log->is_ordered && shard > log->last;
  log->last = shard;
  hostile(shard, values);
  for (int i = 0; i < LENGTH; ++i) sum[i] += values[i];
  return NULL;
}

static tv_error *sum_hostile(MPI_Comm comm, int shards, int failing, adder_log *log, double *sum) {
  const tv_partition p = tv_partition_make(comm, (int64_t)ROWS_EACH * shards, shards);
  const tv_summation what = {.length = LENGTH, .batch = 2, .add = add_hostile, .context = log};
  *log = (adder_log){.last = -1, .is_ordered = 1, .failing = failing};
  for (int i = 0; i < LENGTH; ++i) sum[i] = 1e300; /* whatever was there is to be forgotten */
  tv_work work = {0};
  TV_TRY(tv_shard_sum(&p, &what, sum, &work));
  const int64_t own =
      tv_shard_first_row_of_rank(&p, p.rank + 1) - tv_shard_first_row_of_rank(&p, p.rank);
  if (log->rows != own) return tv_fail("%d rows were added", (int)log->rows);
  log->sent_bytes = work.sent_bytes;
  log->expected_bytes = (double)(sizeof(double) * LENGTH * tv_shard_sends(&p, p.rank));
  return NULL;
}

static int is_tree_sum(int shards, const double *sum) {
  double expected[LENGTH];
  tree_sum(0, shards, expected);
  return memcmp(sum, expected, sizeof expected) == 0;
}

START_TEST(order_of_addition_matters_here) {
  double forward[LENGTH] = {0}, values[LENGTH];
  for (int s = 0; s < 16; ++s) {
    hostile(s, values);
    for (int i = 0; i < LENGTH; ++i) forward[i] += values[i];
  }
  ASSERT_ALL(!is_tree_sum(16, forward));
}

START_TEST(sum_has_the_bits_of_the_tree) {
  adder_log log;
  double sum[LENGTH];
  for (int shards = 1; shards <= MOST_SHARDS; shards += shards < 20 ? 1 : 11) {
    ASSERT_DONE(sum_hostile(MPI_COMM_WORLD, shards, -1, &log, sum));
    ASSERT_ALL(log.sent_bytes == log.expected_bytes);
    ASSERT_ALL(is_tree_sum(shards, sum));
    ASSERT_DONE(sum_hostile(MPI_COMM_SELF, shards, -1, &log, sum));
    ASSERT_ALL(is_tree_sum(shards, sum));
  }
}

START_TEST(every_shard_is_added_once_by_its_owner) {
  adder_log log;
  double sum[LENGTH];
  for (int shards = 1; shards <= 20; ++shards) {
    const tv_partition p = tv_partition_make(MPI_COMM_WORLD, 1000, shards);
    ASSERT_DONE(sum_hostile(MPI_COMM_WORLD, shards, -1, &log, sum));
    ASSERT_ALL(log.sent_bytes == log.expected_bytes);
    ASSERT_ALL(log.is_ordered);
    for (int s = 0; s < shards; ++s) {
      const int is_mine =
          s >= tv_shard_first_of_rank(&p, p.rank) && s < tv_shard_first_of_rank(&p, p.rank + 1);
      ASSERT_ALL(log.added[s] == is_mine);
    }
  }
}

/* Ranks in reverse order, and in two communicators of different sizes. */
START_TEST(sub_communicators_give_the_same_bits) {
  adder_log log;
  double sum[LENGTH];
  MPI_Comm part;
  MPI_Comm_split(MPI_COMM_WORLD, world_rank() % 3 == 0, -world_rank(), &part);
  for (int shards = 1; shards <= 20; ++shards) {
    ASSERT_DONE(sum_hostile(part, shards, -1, &log, sum));
    ASSERT_ALL(is_tree_sum(shards, sum));
  }
  MPI_Comm_free(&part);
}

/* And the communicator is in order afterwards. */
START_TEST(error_of_one_shard_is_everybodys) {
  adder_log log;
  double sum[LENGTH];
  char text[32];
  for (int shards = 1; shards <= 16; shards += 5)
    for (int failing = 0; failing < shards; ++failing) {
      snprintf(text, sizeof text, "shard %d is broken", failing);
      ASSERT_FAILS(sum_hostile(MPI_COMM_WORLD, shards, failing, &log, sum), text, "");
      ASSERT_DONE(sum_hostile(MPI_COMM_WORLD, shards, -1, &log, sum));
      ASSERT_ALL(log.sent_bytes == log.expected_bytes);
      ASSERT_ALL(is_tree_sum(shards, sum));
    }
}

static tv_error *count_rows(void *context, int64_t first, int count, double *sum) {
  (void)first, (void)sum;
  *(int *)context += count;
  return NULL;
}

START_TEST(sum_of_nothing_visits_every_row) {
  const tv_partition p = tv_partition_make(MPI_COMM_WORLD, 1000, 9);
  int rows = 0;
  const tv_summation what = {.batch = 7, .add = count_rows, .context = &rows};
  double nothing = 4;
  tv_work work = {0};
  ASSERT_DONE(tv_shard_sum(&p, &what, &nothing, &work));
  MPI_Allreduce(MPI_IN_PLACE, &rows, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  ASSERT_ALL(rows == 1000 && nothing == 4);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  TCase *tests = tcase_create("shard");
  tcase_add_test(tests, every_row_is_in_one_shard);
  tcase_add_test(tests, every_shard_has_one_rank);
  tcase_add_test(tests, partition_knows_its_communicator);
  tcase_add_test(tests, order_of_addition_matters_here);
  tcase_add_test(tests, sum_has_the_bits_of_the_tree);
  tcase_add_test(tests, every_shard_is_added_once_by_its_owner);
  tcase_add_test(tests, sub_communicators_give_the_same_bits);
  tcase_add_test(tests, error_of_one_shard_is_everybodys);
  tcase_add_test(tests, sum_of_nothing_visits_every_row);
  return run_tests(tests);
}
