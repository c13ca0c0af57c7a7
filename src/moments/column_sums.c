#include "twoview/moments/column_sums.h"

#include <stdlib.h>
#include <string.h>

#include "kept.h"
#include "twoview/base/comm.h"
#include "twoview/linalg/dense.h"
#include "twoview/linalg/fortran.h"

struct tv_column_sums {
  const tv_sampling *sampling; /* borrowed */
  const tv_grid *row;          /* borrowed */
  tv_saved_kind kind;          /* in checkpoints */
  tv_place_of_sums place;
  tv_distmat *inputs; /* d x d: sum x x', below the diagonal while it is summed */
  tv_distmat *cross;  /* d x l: sum x y' */
  double *vectors;    /* d + 2 l, on every rank: sum x, sum y, sum y_t^2 */
  tv_moments moments; /* as they are handed out */
  tv_work work;
};

/* Rows on their way into the sums, the same on every rank. */
typedef struct {
  tv_column_sums *sums;
  tv_selection wanted;
  tv_workspace *workspace; /* owned */
  double *rows;            /* owned: TV_BATCH x width, of which `count` wait */
  int count;
  int64_t summed;        /* of the rows wanted, the first so many are among the sums already */
  tv_batch read;         /* what this rank has just read; it stays in the workspace */
  tv_progress *progress; /* or NULL */
} intake;

/* ---- Sums ---- */

static int least(int a, int b) {
  return a < b ? a : b;
}

/* Every block of columns is a product of its own, of a shape that does not depend on the number of
 * ranks, because the bits of a product depend on its shape. */
static void add_columns(const double *rows, int width, int count, int first, int from,
                        tv_distmat *m, int j) {
  const double unit = 1;
  const int height = m->rows - first, columns = least(m->grid->block, m->local_columns - j);
  dgemm_("N", "T", &height, &columns, &count, &unit, rows + first, &width,
         rows + from + m->column_of[j], &width, &unit, m->data + first + (int64_t)j * m->leading,
         &m->leading, 1, 1);
}

static void add_vectors(const double *rows, int width, int count, int d, int l, double *out) {
  for (int i = 0; i < count; ++i) {
    const double *row = rows + (int64_t)i * width;
    for (int j = 0; j < d + l; ++j) out[j] += row[j];
    for (int t = 0; t < l; ++t) out[d + l + t] += row[d + t] * row[d + t];
  }
}

/* The rows that wait are added: those of `inputs` from the diagonal down. */
static void add_rows(intake *in) {
  tv_column_sums *w = in->sums;
  const int width = w->sampling->width, d = w->inputs->rows, l = w->sampling->l;
  const int block = w->row->block;
  for (int j = 0; j < w->inputs->local_columns; j += block) {
    const int first = w->inputs->column_of[j];
    add_columns(in->rows, width, in->count, first, 0, w->inputs, j);
    w->work.flops +=
        2.0 * (d - first) * least(block, w->inputs->local_columns - j) * (double)in->count;
  }
  for (int j = 0; j < w->cross->local_columns; j += block)
    add_columns(in->rows, width, in->count, 0, d, w->cross, j);
  add_vectors(in->rows, width, in->count, d, l, w->vectors);
  w->place.n += in->count;
  if (in->progress) tv_progress_step(in->progress, in->count);
  in->count = 0;
}

/* ---- Rows ---- */

/* The one batch of a visit. */
static tv_error *keep_batch(void *context, const tv_batch *batch) {
  intake *in = context;
  in->read = *batch;
  return NULL;
}

/* Rows [from, end) of what `owner` has read join those that wait, on every rank. Bytes that the
 * other ranks pass on to each other are not counted. */
static void share_rows(intake *in, int owner, int from, int end) {
  const tv_partition *p = &in->sums->sampling->partition;
  const int64_t width = in->sums->sampling->width, numbers = (end - from) * width;
  double *room = in->rows + in->count * width;
  if (p->rank == owner) memcpy(room, in->read.u + from * width, (size_t)numbers * sizeof(*room));
  tv_broadcast(p->comm, owner, room, numbers);
  if (p->rank == owner && p->size > 1) in->sums->work.sent_bytes += (double)numbers * sizeof(*room);
  in->count += end - from;
}

/* What `owner` has read at one visit. */
static tv_error *take_rows(intake *in, int owner) {
  const tv_sampling *s = in->sums->sampling;
  int rows = in->read.rows;
  if (s->partition.size > 1) MPI_Bcast(&rows, 1, MPI_INT, owner, s->partition.comm);
  int from = in->summed < rows ? (int)in->summed : rows;
  in->summed -= from;
  while (from < rows) {
    const int end = from + least(TV_BATCH - in->count, rows - from);
    share_rows(in, owner, from, end);
    from = end;
    if (in->count < TV_BATCH) continue;
    add_rows(in);
    TV_TRY(tv_checkpoint_poll(s->checkpoint, s->partition.comm));
  }
  return NULL;
}

static tv_error *walk_shard(intake *in, int shard) {
  const tv_sampling *s = in->sums->sampling;
  const tv_partition *p = &s->partition;
  const int64_t end = tv_shard_first(p, shard + 1);
  const int owner = tv_shard_owner(p, shard);
  for (int64_t first = tv_shard_first(p, shard); first < end; first += TV_BATCH) {
    const int count = (int)(end - first < TV_BATCH ? end - first : TV_BATCH);
    tv_error *error = NULL;
    in->read.rows = 0;
    if (p->rank == owner)
      error = tv_sampling_visit(s, first, count, &in->wanted, keep_batch, in, in->workspace);
    if (in->read.rows > 0) in->sums->work.flops += count * tv_features_flops(s->features);
    TV_TRY(tv_agree(p->comm, error));
    TV_TRY(take_rows(in, owner));
  }
  return NULL;
}

