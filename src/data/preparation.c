#include "twoview/data/preparation.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "choice.h"
#include "median.h"
#include "sparse_rows.h"
#include "twoview/base/comm.h"
#include "twoview/base/escape.h"
#include "twoview/base/statistics.h"
#include "twoview/experiment/check.h"

static int is_wanted(const tv_experiment *e) {
  return e->features.normalise || e->features.variable > 0;
}

static tv_error *expect_source(const tv_experiment *e, const tv_source *source) {
  const int wanted = e->features.variable;
  TV_REQUIRE(e, "features", !source->kind->is_generated,
             "'normalise' and 'variable' are of data sets, and rows of 'source: {type: %s}' are "
             "generated; leave them out",
             source->kind->kind.name);
  TV_REQUIRE(e, "source.views", !source->read_views,
             "come as they are, without 'features: {normalise, variable}'; prepare samples and "
             "views alike, and leave these out");
  TV_REQUIRE(e, "source.scale", !e->features.normalise || source->scale == 1,
             "counts are normalised as they are ('features: {normalise: counts}'); leave the scale "
             "out");
  TV_REQUIRE(e, "features.variable", wanted <= source->features,
             "%d variable features of %d; take at most %d", wanted, source->features,
             source->features);
  return NULL;
}

/* ---- Rows as they are stored ---- */

static tv_error *create(const tv_source *source, tv_preparation **out) {
  TV_TRY(tv_allocate(1, sizeof(**out), out));
  (*out)->inputs = (*out)->features = source->features;
  if (source->read_sparse) return NULL;
  const int64_t numbers = (int64_t)TV_BATCH * source->features;
  TV_TRY(tv_allocate(numbers, sizeof(double), &(*out)->stored));
  TV_TRY(tv_allocate(1, sizeof(*(*out)->sparse), &(*out)->sparse));
  return tv_sparse_rows_reserve((*out)->sparse, numbers);
}

void tv_preparation_destroy(tv_preparation **preparation) {
  tv_preparation *p = *preparation;
  if (!p) return;
  if (p->sparse) tv_sparse_rows_release(p->sparse);
  free(p->sparse);
  free(p->stored);
  free(p->chosen);
  free(p->place);
  free(p);
  *preparation = NULL;
}

/* Rows of a batch; borrowed, until the next one. */
static tv_error *read_stored(const tv_source *source, int replicate, int64_t first, int count,
                             double *y, const tv_sparse_rows **rows) {
  const tv_preparation *p = source->preparation;
  if (source->read_sparse) return source->read_sparse(source, first, count, y, rows);
  TV_TRY(source->read(source, replicate, first, count, p->stored, y));
  tv_sparse_rows_gather(p->sparse, count, p->inputs, p->stored);
  *rows = p->sparse;
  return NULL;
}

static tv_error *refuse_number(const tv_source *source, int64_t row, int feature, double number) {
  return tv_fail("%s: row %lld, feature %d is %s; 'features: {normalise, variable}' take numbers "
                 "that are not negative, as counts are",
                 source->where, (long long)row, feature, TV_EXACT(number));
}

/* The sum of a row, all of whose numbers are checked. */
static tv_error *add_up(const tv_source *source, int64_t row, const tv_sparse_rows *rows, int i,
                        double *sum) {
  *sum = 0;
  for (int64_t at = rows->begin[i]; at < rows->begin[i + 1]; ++at) {
    if (!(rows->value[at] >= 0))
      return refuse_number(source, row, rows->column[at], rows->value[at]);
    *sum += rows->value[at];
  }
  return NULL;
}

/* The number that a row is divided by: its sum, if it is normalised. */
static tv_error *divisor_of(const tv_source *source, int is_normalised, int64_t row,
                            const tv_sparse_rows *rows, int i, double *divisor) {
  TV_TRY(add_up(source, row, rows, i, divisor));
  if (!is_normalised) *divisor = source->scale;
  if (*divisor > 0) return NULL;
  return tv_fail("%s: row %lld has no counts, so that it cannot be normalised; leave such rows out",
                 source->where, (long long)row);
}

/* ---- Prepared rows ---- */

static tv_error *prepare_rows(const tv_source *source, int64_t first, int count,
                              const tv_sparse_rows *rows, double *x) {
  const tv_preparation *p = source->preparation;
  const double size = p->library_size;
  memset(x, 0, (size_t)count * (size_t)p->features * sizeof(*x));
  for (int i = 0; i < count; ++i, x += p->features) {
    double divisor;
    TV_TRY(divisor_of(source, size > 0, first + i, rows, i, &divisor));
    for (int64_t at = rows->begin[i]; at < rows->begin[i + 1]; ++at) {
      const int place = p->place ? p->place[rows->column[at]] : rows->column[at];
      if (place < 0) continue;
      const double number = rows->value[at] / divisor;
      x[place] = size > 0 ? log1p(number * size) : number;
    }
  }
  return NULL;
}

