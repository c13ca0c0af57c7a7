/* Orthonormal columns. */
#ifndef TWOVIEW_LINALG_ORTHONORMAL_H
#define TWOVIEW_LINALG_ORTHONORMAL_H

#include "twoview/base/error.h"

/* Make the columns of `v` (rows x columns, rows >= columns) orthonormal in place, so that the first
 * of them span what they did: Householder's QR. Its upper
 * triangle goes to `triangle` (columns x columns, zeros below), unless that is NULL.
 *                                                                               Not collective. */
tv_error *tv_orthonormalise(int rows, int columns, double *v, double *triangle);

#endif
