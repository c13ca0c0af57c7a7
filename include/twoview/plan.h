/* What a run will take, before it is run. */
#ifndef TWOVIEW_PLAN_H
#define TWOVIEW_PLAN_H

#include <mpi.h>

#include "twoview/experiment.h"
#include "twoview/source.h"

typedef struct {
  int ranks, groups, grid_rows, grid_columns, d, width;
  int64_t points, solutions;
  double memory_bytes;              /* of the fullest rank, beside what libraries take */
  double moment_flops, solve_flops; /* of all ranks together */
  double normals;                   /* random normals drawn, all ranks */
  double reduced_bytes;             /* sent by a rank that sends, at the most */
  double archive_bytes;             /* before compression */
  double seconds;                   /* estimate from this machine's own rates, measured for it */
} tv_plan;

/* Collective: rank 0 measures the rates. */
tv_error *tv_plan_make(const tv_experiment *experiment, const tv_source *source, MPI_Comm comm,
                       tv_plan *out);
void tv_plan_print(const tv_experiment *experiment, const tv_source *source, const tv_plan *plan);

#endif
