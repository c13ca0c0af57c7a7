#include <math.h>

#include "parts.h"
#include "twoview/base/escape.h"
#include "twoview/studies/threshold.h"

/* The report of a threshold study: alpha*^2 against the sample size, a panel for each method, a
 * line for each noise magnitude. */

/* ---- What is told of a magnitude, sample size and method ---- */

typedef struct {
  double mean, deviation; /* of the measured alpha^2, over replicates that have one */
  double lower_quarter, upper_quarter;
  double predicted, asymptotic; /* means of what is expected, at n and as n grows */
} summary;

static summary summarise(const tv_archive *a, int magnitude, int level, int method) {
  const long place = ((long)magnitude * a->levels + level) * a->methods + method;
  const long stride = (long)a->magnitudes * a->levels * a->methods;
  const double *measured = a->quantity[TV_ALPHA2_MEASURED] + place;
  return (summary){.mean = tv_band_over(measured, stride, a->replicates).mean,
                   .deviation = tv_deviation_over(measured, stride, a->replicates),
                   .lower_quarter = tv_quantile_over(measured, stride, a->replicates, 0.25),
                   .upper_quarter = tv_quantile_over(measured, stride, a->replicates, 0.75),
                   .predicted =
                       tv_band_of(a, TV_ALPHA2_PREDICTED, magnitude, 0, level, method).mean,
                   .asymptotic = tv_threshold_band(a, magnitude, method).mean};
}

static int64_t count_entries(const tv_archive *a) {
  return (int64_t)a->replicates * a->magnitudes * a->levels * a->methods;
}

static int64_t count_status(const tv_archive *a, tv_alpha2_status status) {
  int64_t count = 0;
  for (int64_t i = 0; i < count_entries(a); ++i)
    count += a->quantity[TV_ALPHA2_STATUS][i] == status;
  return count;
}

/* "-" for what is not finite: the deviation of one replicate, a threshold that nothing reaches. */
static const char *number(double value, int digits, char out[32]) {
  snprintf(out, 32, isfinite(value) ? "%.*g" : "-", digits, value);
  return out;
}

/* ---- The table ---- */

static void print_statuses(const tv_archive *a, FILE *out) {
  static const struct {
    tv_alpha2_status status;
    const char *meaning;
  } told[] = {
      {TV_ALPHA2_NOT_NEEDED, "no alignment is needed: 0"},
      {TV_ALPHA2_OUT_OF_REACH, "no alignment is enough: NaN, in no mean"},
      {TV_ALPHA2_NOT_MONOTONE, "several crossings, of which this is the lowest that was found"},
      {TV_ALPHA2_UNCHECKED, "found, but a solution failed where other crossings were looked for"},
      {TV_ALPHA2_FAILED, "a solution failed on the way: NaN, in no mean"}};
  for (size_t i = 0; i < sizeof told / sizeof *told; ++i) {
    const int64_t count = count_status(a, told[i].status);
    if (count == 0) continue;
    fprintf(out, "alpha2_status %d for %lld of them: %s\n", told[i].status, (long long)count,
            told[i].meaning);
  }
}

static void print_table(const tv_archive *a, FILE *out) {
  tv_print_line(out,
                "%s: least alpha^2 at which the leakage is below 1/2, mean over %d "
                "replicate%s",
                a->experiment_name, a->replicates, a->replicates == 1 ? "" : "s");
  fputc('\n', out);
  fprintf(out, "%-10s  %-16s %-10s %-12s %-10s %-12s %s\n", "lambda_max", "method", "n", "measured",
          "deviation", "predicted", "n to infinity");
  for (int magnitude = 0; magnitude < a->magnitudes; ++magnitude)
    for (int method = 0; method < a->methods; ++method)
      for (int level = 0; level < a->levels; ++level) {
        const summary s = summarise(a, magnitude, level, method);
        char mean[32], deviation[32], predicted[32], asymptotic[32];
        fprintf(out, "%-10.4g  %-16s %-10.4g %-12s %-10s %-12s %s\n", a->lambda_max[magnitude],
                a->method[method], a->n[level], number(s.mean, 6, mean),
                number(s.deviation, 2, deviation), number(s.predicted, 6, predicted),
                number(s.asymptotic, 6, asymptotic));
      }
  fputc('\n', out);
  print_statuses(a, out);
}

/* ---- The figure ---- */

