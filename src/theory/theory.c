#include "twoview/theory/theory.h"

#include <math.h>
#include <stdlib.h>

tv_components tv_components_of(const tv_features *f, const tv_spectra *spectra, int replicate,
                               int magnitude, int k) {
  return (tv_components){.k = k,
                         .p = f->p,
                         .q = spectra->q,
                         .signal = f->spectrum,
                         .theta = tv_theta_of(spectra, replicate),
                         .gamma = tv_gamma_of(spectra, replicate, magnitude)};
}

double tv_signal_value(const tv_method *method, double signal, double theta) {
  return method->theory->value(signal, signal + theta);
}

double tv_noise_value(const tv_method *method, double gamma, double theta, double alpha2) {
  return method->theory->value(gamma, theta + (1 + alpha2) * gamma);
}

static int descending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x < y) - (x > y);
}

tv_error *tv_weakest_signal(const tv_method *method, const tv_components *c, double *out) {
  double *values;
  *out = NAN;
  if (c->k > c->p) return NULL;
  TV_TRY(tv_allocate(c->p, sizeof(*values), &values));
  for (int i = 0; i < c->p; ++i) values[i] = tv_signal_value(method, c->signal[i], c->theta[i]);
  qsort(values, (size_t)c->p, sizeof(*values), descending);
  *out = values[c->k - 1];
  free(values);
  return NULL;
}

tv_error *tv_alpha2_threshold(const tv_method *method, const tv_components *c, double *out) {
  double weakest;
  *out = method->theory ? NAN : method->fixed_threshold;
  if (!method->theory || c->k > c->p) return NULL;
  TV_TRY(tv_weakest_signal(method, c, &weakest));
  *out = -INFINITY;
  for (int i = 0; i < c->q; ++i)
    *out = fmax(*out,
                method->theory->threshold(weakest, c->gamma[i]) - c->theta[c->p + i] / c->gamma[i]);
  return NULL;
}

tv_error *tv_alpha2_thresholds(const tv_experiment *e, const tv_features *features,
                               const tv_spectra *spectra, double *out) {
  for (int setting = 0; setting < spectra->replicates * spectra->magnitudes; ++setting)
    for (int k = 0; k < e->encoder.sizes_count; ++k) {
      const tv_components c = tv_components_of(features, spectra, setting / spectra->magnitudes,
                                               setting % spectra->magnitudes, e->encoder.sizes[k]);
      for (unsigned m = 0; m < e->methods_count; ++m)
        TV_TRY(tv_alpha2_threshold(tv_method_of(e->methods[m]), &c, out++));
    }
  return NULL;
}

int tv_recovers(double alpha, double alpha2_threshold) {
  return alpha * alpha > alpha2_threshold;
}

tv_rivals tv_rivals_of(const tv_kinds *kinds) {
  for (const tv_kind *const *kind = kinds->methods; *kind; ++kind) {
    const tv_method *method = tv_method_of(*kind);
    if (method->theory && method->theory->rival)
      return (tv_rivals){{method, method->theory->rival}};
  }
  return (tv_rivals){{NULL}};
}

tv_error *tv_asymptotics_of(const tv_rivals *rivals, const tv_components *c,
                            double out[TV_ASYMPTOTICS]) {
  for (int i = 0; i < TV_RIVALS; ++i) {
    TV_TRY(tv_weakest_signal(rivals->method[i], c, &out[TV_WEAKEST + i]));
    TV_TRY(tv_alpha2_threshold(rivals->method[i], c, &out[TV_ALPHA2 + i]));
  }
  out[TV_WEAKEST2_OVER_WEAKEST] = out[TV_WEAKEST] * out[TV_WEAKEST] / out[TV_WEAKEST + 1];
  out[TV_LEAST_GAMMA] = out[TV_LARGEST_GAMMA] = NAN;
  for (int i = 0; i < c->q; ++i) {
    out[TV_LEAST_GAMMA] = fmin(out[TV_LEAST_GAMMA], c->gamma[i]);
    out[TV_LARGEST_GAMMA] = fmax(out[TV_LARGEST_GAMMA], c->gamma[i]);
  }
  return NULL;
}

int tv_favoured(const double asymptotics[TV_ASYMPTOTICS]) {
  const double *alpha2 = asymptotics + TV_ALPHA2;
  for (int i = 0; i < TV_RIVALS; ++i)
    if (alpha2[i] < alpha2[!i] && alpha2[!i] > 0) return i;
  return -1;
}
