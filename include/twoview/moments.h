/* The moment matrix, the heart of the suite: M = sum u u' over the rows u = (x, z, y, 1) of a
 * subsample, for every replicate and nested sample size, in one pass over the data. The whole grid
 * of noise magnitudes, alignments and encoders is computed from it. */
#ifndef TWOVIEW_MOMENTS_H
#define TWOVIEW_MOMENTS_H

#include "twoview/sampling.h"

typedef struct {
  int p, q, l, width;     /* as in tv_sampling */
  int replicates, levels; /* levels: nested sample sizes */
  const int64_t *sizes;   /* borrowed from the experiment */
  double *data;           /* replicates x levels matrices of width x width, full symmetric */
  int64_t head_rows;
  double *head; /* replicates x head_rows x width: the first rows of each nested order */
} tv_moments;

/* Accumulate this rank's shards, reduce along the shards' tree and prefix-sum over sizes. Every
 * rank gets all matrices, the same bits on any number of ranks. Memory: replicates x levels x
 * width^2 numbers, (1 + log2(shards)) times while reducing; and the `head_rows` first rows, kept on
 * the way for those who want to see some samples. Free with tv_moments_destroy.     Collective. */
tv_error *tv_moments_collect(const tv_sampling *sampling, int64_t head_rows, int shows_progress,
                             tv_moments **out);
void tv_moments_destroy(tv_moments **moments);

/* The matrix of a replicate and a level: unscaled sums over sizes[level] rows. */
const double *tv_moments_at(const tv_moments *moments, int replicate, int level);

#endif
