#include "twoview/moments/law.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/base/comm.h"
#include "twoview/base/progress.h"
#include "twoview/linalg/fortran.h"
#include "twoview/linalg/pivoted.h"
#include "twoview/random/distributions.h"

/* The increment of one level: the samples that it adds, and the condensed rows that stand for them,
 * of which the first `given` hold what is given. */
typedef struct {
  const tv_experiment *experiment;
  int replicate, level;
  int64_t samples;
  int given, rows;
} increment;

/* Working space for one increment. */
typedef struct {
  const tv_sampling *sampling;
  const tv_moments *given; /* of a data set: increments of (x, y, 1); else NULL */
  int normals;             /* standard normals of a sample */
  double *u;               /* condensed rows x width */
  double *x, *y;           /* generated: condensed rows x features, x targets */
  double *components;      /* x p */
  double *indicators;      /* x classes */
  double *constants;
  double *factor, *scale; /* of what is given of a data set */
  int *order;
} workspace;

static int is_population(const tv_experiment *e) {
  return e->source.role == TV_AS_POPULATION;
}

static int count_normals(const tv_experiment *e, const tv_source *source) {
  const int of_source = source->kind->is_generated ? source->features + source->law_noises : 0;
  return e->noise.components + of_source;
}

/* Columns that may be given: classes, or all of (x, y, 1). */
static int count_given(const tv_source *source, int p) {
  return source->kind->is_generated ? source->law_classes : p + source->targets + 1;
}

static int64_t increment_size(const tv_experiment *e, int level) {
  return e->sizes[level] - (level > 0 ? e->sizes[level - 1] : 0);
}

static int count_rows(int64_t samples, int given, int normals) {
  return samples < given + normals ? (int)samples : given + normals;
}

static uint64_t index_of(const increment *i, int64_t entry) {
  return (uint64_t)i->level << 40 | (uint64_t)entry;
}

static tv_stream stream_of(const increment *i, tv_purpose purpose) {
  return tv_experiment_stream(i->experiment, purpose, i->replicate);
}

/* Columns [first, first + count) of the standard normals of all condensed rows. */
static void draw_normals(const increment *i, int first, int count, double *out, int leading) {
  for (int row = 0; row < i->rows; ++row, out += leading) {
    const int diagonal = row - i->given;
    int zeros = diagonal + 1 - first;
    zeros = zeros < 0 ? 0 : zeros > count ? count : zeros;
    const int64_t index = (int64_t)index_of(i, row);
    memset(out, 0, (size_t)zeros * sizeof(*out));
    tv_random_normal_rows(stream_of(i, TV_FOR_LAW_NORMALS), &index, 1, first + zeros, count - zeros,
                          out + zeros, leading);
    if (diagonal >= first && diagonal < first + count)
      out[diagonal - first] = sqrt(tv_random_chi_square(
          stream_of(i, TV_FOR_LAW_CHI), (uint64_t)index, i->samples - i->given - diagonal));
  }
}

/* ---- Generated sources ---- */

/* Deal the samples out to the classes; each class that has some is given by one row. */
static void draw_classes(increment *i, int classes, double *indicators, double *constants) {
  int64_t left = i->samples;
  for (int c = 0; c < classes && left > 0; ++c) {
    const int64_t size = c + 1 == classes
                             ? left
                             : tv_random_binomial(stream_of(i, TV_FOR_LAW_COUNT), index_of(i, c),
                                                  left, 1.0 / (classes - c));
    left -= size;
    if (size == 0) continue;
    constants[i->given] = sqrt((double)size);
    indicators[(int64_t)i->given * classes + c] = constants[i->given];
    ++i->given;
  }
}

static void draw_generated(workspace *d, increment *i) {
  const tv_sampling *s = d->sampling;
  const tv_source *source = s->source;
  const int classes = source->law_classes, most = classes + d->normals;
  memset(d->indicators, 0, (size_t)most * (size_t)classes * sizeof(double));
  memset(d->constants, 0, (size_t)most * sizeof(double));
  draw_classes(i, classes, d->indicators, d->constants);
  i->rows = count_rows(i->samples, i->given, d->normals);
  draw_normals(i, 0, s->q, d->u + s->p, s->width);
  draw_normals(i, s->q, source->features, d->x, source->features);
  draw_normals(i, s->q + source->features, source->law_noises, d->y, source->targets);
  source->combine(source, i->rows, d->indicators, d->x, d->y);
  tv_features_apply(s->features, i->rows, d->constants, d->x, d->components);
  for (int64_t row = 0; row < i->rows; ++row) {
    double *u = d->u + row * s->width;
    memcpy(u, d->components + row * s->p, (size_t)s->p * sizeof(*u));
    memcpy(u + s->p + s->q, d->y + row * s->l, (size_t)s->l * sizeof(*u));
    u[s->width - 1] = d->constants[row];
  }
}

