#include "twoview/scaling/model.h"

#include <math.h>
#include <stdlib.h>

#include "twoview/linalg/group.h"
#include "twoview/methods/method.h"
#include "twoview/moments/distributed.h"
#include "twoview/studies/layout.h"

const tv_network tv_typical_network = {.latency = 1.5e-6, .bandwidth = 12e9};

/* The modules' own rules ask for a partition and for groups; no communicator is needed to count. */
static tv_partition partition_of(const tv_workload *w, int ranks, int rank) {
  return (tv_partition){.rank = rank, .size = ranks, .rows = w->rows, .shards = w->shards};
}

static double width_of(const tv_workload *w) {
  return (double)w->d + w->l + 1;
}

/* Numbers that are summed along the tree: the moments, and those of a data set's own features. */
static double moment_numbers(const tv_workload *w) {
  return (double)w->replicates * w->levels * width_of(w) * width_of(w);
}

/* In all passes (data/raw_moments.c, data/subspace.c). */
static double feature_numbers(const tv_workload *w) {
  if (w->passes) return (double)w->passes * w->inputs * (w->block + 2.0);
  return w->inputs ? (w->inputs + 1.0) * (w->inputs + 1.0) : 0;
}

/* ---- Flops ---- */

double tv_model_feature_flops(const tv_workload *w) {
  return w->passes ? 4.0 * w->passes * w->inputs * w->block : feature_numbers(w);
}

static double rows_of_rank(const tv_workload *w, int ranks, int rank) {
  const tv_partition p = partition_of(w, ranks, rank);
  return (double)(tv_shard_first_row_of_rank(&p, rank + 1) - tv_shard_first_row_of_rank(&p, rank));
}

/* How many of the first `end` indices lie in blocks of process `me`. */
static int64_t local_part(int64_t end, int block, int processes, int me) {
  const int64_t blocks = end / block, rest = end % block, turns = blocks / processes;
  const int64_t mine = turns + (me < blocks % processes);
  return mine * block + (me == blocks % processes ? rest : 0);
}

/* Flops of one sample on a rank of the grid: blocks on and below the diagonal
 * (moments/distributed.c). */
static double tile_flops(int d, const int shape[2], int row, int column) {
  const int block = tv_layout_block(d);
  const int64_t columns = local_part(d, block, shape[1], column);
  const int64_t rows = local_part(d, block, shape[0], row);
  double flops = 0;
  for (int64_t j = 0; j < columns; j += block) {
    const int64_t diagonal = (j / block * shape[1] + column) * block;
    const int64_t wide = columns - j < block ? columns - j : block;
    flops += 2.0 * (double)wide * (double)(rows - local_part(diagonal, block, shape[0], row));
  }
  return flops;
}

static double moments_flops(const tv_workload *w, int ranks, int rank) {
  const double samples = (double)w->replicates * (double)w->samples;
  if (!w->is_distributed) {
    const double rows = rows_of_rank(w, ranks, rank);
    /* Rows of a data set are rotated once, generated ones are fresh for each replicate. */
    const double rotations = w->inputs ? rows : rows * w->replicates;
    return samples * rows / (double)w->rows * width_of(w) * width_of(w) +
           2 * rotations * w->rotated * w->p;
  }
  int shape[2];
  tv_grid_shape(ranks, &shape[0], &shape[1]);
  return samples * tile_flops(w->d, shape, rank / shape[1], rank % shape[1]);
}

/* `samples` out of `rows` without replacement, a share of which is this rank's: hypergeometric. */
double tv_model_moments_spread(const tv_workload *w, int ranks, int rank) {
  const double rows = (double)w->rows, samples = (double)w->samples;
  const double share = rows_of_rank(w, ranks, rank) / rows;
  if (w->is_distributed || share == 0 || rows <= 1) return 0;
  return sqrt((1 - share) / (share * samples) * (rows - samples) / (rows - 1) / w->replicates);
}

