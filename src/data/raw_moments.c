#include "raw_moments.h"

#include <stdlib.h>

#include "twoview/base/comm.h"
#include "twoview/data/shard.h"
#include "twoview/linalg/fortran.h"

/* Products of bytes less 128, summed over so many rows, stay within 2^24: single precision holds
 * them exactly, at twice the speed of double. */
enum { BYTE_SHIFT = 128, BYTE_BATCH = 1024 };

/* From the shift to the mean: sums lose up to the square of it in accuracy. */
static const double most_deviations = 4;

typedef struct {
  const tv_partition *partition;
  const tv_source *source;
  const double *shift;
  double *x, *y;           /* one batch, as read */
  double *shifted;         /* one batch of (x - shift, 1) */
  float *bytes, *products; /* the same of bytes, and their products */
} raw_pass;

static tv_error *add_batch(void *context, int64_t first, int count, double *sum) {
  const raw_pass *pass = context;
  const int inputs = pass->source->features, width = inputs + 1;
  const double unit = 1;
  TV_TRY(tv_source_read(pass->source, 0, first, count, pass->x, pass->y));
  for (int i = 0; i < count; ++i) {
    const double *x = pass->x + (int64_t)i * inputs;
    double *row = pass->shifted + (int64_t)i * width;
    for (int j = 0; j < inputs; ++j) row[j] = x[j] - pass->shift[j];
    row[inputs] = 1;
  }
  dsyrk_("L", "N", &width, &count, &unit, pass->shifted, &width, &unit, sum, &width, 1, 1);
  return NULL;
}

static void add_lower(int width, const float *products, double *sum) {
  for (int64_t j = 0; j < width; ++j)
    for (int64_t i = j; i < width; ++i) sum[j * width + i] += products[j * width + i];
}

static tv_error *add_bytes(void *context, int64_t first, int count, double *sum) {
  const raw_pass *pass = context;
  const int inputs = pass->source->features, width = inputs + 1;
  const float unit = 1, nothing = 0;
  const unsigned char *x = pass->source->bytes(pass->source, first);
  for (int i = 0; i < count; ++i, x += inputs) {
    float *row = pass->bytes + (int64_t)i * width;
    for (int j = 0; j < inputs; ++j) row[j] = (float)(x[j] - BYTE_SHIFT);
    row[inputs] = 1;
  }
  ssyrk_("L", "N", &width, &count, &unit, pass->bytes, &width, &nothing, pass->products, &width, 1,
         1);
  add_lower(width, pass->products, sum);
  return NULL;
}

/* The first batch of the first shard that has rows, on its owner. The mean is taken about row 0, so
 * that a constant feature is met exactly. */
static tv_error *average_first_batch(const tv_partition *p, const tv_source *source, double *x,
                                     double *y, double *shift) {
  const int64_t inputs = source->features;
  int shard = 0;
  while (tv_shard_first(p, shard + 1) == 0) ++shard;
  const int64_t end = tv_shard_first(p, shard + 1);
  const int count = end < TV_BATCH ? (int)end : TV_BATCH;
  TV_TRY(tv_source_read(source, 0, 0, count, x, y));
  for (int64_t j = 0; j < inputs; ++j) {
    double sum = 0;
    for (int64_t i = 1; i < count; ++i) sum += x[i * inputs + j] - x[j];
    shift[j] = x[j] + sum / count;
  }
  return NULL;
}

tv_error *tv_raw_first_mean(const tv_partition *p, const tv_source *source, double *x, double *y,
                            double *mean) {
  int owner = 0;
  while (tv_shard_first_row_of_rank(p, owner + 1) == 0) ++owner;
  TV_TRY(tv_agree(p->comm, p->rank == owner ? average_first_batch(p, source, x, y, mean) : NULL));
  tv_broadcast(p->comm, owner, mean, source->features);
  return NULL;
}

int tv_raw_shift_is_far(double distance, double variance) {
  return distance * distance > most_deviations * most_deviations * variance;
}

/* Sums of bytes about their middle become those of the numbers that they stand for. */
static void scale_sums(const raw_pass *pass, double *shift, double *sums) {
  const double factor = 1 / pass->source->scale;
  const int64_t inputs = pass->source->features, width = inputs + 1;
  if (factor == 1) return;
  for (int64_t j = 0; j < inputs; ++j) shift[j] *= factor;
  for (int64_t j = 0; j < inputs; ++j)
    for (int64_t i = j; i < width; ++i)
      sums[j * width + i] *= i < inputs ? factor * factor : factor;
}

/* For bytes the middle of their range, for other data the mean of the first batch. */
static tv_error *take_first_shift(const raw_pass *pass, double *shift) {
  if (!pass->source->bytes)
    return tv_raw_first_mean(pass->partition, pass->source, pass->x, pass->y, shift);
  for (int j = 0; j < pass->source->features; ++j) shift[j] = BYTE_SHIFT;
  return NULL;
}

/* Whether the mean of every feature is within a few deviations of its shift, so that taking the
 * square of their distance off costs no digits. */