/* ---- Data sets ---- */

/* The pivoted Cholesky factor of what is given, its columns brought to unit length first: one-hot
 * targets and the constant depend on each other, and few samples span few columns. Columns that
 * add less than `tolerance` of their squared length are dropped. Taking one too many or too few
 * changes the law of a column's moments with the noise by sqrt(tolerance) of its deviation, and
 * that of the noise not at all, as long as there are samples for all. */
static tv_error *factor_given(workspace *d, const double *matrix, double share, int width,
                              int *rank) {
  const double tolerance = 8 * width * DBL_EPSILON;
  for (int64_t j = 0; j < width; ++j) {
    const double square = matrix[j * width + j];
    d->scale[j] = square > 0 ? sqrt(square) : 0;
  }
  memcpy(d->factor, matrix, (size_t)width * (size_t)width * sizeof(*matrix));
  TV_TRY(tv_pivoted_cholesky(width, d->factor, d->scale, tolerance, d->order, rank));
  for (int j = 0; j < width; ++j) d->scale[j] *= sqrt(share);
  return NULL;
}

/* Row k becomes column k of the factor, its entries where (x, y, 1) stand in (x, z, y, 1). */
static void write_given(const workspace *d, const increment *i, int width) {
  const tv_sampling *s = d->sampling;
  memset(d->u, 0, (size_t)i->rows * (size_t)s->width * sizeof(double));
  for (int64_t k = 0; k < i->given; ++k)
    for (int64_t entry = k; entry < width; ++entry) {
      const int column = d->order[entry] - 1;
      d->u[k * s->width + column + (column < s->p ? 0 : s->q)] =
          d->factor[k * width + entry] * d->scale[column];
    }
}

static tv_error *draw_beside_data(workspace *d, increment *i) {
  const tv_sampling *s = d->sampling;
  const int width = d->given->width, is_whole = is_population(s->experiment);
  const int64_t item = is_whole ? 0 : (int64_t)i->replicate * d->given->levels + i->level;
  const double share = is_whole ? (double)i->samples / (double)s->source->rows : 1;
  int rank = 0;
  TV_TRY(factor_given(d, d->given->data + item * width * width, share, width, &rank));
  i->given = i->samples < rank ? (int)i->samples : rank;
  i->rows = count_rows(i->samples, i->given, d->normals);
  write_given(d, i, width);
  draw_normals(i, 0, s->q, d->u + s->p, s->width);
  return NULL;
}

/* Its pass over the data, unless an earlier session finished that. */
static tv_error *sum_given(const tv_sampling *given, int shows_progress, tv_moments **out) {
  tv_head *none = NULL;
  TV_TRY(tv_moments_take_up(given, TV_SAVED_GIVEN_ALL, out));
  if (*out) return NULL;
  TV_TRY(tv_agree(given->partition.comm, tv_head_create(given, 0, &none)));
  tv_error *error = tv_moments_collect_increments(given, TV_SAVED_GIVEN, none, shows_progress, out);
  tv_checkpoint_release_kind(given->checkpoint, TV_SAVED_HEAD);
  tv_head_destroy(&none);
  return error;
}

/* (x, y, 1) of the subsamples without noise; of a population, once, of all rows. */
static tv_error *collect_given(const tv_sampling *s, int shows_progress, tv_moments **out) {
  tv_sampling given = *s;
  int64_t all = s->source->rows;
  given.q = 0;
  given.width = s->p + s->l + 1;
  if (is_population(s->experiment)) {
    given.replicates = given.sizes_count = 1;
    given.sizes = &all;
  }
  TV_TRY(sum_given(&given, shows_progress, out));
  return tv_moments_keep(&given, TV_SAVED_GIVEN_ALL, *out);
}

/* ---- Together ---- */

