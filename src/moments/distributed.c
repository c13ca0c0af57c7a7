#include "twoview/moments/distributed.h"

#include <stdlib.h>
#include <string.h>

#include "kept.h"
#include "twoview/base/comm.h"
#include "twoview/linalg/dense.h"
#include "twoview/linalg/fortran.h"

struct tv_distributed {
  const tv_sampling *sampling; /* borrowed */
  const tv_grid *grid;         /* borrowed */
  tv_place_of_sums place;
  tv_distmat *inputs;      /* d x d: sum x x', below the diagonal while it is summed */
  tv_distmat *noise_cross; /* d x l: sum x e', e the standard normals of the targets */
  tv_distmat *cross;       /* d x l: sum x y' */
  tv_distmat *weights;     /* p x l: y = weights' x + noise e */
  double *noise_square;    /* l x l: sum e e', on every rank */
  double *rows, *columns;  /* one batch: the inputs of this rank's rows and columns */
  double *noise;           /* one batch: e */
  tv_work work;
};

/* ---- One batch ---- */

/* Inputs [from, end) of a batch: features, then standard normal noise. */
static tv_error *draw_run(const tv_distributed *w, const int64_t *places, int count, int from,
                          int end, double *out, int leading) {
  const tv_sampling *s = w->sampling;
  const tv_stream noise =
      tv_experiment_stream(s->experiment, TV_FOR_NOISE, (int)w->place.replicate);
  const int middle = from > s->p ? from : end < s->p ? end : s->p;
  if (from < middle)
    TV_TRY(s->source->read_features(s->source, (int)w->place.replicate, places, count, from,
                                    middle - from, out, leading));
  tv_random_normal_rows(noise, places, count, middle - s->p, end - middle, out + (middle - from),
                        leading);
  return NULL;
}

/* The inputs with the given global indices, which come in runs of whole blocks: a column of `out`
 * is a sample. */
static tv_error *draw_inputs(const tv_distributed *w, const int64_t *places, int count,
                             const int *index, int wanted, double *out) {
  for (int i = 0, end; i < wanted; i = end) {
    for (end = i + 1; end < wanted && index[end] == index[end - 1] + 1;) ++end;
    TV_TRY(draw_run(w, places, count, index[i], index[end - 1] + 1, out + i, wanted));
  }
  return NULL;
}

/* One block of a matrix += rows columns'. Every block is a product of its own, of a shape that does
 * not depend on the grid, because the bits of a product depend on its shape. */
static void update_block(const double *rows, int leading_rows, int height, const double *columns,
                         int leading_columns, int width, int count, double *block, int leading) {
  const double unit = 1;
  dgemm_("N", "T", &height, &width, &count, &unit, rows, &leading_rows, columns, &leading_columns,
         &unit, block, &leading, 1, 1);
}

static int least(int a, int b) {
  return a < b ? a : b;
}

/* The blocks of `inputs` on and below the diagonal. */
static void update_inputs(tv_distributed *w, int count) {
  const tv_distmat *m = w->inputs;
  const int block = w->grid->block;
  for (int j = 0; j < m->local_columns; j += block)
    for (int i = 0; i < m->local_rows; i += block) {
      if (m->row_of[i] < m->column_of[j]) continue;
      const int height = least(block, m->local_rows - i),
                width = least(block, m->local_columns - j);
      update_block(w->rows + i, m->local_rows, height, w->columns + j, m->local_columns, width,
                   count, m->data + i + (int64_t)j * m->leading, m->leading);
      w->work.flops += 2.0 * height * width * count;
    }
}

static void update_noise(const tv_distributed *w, int count) {
  const double unit = 1;
  const int l = w->sampling->l, block = w->grid->block;
  const tv_distmat *c = w->noise_cross;
  for (int j = 0; j < c->local_columns; j += block)
    for (int i = 0; i < c->local_rows; i += block)
      update_block(w->rows + i, c->local_rows, least(block, c->local_rows - i),
                   w->noise + c->column_of[j], l, least(block, c->local_columns - j), count,
                   c->data + i + (int64_t)j * c->leading, c->leading);
  dsyrk_("L", "N", &l, &count, &unit, w->noise, &l, &unit, w->noise_square, &l, 1, 1);
}

static tv_error *add_batch(tv_distributed *w, int64_t first, int count) {
  const tv_sampling *s = w->sampling;
  const tv_stream targets =
      tv_experiment_stream(s->experiment, TV_FOR_TARGETS, (int)w->place.replicate);
  int64_t places[TV_BATCH] = {0};
  for (int i = 0; i < count; ++i) places[i] = first + i;
  TV_TRY(draw_inputs(w, places, count, w->inputs->row_of, w->inputs->local_rows, w->rows));
  TV_TRY(draw_inputs(w, places, count, w->inputs->column_of, w->inputs->local_columns, w->columns));
  tv_random_normal_rows(targets, places, count, 0, s->l, w->noise, s->l);
  update_inputs(w, count);
  update_noise(w, count);
  return NULL;
}

/* ---- From sums to moments ---- */

