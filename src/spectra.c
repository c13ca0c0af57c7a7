#include "twoview/spectra.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/random.h"

tv_error *tv_spectra_draw(const tv_experiment *e, int p, tv_spectra **out) {
  const int q = e->noise.components, d = p + q, magnitudes = (int)e->noise.lambda_max_count;
  tv_spectra *s = NULL;
  *out = NULL;
  TV_TRY(tv_allocate(1, sizeof(*s), &s));
  *s = (tv_spectra){.p = p, .q = q, .replicates = e->replicates, .magnitudes = magnitudes};
  tv_error *error = tv_allocate((int64_t)e->replicates * magnitudes * q, sizeof(double), &s->gamma);
  if (!error) error = tv_allocate((int64_t)e->replicates * d, sizeof(double), &s->theta);
  if (error) {
    tv_spectra_destroy(&s);
    return error;
  }
  for (int r = 0; r < e->replicates; ++r) {
    for (int m = 0; m < magnitudes; ++m) {
      double *gamma = s->gamma + ((int64_t)r * magnitudes + m) * q;
      tv_random_uniforms(tv_experiment_stream(e, TV_FOR_GAMMA, r), 0, q, gamma);
      for (int i = 0; i < q; ++i) gamma[i] *= e->noise.lambda_max[m];
    }
    double *theta = s->theta + (int64_t)r * d;
    tv_random_uniforms(tv_experiment_stream(e, TV_FOR_THETA, r), 0, d, theta);
    for (int i = 0; i < d; ++i) theta[i] *= e->augmentation.theta_max;
  }
  *out = s;
  return NULL;
}

void tv_spectra_destroy(tv_spectra **spectra) {
  if (!*spectra) return;
  free((*spectra)->gamma);
  free((*spectra)->theta);
  free(*spectra);
  *spectra = NULL;
}

const double *tv_gamma_of(const tv_spectra *s, int replicate, int magnitude) {
  return s->gamma + ((int64_t)replicate * s->magnitudes + magnitude) * s->q;
}

const double *tv_theta_of(const tv_spectra *s, int replicate) {
  return s->theta + (int64_t)replicate * (s->p + s->q);
}

static int descending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x < y) - (x > y);
}

/* The k-th largest of the signal's values under a method: eta or delta. */
static double weakest_signal(tv_method_id method, int k, int p, const double *signal,
                             const double *theta, double *values) {
  for (int i = 0; i < p; ++i) {
    const double total = signal[i] + theta[i];
    values[i] = signal[i] / (method == TV_RECONSTRUCTION ? sqrt(total) : total);
  }
  qsort(values, (size_t)p, sizeof(*values), descending);
  return values[k - 1];
}

tv_error *tv_alpha2_threshold(tv_method_id method, int k, int p, int q, const double *signal,
                              const double *theta, const double *gamma, double *out) {
  double *values;
  *out = method == TV_SUPERVISED || k <= p ? -INFINITY : NAN;
  if (method == TV_SUPERVISED || k > p) return NULL;
  TV_TRY(tv_allocate(p, sizeof(*values), &values));
  const double weakest = weakest_signal(method, k, p, signal, theta, values);
  for (int i = 0; i < q; ++i) {
    const double needed =
        method == TV_RECONSTRUCTION ? gamma[i] / (weakest * weakest) - 1 : (1 - weakest) / weakest;
    *out = fmax(*out, needed - theta[p + i] / gamma[i]);
  }
  free(values);
  return NULL;
}
