#include "point_rows.h"

#include "axes.h"

#include <stdlib.h>
#include <string.h>

#include "twoview/linalg/dense.h"

double tv_square_of_targets(const tv_samples *rows) {
  double sum = 0;
  for (int t = 0; t < rows->targets->columns; ++t) sum += rows->target_square[t];
  return sum;
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

/* ---- Components ---- */

/* Rows of either kind, corrupted or with noise components of 0. */
static tv_error *take_components(const tv_solver *s, const tv_moment_matrix *m, const double *gamma,
                                 tv_samples **of_condition) {
  const tv_shape shape = {1, m->p + m->q, 1, 1};
  TV_TRY(tv_samples_take(s->group->grid, &shape, m, gamma, &of_condition[TV_CORRUPTED]));
  return tv_samples_take(s->group->grid, &shape, m, NULL, &of_condition[TV_AS_THEY_ARE]);
}

/* Inputs are centred by nothing but an intercept. */
static tv_error *centre_components(const tv_solver *s, tv_condition c, tv_point_rows *r) {
  tv_samples *training = r->sets[c], *test = r->sets[TV_CONDITIONS + c];
  const int d = training->second->rows, l = training->targets->columns;
  if (s->experiment->probe.intercept) {
    TV_TRY(take_means(s, training, &r->mean[c]));
  } else {
    const int64_t count = (int64_t)d + l;
    TV_TRY(tv_grid_agree(s->group->grid, tv_allocate(count, sizeof(double), &r->mean[c])));
  }
  tv_samples_centre(test, r->mean[c], r->mean[c] + d);
  tv_samples_centre(training, r->mean[c], r->mean[c] + d);
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
  TV_TRY(take_components(s, training, gamma, r->sets));
  TV_TRY(take_components(s, &test, gamma, r->sets + TV_CONDITIONS));
  TV_TRY(centre_components(s, TV_CORRUPTED, r));
  return centre_components(s, TV_AS_THEY_ARE, r);
}

/* ---- Views ---- */

/* The rows of a severity, of a point's training rows or test rows. */
static tv_error *take_rows(const tv_solver *s, const tv_spot *at, int are_test, int severity,
                           tv_samples **out) {
  const tv_moments *moments = are_test ? s->held_out : s->moments;
  tv_column_sums *sums = are_test ? s->held_out_sums : s->sums;
  const int replicate = at->replicate < moments->replicates ? at->replicate : 0;
  const int level = are_test ? 0 : at->level;
  *out = NULL;
  if (sums) TV_TRY(tv_column_sums_advance(sums, replicate, level, NULL));
  return tv_view_model_samples(s->model, moments, s->group->row, replicate, severity, level, out);
}

/* Of the targets about a mean. */
static double square_about(const tv_samples *rows, const double *mean) {
  double sum = 0;
  for (int t = 0; t < rows->targets->columns; ++t)
    sum += rows->target_square[t] - mean[t] * (2 * rows->target_mean[t] - mean[t]);
  return sum;
}

static int severity_of(const tv_solver *s, const tv_spot *at) {
  return tv_experiment_first_severity(s->experiment) + at->magnitude;
}

static tv_error *take_statistics(const tv_solver *s, int64_t point, tv_samples *training,
                                 tv_point_rows *r) {
  const tv_spot at = tv_cube_split(&s->results->cube, point);
  TV_TRY(take_means(s, training, &r->mean[TV_CORRUPTED]));
  r->square = square_about(training, r->mean[TV_CORRUPTED] + s->results->d);
  TV_TRY(tv_axes_find(s, point, &r->axes));
  const tv_view_place place = {at.replicate, severity_of(s, &at), at.alpha, at.level};
  return tv_view_model_problem(s->model, s->view_moments, &place, training,
                               r->axes ? r->axes->vectors : NULL, s->group->row, s->group->grid,
                               &r->statistics, &r->status);
}

tv_error *tv_point_rows_take(const tv_solver *s, int64_t point, tv_point_rows *r) {
  const tv_spot at = tv_cube_split(&s->results->cube, point);
  tv_samples *training = NULL;
  *r = (tv_point_rows){0};
  tv_error *error = take_rows(s, &at, 0, severity_of(s, &at), &training);
  if (!error) error = take_statistics(s, point, training, r);
  tv_samples_destroy(&training);
  return error;
}

/* Centre rows, move them to the group's grid, and take them along the axes. */
static tv_error *finish(const tv_solver *s, const double *mean, const struct tv_axes *axes,
                        tv_samples *rows) {
  tv_samples_centre(rows, mean, mean + rows->second->rows);
  TV_TRY(tv_samples_move(rows, s->group->grid));
  if (!axes) return NULL;
  TV_TRY(tv_project(axes->vectors, &rows->second));
  return tv_project_rows(axes->vectors, &rows->targets);
}

/* Clean rows are rows of severity 0. */
tv_error *tv_point_rows_take_set(const tv_solver *s, int64_t point, int set, tv_point_rows *r,
                                 tv_samples **out) {
  const tv_spot at = tv_cube_split(&s->results->cube, point);
  const tv_condition c = (tv_condition)(set % TV_CONDITIONS);
  const int is_test = set >= TV_CONDITIONS, severity = severity_of(s, &at);
  *out = NULL;
  if ((c == TV_AS_THEY_ARE && severity == 0) || (is_test && !s->held_out)) return NULL;
  tv_error *error = take_rows(s, &at, is_test, c == TV_AS_THEY_ARE ? 0 : severity, out);
  if (!error && !is_test) error = take_means(s, *out, &r->mean[c]);
  if (!error) error = finish(s, r->mean[c], r->axes, *out);
  if (error) tv_samples_destroy(out);
  return error;
}

void tv_point_rows_release(tv_point_rows *r) {
  for (int set = 0; set < TV_SETS; ++set) tv_samples_destroy(&r->sets[set]);
  for (tv_condition c = TV_CORRUPTED; c < TV_CONDITIONS; ++c) free(r->mean[c]);
  tv_statistics_destroy(&r->statistics);
}