/* y = weights' x + noise e, and so do their moments. */
static void derive_targets(tv_distributed *w, double *targets) {
  const double noise = w->sampling->source->teacher_noise;
  const int l = w->sampling->l;
  double with_inputs = 0;
  tv_multiply(TV_PLAIN, w->inputs, TV_PLAIN, w->weights, w->cross);
  for (int j = 0; j < w->cross->local_columns; ++j)
    for (int i = 0; i < w->cross->local_rows; ++i) {
      const double e = noise * w->noise_cross->data[(int64_t)j * w->noise_cross->leading + i];
      double *y = w->cross->data + (int64_t)j * w->cross->leading + i;
      if (i < w->weights->local_rows)
        with_inputs += w->weights->data[(int64_t)j * w->weights->leading + i] * (*y + 2 * e);
      *y += e;
    }
  if (w->grid->size > 1) tv_sum_all(w->grid->comm, &with_inputs, 1);
  *targets = with_inputs;
  for (int t = 0; t < l; ++t) *targets += noise * noise * w->noise_square[(int64_t)t * l + t];
}

static void start_again(tv_distributed *w, int replicate) {
  const int l = w->sampling->l;
  tv_distmat_clear(w->inputs);
  tv_distmat_clear(w->noise_cross);
  memset(w->noise_square, 0, (size_t)l * (size_t)l * sizeof(double));
  w->place.replicate = replicate;
  w->place.n = 0;
}

tv_error *tv_distributed_advance(tv_distributed *w, int replicate, int64_t n, tv_progress *progress,
                                 tv_moment_matrix *out) {
  const tv_sampling *s = w->sampling;
  if (replicate != w->place.replicate || n < w->place.n) start_again(w, replicate);
  while (w->place.n < n) {
    const int64_t left = n - w->place.n;
    const int count = (int)(left < TV_BATCH ? left : TV_BATCH);
    TV_TRY(tv_grid_agree(w->grid, add_batch(w, w->place.n, count)));
    w->place.n += count;
    tv_progress_step(progress, count);
    TV_TRY(tv_checkpoint_poll(s->checkpoint, w->grid->comm));
  }
  *out = (tv_moment_matrix){.p = s->p,
                            .q = s->q,
                            .l = s->l,
                            .n = n,
                            .inputs = w->inputs,
                            .cross = w->cross,
                            .noise_cross = w->noise_cross,
                            .noise_square = w->noise_square};
  tv_symmetrise(w->inputs);
  derive_targets(w, &out->targets);
  return NULL;
}

tv_work tv_distributed_work(const tv_distributed *w) {
  return w->work;
}

double tv_distributed_samples(const tv_sampling *s) {
  return (double)s->experiment->sizes[s->experiment->sizes_count - 1] * s->experiment->replicates;
}

/* ---- Checkpoints ---- */

/* Parts of what a checkpoint holds. */
enum { PLACE, INPUT_BLOCKS, CROSS_BLOCKS, NOISE_SQUARE };

/* Continue from the sums of an earlier session, and keep them from now on. */
static tv_error *keep(tv_distributed *w) {
  tv_checkpoint *c = w->sampling->checkpoint;
  const size_t l = (size_t)w->sampling->l;
  tv_checkpoint_take_over(c, TV_SAVED_WIDE);
  TV_TRY(tv_keep_common(c, TV_SAVED_WIDE, PLACE, w->grid, &w->place, sizeof w->place));
  TV_TRY(tv_keep_blocks(c, TV_SAVED_WIDE, INPUT_BLOCKS, 1, w->inputs));
  TV_TRY(tv_keep_blocks(c, TV_SAVED_WIDE, CROSS_BLOCKS, 0, w->noise_cross));
  return tv_keep_common(c, TV_SAVED_WIDE, NOISE_SQUARE, w->grid, w->noise_square,
                        l * l * sizeof(double));
}

/* ---- Lifetime ---- */

static tv_error *allocate(tv_distributed *w) {
  const tv_sampling *s = w->sampling;
  const int d = s->p + s->q;
  TV_TRY(tv_distmat_create(w->grid, d, d, &w->inputs));
  TV_TRY(tv_distmat_create(w->grid, d, s->l, &w->noise_cross));
  TV_TRY(tv_distmat_create(w->grid, d, s->l, &w->cross));
  TV_TRY(tv_distmat_create(w->grid, s->p, s->l, &w->weights));
  TV_TRY(tv_allocate((int64_t)s->l * s->l, sizeof(double), &w->noise_square));
  TV_TRY(tv_allocate((int64_t)TV_BATCH * s->l, sizeof(double), &w->noise));
  TV_TRY(tv_allocate((int64_t)TV_BATCH * w->inputs->local_rows, sizeof(double), &w->rows));
  return tv_allocate((int64_t)TV_BATCH * w->inputs->local_columns, sizeof(double), &w->columns);
}

tv_error *tv_distributed_create(const tv_sampling *sampling, const tv_grid *grid,
                                tv_distributed **out) {
  tv_error *error = tv_allocate(1, sizeof(**out), out);
  if (!error) {
    **out = (tv_distributed){.sampling = sampling, .grid = grid, .place = {-1, 0}};
    error = allocate(*out);
    if (!error) error = keep(*out);
  }
  error = tv_agree(grid->comm, error);
  if (error)
    tv_distributed_destroy(out);
  else
    tv_distmat_scatter(sampling->source->teacher_weights, (*out)->weights);
  return error;
}

void tv_distributed_destroy(tv_distributed **distributed) {
  tv_distributed *w = *distributed;
  if (!w) return;
  tv_checkpoint_release_kind(w->sampling->checkpoint, TV_SAVED_WIDE);
  tv_distmat_destroy(&w->inputs);
  tv_distmat_destroy(&w->noise_cross);
  tv_distmat_destroy(&w->cross);
  tv_distmat_destroy(&w->weights);
  free(w->noise_square);
  free(w->noise);
  free(w->rows);
  free(w->columns);
  free(w);
  *distributed = NULL;
}
