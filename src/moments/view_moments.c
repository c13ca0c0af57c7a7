#include "twoview/moments/view_moments.h"

#include <stdlib.h>
#include <string.h>

#include "twoview/base/comm.h"
#include "twoview/base/progress.h"
#include "twoview/linalg/fortran.h"

/* Rows whose views are drawn at a time. */
enum { PIECE = 32 };

typedef struct {
  const tv_sampling *sampling;
  const tv_row_views *views;
  const tv_view_moments *moments;
  tv_selection everything;
  tv_workspace *workspace;
  int drawn_of_row;
  double *drawn;  /* PIECE x drawn_of_row x d: views, or the one spread of all */
  double *rest;   /* d: sums of a piece */
  double *joined; /* PIECE x (2 d + l + 1): a row's mean view, itself, its targets, 1 */
  double *sum;    /* being added to */
  tv_work *work;
  tv_progress progress;
} pass;

/* ---- Sizes ---- */

static int64_t square(int64_t n) {
  return n * n;
}

static int width_of(int d, int l) {
  return 2 * d + l + 1;
}

/* Numbers of one cell: both matrices. */
static int64_t cell_size(int d, int l) {
  return square(width_of(d, l)) + square(d);
}

static int64_t cells_of(const tv_view_moments *m) {
  return (int64_t)m->replicates * m->severities * m->strengths * m->levels;
}

static int64_t cell_at(const tv_view_moments *m, int replicate, int severity, int strength,
                       int level) {
  const int64_t setting = (int64_t)replicate * m->severities + severity;
  return (setting * m->strengths + strength) * m->levels + level;
}

/* ---- Adding ---- */

static void join(const pass *p, const double *u, const double *drawn, double *out) {
  const tv_sampling *s = p->sampling;
  memset(out, 0, (size_t)s->p * sizeof(*out));
  for (int v = 0; v < p->views->count; ++v)
    for (int i = 0; i < s->p; ++i) out[i] += drawn[(int64_t)v * s->p + i] / p->views->count;
  memcpy(out + s->p, u, (size_t)s->width * sizeof(*out));
}

static tv_error *draw_rows(const pass *p, const tv_batch *batch, int first, int rows,
                           const tv_view_place *place) {
  const tv_sampling *s = p->sampling;
  const double *u = batch->u + (int64_t)first * s->width;
  TV_TRY(
      p->views->draw(p->views->context, place, batch->number + first, rows, u, s->width, p->drawn));
  for (int i = 0; i < rows; ++i)
    join(p, u + (int64_t)i * s->width, p->drawn + (int64_t)i * p->views->count * s->p,
         p->joined + (int64_t)i * (s->p + s->width));
  return NULL;
}

static void expect_rows(const pass *p, const tv_batch *batch, int first, int rows,
                        const tv_view_place *place) {
  const tv_sampling *s = p->sampling;
  memset(p->rest, 0, (size_t)s->p * sizeof(*p->rest));
  for (int i = 0; i < rows; ++i) {
    const double *u = batch->u + (int64_t)(first + i) * s->width;
    double *out = p->joined + (int64_t)i * (s->p + s->width);
    p->views->expect(p->views->context, place, u, out, p->drawn + (int64_t)i * s->p, p->rest);
    memcpy(out + s->p, u, (size_t)s->width * sizeof(*out));
  }
}

/* Rows of one level: their views, at one strength, to the sums of a cell. */
static tv_error *add_rows(const pass *p, const tv_batch *batch, int first, int rows,
                          const tv_view_place *place, double *cell) {
  const tv_sampling *s = p->sampling;
  const int width = s->p + s->width, views = rows * p->drawn_of_row;
  const double unit = 1;
  if (p->views->expect)
    expect_rows(p, batch, first, rows, place);
  else
    TV_TRY(draw_rows(p, batch, first, rows, place));
  dsyrk_("L", "N", &width, &rows, &unit, p->joined, &width, &unit, cell, &width, 1, 1);
  dsyrk_("L", "N", &s->p, &views, &unit, p->drawn, &s->p, &unit, cell + square(width), &s->p, 1, 1);
  for (int i = 0; p->views->expect && i < s->p; ++i)
    cell[square(width) + i * ((int64_t)s->p + 1)] += p->rest[i];
  p->work->flops += (double)rows * square(width) + (double)views * square(s->p);
  return NULL;
}

static tv_error *add_batch(void *context, const tv_batch *batch) {
  pass *p = context;
  const tv_view_moments *m = p->moments;
  for (int level = 0, begin = 0; level < m->levels; begin = batch->level_end[level++])
    for (int strength = 0; strength < m->strengths; ++strength) {
      const tv_view_place place = {batch->replicate, batch->severity, strength, level};
      double *cell = p->sum + cell_at(m, batch->replicate, batch->severity, strength, level) *
                                  cell_size(m->d, m->l);
      for (int first = begin; first < batch->level_end[level]; first += PIECE) {
        const int left = batch->level_end[level] - first;
        TV_TRY(add_rows(p, batch, first, left < PIECE ? left : PIECE, &place, cell));
      }
    }
  return NULL;
}

static tv_error *add(void *context, int64_t first, int count, double *sum) {
  pass *p = context;
  p->sum = sum;
  TV_TRY(tv_sampling_visit(p->sampling, first, count, &p->everything, add_batch, p, p->workspace));
  tv_progress_step(&p->progress, count);
  return NULL;
}

/* ---- Finishing: increments become sums over nested sizes, and lower triangles full matrices ----
 */