tv_error *tv_preparation_read(const tv_source *source, int replicate, int64_t first, int count,
                              double *x, double *y) {
  const tv_sparse_rows *rows;
  TV_TRY(read_stored(source, replicate, first, count, y, &rows));
  return prepare_rows(source, first, count, rows, x);
}

void tv_preparation_number(const tv_source *source, int count, int *features) {
  const tv_preparation *p = source->preparation;
  for (int i = 0; p && p->chosen && i < count; ++i) features[i] = (int)p->chosen[features[i]];
}

/* ---- Finding ---- */

/* What is summed of a feature, over the rows where it is not 0: about a shift, so that a mean far
 * from 0 costs the variance no digits. */
enum { PRESENT, DISTANCE, SQUARE, SUMS };

typedef struct {
  const tv_source *source;
  const tv_partition *partition;
  int is_normalised;
  double *y;     /* of a batch */
  double *shift; /* inputs */
  double *sizes; /* the sums of this rank's rows */
  int is_whole;  /* all numbers so far */
} search;

static tv_error *add_batch(void *context, int64_t first, int count, double *sums) {
  search *s = context;
  const tv_sparse_rows *rows;
  const int64_t own = first - tv_shard_first_row_of_rank(s->partition, s->partition->rank);
  TV_TRY(read_stored(s->source, 0, first, count, s->y, &rows));
  for (int i = 0; i < count; ++i) {
    double divisor;
    TV_TRY(divisor_of(s->source, s->is_normalised, first + i, rows, i, &divisor));
    s->sizes[own + i] = divisor;
    for (int64_t at = rows->begin[i]; at < rows->begin[i + 1]; ++at) {
      const double distance = rows->value[at] / divisor - s->shift[rows->column[at]];
      double *of = sums + (int64_t)SUMS * rows->column[at];
      of[PRESENT] += 1;
      of[DISTANCE] += distance;
      of[SQUARE] += distance * distance;
      s->is_whole &= rows->value[at] == floor(rows->value[at]);
    }
  }
  return NULL;
}

/* The means of the first batch, on its owner. */
static tv_error *average_first_batch(const search *s, double *shift) {
  const tv_sparse_rows *rows;
  int shard = 0;
  while (tv_shard_first(s->partition, shard + 1) == 0) ++shard;
  const int64_t end = tv_shard_first(s->partition, shard + 1);
  const int count = end < TV_BATCH ? (int)end : TV_BATCH;
  TV_TRY(read_stored(s->source, 0, 0, count, s->y, &rows));
  for (int i = 0; i < count; ++i) {
    double divisor;
    TV_TRY(divisor_of(s->source, s->is_normalised, i, rows, i, &divisor));
    for (int64_t at = rows->begin[i]; at < rows->begin[i + 1]; ++at)
      shift[rows->column[at]] += rows->value[at] / divisor / count;
  }
  return NULL;
}

static tv_error *take_shift(search *s) {
  const tv_partition *p = s->partition;
  int owner = 0;
  while (tv_shard_first_row_of_rank(p, owner + 1) == 0) ++owner;
  TV_TRY(tv_agree(p->comm, p->rank == owner ? average_first_batch(s, s->shift) : NULL));
  tv_broadcast(p->comm, owner, s->shift, s->source->features);
  return NULL;
}

/* Sums become the mean and the variance of each feature, in units of L. */
static void settle_sums(const search *s, double unit, double *sums) {
  const double n = (double)s->source->rows;
  for (int64_t j = 0; j < s->source->features; ++j) {
    double *of = sums + SUMS * j;
    const double absent = n - of[PRESENT];
    const double distance = of[DISTANCE] - absent * s->shift[j];
    const double square = of[SQUARE] + absent * s->shift[j] * s->shift[j];
    of[0] = unit * (s->shift[j] + distance / n);
    of[1] = unit * unit * (square - distance * distance / n) / (n - 1);
  }
}

static tv_error *choose(const tv_experiment *e, const double *sums, tv_preparation *p) {
  const int wanted = e->features.variable;
  double *mean = NULL, *variance = NULL;
  int varying = 0;
  tv_error *error = tv_allocate(p->inputs, sizeof *mean, &mean);
  if (!error) error = tv_allocate(p->inputs, sizeof *variance, &variance);
  if (!error) error = tv_allocate(wanted, sizeof *p->chosen, &p->chosen);
  for (int64_t j = 0; !error && j < p->inputs; ++j) {
    mean[j] = sums[SUMS * j];
    variance[j] = sums[SUMS * j + 1];
  }
  if (!error) error = tv_choose_variable(p->inputs, mean, variance, wanted, p->chosen, &varying);
  free(variance);
  free(mean);
  TV_TRY(error);
  TV_REQUIRE(e, "features.variable", varying > 0,
             "none of %d features varies; name data that do, or leave it out", p->inputs);
  TV_REQUIRE(e, "features.variable", varying >= wanted,
             "%d variable features are wanted, and %d of %d vary; take at most %d", wanted, varying,
             p->inputs, varying);
  return NULL;
}

