/* What becomes of the rows of a data set before everything else, as `features.normalise` and
 * `features.variable` say: counts are divided by the row's sum, and some features are left. */
#ifndef TWOVIEW_DATA_PREPARATION_H
#define TWOVIEW_DATA_PREPARATION_H

#include "twoview/data/source.h"

typedef struct tv_preparation {
  int inputs;          /* features that the data set has, ... */
  int features;        /* ... and those that are left */
  int64_t *chosen;     /* owned: their numbers in the data set, in order; NULL: all are left */
  int *place;          /* owned, inputs: of each among those that are left, or -1; NULL */
  double library_size; /* L: a number x of a row of sum s becomes log(1 + L x / s); 0: it stays */
  double *stored;      /* owned: a batch of rows as they are stored; NULL: they are sparse */
  tv_sparse_rows *sparse; /* owned: ... and what is not 0 of them */
} tv_preparation;

/* Let `source`, which has just been opened, give prepared rows from now on, if the experiment asks
 * for any preparation. What it takes is found in one pass over the data and is the same bits on any
 * number of ranks: L is the median of the sums of all rows, and the features that are left are
 * those of the largest variance in view of their mean (choice.h). Errors: numbers that are
 * negative, rows without counts, fewer features that vary than are wanted; views that are given,
 * which come as they are.                                                           Collective. */
tv_error *tv_preparation_find(const tv_experiment *experiment, MPI_Comm comm, tv_source *source);

/* The same as another source's, for the rows that are held out.                    Collective. */
tv_error *tv_preparation_adopt(const tv_experiment *experiment, const tv_preparation *other,
                               MPI_Comm comm, tv_source *source);
void tv_preparation_destroy(tv_preparation **preparation);

/* Numbers of features that are left become their numbers in the data set.      Not collective. */
void tv_preparation_number(const tv_source *source, int count, int *features);

/* tv_source_read, prepared.                                                     Not collective. */
tv_error *tv_preparation_read(const tv_source *source, int replicate, int64_t first, int count,
                              double *x, double *y);

#endif
