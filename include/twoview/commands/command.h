/* The commands of the program: what the first word behind its name may be. */
#ifndef TWOVIEW_COMMANDS_COMMAND_H
#define TWOVIEW_COMMANDS_COMMAND_H

#include "twoview/base/error.h"

typedef struct tv_call tv_call;

/* A row of the table in main.c. */
typedef struct {
  const char *name;
  const char *synopsis;     /* operands and options, as the list of all commands shows them */
  const char *help;         /* what --help prints */
  int is_collective;        /* carried out by all ranks of MPI, which it must not start itself */
  tv_error *(*begin)(void); /* before MPI starts; NULL: nothing */
  tv_error *(*carry_out)(tv_call *call);
} tv_command;

extern const tv_command tv_command_run, tv_command_theory, tv_command_merge, tv_command_report,
    tv_command_scaling, tv_command_info, tv_command_import;

/* Carry out a command, whose words begin with its name: `argv` ends with NULL, and its order may
 * change. An error is printed, once. Returns the exit status.             Collective if that is. */
int tv_command_main(const tv_command *command, int argc, char **argv);

/* The end of a command: standard output is flushed and checked, because the disk may be full, and
 * an error is printed by a process that `speaks`, and freed. Returns the exit status. */
int tv_command_end(tv_error *error, int speaks);

#endif
