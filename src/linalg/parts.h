/* What the files on distributed matrices share. */
#ifndef TWOVIEW_LINALG_PARTS_H
#define TWOVIEW_LINALG_PARTS_H

#include "twoview/linalg/grid.h"

/* On one rank a distributed matrix is an ordinary one. Where ScaLAPACK is slow then, LAPACK and
 * BLAS do the work: d = 2048, in ms: pdsyrk 200, dsyrk 147; pdpotrf 79, dpotrf 51; pdtrsm from the
 * right 213, dtrsm 144; pdsytrd 500, dsytrd 296. */
int tv_is_alone(const tv_distmat *a);

/* ScaLAPACK's info: a positive one is numerical, and the `status`; a negative one an argument, or
 * an argument and its entry, and an error. */
tv_error *tv_check_info(const char *routine, int info, int *status);

#endif
