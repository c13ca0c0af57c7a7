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
    of_step.stream.purpose += (tv_purpose)i;
    chain->steps[i].augmentation->view(&chain->steps[i], &of_step, x);
  }
}

static tv_error *view_samples(const tv_chain *chain, const tv_samples *samples, tv_views **out) {
  tv_error *error = tv_views_create(samples, out);
  for (int i = 0; !error && i < chain->count; ++i)
    error = chain->steps[i].augmentation->moments(&chain->steps[i], *out);
  if (error) tv_views_destroy(out);
  return error;
}

static void swap_matrices(tv_distmat **a, tv_distmat **b) {
  tv_distmat *kept = *a;
  *a = *b;
  *b = kept;
}

tv_error *tv_chain_corrupt(const tv_chain *chain, tv_samples *samples) {
  tv_views *views = NULL;
  if (chain->count == 0) return NULL;
  TV_TRY(view_samples(chain, samples, &views));
  swap_matrices(&samples->second, &views->second);
  swap_matrices(&samples->targets, &views->targets);
  memcpy(samples->mean, views->mean, (size_t)views->d * sizeof(*views->mean));
  tv_views_destroy(&views);
  return NULL;
}

/* ---- The problem of the views ---- */

/* A matrix goes to the grid of the problem: on one rank as it is. */
static tv_error *hand_over(const tv_grid *grid, tv_distmat **from, tv_distmat **out) {
  if (grid->size > 1) {
    TV_TRY(tv_distmat_create(grid, (*from)->rows, (*from)->columns, out));
    tv_distmat_move(*from, *out);
    tv_distmat_destroy(from);
  } else {
    tv_distmat_settle(*from, grid);
    *out = *from;
    *from = NULL;
  }
  return NULL;
}

/* C is kept as E xbar x' among the views, so that steps act on its columns. */
static tv_error *take_cross(const tv_grid *grid, tv_distmat **turned, tv_distmat **out) {
  tv_distmat *moved = NULL;
  tv_error *error = hand_over(grid, turned, &moved);
  if (!error) error = tv_distmat_create(grid, moved->columns, moved->rows, out);
  if (!error) tv_transpose_to(moved, *out);
  tv_distmat_destroy(&moved);
  return error;
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
  TV_TRY(take_cross(grid, &v->cross, &s->C));
  TV_TRY(hand_over(grid, &samples->second, &s->A));
  TV_TRY(hand_over(grid, &samples->targets, &s->B));
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

tv_error *tv_views_problem(tv_views *views, const tv_samples *samples, double floor,
                           const tv_distmat *axes, const tv_grid *grid, tv_statistics **out,
                           int *status) {
  tv_samples *centred = NULL;
  tv_error *error;
  *out = NULL;
  TV_GO(tv_samples_copy(samples, &centred));
  tv_views_centre(views);
  tv_samples_centre(centred, samples->mean, samples->target_mean);
  TV_GO(tv_grid_agree(grid, tv_allocate(1, sizeof(**out), out)));
  **out = (tv_statistics){.d = views->d, .l = views->l, .p = views->d};
  TV_GO(make_problem(grid, centred, views, floor, axes, *out, status));
done:
  tv_samples_destroy(&centred);
  if (error) tv_statistics_destroy(out);
  return error;
}

tv_error *tv_chain_problem(const tv_chain *chain, const tv_samples *samples, double floor,
                           const tv_distmat *axes, const tv_grid *grid, tv_statistics **out,
                           int *status) {
  tv_views *views = NULL;
  *out = NULL;
  TV_TRY(view_samples(chain, samples, &views));
  tv_error *error = tv_views_problem(views, samples, floor, axes, grid, out, status);
  tv_views_destroy(&views);
  return error;
}
