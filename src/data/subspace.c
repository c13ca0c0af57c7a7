#include "subspace.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "raw_moments.h"
#include "twoview/base/comm.h"
#include "twoview/base/escape.h"
#include "twoview/base/memory.h"
#include "twoview/data/principal_choice.h"
#include "twoview/linalg/fortran.h"
#include "twoview/linalg/krylov.h"
#include "twoview/random/random.h"

/* Of a residual, relative to the last value wanted. An eigenvalue is at most a residual away from
 * its Ritz value, and with a gap only about its square over the gap. */
static const double most_residual = 1e-8;

/* Beside the product of the covariance and the block: sums of the rows, and of their squares. */
enum { SUMS = 2 };

/* What is kept of the search, on rank 0. */
enum { PASSES, MULTIPLIED, MEASURES, NUMBERS };

typedef struct {
  const tv_partition *partition;
  const tv_source *source;
  int block;
  int64_t numbers[NUMBERS]; /* passes made; columns of the basis; whether the mean is measured */
  double *shift;            /* of the features: it is taken off every row */
  double *distance;         /* of their mean from it */
  double *directions;       /* features x block, which the pass multiplies */
  double *sums;             /* features x (block + SUMS) */
  double *x, *y;            /* one batch of rows; x is NULL where rows are kept */
  double *along;            /* block x one batch */
  double *kept;             /* all rows of this rank less the shift, or NULL */
  unsigned char *is_kept;   /* of the first row of each batch */
  tv_krylov *krylov;        /* on rank 0 */
} search;

/* ---- A pass ---- */

/* Rows less the shift, as they were kept, or else read. */
static tv_error *take_rows(const search *s, int64_t first, int count, const double **rows) {
  const tv_partition *p = s->partition;
  const int64_t inputs = s->source->features;
  const int64_t place = first - tv_shard_first_row_of_rank(p, p->rank);
  double *x = s->kept ? s->kept + place * inputs : s->x;
  *rows = x;
  if (s->kept && s->is_kept[place]) return NULL;
  TV_TRY(tv_source_read(s->source, 0, first, count, x, s->y));
  for (int64_t i = 0; i < count; ++i)
    for (int64_t j = 0; j < inputs; ++j) x[i * inputs + j] -= s->shift[j];
  if (s->kept) s->is_kept[place] = 1;
  return NULL;
}

static tv_error *add_batch(void *context, int64_t first, int count, double *sum) {
  const search *s = context;
  const int inputs = s->source->features;
  const double unit = 1, nothing = 0;
  const double *rows;
  TV_TRY(take_rows(s, first, count, &rows));
  dgemm_("T", "N", &s->block, &count, &inputs, &unit, s->directions, &inputs, rows, &inputs,
         &nothing, s->along, &s->block, 1, 1);
  dgemm_("N", "T", &inputs, &s->block, &count, &unit, rows, &inputs, s->along, &s->block, &unit,
         sum, &inputs, 1, 1);
  double *plain = sum + (int64_t)inputs * s->block, *squares = plain + inputs;
  for (int64_t i = 0; s->numbers[MEASURES] && i < count; ++i)
    for (int64_t j = 0; j < inputs; ++j) {
      plain[j] += rows[i * inputs + j];
      squares[j] += rows[i * inputs + j] * rows[i * inputs + j];
    }
  return NULL;
}

static tv_error *sum_pass(search *s, tv_checkpoint *checkpoint, tv_work *work) {
  const tv_partition *p = s->partition;
  const tv_summation summation = {.length = (int64_t)s->source->features * (s->block + SUMS),
                                  .batch = TV_BATCH,
                                  .add = add_batch,
                                  .context = s,
                                  .checkpoint = checkpoint,
                                  .kind = TV_SAVED_SUBSPACE_SUMS,
                                  .pass = (int)s->numbers[PASSES]};
  const double own =
      (double)(tv_shard_first_row_of_rank(p, p->rank + 1) - tv_shard_first_row_of_rank(p, p->rank));
  work->flops += 4 * own * s->source->features * s->block;
  return tv_shard_sum(p, &summation, s->sums, work);
}

/* ---- What is made of it ---- */

static void measure(const search *s, double *variances) {
  const int64_t inputs = s->source->features;
  const double *plain = s->sums + inputs * s->block, *squares = plain + inputs;
  const double n = (double)s->source->rows;
  for (int64_t j = 0; j < inputs; ++j) {
    s->distance[j] = plain[j] / n;
    variances[j] = squares[j] / n - s->distance[j] * s->distance[j];
  }
}

/* From the sums about the shift to the product of the covariance. */
static void centre(const search *s) {
  const int64_t inputs = s->source->features;
  const double n = (double)s->source->rows;
  for (int64_t v = 0; v < s->block; ++v) {
    const double *direction = s->directions + v * inputs;
    double *product = s->sums + v * inputs, along = 0;
    for (int64_t j = 0; j < inputs; ++j) along += s->distance[j] * direction[j];
    for (int64_t j = 0; j < inputs; ++j) product[j] = product[j] / n - s->distance[j] * along;
  }
}