static void finish_matrix(int64_t n, double *matrix, const double *before) {
  for (int64_t j = 0; j < n; ++j)
    for (int64_t i = j; i < n; ++i) {
      if (before) matrix[j * n + i] += before[j * n + i];
      matrix[i * n + j] = matrix[j * n + i];
    }
}

static void finish(tv_view_moments *m) {
  const int64_t size = cell_size(m->d, m->l), width = width_of(m->d, m->l);
  for (int64_t cell = 0; cell < cells_of(m); ++cell) {
    double *matrix = m->data + cell * size;
    const double *before = cell % m->levels ? matrix - size : NULL;
    finish_matrix(width, matrix, before);
    finish_matrix(m->d, matrix + square(width), before ? before + square(width) : NULL);
  }
}

/* ---- Together ---- */

static tv_error *create(const tv_sampling *s, const tv_row_views *views, tv_view_moments **out) {
  TV_TRY(tv_allocate(1, sizeof(**out), out));
  tv_view_moments *m = *out;
  *m = (tv_view_moments){.d = s->p,
                         .l = s->l,
                         .views = views->count,
                         .replicates = s->replicates,
                         .severities = 1 + (s->corruption ? s->corruption->severities : 0),
                         .strengths = views->strengths,
                         .levels = s->sizes_count,
                         .sizes = s->sizes};
  return tv_allocate(cells_of(m) * cell_size(m->d, m->l), sizeof(*m->data), &m->data);
}

static double rows_of_rank(const tv_partition *p) {
  return (double)(tv_shard_first_row_of_rank(p, p->rank + 1) -
                  tv_shard_first_row_of_rank(p, p->rank));
}

static tv_error *begin(const tv_sampling *s, const tv_row_views *views, pass *p) {
  TV_TRY(tv_workspace_create(s, &p->workspace));
  p->drawn_of_row = views->expect ? 1 : views->count;
  TV_TRY(tv_allocate((int64_t)PIECE * p->drawn_of_row * s->p, sizeof(*p->drawn), &p->drawn));
  TV_TRY(tv_allocate(s->p, sizeof(*p->rest), &p->rest));
  return tv_allocate((int64_t)PIECE * (s->p + s->width), sizeof(*p->joined), &p->joined);
}

static tv_error *sum_up(const tv_sampling *s, const tv_row_views *views, int shows_progress,
                        tv_view_moments *m) {
  pass p = {.sampling = s,
            .views = views,
            .moments = m,
            .everything = tv_sampling_everything(s),
            .work = &m->work,
            .progress = tv_progress_begin("views of rows", "samples", rows_of_rank(&s->partition),
                                          (double)s->partition.rows, shows_progress)};
  const tv_summation summation = {.length = cells_of(m) * cell_size(m->d, m->l),
                                  .batch = TV_BATCH,
                                  .add = add,
                                  .context = &p,
                                  .checkpoint = s->checkpoint,
                                  .kind = TV_SAVED_VIEW_SUMS};
  tv_error *error = tv_agree(s->partition.comm, begin(s, views, &p));
  if (!error) error = tv_shard_sum(&s->partition, &summation, m->data, &m->work);
  tv_progress_end(&p.progress);
  tv_workspace_destroy(&p.workspace);
  free(p.drawn);
  free(p.rest);
  free(p.joined);
  return error;
}

/* What an earlier session has finished, on every rank.                              Collective. */
static tv_error *take_up(const tv_sampling *s, tv_saved_key key, tv_view_moments *m) {
  const int64_t numbers = cells_of(m) * cell_size(m->d, m->l);
  tv_error *error = NULL;
  if (s->partition.rank == 0)
    error = tv_checkpoint_read(s->checkpoint, key, m->data, (size_t)numbers * sizeof(*m->data));
  TV_TRY(tv_agree(s->partition.comm, error));
  tv_broadcast(s->partition.comm, 0, m->data, numbers);
  return NULL;
}

static tv_error *fill(const tv_sampling *s, const tv_row_views *views, int shows_progress,
                      tv_view_moments *m) {
  const tv_saved_key key = {TV_SAVED_VIEWS, 0, 0, m->replicates, ""};
  const size_t bytes = (size_t)(cells_of(m) * cell_size(m->d, m->l)) * sizeof(*m->data);
  if (tv_checkpoint_find(s->checkpoint, key) >= 0) {
    TV_TRY(take_up(s, key, m));
  } else {
    TV_TRY(sum_up(s, views, shows_progress, m));
    finish(m);
  }
  return tv_agree(s->partition.comm, s->partition.rank == 0
                                         ? tv_checkpoint_hold(s->checkpoint, key, m->data, bytes)
                                         : NULL);
}

tv_error *tv_view_moments_collect(const tv_sampling *s, const tv_row_views *views,
                                  int shows_progress, tv_view_moments **out) {
  *out = NULL;
  tv_error *error = tv_agree(s->partition.comm, create(s, views, out));
  if (!error) error = fill(s, views, shows_progress, *out);
  if (error) tv_view_moments_destroy(out);
  return error;
}

void tv_view_moments_destroy(tv_view_moments **moments) {
  if (!*moments) return;
  free((*moments)->data);
  free(*moments);
  *moments = NULL;
}

tv_view_matrix tv_view_moments_at(const tv_view_moments *m, int replicate, int severity,
                                  int strength, int level) {
  const double *cell =
      m->data + cell_at(m, replicate, severity, strength, level) * cell_size(m->d, m->l);
  return (tv_view_matrix){.d = m->d,
                          .l = m->l,
                          .views = m->views,
                          .n = m->sizes[level],
                          .rows = cell,
                          .drawn = cell + square(width_of(m->d, m->l))};
}
