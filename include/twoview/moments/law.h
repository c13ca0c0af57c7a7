/* The law sampler: the moment matrix at any sample size, drawn from its exact (Wishart)
 * distribution without drawing samples, at a cost that does not depend on the size.
 *
 * Let V be what is given of m samples, V'V = L L' with L of r columns, and Z their standard
 * normals. No rotation of the samples changes a second moment or the law of Z. One makes the first
 * r rows of V equal to L' and the others 0; a further one of the others makes their part of Z upper
 * trapezoidal: by Bartlett's decomposition its diagonal holds the roots of chi-square numbers with
 * m - r, m - r - 1, ... degrees of freedom, right of it are standard normals, and rows beyond
 * number m - r or beyond the columns are 0. So r + min(m - r, columns) "condensed" rows have
 * moments of the distribution of those of m samples. Of a data set V = (x, y, 1) is given, of
 * generated sources the constant 1 or the classes, whose sizes are drawn; everything else is linear
 * in standard normals. Each increment between nested sizes is drawn by itself. */
#ifndef TWOVIEW_MOMENTS_LAW_H
#define TWOVIEW_MOMENTS_LAW_H

#include "twoview/moments/moments.h"

/* What it will take, all ranks together. */
typedef struct {
  double flops, normals;
  double row_numbers; /* on each rank: condensed rows and what they are made from */
} tv_law_cost;

tv_law_cost tv_law_estimate_cost(const tv_experiment *experiment, const tv_source *source, int p);

/* Refuse sample sizes that a data set cannot stand for as a population: what each adds must be as
 * many samples as the moments that are given have columns. */
tv_error *tv_law_expect_sizes(const tv_experiment *experiment, const tv_source *source);

/* Draw the moments of every replicate and level, in place of tv_moments_collect. Each increment is
 * drawn by one rank; all ranks get all, the same bits on any number of ranks. Free with
 * tv_moments_destroy.                                                               Collective. */
tv_error *tv_law_collect(const tv_sampling *sampling, int shows_progress, tv_moments **out);

#endif
