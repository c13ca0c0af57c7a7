#include "twoview/figures/script.h"

#include <stdlib.h>
#include <string.h>

void tv_begin_script(const char *name, tv_canvas canvas, FILE *out) {
  const double pixels_per_inch = 144, points_per_inch = 72, letter = 13; /* pixels */
  fprintf(out,
          "set encoding utf8\n# gnuplot script of the figure; run in this folder:\n"
          "#   gnuplot -e \"form='svg'\" %s.gp\n"
          "data = '%s.tsv'\n"
          "if (!exists('form')) form = 'svg'\n"
          "if (form eq 'svg') set terminal svg size %d,%d enhanced font 'Helvetica,%g' "
          "background '#ffffff'\n"
          "# pdfcairo takes a point for a 96th of an inch\n"
          "if (form eq 'pdf') set terminal pdfcairo size %.2fin,%.2fin enhanced font "
          "'Helvetica,%g' fontscale 0.75 linewidth 0.7 pointscale 0.7\n"
          "# from the tics to a label of two lines: pdfcairo leaves room for one\n"
          "two_lines = form eq 'pdf' ? -1.5 : 0.5\n"
          "set style textbox opaque noborder margins 0.4,0.4\n"
          "if (!exists('drawing')) drawing = '%s.'.form\n"
          "set output drawing\n",
          name, name, canvas.width, canvas.height, letter, canvas.width / pixels_per_inch,
          canvas.height / pixels_per_inch, letter * points_per_inch / pixels_per_inch, name);
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
