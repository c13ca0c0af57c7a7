#include "twoview/commands/command.h"

#include <mpi.h>
#include <stdio.h>

#include "call.h"
#include "twoview/base/build.h"
#include "twoview/base/escape.h"
#include "twoview/base/interruption.h"
#include "twoview/base/memory.h"
#include "twoview/base/text.h"
#include "twoview/hdf5/error.h"

int tv_command_end(tv_error *error, int speaks) {
  if (!error && (fflush(stdout) != 0 || ferror(stdout)))
    error = tv_fail_errno("standard output cannot be written");
  const int exit_code = error ? error->exit_code : TV_EXIT_OK;
  if (error && speaks) tv_print_line(stderr, "twoview: %s", error->message);
  tv_error_free(error);
  return exit_code;
}

static tv_error *carry_out(const tv_command *command, int argc, char **argv, int rank) {
  tv_call call;
  TV_TRY(tv_variables_expect_seconds());
  tv_error *error = tv_call_make(command, argc, argv, &call);
  call.rank = rank;
  opterr = 0;
  if (!error) error = command->carry_out(&call);
  tv_call_destroy(&call);
  return error;
}

static int main_on_ranks(const tv_command *command, int argc, char **argv) {
  int rank;
  tv_memory_keep_freed();
  MPI_Init(NULL, NULL);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  tv_limit_blas_threads();
  tv_error *error = carry_out(command, argc, argv, rank);
  tv_interruption_hush();
  const int exit_code = tv_command_end(error, rank == 0);
  MPI_Finalize();
  return exit_code;
}

int tv_command_main(const tv_command *command, int argc, char **argv) {
  tv_error *error = command->begin ? command->begin() : NULL;
  if (error) return tv_command_end(error, 1);
  tv_hdf5_prepare();
  if (command->is_collective) return main_on_ranks(command, argc, argv);
  return tv_command_end(carry_out(command, argc, argv, 0), 1);
}
