/* A run, from experiment file to archive. */
#ifndef TWOVIEW_COMMANDS_RUN_H
#define TWOVIEW_COMMANDS_RUN_H

#include <mpi.h>

#include "twoview/base/error.h"

typedef struct {
  const char *experiment;       /* path of the YAML file */
  const char *output;           /* path of the archive; NULL: NAME.h5 here */
  const char *const *overrides; /* KEY=VALUE, NULL-terminated */
  const char *command;          /* the command line, for provenance */
  int replaces;                 /* an existing output, and what is left of an earlier run */
  int resumes;                  /* an earlier run, where it was interrupted */
  double checkpoint_every;      /* seconds; 0: as seems sensible */
  double time_limit;            /* seconds, from now on; INFINITY: none */
  int is_dry;                   /* check everything, print the plan, compute nothing */
} tv_run_options;

/* Results on stdout, progress on stderr, both from rank 0. An error of exit code
 * TV_EXIT_INTERRUPTED: the run was told to stop, and a checkpoint holds what it has done;
 * TV_EXIT_NO_TIME: the same, but its time limit is too short to get anywhere.
 *                                                                                  Collective. */
tv_error *tv_run(const tv_run_options *options, MPI_Comm comm);

#endif