/* One block of lines for each curve. */
static void write_data(const void *figure, FILE *out) {
  const tv_archive *a = ((const tv_figure *)figure)->archive;
  fputs("# n\tmean alpha^2\tlower quarter\tupper quarter\tpredicted\tn to infinity\n", out);
  for (int g = 0; g < a->magnitudes; ++g)
    for (int m = 0; m < a->methods; ++m) {
      fprintf(out, "\n\n# lambda_max %g, %s\n", a->lambda_max[g], a->method[m]);
      for (int level = 0; level < a->levels; ++level) {
        const summary s = summarise(a, g, level, m);
        fprintf(out, "%.10g\t%.8g\t%.8g\t%.8g\t%.8g\t%.8g\n", a->n[level], s.mean, s.lower_quarter,
                s.upper_quarter, s.predicted, s.asymptotic);
      }
    }
}

typedef struct {
  double low, high;
} range;

static void widen(range *r, double value) {
  if (!(value > 0) || isinf(value)) return;
  r->low = fmin(r->low, value);
  r->high = fmax(r->high, value);
}

/* All that is positive in the panel of a method. */
static range find_range(const tv_archive *a, int method) {
  range r = {HUGE_VAL, 0};
  for (int g = 0; g < a->magnitudes; ++g)
    for (int level = 0; level < a->levels; ++level) {
      const summary s = summarise(a, g, level, method);
      widen(&r, s.mean);
      widen(&r, s.lower_quarter);
      widen(&r, s.upper_quarter);
      widen(&r, s.predicted);
      widen(&r, s.asymptotic);
    }
  return r.high > 0 ? r : (range){0, 1};
}

/* Where magnitudes are far apart. */
static int is_logarithmic(range r) {
  return r.low > 0 && r.high > 10 * r.low;
}

static void write_axis(const tv_archive *a, int method, FILE *out) {
  const range r = find_range(a, method);
  const double margin = 0.06 * (r.high - r.low) + 1e-3 * r.high;
  if (is_logarithmic(r))
    fprintf(out, "set logscale y\nset format y \"10^{%%L}\"\nset yrange [%g:%g]\n", r.low / 1.5,
            r.high * 1.5);
  else
    fprintf(out, "unset logscale y\nset format y \"%%g\"\nset yrange [%g:%g]\n",
            fmax(r.low - margin, 0), r.high + margin);
}

static void write_curve(const tv_archive *a, int g, int method, int has_key, FILE *out) {
  char magnitude[32];
  const int block = g * a->methods + method;
  const char *colour = tv_colours[g % TV_COLOURS];
  tv_format_magnitude(a->lambda_max[g], magnitude, sizeof magnitude);
  fprintf(out,
          "%s data index %d using 1:3:4 with filledcurves fillcolor rgb \"%s\" fillstyle "
          "transparent solid 0.18 noborder notitle, \\\n  data index %d using 1:6 with lines "
          "linewidth 1.5 dashtype 3 linecolor rgb \"%s\" notitle, \\\n  data index %d using 1:5 "
          "with lines linewidth 1.5 dashtype 2 linecolor rgb \"%s\" notitle, \\\n  data index %d "
          "using 1:2 with linespoints linewidth 2 pointsize 0.45 pointtype %d linecolor rgb \"%s\" "
          "notitle",
          g ? ", \\\n " : "", block, colour, block, colour, block, colour, block,
          tv_point_of_curve(g), colour);
  if (has_key)
    fprintf(out,
            ", \\\n  NaN with linespoints linewidth 3 pointsize 0.45 pointtype %d linecolor rgb "
            "\"%s\" title \"λ_{max} = %s\"",
            tv_point_of_curve(g), colour, magnitude);
}

/* Layout, in pixels. */
enum { LEFT = 94, PANEL = 312, GAP = 62, RIGHT = 178, TOP = 58, HEIGHT = 282, BOTTOM = 60 };
enum { KEY_ROW = 17 }; /* right of the panels, one for each magnitude */

static tv_canvas canvas_of(const tv_archive *a) {
  const int columns = tv_columns_of(a), key = KEY_ROW * a->magnitudes;
  return (tv_canvas){LEFT + columns * (PANEL + GAP) - GAP + RIGHT,
                     TOP + (key > HEIGHT ? key : HEIGHT) + BOTTOM};
}

static void write_panel(const tv_archive *a, int column, int panel, FILE *out) {
  const int method = tv_method_of_column(a, column);
  const tv_canvas c = canvas_of(a);
  const double left = LEFT + panel * (PANEL + GAP);
  tv_place_panel(c, left, left + PANEL, TOP, c.height - BOTTOM, out);
  fprintf(out, "set title \"%s (%s)\" offset 0,-0.6\n", tv_columns[column].title,
          tv_columns[column].short_name);
  if (panel == 0)
    fprintf(out,
            "set ylabel \"least α² that is enough\"\n"
            "set key at screen 0.99,%.5f right top vertical samplen 2 width -1\n",
            1 - (double)TOP / c.height);
  else
    fputs("unset ylabel\nunset key\nunset label 1\n", out);
  write_axis(a, method, out);
  fputs("plot", out);
  for (int g = 0; g < a->magnitudes; ++g) write_curve(a, g, method, panel == 0, out);
  fputs("\n", out);
}

