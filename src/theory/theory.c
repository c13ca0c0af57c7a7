#include "twoview/theory/theory.h"

#include <math.h>
#include <stdlib.h>

/* x / sqrt(total) or x / total. */
static double whitened(const tv_method *method, double x, double total) {
  return x / (method == &tv_reconstruction ? sqrt(total) : total);
}

double tv_signal_value(const tv_method *method, double signal, double theta) {
  return whitened(method, signal, signal + theta);
}

double tv_noise_value(const tv_method *method, double gamma, double theta, double alpha2) {
  return whitened(method, gamma, theta + (1 + alpha2) * gamma);
}

static int descending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x < y) - (x > y);
}

tv_error *tv_weakest_signal(const tv_method *method, int k, int p, const double *signal,
                            const double *theta, double *out) {
  double *values;
  *out = NAN;
  if (k > p) return NULL;
  TV_TRY(tv_allocate(p, sizeof(*values), &values));
  for (int i = 0; i < p; ++i) values[i] = tv_signal_value(method, signal[i], theta[i]);
  qsort(values, (size_t)p, sizeof(*values), descending);
  *out = values[k - 1];
  free(values);
  return NULL;
}

static double threshold_above(const tv_method *method, double weakest, int q, const double *theta,
                              const double *gamma) {
  double threshold = -INFINITY;
  for (int i = 0; i < q; ++i) {
    const double needed =
        method == &tv_reconstruction ? gamma[i] / (weakest * weakest) - 1 : (1 - weakest) / weakest;
    threshold = fmax(threshold, needed - theta[i] / gamma[i]);
  }
  return threshold;
}

tv_error *tv_alpha2_threshold(const tv_method *method, int k, int p, int q, const double *signal,
                              const double *theta, const double *gamma, double *out) {
  double weakest;
  *out = method == &tv_supervised ? -INFINITY : NAN;
  if (method == &tv_supervised || k > p) return NULL;
  TV_TRY(tv_weakest_signal(method, k, p, signal, theta, &weakest));
  *out = threshold_above(method, weakest, q, theta + p, gamma);
  return NULL;
}

int tv_recovers(double alpha, double alpha2_threshold) {
  return alpha * alpha > alpha2_threshold;
}

tv_error *tv_asymptotics_of(int k, int p, int q, const double *signal, const double *theta,
                            const double *gamma, double out[TV_ASYMPTOTICS]) {
  TV_TRY(tv_weakest_signal(&tv_reconstruction, k, p, signal, theta, &out[TV_ETA]));
  TV_TRY(tv_weakest_signal(&tv_joint_embedding, k, p, signal, theta, &out[TV_DELTA]));
  out[TV_ETA2_OVER_DELTA] = out[TV_ETA] * out[TV_ETA] / out[TV_DELTA];
  out[TV_LEAST_GAMMA] = out[TV_LARGEST_GAMMA] = NAN;
  for (int i = 0; i < q; ++i) {
    out[TV_LEAST_GAMMA] = fmin(out[TV_LEAST_GAMMA], gamma[i]);
    out[TV_LARGEST_GAMMA] = fmax(out[TV_LARGEST_GAMMA], gamma[i]);
  }
  TV_TRY(tv_alpha2_threshold(&tv_reconstruction, k, p, q, signal, theta, gamma,
                             &out[TV_ALPHA2_RECONSTRUCTION]));
  return tv_alpha2_threshold(&tv_joint_embedding, k, p, q, signal, theta, gamma,
                             &out[TV_ALPHA2_JOINT_EMBEDDING]);
}

const tv_method *tv_favoured(const double asymptotics[TV_ASYMPTOTICS]) {
  const double rc = asymptotics[TV_ALPHA2_RECONSTRUCTION];
  const double je = asymptotics[TV_ALPHA2_JOINT_EMBEDDING];
  if (rc < je && je > 0) return &tv_reconstruction;
  if (je < rc && rc > 0) return &tv_joint_embedding;
  return NULL;
}