static tv_error *set_workspace(const tv_sampling *s, const tv_moments *given, workspace *d) {
  const tv_source *source = s->source;
  *d = (workspace){.sampling = s, .given = given, .normals = count_normals(s->experiment, source)};
  const int64_t width = s->p + s->l + 1, most = count_given(source, s->p) + (int64_t)d->normals;
  TV_TRY(tv_allocate(most * s->width, sizeof(double), &d->u));
  if (given) {
    TV_TRY(tv_allocate(width * width, sizeof(double), &d->factor));
    TV_TRY(tv_allocate(width, sizeof(double), &d->scale));
    return tv_allocate(width, sizeof(int), &d->order);
  }
  TV_TRY(tv_allocate(most * source->features, sizeof(double), &d->x));
  TV_TRY(tv_allocate(most * s->l, sizeof(double), &d->y));
  TV_TRY(tv_allocate(most * s->p, sizeof(double), &d->components));
  TV_TRY(tv_allocate(most * source->law_classes, sizeof(double), &d->indicators));
  return tv_allocate(most, sizeof(double), &d->constants);
}

static void clear_workspace(workspace *d) {
  free(d->u);
  free(d->x);
  free(d->y);
  free(d->components);
  free(d->indicators);
  free(d->constants);
  free(d->factor);
  free(d->scale);
  free(d->order);
}

static double item_flops(const tv_source *source, int p, double width, int rows) {
  const double rotated =
      source->kind->is_generated && !source->kind->has_components ? source->features : 0;
  const double given = source->kind->is_generated ? 0 : p + source->targets + 1;
  return rows * (width * width + 2 * rotated * p) + given * given * given / 3;
}

/* The lower triangle of the moments of one increment. */
static tv_error *draw_item(workspace *d, int replicate, int level, double *matrix, tv_work *work) {
  const tv_sampling *s = d->sampling;
  const double unit = 1, nothing = 0;
  increment i = {.experiment = s->experiment,
                 .replicate = replicate,
                 .level = level,
                 .samples = increment_size(s->experiment, level)};
  if (d->given)
    TV_TRY(draw_beside_data(d, &i));
  else
    draw_generated(d, &i);
  dsyrk_("L", "N", &s->width, &i.rows, &unit, d->u, &s->width, &nothing, matrix, &s->width, 1, 1);
  work->flops += item_flops(s->source, s->p, s->width, i.rows);
  return NULL;
}

/* The items, replicates x levels, that a rank draws. */
typedef struct {
  int64_t first, end;
  char *is_drawn; /* owned: 1 for each that is */
} share;

static int64_t first_item(const tv_sampling *s, const tv_moments *m, int rank) {
  return (int64_t)m->replicates * m->levels * rank / s->partition.size;
}

static double *item_at(const tv_moments *m, int64_t item) {
  return m->data + item * m->width * m->width;
}

/* Parts of what a checkpoint holds. Never renumber. */
enum { IS_DRAWN, INCREMENTS };

/* Take up what an earlier session has drawn of this rank's share, and keep the share. */
static tv_error *open_share(const tv_sampling *s, tv_moments *m, share *mine) {
  tv_checkpoint *c = s->checkpoint;
  const int64_t first = first_item(s, m, s->partition.rank),
                end = first_item(s, m, s->partition.rank + 1);
  const tv_saved_key marks = {TV_SAVED_DRAWN, IS_DRAWN, first, end, ""},
                     items = {TV_SAVED_DRAWN, INCREMENTS, first, end, ""};
  const size_t count = (size_t)(end - first),
               bytes = (size_t)m->width * (size_t)m->width * sizeof(double);
  *mine = (share){.first = first, .end = end};
  tv_checkpoint_take_over(c, TV_SAVED_DRAWN);
  if (count == 0) return NULL; /* empty shares of several ranks would have one name */
  TV_TRY(tv_allocate(end - first, 1, &mine->is_drawn));
  TV_TRY(tv_checkpoint_read_items(c, marks, mine->is_drawn, 1));
  TV_TRY(tv_checkpoint_read_items(c, items, item_at(m, first), bytes));
  TV_TRY(tv_checkpoint_hold(c, marks, mine->is_drawn, count));
  return tv_checkpoint_hold(c, items, item_at(m, first), count * bytes);
}

static tv_error *draw_share(workspace *d, const share *mine, int shows_progress, tv_moments *m) {
  tv_progress progress =
      tv_progress_begin("law", "moment matrices", (double)(mine->end - mine->first),
                        (double)(m->replicates * m->levels), shows_progress);
  tv_error *error = NULL;
  for (int64_t i = mine->first; !error && i < mine->end; ++i) {
    if (mine->is_drawn[i - mine->first]) {
      tv_progress_step(&progress, 1);
      continue;
    }
    error = draw_item(d, (int)(i / m->levels), (int)(i % m->levels), item_at(m, i), &m->work);
    if (error) break;
    mine->is_drawn[i - mine->first] = 1;
    tv_progress_step(&progress, 1);
    error = tv_checkpoint_poll(d->sampling->checkpoint, MPI_COMM_SELF);
  }
  tv_progress_end(&progress);
  return error;
}

