/* The predictions of theory as the sample size grows without bound (Van Assel et al., arXiv
 * 2505.12477, Propositions 4.2 to 4.4 and Corollary 4.5). The p important components have variances
 * `signal`; `theta` are the eigenvalues of Theta on them and then on the q noise components,
 * `gamma` those of Gamma on the noise components. The encoder's k rows go to the components of the
 * largest values, phi for reconstruction (RC) and omega for joint embedding (JE):
 *   important components   phi = s / sqrt(s + theta)            omega = s / (s + theta)
 *   noise components       phi = gamma / sqrt(theta + (1 + alpha^2) gamma)
 *                          omega = gamma / (theta + (1 + alpha^2) gamma)
 * and a method recovers the clean solution when no noise component is among them: when those of the
 * noise are below eta (RC) or delta (JE), the k-th largest of the important components'. */
#ifndef TWOVIEW_THEORY_THEORY_H
#define TWOVIEW_THEORY_THEORY_H

#include "twoview/augmentations/spectra.h"
#include "twoview/data/features.h"
#include "twoview/methods/method.h"

/* The components of one replicate and noise scale; borrowed. */
typedef struct {
  int k, p, q;          /* rows of the encoder; important components, noise components */
  const double *signal; /* p: variances of the important components */
  const double *theta;  /* p + q */
  const double *gamma;  /* q */
} tv_components;

/* Those of an experiment, for encoders of k rows. */
tv_components tv_components_of(const tv_features *features, const tv_spectra *spectra,
                               int replicate, int magnitude, int k);

/* phi or omega of a component, by a method that has a theory of components. */
double tv_signal_value(const tv_method *method, double signal, double theta);
double tv_noise_value(const tv_method *method, double gamma, double theta, double alpha2);

/* eta or delta. k > p leaves nothing to recover: NaN. */
tv_error *tv_weakest_signal(const tv_method *method, const tv_components *components, double *out);

/* The name of these thresholds in archives and tables. */
#define TV_ALPHA2_THRESHOLD "alpha2_threshold"

/* The threshold, the alpha^2 above which a method recovers:
 *   RC  max_i gamma_i/eta^2 - theta_i/gamma_i - 1
 *   JE  max_i (1 - delta)/delta - theta_i/gamma_i
 * Negative: no alignment is needed. SL, and any of these without noise: -infinity. k > p, and a
 * method without theory: NaN. */
tv_error *tv_alpha2_threshold(const tv_method *method, const tv_components *components,
                              double *out);

/* Of all of an experiment: replicates x noise scales x encoders x methods. */
tv_error *tv_alpha2_thresholds(const tv_experiment *experiment, const tv_features *features,
                               const tv_spectra *spectra, double *out);

/* Whether a method recovers at an alignment; never where its threshold is NaN. */
int tv_recovers(double alpha, double alpha2_threshold);

/* The two methods that Corollary 4.5 compares, RC and JE: one whose row names the other. */
enum { TV_RIVALS = 2 };
typedef struct {
  const tv_method *method[TV_RIVALS];
} tv_rivals;

/* The first such two of a table of methods. */
tv_rivals tv_rivals_of(const tv_kinds *kinds);

/* All of it for one replicate and noise scale. */
typedef enum {
  TV_WEAKEST,                                        /* eta and delta, of the rivals */
  TV_WEAKEST2_OVER_WEAKEST = TV_WEAKEST + TV_RIVALS, /* eta^2/delta */
  TV_LEAST_GAMMA,                                    /* NaN without noise */
  TV_LARGEST_GAMMA,
  TV_ALPHA2, /* of the rivals */
  TV_ASYMPTOTICS = TV_ALPHA2 + TV_RIVALS
} tv_asymptotic;

tv_error *tv_asymptotics_of(const tv_rivals *rivals, const tv_components *components,
                            double out[TV_ASYMPTOTICS]);

/* Which of the rivals needs less alignment; -1 where neither needs any or a threshold is NaN. By
 * Corollary 4.5 it is RC when all of gamma are below eta^2/delta, and JE when all are above it. */
int tv_favoured(const double asymptotics[TV_ASYMPTOTICS]);

#endif
