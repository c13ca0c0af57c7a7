/* Products of the rows of a batch, by what is cheaper. */
#ifndef TWOVIEW_MOMENTS_PRODUCTS_H
#define TWOVIEW_MOMENTS_PRODUCTS_H

#include "twoview/base/error.h"

/* Add U'U to the lower triangle of `matrix` (width x width, column-major), U being `rows` x width
 * with rows contiguous: by dsyrk or, where most numbers are 0, by the others alone. Which of them
 * depends on U, and so do the bits of the sum. Memory on the way: less than that of U.  Not
 * collective. */
tv_error *tv_products_add(int rows, int width, const double *u, double *matrix);

#endif
