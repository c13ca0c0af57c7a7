#include "twoview/moments/moments.h"

#include <stdlib.h>

#include "products.h"
#include "twoview/base/comm.h"
#include "twoview/base/progress.h"

typedef struct {
  const tv_sampling *sampling;
  tv_selection everything;
  tv_head *head;
  tv_workspace *workspace;
  double *sum; /* being added to */
  tv_work *work;
  tv_progress progress;
} moments_pass;

/* Rows as they are, and corrupted ones. */
static int severities_of(const tv_sampling *s) {
  return 1 + (s->corruption ? s->corruption->severities : 0);
}

/* One rank-b update per level of the batch. */
static tv_error *add_batch(void *context, const tv_batch *batch) {
  moments_pass *pass = context;
  const int width = pass->sampling->width, levels = pass->sampling->sizes_count;
  const int64_t cell = (int64_t)batch->replicate * severities_of(pass->sampling) + batch->severity;
  const tv_features *f = pass->sampling->features;
  pass->work->flops += (double)batch->rows * width * width;
  if (batch->severity > 0 && f->weights) pass->work->flops += batch->rows * tv_features_flops(f);
  if (pass->head)
    tv_sampling_place(pass->sampling, &pass->head->selection, batch, pass->head->rows);
  for (int level = 0, begin = 0; level < levels; begin = batch->level_end[level++]) {
    const int rows = batch->level_end[level] - begin;
    double *matrix = pass->sum + (cell * levels + level) * width * width;
    if (rows > 0) TV_TRY(tv_products_add(rows, width, batch->u + (int64_t)begin * width, matrix));
  }
  return NULL;
}

static tv_error *add_rows(void *context, int64_t first, int count, double *sum) {
  moments_pass *pass = context;
  const tv_features *f = pass->sampling->features;
  const int times = pass->sampling->source->kind->is_generated ? pass->sampling->replicates : 1;
  pass->work->flops += (double)count * times * tv_features_flops(f);
  pass->sum = sum;
  TV_TRY(tv_sampling_visit(pass->sampling, first, count, &pass->everything, add_batch, pass,
                           pass->workspace));
  tv_progress_step(&pass->progress, count);
  return NULL;
}

static int64_t matrix_size(const tv_moments *m) {
  return (int64_t)m->width * m->width;
}

/* Of all matrices. */
static int64_t numbers_of(const tv_moments *m) {
  return (int64_t)m->replicates * m->severities * m->levels * matrix_size(m);
}

/* Increments become sums over nested sizes, and lower triangles full matrices. */
void tv_moments_accumulate(tv_moments *m) {
  const int64_t size = matrix_size(m);
  for (int64_t cell = 0; cell < (int64_t)m->replicates * m->severities; ++cell)
    for (int level = 0; level < m->levels; ++level) {
      double *matrix = m->data + (cell * m->levels + level) * size;
      for (int64_t j = 0; j < m->width; ++j)
        for (int64_t i = j; i < m->width; ++i) {
          if (level > 0) matrix[j * m->width + i] += matrix[j * m->width + i - size];
          matrix[i * m->width + j] = matrix[j * m->width + i];
        }
    }
}

tv_error *tv_moments_create(const tv_sampling *s, tv_moments **out) {
  *out = NULL;
  TV_TRY(tv_allocate(1, sizeof(**out), out));
  tv_moments *m = *out;
  *m = (tv_moments){.p = s->p,
                    .q = s->q,
                    .l = s->l,
                    .width = s->width,
                    .replicates = s->replicates,
                    .severities = severities_of(s),
                    .levels = s->sizes_count,
                    .sizes = s->sizes};
  tv_error *error = tv_allocate(numbers_of(m), sizeof(*m->data), &m->data);
  if (error) tv_moments_destroy(out);
  return error;
}

static double rows_of_rank(const tv_partition *p) {
  return (double)(tv_shard_first_row_of_rank(p, p->rank + 1) -
                  tv_shard_first_row_of_rank(p, p->rank));
}

static tv_error *sum_moments(const tv_sampling *s, tv_saved_kind kind, tv_head *head,
                             tv_workspace *workspace, int shows_progress, tv_moments *m) {
  moments_pass pass = {.sampling = s,
                       .everything = tv_sampling_everything(s),
                       .head = head,
                       .workspace = workspace,
                       .work = &m->work,
                       .progress =
                           tv_progress_begin("moments", "samples", rows_of_rank(&s->partition),
                                             (double)s->partition.rows, shows_progress)};
  const tv_summation summation = {.length = numbers_of(m),
                                  .batch = TV_BATCH,
                                  .add = add_rows,
                                  .context = &pass,
                                  .checkpoint = s->checkpoint,
                                  .kind = kind};
  tv_error *error = tv_shard_sum(&s->partition, &summation, m->data, &m->work);
  tv_progress_end(&pass.progress);
  return error;
}

