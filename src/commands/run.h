/* The options of a run. */
#ifndef TWOVIEW_COMMANDS_RUN_H
#define TWOVIEW_COMMANDS_RUN_H

typedef struct {
  const char *experiment;       /* path of the YAML file */
  const char *output;           /* path of the archive; NULL: NAME.h5 here */
  const char *const *overrides; /* KEY=VALUE, NULL-terminated */
  const char *command;          /* the command line, for provenance */
  int replaces;                 /* an existing output, and what is left of an earlier run */
  int resumes;                  /* an earlier run, where it was interrupted */
  double checkpoint_every;      /* seconds; 0: chosen by the time that saving takes */
  double time_limit;            /* seconds, from now on; INFINITY: none */
  int is_dry;                   /* check everything, print the plan, compute nothing */
} tv_run_options;

#endif
