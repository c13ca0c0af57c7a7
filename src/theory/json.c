#include "json.h"

#include <math.h>
#include <stdlib.h>

#include "twoview/theory/summary.h"

enum { NAME = 64 };

/* eta, delta, eta2_over_delta, ..., alpha2_reconstruction: as the rivals are called. */
static const char *name_of(const tv_theory *t, int which, char out[NAME]) {
  const tv_component_theory *first = t->rivals.method[0]->theory;
  const tv_component_theory *second = t->rivals.method[1]->theory;
  char key[TV_KIND_KEY];
  if (which == TV_LEAST_GAMMA) return "least_gamma";
  if (which == TV_LARGEST_GAMMA) return "largest_gamma";
  if (which < TV_WEAKEST2_OVER_WEAKEST) return (which == TV_WEAKEST ? first : second)->weakest_name;
  if (which == TV_WEAKEST2_OVER_WEAKEST) {
    snprintf(out, NAME, "%s2_over_%s", first->weakest_name, second->weakest_name);
    return out;
  }
  tv_kind_key(&t->rivals.method[which - TV_ALPHA2]->kind, key);
  snprintf(out, NAME, "alpha2_%s", key);
  return out;
}

json_t *tv_json_number(double value) {
  return isfinite(value) ? json_real(value) : json_null();
}

void tv_json_append(json_t **array, json_t *value) {
  if (json_array_append_new(*array, value) == 0) return;
  json_decref(*array);
  *array = NULL;
}

json_t *tv_json_numbers(const double *values, int count) {
  json_t *array = json_array();
  for (int i = 0; array && i < count; ++i) tv_json_append(&array, tv_json_number(values[i]));
  return array;
}

void tv_json_put(json_t **object, const char *prefix, const char *name, const char *suffix,
                 json_t *value) {
  char key[2 * NAME];
  snprintf(key, sizeof key, "%s%s%s", prefix, name, suffix);
  if (json_object_set_new(*object, key, value) == 0) return;
  json_decref(*object);
  *object = NULL;
}

tv_error *tv_json_print(json_t *root, FILE *out) {
  if (!root) return tv_fail("out of memory for the JSON text of theory");
  const int status = json_dumpf(root, out, 0);
  json_decref(root);
  if (status != 0) return tv_fail_errno("the JSON text of theory cannot be written");
  fputc('\n', out);
  return NULL;
}

/* ---- By component ---- */

static json_t *signal_values(const tv_theory *t, int replicate, int rival) {
  const double *theta = tv_theta_of(t->spectra, replicate);
  json_t *array = json_array();
  for (int i = 0; array && i < t->features->p; ++i)
    tv_json_append(&array, tv_json_number(tv_signal_value(t->rivals.method[rival],
                                                          t->features->spectrum[i], theta[i])));
  return array;
}

static json_t *noise_values(const tv_theory *t, int replicate, int magnitude, double alpha,
                            int rival) {
  const double *gamma = tv_gamma_of(t->spectra, replicate, magnitude);
  const double *theta = tv_theta_of(t->spectra, replicate) + t->spectra->p;
  json_t *array = json_array();
  for (int i = 0; array && i < t->spectra->q; ++i)
    tv_json_append(&array, tv_json_number(tv_noise_value(t->rivals.method[rival], gamma[i],
                                                         theta[i], alpha * alpha)));
  return array;
}

static json_t *alignment(const tv_theory *t, int replicate, int magnitude, double alpha) {
  const double *values = t->asymptotics[replicate * t->spectra->magnitudes + magnitude];
  json_t *object = json_pack("{s:o}", TV_ALPHA, tv_json_number(alpha));
  for (int i = 0; i < TV_RIVALS; ++i) {
    char key[TV_KIND_KEY];
    tv_kind_key(&t->rivals.method[i]->kind, key);
    tv_json_put(&object, "", key, "_recovers",
                json_boolean(tv_recovers(alpha, values[TV_ALPHA2 + i])));
  }
  for (int i = 0; i < TV_RIVALS; ++i)
    tv_json_put(&object, "noise_", t->rivals.method[i]->theory->value_name, "",
                noise_values(t, replicate, magnitude, alpha, i));
  return object;
}

static json_t *alignments(const tv_theory *t, int replicate, int magnitude) {
  const tv_augmentation_spec *a = &t->experiment->augmentation;
  json_t *array = json_array();
  for (unsigned i = 0; array && i < a->alpha_count; ++i)
    tv_json_append(&array, alignment(t, replicate, magnitude, a->alpha[i]));
  return array;
}

