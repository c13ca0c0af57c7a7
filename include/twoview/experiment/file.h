/* Reading an experiment file. */
#ifndef TWOVIEW_EXPERIMENT_FILE_H
#define TWOVIEW_EXPERIMENT_FILE_H

#include <mpi.h>

#include "twoview/experiment/experiment.h"

/* Rank 0 reads the file at `path`; every rank parses the same bytes, with `overrides` and
 * `kinds` as in
 * tv_experiment_parse. Free `*out` with tv_experiment_destroy.                      Collective. */
tv_error *tv_experiment_load(const char *path, const char *const *overrides, const tv_kinds *kinds,
                             MPI_Comm comm, tv_experiment **out);

#endif
