/* Normals by the Box-Muller transform of Philox blocks, many at a time: one kernel for each vector
 * width, all of which give the same bits (SLEEF's functions of the same bits on every width, and no
 * contraction of products and sums). */
#ifndef TWOVIEW_RANDOM_BOX_MULLER_H
#define TWOVIEW_RANDOM_BOX_MULLER_H

#include <stdint.h>

enum { TV_LANES = 64, TV_BOX_MULLER_KERNELS = 4 };

/* `even` and `odd` become the two normals of each of TV_LANES counters, whose words are
 * counter[0..3][lane]. */
typedef void tv_box_muller(const uint32_t key[2], uint32_t counter[4][TV_LANES],
                           double even[TV_LANES], double odd[TV_LANES]);

tv_box_muller tv_box_muller_scalar;
#ifdef __x86_64__
tv_box_muller tv_box_muller_sse2, tv_box_muller_avx2, tv_box_muller_avx512;
#endif

/* The kernels that this processor can run, narrowest first; returns how many. */
int tv_box_muller_list(tv_box_muller *kernels[TV_BOX_MULLER_KERNELS]);

#endif