/* When the first batch does not represent the data, rows are taken about their mean from now on. */
static void move_shift(search *s, const double *variances) {
  const int64_t inputs = s->source->features;
  int is_far = 0;
  for (int64_t j = 0; j < inputs; ++j) is_far |= tv_raw_shift_is_far(s->distance[j], variances[j]);
  s->numbers[MEASURES] = is_far && s->numbers[PASSES] == 0;
  if (!s->numbers[MEASURES]) return;
  for (int64_t j = 0; j < inputs; ++j) s->shift[j] += s->distance[j];
  const tv_partition *p = s->partition;
  const int64_t own =
      tv_shard_first_row_of_rank(p, p->rank + 1) - tv_shard_first_row_of_rank(p, p->rank);
  if (s->kept) memset(s->is_kept, 0, (size_t)own);
}

/* As relative to the last value. */
static double residual_of(const tv_krylov *k) {
  const double last = k->values[k->wanted - 1];
  return k->residual == 0 ? 0 : k->residual / last;
}

static int is_accurate(const tv_krylov *k) {
  const double rounding = (TV_BATCH + k->order) * DBL_EPSILON * k->values[0];
  return k->residual <= fmax(most_residual * k->values[k->wanted - 1], rounding);
}

/* On rank 0. *is_done: there is no further pass. */
static tv_error *advance(search *s, int *status, int *is_done) {
  tv_krylov *k = s->krylov;
  if (s->numbers[PASSES] == 0) return tv_krylov_begin(k, s->sums);
  TV_TRY(tv_krylov_take(k, s->sums, status));
  *is_done = *status != 0 || is_accurate(k) || s->numbers[PASSES] + 1 == TV_MOST_PASSES;
  if (!*is_done) TV_TRY(tv_krylov_go_on(k, s->sums));
  s->numbers[MULTIPLIED] = k->count;
  return NULL;
}

static tv_error *make_pass(search *s, tv_checkpoint *checkpoint, tv_features *f, int *status,
                           int *is_done) {
  const tv_partition *p = s->partition;
  TV_TRY(sum_pass(s, checkpoint, &f->work));
  if (s->numbers[MEASURES]) measure(s, f->variances);
  centre(s);
  if (s->numbers[MEASURES]) move_shift(s, f->variances);
  TV_TRY(tv_agree(p->comm, p->rank == 0 ? advance(s, status, is_done) : NULL));
  MPI_Bcast(is_done, 1, MPI_INT, 0, p->comm);
  ++s->numbers[PASSES];
  return NULL;
}

/* The next block, on every rank. */
static void take_directions(search *s) {
  const int64_t count = (int64_t)s->source->features * s->block;
  if (s->partition->rank == 0)
    memcpy(s->directions, tv_krylov_next(s->krylov), (size_t)count * sizeof(double));
  tv_broadcast(s->partition->comm, 0, s->directions, count);
}

/* ---- Beginning, or going on ---- */

static tv_error *draw_directions(search *s, uint64_t seed) {
  const tv_stream stream = {seed, TV_FOR_SUBSPACE, 0};
  int64_t *vectors = NULL;
  TV_TRY(tv_allocate(s->block, sizeof(*vectors), &vectors));
  for (int v = 0; v < s->block; ++v) vectors[v] = v;
  tv_random_normal_rows(stream, vectors, s->block, 0, s->source->features, s->directions,
                        s->source->features);
  free(vectors);
  return NULL;
}

enum { PARTS = 6 };

static void list_parts(const search *s, const tv_features *f, void *parts[PARTS],
                       size_t bytes[PARTS]) {
  const size_t inputs = (size_t)s->source->features * sizeof(double);
  const size_t room = (size_t)s->krylov->room;
  parts[0] = (void *)s->numbers, bytes[0] = sizeof s->numbers;
  parts[1] = s->krylov->basis, bytes[1] = inputs * room;
  parts[2] = s->krylov->projected, bytes[2] = room * room * sizeof(double);
  parts[3] = s->shift, bytes[3] = inputs;
  parts[4] = s->distance, bytes[4] = inputs;
  parts[5] = f->variances, bytes[5] = inputs;
}

static tv_saved_key key_of(int part) {
  return (tv_saved_key){TV_SAVED_SUBSPACE, part, 0, 1, ""};
}

/* On rank 0: what an earlier session has found, and hold all of it from now on. */
static tv_error *take_up(const search *s, const tv_features *f, tv_checkpoint *checkpoint) {
  void *parts[PARTS];
  size_t bytes[PARTS];
  const int is_there = tv_checkpoint_find(checkpoint, key_of(0)) >= 0;
  list_parts(s, f, parts, bytes);
  for (int i = 0; i < PARTS; ++i) {
    if (is_there) TV_TRY(tv_checkpoint_read(checkpoint, key_of(i), parts[i], bytes[i]));
    TV_TRY(tv_checkpoint_hold(checkpoint, key_of(i), parts[i], bytes[i]));
  }
  s->krylov->count = s->numbers[MULTIPLIED];
  return NULL;
}

