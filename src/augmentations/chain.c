#include "twoview/augmentations/chain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/augmentations/degeneracy.h"
#include "twoview/linalg/dense.h"

/* ---- Chains ---- */

void tv_chain_release(tv_chain *chain) {
  for (int i = 0; i < chain->count; ++i) tv_step_release(&chain->steps[i]);
  free(chain->steps);
  free(chain->expectations);
  *chain = (tv_chain){0};
}

/* ---- Draws ---- */

tv_others tv_chain_others(const tv_chain *chain, int step) {
  const tv_augmentation *kind = chain->steps[step].augmentation;
  return kind->needs_others ? kind->needs_others(&chain->steps[step]) : TV_NO_OTHERS;
}

tv_others tv_chain_needs(const tv_chain *chain) {
  tv_others most = TV_NO_OTHERS;
  for (int i = 0; i < chain->count; ++i)
    if (tv_chain_others(chain, i) > most) most = tv_chain_others(chain, i);
  return most;
}

enum { OF_STEP = 3, OF_PARTNER = OF_STEP + 1 }; /* numbers for each of a sample's */

int64_t tv_chain_scratch(const tv_chain *chain, int d) {
  int depth = 0;
  for (int i = 0; i < chain->count; ++i) depth += tv_chain_others(chain, i) != TV_NO_OTHERS;
  return (int64_t)(OF_STEP + depth * OF_PARTNER) * d;
}

typedef struct {
  const tv_chain *chain;
  int step;
  const tv_chain_draw *draw;
} place;

static void draw_steps(const tv_chain *chain, int count, const tv_chain_draw *draw, double *x);

/* What a partner's own steps draw has indices that no view has: a uniform number has 52 bits. */
static const double *draw_partner(const tv_draw *of_step, double u) {
  const place *at = of_step->context;
  const int d = tv_shape_size(of_step->shape);
  double *x = at->draw->scratch + OF_STEP * (int64_t)d;
  tv_chain_draw apart = *at->draw;
  apart.index = 1ull << 63 | (uint64_t)ldexp(u, 52);
  apart.scratch = x + d;
  const double *sample = apart.partners->take(apart.partners->context, u, apart.scratch, x);
  if (at->step == 0) return sample;
  if (sample != x) memcpy(x, sample, (size_t)d * sizeof(*x));
  draw_steps(at->chain, at->step, &apart, x);
  return x;
}

static void draw_steps(const tv_chain *chain, int count, const tv_chain_draw *draw, double *x) {
  for (int i = 0; i < count; ++i) {
    const place at = {chain, i, draw};
    tv_draw of_step = {.shape = draw->shape,
                       .stream = draw->stream,
                       .index = draw->index,
                       .mean = draw->means ? draw->means[i] : NULL,
                       .partner = draw_partner,
                       .context = &at,
                       .scratch = draw->scratch};
    of_step.stream.purpose += (tv_purpose)chain->steps[i].number;
    chain->steps[i].augmentation->view(&chain->steps[i], &of_step, x);
  }
}

void tv_chain_view(const tv_chain *chain, const tv_chain_draw *draw, double *x) {
  draw_steps(chain, chain->count, draw, x);
}

void tv_chain_mean(const tv_chain *chain, int step, const tv_chain_draw *draw, int64_t count,
                   double *mean) {
  const place at = {chain, step, draw};
  const int d = tv_shape_size(draw->shape);
  const tv_draw of_step = {.shape = draw->shape, .context = &at};
  memset(mean, 0, (size_t)d * sizeof(*mean));
  for (int64_t which = 0; which < count; ++which) {
    const double *x = draw_partner(&of_step, ((double)which + 0.5) / (double)count);
    for (int i = 0; i < d; ++i) mean[i] += x[i] / (double)count;
  }
}

/* ---- Moments ---- */

static tv_error *carry_out(const tv_chain *chain, tv_views *views) {
  for (int i = chain->leading; i < chain->count; ++i)
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

tv_error *tv_chain_finish(const tv_chain *chain, tv_views *views, tv_samples *samples, double floor,
                          const tv_distmat *axes, const tv_grid *grid, tv_statistics **out,
                          int *status) {
  *out = NULL;
  TV_TRY(carry_out(chain, views));
  return tv_views_problem(views, samples, floor, axes, grid, out, status);
}

tv_error *tv_chain_problem(const tv_chain *chain, tv_samples *samples, double floor,
                           const tv_distmat *axes, const tv_grid *grid, tv_statistics **out,
                           int *status) {
  tv_views *views = NULL;
  *out = NULL;
  TV_TRY(tv_views_create(samples, &views));
  tv_error *error = tv_chain_finish(chain, views, samples, floor, axes, grid, out, status);
  tv_views_destroy(&views);
  return error;
}
