/* The eigenvalues of the noise covariance Gamma and of the augmentation covariance Theta: drawn per
 * replicate, U[ratio lambda_max, lambda_max] on the q noise components and U[low, high] on the p
 * important and on the q noise components, or given. The same uniforms serve every lambda_max, so
 * that magnitudes are compared on common random numbers. */
#ifndef TWOVIEW_SPECTRA_H
#define TWOVIEW_SPECTRA_H

#include "twoview/experiment.h"

typedef struct {
  int p, q, replicates, magnitudes;
  double *gamma; /* replicates x magnitudes x q */
  double *theta; /* replicates x (p + q) */
} tv_spectra;

/* Free with tv_spectra_destroy. */
tv_error *tv_spectra_draw(const tv_experiment *experiment, int p, tv_spectra **out);
void tv_spectra_destroy(tv_spectra **spectra);

const double *tv_gamma_of(const tv_spectra *spectra, int replicate, int magnitude);
const double *tv_theta_of(const tv_spectra *spectra, int replicate);

/* The least alpha^2 above which each method recovers the clean solution as n -> infinity (Van Assel
 * et al., arXiv 2505.12477, Propositions 4.2 to 4.4), for k encoder rows and population variances
 * `signal` of the p important components:
 *   RC  max_i gamma_i/eta^2 - theta_i/gamma_i - 1,     eta   = k-th largest s/sqrt(s + theta)
 *   JE  max_i (1 - delta)/delta - theta_i/gamma_i,     delta = k-th largest s/(s + theta)
 * Negative: no alignment is needed. SL, and any method without noise: -infinity. k > p leaves
 * nothing to recover it by: NaN. */
tv_error *tv_alpha2_threshold(tv_method_id method, int k, int p, int q, const double *signal,
                              const double *theta, const double *gamma, double *out);

#endif