static double problem_flops(const tv_workload *w, int d, int k) {
  double flops = tv_statistics_flops(d);
  for (int m = 0; m < w->methods; ++m) flops += tv_method_of(w->method[m])->flops(d, k, w->l);
  return flops;
}

static int groups_of(const tv_workload *w, int ranks) {
  return w->is_distributed ? 1 : tv_layout_groups(w->ranks_per_point, w->points, w->d, ranks);
}

/* Ranks, points, and problems of clean inputs of one group. */
typedef struct {
  int ranks;
  double points, clean;
} share;

static share share_of(const tv_workload *w, int ranks, int groups, int index) {
  const tv_group g = {.count = groups};
  const int64_t clean = (int64_t)w->replicates * w->levels, all = ranks;
  const int64_t first = (all * index + groups - 1) / groups;
  const int64_t end = (all * (index + 1) + groups - 1) / groups;
  return (share){
      .ranks = (int)(end - first),
      .points =
          (double)(tv_group_first(&g, w->points, index + 1) - tv_group_first(&g, w->points, index)),
      .clean = (double)(tv_group_first(&g, clean, index + 1) - tv_group_first(&g, clean, index))};
}

static double solve_flops(const tv_workload *w, const share *s) {
  const int clean_k = w->k < w->p ? w->k : w->p;
  return (s->points * problem_flops(w, w->d, w->k) + s->clean * problem_flops(w, w->p, clean_k)) /
         s->ranks;
}

void tv_model_work(const tv_workload *w, int ranks, int rank, tv_work out[TV_STAGES]) {
  const tv_partition p = partition_of(w, ranks, rank);
  const double sends = 8.0 * tv_shard_sends(&p, rank);
  const int groups = groups_of(w, ranks);
  const share mine = share_of(w, ranks, groups, tv_group_of(rank, groups, ranks));
  for (int i = 0; i < TV_STAGES; ++i) out[i] = (tv_work){0};
  if (w->inputs) {
    out[TV_STAGE_FEATURES].flops = rows_of_rank(w, ranks, rank) * tv_model_feature_flops(w);
    out[TV_STAGE_FEATURES].sent_bytes = sends * feature_numbers(w);
  }
  out[TV_STAGE_MOMENTS].flops = moments_flops(w, ranks, rank);
  if (!w->is_distributed) out[TV_STAGE_MOMENTS].sent_bytes = sends * moment_numbers(w);
  out[TV_STAGE_SOLVES].flops = solve_flops(w, &mine);
}

/* ---- The rank with most ---- */

/* More ranks than shards leave some without one: then a rank with work has one shard. */
static double most_rows(const tv_workload *w, int ranks) {
  const int owners = ranks < w->shards ? ranks : w->shards;
  double most = 0;
  for (int i = 0; i < owners; ++i) most = fmax(most, rows_of_rank(w, owners, i));
  return most;
}

/* The first column of a grid has most columns, and they begin nearest the left edge. */
static double most_moments_flops(const tv_workload *w, int ranks) {
  const double samples = (double)w->replicates * (double)w->samples;
  if (!w->is_distributed)
    return samples * most_rows(w, ranks) / (double)w->rows * width_of(w) * width_of(w);
  int shape[2];
  double most = 0;
  tv_grid_shape(ranks, &shape[0], &shape[1]);
  for (int row = 0; row < shape[0]; ++row) most = fmax(most, tile_flops(w->d, shape, row, 0));
  return samples * most;
}

/* ---- Communication ---- */

static double message(const tv_network *n, double messages, double bytes) {
  return messages * n->latency + bytes / n->bandwidth;
}

static double rounds(int ranks) {
  return ceil(log2(ranks));
}

/* By a binomial tree, or long ones scattered and gathered, as MPI libraries do. */
static double broadcast(const tv_network *n, int ranks, double numbers) {
  const double bytes = 8 * numbers, log_ranks = rounds(ranks);
  if (ranks == 1) return 0;
  return fmin(message(n, log_ranks, log_ranks * bytes),
              message(n, log_ranks + ranks - 1, 2 * bytes));
}