/* Whether thresholds of 0 are on an axis that has no 0. */
static int lacks_zeros(const tv_archive *a) {
  int is_lacking = 0;
  for (int m = 0; m < a->methods; ++m)
    for (int g = 0; g < a->magnitudes && is_logarithmic(find_range(a, m)); ++g)
      for (int level = 0; level < a->levels; ++level)
        is_lacking |= summarise(a, g, level, m).mean == 0;
  return is_lacking;
}

static void write_script(const void *figure, FILE *out) {
  const tv_figure *f = figure;
  const tv_archive *a = f->archive;
  const tv_canvas c = canvas_of(a);
  int panel = 0;
  tv_begin_script(f->name, c, out);
  fprintf(out,
          "set logscale x\nset xrange [%.10g:%.10g]\nset mxtics 1\nset ytics nomirror\n"
          "set xlabel \"sample size n\"\nset border 3\n"
          "set grid ytics xtics linewidth 0.5 linecolor rgb '#e4e4e4'\n"
          "set label 1 \"dashed: predicted for n; dotted: theory, n to infinity%s\" at screen "
          "%.5f,%.5f left textcolor rgb '#555555'\n",
          a->n[0] / 1.15, a->n[a->levels - 1] * 1.15,
          lacks_zeros(a) ? "; 0 (no alignment is needed) is below a logarithmic axis" : "",
          (double)LEFT / c.width, 1 - 14.0 / c.height);
  tv_write_size_tics(a, 1, out);
  fputs("set multiplot\n", out);
  for (int c = 0; c < TV_COLUMNS; ++c)
    if (tv_method_of_column(a, c) >= 0) write_panel(a, c, panel++, out);
  fputs("unset multiplot\n", out);
}

static void put_caption(const tv_figure *f, FILE *out) {
  fprintf(out,
          "<p>The least alignment &alpha;<sup>2</sup> of augmentation and noise at which the "
          "leakage (largest squared sine between encoder and important components, S-whitened) is "
          "below 1/2, against the sample size. Lines are means over %d "
          "replicate%s, bands their middle half (between quartiles); dashed: predicted "
          "for n, dotted: theory as n grows, means over replicates.</p>\n",
          f->archive->replicates, f->archive->replicates == 1 ? "" : "s");
}

static void describe_figure(const tv_archive *a, int number, tv_figure *out) {
  (void)number;
  *out = (tv_figure){.archive = a,
                     .name = "figure",
                     .label = "least alignment that is enough against sample size",
                     .write_data = write_data,
                     .write_script = write_script,
                     .put_caption = put_caption};
}

/* ---- HTML ---- */

static void put_tables(const tv_archive *a, FILE *out) {
  char mean[32], deviation[32], predicted[32];
  fputs("<h2>Least &alpha;<sup>2</sup> that is enough</h2>\n<p>Mean &plusmn; standard deviation "
        "over replicates, and what is predicted; last line: theory, n to infinity.</p>\n",
        out);
  for (int g = 0; g < a->magnitudes; ++g) {
    fprintf(out, "<table><tr><th>&lambda;<sub>max</sub> = %g: n</th>", a->lambda_max[g]);
    for (int m = 0; m < a->methods; ++m)
      fprintf(out, "<th>%s</th><th>predicted</th>", a->method[m]);
    for (int level = 0; level < a->levels; ++level) {
      fprintf(out, "</tr>\n<tr><td>%.10g</td>", a->n[level]);
      for (int m = 0; m < a->methods; ++m) {
        const summary s = summarise(a, g, level, m);
        fprintf(out, "<td>%s &plusmn; %s</td><td>%s</td>", number(s.mean, 5, mean),
                number(s.deviation, 2, deviation), number(s.predicted, 5, predicted));
      }
    }
    fputs("</tr>\n<tr><td>&infin;</td>", out);
    for (int m = 0; m < a->methods; ++m)
      fprintf(out, "<td>%s</td><td></td>", number(tv_threshold_band(a, g, m).mean, 5, mean));
    fputs("</tr></table>\n", out);
  }
  if (count_status(a, TV_ALPHA2_FOUND) == count_entries(a)) return;
  fputs("<pre>", out);
  print_statuses(a, out);
  fputs("</pre>\n", out);
}

const tv_report_parts tv_threshold_report = {.csv = "thresholds.csv",
                                             .print_table = print_table,
                                             .count_figures = tv_one_figure,
                                             .describe_figure = describe_figure,
                                             .put_tables = put_tables};
