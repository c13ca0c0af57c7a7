/* Thresholds: the critical alignment of each method, found by a search at every point. */
#ifndef TWOVIEW_STUDIES_THRESHOLD_H
#define TWOVIEW_STUDIES_THRESHOLD_H

#include "twoview/studies/search.h"
#include "twoview/studies/study.h"

/* Its quantities. */
enum {
  TV_ALPHA2_MEASURED,    /* the least alpha^2 at which leakage is below 1/2; else NaN */
  TV_ALPHA2_STATUS,      /* tv_alpha2_status */
  TV_ALPHA2_EVALUATIONS, /* solutions that it took */
  TV_ALPHA2_PREDICTED,   /* what is expected of the first at this sample size, on average */
  TV_THRESHOLD_QUANTITIES
};

#endif
