/* The plan of a run: what it will take, before it is run. */
#ifndef TWOVIEW_PLAN_PLAN_H
#define TWOVIEW_PLAN_PLAN_H

#include <mpi.h>

#include "twoview/data/held_out.h"
#include "twoview/data/source.h"
#include "twoview/experiment/experiment.h"
#include "twoview/studies/layout.h"

typedef struct {
  tv_layout layout;
  int ranks, grid_rows, grid_columns;   /* the grid of a group */
  int features;                         /* of the source */
  tv_principal_solver principal_solver; /* of its principal components; BY_COST: there are none */
  int principal_order;                  /* of their eigenproblem; 0: none */
  int keeps_rows;                       /* between passes of theirs */
  int components;                       /* principal ones that are kept */
  int p, d, width;         /* features of the moments, inputs of an encoder, numbers of a row */
  int64_t points, entries; /* entries: points x methods */
  int64_t moment_parts;    /* into which the moments are cut for the ranks, unless distributed */
  double available_bytes;  /* for each rank, beside what it has already */
  double resident_bytes;   /* that the fullest rank has already: libraries, images */
  double memory_bytes;     /* that the fullest rank will have at the most */
  double features_bytes;   /* of these, while the principal components are found */
  double moment_flops, solve_flops; /* of all ranks together */
  double normals;                   /* random normals drawn, all ranks */
  double reduced_bytes;             /* sums and rows sent by one rank, at the most */
  double archive_bytes;             /* before compression */
} tv_plan;

/* Choose the layout and count. The source is open.                                  Collective. */
tv_error *tv_plan_make(const tv_experiment *experiment, const tv_source *source,
                       const tv_held_out *held_out, MPI_Comm comm, tv_plan *out);

/* Rows whose views are summed, counted at each replicate, severity and strength; and the flops of
 * these sums with so many views of each. */
double tv_plan_view_rows(const tv_experiment *experiment);
double tv_plan_view_flops(const tv_experiment *experiment, const tv_source *source,
                          const tv_plan *plan, double views);

/* Refuse what does not fit into the memory that is left. */
tv_error *tv_plan_expect_room(const tv_plan *plan);

/* Seconds by the clock. */
typedef struct {
  double least, most;
} tv_time_range;

/* The time of the plan, from this machine's own rates: those that all ranks measure at the same
 * time, several times over, in a second or so.                                       Collective. */
tv_error *tv_plan_estimate(const tv_experiment *experiment, const tv_plan *plan, MPI_Comm comm,
                           tv_time_range *out);

/* time: as estimated; NULL: not printed. */
void tv_plan_print(const tv_experiment *experiment, const tv_source *source, const tv_plan *plan,
                   const tv_time_range *time);

/* "1.5 GiB (1610612736 bytes)". */
void tv_format_bytes(double bytes, char out[64]);

#endif
