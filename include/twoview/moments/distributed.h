/* Moments of many inputs, spread over a grid of ranks: no rank ever holds d x d numbers, nor does
 * any message carry samples. A counter-based stream gives any feature of any sample to whoever asks
 * for it, so each rank draws the rows and columns of its own blocks. The sample sizes of a
 * replicate are visited one after the other and leave nothing behind. */
#ifndef TWOVIEW_MOMENTS_DISTRIBUTED_H
#define TWOVIEW_MOMENTS_DISTRIBUTED_H

#include "twoview/base/progress.h"
#include "twoview/moments/moments.h"

typedef struct tv_distributed tv_distributed;

/* The source must be able to make features (read_features). `grid` and `sampling` are borrowed.
 * Memory: d^2 / ranks numbers, and one batch of the samples' features that this rank needs. Free
 * with tv_distributed_destroy. Collective. */
tv_error *tv_distributed_create(const tv_sampling *sampling, const tv_grid *grid,
                                tv_distributed **out);
void tv_distributed_destroy(tv_distributed **distributed);

/* The moments of a replicate's first `n` samples. Within a replicate n must grow from call to call;
 * the result is borrowed and valid until the next call. Accumulated in a fixed order by a fixed
 * shape of batches.                                                                 Collective. */
tv_error *tv_distributed_advance(tv_distributed *distributed, int replicate, int64_t n,
                                 tv_progress *progress, tv_moment_matrix *out);

/* What this rank has done so far. */
tv_work tv_distributed_work(const tv_distributed *distributed);

/* How many samples all replicates take together: the units of progress. */
double tv_distributed_samples(const tv_sampling *sampling);

#endif
