#include "raw_moments.h"

#include <stdlib.h>

#include "twoview/base/comm.h"
#include "twoview/data/shard.h"
#include "twoview/linalg/fortran.h"

/* Products of bytes less 128, summed over so many rows, stay within 2^24: single precision holds
 * them exactly, at twice the speed of double. */
enum { BYTE_SHIFT = 128, BYTE_BATCH = 1024 };

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
  TV_TRY(pass->source->read(pass->source, 0, first, count, pass->x, pass->y));
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

/* The middle of the bytes, or row 0 of other data, from the rank that has it. */
static tv_error *take_shift(const raw_pass *pass, double *shift) {
  const tv_partition *p = pass->partition;
  if (pass->source->bytes) {
    for (int j = 0; j < pass->source->features; ++j) shift[j] = BYTE_SHIFT;
    return NULL;
  }
  int owner = 0;
  while (tv_shard_first_of_rank(p, owner + 1) == 0) ++owner;
  tv_error *error = NULL;
  if (p->rank == owner) error = pass->source->read(pass->source, 0, 0, 1, shift, pass->y);
  TV_TRY(tv_agree(p->comm, error));
  tv_broadcast(p->comm, owner, shift, pass->source->features);
  return NULL;
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
  const int64_t width = source->features + 1;
  raw_pass pass = {.partition = &partition, .source = source, .shift = shift};
  const tv_summation summation = {.length = width * width,
                                  .batch = source->bytes ? BYTE_BATCH : TV_BATCH,
                                  .add = source->bytes ? add_bytes : add_batch,
                                  .context = &pass,
                                  .checkpoint = checkpoint,
                                  .kind = TV_SAVED_RAW};
  tv_error *error = tv_agree(comm, allocate_pass(&pass));
  if (!error) error = take_shift(&pass, shift);
  if (!error) error = tv_shard_sum(&partition, &summation, sums, work);
  const int64_t own = tv_shard_first_row_of_rank(&partition, partition.rank + 1) -
                      tv_shard_first_row_of_rank(&partition, partition.rank);
  work->flops += (double)own * (double)width * (double)width;
  free(pass.x);
  free(pass.y);
  free(pass.shifted);
  free(pass.bytes);
  free(pass.products);
  return error;
}