static tv_error *begin(search *s, uint64_t seed, tv_checkpoint *checkpoint, tv_features *f) {
  const tv_partition *p = s->partition;
  s->numbers[MEASURES] = 1;
  TV_TRY(tv_raw_first_mean(p, s->source, s->kept ? s->kept : s->x, s->y, s->shift));
  TV_TRY(tv_agree(p->comm, draw_directions(s, seed)));
  tv_checkpoint_take_over(checkpoint, TV_SAVED_SUBSPACE);
  TV_TRY(tv_agree(p->comm, p->rank == 0 ? take_up(s, f, checkpoint) : NULL));
  MPI_Bcast(s->numbers, NUMBERS, MPI_INT64_T, 0, p->comm);
  tv_broadcast(p->comm, 0, s->shift, s->source->features);
  tv_broadcast(p->comm, 0, s->distance, s->source->features);
  if (s->numbers[PASSES] > 0) take_directions(s);
  return NULL;
}

/* ---- Together ---- */

static tv_error *allocate(search *s, int keeps_rows, int wanted) {
  const tv_partition *p = s->partition;
  const int64_t inputs = s->source->features;
  const int64_t own =
      tv_shard_first_row_of_rank(p, p->rank + 1) - tv_shard_first_row_of_rank(p, p->rank);
  TV_TRY(tv_allocate(inputs, sizeof(double), &s->shift));
  TV_TRY(tv_allocate(inputs, sizeof(double), &s->distance));
  TV_TRY(tv_allocate(inputs * s->block, sizeof(double), &s->directions));
  TV_TRY(tv_allocate(inputs * (s->block + SUMS), sizeof(double), &s->sums));
  TV_TRY(tv_allocate((int64_t)TV_BATCH * s->source->targets, sizeof(double), &s->y));
  TV_TRY(tv_allocate((int64_t)TV_BATCH * s->block, sizeof(double), &s->along));
  if (p->rank == 0) TV_TRY(tv_krylov_create((int)inputs, wanted, &s->krylov));
  if (!keeps_rows) return tv_allocate(TV_BATCH * inputs, sizeof(double), &s->x);
  TV_TRY(tv_allocate(own * inputs, sizeof(double), &s->kept));
  return tv_allocate(own, 1, &s->is_kept);
}

static void release(search *s) {
  free(s->shift);
  free(s->distance);
  free(s->directions);
  free(s->sums);
  free(s->x);
  free(s->y);
  free(s->along);
  free(s->kept);
  free(s->is_kept);
  tv_krylov_destroy(&s->krylov);
}

/* On rank 0. */
static void fill(const search *s, double *rest, tv_features *f) {
  const tv_krylov *k = s->krylov;
  for (int64_t j = 0; j < f->inputs; ++j) {
    f->mean[j] = s->shift[j] + s->distance[j];
    rest[j] = s->distance[j] - (f->mean[j] - s->shift[j]);
  }
  memcpy(f->spectrum, k->values, (size_t)f->p * sizeof(double));
  tv_krylov_vectors(k, f->basis);
  f->accuracy[TV_PRINCIPAL_PASSES] = (double)s->numbers[PASSES];
  f->accuracy[TV_PRINCIPAL_RESIDUAL] = residual_of(k);
  if (!is_accurate(k))
    tv_print_line(stderr,
                  "twoview: warning: features.pca: after %d passes over the data the residual of "
                  "the principal components is still %.2g of the variance of the last one, not "
                  "%.2g; their variances are that accurate; 'features: {solver: covariance}' or "
                  "'solver: rows' finds them exactly",
                  TV_MOST_PASSES, residual_of(k), most_residual);
}

tv_error *tv_subspace_components(const tv_experiment *experiment, const tv_source *source,
                                 MPI_Comm comm, tv_checkpoint *checkpoint, double *rest,
                                 tv_features *f, int *status) {
  const tv_partition p = tv_partition_make(comm, source->rows, experiment->parallel.shards);
  search s = {.partition = &p, .source = source, .block = tv_krylov_block(source->features, f->p)};
  const int keeps_rows = tv_subspace_keeps_rows(source, &p, tv_memory_available(comm));
  int is_done = 0;
  tv_error *error = tv_agree(comm, allocate(&s, keeps_rows, f->p));
  if (!error) error = begin(&s, experiment->seed, checkpoint, f);
  while (!error && !is_done) {
    error = make_pass(&s, checkpoint, f, status, &is_done);
    if (!error && !is_done) take_directions(&s);
  }
  if (!error && p.rank == 0 && *status == 0) fill(&s, rest, f);
  tv_checkpoint_release_kind(checkpoint, TV_SAVED_SUBSPACE);
  release(&s);
  return error;
}
