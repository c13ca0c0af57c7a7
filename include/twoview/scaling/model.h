/* What a run would take on any number of ranks: a model, not a measurement. Flops and bytes are
 * counted as the run itself counts them, rates are measured ones, and messages cost a latency and
 * the time of their bytes. Pure: no MPI, no files. */
#ifndef TWOVIEW_SCALING_MODEL_H
#define TWOVIEW_SCALING_MODEL_H

#include <stdint.h>

#include "twoview/base/stopwatch.h"
#include "twoview/data/shard.h"
#include "twoview/experiment/experiment.h"

/* An experiment as far as its work goes. */
typedef struct {
  int64_t rows, samples; /* rows cut into shards; so many of them in the largest sample */
  int64_t points;        /* replicates x noise scales x alignments x sample sizes */
  int64_t head;          /* numbers of the first rows, which all ranks receive */
  int shards, replicates, levels;
  int d, p, k, l; /* inputs, the important ones, rows of the encoder, targets */
  int inputs;     /* features of a data set, whose own moments come first; 0: generated */
  int passes;  /* over these, where components are found without moments: of products with a ... */
  int block;   /* ... block of so many vectors */
  int rotated; /* features that are rotated to components; 0: none are */
  int ranks_per_point, is_distributed;
  const tv_kind *const *method; /* borrowed, `methods` of them */
  int methods;
  int encoders, quantities; /* of each method and point */
} tv_workload;

/* Flops for each row until components are found; 0: generated. */
double tv_model_feature_flops(const tv_workload *workload);

/* How fast one rank is. What a stage takes beside its counted work does not shrink with ranks. */
typedef struct {
  double features, moments, solves;      /* flops per second */
  double open_seconds, features_seconds; /* that stay: opening, fitting what the pass has summed */
} tv_rates;

/* A message of b bytes takes latency + b / bandwidth. Those given here are a cluster's with an
 * InfiniBand network of 100 Gbit/s: MPI takes 1 to 2 us from node to node, and 12 GB/s at the most.
 */
typedef struct {
  double latency, bandwidth; /* seconds; bytes per second */
} tv_network;

extern const tv_network tv_typical_network;

/* Times of the slowest rank; communication is part of the stages and also given by itself. */
typedef struct {
  double seconds[TV_STAGES], total, communication;
} tv_forecast;

/* What a rank will count as its work. Of a data set of which samples are drawn, the expected flops
 * of the moments; all other numbers are exact, but for the rounding of sums of flops of solves. */
void tv_model_work(const tv_workload *workload, int ranks, int rank, tv_work out[TV_STAGES]);

/* Standard deviation of a rank's flops of moments, relative, where samples are drawn from more rows
 * than are wanted: the ranks have the rows in their shards, however many are drawn of them. */
double tv_model_moments_spread(const tv_workload *workload, int ranks, int rank);

/* Steps that the sum over the shards' tree takes when every message takes one and a rank is busy
 * with one at a time: log2(ranks) where ranks and shards are powers of 2, more otherwise. */
tv_error *tv_model_tree_steps(int shards, int ranks, int *out);

tv_error *tv_model_forecast(const tv_workload *workload, const tv_rates *rates,
                            const tv_network *network, int ranks, tv_forecast *out);

/* Strong: the same work on all numbers of ranks. Weak: samples, and with them the moments' work,
 * grow with the ranks; the number of points does not, so that only the moments are compared. */
typedef enum { TV_STRONG, TV_WEAK } tv_scaling_kind;

/* What was measured, from which other numbers of ranks are modelled. */
typedef struct {
  tv_scaling_kind kind;
  int ranks; /* on which the workload and the rates were measured */
  tv_workload workload;
  tv_rates rates;
  tv_network network;
} tv_scaling_model;

/* The workload on `ranks`: in weak scaling, with as many more samples. */
tv_workload tv_scaling_workload(const tv_scaling_model *model, int ranks);

/* Times and efficiency on any number of ranks; `*exists` is 0 where weak scaling would need more
 * samples than the data set has. */
tv_error *tv_scaling_forecast(const tv_scaling_model *model, int ranks, tv_forecast *out,
                              double *efficiency, int *exists);

/* The smallest number of ranks, up to `most`, on which communication takes more than half of the
 * time; 0: none. */
tv_error *tv_scaling_takeover(const tv_scaling_model *model, int most, int *out);

#endif
