/* Angles between what two encoders see. */
#ifndef TWOVIEW_METHODS_ANGLES_H
#define TWOVIEW_METHODS_ANGLES_H

#include "twoview/base/error.h"

/* The largest and the mean of the principal angles between the spans of a's first k orthonormal
 * columns of d numbers and of b's, in radians, each accurate whether it is small or not (Knyazev
 * and Argentati 2002). NaN where the decomposition fails.                           Not collective.
 */
tv_error *tv_principal_angles(int d, int k, const double *a, const double *b, double *largest,
                              double *mean);

#endif
