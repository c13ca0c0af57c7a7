#include <math.h>
#include <stdlib.h>

#include "parts.h"
#include "twoview/kinds.h"
#include "twoview/theory/theory.h"

/* The figure of the components: what each competes with for a row of the encoder, against the
 * alignment, for the eigenvalues of the first replicate. Important components do not depend on it;
 * those of noise fall, and cross the weakest of the important ones at the threshold. */

enum { MOST_ROWS = 3, MOST_LINES = 24, STEPS = 60 };

/* ---- Which of many are drawn ---- */

static int count_rows(const tv_archive *a) {
  return tv_shown(a->cube.magnitudes, MOST_ROWS);
}

static int count_lines(int components) {
  return tv_shown(components, MOST_LINES);
}

/* ---- Values ---- */

/* A column of panels for each of the rivals. */
static const tv_method *method_of(int m) {
  return tv_rivals_of(&tv_kinds_all).method[m];
}

static const double *gamma_of(const tv_archive *a, int row) {
  return a->gamma + (int64_t)tv_chosen(row, count_rows(a), a->cube.magnitudes) * a->q;
}

static double noise_value(const tv_archive *a, int row, const tv_method *method, int i,
                          double alpha) {
  return tv_noise_value(method, gamma_of(a, row)[i], a->theta[a->p + i], alpha * alpha);
}

static double largest_noise(const tv_archive *a, int row, const tv_method *method, double alpha) {
  double largest = 0;
  for (int i = 0; i < a->q; ++i) largest = fmax(largest, noise_value(a, row, method, i, alpha));
  return largest;
}

static tv_components components_of(const tv_archive *a, int row) {
  return (tv_components){a->k, a->p, a->q, a->spectrum, a->theta, gamma_of(a, row)};
}

/* alpha at the crossing; NaN where there is none because no alignment is needed. */
static double crossing(const tv_archive *a, int row, const tv_method *method) {
  double alpha2;
  const tv_components components = components_of(a, row);
  tv_error *error = tv_alpha2_threshold(method, &components, &alpha2);
  tv_error_free(error); /* without memory the line is missing */
  return error ? NAN : sqrt(alpha2 > 0 ? alpha2 : NAN);
}

/* The alignments of the study, and room around every crossing. */
static void find_alignments(const tv_archive *a, double *low, double *high) {
  *low = HUGE_VAL;
  *high = 0;
  for (int i = 0; a->alpha && i < a->cube.alphas; ++i) {
    if (a->alpha[i] > 0) *low = fmin(*low, a->alpha[i]);
    *high = fmax(*high, a->alpha[i]);
  }
  for (int row = 0; row < count_rows(a); ++row)
    for (int m = 0; m < TV_RIVALS; ++m) {
      const double alpha = crossing(a, row, method_of(m));
      *low = fmin(*low, alpha / 3);
      *high = fmax(*high, 3 * alpha);
    }
  if (*high == 0) *low = *high = 1;
  if (*high < 10 * *low) {
    *low /= 3;
    *high *= 3;
  }
}

/* ---- The data ---- */

static void write_noise(const tv_archive *a, int row, const tv_method *method, FILE *out) {
  double low, high;
  find_alignments(a, &low, &high);
  for (int step = 0; step <= STEPS; ++step) {
    const double alpha = low * pow(high / low, (double)step / STEPS);
    fprintf(out, "%.6g\t%.8g", alpha, largest_noise(a, row, method, alpha));
    for (int line = 0; line < count_lines(a->q); ++line)
      fprintf(out, "\t%.8g",
              noise_value(a, row, method, tv_chosen(line, count_lines(a->q), a->q), alpha));
    fputc('\n', out);
  }
}

static void write_signal(const tv_archive *a, const tv_method *method, FILE *out) {
  double low, high;
  find_alignments(a, &low, &high);
  for (int line = 0; line < count_lines(a->p); ++line) {
    const int i = tv_chosen(line, count_lines(a->p), a->p);
    const double value = tv_signal_value(method, a->spectrum[i], a->theta[i]);
    fprintf(out, "%.6g\t%.8g\n%.6g\t%.8g\n\n", low, value, high, value);
  }
}

/* Two blocks for each panel. */
static void write_data(const void *figure, FILE *out) {
  const tv_archive *a = ((const tv_figure *)figure)->archive;
  const int digits = tv_digits_of(a->lambda_max, a->cube.magnitudes);
  for (int row = 0; row < count_rows(a); ++row)
    for (int m = 0; m < TV_RIVALS; ++m) {
      const char *name = method_of(m)->kind.name;
      const double lambda = a->lambda_max[tv_chosen(row, count_rows(a), a->cube.magnitudes)];
      fprintf(out,
              "%s# " TV_LAMBDA_MAX " %.*g, %s: " TV_ALPHA
              ", largest value of noise, values of noise\n",
              row + m ? "\n" : "", digits, lambda, name);
      write_noise(a, row, method_of(m), out);
      fprintf(out, "\n\n# " TV_LAMBDA_MAX " %.*g, %s: values of important components\n", digits,
              lambda, name);
      write_signal(a, method_of(m), out);
    }
}

