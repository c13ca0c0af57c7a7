#include "fourier.h"

#include <math.h>
#include <stdlib.h>

#include "median.h"
#include "twoview/base/comm.h"
#include "twoview/data/shard.h"
#include "twoview/experiment/check.h"
#include "twoview/linalg/fortran.h"

/* Rows whose distances are taken, all with all: their median is known to some per cent. */
enum { MOST_ROWS_COMPARED = 500 };

/* ---- The bandwidth ---- */

/* The first rows of replicate 0's nested order: `count` of them, on every rank. */
typedef struct {
  const tv_experiment *experiment;
  const tv_source *source;
  tv_partition partition;
  int count;
  double *x; /* owned: count x features */
} subsample;

static int is_mine(const tv_partition *p, int64_t row) {
  return row >= tv_shard_first_row_of_rank(p, p->rank) &&
         row < tv_shard_first_row_of_rank(p, p->rank + 1);
}

/* Each row that this rank has, by itself; others are 0. */
static tv_error *read_rows(const subsample *s) {
  const int replicate_0 = -s->experiment->first_replicate;
  const tv_permutation order = tv_permutation_make(
      tv_experiment_stream(s->experiment, TV_FOR_PERMUTATION, replicate_0), s->partition.rows);
  double *y = NULL;
  TV_TRY(tv_allocate(s->source->targets, sizeof(*y), &y));
  tv_error *error = NULL;
  for (int i = 0; !error && i < s->count; ++i) {
    const int64_t row = s->source->kind->is_generated ? i : tv_permutation_element(&order, i);
    if (is_mine(&s->partition, row))
      error = tv_source_read(s->source, replicate_0, row, 1,
                             s->x + (int64_t)i * s->source->features, y);
  }
  free(y);
  return error;
}

/* Of each pair once. */
static void find_distances(const subsample *s, double *out) {
  const int d = s->source->features;
  for (int i = 0; i < s->count; ++i)
    for (int j = 0; j < i; ++j) {
      const double *x = s->x + (int64_t)i * d, *y = s->x + (int64_t)j * d;
      double sum = 0;
      for (int k = 0; k < d; ++k) sum += (x[k] - y[k]) * (x[k] - y[k]);
      *out++ = sqrt(sum);
    }
}

/* Rank 0 finds all distances.                                                       Collective. */
static tv_error *take_median(const subsample *s, double *out) {
  MPI_Comm comm = s->partition.comm;
  const int64_t pairs = s->partition.rank == 0 ? (int64_t)s->count * (s->count - 1) / 2 : 0;
  double *distances = NULL;
  TV_TRY(tv_agree(comm, read_rows(s)));
  tv_sum_all(comm, s->x, (int64_t)s->count * s->source->features);
  TV_TRY(tv_agree(comm, tv_allocate(pairs, sizeof(*distances), &distances)));
  if (pairs > 0) find_distances(s, distances);
  *out = tv_median(comm, distances, pairs);
  free(distances);
  return NULL;
}

static tv_error *find_bandwidth(const tv_experiment *e, const tv_source *source, MPI_Comm comm,
                                double *out) {
  const int64_t largest = e->sizes[e->sizes_count - 1];
  const int64_t rows = source->kind->is_generated ? largest : source->rows;
  subsample s = {.experiment = e,
                 .source = source,
                 .partition = tv_partition_make(comm, rows, e->parallel.shards),
                 .count = largest < MOST_ROWS_COMPARED ? (int)largest : MOST_ROWS_COMPARED};
  TV_REQUIRE(e, "features.bandwidth", s.count > 1,
             "'auto' is the median distance of training rows, and there is one; give a number");
  TV_TRY(tv_agree(comm, tv_allocate((int64_t)s.count * source->features, sizeof(*s.x), &s.x)));
  tv_error *error = take_median(&s, out);
  free(s.x);
  if (!error && !(*out > 0))
    error = tv_experiment_fault(e, "features.bandwidth",
                                "'auto' is the median distance of training rows, and that of %d of "
                                "them is 0: most of them are equal; give a number",
                                s.count);
  return error;
}

/* ---- Frequencies ---- */

tv_error *tv_fourier_draw(const tv_experiment *e, const tv_source *source, MPI_Comm comm,
                          tv_features *f) {
  const tv_stream stream = {e->seed, TV_FOR_FREQUENCIES, 0};
  const int frequencies = f->p / 2;
  const int64_t numbers = (int64_t)frequencies * f->inputs;
  f->bandwidth = e->features.bandwidth;
  if (f->bandwidth == 0) TV_TRY(find_bandwidth(e, source, comm, &f->bandwidth));
  TV_TRY(tv_agree(comm, tv_allocate(numbers, sizeof(*f->weights), &f->weights)));
  for (int64_t i = 0; i < frequencies; ++i)
    tv_random_normal_rows(stream, &i, 1, 0, f->inputs, f->weights + i * f->inputs, f->inputs);
  for (int64_t i = 0; i < numbers; ++i) f->weights[i] /= f->bandwidth;
  return NULL;
}

/* ---- Mapping ---- */

/* The angles are the first half of each result, until both numbers of the last of them take their
 * place, those of the one before it, ... */
void tv_features_map(const tv_features *f, int count, const double *raw, int leading, double *out,
                     int out_leading) {
  const double unit = 1, nothing = 0;
  const int frequencies = f->p / 2;
  dgemm_("T", "N", &frequencies, &count, &f->inputs, &unit, f->weights, &f->inputs, raw, &leading,
         &nothing, out, &out_leading, 1, 1);
  for (int i = 0; i < count; ++i) {
    double *row = out + (int64_t)i * out_leading;
    for (int j = frequencies - 1; j >= 0; --j) {
      const double angle = row[j];
      row[2 * j] = cos(angle);
      row[2 * j + 1] = sin(angle);
    }
  }
}
