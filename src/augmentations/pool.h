/* Partners, samples that others are mixed with: so many of the first of each replicate's nested
 * order, which every rank has whole. They do not depend on the number of ranks, nor on the order of
 * the file, and any row can be drawn anew by any rank. */
#ifndef TWOVIEW_AUGMENTATIONS_POOL_H
#define TWOVIEW_AUGMENTATIONS_POOL_H

#include "twoview/data/sampling.h"

typedef struct tv_pool {
  int replicates, levels, leading; /* leading: numbers from one sample to the next */
  int64_t count;                   /* of each replicate */
  int64_t *of_level;               /* owned: how many of them belong to each sample size */
  int64_t *numbers;                /* owned, replicates x count: in their source */
  double *rows;                    /* owned, replicates x count x leading: as they are */
} tv_pool;

/* What it takes of each rank's memory: of each replicate all samples of the largest size, up to
 * some 32 MiB of them or, of long ones, 512.                                    Not collective. */
double tv_pool_bytes(const tv_experiment *experiment, const tv_source *source);

/* Read them. Free with tv_pool_destroy. Reads the data once.                        Collective. */
tv_error *tv_pool_create(const tv_sampling *sampling, tv_pool **out);
void tv_pool_destroy(tv_pool **pool);

#endif
