#include "provenance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "attributes.h"
#include "build_info.h"
#include "settings.h"
#include "twoview/archive/schema.h"
#include "twoview/base/build.h"
#include "twoview/base/text.h"
#include "twoview/data/preparation.h"
#include "twoview/data/principal_choice.h"
#include "twoview/linalg/eigen.h"

static tv_error *put_text(hid_t root, tv_note_id note, const char *text) {
  return tv_attribute_text(root, tv_note_name(note), text);
}

static tv_error *put_number(hid_t root, tv_note_id note, int64_t number) {
  return tv_attribute_number(root, tv_note_name(note), number);
}

static tv_error *write_program(hid_t root) {
  char mpi[MPI_MAX_LIBRARY_VERSION_STRING], hdf5[64], threads[64];
  int length;
  unsigned major, minor, release;
  MPI_Get_library_version(mpi, &length);
  H5get_libversion(&major, &minor, &release);
  snprintf(hdf5, sizeof hdf5, "%u.%u.%u", major, minor, release);
  mpi[strcspn(mpi, "\n")] = '\0';
  tv_describe_blas_threads(threads);
  TV_TRY(put_text(root, TV_NOTE_VERSION, TV_VERSION));
  TV_TRY(put_text(root, TV_NOTE_REVISION, TV_GIT_REVISION));
  TV_TRY(put_text(root, TV_NOTE_COMPILER, TV_COMPILER));
  TV_TRY(put_text(root, TV_NOTE_BUILD_TYPE, TV_BUILD_TYPE));
  TV_TRY(put_text(root, TV_NOTE_MPI, mpi));
  TV_TRY(put_text(root, TV_NOTE_HDF5, hdf5));
  TV_TRY(put_text(root, TV_NOTE_BLAS, tv_blas_version()));
  TV_TRY(put_text(root, TV_NOTE_BLAS_THREADS, threads));
  TV_TRY(put_text(root, TV_NOTE_SCALAPACK, TV_SCALAPACK));
  TV_TRY(put_text(root, TV_NOTE_LIBYAML, yaml_get_version_string()));
  return put_text(root, TV_NOTE_RANDOM_STREAMS, "Philox4x32-10, version 1");
}

static tv_error *write_files(hid_t root, const tv_source *source) {
  for (int i = 0; i < TV_MOST_FILES && source->files[i].path; ++i) {
    TV_TRY(put_text(root, tv_note_of_file(i), source->files[i].path));
    TV_TRY(put_text(root, tv_note_of_digest(i), source->files[i].digest));
  }
  return NULL;
}

/* Of a vector there is none to be told. */
static tv_error *write_shape(hid_t root, const tv_shape *shape) {
  const int64_t numbers[] = {shape->rows, shape->columns, shape->channels};
  if (shape->axes < 2) return NULL;
  return tv_attribute_list(root, tv_note_name(TV_NOTE_SHAPE), TV_INTEGER, 3, numbers);
}

static tv_error *write_preparation(hid_t root, const tv_preparation *preparation) {
  if (!preparation || preparation->library_size == 0) return NULL;
  return tv_attribute_real(root, tv_note_name(TV_NOTE_LIBRARY_SIZE), preparation->library_size);
}

/* Of components that are found: how, and how accurately where that is not to rounding. */
static tv_error *write_components(hid_t root, const tv_features *f) {
  if (f->solver == TV_PRINCIPAL_BY_COST) return NULL;
  TV_TRY(put_text(root, TV_NOTE_PRINCIPAL_SOLVER, tv_principal_name(f->solver)));
  if (f->solver != TV_PRINCIPAL_SUBSPACE) return NULL;
  TV_TRY(put_number(root, TV_NOTE_PRINCIPAL_PASSES, (int64_t)f->accuracy[TV_PRINCIPAL_PASSES]));
  return tv_attribute_real(root, tv_note_name(TV_NOTE_PRINCIPAL_RESIDUAL),
                           f->accuracy[TV_PRINCIPAL_RESIDUAL]);
}

static tv_error *write_bandwidth(hid_t root, const tv_features *features) {
  if (!features->weights) return NULL;
  return tv_attribute_real(root, tv_note_name(TV_NOTE_BANDWIDTH), features->bandwidth);
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
  TV_TRY(put_text(root, TV_NOTE_STUDY, e->study->name));
  TV_TRY(put_text(root, TV_NOTE_TITLE, e->name));
  TV_TRY(tv_attribute_natural(root, tv_note_name(TV_NOTE_SEED), e->seed));
  TV_TRY(put_text(root, TV_NOTE_EXPERIMENT_FILE, e->file));
  TV_TRY(tv_experiment_print(e, &resolved));
  tv_error *error = put_text(root, TV_NOTE_EXPERIMENT, resolved);
  free(resolved);
  return error ? error : tv_settings_write(root, e);
}

/* How the work was done. */
static tv_error *write_method(hid_t root, const tv_record *record, int ranks) {
  const tv_experiment *e = record->experiment;
  const tv_layout *layout = record->layout;
  const char *role = e->source.role == TV_AS_POPULATION ? "population" : "sample";
  const int d = record->sampling->p + record->sampling->q;
  TV_TRY(put_number(root, TV_NOTE_RANKS, ranks));
  TV_TRY(put_number(root, TV_NOTE_SESSIONS, record->sessions));
  TV_TRY(put_text(root, TV_NOTE_LAYOUT, layout->is_distributed ? "distributed" : "replicated"));
  TV_TRY(
      put_text(root, TV_NOTE_NOISE_SAMPLER, e->noise.sampler == TV_SAMPLER_LAW ? "law" : "rows"));
  if (!record->source->kind->is_generated) TV_TRY(put_text(root, TV_NOTE_SOURCE_ROLE, role));
  TV_TRY(put_number(root, TV_NOTE_GROUPS, layout->groups));
  TV_TRY(put_text(root, TV_NOTE_EIGENSOLVER,
                  tv_eigen_method(d, e->encoder.k, ranks / layout->groups)));
  return put_number(root, TV_NOTE_PLANNED_MEMORY, (int64_t)record->planned_bytes);
}

tv_error *tv_provenance_write(hid_t root, const tv_record *record, int ranks) {
  char finished[32];
  tv_utc_now(finished);
  TV_TRY(put_text(root, TV_NOTE_CONVENTIONS, "CF-1.10"));
  TV_TRY(put_text(root, TV_NOTE_FILETYPE, TV_FILETYPE));
  TV_TRY(put_number(root, TV_NOTE_FORMAT, TV_FORMAT_VERSION));
  TV_TRY(write_experiment(root, record->experiment));
  TV_TRY(write_program(root));
  TV_TRY(write_method(root, record, ranks));
  TV_TRY(write_files(root, record->source));
  TV_TRY(write_shape(root, &record->source->shape));
  TV_TRY(write_preparation(root, record->source->preparation));
  TV_TRY(write_components(root, record->features));
  TV_TRY(write_bandwidth(root, record->features));
  TV_TRY(write_slurm(root));
  TV_TRY(put_text(root, TV_NOTE_COMMAND, record->command));
  TV_TRY(put_text(root, TV_NOTE_STARTED, record->stopwatch->started));
  return put_text(root, TV_NOTE_FINISHED, finished);
}
