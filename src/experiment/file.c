#include "twoview/experiment/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/base/comm.h"
#include "twoview/base/file.h"

static tv_error *read_text(const char *path, char **text) {
  enum { LARGEST_EXPERIMENT = 1 << 22 };
  FILE *file;
  TV_TRY(tv_file_open_stream(path, &file));
  tv_error *error = tv_allocate(LARGEST_EXPERIMENT + 1, 1, text);
  if (!error) {
    const size_t length = fread(*text, 1, LARGEST_EXPERIMENT, file);
    if (ferror(file))
      error = tv_fail_errno("%s", path);
    else if (length == LARGEST_EXPERIMENT || strlen(*text) != length)
      error = tv_fail_usage("%s: not an experiment file: %s", path,
                            strlen(*text) != length ? "it holds a zero byte" : "it is too large");
  }
  fclose(file);
  return error;
}

tv_error *tv_experiment_load(const char *path, const char *const *overrides, const tv_kinds *kinds,
                             MPI_Comm comm, tv_experiment **out) {
  int rank;
  char *text = NULL;
  MPI_Comm_rank(comm, &rank);
  tv_error *error = tv_agree(comm, rank == 0 ? read_text(path, &text) : NULL);
  if (!error) error = tv_broadcast_text(comm, &text);
  if (!error) error = tv_agree(comm, tv_experiment_parse(path, text, overrides, kinds, out));
  free(text);
  return error;
}
