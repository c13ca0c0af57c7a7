#include "twoview/theory/views.h"

#include <math.h>
#include <stdlib.h>

#include "remarks.h"
#include "twoview/augmentations/chain.h"
#include "twoview/augmentations/principal_axes.h"
#include "twoview/base/comm.h"
#include "twoview/data/preparation.h"
#include "twoview/linalg/group.h"
#include "twoview/linalg/orthonormal.h"
#include "twoview/methods/angles.h"
#include "twoview/methods/values.h"

enum { MORE = 5 }; /* components beyond the largest k */

/* ---- What there is room for ---- */

static tv_error *list_methods(tv_view_theory *t) {
  const tv_kind *const *kinds = t->experiment->kinds->methods;
  int count = 0;
  while (kinds[count]) ++count;
  TV_TRY(tv_allocate(count, sizeof(*t->methods), &t->methods));
  for (int m = 0; m < count; ++m)
    if (!tv_method_of(kinds[m])->rows_are_outputs)
      t->methods[t->methods_count++] = tv_method_of(kinds[m]);
  return NULL;
}

static tv_error *allocate_numbers(int count, double **out) {
  TV_TRY(tv_allocate(count, sizeof(**out), out));
  for (int i = 0; i < count; ++i) (*out)[i] = NAN;
  return NULL;
}

static tv_error *allocate_settings(tv_view_theory *t) {
  const int count = t->severities * t->strengths, encoders = t->experiment->encoder.sizes_count;
  TV_TRY(tv_allocate(count, sizeof(*t->settings), &t->settings));
  for (int i = 0; i < count; ++i) {
    tv_view_setting *s = &t->settings[i];
    TV_TRY(allocate_numbers(t->methods_count * t->components, &s->values));
    TV_TRY(allocate_numbers(t->methods_count * encoders, &s->gap));
    TV_TRY(allocate_numbers(t->methods_count * t->methods_count * encoders, &s->angle));
  }
  return NULL;
}

static tv_error *create(const tv_experiment *e, const tv_features *f, const tv_view_model *model,
                        tv_view_theory **out) {
  TV_TRY(tv_allocate(1, sizeof(**out), out));
  tv_view_theory *t = *out;
  *t = (tv_view_theory){.experiment = e,
                        .n = e->sizes[e->sizes_count - 1],
                        .inputs = tv_experiment_components(e, f->inputs),
                        .severities = model->severities,
                        .strengths = model->strengths};
  t->components = t->inputs < e->encoder.k + MORE ? t->inputs : e->encoder.k + MORE;
  TV_TRY(list_methods(t));
  return allocate_settings(t);
}

/* ---- Moments ---- */

/* What problems are made from. Borrowed, unless said otherwise. */
typedef struct {
  tv_view_theory *theory;
  const tv_features *features;
  const tv_view_model *model;
  const tv_group *group;  /* all ranks */
  tv_moments *moments;    /* owned */
  tv_view_moments *views; /* owned: of those that are sampled; NULL: none are */
} maker;

/* Of the first replicate and the largest sample. */
static tv_error *collect(const tv_experiment *e, const tv_source *source, tv_view_model *model,
                         MPI_Comm comm, maker *m) {
  tv_sampling sampling = tv_sampling_make(e, source, m->features, comm, NULL);
  const tv_row_corruption corruption = tv_view_model_rows(m->model);
  const tv_row_views views = tv_view_model_views(m->model);
  if (corruption.severities > 0) sampling.corruption = &corruption;
  sampling.sizes += sampling.sizes_count - 1;
  sampling.sizes_count = 1;
  sampling.replicates = 1;
  TV_TRY(tv_view_model_read(model, &sampling, m->group->row));
  TV_TRY(tv_moments_collect(&sampling, NULL, 0, &m->moments));
  return tv_experiment_sums_views(e) ? tv_view_moments_collect(&sampling, &views, 0, &m->views)
                                     : NULL;
}

/* The axes along which views are taken at a severity; NULL: all numbers are. */
static tv_error *find_axes(const maker *m, int severity, tv_distmat **out) {
  const tv_experiment *e = m->theory->experiment;
  tv_samples *samples = NULL;
  tv_error *error;
  *out = NULL;
  if (!e->features.pca) return NULL;
  TV_GO(tv_distmat_create(m->group->grid, m->features->inputs, e->features.pca, out));
  if (m->features->axes) {
    tv_distmat_scatter(m->features->axes, *out);
    return NULL;
  }
  TV_GO(tv_view_model_samples(m->model, m->moments, m->group->row, 0, severity, 0, &samples));
  TV_GO(tv_samples_axes(e, samples, m->group->grid, *out));
done:
  tv_samples_destroy(&samples);
  if (error) tv_distmat_destroy(out);
  return error;
}

/* ---- One severity and strength ---- */

/* The encoders of all methods: d x components orthonormal columns, whole on every rank, or NULL
 * where an iteration has failed. */
static tv_error *solve(const tv_view_theory *t, const tv_statistics *s, int m, tv_view_setting *out,
                       double **columns) {
  const tv_method *method = t->methods[m];
  const tv_encoder_spec *encoder = &t->experiment->encoder;
  tv_solution solution = {0};
  int status = 0;
  tv_error *error;
  TV_GO(method->solve(s, t->components, &solution, &status));
  if (status) goto done;
  for (int i = 0; i < t->components; ++i)
    out->values[m * t->components + i] = tv_solution_value(method, &solution, i);
  for (int i = 0; i < encoder->sizes_count; ++i)
    out->gap[m * encoder->sizes_count + i] =
        tv_solution_gap(s, method, &solution, encoder->sizes[i]);
  TV_GO(tv_grid_agree(s->S->grid,
                      tv_allocate((int64_t)s->d * t->components, sizeof(**columns), columns)));
  tv_distmat_gather(solution.encoder, *columns);
  TV_GO(tv_grid_agree(s->S->grid, tv_orthonormalise(s->d, t->components, *columns, NULL)));
done:
  tv_solution_destroy(&solution);
  return error;
}

