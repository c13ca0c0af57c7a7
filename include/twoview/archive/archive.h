/* The archive of a run: one HDF5 file, written beside its final name, flushed to disk and renamed,
 * so that a file of that name is always whole. Rank 0 writes all that is small, alone; encoders,
 * representations and samples are written collectively by the ranks that have them. */
#ifndef TWOVIEW_ARCHIVE_ARCHIVE_H
#define TWOVIEW_ARCHIVE_ARCHIVE_H

#include <mpi.h>

#include "twoview/base/output.h"
#include "twoview/base/stopwatch.h"
#include "twoview/data/sampling.h"
#include "twoview/data/shape.h"
#include "twoview/hdf5/array.h"
#include "twoview/studies/cube.h"
#include "twoview/studies/examples.h"
#include "twoview/studies/layout.h"
#include "twoview/studies/results.h"

/* All that a run leaves; everything is borrowed. */
typedef struct {
  const tv_experiment *experiment;
  const tv_source *source;
  const tv_features *features;
  const struct tv_view_model *model; /* of the view model; else NULL */
  const tv_sampling *sampling;
  const tv_spectra *spectra;
  const tv_moments *moments; /* NULL: distributed */
  const tv_layout *layout;
  double planned_bytes; /* memory of the fullest rank */
  const tv_results *results;
  const tv_examples *examples; /* NULL: none */
  const tv_stopwatch *stopwatch;
  const char *command; /* the command line */
  int64_t sessions;    /* runs that it took: 1 and one for each that was resumed */
} tv_record;

/* Create the file before any work, as tv_output_begin does, and have every rank open it as it will
 * be written; `inputs` ends with NULL. Ranks other than the first have no part in its names. End
 * with tv_archive_write, or with tv_output_abandon on every rank.                  Collective. */
tv_error *tv_archive_begin(const char *path, const char *const *inputs, int replaces, MPI_Comm comm,
                           tv_output *out);

/* Write the archive and give it its name. On an error nothing is left at its path that was not
 * there before.                                                                     Collective. */
tv_error *tv_archive_write(tv_output *output, const tv_record *record, MPI_Comm comm);

/* Refuse an archive of another format version. A file that is no archive passes. */
tv_error *tv_archive_expect_format(hid_t file);

/* Whether an HDF5 file calls itself an archive. */
int tv_archive_is_one(hid_t file);

/* An attribute of an archive. */
typedef struct {
  char *name, *value; /* owned */
} tv_note;

/* The rows of a method's encoder or the columns of its decoder, each as a sample of the source: of
 * the first replicate and strength, and the last severity and sample size. */
typedef struct {
  int method, is_decoder, rows;
  double *values; /* owned: rows x features */
} tv_archive_map;

/* The part of an archive that a report needs. */
typedef struct {
  char *experiment_name, *experiment_text; /* owned */
  tv_note *note;                           /* its provenance: all other attributes */
  int notes;
  const tv_study *study; /* of its numbers */
  const tv_kind *kind;   /* its own, which the report follows */
  tv_cube cube;
  int *encoder_k;             /* owned: rows of the nested encoders */
  int is_one_of_several;      /* the quantities are of one of these alone */
  double *replicate, *n;      /* coordinates */
  double *lambda_max, *alpha; /* alpha: NULL where it is found; of the view model both are, and
                               * instead: */
  double *severity, *strength;
  char **method;                        /* names */
  double *quantity[TV_MOST_QUANTITIES]; /* replicate x lambda_max x alpha x n x k x method */
  int is_unlabelled;                    /* those that need targets are NaN */
  int lacks[TV_MOST_QUANTITIES];        /* whether it is not archived; all are NaN then */
  double *alpha2_threshold;             /* replicate x lambda_max x k x method */
  int p, q, k;      /* important components, noise components, rows of the encoder */
  int is_held_out;  /* the view model scores on rows held out, in place of the training rows */
  double *spectrum; /* p: variances of the important components */
  double *gamma;    /* replicate x lambda_max x q, or NULL without noise */
  double *theta;    /* replicate x (p + q) */
  double *example_clean, *example_corrupted, *example_view; /* as tv_examples, or NULL */
  int examples;
  tv_shape shape;      /* of a sample; without axes: it has none, or none is archived */
  tv_archive_map *map; /* owned: of images of the view model */
  int maps;
} tv_archive;

/* Not collective: one process reads. Free with tv_archive_close. */
tv_error *tv_archive_read(const char *path, tv_archive **out);
void tv_archive_close(tv_archive **archive);

/* The quantities of the i-th encoder alone; all else is borrowed. Release with tv_archive_drop. */
tv_error *tv_archive_of_encoder(const tv_archive *archive, int i, tv_archive *out);
void tv_archive_drop(tv_archive *of_encoder);

/* What an archive was made from; all is owned. */
typedef struct {
  char *experiment;                               /* resolved */
  char *file[TV_MOST_FILES], *sha[TV_MOST_FILES]; /* of data; NULL: no more; sha "": not taken */
} tv_archive_origin;

/* Not collective. Free with tv_archive_origin_free. */
tv_error *tv_archive_read_origin(const char *path, tv_archive_origin *out);
void tv_archive_origin_free(tv_archive_origin *origin);

/* What the ranks of a run report about their work. Stages as in tv_stage, ranks x TV_STAGES
 * each. */
typedef struct {
  char *experiment_name, *experiment_text; /* owned, as the next five */
  char *solver;                            /* of the principal components; NULL: unknown */
  char **host;                             /* of each rank */
  double *seconds, *flops, *sent;
  int ranks, hosts;         /* hosts: different ones */
  int p, q, l;              /* important components, noise components, targets */
  int inputs;               /* features that are rotated to components; 0: none are */
  int is_distributed;       /* the layout of the moments */
  int64_t principal_passes; /* over the rows, of components found in such; 0: they are not */
} tv_archive_work;

/* Not collective: one process reads. Free with tv_archive_work_free. */
tv_error *tv_archive_read_work(const char *path, tv_archive_work *out);
void tv_archive_work_free(tv_archive_work *work);

#endif
