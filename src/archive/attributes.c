#include "attributes.h"

/* Its name and digest. */
#define NOTES_OF_FILE(i)                                                                           \
  [TV_NOTE_FILE_##i] = {"source_file_" #i, TV_OF_SOME},                                            \
  [TV_NOTE_DIGEST_##i] = {"source_file_" #i "_sha256", TV_OF_SOME, .is_common = 1}

static const struct {
  const char *name;
  tv_note_place place;
  int is_common;
} notes[TV_NOTES] = {[TV_NOTE_CONVENTIONS] = {"Conventions"},
                     [TV_NOTE_FILETYPE] = {"filetype", .is_common = 1},
                     [TV_NOTE_FORMAT] = {"format_version", .is_common = 1},
                     [TV_NOTE_STUDY] = {"study"},
                     [TV_NOTE_TITLE] = {"title"},
                     [TV_NOTE_SEED] = {"seed"},
                     [TV_NOTE_EXPERIMENT] = {"experiment"},
                     [TV_NOTE_EXPERIMENT_FILE] = {"experiment_file", TV_OF_RUN},
                     [TV_NOTE_VERSION] = {"twoview_version", TV_OF_RUN},
                     [TV_NOTE_REVISION] = {"git_revision", TV_OF_RUN},
                     [TV_NOTE_COMPILER] = {"compiler", TV_OF_RUN},
                     [TV_NOTE_BUILD_TYPE] = {"build_type", TV_OF_RUN},
                     [TV_NOTE_MPI] = {"mpi", TV_OF_RUN},
                     [TV_NOTE_HDF5] = {"hdf5", TV_OF_RUN},
                     [TV_NOTE_BLAS] = {"blas", TV_OF_RUN},
                     [TV_NOTE_SCALAPACK] = {"scalapack", TV_OF_RUN},
                     [TV_NOTE_LIBYAML] = {"libyaml", TV_OF_SOME},
                     [TV_NOTE_RANDOM_STREAMS] = {"random_streams", TV_OF_RUN, .is_common = 1},
                     [TV_NOTE_RANKS] = {"ranks", TV_OF_RUN},
                     [TV_NOTE_SESSIONS] = {"sessions", TV_OF_RUN},
                     [TV_NOTE_NOISE_SAMPLER] = {"noise_sampler", TV_OF_RUN},
                     [TV_NOTE_LAYOUT] = {"layout", TV_OF_RUN, .is_common = 1},
                     [TV_NOTE_SOURCE_ROLE] = {"source_as", TV_OF_SOME},
                     [TV_NOTE_GROUPS] = {"groups", TV_OF_RUN},
                     [TV_NOTE_EIGENSOLVER] = {"eigensolver", TV_OF_RUN},
                     [TV_NOTE_PLANNED_MEMORY] = {"planned_memory", TV_OF_RUN},
                     [TV_NOTE_BLAS_THREADS] = {"blas_threads", TV_OF_RUN},
                     NOTES_OF_FILE(1),
                     NOTES_OF_FILE(2),
                     NOTES_OF_FILE(3),
                     NOTES_OF_FILE(4),
                     NOTES_OF_FILE(5),
                     NOTES_OF_FILE(6),
                     NOTES_OF_FILE(7),
                     NOTES_OF_FILE(8),
                     NOTES_OF_FILE(9),
                     NOTES_OF_FILE(10),
                     NOTES_OF_FILE(11),
                     NOTES_OF_FILE(12),
                     [TV_NOTE_SHAPE] = {"source_shape", TV_OF_SOME},
                     [TV_NOTE_LIBRARY_SIZE] = {"library_size", TV_OF_SOME, .is_common = 1},
                     [TV_NOTE_PRINCIPAL_SOLVER] = {"principal_solver", TV_OF_SOME},
                     [TV_NOTE_PRINCIPAL_PASSES] = {"principal_passes", TV_OF_SOME},
                     [TV_NOTE_PRINCIPAL_RESIDUAL] = {"principal_residual", TV_OF_SOME},
                     [TV_NOTE_BANDWIDTH] = {"bandwidth", TV_OF_SOME, .is_common = 1},
                     [TV_NOTE_COMMAND] = {"command", TV_OF_RUN},
                     [TV_NOTE_STARTED] = {"started", TV_OF_RUN},
                     [TV_NOTE_FINISHED] = {"finished", TV_OF_RUN},
                     [TV_NOTE_MERGED] = {"merged", TV_OF_SOME},
                     [TV_NOTE_MERGE_COMMAND] = {"merge_command", TV_OF_SOME},
                     [TV_NOTE_FIRST_REPLICATE] = {"first_replicate", TV_OF_PART},
                     [TV_NOTE_REPLICATES] = {"replicates", TV_OF_PART}};

tv_note_id tv_note_of_file(int i) {
  return TV_NOTE_FILE_1 + 2 * (tv_note_id)i;
}

tv_note_id tv_note_of_digest(int i) {
  return TV_NOTE_DIGEST_1 + 2 * (tv_note_id)i;
}

const char *tv_note_name(tv_note_id note) {
  return notes[note].name;
}

tv_note_place tv_note_place_of(tv_note_id note) {
  return notes[note].place;
}

int tv_note_is_common(tv_note_id note) {
  return notes[note].is_common;
}
