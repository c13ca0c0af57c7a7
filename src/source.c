#include "twoview/source.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "twoview/comm.h"
#include "twoview/law.h"

static const long long largest_digested = 1LL << 32;

tv_error *tv_source_note_file(tv_source *source, const char *path) {
  int slot = 0;
  struct stat status;
  while (source->files[slot].path) ++slot;
  source->files[slot].path = strdup(path);
  if (!source->files[slot].path) return tv_fail("out of memory");
  if (stat(path, &status) != 0) return tv_fail_errno("%s", path);
  if (!S_ISREG(status.st_mode)) return tv_fail("%s: not a regular file", path);
  if (status.st_size > largest_digested) return NULL;
  return tv_digest_file(path, source->files[slot].digest);
}

tv_error *tv_source_open(const tv_experiment *experiment, MPI_Comm comm, tv_source **out) {
  static tv_error *(*const openers[])(const tv_experiment *, MPI_Comm, tv_source *) = {
      [TV_SOURCE_IDX] = tv_source_open_idx,
      [TV_SOURCE_HDF5] = tv_source_open_hdf5,
      [TV_SOURCE_GAUSSIAN] = tv_source_open_generated,
      [TV_SOURCE_MIXTURE] = tv_source_open_generated};
  TV_TRY(tv_agree(comm, tv_allocate(1, sizeof(**out), out)));
  tv_error *error = openers[experiment->source.type](experiment, comm, *out);
  if (!error) error = tv_experiment_check_data(experiment, (*out)->rows, (*out)->features);
  if (!error) error = tv_law_expect_sizes(experiment, *out);
  if (error) tv_source_close(out);
  return error;
}

void tv_source_close(tv_source **source) {
  if (!*source) return;
  if ((*source)->close) (*source)->close(*source);
  for (int i = 0; i < TV_MOST_FILES; ++i) free((*source)->files[i].path);
  free((*source)->state);
  free(*source);
  *source = NULL;
}
