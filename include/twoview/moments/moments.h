/* The moment matrix, the heart of the suite: M = sum u u' over the rows u = (x, z, y, 1) of a
 * subsample, for every replicate and nested sample size, in one pass over the data. The whole grid
 * of noise scales, alignments and encoders is computed from it. */
#ifndef TWOVIEW_MOMENTS_MOMENTS_H
#define TWOVIEW_MOMENTS_MOMENTS_H

#include "twoview/data/sampling.h"
#include "twoview/linalg/grid.h"

/* The moments of one replicate and sample size n: unscaled sums over its rows, either whole on
 * every rank or spread over a grid, by tv_distributed or tv_column_sums. Borrowed from whoever made
 * them. */
typedef struct {
  int p, q, l;
  int64_t n;
  const double *whole;      /* width x width, sum u u', or NULL and then: */
  const tv_distmat *inputs; /* d x d, full: sum x x', with x the features and the noise */
  const tv_distmat *cross;  /* d x l: sum x y' */
  double targets;           /* sum y'y */
  const double *vectors;    /* on every rank, d + 2 l: sum x, sum y and sum y_t^2; or NULL, and then
                             * the sums over the targets' noise e, from which the last two are
                             * derived: */
  const tv_distmat *noise_cross; /* d x l: sum x e' */
  const double *noise_square;    /* l x l: sum e e' */
} tv_moment_matrix;

typedef struct {
  int p, q, l, width; /* as in tv_sampling */
  int replicates;
  int severities;       /* of the rows' corruption, and 0: as they are */
  int levels;           /* nested sample sizes */
  const int64_t *sizes; /* borrowed from the sampling */
  double *data; /* replicates x severities x levels matrices of width x width, full symmetric; or
                 * NULL, and then the moments are spread over a grid, one matrix at a time: */
  tv_moment_matrix spread;
  tv_work work; /* of collecting them */
} tv_moments;

/* Accumulate this rank's shards, reduce along the shards' tree and prefix-sum over sizes. Every
 * rank gets all matrices, the same bits on any number of ranks. Memory: replicates x severities x
 * levels x width^2 numbers, 1 + tv_shard_buffers times while reducing. On the way the first rows of
 * each nested order are kept in `head` (tv_head_create; NULL: none are). Free with
 * tv_moments_destroy.   Collective. */
tv_error *tv_moments_collect(const tv_sampling *sampling, tv_head *head, int shows_progress,
                             tv_moments **out);
void tv_moments_destroy(tv_moments **moments);

/* Its steps, for those who make moments otherwise. Matrices of zeros. Free with tv_moments_destroy.
 *                                                                               Not collective. */
tv_error *tv_moments_create(const tv_sampling *sampling, tv_moments **out);

/* Lower triangles of the sums over the rows that each size adds to the one before. Finished parts
 * are kept in checkpoints as `kind`.                                                Collective. */
tv_error *tv_moments_collect_increments(const tv_sampling *sampling, tv_saved_kind kind,
                                        tv_head *head, int shows_progress, tv_moments **out);

/* Moments that an earlier session finished and kept as `kind`, on every rank; *out NULL: none.
 *                                                                                   Collective. */
tv_error *tv_moments_take_up(const tv_sampling *sampling, tv_saved_kind kind, tv_moments **out);

/* Keep finished moments in checkpoints as `kind`, until that is released.           Collective. */
tv_error *tv_moments_keep(const tv_sampling *sampling, tv_saved_kind kind,
                          const tv_moments *moments);

/* Such increments become full matrices of nested sizes.                         Not collective. */
void tv_moments_accumulate(tv_moments *moments);

/* SHA-256 of the bits of a matrix, to compare runs by: of a whole one all width^2 numbers, of a
 * spread one the digests of its tiles in a fixed order, whatever the grid. Collective over the grid
 * of a spread matrix. */
tv_error *tv_moments_digest(const tv_moment_matrix *matrix, char digest[TV_DIGEST_LENGTH]);

/* The matrix of a replicate, a severity and a level: sums over sizes[level] rows. Where they are
 * spread, this is the matrix that there is. */
tv_moment_matrix tv_moments_at(const tv_moments *moments, int replicate, int severity, int level);

#endif
