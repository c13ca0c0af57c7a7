/* The mean of the critical alignment alpha*^2(n), the least alignment at which the noise leakage of
 * an encoder fitted to n samples is below 1/2: a prediction without samples, whose limit n ->
 * infinity is tv_alpha2_threshold. Derived, with measurements beside it, in
 * data/thresholds/README.md. */
#ifndef TWOVIEW_THEORY_PREDICTION_H
#define TWOVIEW_THEORY_PREDICTION_H

#include "twoview/theory/theory.h"

/* How the important components vary between replicates. */
typedef enum {
  TV_SIGNAL_FIXED, /* `signal` holds the second moments of the very samples */
  TV_SIGNAL_DRAWN  /* of a Gaussian population from which n samples are drawn */
} tv_signal_kind;

/* n > p + q. Costs some thousand sums over p + q terms. Negative: no alignment is needed (where
 * noise is so weak that no sample of it competes, the limit stands in). SL, and any method without
 * noise: -infinity. NaN where there is no prediction: k > p, n <= p + q, a search that finds no
 * solution, and RC where its expansion in 1/n ends: with s_k the variance of the k-th signal in the
 * order of (s + sum gamma/n) s/(s + theta), unless
 *   sum s <= 0.03 n s_k  and  sum gamma <= 0.25 n s_k.
 * There RC is within some 5 per cent of measured means. */
tv_error *tv_alpha2_predicted(const tv_method *method, const tv_components *components, double n,
                              tv_signal_kind kind, double *out);

#endif
