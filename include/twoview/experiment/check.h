/* What the checks of an experiment share, also those of the kinds. */
#ifndef TWOVIEW_EXPERIMENT_CHECK_H
#define TWOVIEW_EXPERIMENT_CHECK_H

#include "twoview/experiment/experiment.h"

enum { MOST_INPUTS = 1 << 20 }; /* of a kind: more than memory holds, and sums of them are ints */

/* Moments of so many samples are known to their spread; far fewer can be drawn one by one. */
#define MOST_SAMPLES_IN_LAW 1e15
#define MOST_ROWS           1e12

#define TV_REQUIRE(e, key, condition, ...)                                                         \
  do {                                                                                             \
    if (!(condition)) return tv_experiment_fault(e, key, __VA_ARGS__);                             \
  } while (0)

/* Whether the file or an override says anything about a key. */
int tv_experiment_gives(const tv_experiment *experiment, const char *key);

/* The largest possible eigenvalue of Theta, and the key by which Theta is given. */
double tv_theta_bound(const tv_experiment *experiment);
const char *tv_theta_key(const tv_experiment *experiment);

/* Everything about noise and augmentation that needs no data; theta_max becomes its intervals. */
tv_error *tv_experiment_check_components(tv_experiment *experiment);

/* Everything about corruptions and views that needs no data; what is not said of the rows held out
 * is as in the source; and whether a share of generated rows can be held out. */
tv_error *tv_experiment_check_views(tv_experiment *experiment);
tv_error *tv_experiment_settle_test(tv_experiment *experiment);
tv_error *tv_experiment_check_test(const tv_experiment *experiment);
void tv_experiment_settle_probe(tv_experiment *experiment);

/* What random Fourier features can be combined with. */
tv_error *tv_experiment_check_fourier(const tv_experiment *experiment);

/* For studies that have a use for components alone. */
tv_error *tv_experiment_expect_components(const tv_experiment *experiment);

#endif