static tv_error *walk(intake *in) {
  const tv_sampling *s = in->sums->sampling;
  tv_error *error = tv_workspace_create(s, &in->workspace);
  if (!error) error = tv_allocate((int64_t)TV_BATCH * s->width, sizeof(*in->rows), &in->rows);
  error = tv_agree(s->partition.comm, error);
  for (int shard = 0; !error && shard < s->partition.shards; ++shard) error = walk_shard(in, shard);
  if (!error && in->count > 0) add_rows(in);
  tv_workspace_destroy(&in->workspace);
  free(in->rows);
  return error;
}

/* ---- Moments ---- */

static void start_again(tv_column_sums *w, int replicate) {
  const size_t numbers = (size_t)w->inputs->rows + 2 * (size_t)w->sampling->l;
  tv_distmat_clear(w->inputs);
  tv_distmat_clear(w->cross);
  memset(w->vectors, 0, numbers * sizeof(*w->vectors));
  w->place = (tv_place_of_sums){replicate, 0};
  w->moments.spread = (tv_moment_matrix){0};
}

static void hand_out(tv_column_sums *w) {
  const tv_sampling *s = w->sampling;
  tv_moment_matrix *m = &w->moments.spread;
  *m = (tv_moment_matrix){.p = s->p,
                          .q = s->q,
                          .l = s->l,
                          .n = w->place.n,
                          .inputs = w->inputs,
                          .cross = w->cross,
                          .vectors = w->vectors};
  for (int t = 0; t < s->l; ++t) m->targets += w->vectors[w->inputs->rows + s->l + t];
  tv_symmetrise(w->inputs);
}

/* Size by size, so that rows join the sums in the same order whichever sizes are asked for. */
tv_error *tv_column_sums_advance(tv_column_sums *w, int replicate, int level,
                                 tv_progress *progress) {
  const tv_sampling *s = w->sampling;
  if (replicate != w->place.replicate || s->sizes[level] < w->place.n) start_again(w, replicate);
  if (w->moments.spread.inputs && w->moments.spread.n == s->sizes[level]) return NULL;
  for (int i = 0; i <= level; ++i) {
    const int64_t before = i > 0 ? s->sizes[i - 1] : 0;
    intake in = {
        .sums = w,
        .wanted = {replicate, replicate + 1, s->first_place + before, s->first_place + s->sizes[i]},
        .summed = w->place.n - before,
        .progress = progress};
    if (w->place.n < s->sizes[i]) TV_TRY(walk(&in));
  }
  hand_out(w);
  return tv_checkpoint_poll(s->checkpoint, s->partition.comm);
}

const tv_moments *tv_column_sums_moments(const tv_column_sums *w) {
  return &w->moments;
}

tv_work tv_column_sums_work(const tv_column_sums *w) {
  return w->work;
}

/* ---- Lifetime ---- */

/* Parts of what a checkpoint holds. */
enum { PLACE, INPUT_BLOCKS, CROSS_BLOCKS, VECTORS };

/* Continue from the sums of an earlier session, and keep them from now on. */
static tv_error *keep(tv_column_sums *w) {
  tv_checkpoint *c = w->sampling->checkpoint;
  const size_t numbers = (size_t)w->inputs->rows + 2 * (size_t)w->sampling->l;
  tv_checkpoint_take_over(c, w->kind);
  TV_TRY(tv_keep_common(c, w->kind, PLACE, w->row, &w->place, sizeof w->place));
  TV_TRY(tv_keep_blocks(c, w->kind, INPUT_BLOCKS, 1, w->inputs));
  TV_TRY(tv_keep_blocks(c, w->kind, CROSS_BLOCKS, 0, w->cross));
  return tv_keep_common(c, w->kind, VECTORS, w->row, w->vectors, numbers * sizeof(*w->vectors));
}

static tv_error *allocate(tv_column_sums *w) {
  const int d = w->sampling->p + w->sampling->q, l = w->sampling->l;
  TV_TRY(tv_distmat_create(w->row, d, d, &w->inputs));
  TV_TRY(tv_distmat_create(w->row, d, l, &w->cross));
  TV_TRY(tv_allocate((int64_t)d + 2 * l, sizeof(*w->vectors), &w->vectors));
  return keep(w);
}

tv_error *tv_column_sums_create(const tv_sampling *s, const tv_grid *row, tv_column_sums **out) {
  tv_error *error = tv_agree(row->comm, tv_allocate(1, sizeof(**out), out));
  if (error) return error;
  tv_column_sums *w = *out;
  *w = (tv_column_sums){
      .sampling = s,
      .row = row,
      .kind = s->is_held_out ? TV_SAVED_WIDE_HELD_OUT : TV_SAVED_WIDE,
      .place = {-1, 0},
      .moments = {s->p, s->q, s->l, s->width, s->replicates, 1, s->sizes_count, s->sizes}};
  error = tv_agree(row->comm, allocate(w));
  if (error) tv_column_sums_destroy(out);
  return error;
}

void tv_column_sums_destroy(tv_column_sums **sums) {
  tv_column_sums *w = *sums;
  if (!w) return;
  tv_checkpoint_release_kind(w->sampling->checkpoint, w->kind);
  tv_distmat_destroy(&w->inputs);
  tv_distmat_destroy(&w->cross);
  free(w->vectors);
  free(w);
  *sums = NULL;
}
