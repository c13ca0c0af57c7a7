/* The eigenvalues of the noise covariance Gamma and of the augmentation covariance Theta: drawn per
 * replicate, U[ratio lambda_max, lambda_max] on the q noise components and U[low, high] on the p
 * important and on the q noise components, or given. The same uniforms serve every lambda_max, so
 * that noise scales are compared on common random numbers. */
#ifndef TWOVIEW_AUGMENTATIONS_SPECTRA_H
#define TWOVIEW_AUGMENTATIONS_SPECTRA_H

#include "twoview/experiment/experiment.h"

/* Their names in archives and JSON. */
#define TV_GAMMA_EIGENVALUES "gamma_eigenvalues"
#define TV_THETA_EIGENVALUES "theta_eigenvalues"

typedef struct {
  int p, q, replicates, magnitudes;
  double *gamma; /* replicates x noise scales x q */
  double *theta; /* replicates x (p + q) */
} tv_spectra;

/* Free with tv_spectra_destroy. */
tv_error *tv_spectra_draw(const tv_experiment *experiment, int p, tv_spectra **out);
void tv_spectra_destroy(tv_spectra **spectra);

const double *tv_gamma_of(const tv_spectra *spectra, int replicate, int magnitude);
const double *tv_theta_of(const tv_spectra *spectra, int replicate);

#endif
