#include "twoview/studies/layout.h"

#include "twoview/linalg/grid.h"

/* From so many inputs on, moments are distributed where the source allows it, and matrices are
 * dealt out in the larger blocks. */
enum { DISTRIBUTED_FROM = 2048, LARGE_BLOCK_FROM = 1024 };

/* Fewer rows and columns than these for each rank of a grid are not worth its messages. */
enum { LEAST_SHARE = 256 };

/* One rank for each point while there are points for all; beyond that, as many as d gives work. */
static int ranks_per_point(int64_t points, int64_t d, int ranks) {
  const int64_t side = d / LEAST_SHARE;
  const int64_t to_spare = points < ranks ? ranks / points : 1;
  const int64_t useful = side > 1 ? side * side : 1;
  return (int)(to_spare < useful ? to_spare : useful);
}

int tv_layout_groups(int wanted, int64_t points, int d, int ranks) {
  const int each = wanted > 0 ? wanted : ranks_per_point(points, d, ranks);
  return each > ranks ? 1 : ranks / each;
}

int tv_layout_block(int d) {
  return d < LARGE_BLOCK_FROM ? TV_SMALL_BLOCK : TV_LARGE_BLOCK;
}

/* Views are made of the sums over any source's rows, all of its features. */
static int can_distribute_views(const tv_experiment *e) {
  const int keeps_rows =
      e->corruption.chain.count > 0 && e->corruption.sampler == TV_CORRUPTED_ROWS;
  return !keeps_rows && !e->features.pca && !tv_experiment_sums_views(e);
}

static int can_distribute_components(const tv_experiment *e, const tv_source *source) {
  return source->read_features &&
         tv_experiment_components(e, source->features) == source->features &&
         e->noise.sampler == TV_SAMPLER_ROWS && !e->probe.intercept && e->test.fraction == 0;
}

static tv_error *expect_replicated(const tv_experiment *e) {
  if (tv_experiment_has_views(e))
    return tv_experiment_fault(
        e, "parallel.layout",
        "views of principal components, views that are sampled, and those of rows corrupted one by "
        "one cannot be distributed; leave out 'features' and 'augmentation.views', take "
        "'corruption: {sampler: expected}', or take 'replicated'");
  return tv_experiment_fault(
      e, "parallel.layout",
      "only a gaussian source with a linear teacher and all of its features can be distributed, "
      "without rows held out or an intercept of the probe; take 'replicated'");
}

tv_error *tv_layout_choose(const tv_experiment *e, const tv_source *source, int ranks,
                           tv_layout *out) {
  const int d = tv_experiment_components(e, source->features) + e->noise.components;
  const int can_distribute =
      tv_experiment_has_views(e) ? can_distribute_views(e) : can_distribute_components(e, source);
  const tv_layout_choice wanted = e->parallel.layout;
  if (wanted == TV_LAYOUT_DISTRIBUTED && !can_distribute) return expect_replicated(e);
  out->is_distributed = wanted == TV_LAYOUT_DISTRIBUTED ||
                        (wanted == TV_LAYOUT_AUTO && can_distribute && d >= DISTRIBUTED_FROM);
  out->block = tv_layout_block(d);
  out->groups = out->is_distributed ? 1
                                    : tv_layout_groups(e->parallel.ranks_per_point,
                                                       tv_experiment_points(e), d, ranks);
  return NULL;
}
