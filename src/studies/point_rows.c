#include "point_rows.h"

#include "axes.h"

#include <stdlib.h>
#include <string.h>

#include "twoview/linalg/dense.h"

const tv_samples *tv_training_rows(const tv_point_rows *r, tv_condition c) {
  return r->training[c] ? r->training[c] : r->training[TV_CORRUPTED];
}

const tv_samples *tv_test_rows(const tv_point_rows *r, tv_condition c) {
  if (r->test[c]) return r->test[c];
  return r->test[TV_CORRUPTED] ? r->test[TV_CORRUPTED] : tv_training_rows(r, c);
}

double tv_square_of_targets(const tv_samples *rows) {
  double sum = 0;
  for (int t = 0; t < rows->targets->columns; ++t) sum += rows->target_square[t];
  return sum;
}

/* Clean rows are rows of severity 0. */
static tv_error *take_all(const tv_solver *s, const tv_spot *at, int severity, tv_point_rows *r) {
  const int severities[TV_CONDITIONS] = {severity, 0};
  for (tv_condition c = TV_CORRUPTED; c < TV_CONDITIONS; ++c) {
    if (c == TV_AS_THEY_ARE && severity == 0) continue;
    TV_TRY(tv_view_model_samples(s->model, s->moments, s->group->row, at->replicate, severities[c],
                                 at->level, &r->training[c]));
    if (s->held_out)
      TV_TRY(tv_view_model_samples(s->model, s->held_out, s->group->row, at->replicate,
                                   severities[c], 0, &r->test[c]));
  }
  return NULL;
}

/* Without an intercept targets are not centred. */
static tv_error *take_means(const tv_solver *s, const tv_samples *rows, double **out) {
  const int d = rows->second->rows, l = rows->targets->columns;
  TV_TRY(tv_grid_agree(s->group->grid, tv_allocate((int64_t)d + l, sizeof(**out), out)));
  memcpy(*out, rows->mean, (size_t)d * sizeof(**out));
  if (s->experiment->probe.intercept)
    memcpy(*out + d, rows->target_mean, (size_t)l * sizeof(**out));
  return NULL;
}

/* Centre rows, move them to the group's grid, and take them along the axes. */
static tv_error *finish(const tv_solver *s, const double *mean, const struct tv_axes *axes,
                        tv_samples **rows) {
  tv_samples *moved = NULL;
  if (!*rows) return NULL;
  tv_samples_centre(*rows, mean, mean + (*rows)->second->rows);
  if (s->group->grid->size > 1) {
    TV_TRY(tv_samples_move(*rows, s->group->grid, &moved));
    tv_samples_destroy(rows);
    *rows = moved;
  }
  if (!axes) return NULL;
  TV_TRY(tv_project(axes->vectors, &(*rows)->second));
  return tv_project_rows(axes->vectors, &(*rows)->targets);
}

/* ---- Components ---- */

/* Rows of either kind, corrupted or with noise components of 0. */
static tv_error *take_components(const tv_solver *s, const tv_moment_matrix *m, const double *gamma,
                                 tv_samples *of_condition[TV_CONDITIONS]) {
  const tv_shape shape = {1, m->p + m->q, 1, 1};
  TV_TRY(tv_samples_take(s->group->grid, &shape, m, gamma, &of_condition[TV_CORRUPTED]));
  return tv_samples_take(s->group->grid, &shape, m, NULL, &of_condition[TV_AS_THEY_ARE]);
}

/* Inputs are centred by nothing but an intercept. */
static tv_error *centre_components(const tv_solver *s, tv_condition c, tv_point_rows *r) {
  const int d = r->training[c]->second->rows, l = r->training[c]->targets->columns;
  if (s->experiment->probe.intercept) {
    TV_TRY(take_means(s, r->training[c], &r->mean[c]));
  } else {
    const int64_t count = (int64_t)d + l;
    TV_TRY(tv_grid_agree(s->group->grid, tv_allocate(count, sizeof(double), &r->mean[c])));
  }
  tv_samples_centre(r->test[c], r->mean[c], r->mean[c] + d);
  tv_samples_centre(r->training[c], r->mean[c], r->mean[c] + d);
  return NULL;
}

tv_error *tv_point_rows_of_components(const tv_solver *s, const tv_moment_matrix *training,
                                      int64_t point, tv_point_rows *r) {
  const tv_spot at = tv_cube_split(&s->results->cube, point);
  const double *gamma = tv_gamma_of(s->spectra, at.replicate, at.magnitude);
  *r = (tv_point_rows){0};
  TV_TRY(tv_statistics_create(
      s->group->grid, training, gamma, tv_theta_of(s->spectra, at.replicate),
      s->experiment->augmentation.alpha[at.alpha], &r->statistics, &r->status));
  if (s->experiment->probe.intercept)
    TV_TRY(tv_statistics_take_means(r->statistics, training, gamma));
  if (!s->held_out) return NULL;
  const int of = at.replicate < s->held_out->replicates ? at.replicate : 0;
  const tv_moment_matrix test = tv_moments_at(s->held_out, of, 0, 0);
  TV_TRY(take_components(s, training, gamma, r->training));
  TV_TRY(take_components(s, &test, gamma, r->test));
  TV_TRY(centre_components(s, TV_CORRUPTED, r));
  return centre_components(s, TV_AS_THEY_ARE, r);
}

/* ---- Views ---- */

tv_error *tv_point_rows_take(const tv_solver *s, int64_t point, tv_point_rows *r) {
  const tv_spot at = tv_cube_split(&s->results->cube, point);
  const int severity = tv_experiment_first_severity(s->experiment) + at.magnitude;
  *r = (tv_point_rows){0};
  TV_TRY(take_all(s, &at, severity, r));
  TV_TRY(tv_axes_find(s, point, &r->axes));
  const tv_view_place place = {at.replicate, severity, at.alpha, at.level};
  TV_TRY(tv_view_model_problem(s->model, s->view_moments, &place, r->training[TV_CORRUPTED],
                               r->axes ? r->axes->vectors : NULL, s->group->row, s->group->grid,
                               &r->statistics, &r->status));
  for (tv_condition c = TV_CORRUPTED; c < TV_CONDITIONS; ++c) {
    if (!r->training[c]) continue;
    TV_TRY(take_means(s, r->training[c], &r->mean[c]));
    TV_TRY(finish(s, r->mean[c], r->axes, &r->test[c]));
    TV_TRY(finish(s, r->mean[c], r->axes, &r->training[c]));
  }
  return NULL;
}

void tv_point_rows_release(tv_point_rows *r) {
  for (tv_condition c = TV_CORRUPTED; c < TV_CONDITIONS; ++c) {
    tv_samples_destroy(&r->training[c]);
    tv_samples_destroy(&r->test[c]);
    free(r->mean[c]);
  }
  tv_statistics_destroy(&r->statistics);
}
