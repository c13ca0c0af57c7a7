/* The rows of a point of the view model: those to learn from, and those to score on, by their
 * moments. */
#ifndef TWOVIEW_STUDIES_POINT_ROWS_H
#define TWOVIEW_STUDIES_POINT_ROWS_H

#include "solver.h"
#include "twoview/augmentations/view_model.h"

/* Rows as they are, or corrupted. */
typedef enum { TV_CORRUPTED, TV_AS_THEY_ARE, TV_CONDITIONS } tv_condition;

/* All is owned, and on the group's grid. */
typedef struct {
  tv_samples *training[TV_CONDITIONS], *test[TV_CONDITIONS]; /* about the means of the training rows
                                                              * in that condition */
  double *mean[TV_CONDITIONS]; /* these means: d, then those that targets are centred by, l */
  const struct tv_axes *axes;  /* borrowed: along which the inputs of all are; NULL: they are the
                                * numbers of the samples, as the means always are */
  tv_statistics *statistics;   /* of the views of the corrupted training rows */
  int status;                  /* of these, as tv_statistics_create says */
} tv_point_rows;

/* Where a condition is the other one, or the test rows are the training rows, there is none of its
 * own (NULL): these say which there is instead. */
const tv_samples *tv_training_rows(const tv_point_rows *rows, tv_condition condition);
const tv_samples *tv_test_rows(const tv_point_rows *rows, tv_condition condition);

/* Mean square of all targets of rows. */
double tv_square_of_targets(const tv_samples *rows);

/* Release with tv_point_rows_release, after an error too. Collective over the group. */
tv_error *tv_point_rows_take(const tv_solver *solver, int64_t point, tv_point_rows *out);

/* The same in the component model, from the moments of the point's training rows. Without rows held
 * out there are statistics alone. Centred by the means only if the probe has an intercept. */
tv_error *tv_point_rows_of_components(const tv_solver *solver, const tv_moment_matrix *training,
                                      int64_t point, tv_point_rows *out);
void tv_point_rows_release(tv_point_rows *rows);

#endif
