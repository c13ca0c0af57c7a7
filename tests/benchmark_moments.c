/* The pass over generated samples against its own limit on this machine: the rank-b updates and the
 * normals alone, for the same shapes in the same process. */
#include "support/benchmark.h"

#include <string.h>

#include "twoview/linalg/fortran.h"
#include "twoview/moments/moments.h"

enum { ROUNDS = 3 };

typedef struct {
  benchmark_data data;
  int64_t batches; /* of this rank */
  double *rows, *sum;
} task;

static void run_moments(void *context) {
  task *t = context;
  tv_head *head = NULL;
  tv_moments *moments = NULL;
  demand(tv_head_create(&t->data.sampling, 0, &head));
  demand(tv_moments_collect(&t->data.sampling, head, 0, &moments));
  tv_moments_destroy(&moments);
  tv_head_destroy(&head);
}

static void run_limit(void *context) {
  task *t = context;
  const tv_sampling *s = &t->data.sampling;
  const int count = TV_BATCH, width = s->width, normals = s->p + s->q + s->l;
  const double unit = 1;
  int64_t indices[TV_BATCH] = {0};
  const tv_stream stream = {1, TV_FOR_NOISE, 0};
  for (int64_t i = 0; i < t->batches; ++i) {
    tv_random_normal_rows(stream, indices, TV_BATCH, 0, normals, t->rows, width);
    dsyrk_("L", "N", &width, &count, &unit, t->rows, &width, &unit, t->sum, &width, 1, 1);
  }
}

static void measure(int p, int q, int l, double n, int rank) {
  task t = {.data = open_data(p, q, l, n)};
  const tv_sampling *s = &t.data.sampling;
  const tv_partition *part = &s->partition;
  t.batches = (tv_shard_first_row_of_rank(part, part->rank + 1) -
               tv_shard_first_row_of_rank(part, part->rank)) /
              TV_BATCH;
  demand(tv_allocate((int64_t)TV_BATCH * s->width, sizeof(double), &t.rows));
  demand(tv_allocate((int64_t)s->width * s->width, sizeof(double), &t.sum));
  const double limit = best_time(ROUNDS, run_limit, &t), ours = best_time(ROUNDS, run_moments, &t);
  if (rank == 0)
    printf("moments, D = %d, n = %g, %d rank%s: %.3g samples/s per rank, %.2f of the limit (dsyrk "
           "and normals)\n",
           s->width, n, part->size, part->size == 1 ? "" : "s", n / ours / part->size,
           limit / ours);
  free(t.rows);
  free(t.sum);
  close_data(&t.data);
}

int main(int argc, char **argv) {
  int rank;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  tv_limit_blas_threads();
  measure(50, 50, 10, 64 * 512 * 100, rank);
  measure(500, 513, 10, 64 * 512 * 4, rank);
  MPI_Finalize();
  return 0;
}