/* By recursive doubling, or long ones by scattering the sum and gathering it. */
static double sum_everywhere(const tv_network *n, int ranks, double numbers) {
  const double bytes = 8 * numbers, log_ranks = rounds(ranks);
  if (ranks == 1) return 0;
  return fmin(message(n, log_ranks, log_ranks * bytes), message(n, 2 * log_ranks, 2 * bytes));
}

/* Replay of sum_branch (data/shard.c): the messages in its order, each as soon as both its ranks
 * are free. */
static void replay(const tv_partition *p, const int *owner, int first, int end, int *clock) {
  if (owner[first] == owner[end - 1]) return;
  const int middle = first + (end - first) / 2, left = owner[first], right = owner[middle];
  replay(p, owner, first, middle, clock);
  replay(p, owner, middle, end, clock);
  if (left == right) return;
  const int begun = clock[left] > clock[right] ? clock[left] : clock[right];
  clock[left] = clock[right] = begun + 1;
}

tv_error *tv_model_tree_steps(int shards, int ranks, int *out) {
  const tv_partition p = {.size = ranks, .shards = shards};
  int *owner = NULL, *clock = NULL;
  tv_error *error = tv_allocate(shards, sizeof(*owner), &owner);
  if (!error) error = tv_allocate(ranks, sizeof(*clock), &clock);
  if (!error) {
    for (int rank = 0; rank < ranks; ++rank)
      for (int s = tv_shard_first_of_rank(&p, rank); s < tv_shard_first_of_rank(&p, rank + 1); ++s)
        owner[s] = rank;
    replay(&p, owner, 0, shards, clock);
    *out = clock[owner[0]];
  }
  free(owner);
  free(clock);
  return error;
}

/* One problem of order d on a grid of q ranks, by leading terms. Blocked algorithms (Cholesky,
 * triangular solves with d columns, products) send each panel of `block` columns along rows and
 * columns of the grid: 2 log2(q) messages for each of d/block panels, and d^2/sqrt(q) numbers from
 * each rank in all. The tridiagonal form does so, and sums so, column by column: 2 d log2(q)
 * messages, 2 d^2/sqrt(q) numbers. With the tridiagonal form come two solves, the merging of
 * eigenvectors and their transformation back. Products with k columns are left out. */
static double grid_communication(const tv_workload *w, const tv_network *n, double d, int q) {
  if (q == 1) return 0;
  const double numbers = d * d / sqrt(q), panels = ceil(d / tv_layout_block((int)d));
  const double blocked = message(n, 2 * panels * log2(q), 8 * numbers);
  const double tridiagonal = message(n, 2 * d * log2(q), 8 * 2 * numbers);
  double seconds = blocked;
  for (int m = 0; m < w->methods; ++m)
    if (tv_method_of(w->method[m])->is_spectral) seconds += tridiagonal + 4 * blocked;
  return seconds;
}

/* The mirroring of spread moments and their products with the teacher, for each size. */
static double spread_communication(const tv_workload *w, const tv_network *n, int ranks) {
  if (ranks == 1) return 0;
  const double panels = ceil((double)w->d / tv_layout_block(w->d));
  const double numbers = (double)w->d * (w->d / (2.0 * ranks) + w->l / sqrt(ranks));
  return w->replicates * w->levels * message(n, 2 * panels * (1 + log2(ranks)), 8 * numbers);
}

static tv_error *tree_communication(const tv_workload *w, const tv_network *n, int ranks,
                                    double numbers, double *seconds) {
  int steps = 0;
  TV_TRY(tv_model_tree_steps(w->shards, ranks, &steps));
  *seconds = message(n, steps, steps * 8 * numbers) + broadcast(n, ranks, numbers);
  return NULL;
}

/* ---- Together ---- */

