/* Sampling: which rows make up a subsample, and the rows themselves as the moments take them. Every
 * replicate orders the data set by a keyed permutation (generated rows come in their own order);
 * the first n of that order are its subsample of size n, so that the sizes are nested. Each row
 * finds its own place in that order, and so every pass reads the data in storage order. */
#ifndef TWOVIEW_DATA_SAMPLING_H
#define TWOVIEW_DATA_SAMPLING_H

#include <stdint.h>

#include "twoview/data/features.h"
#include "twoview/data/shard.h"
#include "twoview/data/source.h"
#include "twoview/experiment/experiment.h"
#include "twoview/random/random.h"

/* What makes corrupted rows of the rows as they are, in several severities from 1 on: a draw that
 * depends on the replicate and the number of the row alone. All is borrowed. */
typedef struct {
  int severities;
  void (*corrupt)(const void *context, int severity, int replicate, int64_t number, double *x);
  const void *context;
} tv_row_corruption;

typedef struct {
  const tv_experiment *experiment; /* borrowed, as the next two */
  const tv_source *source;
  const tv_features *features; /* NULL: rows are the numbers of the source */
  tv_partition partition;
  int replicates;
  int sizes_count;      /* of the nested subsamples ... */
  const int64_t *sizes; /* ... borrowed */
  int64_t first_place;  /* of the rows in the order of their source that belong to them */
  int64_t outside; /* added to places and numbers of rows, for what is drawn for them: other rows
                    * than those that are held out */
  const tv_row_corruption *corruption; /* borrowed: rows come as they are, and corrupted; NULL: as
                                        * they are */
  int is_held_out;
  int p, q, l;               /* important components, noise components, targets */
  int width;                 /* p + q + l + 1 */
  tv_checkpoint *checkpoint; /* borrowed: where finished work is kept; NULL: nowhere */
} tv_sampling;

/* Rows of one replicate: u = (x, z, y, 1) with x the components, z STANDARD normal noise, y the
 * targets. Grouped by the smallest sample size that contains them. */
typedef struct {
  int replicate, rows;
  int severity;            /* of the rows' corruption; 0: as they are */
  const double *u;         /* rows x width, rows contiguous */
  const double *inputs;    /* the numbers that corruptions and augmentations act on: of nonlinear
                            * features the rows that these are made of, else those of u; ... */
  int inputs_leading;      /* ... so many apart */
  const int64_t *position; /* of each row in the nested order, what is outside added */
  const int64_t *number;   /* of each row in its source, likewise */
  const int *level_end;    /* rows of levels 0 .. j are the first level_end[j] */
} tv_batch;

typedef tv_error *tv_batch_visitor(void *context, const tv_batch *batch);

/* Rows wanted: replicates [replicate, replicate_end), places [first, end) of their nested orders.
 */
typedef struct {
  int replicate, replicate_end;
  int64_t first, end;
} tv_selection;

/* All arguments are borrowed. */
tv_sampling tv_sampling_make(const tv_experiment *experiment, const tv_source *source,
                             const tv_features *features, MPI_Comm comm, tv_checkpoint *checkpoint);

/* The same rows as the source has them, without features made of them. */
tv_sampling tv_sampling_of_inputs(const tv_sampling *sampling);

/* Every row of every subsample. */
tv_selection tv_sampling_everything(const tv_sampling *sampling);

/* The rows of the data set, or of what is generated, at the places [first, first + count) of a
 * replicate's nested order.                                                     Not collective. */
void tv_sampling_rows(const tv_sampling *sampling, int replicate, int64_t first, int64_t count,
                      int64_t *rows);

/* Working space for visits. Free with tv_workspace_destroy. */
typedef struct tv_workspace tv_workspace;
tv_error *tv_workspace_create(const tv_sampling *sampling, tv_workspace **out);
void tv_workspace_destroy(tv_workspace **workspace);

/* Visit rows [first, first + count), count <= TV_BATCH, as a batch for each replicate that has
 * selected ones among them and, after it, as one for each severity of the corruption; their order
 * depends on the experiment and the selection alone. Not collective. */
tv_error *tv_sampling_visit(const tv_sampling *sampling, int64_t first, int count,
                            const tv_selection *selection, tv_batch_visitor *visit, void *context,
                            tv_workspace *workspace);

/* Put the rows of a batch whose places lie in the selection where they belong in `rows`, which is
 * replicates x places x width.                                                 Not collective. */
void tv_sampling_place(const tv_sampling *sampling, const tv_selection *selection,
                       const tv_batch *batch, double *rows);

/* The first rows of each replicate's nested order, for representations and archived samples. */
typedef struct {
  tv_selection selection;
  int width;
  double *rows; /* owned: replicates x places x width */
} tv_head;

/* Room for `count` rows of each replicate, zero. Free with tv_head_destroy. */
tv_error *tv_head_create(const tv_sampling *sampling, int64_t count, tv_head **out);
void tv_head_destroy(tv_head **head);

/* Keep what this rank finds in the checkpoint, and continue from what earlier sessions found. Not
 * collective. */
tv_error *tv_head_keep(const tv_sampling *sampling, tv_head *head);

/* All ranks receive the rows of the head that some rank found; rank 0 keeps them.    Collective. */
tv_error *tv_head_share(const tv_sampling *sampling, tv_head *head);

/* Visit the selected rows of this rank's shards. Reads the data once.               Collective. */
tv_error *tv_sampling_walk(const tv_sampling *sampling, const tv_selection *selection,
                           tv_batch_visitor *visit, void *context);

/* The selected rows, on every rank: replicates x places x width. Reads the data once for each
 * call.                                                                             Collective. */
tv_error *tv_sampling_collect(const tv_sampling *sampling, const tv_selection *selection,
                              double *rows);

#endif
