/* The first steps of a chain where their moments do not follow from those of the samples, but from
 * the samples one by one: numbers that go each by itself through noise and functions (clip, log1p),
 * of which E f and E f^2 are known for every number; and weights of whole rows. The quadratic steps
 * behind them continue with the moments of their views. */
#ifndef TWOVIEW_AUGMENTATIONS_LEADING_H
#define TWOVIEW_AUGMENTATIONS_LEADING_H

#include "twoview/augmentations/chain.h"

/* Whether a chain has moments with one more step, its last; `chain->leading` is set. Not
 * collective. */
int tv_leading_settle(tv_chain *chain);

/* Memory for what the leading steps make of numbers.                            Not collective. */
tv_error *tv_leading_prepare(tv_chain *chain);

/* The views tau of a sample x (d) after these steps: E tau = mean, and E tau tau' = spread spread'
 * + D with the diagonal matrix D, whose numbers are added to `rest`.            Not collective. */
void tv_leading_expect(const tv_chain *chain, int d, const double *x, double *mean, double *spread,
                       double *rest);

#endif