static tv_error *allocate_search(search *s, double **sums) {
  const tv_partition *p = s->partition;
  const int64_t own =
      tv_shard_first_row_of_rank(p, p->rank + 1) - tv_shard_first_row_of_rank(p, p->rank);
  TV_TRY(tv_allocate((int64_t)TV_BATCH * s->source->targets, sizeof *s->y, &s->y));
  TV_TRY(tv_allocate(s->source->features, sizeof *s->shift, &s->shift));
  TV_TRY(tv_allocate(own, sizeof *s->sizes, &s->sizes));
  return tv_allocate((int64_t)SUMS * s->source->features, sizeof **sums, sums);
}

/* Those who normalise what is normalised already would not see it in the results. */
static void warn_of_fractions(const search *s) {
  int is_whole = s->is_whole;
  MPI_Allreduce(MPI_IN_PLACE, &is_whole, 1, MPI_INT, MPI_MIN, s->partition->comm);
  if (!is_whole && s->is_normalised && s->partition->rank == 0)
    tv_print_line(stderr,
                  "twoview: warning: %s: some numbers are not whole; 'features: {normalise: "
                  "counts}' is of counts, and numbers that are normalised already need none",
                  s->source->where);
}

/* One pass. */
static tv_error *pass_over(const tv_experiment *e, search *s, double *sums, tv_preparation *p) {
  const tv_partition *partition = s->partition;
  const tv_summation summation = {
      .length = (int64_t)SUMS * p->inputs, .batch = TV_BATCH, .add = add_batch, .context = s};
  const int64_t own = tv_shard_first_row_of_rank(partition, partition->rank + 1) -
                      tv_shard_first_row_of_rank(partition, partition->rank);
  tv_work work = {0};
  TV_TRY(take_shift(s));
  TV_TRY(tv_shard_sum(partition, &summation, sums, &work));
  warn_of_fractions(s);
  if (s->is_normalised) p->library_size = tv_median(partition->comm, s->sizes, own);
  if (e->features.variable == 0) return NULL;
  settle_sums(s, s->is_normalised ? p->library_size : 1, sums);
  return tv_agree(partition->comm, choose(e, sums, p));
}

static tv_error *find(const tv_experiment *e, const tv_partition *partition, tv_source *source) {
  double *sums = NULL;
  search s = {.source = source,
              .partition = partition,
              .is_normalised = e->features.normalise,
              .is_whole = 1};
  tv_error *error = tv_agree(partition->comm, allocate_search(&s, &sums));
  if (!error) error = pass_over(e, &s, sums, source->preparation);
  free(sums);
  free(s.sizes);
  free(s.shift);
  free(s.y);
  return error;
}

/* ---- From now on ---- */

static tv_error *begin(tv_preparation *p, const tv_experiment *e, tv_source *source) {
  source->bytes = NULL;
  if (!p->chosen) return NULL;
  TV_TRY(tv_allocate(p->inputs, sizeof *p->place, &p->place));
  p->features = e->features.variable;
  for (int j = 0; j < p->inputs; ++j) p->place[j] = -1;
  for (int i = 0; i < p->features; ++i) p->place[p->chosen[i]] = i;
  source->features = p->features;
  source->shape = (tv_shape){1, p->features, 1, 1};
  return NULL;
}

tv_error *tv_preparation_find(const tv_experiment *e, MPI_Comm comm, tv_source *source) {
  if (!is_wanted(e)) return NULL;
  TV_TRY(tv_agree(comm, expect_source(e, source)));
  const tv_partition partition = tv_partition_make(comm, source->rows, e->parallel.shards);
  TV_TRY(tv_agree(comm, create(source, &source->preparation)));
  TV_TRY(find(e, &partition, source));
  return tv_agree(comm, begin(source->preparation, e, source));
}

static tv_error *copy(const tv_experiment *e, const tv_preparation *other, tv_source *source) {
  TV_REQUIRE(e, "test", source->features == other->inputs,
             "has samples of %d features, where those of 'source' have %d", source->features,
             other->inputs);
  TV_TRY(create(source, &source->preparation));
  tv_preparation *p = source->preparation;
  p->library_size = other->library_size;
  if (other->chosen) {
    TV_TRY(tv_allocate(other->features, sizeof *p->chosen, &p->chosen));
    memcpy(p->chosen, other->chosen, (size_t)other->features * sizeof *p->chosen);
  }
  return begin(p, e, source);
}

tv_error *tv_preparation_adopt(const tv_experiment *e, const tv_preparation *other, MPI_Comm comm,
                               tv_source *source) {
  return other ? tv_agree(comm, copy(e, other, source)) : NULL;
}