/* All ranks receive the items of every rank. */
static void share_items(const tv_sampling *s, tv_moments *m) {
  for (int rank = 0; rank < s->partition.size; ++rank) {
    const int64_t first = first_item(s, m, rank), end = first_item(s, m, rank + 1);
    tv_broadcast(s->partition.comm, rank, item_at(m, first), (end - first) * m->width * m->width);
  }
}

static tv_error *fill(const tv_sampling *s, const tv_moments *given, int shows_progress,
                      tv_moments *m) {
  workspace d;
  share mine = {0};
  tv_error *error = set_workspace(s, given, &d);
  if (!error) error = open_share(s, m, &mine);
  if (!error) error = draw_share(&d, &mine, shows_progress, m);
  error = tv_checkpoint_finish(s->checkpoint, s->partition.comm, error);
  tv_checkpoint_release_kind(s->checkpoint, TV_SAVED_DRAWN);
  free(mine.is_drawn);
  clear_workspace(&d);
  if (error) return error;
  share_items(s, m);
  tv_moments_accumulate(m);
  return NULL;
}

static tv_error *draw_all(const tv_sampling *s, int shows_progress, tv_moments **out) {
  tv_moments *given = NULL;
  tv_error *error = tv_agree(s->partition.comm, tv_moments_create(s, out));
  if (!error && !s->source->kind->is_generated) error = collect_given(s, shows_progress, &given);
  if (!error && given) (*out)->work = given->work;
  if (!error) error = fill(s, given, shows_progress, *out);
  tv_checkpoint_release_kind(s->checkpoint, TV_SAVED_GIVEN_ALL);
  tv_moments_destroy(&given);
  return error;
}

tv_error *tv_law_collect(const tv_sampling *s, int shows_progress, tv_moments **out) {
  tv_error *error = tv_moments_take_up(s, TV_SAVED_MOMENTS, out);
  if (!error && !*out) error = draw_all(s, shows_progress, out);
  if (!error) error = tv_moments_keep(s, TV_SAVED_MOMENTS, *out);
  if (error) tv_moments_destroy(out);
  return error;
}

/* ---- Before any work ---- */

tv_error *tv_law_expect_sizes(const tv_experiment *e, const tv_source *source) {
  const int p = tv_experiment_components(e, source->features);
  const int64_t least = count_given(source, p);
  for (int level = 0; is_population(e) && level < e->sizes_count; ++level)
    if (increment_size(e, level) < least)
      return tv_experiment_fault(
          e, "samples",
          "a population of %d components and %d targets stands for no fewer than %lld samples, and "
          "for as many between one size and the next; n = %lld adds %lld",
          p, source->targets, (long long)least, (long long)e->sizes[level],
          (long long)increment_size(e, level));
  return NULL;
}

/* One pass over a data set, whose rows are rotated; it serves every replicate. */
static double given_flops(const tv_experiment *e, const tv_source *source, int p) {
  if (source->kind->is_generated) return 0;
  const double rows = (double)source->rows, width = p + source->targets + 1;
  const double added =
      is_population(e) ? rows : (double)e->replicates * (double)e->sizes[e->sizes_count - 1];
  return 2 * rows * source->features * p + added * width * width;
}

tv_law_cost tv_law_estimate_cost(const tv_experiment *e, const tv_source *source, int p) {
  const int given = count_given(source, p), normals = count_normals(e, source);
  const int width = p + e->noise.components + source->targets + 1;
  const int made_from =
      source->kind->is_generated ? source->features + source->targets + p + source->law_classes : 0;
  tv_law_cost cost = {.flops = given_flops(e, source, p),
                      .row_numbers = (double)(given + normals) * (width + made_from)};
  for (int level = 0; level < e->sizes_count; ++level) {
    const int rows = count_rows(increment_size(e, level), given, normals);
    const double trapezoid = rows > given ? rows - given : 0;
    cost.flops += e->replicates * item_flops(source, p, width, rows);
    cost.normals += e->replicates * ((double)rows * normals - trapezoid * (trapezoid + 1) / 2);
  }
  return cost;
}