/* ---- The script ---- */

static double weakest_signal(const tv_archive *a, const tv_method *method) {
  double value = NAN;
  const tv_components components = components_of(a, 0);
  tv_error_free(tv_weakest_signal(method, &components, &value)); /* as in crossing */
  return value;
}

static double largest_signal(const tv_archive *a, const tv_method *method) {
  double largest = 0;
  for (int i = 0; i < a->p; ++i)
    largest = fmax(largest, tv_signal_value(method, a->spectrum[i], a->theta[i]));
  return largest;
}

/* What a panel shows is above a fortieth of the weakest important component, and leaves a fifth of
 * its height to a label. */
static void find_values(const tv_archive *a, int row, int m, double *bottom, double *top) {
  double low, high;
  find_alignments(a, &low, &high);
  *bottom = weakest_signal(a, method_of(m)) / 40;
  const double largest =
      fmax(largest_signal(a, method_of(m)), largest_noise(a, row, method_of(m), low));
  *top = *bottom * pow(largest / *bottom, 1 / 0.8);
}

static int is_drawable(double low, double high) {
  return low > 0 && isfinite(low) && isfinite(high);
}

/* With components of extreme variances what they compete with, or a threshold, may be 0 or beyond
 * what a double holds: no logarithmic axis shows that. */
int tv_has_spectra(const tv_archive *a) {
  double low, high;
  if (a->q == 0 || a->k > a->p) return 0;
  find_alignments(a, &low, &high);
  int is_drawn = is_drawable(low, high);
  for (int panel = 0; panel < TV_RIVALS * count_rows(a); ++panel) {
    find_values(a, panel / TV_RIVALS, panel % TV_RIVALS, &low, &high);
    is_drawn = is_drawn && is_drawable(low, high);
  }
  return is_drawn;
}

/* The digits that distinguish the crossings of all panels. */
static int digits_of_crossings(const tv_archive *a) {
  double alpha2[TV_RIVALS * MOST_ROWS];
  int count = 0;
  for (int row = 0; row < count_rows(a); ++row)
    for (int m = 0; m < TV_RIVALS; ++m) {
      const double alpha = crossing(a, row, method_of(m));
      if (!isnan(alpha)) alpha2[count++] = alpha * alpha;
    }
  return tv_digits_of(alpha2, count);
}

/* The label stands beside the line, towards the middle. */
static void write_crossing(const tv_archive *a, int row, int m, double bottom, double top,
                           FILE *out) {
  const double alpha = crossing(a, row, method_of(m));
  double low, high;
  find_alignments(a, &low, &high);
  const int is_right = alpha * alpha > low * high;
  fputs("unset arrow 1\nunset label 2\n", out);
  if (isnan(alpha)) {
    fputs("set label 2 \"no alignment is needed\" at graph 0.96,0.91 right front boxed textcolor "
          "rgb '#555555'\n",
          out);
    return;
  }
  fprintf(
      out,
      "set arrow 1 from %.8g,%.8g to %.8g,%.8g nohead linewidth 1.5 dashtype 2 linecolor rgb "
      "'#000000'\nset label 2 \"α_{%s}^2 = %.*g\" at %.8g, graph 0.13 %s offset %d front boxed\n",
      alpha, bottom, alpha, top, method_of(m)->kind.short_name, digits_of_crossings(a),
      alpha * alpha, alpha, is_right ? "right" : "left", is_right ? -1 : 1);
}

static void write_lines(const tv_archive *a, int block, double weakest, FILE *out) {
  fprintf(
      out,
      "plot for [i=3:%d] data index %d using 1:i with lines linewidth 0.7 linecolor rgb "
      "'#f0b48a' notitle, \\\n  data index %d using 1:2 with lines linewidth 0.7 linecolor rgb "
      "'#8fbbd9' notitle, \\\n  data index %d using 1:2 with lines linewidth 2.5 linecolor rgb "
      "'#D55E00' notitle, \\\n  %.8g with lines linewidth 2.5 linecolor rgb '#0072B2' notitle\n",
      2 + count_lines(a->q), block, block + 1, block, weakest);
}

