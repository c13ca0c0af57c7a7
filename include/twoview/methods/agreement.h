/* How far the views of a sample agree. */
#ifndef TWOVIEW_METHODS_AGREEMENT_H
#define TWOVIEW_METHODS_AGREEMENT_H

#include "twoview/methods/method.h"

/* omega_k, the k-th largest eigenvalue of the pencil (G, S): the share of the variance of views
 * along the k-th direction of joint embedding that the mean views have. status: not 0 when an
 * iteration failed; omega is then left as it is.                                    Collective. */
tv_error *tv_agreement_find(const tv_statistics *statistics, int k, double *omega, int *status);

#endif
