/* The moments of views that are known row by row: every rank draws some views of each of its rows,
 * or has what is expected of all of them, and in one pass over the data their sums are added up for
 * all strengths of the augmentation. */
#ifndef TWOVIEW_MOMENTS_VIEW_MOMENTS_H
#define TWOVIEW_MOMENTS_VIEW_MOMENTS_H

#include "twoview/data/sampling.h"

/* Where views are: a level is a sample size, the smallest one that the samples belong to. */
typedef struct {
  int replicate, severity, strength, level;
} tv_view_place;

/* How views of a row are drawn: a draw depends on the place, the number of the row and that of the
 * view alone. All is borrowed. */
typedef struct {
  int strengths, count; /* count: views of each row, at least 2; 0: all, by `expect` */
  /* Views of rows x (rows x d), numbers of the source: row i's go to out + (i * count + view) * d.
   *                                                                             Not collective. */
  tv_error *(*draw)(const void *context, const tv_view_place *place, const int64_t *numbers,
                    int rows, const double *x, int leading, double *out);
  /* Of the views tau of one row x (d): E tau = mean; E tau tau' = spread spread' and a diagonal
   * matrix, whose numbers are added to `rest`.                                  Not collective. */
  void (*expect)(const void *context, const tv_view_place *place, const double *x, double *mean,
                 double *spread, double *rest);
  const void *context;
} tv_row_views;

typedef struct {
  int d, l, views; /* inputs, targets, views of each row (0: all) */
  int replicates, severities, strengths, levels;
  const int64_t *sizes; /* borrowed from the sampling: of each level */
  int64_t numbers;      /* of all of these together: */
  double *data;         /* owned: for each of them the sums of tv_view_matrix */
  tv_work work;         /* of collecting them */
} tv_view_moments;

/* Sums over the rows of one replicate, severity, strength and sample size n, each matrix full and
 * by columns; they are borrowed. */
typedef struct {
  int d, l, views;
  int64_t n;
  const double *drawn; /* d x d: over views tau of all rows, sum tau tau'; of all views, over rows,
                        * sum E tau tau' */
  const double *means; /* d x d: over rows, sum t t', t the mean of a row's views */
  const double *cross; /* d x (d + l + 1): sum t w', w = (x, y, 1) */
  const double *rows;  /* d + l + 1: sum w */
} tv_view_matrix;

/* Draw and add up. Every rank gets all matrices, the same bits on any number of ranks. Free with
 * tv_view_moments_destroy.                                                          Collective. */
tv_error *tv_view_moments_collect(const tv_sampling *sampling, const tv_row_views *views,
                                  int shows_progress, tv_view_moments **out);
void tv_view_moments_destroy(tv_view_moments **moments);

tv_view_matrix tv_view_moments_at(const tv_view_moments *moments, int replicate, int severity,
                                  int strength, int level);

#endif
