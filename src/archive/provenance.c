#include "provenance.h"

#include <cyaml/cyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build_info.h"
#include "twoview/base/build.h"
#include "twoview/base/text.h"
#include "twoview/linalg/eigen.h"

static tv_error *write_libraries(hid_t root) {
  char mpi[MPI_MAX_LIBRARY_VERSION_STRING], hdf5[64];
  int length;
  unsigned major, minor, release;
  MPI_Get_library_version(mpi, &length);
  H5get_libversion(&major, &minor, &release);
  snprintf(hdf5, sizeof hdf5, "%u.%u.%u", major, minor, release);
  mpi[strcspn(mpi, "\n")] = '\0';
  TV_TRY(tv_attribute_text(root, "mpi", mpi));
  TV_TRY(tv_attribute_text(root, "hdf5", hdf5));
  TV_TRY(tv_attribute_text(root, "blas", tv_blas_version()));
  TV_TRY(tv_attribute_text(root, "scalapack", TV_SCALAPACK));
  return tv_attribute_text(root, "libcyaml", cyaml_version_str);
}

static tv_error *write_files(hid_t root, const tv_source *source) {
  char name[64];
  for (int i = 0; i < TV_MOST_FILES && source->files[i].path; ++i) {
    snprintf(name, sizeof name, "source_file_%d", i + 1);
    TV_TRY(tv_attribute_text(root, name, source->files[i].path));
    snprintf(name, sizeof name, "source_file_%d_sha256", i + 1);
    TV_TRY(tv_attribute_text(root, name, source->files[i].digest));
  }
  return NULL;
}

static tv_error *write_slurm(hid_t root) {
  static const char *const names[] = {"SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID",
                                      "SLURM_RESTART_COUNT"};
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
    const char *value = tv_environment(names[i]);
    char lower[64];
    if (!value) continue;
    snprintf(lower, sizeof lower, "%s", names[i]);
    for (char *c = lower; *c; ++c)
      if (*c >= 'A' && *c <= 'Z') *c = (char)(*c - 'A' + 'a');
    TV_TRY(tv_attribute_text(root, lower, value));
  }
  return NULL;
}

static tv_error *write_experiment(hid_t root, const tv_experiment *e) {
  char *resolved = NULL;
  TV_TRY(tv_experiment_print(e, &resolved));
  tv_error *error = tv_attribute_text(root, "experiment", resolved);
  free(resolved);
  if (!error) error = tv_attribute_text(root, "experiment_file", e->file);
  if (!error) error = tv_attribute_text(root, "title", e->name);
  return error ? error : tv_attribute_natural(root, "seed", e->seed);
}

tv_error *tv_provenance_write(hid_t root, const tv_record *record, int ranks) {
  char finished[32], threads[64];
  tv_utc_now(finished);
  TV_TRY(tv_attribute_text(root, "Conventions", "CF-1.10"));
  TV_TRY(tv_attribute_text(root, "filetype", "twoview archive"));
  TV_TRY(tv_attribute_number(root, "format_version", TV_FORMAT_VERSION));
  TV_TRY(tv_attribute_text(root, "study", tv_study_type_name(record->experiment->study)));
  TV_TRY(write_experiment(root, record->experiment));
  TV_TRY(tv_attribute_text(root, "twoview_version", TV_VERSION));
  TV_TRY(tv_attribute_text(root, "git_revision", TV_GIT_REVISION));
  TV_TRY(tv_attribute_text(root, "compiler", TV_COMPILER));
  TV_TRY(tv_attribute_text(root, "build_type", TV_BUILD_TYPE));
  TV_TRY(write_libraries(root));
  TV_TRY(tv_attribute_text(root, "random_streams", "Philox4x32-10, version 1"));
  TV_TRY(tv_attribute_number(root, "ranks", ranks));
  TV_TRY(tv_attribute_number(root, "sessions", record->sessions));
  TV_TRY(tv_attribute_text(root, "layout",
                           record->layout->is_distributed ? "distributed" : "replicated"));
  TV_TRY(tv_attribute_text(root, "noise_sampler",
                           record->experiment->noise.sampler == TV_SAMPLER_LAW ? "law" : "rows"));
  if (record->source->rows >= 0)
    TV_TRY(tv_attribute_text(root, "source_as",
                             record->experiment->source.role == TV_AS_POPULATION ? "population"
                                                                                 : "sample"));
  TV_TRY(tv_attribute_number(root, "groups", record->layout->groups));
  TV_TRY(tv_attribute_text(root, "eigensolver",
                           tv_eigen_method(record->sampling->p + record->sampling->q,
                                           record->experiment->encoder.k,
                                           ranks / record->layout->groups)));
  TV_TRY(tv_attribute_number(root, "planned_memory", (int64_t)record->planned_bytes));
  tv_describe_blas_threads(threads);
  TV_TRY(tv_attribute_text(root, "blas_threads", threads));
  TV_TRY(write_files(root, record->source));
  TV_TRY(write_slurm(root));
  TV_TRY(tv_attribute_text(root, "command", record->command));
  TV_TRY(tv_attribute_text(root, "started", record->stopwatch->started));
  return tv_attribute_text(root, "finished", finished);
}