static void forecast_solves(const tv_workload *w, const tv_rates *r, const tv_network *n, int ranks,
                            double *seconds, double *communication) {
  const int groups = groups_of(w, ranks);
  const double results = (double)w->methods * w->encoders *
                         ((double)w->points * w->quantities + (double)w->replicates * w->levels);
  double slowest = 0, in_grid = 0;
  for (int i = 0; i < groups; ++i) {
    const share s = share_of(w, ranks, groups, i);
    const double talk = s.points * grid_communication(w, n, w->d, s.ranks) +
                        s.clean * grid_communication(w, n, w->p, s.ranks);
    const double all = solve_flops(w, &s) / r->solves + talk;
    if (all <= slowest) continue;
    slowest = all;
    in_grid = talk;
  }
  *communication = in_grid + sum_everywhere(n, ranks, results);
  *seconds = slowest - in_grid + *communication;
}

tv_error *tv_model_forecast(const tv_workload *w, const tv_rates *r, const tv_network *n, int ranks,
                            tv_forecast *out) {
  double features = 0, moments = 0, solves = 0;
  *out = (tv_forecast){.seconds = {[TV_STAGE_OPEN] = r->open_seconds}};
  if (w->inputs) TV_TRY(tree_communication(w, n, ranks, feature_numbers(w), &features));
  if (w->is_distributed)
    moments = spread_communication(w, n, ranks);
  else
    TV_TRY(tree_communication(w, n, ranks, moment_numbers(w), &moments));
  moments += sum_everywhere(n, ranks, (double)w->head);
  out->seconds[TV_STAGE_FEATURES] = r->features_seconds + features;
  if (w->inputs)
    out->seconds[TV_STAGE_FEATURES] +=
        most_rows(w, ranks) * tv_model_feature_flops(w) / r->features;
  out->seconds[TV_STAGE_MOMENTS] = most_moments_flops(w, ranks) / r->moments + moments;
  forecast_solves(w, r, n, ranks, &out->seconds[TV_STAGE_SOLVES], &solves);
  out->communication = features + moments + solves;
  for (int i = 0; i < TV_STAGES; ++i) out->total += out->seconds[i];
  return NULL;
}

/* ---- From what was measured ---- */

tv_workload tv_scaling_workload(const tv_scaling_model *model, int ranks) {
  tv_workload w = model->workload;
  if (model->kind == TV_STRONG) return w;
  w.samples = w.samples / model->ranks * ranks + w.samples % model->ranks * ranks / model->ranks;
  if (!w.inputs) w.rows = w.samples;
  return w;
}

static int exists_on(const tv_workload *w) {
  return w->samples > 0 && w->samples <= w->rows;
}

static tv_error *forecast_on(const tv_scaling_model *model, int ranks, tv_forecast *out) {
  const tv_workload w = tv_scaling_workload(model, ranks);
  return tv_model_forecast(&w, &model->rates, &model->network, ranks, out);
}

tv_error *tv_scaling_forecast(const tv_scaling_model *model, int ranks, tv_forecast *out,
                              double *efficiency, int *exists) {
  tv_forecast first;
  const tv_workload w = tv_scaling_workload(model, ranks);
  *exists = exists_on(&w);
  if (!*exists) return NULL;
  TV_TRY(forecast_on(model, model->ranks, &first));
  TV_TRY(forecast_on(model, ranks, out));
  *efficiency = model->kind == TV_STRONG
                    ? first.total * model->ranks / (out->total * ranks)
                    : first.seconds[TV_STAGE_MOMENTS] / out->seconds[TV_STAGE_MOMENTS];
  return NULL;
}

tv_error *tv_scaling_takeover(const tv_scaling_model *model, int most, int *out) {
  tv_forecast forecast;
  *out = 0;
  for (int ranks = 1; *out == 0 && ranks <= most; ++ranks) {
    const tv_workload w = tv_scaling_workload(model, ranks);
    if (!exists_on(&w)) continue;
    TV_TRY(tv_model_forecast(&w, &model->rates, &model->network, ranks, &forecast));
    if (2 * forecast.communication > forecast.total) *out = ranks;
  }
  return NULL;
}
