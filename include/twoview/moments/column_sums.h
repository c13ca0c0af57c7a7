/* Moments of many inputs from the rows of any source, spread over a grid of one row of ranks: each
 * rank has whole columns, and none ever holds d x d numbers. A row is read by the rank that owns
 * its shard and reaches the others with its batch. The sample sizes of a replicate are visited one
 * after the other and leave nothing behind. */
#ifndef TWOVIEW_MOMENTS_COLUMN_SUMS_H
#define TWOVIEW_MOMENTS_COLUMN_SUMS_H

#include "twoview/base/progress.h"
#include "twoview/moments/moments.h"

typedef struct tv_column_sums tv_column_sums;

/* Of the rows of a sampling, as they are. `row`: a grid of one row of the ranks that the sampling
 * is shared out over; both are borrowed. Memory: d^2 / ranks numbers. Free with
 * tv_column_sums_destroy.                                                           Collective. */
tv_error *tv_column_sums_create(const tv_sampling *sampling, const tv_grid *row,
                                tv_column_sums **out);
void tv_column_sums_destroy(tv_column_sums **sums);

/* Sum up to a replicate's sample size of that level; nothing is done if these sums are there. From
 * a larger size, or another replicate's, they begin again. Rows are added in storage order by
 * batches that depend on the experiment alone: the same bits on any number of ranks. Memory on the
 * way: a few batches of rows. `progress` may be NULL.                               Collective. */
tv_error *tv_column_sums_advance(tv_column_sums *sums, int replicate, int level,
                                 tv_progress *progress);

/* The moments of the last advance, borrowed: their one matrix. */
const tv_moments *tv_column_sums_moments(const tv_column_sums *sums);

/* What this rank has done so far. */
tv_work tv_column_sums_work(const tv_column_sums *sums);

#endif
