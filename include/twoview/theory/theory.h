/* What theory says of sample sizes that grow without bound (Van Assel et al., arXiv 2505.12477,
 * Propositions 4.2 to 4.4 and Corollary 4.5). The p important components have variances `signal`;
 * `theta` are the eigenvalues of Theta on them and then on the q noise components, `gamma` those of
 * Gamma on the noise components. The encoder's k rows go to the components of the largest values,
 * phi for reconstruction (RC) and omega for joint embedding (JE):
 *   important components   phi = s / sqrt(s + theta)            omega = s / (s + theta)
 *   noise components       phi = gamma / sqrt(theta + (1 + alpha^2) gamma)
 *                          omega = gamma / (theta + (1 + alpha^2) gamma)
 * and a method recovers the clean solution when no noise component is among them: when those of the
 * noise are below eta (RC) or delta (JE), the k-th largest of the important components'. */
#ifndef TWOVIEW_THEORY_THEORY_H
#define TWOVIEW_THEORY_THEORY_H

#include "twoview/methods/method.h"

/* phi (RC) or omega (JE) of a component. */
double tv_signal_value(const tv_method *method, double signal, double theta);
double tv_noise_value(const tv_method *method, double gamma, double theta, double alpha2);

/* eta or delta. k > p leaves nothing to recover: NaN. */
tv_error *tv_weakest_signal(const tv_method *method, int k, int p, const double *signal,
                            const double *theta, double *out);

/* The least alpha^2 above which a method recovers:
 *   RC  max_i gamma_i/eta^2 - theta_i/gamma_i - 1
 *   JE  max_i (1 - delta)/delta - theta_i/gamma_i
 * Negative: no alignment is needed. SL, and any method without noise: -infinity. k > p: NaN. */
tv_error *tv_alpha2_threshold(const tv_method *method, int k, int p, int q, const double *signal,
                              const double *theta, const double *gamma, double *out);

/* Whether a method recovers at an alignment; never where its threshold is NaN. */
int tv_recovers(double alpha, double alpha2_threshold);

/* All of it for one replicate and noise magnitude. */
typedef enum {
  TV_ETA,
  TV_DELTA,
  TV_ETA2_OVER_DELTA,
  TV_LEAST_GAMMA, /* NaN without noise */
  TV_LARGEST_GAMMA,
  TV_ALPHA2_RECONSTRUCTION,
  TV_ALPHA2_JOINT_EMBEDDING,
  TV_ASYMPTOTICS
} tv_asymptotic;

tv_error *tv_asymptotics_of(int k, int p, int q, const double *signal, const double *theta,
                            const double *gamma, double out[TV_ASYMPTOTICS]);

/* The method that needs less alignment; NULL where neither needs any or a threshold is NaN.
 * By Corollary 4.5 it is RC when all of gamma are below eta^2/delta, and JE when all are above it.
 */
const tv_method *tv_favoured(const double asymptotics[TV_ASYMPTOTICS]);

#endif
