#include "pool.h"

#include <stdlib.h>

#include "twoview/base/comm.h"

static int64_t count_samples(int64_t largest, int d) {
  const int64_t numbers = 1 << 22, least = 512;
  const int64_t room = numbers / d > least ? numbers / d : least;
  return largest < room ? largest : room;
}

double tv_pool_bytes(const tv_experiment *e, const tv_source *source) {
  const int64_t count = count_samples(e->sizes[e->sizes_count - 1], source->features);
  return (double)sizeof(double) * e->replicates * (double)count *
         (source->features + source->targets + 1);
}

static tv_error *allocate(const tv_sampling *s, tv_pool *p) {
  TV_TRY(tv_allocate(p->levels, sizeof(*p->of_level), &p->of_level));
  TV_TRY(tv_allocate(p->replicates * p->count, sizeof(*p->numbers), &p->numbers));
  TV_TRY(tv_allocate(p->replicates * p->count * p->leading, sizeof(*p->rows), &p->rows));
  for (int level = 0; level < p->levels; ++level)
    p->of_level[level] = s->sizes[level] < p->count ? s->sizes[level] : p->count;
  for (int r = 0; r < p->replicates; ++r)
    tv_sampling_rows(s, r, 0, p->count, p->numbers + r * p->count);
  return NULL;
}

tv_error *tv_pool_create(const tv_sampling *sampling, tv_pool **out) {
  tv_sampling s = tv_sampling_of_inputs(sampling);
  s.corruption = NULL;
  *out = NULL;
  TV_TRY(tv_agree(s.partition.comm, tv_allocate(1, sizeof(**out), out)));
  **out = (tv_pool){.replicates = s.replicates,
                    .levels = s.sizes_count,
                    .leading = s.width,
                    .count = count_samples(s.sizes[s.sizes_count - 1], s.p)};
  tv_error *error = tv_agree(s.partition.comm, allocate(&s, *out));
  const tv_selection selection = {0, s.replicates, 0, (*out)->count};
  if (!error) error = tv_sampling_collect(&s, &selection, (*out)->rows);
  if (error) tv_pool_destroy(out);
  return error;
}

void tv_pool_destroy(tv_pool **pool) {
  tv_pool *p = *pool;
  if (!p) return;
  free(p->of_level);
  free(p->numbers);
  free(p->rows);
  free(p);
  *pool = NULL;
}
