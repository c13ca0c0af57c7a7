#include "twoview/theory/views.h"

#include <math.h>
#include <stdlib.h>

#include "remarks.h"
#include "twoview/augmentations/view_problems.h"
#include "twoview/base/comm.h"
#include "twoview/data/preparation.h"
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

static tv_error *describe_singular(tv_view_theory *t, const tv_view_problems *problems,
                                   const tv_statistics *s, tv_view_setting *out) {
  tv_singularity found;
  tv_error *error = tv_singularity_find(s, &found);
  if (!error) {
    out->floor = found.floor;
    if (!t->experiment->features.pca)
      tv_preparation_number(problems->model->source, found.constants + found.dependent,
                            found.numbers);
    if (!*t->singular)
      tv_singularity_describe(&found, t->experiment->features.pca > 0, t->singular,
                              sizeof t->singular);
  }
  tv_singularity_release(&found);
  return error;
}

/* `footprints`: of the strengths of this severity. */
static tv_error *fill_setting(tv_view_theory *t, const tv_view_problems *problems, int severity,
                              int strength, const tv_distmat *axes, tv_footprint *footprints) {
  tv_view_setting *out = &t->settings[severity * t->strengths + strength];
  tv_statistics *s = NULL;
  int status = 0;
  tv_error *error;
  TV_GO(tv_view_problems_make(problems, severity, strength, axes, &s, &status));
  out->same_as = strength;
  footprints[strength].rounding = INFINITY;
  if (status) {
    error = describe_singular(t, problems, s, out);
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

static tv_error *fill_severity(tv_view_theory *t, const tv_view_problems *problems, int severity) {
  tv_distmat *axes = NULL;
  tv_footprint *footprints = NULL;
  tv_error *error;
  TV_GO(tv_grid_agree(problems->group->grid,
                      tv_allocate(t->strengths, sizeof(*footprints), &footprints)));
  TV_GO(tv_view_problems_axes(problems, severity, &axes));
  for (int strength = 0; strength < t->strengths; ++strength)
    TV_GO(fill_setting(t, problems, severity, strength, axes, footprints));
done:
  free(footprints);
  tv_distmat_destroy(&axes);
  return error;
}

/* ---- Together ---- */

tv_error *tv_view_theory_make(const tv_experiment *e, const tv_features *f, tv_view_model *model,
                              MPI_Comm comm, tv_view_theory **out) {
  tv_view_problems *problems = NULL;
  tv_error *error;
  *out = NULL;
  TV_GO(tv_agree(comm, create(e, f, model, out)));
  TV_GO(tv_view_problems_collect(f, model, (*out)->n, comm, &problems));
  for (int severity = 0; severity < model->severities; ++severity)
    TV_GO(fill_severity(*out, problems, severity));
  TV_GO(tv_agree(comm, tv_view_theory_remark(*out)));
done:
  tv_view_problems_destroy(&problems);
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
