#include "row_gram.h"

#include <stdlib.h>

#include "twoview/base/comm.h"
#include "twoview/linalg/eigen.h"
#include "twoview/linalg/fortran.h"
#include "twoview/linalg/orthonormal.h"

/* ---- All rows on rank 0 ---- */

/* Room for the rows that are read at a time. */
typedef struct {
  int rows;
  double *x, *y;
} piece;

static tv_error *allocate_piece(const tv_source *source, piece *out) {
  const int rows = (1 << 20) / source->features; /* some MB of them */
  out->rows = rows < 1 ? 1 : rows < TV_BATCH ? rows : TV_BATCH;
  TV_TRY(tv_allocate((int64_t)out->rows * source->features, sizeof(*out->x), &out->x));
  return tv_allocate((int64_t)out->rows * source->targets, sizeof(*out->y), &out->y);
}

/* Each rank reads its rows and sends them to rank 0, which puts them into `x`. When reading fails
 * it sends what it has, so that nobody waits, and the error is shared afterwards.   Collective. */
static tv_error *gather_rows(const tv_partition *p, const tv_source *source, const piece *one,
                             double *x, tv_work *work) {
  tv_error *error = NULL;
  for (int owner = 0; owner < p->size; ++owner) {
    const int64_t end = tv_shard_first_row_of_rank(p, owner + 1);
    for (int64_t row = tv_shard_first_row_of_rank(p, owner); row < end; row += one->rows) {
      const int count = (int)(end - row < one->rows ? end - row : one->rows);
      const int64_t numbers = (int64_t)count * source->features;
      double *target = p->rank == 0 ? x + row * source->features : one->x;
      if (p->rank == owner && !error) error = tv_source_read(source, 0, row, count, target, one->y);
      if (owner == 0 || (p->rank != owner && p->rank != 0)) continue;
      if (p->rank == 0) {
        tv_receive(p->comm, owner, target, numbers);
      } else {
        tv_send(p->comm, 0, target, numbers);
        work->sent_bytes += (double)numbers * sizeof(*target);
      }
    }
  }
  return tv_agree(p->comm, error);
}

/* ---- What rank 0 makes of them ---- */

/* Subtract the mean of the rows from them. */
static void take_mean_off(int64_t rows, int64_t inputs, double *x, double *mean) {
  for (int64_t j = 0; j < inputs; ++j) mean[j] = 0;
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < inputs; ++j) mean[j] += x[i * inputs + j];
  for (int64_t j = 0; j < inputs; ++j) mean[j] /= (double)rows;
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < inputs; ++j) x[i * inputs + j] -= mean[j];
}

/* Twice, because the mean of rows far from 0 is rounded: that of what is left has all digits. */
static void centre(int64_t rows, double *x, double *rest, tv_features *f) {
  const int64_t inputs = f->inputs;
  take_mean_off(rows, inputs, x, f->mean);
  take_mean_off(rows, inputs, x, rest);
  for (int64_t j = 0; j < inputs; ++j) {
    const double rounded = f->mean[j] + rest[j];
    rest[j] -= rounded - f->mean[j];
    f->mean[j] = rounded;
    f->variances[j] = 0;
  }
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < inputs; ++j)
      f->variances[j] += x[i * inputs + j] * x[i * inputs + j] / (double)rows;
}

/* Centred rows, inputs x rows in column-major terms, to basis and spectrum. */
static tv_error *decompose(int rows, const double *x, tv_features *f, int *status) {
  const double share = 1.0 / rows, unit = 1, nothing = 0;
  tv_grid *grid = NULL;
  tv_distmat *gram = NULL, *vectors = NULL;
  tv_error *error;
  TV_GO(tv_grid_create(MPI_COMM_SELF, TV_SMALL_BLOCK, &grid));
  TV_GO(tv_distmat_create(grid, rows, rows, &gram));
  TV_GO(tv_distmat_create(grid, rows, f->p, &vectors));
  dsyrk_("L", "T", &rows, &f->inputs, &share, x, &f->inputs, &nothing, gram->data, &gram->leading,
         1, 1);
  TV_GO(tv_eigen_top(gram, f->p, f->spectrum, vectors, status));
  if (*status) goto done;
  dgemm_("N", "N", &f->inputs, &f->p, &rows, &unit, x, &f->inputs, vectors->data, &vectors->leading,
         &nothing, f->basis, &f->inputs, 1, 1);
  TV_GO(tv_orthonormalise(f->inputs, f->p, f->basis, NULL));
done:
  tv_distmat_destroy(&vectors);
  tv_distmat_destroy(&gram);
  tv_grid_destroy(&grid);
  return error;
}

tv_error *tv_row_gram_components(const tv_experiment *experiment, const tv_source *source,
                                 MPI_Comm comm, tv_features *f, double *rest, int *status) {
  const tv_partition p = tv_partition_make(comm, source->rows, experiment->parallel.shards);
  double *x = NULL;
  piece one = {0};
  tv_error *error = allocate_piece(source, &one);
  if (!error && p.rank == 0) error = tv_allocate(p.rows * source->features, sizeof(*x), &x);
  error = tv_agree(comm, error);
  if (!error) error = gather_rows(&p, source, &one, x, &f->work);
  free(one.x);
  free(one.y);
  if (!error && p.rank == 0) {
    f->work.flops += (double)p.rows * (double)p.rows * source->features;
    centre(p.rows, x, rest, f);
    error = decompose((int)p.rows, x, f, status);
  }
  free(x);
  return tv_agree(comm, error);
}
