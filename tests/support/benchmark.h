/* What the benchmarks share: opening an experiment, and the best time of several runs. */
#ifndef TWOVIEW_SUPPORT_BENCHMARK_H
#define TWOVIEW_SUPPORT_BENCHMARK_H

#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

#include "twoview/base/build.h"
#include "twoview/data/features.h"
#include "twoview/data/sampling.h"
#include "twoview/data/source.h"
#include "twoview/experiment/experiment.h"

/* An error ends the benchmark. */
void demand(tv_error *error);

typedef struct {
  tv_experiment *experiment;
  tv_source *source;
  tv_features *features;
  tv_sampling sampling;
} benchmark_data;

/* An experiment, to its features. */
benchmark_data open_text(const char *text);
void close_data(benchmark_data *b);

/* A generated experiment of p features, q noise components, one sample size, and as many noise
 * scales and alignments as `side` says. */
benchmark_data open_grid(int p, int q, int l, int k, double n, int side);

benchmark_data open_data(int p, int q, int l, double n);

/* The least time of `rounds` runs, of the slowest rank. */
double best_time(int rounds, void (*run)(void *), void *context);

/* The least processor time of `rounds` runs of one rank of one thread, beside which others may use
 * the machine. */
double least_processor_time(int rounds, void (*run)(void *), void *context);

#endif
