/* Axes of an image whose cells are values in even steps. */
#ifndef TWOVIEW_REPORT_AXES_H
#define TWOVIEW_REPORT_AXES_H

#include <stdio.h>

typedef struct {
  const char *name;     /* x or y */
  const double *values; /* borrowed; at least two, ascending */
  int count, is_logarithmic;
} tv_axis;

tv_axis tv_axis_of(const char *name, const double *values, int count);

/* The function of gnuplot that gives the place of a value, x(v) or y(v), and the range of the axis.
 * Images have their cells evenly spaced, so that the coordinates are logarithms already. */
void tv_write_axis(const tv_axis *axis, FILE *out);

void tv_write_tics(const tv_axis *axis, int is_labelled, FILE *out);

/* The function boundary(v) of the squares of an axis's values. Where no alignment is needed it lies
 * as far below the axis as that is long. */
void tv_write_boundary_function(const tv_axis *axis, FILE *out);

#endif