static tv_error *compare(const tv_view_theory *t, double *const *columns, tv_view_setting *out) {
  const int count = t->methods_count, encoders = t->experiment->encoder.sizes_count;
  for (int pair = 0; pair < count * count; ++pair) {
    const double *a = columns[pair / count], *b = columns[pair % count];
    double mean;
    for (int i = 0; a && b && i < encoders; ++i)
      TV_TRY(tv_principal_angles(t->inputs, t->experiment->encoder.sizes[i], a, b,
                                 &out->angle[pair * encoders + i], &mean));
  }
  return NULL;
}

static tv_error *solve_all(const tv_view_theory *t, const tv_statistics *s, tv_view_setting *out) {
  double **columns = NULL;
  TV_TRY(tv_grid_agree(s->S->grid, tv_allocate(t->methods_count, sizeof(*columns), &columns)));
  tv_error *error = NULL;
  for (int m = 0; !error && m < t->methods_count; ++m) error = solve(t, s, m, out, &columns[m]);
  if (!error) error = tv_grid_agree(s->S->grid, compare(t, columns, out));
  for (int m = 0; m < t->methods_count; ++m) free(columns[m]);
  free(columns);
  return error;
}

static tv_error *make_problem(const maker *m, int severity, int strength, const tv_distmat *axes,
                              tv_statistics **out, int *status) {
  const tv_view_place place = {0, severity, strength, 0};
  tv_samples *samples = NULL;
  tv_error *error =
      tv_view_model_samples(m->model, m->moments, m->group->row, 0, severity, 0, &samples);
  if (!error)
    error = tv_view_model_problem(m->model, m->views, &place, samples, axes, m->group->row,
                                  m->group->grid, out, status);
  tv_samples_destroy(&samples);
  return error;
}

static tv_error *describe_singular(const maker *m, const tv_statistics *s, tv_view_setting *out) {
  tv_view_theory *t = m->theory;
  tv_singularity found;
  tv_error *error = tv_singularity_find(s, &found);
  if (!error) {
    out->floor = found.floor;
    if (!t->experiment->features.pca)
      tv_preparation_number(m->model->source, found.constants + found.dependent, found.numbers);
    if (!*t->singular)
      tv_singularity_describe(&found, t->experiment->features.pca > 0, t->singular,
                              sizeof t->singular);
  }
  tv_singularity_release(&found);
  return error;
}

/* `footprints`: of the strengths of this severity. */
static tv_error *fill_setting(const maker *m, int severity, int strength, const tv_distmat *axes,
                              tv_footprint *footprints) {
  tv_view_theory *t = m->theory;
  tv_view_setting *out = &t->settings[severity * t->strengths + strength];
  tv_statistics *s = NULL;
  int status = 0;
  tv_error *error;
  TV_GO(make_problem(m, severity, strength, axes, &s, &status));
  out->same_as = strength;
  footprints[strength].rounding = INFINITY;
  if (status) {
    error = describe_singular(m, s, out);
    goto done;
  }
  TV_GO(tv_relations_find(s, &out->relations));
  TV_GO(tv_footprint_take(s, &footprints[strength]));
  for (int i = strength - 1; i >= 0; --i)
    if (tv_footprints_agree(&footprints[i], &footprints[strength])) out->same_as = i;
  TV_GO(solve_all(t, s, out));
done:
  tv_statistics_destroy(&s);
  return error;
}

static tv_error *fill_severity(const maker *m, int severity) {
  const int strengths = m->theory->strengths;
  tv_distmat *axes = NULL;
  tv_footprint *footprints = NULL;
  tv_error *error;
  TV_GO(tv_grid_agree(m->group->grid, tv_allocate(strengths, sizeof(*footprints), &footprints)));
  TV_GO(find_axes(m, severity, &axes));
  for (int strength = 0; strength < strengths; ++strength)
    TV_GO(fill_setting(m, severity, strength, axes, footprints));
done:
  free(footprints);
  tv_distmat_destroy(&axes);
  return error;
}

/* ---- Together ---- */

tv_error *tv_view_theory_make(const tv_experiment *e, const tv_source *source, const tv_features *f,
                              tv_view_model *model, MPI_Comm comm, tv_view_theory **out) {
  tv_group *group = NULL;
  maker m = {.features = f, .model = model};
  tv_error *error;
  *out = NULL;
  TV_GO(tv_agree(comm, create(e, f, model, out)));
  TV_GO(tv_group_form(comm, 1, TV_LARGE_BLOCK, &group));
  m.theory = *out;
  m.group = group;
  TV_GO(collect(e, source, model, comm, &m));
  for (int severity = 0; severity < model->severities; ++severity)
    TV_GO(fill_severity(&m, severity));
  TV_GO(tv_agree(comm, tv_view_theory_remark(*out)));
done:
  tv_view_moments_destroy(&m.views);
  tv_moments_destroy(&m.moments);
  tv_group_dissolve(&group);
  if (error) tv_view_theory_destroy(out);
  return error;
}

void tv_view_theory_destroy(tv_view_theory **theory) {
  tv_view_theory *t = *theory;
  if (!t) return;
  for (int i = 0; t->settings && i < t->severities * t->strengths; ++i) {
    free(t->settings[i].values);
    free(t->settings[i].gap);
    free(t->settings[i].angle);
  }
  free(t->settings);
  free(t->methods);
  tv_notes_release(&t->notes);
  free(t);
  *theory = NULL;
}
