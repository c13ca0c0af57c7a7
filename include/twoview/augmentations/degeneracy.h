/* Where the problem of views is degenerate: views that do not vary in some direction, so that S is
 * singular and nothing can be solved; and relations between its moments by which the strength of an
 * augmentation, or the choice of a method, cannot matter. */
#ifndef TWOVIEW_AUGMENTATIONS_DEGENERACY_H
#define TWOVIEW_AUGMENTATIONS_DEGENERACY_H

#include <stddef.h>

#include "twoview/augmentations/problem.h"

/* ---- Singular S ---- */

/* What rounding may leave of the variances of views, from S about the means of their numbers (d).
 * Of numbers along axes, p of them, it is no more than the largest.                    Collective.
 */
tv_error *tv_statistics_take_rounding(tv_statistics *statistics, const double *mean);
void tv_statistics_move_rounding(tv_statistics *statistics, int p);

/* With that, and with S and its factor (as their status says), how far S is from singular. A factor
 * with a pivot that is no more than rounding is none: the status becomes its order. Collective. */
tv_error *tv_statistics_examine(tv_statistics *statistics, int *status);

/* Numbers of the views that make S singular, counted from 0. */
typedef struct {
  int constants, dependent; /* how many do not vary; how many others those before them determine */
  int *numbers;             /* owned: these, then those */
  double floor; /* variance which, added to every number of the views, makes S regular, and its
                 * rounding small beside TV_LARGEST_RESIDUAL */
} tv_singularity;

/* Of a problem that has been examined. Free with tv_singularity_release, after an error too.
 *                                                                                   Collective. */
tv_error *tv_singularity_find(const tv_statistics *statistics, tv_singularity *out);
void tv_singularity_release(tv_singularity *singularity);

/* The same in words, which name the first of them: features, or components along axes. */
void tv_singularity_describe(const tv_singularity *singularity, int are_components, char *out,
                             size_t size);

/* ---- Relations between moments ---- */

/* N = S - G is what views add to their mean. Each relation holds within rounding. */
typedef struct {
  double scale;        /* c, where the mean view is c x (C = c A, G = c^2 A); else NaN */
  int is_diagonal;     /* N is diagonal, ... */
  int is_white;        /* ... proportional to the identity, ... */
  int is_by_variances; /* ... or to the variances of A */
  int is_like_data;    /* N is proportional to A */
} tv_relations;

/* Of a problem that has been examined.                                              Collective. */
tv_error *tv_relations_find(const tv_statistics *statistics, tv_relations *out);

/* V'G V and V'N V of a few fixed vectors V, each relative to its trace, and what rounding leaves
 * of them. */
enum { TV_FOOTPRINT_VECTORS = 6 };
typedef struct {
  double mean[TV_FOOTPRINT_VECTORS * TV_FOOTPRINT_VECTORS];
  double noise[TV_FOOTPRINT_VECTORS * TV_FOOTPRINT_VECTORS];
  double rounding; /* infinite where nothing is known, or N is no more than rounding */
} tv_footprint;

/* Of a problem that has been examined.                                              Collective. */
tv_error *tv_footprint_take(const tv_statistics *statistics, tv_footprint *out);

/* Whether the G and N of two problems are proportional, each to the other's: joint embedding then
 * learns the same from both, with omega = mu/(mu + c) of the same mu.           Not collective. */
int tv_footprints_agree(const tv_footprint *a, const tv_footprint *b);

#endif