static tv_error *fill_moments(const tv_sampling *s, tv_saved_kind kind, tv_head *head,
                              int shows_progress, tv_moments *m) {
  tv_workspace *workspace = NULL;
  tv_error *error = tv_workspace_create(s, &workspace);
  if (!error && head) error = tv_head_keep(s, head);
  error = tv_agree(s->partition.comm, error);
  if (!error) error = sum_moments(s, kind, head, workspace, shows_progress, m);
  tv_workspace_destroy(&workspace);
  return error || !head ? error : tv_head_share(s, head);
}

tv_error *tv_moments_collect_increments(const tv_sampling *s, tv_saved_kind kind, tv_head *head,
                                        int shows_progress, tv_moments **out) {
  tv_error *error = tv_agree(s->partition.comm, tv_moments_create(s, out));
  if (!error) error = fill_moments(s, kind, head, shows_progress, *out);
  error = tv_agree(s->partition.comm, error);
  if (error) tv_moments_destroy(out);
  return error;
}

static size_t bytes_of(const tv_moments *m) {
  return (size_t)numbers_of(m) * sizeof(*m->data);
}

static tv_saved_key key_of(const tv_sampling *s, tv_saved_kind kind) {
  return (tv_saved_key){kind, 0, 0, s->replicates, ""};
}

tv_error *tv_moments_take_up(const tv_sampling *s, tv_saved_kind kind, tv_moments **out) {
  const tv_partition *p = &s->partition;
  const tv_saved_key key = key_of(s, kind);
  *out = NULL;
  if (tv_checkpoint_find(s->checkpoint, key) < 0) return NULL;
  tv_error *error = tv_moments_create(s, out);
  if (!error && p->rank == 0)
    error = tv_checkpoint_read(s->checkpoint, key, (*out)->data, bytes_of(*out));
  error = tv_agree(p->comm, error);
  if (error)
    tv_moments_destroy(out);
  else
    tv_broadcast(p->comm, 0, (*out)->data, (int64_t)(bytes_of(*out) / sizeof(double)));
  return error;
}

tv_error *tv_moments_keep(const tv_sampling *s, tv_saved_kind kind, const tv_moments *m) {
  const int is_keeper = s->partition.rank == 0;
  return tv_agree(
      s->partition.comm,
      is_keeper ? tv_checkpoint_hold(s->checkpoint, key_of(s, kind), m->data, bytes_of(m)) : NULL);
}

/* The rows that an earlier session left beside finished moments.                    Collective. */
static tv_error *take_up_head(const tv_sampling *s, tv_head *head) {
  TV_TRY(tv_agree(s->partition.comm, tv_head_keep(s, head)));
  return tv_agree(s->partition.comm, tv_head_share(s, head));
}

tv_error *tv_moments_collect(const tv_sampling *s, tv_head *head, int shows_progress,
                             tv_moments **out) {
  const tv_saved_kind all = s->is_held_out ? TV_SAVED_HELD_OUT : TV_SAVED_MOMENTS;
  const tv_saved_kind sums = s->is_held_out ? TV_SAVED_HELD_OUT_SUMS : TV_SAVED_SUMS;
  tv_error *error = tv_moments_take_up(s, all, out);
  if (*out) {
    if (head) error = take_up_head(s, head);
  } else if (!error) {
    error = tv_moments_collect_increments(s, sums, head, shows_progress, out);
    if (!error) tv_moments_accumulate(*out);
  }
  if (!error) error = tv_moments_keep(s, all, *out);
  if (error) tv_moments_destroy(out);
  return error;
}

void tv_moments_destroy(tv_moments **moments) {
  if (!*moments) return;
  free((*moments)->data);
  free(*moments);
  *moments = NULL;
}

tv_moment_matrix tv_moments_at(const tv_moments *m, int replicate, int severity, int level) {
  const int64_t cell = (int64_t)replicate * m->severities + severity;
  if (!m->data) return m->spread;
  return (tv_moment_matrix){.p = m->p,
                            .q = m->q,
                            .l = m->l,
                            .n = m->sizes[level],
                            .whole = m->data + (cell * m->levels + level) * matrix_size(m)};
}
