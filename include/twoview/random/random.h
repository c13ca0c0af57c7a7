/* Counter-based random numbers: every draw is a pure function of (seed, purpose, replicate, index),
 * never of a rank, so that the data are the same bits on any number of ranks. The generator is
 * Philox4x32-10 (Random123; Salmon et al., SC 2011): key = seed, counter = (index, block,
 * purpose and replicate). */
#ifndef TWOVIEW_RANDOM_RANDOM_H
#define TWOVIEW_RANDOM_RANDOM_H

#include <stdint.h>

/* What a number is drawn for. The values are part of an experiment's identity: never renumber. */
typedef enum {
  TV_FOR_PERMUTATION = 1, /* the order in which a data set is subsampled */
  TV_FOR_NOISE = 2,       /* the irrelevant components z, index = sample */
  TV_FOR_GAMMA = 3,       /* eigenvalues of the noise covariance, index = 0 */
  TV_FOR_THETA = 4,       /* eigenvalues of the augmentation covariance, index = 0 */
  TV_FOR_FEATURES = 5,    /* generated features, index = sample */
  TV_FOR_TARGETS = 6,     /* noise of generated targets, index = sample */
  TV_FOR_TEACHER = 7,     /* weights of the linear teacher or class means, index = target */
  TV_FOR_CLASS = 8,       /* the class of a generated row, index = sample */
  TV_FOR_LAW_NORMALS = 9, /* moments of the law sampler, index = (sample size, condensed row) */
  TV_FOR_LAW_CHI = 10,    /* the same, chi-square numbers */
  TV_FOR_LAW_COUNT = 11,  /* the same, sizes of classes, index = (level, class) */
  TV_FOR_SUBSPACE = 12,   /* the block from which principal components are sought, index = vector */
  TV_FOR_FREQUENCIES = 13, /* of random Fourier features, index = frequency */
  TV_FOR_CORRUPTION = 64,  /* the first step of the corruption, the others follow; index = sample */
  TV_FOR_VIEWS = 128,      /* the same of the augmentation; index = view */
} tv_purpose;

typedef struct {
  uint64_t seed;
  tv_purpose purpose; /* below 256 */
  uint32_t replicate; /* below 2^24 */
} tv_stream;

/* `count` independent uniforms in (0, 1), 52 bits each, for one index of a stream. */
void tv_random_uniforms(tv_stream stream, uint64_t index, int count, double *out);

/* `count` independent standard normals for one index of a stream: Box-Muller on 52-bit uniforms,
 * always one counter block for two normals, tails to 8.57 sigma. The first m of them do not depend
 * on `count`. */
void tv_random_normals(tv_stream stream, uint64_t index, int count, double *out);

/* The same for many indices at a time, at the speed of the processor's vector unit and with the
 * same bits on any: normals [first, first + count) of index indices[i] go to out + i * leading.
 */
void tv_random_normal_rows(tv_stream stream, const int64_t *indices, int rows, int first, int count,
                           double *out, int leading);

enum { TV_MAX_REPLICATES = 1 << 24 };

/* A keyed pseudo-random permutation of [0, size) that can be evaluated anywhere without a table:
 * a Feistel network on the mixed radix a x b >= size, walked until it falls inside [0, size)
 * (Black and Rogaway, CT-RSA 2002). */
typedef struct {
  tv_stream stream;
  uint64_t size, a, b;
} tv_permutation;

tv_permutation tv_permutation_make(tv_stream stream, int64_t size);

/* The positions of the elements [first, first + count), to out. */
void tv_permutation_positions(const tv_permutation *permutation, int64_t first, int count,
                              int64_t *out);

/* The element at a position. */
int64_t tv_permutation_element(const tv_permutation *permutation, int64_t position);

#endif
