/* A run, from experiment file to archive. */
#ifndef TWOVIEW_RUN_H
#define TWOVIEW_RUN_H

#include <mpi.h>

#include "twoview/error.h"

typedef struct {
  const char *experiment;       /* path of the YAML file */
  const char *output;           /* path of the archive; NULL: NAME.h5 here */
  const char *const *overrides; /* KEY=VALUE, NULL-terminated */
  const char *command;          /* the command line, for provenance */
  int replaces;                 /* an existing output */
  int is_dry;                   /* check everything, print the plan, compute nothing */
} tv_run_options;

/* Collective. Results on stdout, progress on stderr, both from rank 0. */
tv_error *tv_run(const tv_run_options *options, MPI_Comm comm);

#endif
