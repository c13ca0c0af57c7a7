#include "twoview/augmentations/textures.h"

#include <limits.h>
#include <stdlib.h>

#include "twoview/base/comm.h"
#include "twoview/experiment/check.h"
#include "twoview/linalg/fortran.h"

/* ---- Opening ---- */

static tv_error *expect_file(const tv_experiment *e, const char *path, const tv_source_spec *spec) {
  TV_REQUIRE(e, path, !((const tv_source_kind *)spec->kind)->is_generated,
             "textures are the samples of a file, and '%s' generates samples; name a file",
             spec->kind->name);
  return NULL;
}

static tv_error *expect_rows(const tv_experiment *e, const char *path, const tv_source *textures) {
  TV_REQUIRE(e, path, textures->rows > 0 && textures->rows <= INT_MAX,
             "has %lld textures; give from 1 to %d of them", (long long)textures->rows, INT_MAX);
  return NULL;
}

static tv_error *open_source(const tv_experiment *e, const char *path, int finds_numbers,
                             tv_source *source, MPI_Comm comm, tv_textures *t) {
  TV_TRY(expect_file(e, path, t->spec));
  TV_TRY(tv_source_open_beside(e, t->spec, comm, &t->source));
  tv_error *error = expect_rows(e, path, t->source);
  if (!error) error = tv_source_hand_over_files(t->source, source);
  TV_TRY(tv_agree(comm, error));
  t->shape = t->source->shape;
  t->partition = tv_partition_make(comm, t->source->rows, e->parallel.shards);
  source->cache_bytes += t->source->cache_bytes + (double)t->source->rows *
                                                      tv_shape_size(&t->shape) *
                                                      (double)sizeof(*t->rows);
  if (!finds_numbers) return NULL;
  tv_numbers_found found;
  TV_TRY(tv_source_find_numbers(t->source, e->parallel.shards, comm, &found));
  t->numbers = found.numbers;
  return NULL;
}

tv_error *tv_textures_open(const tv_experiment *e, const char *path, const tv_source_spec *spec,
                           int finds_numbers, tv_source *source, MPI_Comm comm, tv_textures **out) {
  *out = NULL;
  TV_TRY(tv_agree(comm, tv_allocate(1, sizeof(**out), out)));
  **out = (tv_textures){.spec = spec};
  tv_error *error = open_source(e, path, finds_numbers, source, comm, *out);
  if (error) tv_textures_destroy(out);
  return error;
}

void tv_textures_destroy(tv_textures **textures) {
  tv_textures *t = *textures;
  if (!t) return;
  tv_source_close(&t->source);
  tv_distmat_destroy(&t->second);
  free(t->rows);
  free(t->mean);
  free(t);
  *textures = NULL;
}

/* ---- Reading ---- */

static tv_error *read_own(tv_textures *t) {
  const tv_partition *p = &t->partition;
  const int64_t d = t->source->features, end = tv_shard_first_row_of_rank(p, p->rank + 1);
  double none;
  TV_TRY(tv_allocate(p->rows * d, sizeof(*t->rows), &t->rows));
  TV_TRY(tv_allocate(d, sizeof(*t->mean), &t->mean));
  for (int64_t first = tv_shard_first_row_of_rank(p, p->rank); first < end; first += TV_BATCH) {
    const int count = (int)(end - first < TV_BATCH ? end - first : TV_BATCH);
    TV_TRY(tv_source_read(t->source, 0, first, count, t->rows + first * d, &none));
  }
  return NULL;
}

static void share(tv_textures *t, int64_t d) {
  const tv_partition *p = &t->partition;
  for (int rank = 0; rank < p->size; ++rank) {
    const int64_t first = tv_shard_first_row_of_rank(p, rank);
    const int64_t count = tv_shard_first_row_of_rank(p, rank + 1) - first;
    if (count > 0) tv_broadcast(p->comm, rank, t->rows + first * d, count * d);
  }
}

static void take_mean(tv_textures *t, int64_t d) {
  for (int64_t row = 0; row < t->partition.rows; ++row)
    for (int64_t i = 0; i < d; ++i) t->mean[i] += t->rows[row * d + i];
  for (int64_t i = 0; i < d; ++i) t->mean[i] /= (double)t->partition.rows;
}

/* Columns that follow one another are made together. */
static void take_second(const tv_textures *t, tv_distmat *out) {
  const int d = out->rows, count = (int)t->partition.rows;
  const double share = 1.0 / count, nothing = 0;
  for (int first = 0, width; first < out->local_columns; first += width) {
    const int column = out->column_of[first];
    for (width = 1;
         first + width < out->local_columns && out->column_of[first + width] == column + width;)
      ++width;
    dgemm_("N", "T", &d, &width, &count, &share, t->rows, &d, t->rows + column, &d, &nothing,
           out->data + (int64_t)first * out->leading, &out->leading, 1, 1);
  }
}

tv_error *tv_textures_read(tv_textures *t, const tv_grid *row) {
  MPI_Comm comm = t->partition.comm;
  const int d = t->source->features;
  TV_TRY(tv_agree(comm, read_own(t)));
  share(t, d);
  take_mean(t, d);
  tv_source_close(&t->source);
  if (!row) return NULL;
  TV_TRY(tv_agree(comm, tv_distmat_create(row, d, d, &t->second)));
  take_second(t, t->second);
  return NULL;
}
