/* The attributes of an archive, each written down once: by these names they are written, read,
 * verified and joined. */
#ifndef TWOVIEW_ARCHIVE_ATTRIBUTES_H
#define TWOVIEW_ARCHIVE_ATTRIBUTES_H

typedef enum {
  TV_NOTE_CONVENTIONS,
  TV_NOTE_FILETYPE,
  TV_NOTE_FORMAT,
  TV_NOTE_STUDY,
  TV_NOTE_TITLE,
  TV_NOTE_SEED,
  TV_NOTE_EXPERIMENT, /* resolved */
  TV_NOTE_EXPERIMENT_FILE,
  TV_NOTE_VERSION,
  TV_NOTE_REVISION,
  TV_NOTE_COMPILER,
  TV_NOTE_BUILD_TYPE,
  TV_NOTE_MPI,
  TV_NOTE_HDF5,
  TV_NOTE_BLAS,
  TV_NOTE_SCALAPACK,
  TV_NOTE_LIBYAML,
  TV_NOTE_RANDOM_STREAMS,
  TV_NOTE_RANKS,
  TV_NOTE_SESSIONS,
  TV_NOTE_NOISE_SAMPLER,
  TV_NOTE_LAYOUT,
  TV_NOTE_SOURCE_ROLE,
  TV_NOTE_GROUPS,
  TV_NOTE_EIGENSOLVER,
  TV_NOTE_PLANNED_MEMORY,
  TV_NOTE_BLAS_THREADS,
  TV_NOTE_FILE_1, /* of data: name and SHA-256 of the first, then of the others */
  TV_NOTE_DIGEST_1,
  TV_NOTE_FILE_2,
  TV_NOTE_DIGEST_2,
  TV_NOTE_FILE_3,
  TV_NOTE_DIGEST_3,
  TV_NOTE_FILE_4,
  TV_NOTE_DIGEST_4,
  TV_NOTE_FILE_5,
  TV_NOTE_DIGEST_5,
  TV_NOTE_FILE_6,
  TV_NOTE_DIGEST_6,
  TV_NOTE_FILE_7,
  TV_NOTE_DIGEST_7,
  TV_NOTE_FILE_8,
  TV_NOTE_DIGEST_8,
  TV_NOTE_FILE_9,
  TV_NOTE_DIGEST_9,
  TV_NOTE_FILE_10,
  TV_NOTE_DIGEST_10,
  TV_NOTE_FILE_11,
  TV_NOTE_DIGEST_11,
  TV_NOTE_FILE_12,
  TV_NOTE_DIGEST_12,
  TV_NOTE_SHAPE,            /* of a sample */
  TV_NOTE_LIBRARY_SIZE,     /* to which rows are normalised */
  TV_NOTE_PRINCIPAL_SOLVER, /* of principal components, ... */
  TV_NOTE_PRINCIPAL_PASSES, /* ... of those found in passes over the rows */
  TV_NOTE_PRINCIPAL_RESIDUAL,
  TV_NOTE_BANDWIDTH, /* of random Fourier features */
  TV_NOTE_COMMAND,
  TV_NOTE_STARTED,
  TV_NOTE_FINISHED,
  TV_NOTE_MERGED,
  TV_NOTE_MERGE_COMMAND,
  TV_NOTE_FIRST_REPLICATE,
  TV_NOTE_REPLICATES,
  TV_NOTES
} tv_note_id;

/* Where an attribute is. */
typedef enum {
  TV_OF_ARCHIVE, /* the root */
  TV_OF_RUN,     /* the root, or the parts of an archive that was joined from several runs */
  TV_OF_PART,    /* these parts */
  TV_OF_SOME     /* the root of some archives */
} tv_note_place;

/* Of the i-th file of data, from 0 on. */
tv_note_id tv_note_of_file(int i);
tv_note_id tv_note_of_digest(int i);

const char *tv_note_name(tv_note_id note);
tv_note_place tv_note_place_of(tv_note_id note);

/* Whether archives that are joined have the same. */
int tv_note_is_common(tv_note_id note);

/* The file type, by which an archive is known. */
#define TV_FILETYPE "twoview archive"

/* The group of the parts. */
#define TV_PARTS "parts"

#endif