static int is_representative(const raw_pass *pass, const double *sums) {
  const int64_t inputs = pass->source->features, width = inputs + 1;
  const double n = (double)pass->source->rows;
  for (int64_t j = 0; j < inputs; ++j) {
    const double distance = sums[j * width + inputs] / n;
    const double variance = sums[j * width + j] / n - distance * distance;
    if (tv_raw_shift_is_far(distance, variance)) return 0;
  }
  return 1;
}

/* One pass over the data about the shift, with its finished parts kept as `kind`. */
static tv_error *sum_about_shift(raw_pass *pass, tv_checkpoint *checkpoint, tv_saved_kind kind,
                                 double *sums, tv_work *work) {
  const tv_partition *p = pass->partition;
  const int64_t width = pass->source->features + 1;
  const tv_summation summation = {.length = width * width,
                                  .batch = pass->source->bytes ? BYTE_BATCH : TV_BATCH,
                                  .add = pass->source->bytes ? add_bytes : add_batch,
                                  .context = pass,
                                  .checkpoint = checkpoint,
                                  .kind = kind};
  const int64_t own =
      tv_shard_first_row_of_rank(p, p->rank + 1) - tv_shard_first_row_of_rank(p, p->rank);
  work->flops += (double)own * (double)width * (double)width;
  return tv_shard_sum(p, &summation, sums, work);
}

/* The first pass; *is_enough 0: `shift` becomes the mean, about which a second one is needed. */
static tv_error *sum_first(raw_pass *pass, tv_checkpoint *checkpoint, double *shift, double *sums,
                           tv_work *work, int *is_enough) {
  const int64_t inputs = pass->source->features, width = inputs + 1;
  TV_TRY(take_first_shift(pass, shift));
  TV_TRY(sum_about_shift(pass, checkpoint, TV_SAVED_RAW, sums, work));
  if (pass->source->bytes) scale_sums(pass, shift, sums);
  *is_enough = pass->source->bytes || is_representative(pass, sums);
  for (int64_t j = 0; !*is_enough && j < inputs; ++j)
    shift[j] += sums[j * width + inputs] / (double)pass->source->rows;
  return NULL;
}

/* The mean that an earlier session found.                                          Collective. */
static tv_error *take_up_mean(const raw_pass *pass, tv_checkpoint *checkpoint, tv_saved_key key,
                              double *shift) {
  const tv_partition *p = pass->partition;
  const int64_t inputs = pass->source->features;
  tv_error *error = NULL;
  tv_checkpoint_take_over(checkpoint, TV_SAVED_RAW_MEAN);
  if (p->rank == 0)
    error = tv_checkpoint_read(checkpoint, key, shift, (size_t)inputs * sizeof(*shift));
  TV_TRY(tv_agree(p->comm, error));
  tv_broadcast(p->comm, 0, shift, inputs);
  return NULL;
}

/* One pass, or two; a session that resumes the second one begins with that. */
static tv_error *sum_passes(raw_pass *pass, tv_checkpoint *checkpoint, double *shift, double *sums,
                            tv_work *work) {
  const tv_saved_key key = {TV_SAVED_RAW_MEAN, 0, 0, 1, ""};
  const size_t bytes = (size_t)pass->source->features * sizeof(*shift);
  const tv_partition *p = pass->partition;
  int is_enough = 0;
  if (tv_checkpoint_find(checkpoint, key) >= 0)
    TV_TRY(take_up_mean(pass, checkpoint, key, shift));
  else
    TV_TRY(sum_first(pass, checkpoint, shift, sums, work, &is_enough));
  if (is_enough) return NULL;
  TV_TRY(
      tv_agree(p->comm, p->rank == 0 ? tv_checkpoint_hold(checkpoint, key, shift, bytes) : NULL));
  tv_error *error = sum_about_shift(pass, checkpoint, TV_SAVED_RAW_AGAIN, sums, work);
  tv_checkpoint_release_kind(checkpoint, TV_SAVED_RAW_MEAN);
  return error;
}

static tv_error *allocate_pass(raw_pass *pass) {
  const int64_t inputs = pass->source->features, width = inputs + 1;
  TV_TRY(tv_allocate((int64_t)TV_BATCH * pass->source->targets, sizeof(double), &pass->y));
  if (pass->source->bytes) {
    TV_TRY(tv_allocate(BYTE_BATCH * width, sizeof(float), &pass->bytes));
    return tv_allocate(width * width, sizeof(float), &pass->products);
  }
  TV_TRY(tv_allocate(TV_BATCH * inputs, sizeof(double), &pass->x));
  return tv_allocate(TV_BATCH * width, sizeof(double), &pass->shifted);
}

tv_error *tv_raw_moments_sum(const tv_experiment *experiment, const tv_source *source,
                             MPI_Comm comm, tv_checkpoint *checkpoint, double *shift, double *sums,
                             tv_work *work) {
  const tv_partition partition = tv_partition_make(comm, source->rows, experiment->parallel.shards);
  raw_pass pass = {.partition = &partition, .source = source, .shift = shift};
  tv_error *error = tv_agree(comm, allocate_pass(&pass));
  if (!error) error = sum_passes(&pass, checkpoint, shift, sums, work);
  free(pass.x);
  free(pass.y);
  free(pass.shifted);
  free(pass.bytes);
  free(pass.products);
  return error;
}