/* ---- By replicate and noise scale ---- */

static json_t *favoured(const tv_theory *t, const double *values) {
  const int rival = tv_favoured(values);
  return rival < 0 ? json_null() : json_string(t->rivals.method[rival]->kind.name);
}

static json_t *magnitudes(const tv_theory *t, int replicate) {
  const tv_spectra *s = t->spectra;
  json_t *array = json_array();
  for (int m = 0; array && m < s->magnitudes; ++m) {
    const double *values = t->asymptotics[replicate * s->magnitudes + m];
    char name[NAME];
    json_t *entry = json_pack(
        "{s:o, s:o, s:o, s:o}", TV_LAMBDA_MAX, tv_json_number(t->experiment->noise.lambda_max[m]),
        TV_GAMMA_EIGENVALUES, tv_json_numbers(tv_gamma_of(s, replicate, m), s->q), "favoured",
        favoured(t, values), "alignments", alignments(t, replicate, m));
    for (int i = 0; i < TV_ASYMPTOTICS; ++i)
      tv_json_put(&entry, "", name_of(t, i, name), "", tv_json_number(values[i]));
    tv_json_append(&array, entry);
  }
  return array;
}

static json_t *replicate(const tv_theory *t, int r) {
  json_t *object = json_pack(
      "{s:i, s:o}", TV_REPLICATE, t->experiment->first_replicate + r, TV_THETA_EIGENVALUES,
      tv_json_numbers(tv_theta_of(t->spectra, r), t->spectra->p + t->spectra->q));
  for (int i = 0; i < TV_RIVALS; ++i)
    tv_json_put(&object, "signal_", t->rivals.method[i]->theory->value_name, "",
                signal_values(t, r, i));
  tv_json_put(&object, "", "magnitudes", "", magnitudes(t, r));
  return object;
}

static json_t *replicates(const tv_theory *t) {
  json_t *array = json_array();
  for (int r = 0; array && r < t->spectra->replicates; ++r) tv_json_append(&array, replicate(t, r));
  return array;
}

/* ---- Over replicates ---- */

/* How many replicates favour either, and neither. */
static json_t *counts(const tv_theory *t, int magnitude) {
  json_t *object = json_object();
  for (int i = 0; i < TV_RIVALS; ++i)
    tv_json_put(&object, "", t->rivals.method[i]->kind.name, "",
                json_integer(tv_theory_count(t, magnitude, i)));
  tv_json_put(&object, "", "undecided", "", json_integer(tv_theory_count(t, magnitude, -1)));
  return object;
}

static json_t *summary_at(const tv_theory *t, int magnitude) {
  json_t *entry = json_pack("{s:o, s:o}", TV_LAMBDA_MAX,
                            tv_json_number(t->experiment->noise.lambda_max[magnitude]), "favoured",
                            counts(t, magnitude));
  for (int i = 0; i < TV_ASYMPTOTICS; ++i) {
    char name[NAME];
    const tv_summary summary = tv_theory_summary(t, magnitude, (tv_asymptotic)i);
    tv_json_put(&entry, "", name_of(t, i, name), "",
                json_pack("{s:o, s:o, s:o}", "mean", tv_json_number(summary.mean), "least",
                          tv_json_number(summary.least), "largest",
                          tv_json_number(summary.largest)));
  }
  return entry;
}

static json_t *summary(const tv_theory *t) {
  json_t *array = json_array();
  for (int m = 0; array && m < t->spectra->magnitudes; ++m)
    tv_json_append(&array, summary_at(t, m));
  return array;
}

tv_error *tv_theory_print_json(const tv_theory *t, FILE *out) {
  const tv_experiment *e = t->experiment;
  char *resolved = NULL;
  TV_TRY(tv_experiment_print(e, &resolved));
  json_t *root = json_pack(
      "{s:s, s:s, s:i, s:i, s:i, s:o, s:o, s:o, s:o, s:o}", "name", e->name, "experiment", resolved,
      "k", t->k, "important_components", t->features->p, "noise_components", t->spectra->q,
      TV_ALPHA, tv_json_numbers(e->augmentation.alpha, (int)e->augmentation.alpha_count),
      TV_LAMBDA_MAX, tv_json_numbers(e->noise.lambda_max, (int)e->noise.lambda_max_count),
      TV_DATA_SPECTRUM, tv_json_numbers(t->features->spectrum, t->features->p), "summary",
      summary(t), "replicates", replicates(t));
  free(resolved);
  return tv_json_print(root, out);
}
