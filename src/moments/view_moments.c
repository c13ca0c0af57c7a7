#include "twoview/moments/view_moments.h"

#include <stdlib.h>
#include <string.h>

#include "twoview/base/comm.h"
#include "twoview/base/progress.h"
#include "twoview/linalg/fortran.h"

/* Numbers of the views that are drawn at a time: 8 MiB, of at least one row. */
enum { PIECE_NUMBERS = 1 << 20 };

typedef struct {
  const tv_sampling *sampling;
  const tv_row_views *views;
  const tv_view_moments *moments;
  tv_selection everything;
  tv_workspace *workspace;
  int piece;        /* rows whose views are drawn at a time */
  int drawn_of_row; /* views, or the one spread of all */
  double *drawn;    /* piece x drawn_of_row x d */
  double
      *inputs; /* the same of the source's numbers, which nonlinear features are made of; or NULL */
  double *mean; /* piece x d: of each row's views */
  double *rest; /* d: sums of a piece */
  double *sum;  /* being added to */
  tv_work *work;
  tv_progress progress;
} pass;

/* ---- Sizes ---- */

static int64_t square(int64_t n) {
  return n * n;
}

static int width_of(int d, int l) {
  return d + l + 1;
}

/* Numbers of one cell: of views, of mean views, of these by rows, and of rows. */
static int64_t cell_size(int d, int l) {
  return 2 * square(d) + (d + 1) * (int64_t)width_of(d, l);
}

static tv_view_matrix matrix_at(int d, int l, const double *cell) {
  return (tv_view_matrix){.d = d,
                          .l = l,
                          .drawn = cell,
                          .means = cell + square(d),
                          .cross = cell + 2 * square(d),
                          .rows = cell + 2 * square(d) + d * (int64_t)width_of(d, l)};
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

static void average(const pass *p, const double *drawn, double *mean) {
  const int d = p->sampling->p, views = p->views->count;
  memset(mean, 0, (size_t)d * sizeof(*mean));
  for (int v = 0; v < views; ++v)
    for (int i = 0; i < d; ++i) mean[i] += drawn[(int64_t)v * d + i] / views;
}

static tv_error *draw_rows(const pass *p, const tv_batch *batch, int first, int rows,
                           const tv_view_place *place) {
  const tv_sampling *s = p->sampling;
  const tv_features *f = s->features;
  const double *x = batch->inputs + (int64_t)first * batch->inputs_leading;
  TV_TRY(p->views->draw(p->views->context, place, batch->number + first, rows, x,
                        batch->inputs_leading, p->inputs ? p->inputs : p->drawn));
  if (p->inputs) {
    tv_features_map(f, rows * p->views->count, p->inputs, f->inputs, p->drawn, f->p);
    p->work->flops += rows * p->views->count * tv_features_flops(f);
  }
  for (int i = 0; i < rows; ++i)
    average(p, p->drawn + (int64_t)i * p->views->count * s->p, p->mean + (int64_t)i * s->p);
  return NULL;
}

static void expect_rows(const pass *p, const double *u, int rows, const tv_view_place *place) {
  const tv_sampling *s = p->sampling;
  memset(p->rest, 0, (size_t)s->p * sizeof(*p->rest));
  for (int i = 0; i < rows; ++i)
    p->views->expect(p->views->context, place, u + (int64_t)i * s->width,
                     p->mean + (int64_t)i * s->p, p->drawn + (int64_t)i * s->p, p->rest);
}

/* The views of rows and their means, to the sums of a cell. */
static void multiply(const pass *p, const double *u, int rows, double *cell) {
  const tv_sampling *s = p->sampling;
  const int d = s->p, width = s->width, views = rows * p->drawn_of_row;
  double *means = cell + square(d), *cross = means + square(d), *ones = cross + (int64_t)d * width;
  const double unit = 1;
  dsyrk_("L", "N", &d, &views, &unit, p->drawn, &d, &unit, cell, &d, 1, 1);
  dsyrk_("L", "N", &d, &rows, &unit, p->mean, &d, &unit, means, &d, 1, 1);
  dgemm_("N", "T", &d, &width, &rows, &unit, p->mean, &d, u, &width, &unit, cross, &d, 1, 1);
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < width; ++j) ones[j] += u[(int64_t)i * width + j];
  p->work->flops += (double)(views + rows) * square(d) + 2.0 * rows * d * width;
}

