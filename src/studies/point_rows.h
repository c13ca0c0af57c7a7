/* The rows of a point of the view model: those to learn from, and those to score on, by their
 * moments. */
#ifndef TWOVIEW_STUDIES_POINT_ROWS_H
#define TWOVIEW_STUDIES_POINT_ROWS_H

#include "solver.h"
#include "twoview/augmentations/view_model.h"

/* Rows as they are, or corrupted. */
typedef enum { TV_CORRUPTED, TV_AS_THEY_ARE, TV_CONDITIONS } tv_condition;

/* Sets of rows: training rows in each condition, then test rows. */
enum { TV_SETS = 2 * TV_CONDITIONS };

/* Matrices are on the group's grid. Owned, but for the axes. */
typedef struct {
  tv_samples *sets[TV_SETS];   /* about the means of the training rows in their condition; in the
                                * view model none is kept (tv_point_rows_take_set) */
  double *mean[TV_CONDITIONS]; /* these means: d, then those that targets are centred by, l */
  const struct tv_axes *axes;  /* borrowed: along which the inputs of all are; NULL: they are the
                                * numbers of the samples, as the means always are */
  tv_statistics *statistics;   /* of the views of the corrupted training rows */
  int status;                  /* of these, as tv_statistics_create says */
  double square;               /* in the view model: mean square of all targets of these rows, about
                                * their means */
} tv_point_rows;

/* Mean square of all targets of rows. */
double tv_square_of_targets(const tv_samples *rows);

/* Release with tv_point_rows_release, after an error too. Collective over the group. */
tv_error *tv_point_rows_take(const tv_solver *solver, int64_t point, tv_point_rows *out);

/* A set other than the corrupted training rows, whose moments are the statistics' A and B: in the
 * order of the sets, as the means are found on the way. *out NULL: it is another one, as its
 * condition is the other one, or test rows are the training rows. Free with tv_samples_destroy.
 * Collective over the group. */
tv_error *tv_point_rows_take_set(const tv_solver *solver, int64_t point, int set,
                                 tv_point_rows *rows, tv_samples **out);

/* The same in the component model, from the moments of the point's training rows, with all sets.
 * Without rows held out there are statistics alone. Centred by the means only if the probe has an
 * intercept. */
tv_error *tv_point_rows_of_components(const tv_solver *solver, const tv_moment_matrix *training,
                                      int64_t point, tv_point_rows *out);
void tv_point_rows_release(tv_point_rows *rows);

#endif
