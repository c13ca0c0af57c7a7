#include "axes.h"

#include <math.h>

#include "twoview/base/statistics.h"
#include "twoview/experiment/experiment.h"
#include "twoview/figures/script.h"

tv_axis tv_axis_of(const char *name, const double *values, int count) {
  return (tv_axis){name, values, count, tv_is_evenly_spaced(values, count, TV_SPACED_LOGARITHMIC)};
}

static double on_axis(const tv_axis *x, double value) {
  return x->is_logarithmic ? log10(value) : value;
}

/* Of an axis too short for decades: its first and last value. */
static void write_ends(const tv_axis *x, int is_labelled, FILE *out) {
  const double ends[] = {x->values[0], x->values[x->count - 1]};
  char label[32] = "";
  for (int i = 0; i < 2; ++i) {
    if (is_labelled) tv_format_magnitude(ends[i], tv_digits_of(ends, 2), label, sizeof label);
    fprintf(out, "%s\"%s\" %.17g", i ? ", " : " (", label, log10(ends[i]));
  }
  fputc(')', out);
}

/* Decades, of many only some, and 2 and 5 between them where there are few; as gnuplot's list of
 * tics. */
static void write_decades(const tv_axis *x, int is_labelled, FILE *out) {
  static const int steps[] = {1, 2, 5};
  char label[32] = "";
  const double from = x->values[0], to = x->values[x->count - 1];
  if (to < 5 * from) {
    write_ends(x, is_labelled, out);
    return;
  }
  const int is_short = to < 100 * from, every = 1 + (int)(log10(to / from) / 5);
  const char *separator = "";
  fputs(" (", out);
  for (int decade = (int)floor(log10(from)); decade <= (int)ceil(log10(to)); ++decade)
    for (int i = 0; i < (is_short ? 3 : decade % every == 0); ++i) {
      const double value = steps[i] * pow(10, decade);
      if (value < from * (1 - 1e-9) || value > to * (1 + 1e-9)) continue;
      if (is_labelled) tv_format_magnitude(value, TV_LEAST_DIGITS, label, sizeof label);
      fprintf(out, "%s\"%s\" %.6f", separator, label, log10(value));
      separator = ", ";
    }
  fputc(')', out);
}

/* Between the tics of a linear axis. They begin at 0, though the first cells may reach below it. */
static double step_of(const tv_axis *x) {
  const double third = (x->values[x->count - 1] - x->values[0]) / 3;
  const double decade = pow(10, floor(log10(third)));
  return decade * (third < 2 * decade ? 1 : third < 5 * decade ? 2 : 5);
}

/* The labels have the digits that distinguish them. */
static void write_even_tics(const tv_axis *x, int is_labelled, FILE *out) {
  const double step = step_of(x),
               ends[] = {x->values[x->count - 1] - step, x->values[x->count - 1]};
  fprintf(out, " 0,%.17g\nset format %s \"", step, x->name);
  if (is_labelled) fprintf(out, "%%.%dg", tv_digits_of(ends, 2));
  fputs("\"", out);
}

void tv_write_tics(const tv_axis *x, int is_labelled, FILE *out) {
  fprintf(out, "set %stics out nomirror scale 0.6", x->name);
  if (x->is_logarithmic)
    write_decades(x, is_labelled, out);
  else
    write_even_tics(x, is_labelled, out);
  fputc('\n', out);
}

/* Half a cell beyond the values, since images are not cut. */
static void find_ends(const tv_axis *x, double *low, double *high) {
  const double first = on_axis(x, x->values[0]), last = on_axis(x, x->values[x->count - 1]);
  const double half_cell = (last - first) / (x->count - 1) / 2;
  *low = first - half_cell;
  *high = last + half_cell;
}

void tv_write_axis(const tv_axis *x, FILE *out) {
  double low, high;
  find_ends(x, &low, &high);
  fprintf(out, "%s(v) = %s\nset %srange [%.9g:%.9g]\n", x->name,
          x->is_logarithmic ? "log10(v)" : "v", x->name, low, high);
}

void tv_write_boundary_function(const tv_axis *y, FILE *out) {
  double low, high;
  find_ends(y, &low, &high);
  fprintf(out, "boundary(square) = square > %.9g ? y(sqrt(square)) : %.9g\n",
          y->values[0] * y->values[0], low - (high - low));
}