/* Rows of one level: their views, at one strength, to the sums of a cell. */
static tv_error *add_rows(const pass *p, const tv_batch *batch, int first, int rows,
                          const tv_view_place *place, double *cell) {
  const tv_sampling *s = p->sampling;
  const double *u = batch->u + (int64_t)first * s->width;
  if (p->views->expect)
    expect_rows(p, u, rows, place);
  else
    TV_TRY(draw_rows(p, batch, first, rows, place));
  multiply(p, u, rows, cell);
  for (int i = 0; p->views->expect && i < s->p; ++i) cell[i * ((int64_t)s->p + 1)] += p->rest[i];
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
      for (int first = begin; first < batch->level_end[level]; first += p->piece) {
        const int left = batch->level_end[level] - first;
        TV_TRY(add_rows(p, batch, first, left < p->piece ? left : p->piece, &place, cell));
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

static void fill_upper(int64_t n, double *matrix) {
  for (int64_t j = 0; j < n; ++j)
    for (int64_t i = j; i < n; ++i) matrix[i * n + j] = matrix[j * n + i];
}

static void finish(tv_view_moments *m) {
  const int64_t size = cell_size(m->d, m->l);
  for (int64_t number = 0; number < cells_of(m); ++number) {
    double *cell = m->data + number * size;
    for (int64_t i = 0; number % m->levels && i < size; ++i) cell[i] += cell[i - size];
    fill_upper(m->d, cell);
    fill_upper(m->d, cell + square(m->d));
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
  m->numbers = cells_of(m) * cell_size(m->d, m->l);
  return tv_allocate(m->numbers, sizeof(*m->data), &m->data);
}

static double rows_of_rank(const tv_partition *p) {
  return (double)(tv_shard_first_row_of_rank(p, p->rank + 1) -
                  tv_shard_first_row_of_rank(p, p->rank));
}

static tv_error *begin(const tv_sampling *s, const tv_row_views *views, pass *p) {
  TV_TRY(tv_workspace_create(s, &p->workspace));
  p->drawn_of_row = views->expect ? 1 : views->count;
  const int64_t of_row = (int64_t)p->drawn_of_row * s->p, most = PIECE_NUMBERS / of_row;
  p->piece = most < 1 ? 1 : most < TV_BATCH ? (int)most : TV_BATCH;
  TV_TRY(tv_allocate(p->piece * of_row, sizeof(*p->drawn), &p->drawn));
  if (s->features->weights)
    TV_TRY(tv_allocate((int64_t)p->piece * views->count * s->features->inputs, sizeof(*p->inputs),
                       &p->inputs));
  TV_TRY(tv_allocate(s->p, sizeof(*p->rest), &p->rest));
  return tv_allocate((int64_t)p->piece * s->p, sizeof(*p->mean), &p->mean);
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
  const tv_summation summation = {.length = m->numbers,
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
  free(p.inputs);
  free(p.mean);
  free(p.rest);
  return error;
}

/* What an earlier session has finished, on every rank.                              Collective. */
static tv_error *take_up(const tv_sampling *s, tv_saved_key key, tv_view_moments *m) {
  tv_error *error = NULL;
  if (s->partition.rank == 0)
    error = tv_checkpoint_read(s->checkpoint, key, m->data, (size_t)m->numbers * sizeof(*m->data));
  TV_TRY(tv_agree(s->partition.comm, error));
  tv_broadcast(s->partition.comm, 0, m->data, m->numbers);
  return NULL;
}

static tv_error *fill(const tv_sampling *s, const tv_row_views *views, int shows_progress,
                      tv_view_moments *m) {
  const tv_saved_key key = {TV_SAVED_VIEWS, 0, 0, m->replicates, ""};
  const size_t bytes = (size_t)m->numbers * sizeof(*m->data);
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
  tv_view_matrix matrix = matrix_at(m->d, m->l, cell);
  matrix.views = m->views;
  matrix.n = m->sizes[level];
  return matrix;
}
