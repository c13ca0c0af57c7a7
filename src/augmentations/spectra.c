#include "twoview/augmentations/spectra.h"

#include <stdlib.h>
#include <string.h>

#include "twoview/random/random.h"

/* The q eigenvalues of Gamma relative to lambda_max. */
static void draw_gamma(const tv_experiment *e, int replicate, double *relative) {
  const tv_noise_spec *n = &e->noise;
  if (n->eigenvalues) {
    memcpy(relative, n->eigenvalues, (size_t)n->components * sizeof(*relative));
    return;
  }
  tv_random_uniforms(tv_experiment_stream(e, TV_FOR_GAMMA, replicate), 0, n->components, relative);
  for (int i = 0; i < n->components; ++i)
    relative[i] = n->lambda_min_ratio + (1 - n->lambda_min_ratio) * relative[i];
}

/* The d eigenvalues of Theta. */
static void draw_theta(const tv_experiment *e, int replicate, int p, int d, double *theta) {
  const tv_augmentation_spec *a = &e->augmentation;
  if (a->theta_eigenvalues) {
    memcpy(theta, a->theta_eigenvalues, (size_t)d * sizeof(*theta));
    return;
  }
  tv_random_uniforms(tv_experiment_stream(e, TV_FOR_THETA, replicate), 0, d, theta);
  for (int i = 0; i < d; ++i) {
    const double *bounds = i < p ? a->theta.signal : a->theta.noise;
    theta[i] = bounds[0] + (bounds[1] - bounds[0]) * theta[i];
  }
}

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
      draw_gamma(e, r, gamma);
      for (int i = 0; i < q; ++i) gamma[i] *= e->noise.lambda_max[m];
    }
    draw_theta(e, r, p, d, s->theta + (int64_t)r * d);
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
