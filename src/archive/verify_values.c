#include <math.h>
#include <stdlib.h>

#include "table.h"
#include "twoview/archive/archive.h"
#include "twoview/augmentations/spectra.h"
#include "twoview/base/statistics.h"
#include "twoview/data/features.h"
#include "twoview/methods/method.h"
#include "verification.h"

/* The statuses of a study. */
typedef struct {
  const tv_study *study;
  const char *name;
  const double *values;
} statuses;

static void compare(tv_verification *v, hid_t file, const tv_quantity *quantity,
                    const statuses *s) {
  const char *name = quantity->label.name;
  int64_t count = 0, wrong = 0, first = 0;
  double *values = tv_verify_read(v, file, name, &count);
  for (int64_t i = 0; values && i < count; ++i) {
    if (quantity->agrees(s->values[i], values[i])) continue;
    if (!wrong++) first = i;
  }
  if (wrong)
    tv_verify_problem(v, "%lld of %lld in '%s' contradict '%s': the first is %s where that is %s",
                      (long long)wrong, (long long)count, name, s->name, TV_EXACT(values[first]),
                      TV_EXACT(s->values[first]));
  free(values);
}

static void check_derived(tv_verification *v, hid_t file, const tv_study *study,
                          const tv_quantity *quantity) {
  const tv_quantity *from[] = {&study->quantities[quantity->from[0]],
                               &study->quantities[quantity->from[1]]};
  int64_t count = 0, wrong = 0;
  double *first = tv_verify_read(v, file, from[0]->label.name, &count);
  double *second = tv_verify_read(v, file, from[1]->label.name, &count);
  double *values = tv_verify_read(v, file, quantity->label.name, &count);
  for (int64_t i = 0; first && second && values && i < count; ++i) {
    const double expected = quantity->derive(first[i], second[i]);
    wrong += !(values[i] == expected || (isnan(values[i]) && isnan(expected)));
  }
  if (wrong)
    tv_verify_problem(v, "%lld of %lld in '%s' are not %s", (long long)wrong, (long long)count,
                      quantity->label.name, quantity->formula);
  free(first);
  free(second);
  free(values);
}

/* Only solutions that failed leave encoders without values. */
static void check_encoders(tv_verification *v, const statuses *s, int64_t count) {
  int64_t failed = 0;
  for (int64_t i = 0; i < count; ++i) failed += s->study->is_failure(s->values[i]);
  if (v->undefined && !failed)
    tv_verify_problem(v,
                      "%lld values of encoders, decoders or representations are NaN, though no "
                      "solution failed",
                      (long long)v->undefined);
}

/* Clean inputs have no noise and no alignment: all points of a replicate and sample size have the
 * same scores. */
static void check_clean(tv_verification *v, hid_t file, const tv_experiment *e,
                        const tv_study *study) {
  if (study->score_clean < 0 || e->source.is_unlabelled) return;
  const char *name = study->quantities[study->score_clean].label.name;
  const tv_cube cube = tv_cube_of(e);
  const int64_t each = tv_cube_entries(&cube, 1);
  int64_t count = 0, wrong = 0;
  double *values = tv_verify_read(v, file, name, &count);
  for (int64_t i = 0; values && i < count; ++i) {
    const tv_spot at = tv_cube_split(&cube, i / each);
    const int64_t first = tv_cube_index(&cube, at.replicate, 0, 0, at.level) * each + i % each;
    wrong += !(values[i] == values[first] || (isnan(values[i]) && isnan(values[first])));
  }
  if (wrong)
    tv_verify_problem(v,
                      "%lld of %lld in '%s' are not those of the first noise scale and alignment",
                      (long long)wrong, (long long)count, name);
  free(values);
}

/* ---- Objectives, which are not below the least by theory ---- */

/* Of all entries; owned. */
typedef struct {
  int64_t count;
  double *objective, *optimum, *spectrum, *gamma;
} objectives;

static void free_objectives(objectives *o) {
  free(o->objective);
  free(o->optimum);
  free(o->spectrum);
  free(o->gamma);
}

