#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "twoview/theory/summary.h"

/* Values are new references, and NULL without memory: jansson's functions take over what they are
 * given and answer a NULL with a NULL. */

static const char *const names[TV_ASYMPTOTICS] = {
    [TV_ETA] = "eta",
    [TV_DELTA] = "delta",
    [TV_ETA2_OVER_DELTA] = "eta2_over_delta",
    [TV_LEAST_GAMMA] = "least_gamma",
    [TV_LARGEST_GAMMA] = "largest_gamma",
    [TV_ALPHA2_RECONSTRUCTION] = "alpha2_reconstruction",
    [TV_ALPHA2_JOINT_EMBEDDING] = "alpha2_joint_embedding"};

static json_t *number(double value) {
  return isfinite(value) ? json_real(value) : json_null();
}

/* A failure leaves NULL in the place of the array. */
static void append(json_t **array, json_t *value) {
  if (json_array_append_new(*array, value) == 0) return;
  json_decref(*array);
  *array = NULL;
}

static json_t *numbers(const double *values, int count) {
  json_t *array = json_array();
  for (int i = 0; array && i < count; ++i) append(&array, number(values[i]));
  return array;
}

/* ---- By component ---- */

static json_t *signal_values(const tv_theory *t, int replicate, const tv_method *method) {
  const double *theta = tv_theta_of(t->spectra, replicate);
  json_t *array = json_array();
  for (int i = 0; array && i < t->features->p; ++i)
    append(&array, number(tv_signal_value(method, t->features->spectrum[i], theta[i])));
  return array;
}

static json_t *noise_values(const tv_theory *t, int replicate, int magnitude, double alpha,
                            const tv_method *method) {
  const double *gamma = tv_gamma_of(t->spectra, replicate, magnitude);
  const double *theta = tv_theta_of(t->spectra, replicate) + t->spectra->p;
  json_t *array = json_array();
  for (int i = 0; array && i < t->spectra->q; ++i)
    append(&array, number(tv_noise_value(method, gamma[i], theta[i], alpha * alpha)));
  return array;
}

static json_t *alignments(const tv_theory *t, int replicate, int magnitude) {
  const tv_augmentation_spec *a = &t->experiment->augmentation;
  const double *values = t->asymptotics[replicate * t->spectra->magnitudes + magnitude];
  json_t *array = json_array();
  for (unsigned i = 0; array && i < a->alpha_count; ++i)
    append(
        &array,
        json_pack(
            "{s:o, s:b, s:b, s:o, s:o}", "alpha", number(a->alpha[i]), "reconstruction_recovers",
            tv_recovers(a->alpha[i], values[TV_ALPHA2_RECONSTRUCTION]), "joint_embedding_recovers",
            tv_recovers(a->alpha[i], values[TV_ALPHA2_JOINT_EMBEDDING]), "noise_phi",
            noise_values(t, replicate, magnitude, a->alpha[i], &tv_reconstruction), "noise_omega",
            noise_values(t, replicate, magnitude, a->alpha[i], &tv_joint_embedding)));
  return array;
}

/* ---- By replicate and noise magnitude ---- */

static json_t *favoured(const double *values) {
  const tv_method *method = tv_favoured(values);
  return method == NULL ? json_null() : json_string(method->kind.name);
}

static json_t *magnitudes(const tv_theory *t, int replicate) {
  const tv_spectra *s = t->spectra;
  json_t *array = json_array();
  for (int m = 0; array && m < s->magnitudes; ++m) {
    const double *values = t->asymptotics[replicate * s->magnitudes + m];
    json_t *entry =
        json_pack("{s:o, s:o, s:o, s:o}", "lambda_max", number(t->experiment->noise.lambda_max[m]),
                  "gamma_eigenvalues", numbers(tv_gamma_of(s, replicate, m), s->q), "favoured",
                  favoured(values), "alignments", alignments(t, replicate, m));
    for (int i = 0; i < TV_ASYMPTOTICS; ++i)
      if (json_object_set_new(entry, names[i], number(values[i])) != 0) {
        json_decref(entry);
        entry = NULL;
      }
    append(&array, entry);
  }
  return array;
}

static json_t *replicates(const tv_theory *t) {
  json_t *array = json_array();
  for (int r = 0; array && r < t->spectra->replicates; ++r)
    append(&array,
           json_pack("{s:i, s:o, s:o, s:o, s:o}", "replicate", t->experiment->first_replicate + r,
                     "theta_eigenvalues",
                     numbers(tv_theta_of(t->spectra, r), t->spectra->p + t->spectra->q),
                     "signal_phi", signal_values(t, r, &tv_reconstruction), "signal_omega",
                     signal_values(t, r, &tv_joint_embedding), "magnitudes", magnitudes(t, r)));
  return array;
}

/* ---- Over replicates ---- */

static json_t *summary_at(const tv_theory *t, int magnitude) {
  json_t *entry = json_pack(
      "{s:o, s:{s:i, s:i, s:i}}", "lambda_max", number(t->experiment->noise.lambda_max[magnitude]),
      "favoured", tv_reconstruction.kind.name, tv_theory_count(t, magnitude, &tv_reconstruction),
      tv_joint_embedding.kind.name, tv_theory_count(t, magnitude, &tv_joint_embedding), "undecided",
      tv_theory_count(t, magnitude, NULL));
  for (int i = 0; i < TV_ASYMPTOTICS; ++i) {
    const tv_band band = tv_theory_band(t, magnitude, (tv_asymptotic)i);
    json_t *of_value = json_pack("{s:o, s:o, s:o}", "mean", number(band.mean), "least",
                                 number(band.least), "largest", number(band.largest));
    if (json_object_set_new(entry, names[i], of_value) == 0) continue;
    json_decref(entry);
    entry = NULL;
  }
  return entry;
}

static json_t *summary(const tv_theory *t) {
  json_t *array = json_array();
  for (int m = 0; array && m < t->spectra->magnitudes; ++m) append(&array, summary_at(t, m));
  return array;
}

tv_error *tv_theory_print_json(const tv_theory *t, FILE *out) {
  const tv_experiment *e = t->experiment;
  char *resolved = NULL;
  TV_TRY(tv_experiment_print(e, &resolved));
  json_t *root = json_pack(
      "{s:s, s:s, s:i, s:i, s:i, s:o, s:o, s:o, s:o, s:o}", "name", e->name, "experiment", resolved,
      "k", e->encoder.k, "important_components", t->features->p, "noise_components", t->spectra->q,
      "alpha", numbers(e->augmentation.alpha, (int)e->augmentation.alpha_count), "lambda_max",
      numbers(e->noise.lambda_max, (int)e->noise.lambda_max_count), "data_spectrum",
      numbers(t->features->spectrum, t->features->p), "summary", summary(t), "replicates",
      replicates(t));
  free(resolved);
  if (!root) return tv_fail("out of memory for the JSON text of theory");
  const int status = json_dumpf(root, out, 0);
  json_decref(root);
  if (status != 0) return tv_fail_errno("the JSON text of theory cannot be written");
  fputc('\n', out);
  return NULL;
}
