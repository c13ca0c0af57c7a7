/* The features of counts that vary most in view of their mean, as Seurat (Satija et al. 2015) and
 * scanpy (`highly_variable_genes`, flavour `seurat`) choose them. */
#ifndef TWOVIEW_DATA_CHOICE_H
#define TWOVIEW_DATA_CHOICE_H

#include <stdint.h>

#include "twoview/base/error.h"

/* The dispersion of a feature, log(variance / mean), is compared with that of the features of its
 * bin, of 20 between the least and the largest log(1 + mean): what it exceeds their mean by, over
 * their standard deviation; 1 alone in a bin. The `wanted` largest, of equal ones the first, go to
 * `chosen` in the order of their numbers. Features without variance are never chosen: *varying is
 * how many others there are; of too few nothing is chosen. Means are not negative. */
tv_error *tv_choose_variable(int features, const double *mean, const double *variance, int wanted,
                             int64_t *chosen, int *varying);

#endif
