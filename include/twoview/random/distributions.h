/* Random numbers of other laws, from standard normals of the same counter-based streams, exact in
 * law at any size. Each is a pure function of (stream, index) and of its parameters. */
#ifndef TWOVIEW_RANDOM_DISTRIBUTIONS_H
#define TWOVIEW_RANDOM_DISTRIBUTIONS_H

#include "twoview/random/random.h"

/* A chi-square number with `degrees` >= 1 degrees of freedom, a whole number below 2^53: rejection
 * from the cube of a normal (Marsaglia and Tsang, ACM TOMS 26, 2000). */
double tv_random_chi_square(tv_stream stream, uint64_t index, int64_t degrees);

/* How many of n < 2^52 independent trials succeed, each with the given probability: the median of n
 * uniforms is a beta number and halves the trials, log2(n) times (Ahrens and Dieter, Computing 12,
 * 1974). */
int64_t tv_random_binomial(tv_stream stream, uint64_t index, int64_t n, double probability);

/* A Poisson number of mean 0 <= mean < 2^52, by the same halving of gamma numbers. */
int64_t tv_random_poisson(tv_stream stream, uint64_t index, double mean);

/* A beta number, both of whose parameters are `shape` > 0. */
double tv_random_beta(tv_stream stream, uint64_t index, double shape);

#endif