/* Whether all could be read. */
static int read_objectives(tv_verification *v, hid_t file, const tv_study *study, objectives *o) {
  const tv_quantity *quantities = study->quantities;
  const int has_noise = v->schema->experiment->noise.components > 0;
  int64_t count;
  *o = (objectives){0};
  o->objective = tv_verify_read(v, file, quantities[study->objective].label.name, &o->count);
  o->optimum = tv_verify_read(v, file, quantities[study->optimum].label.name, &count);
  o->spectrum = tv_verify_read(v, file, TV_DATA_SPECTRUM, &count);
  if (has_noise) o->gamma = tv_verify_read(v, file, TV_GAMMA_EIGENVALUES, &count);
  return o->objective && o->optimum && o->spectrum && (o->gamma || !has_noise);
}

static double sum(int count, const double *values) {
  double total = 0;
  for (int i = 0; i < count; ++i) total += values[i];
  return total;
}

/* The size of the mean squares whose difference the objective of an entry is, by a method at a
 * replicate and noise scale. Targets are of unit variance, or one of each class; of others no more
 * is known than what is left of them. */
static double size_of(const tv_schema *s, const objectives *o, const tv_method *method,
                      int64_t setting, int64_t entry) {
  const int q = s->experiment->noise.components;
  switch (method->squared) {
  case TV_OF_INPUTS:
    return sum(s->extent.components, o->spectrum) + (q ? sum(q, o->gamma + setting * q) : 0);
  case TV_OF_OUTPUTS:
    return 2.0 * s->experiment->encoder.k;
  default:
    return fmax(s->extent.targets, fmax(o->objective[entry], o->optimum[entry]));
  }
}

/* Relative residuals of sound solutions, and so what their objectives may be off by. */
static const double most_inexact = 1e-6;

static void check_objectives(tv_verification *v, hid_t file, const statuses *s) {
  const tv_experiment *e = v->schema->experiment;
  const tv_cube cube = tv_cube_of(e);
  const int64_t each = tv_cube_entries(&cube, 1);
  int64_t wrong = 0, first = 0;
  objectives o = {0};
  if (s->study->objective < 0) return;
  const int64_t count = read_objectives(v, file, s->study, &o) ? o.count : 0;
  for (int64_t i = 0; i < count; ++i) {
    const tv_method *method = tv_method_of(e->methods[i % cube.methods]);
    const double size = size_of(v->schema, &o, method, tv_cube_split(&cube, i / each).setting, i);
    const int is_below = o.objective[i] < o.optimum[i] - most_inexact * size;
    if (s->values[i] == 0 && is_below && !wrong++) first = i;
  }
  if (wrong)
    tv_verify_problem(v, "%lld of %lld in '%s' are below '%s': the first is %s where that is %s",
                      (long long)wrong, (long long)count,
                      s->study->quantities[s->study->objective].label.name,
                      s->study->quantities[s->study->optimum].label.name,
                      TV_EXACT(o.objective[first]), TV_EXACT(o.optimum[first]));
  free_objectives(&o);
}

/* ---- Together ---- */

static void check_quantities(tv_verification *v, hid_t file, const statuses *s, int64_t count) {
  for (int i = 0; i < s->study->count; ++i) {
    const tv_quantity *quantity = &s->study->quantities[i];
    if (!tv_quantity_is_of(quantity, v->schema->experiment)) continue;
    if (quantity->agrees) compare(v, file, quantity, s);
    if (quantity->derive) check_derived(v, file, s->study, quantity);
  }
  check_encoders(v, s, count);
  check_clean(v, file, v->schema->experiment, s->study);
  check_objectives(v, file, s);
}

/* A quantity that is wrong in itself would make what it determines wrong too: it is told alone. */
void tv_verify_values(tv_verification *v, hid_t file, const tv_experiment *e) {
  const tv_study *study = tv_study_of(e);
  const tv_schema *schema = v->schema;
  const char *name = study->quantities[study->status].label.name;
  const int before = v->problems;
  int64_t count = 0;
  double *status = tv_verify_read(v, file, name, &count);
  if (!status) return;
  check_quantities(v, file, &(statuses){study, name, status}, count);
  const int are_sound = v->problems == before;
  for (const tv_variable *x = schema->variables; x < schema->variables + schema->count; ++x)
    if (are_sound && x->row->verify) x->row->verify(v, file, x);
  free(status);
}
