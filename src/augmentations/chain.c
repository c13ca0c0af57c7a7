#include "twoview/augmentations/chain.h"

#include <stdlib.h>
#include <string.h>

#include "twoview/augmentations/degeneracy.h"
#include "twoview/linalg/dense.h"

/* ---- Chains ---- */

void tv_chain_release(tv_chain *chain) {
  for (int i = 0; i < chain->count; ++i) tv_step_release(&chain->steps[i]);
  free(chain->steps);
  *chain = (tv_chain){0};
}

void tv_chain_view(const tv_chain *chain, const tv_chain_draw *draw, double *x) {
  for (int i = 0; i < chain->count; ++i) {
    tv_draw of_step = {.shape = draw->shape,
                       .stream = draw->stream,
                       .index = draw->index,
                       .scratch = draw->scratch};
    of_step.stream.purpose += (tv_purpose)chain->steps[i].number;
    chain->steps[i].augmentation->view(&chain->steps[i], &of_step, x);
  }
}

static tv_error *carry_out(const tv_chain *chain, tv_views *views) {
  for (int i = 0; i < chain->count; ++i)
    TV_TRY(chain->steps[i].augmentation->moments(&chain->steps[i], views));
  return NULL;
}

tv_error *tv_chain_corrupt(const tv_chain *chain, tv_samples *samples) {
  tv_views *views = NULL;
  if (chain->count == 0) return NULL;
  TV_TRY(tv_views_replace(samples, &views));
  tv_error *error = carry_out(chain, views);
  tv_views_become(&views, samples);
  return error;
}

/* ---- The problem of the views ---- */

/* A matrix goes over to a grid, and to another owner. */
static tv_error *hand_over(const tv_grid *grid, tv_distmat **from, tv_distmat **to) {
  TV_TRY(tv_distmat_move(from, grid));
  *to = *from;
  *from = NULL;
  return NULL;
}

/* C is kept as E xbar x' among the views, so that steps act on its columns. */
static tv_error *hand_over_cross(const tv_grid *grid, tv_distmat **from, tv_distmat **to) {
  TV_TRY(tv_distmat_move(from, grid));
  TV_TRY(tv_distmat_create(grid, (*from)->columns, (*from)->rows, to));
  tv_transpose_to(*from, *to);
  tv_distmat_destroy(from);
  return NULL;
}

static tv_error *project_all(const tv_distmat *axes, tv_statistics *s) {
  tv_distmat **matrices[] = {&s->A, &s->C, &s->G, &s->S};
  for (int i = 0; i < 4; ++i) TV_TRY(tv_project(axes, matrices[i]));
  TV_TRY(tv_project_rows(axes, &s->B));
  TV_TRY(tv_project_rows(axes, &s->view_B));
  s->d = s->p = axes->columns;
  tv_statistics_move_rounding(s, s->p);
  return NULL;
}

static tv_error *take_matrices(const tv_grid *grid, tv_samples *samples, tv_views *v,
                               tv_statistics *s) {
  TV_TRY(hand_over(grid, &samples->second, &s->A));
  TV_TRY(hand_over(grid, &samples->targets, &s->B));
  TV_TRY(hand_over_cross(grid, &v->cross, &s->C));
  TV_TRY(hand_over(grid, &v->agreement, &s->G));
  TV_TRY(hand_over(grid, &v->second, &s->S));
  return hand_over(grid, &v->targets, &s->view_B);
}

static void raise_diagonal(tv_distmat *m, double floor) {
  for (int j = 0; j < m->local_columns; ++j) {
    double *entry = tv_distmat_diagonal(m, j);
    if (entry) *entry += floor;
  }
}

/* Samples and views are centred. */
static tv_error *make_problem(const tv_grid *grid, tv_samples *samples, tv_views *views,
                              double floor, const tv_distmat *axes, tv_statistics *s, int *status) {
  TV_TRY(take_matrices(grid, samples, views, s));
  TV_TRY(tv_statistics_take_rounding(s, views->mean));
  if (axes) TV_TRY(project_all(axes, s));
  raise_diagonal(s->S, floor);
  for (int t = 0; t < s->l; ++t) s->yy += samples->target_square[t];
  TV_TRY(tv_grid_agree(grid, tv_allocate(s->d, sizeof(*s->sizes), &s->sizes)));
  tv_statistics_take_sizes(s);
  TV_TRY(tv_statistics_factor(s, status));
  return tv_statistics_examine(s, status);
}

tv_error *tv_views_problem(tv_views *views, tv_samples *samples, double floor,
                           const tv_distmat *axes, const tv_grid *grid, tv_statistics **out,
                           int *status) {
  *out = NULL;
  tv_views_centre(views);
  tv_samples_centre(samples, samples->mean, samples->target_mean);
  TV_TRY(tv_grid_agree(grid, tv_allocate(1, sizeof(**out), out)));
  **out = (tv_statistics){.d = views->d, .l = views->l, .p = views->d};
  tv_error *error = make_problem(grid, samples, views, floor, axes, *out, status);
  if (error) tv_statistics_destroy(out);
  return error;
}

tv_error *tv_chain_problem(const tv_chain *chain, tv_samples *samples, double floor,
                           const tv_distmat *axes, const tv_grid *grid, tv_statistics **out,
                           int *status) {
  tv_views *views = NULL;
  *out = NULL;
  TV_TRY(tv_views_create(samples, &views));
  tv_error *error = carry_out(chain, views);
  if (!error) error = tv_views_problem(views, samples, floor, axes, grid, out, status);
  tv_views_destroy(&views);
  return error;
}
