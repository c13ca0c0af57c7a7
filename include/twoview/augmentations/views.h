/* The moments of the views of a data set, under a chain of quadratic steps: what each family of
 * steps does to them is put together from the few operations here. The matrices lie on a grid of
 * one row of ranks, so that each rank has whole columns. Unless said otherwise functions are
 * collective over the grid. */
#ifndef TWOVIEW_AUGMENTATIONS_VIEWS_H
#define TWOVIEW_AUGMENTATIONS_VIEWS_H

#include "twoview/data/shape.h"
#include "twoview/linalg/grid.h"
#include "twoview/moments/moments.h"
#include "twoview/moments/view_moments.h"

/* Second moments of samples x (d numbers) with targets y (l), on a grid of one row of ranks. */
typedef struct {
  tv_shape shape;
  tv_distmat *second;    /* owned, d x d: E x x' */
  tv_distmat *targets;   /* owned, d x l: E x y' */
  double *mean;          /* owned, d, on every rank: E x */
  double *target_mean;   /* owned, l, on every rank: E y */
  double *target_square; /* owned, l, on every rank: E y_t^2 */
} tv_samples;

/* Zero moments of samples of a shape with l targets. Free with tv_samples_destroy. */
tv_error *tv_samples_create(const tv_grid *row, const tv_shape *shape, int l, tv_samples **out);
void tv_samples_destroy(tv_samples **samples);

/* Take them to another grid of the same ranks. */
tv_error *tv_samples_move(tv_samples *samples, const tv_grid *grid);

/* Those of the rows of a moment matrix, which every rank has whole, or which is spread over the
 * same grid. The q noise components, standard normal there, get the variances `gamma`; NULL: they
 * are 0. Free with tv_samples_destroy. */
tv_error *tv_samples_take(const tv_grid *grid, const tv_shape *shape,
                          const tv_moment_matrix *moments, const double *gamma, tv_samples **out);

/* Moments about a mean and a target mean, those of other samples as a rule.     Not collective. */
void tv_samples_centre(tv_samples *samples, const double *mean, const double *target_mean);

/* x: a sample, tau: a view of it, xbar: its mean view, y: its target; E: over samples and views. */
typedef struct {
  tv_shape shape;
  int d, l;
  const tv_grid *grid;   /* borrowed: one row of ranks */
  tv_distmat *second;    /* owned, d x d: S = E tau tau' */
  tv_distmat *agreement; /* owned, d x d: G = E xbar xbar'; NULL: not followed, as the next */
  tv_distmat *cross;     /* owned, d x d: C' = E xbar x' */
  tv_distmat *targets;   /* owned, d x l: E xbar y' */
  double *mean;          /* owned, d: E xbar, on every rank */
  double *input_mean;    /* owned, d: E x */
  double *target_mean;   /* owned, l: E y */
} tv_views;

/* The views before any step: the samples themselves. Free with tv_views_destroy. */
tv_error *tv_views_create(const tv_samples *samples, tv_views **out);
void tv_views_destroy(tv_views **views);

/* The same to take the place of the samples, whose matrices go over to them: G and C' are not
 * followed. And back again: the samples become the views, which are destroyed. */
tv_error *tv_views_replace(tv_samples *samples, tv_views **out);
void tv_views_become(tv_views **views, tv_samples *samples);

/* Those of sampled views, from their sums; G = E xbar xbar' without the bias that the mean of so
 * few views of a sample has: with T over their means and S over all, T - (S - T) / (views - 1). */
tv_error *tv_views_take(const tv_grid *row, const tv_shape *shape, const tv_view_matrix *moments,
                        tv_views **out);

/* Moments about the means: C - a m', G - m m', S - m m', E xbar y' - m ybar'. Not collective. */
void tv_views_centre(tv_views *views);

/* ---- Entry by entry ---- */

/* What an entry of S, of row i and column j, becomes.                            Not collective. */
typedef double tv_entry_function(const void *context, const tv_views *views, int i, int j,
                                 double second);

/* S_ij <- f(i, j, S_ij). The mean must still be that before the step. Here, so that f can be
 * compiled into the loop.                                                       Not collective. */
static inline void tv_views_second(tv_views *views, tv_entry_function *f, const void *context) {
  tv_distmat *s = views->second;
  for (int j = 0; j < s->local_columns; ++j) {
    double *column = s->data + (int64_t)j * s->leading;
    for (int i = 0; i < s->rows; ++i) column[i] = f(context, views, i, s->column_of[j], column[i]);
  }
}

/* S_ii <- S_ii + added.                                                          Not collective. */
void tv_views_add_to_diagonal(tv_views *views, double added);

/* The mean view becomes diag(scale) xbar + offset, in all but S; NULL: no scale, or no offset. */
void tv_views_scale_mean(tv_views *views, const double *scale, const double *offset);

/* ---- Linear maps ---- */

/* A sparse map of one axis: the numbers of a sample are outer x n x inner, and the map acts on the
 * n, the same for each outer and inner. By rows: entries begin[i] to before begin[i + 1]. */
typedef struct {
  int outer, n, inner;
  int *begin, *index; /* owned */
  double *weight;     /* owned */
  int room;           /* entries that fit */
} tv_axis_map;

typedef enum { TV_AXIS_ROWS, TV_AXIS_COLUMNS, TV_AXIS_CHANNELS, TV_AXIS_PIXELS } tv_axis;

/* An empty map of an axis. Entries are added in the order of their rows, and several for one place
 * add up. Free with tv_axis_map_destroy. None is collective. */
tv_error *tv_axis_map_create(const tv_shape *shape, tv_axis axis, tv_axis_map *out);
tv_error *tv_axis_map_add(tv_axis_map *map, int row, int column, double weight);
void tv_axis_map_end_row(tv_axis_map *map, int row);
void tv_axis_map_destroy(tv_axis_map *map);

/* out = T x for `count` samples; x and out are apart.                            Not collective. */
void tv_axis_map_apply(const tv_axis_map *map, int64_t count, const double *x, double *out);

/* Maps of which one is drawn, with probabilities that add up to 1. */
typedef struct {
  int count;
  tv_axis_map *maps;   /* owned */
  double *probability; /* owned */
} tv_map_list;

/* A random linear map: with `probability` one of `first`, then, drawn apart, one of `then`. An
 * empty list is the identity. */
typedef struct {
  double probability;
  tv_map_list first, then;
} tv_map_term;

/* A list of so many empty maps, equally likely. Free with tv_map_list_destroy. */
tv_error *tv_map_list_create(int count, tv_map_list *out);
void tv_map_list_destroy(tv_map_list *list);

/* x <- T x with T drawn from the terms. */
tv_error *tv_views_map(tv_views *views, const tv_map_term *terms, int count);

/* S <- T S T' alone, T one fixed map. */
tv_error *tv_views_map_second(tv_views *views, const tv_axis_map *map);

/* The mean view becomes T xbar, in all but S. */
tv_error *tv_views_map_mean(tv_views *views, const tv_axis_map *map);

/* Each rank has some of the numbers, and 0 in place of the others; afterwards all ranks have all of
 * them. */
void tv_views_share(const tv_views *views, double *numbers, int64_t count);

/* S 1, the sums of the rows of S, on every rank. */
void tv_views_row_sums(const tv_views *views, double *out);

#endif
