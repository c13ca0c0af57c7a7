#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"
#include "twoview/kinds.h"

/* What the figures share: columns, colours, panels and tics. */

int tv_shown(int count, int most) {
  return count < most ? count : most;
}

int tv_chosen(int i, int shown, int count) {
  return shown > 1 ? (int)((int64_t)i * (count - 1) / (shown - 1)) : 0;
}

void tv_colour_of_curve(int i, int count, char out[TV_COLOUR_TEXT]) {
  enum { STOPS = 8, PARTS = 3 };
  static const int stops[STOPS][PARTS] = {{68, 1, 84},    {71, 45, 123},  {59, 82, 139},
                                          {44, 114, 142}, {33, 144, 141}, {39, 173, 129},
                                          {93, 200, 99},  {170, 220, 50}};
  const double place = count > 1 ? (STOPS - 1.0) * i / (count - 1) : 0;
  const int stop = place < STOPS - 1 ? (int)place : STOPS - 2;
  out[0] = '#';
  for (int part = 0; part < PARTS; ++part) {
    const int from = stops[stop][part], to = stops[stop + 1][part];
    snprintf(out + 1 + 2 * part, 3, "%02x", (unsigned)(from + (place - stop) * (to - from)) & 0xff);
  }
}

int tv_point_of_curve(int i) {
  static const int disc_square_triangle_diamond[] = {7, 5, 9, 13};
  return disc_square_triangle_diamond[i % 4];
}

const tv_kind *tv_column(int column) {
  return tv_kinds_all.methods[column];
}

const tv_method *tv_row_of_method(const tv_archive *a, int method) {
  return tv_method_of(tv_kind_named(tv_kinds_all.methods, a->method[method]));
}

int tv_method_of_column(const tv_archive *a, int column) {
  for (int m = 0; m < a->methods; ++m)
    if (strcmp(a->method[m], tv_column(column)->name) == 0) return m;
  return -1;
}

int tv_columns_of(const tv_archive *a) {
  int columns = 0;
  for (int c = 0; tv_column(c); ++c) columns += tv_method_of_column(a, c) >= 0;
  return columns;
}

void tv_place_panel(tv_canvas c, double left, double right, double top, double bottom, FILE *out) {
  fprintf(out,
          "set lmargin at screen %.5f\nset rmargin at screen %.5f\n"
          "set tmargin at screen %.5f\nset bmargin at screen %.5f\n",
          left / c.width, right / c.width, 1 - top / c.height, 1 - bottom / c.height);
}

void tv_begin_key(tv_canvas c, double left, double right, int columns, const char *text,
                  FILE *out) {
  tv_place_panel(c, left, right, 0, c.height, out);
  fprintf(out,
          "unset title\nunset xlabel\nunset ylabel\nunset tics\nunset border\nunset logscale\n"
          "set xrange [0:1]\nset yrange [0:1]\n"
          "set label 1 \"%s\" at screen %.5f,%.5f left textcolor rgb '#555555'\n"
          "set key at screen %.5f,%.5f right top horizontal maxcols %d samplen 2 width -1\n",
          text, left / c.width, 1 - 12.0 / c.height, right / c.width, 1 - 2.0 / c.height, columns);
}

void tv_format_magnitude(double value, int digits, char *out, size_t size) {
  char text[32];
  snprintf(text, sizeof text, "%.*e", digits - 1, value);
  char *exponent = strchr(text, 'e');
  const int power = (int)strtol(exponent + 1, NULL, 10);
  *exponent = 0; /* the text is the mantissa */
  if (value > 0 && abs(power) >= 3 && strtod(text, NULL) == 1)
    snprintf(out, size, "10^{%d}", power);
  else if (value > 0 && (power < -4 || power > 3))
    snprintf(out, size, "%.*g×10^{%d}", digits, strtod(text, NULL), power);
  else
    snprintf(out, size, "%.*g", digits, value);
}

/* Those between the first and the last sample size. */
static int count_decades(const tv_archive *a) {
  return (int)(floor(log10(a->n[a->levels - 1])) - ceil(log10(a->n[0]))) + 1;
}

void tv_write_size_tics(const tv_archive *a, int is_labelled, FILE *out) {
  const int last = a->levels - 1, step = last > 2 ? last : 1;
  const int digits = tv_digits_of(a->n, a->levels);
  char label[32] = "";
  if (count_decades(a) > 1) {
    fprintf(out, "set xtics 1,%d nomirror\nset format x \"%s\"\n", count_decades(a) > 7 ? 100 : 10,
            is_labelled ? "10^{%L}" : "");
    return;
  }
  for (int level = 0; level <= last; level += step) {
    if (is_labelled) tv_format_magnitude(a->n[level], digits, label, sizeof label);
    fprintf(out, "%s\"%s\" %.17g", level ? ", " : "set xtics nomirror (", label, a->n[level]);
  }
  fputs(")\n", out);
}

int tv_one_figure(const tv_archive *a) {
  (void)a;
  return 1;
}