/* Layout, in pixels. */
enum { LEFT = 104, RIGHT = 16, TOP = 54, BOTTOM = 60, WIDTH = 330, HEIGHT = 190, GAP = 76 };
enum { ROW_GAP = 20 };

static tv_canvas canvas_of(const tv_archive *a) {
  return (tv_canvas){LEFT + 2 * WIDTH + GAP + RIGHT,
                     TOP + count_rows(a) * (HEIGHT + ROW_GAP) - ROW_GAP + BOTTOM};
}

static void label_panel(const tv_archive *a, int row, int m, FILE *out) {
  char magnitude[32];
  tv_format_magnitude(a->lambda_max[tv_chosen(row, count_rows(a), a->cube.magnitudes)],
                      tv_digits_of(a->lambda_max, a->cube.magnitudes), magnitude, sizeof magnitude);
  if (row == 0)
    fprintf(out, "set title \"%s (%s)\" offset 0,-0.6\n", method_of(m)->kind.title,
            method_of(m)->kind.short_name);
  else
    fputs("unset title\n", out);
  const char *letter = method_of(m)->theory->letter;
  if (m == 0)
    fprintf(out, "set ylabel \"λ_{max}  = %s\\nvalue %s\" offset two_lines\n", magnitude, letter);
  else
    fprintf(out, "set ylabel \"value %s\" offset 1\n", letter);
  fputs(row == count_rows(a) - 1 ? "set xlabel \"alignment α\"\nset format x \"10^{%L}\"\n"
                                 : "unset xlabel\nset format x \"\"\n",
        out);
}

static void write_panel(const tv_archive *a, int row, int m, FILE *out) {
  const double left = LEFT + m * (WIDTH + GAP), top = TOP + row * (HEIGHT + ROW_GAP);
  double bottom_value, top_value;
  find_values(a, row, m, &bottom_value, &top_value);
  tv_place_panel(canvas_of(a), left, left + WIDTH, top, top + HEIGHT, out);
  fprintf(out, "set yrange [%.6g:%.6g]\n", bottom_value, top_value);
  label_panel(a, row, m, out);
  write_crossing(a, row, m, bottom_value, top_value, out);
  write_lines(a, 2 * (2 * row + m), weakest_signal(a, method_of(m)), out);
}

static void write_key(const tv_archive *a, FILE *out) {
  const tv_canvas c = canvas_of(a);
  fputs("unset arrow 1\nunset label 2\n", out);
  tv_begin_key(c, LEFT, c.width - RIGHT, 2, "thin: each component; dashed: threshold", out);
  fputs("plot NaN with lines linewidth 3 linecolor rgb '#D55E00' title \"largest of noise\", \\\n"
        "  NaN with lines linewidth 3 linecolor rgb '#0072B2' title \"k-th largest of signal\"\n",
        out);
}

static void write_script(const void *figure, FILE *out) {
  const tv_figure *f = figure;
  const tv_archive *a = f->archive;
  double low, high;
  find_alignments(a, &low, &high);
  tv_begin_script(f->name, canvas_of(a), out);
  fprintf(out,
          "set logscale xy\nset xrange [%.6g:%.6g]\nset xtics nomirror\nset ytics nomirror\n"
          "set format y \"10^{%%L}\"\nset border 3\nset mxtics 1\nset mytics 1\n"
          "set grid ytics xtics linewidth 0.5 linecolor rgb '#e4e4e4'\nunset key\n"
          "set multiplot\n",
          low, high);
  for (int row = 0; row < count_rows(a); ++row)
    for (int m = 0; m < TV_RIVALS; ++m) write_panel(a, row, m, out);
  write_key(a, out);
  fputs("unset multiplot\n", out);
}

/* ---- Together ---- */

static void put_caption(const tv_figure *f, FILE *out) {
  const tv_archive *a = f->archive;
  fprintf(out,
          "<h2>Components</h2>\n"
          "<p>The value with which each component competes for one of the k = %d rows of the "
          "encoder as the sample size grows: %s (%s) and %s (%s) of important components (blue), "
          "which do not depend on the alignment, and of noise (orange), at the eigenvalues of the "
          "first replicate. A method recovers where all of the noise is below the weakest "
          "important component; dashed: the threshold, above which it is.</p>\n",
          a->k, method_of(0)->theory->letter, method_of(0)->kind.short_name,
          method_of(1)->theory->letter, method_of(1)->kind.short_name);
}

void tv_describe_spectra(const tv_archive *a, tv_figure *out) {
  *out = (tv_figure){.archive = a,
                     .pattern = TV_SPECTRA_FIGURE,
                     .label = "values of important and noise components against alignment",
                     .write_data = write_data,
                     .write_script = write_script,
                     .put_caption = put_caption};
}
