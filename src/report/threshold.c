#include <math.h>

#include "parts.h"
#include "twoview/base/escape.h"
#include "twoview/studies/search.h"
#include "twoview/studies/threshold.h"

/* The report of a threshold study: the critical alignment alpha*^2 against the sample size, a panel
 * for each method, a line for each noise scale. */

/* ---- The values of a noise scale, sample size and method ---- */

typedef struct {
  tv_summary measured, predicted,
      asymptotic; /* alpha^2 at n, its prediction there, and its threshold as n grows */
} summary;

static summary summarise(const tv_archive *a, int magnitude, int level, int method) {
  return (summary){.measured = tv_summary_of(a, TV_ALPHA2_MEASURED, magnitude, 0, level, method),
                   .predicted = tv_summary_of(a, TV_ALPHA2_PREDICTED, magnitude, 0, level, method),
                   .asymptotic = tv_threshold_summary(a, magnitude, method)};
}

static int64_t count_entries(const tv_archive *a) {
  return (int64_t)a->cube.replicates * a->cube.magnitudes * a->cube.levels * a->cube.methods;
}

static int64_t count_status(const tv_archive *a, tv_alpha2_status status) {
  int64_t count = 0;
  for (int64_t i = 0; i < count_entries(a); ++i)
    count += a->quantity[TV_ALPHA2_STATUS][i] == status;
  return count;
}

/* "-" where there is nothing: no replicate has such a value. */
static const char *words_of(const tv_summary *summary, char out[TV_SUMMARY_TEXT]) {
  const int digits = 6;
  if (isnan(summary->mean)) return "-";
  tv_summary_format(summary, digits, out);
  return out;
}

/* ---- The table ---- */

static void print_statuses(const tv_archive *a, FILE *out) {
  static const struct {
    tv_alpha2_status status;
    const char *meaning;
  } meanings[] = {
      {TV_ALPHA2_NOT_NEEDED, "no alignment is needed: 0"},
      {TV_ALPHA2_OUT_OF_REACH, "the method recovers at no alignment: NaN, in no mean"},
      {TV_ALPHA2_NOT_MONOTONE, "several crossings, of which this is the lowest that was found"},
      {TV_ALPHA2_UNCHECKED, "found, but a solution failed where other crossings were searched for"},
      {TV_ALPHA2_FAILED, "a solution failed during the search: NaN, in no mean"}};
  const char *name = a->study->quantities[TV_ALPHA2_STATUS].label.name;
  for (size_t i = 0; i < sizeof meanings / sizeof *meanings; ++i) {
    const int64_t count = count_status(a, meanings[i].status);
    if (count == 0) continue;
    fprintf(out, "%s %d for %lld of them: %s\n", name, meanings[i].status, (long long)count,
            meanings[i].meaning);
  }
}

static void print_summaries(const summary *s, FILE *out) {
  char measured[TV_SUMMARY_TEXT], predicted[TV_SUMMARY_TEXT], asymptotic[TV_SUMMARY_TEXT];
  fprintf(out, "%-30s %-30s %s\n", words_of(&s->measured, measured),
          words_of(&s->predicted, predicted), words_of(&s->asymptotic, asymptotic));
}

static void print_table(const tv_archive *a, FILE *out) {
  const int of_lambda = tv_digits_of(a->lambda_max, a->cube.magnitudes);
  const int of_n = tv_digits_of(a->n, a->cube.levels);
  const int wide = tv_width_of(of_lambda, 10), narrow = tv_width_of(of_n, 10);
  tv_print_line(out,
                "%s: critical alignment alpha^2, the least at which the leakage is below 1/2 (0: "
                "no alignment is needed), over %d replicate%s: mean [least, largest]",
                a->experiment_name, a->cube.replicates, a->cube.replicates == 1 ? "" : "s");
  fputc('\n', out);
  fprintf(out, "%-*s  %-16s %-*s %-30s %-30s %s\n", wide, TV_LAMBDA_MAX, "method", narrow,
          TV_SAMPLE_SIZE, "measured", "predicted", "n to infinity");
  for (int magnitude = 0; magnitude < a->cube.magnitudes; ++magnitude)
    for (int method = 0; method < a->cube.methods; ++method)
      for (int level = 0; level < a->cube.levels; ++level) {
        const summary s = summarise(a, magnitude, level, method);
        fprintf(out, "%-*.*g  %-16s %-*.*g ", wide, of_lambda, a->lambda_max[magnitude],
                a->method[method], narrow, of_n, a->n[level]);
        print_summaries(&s, out);
      }
  fputc('\n', out);
  print_statuses(a, out);
}

/* ---- The figure ---- */

static int count_curves(const tv_archive *a) {
  return tv_shown(a->cube.magnitudes, TV_MOST_CURVES);
}

static int magnitude_of(const tv_archive *a, int curve) {
  return tv_chosen(curve, count_curves(a), a->cube.magnitudes);
}

/* One block of lines for each curve. */
static void write_data(const void *figure, FILE *out) {
  const tv_archive *a = ((const tv_figure *)figure)->archive;
  const int digits = tv_digits_of(a->lambda_max, a->cube.magnitudes);
  fputs("# n\tmean alpha^2\tleast\tlargest\tmean predicted\tmean as n grows\n", out);
  for (int curve = 0; curve < count_curves(a); ++curve)
    for (int m = 0; m < a->cube.methods; ++m) {
      const int g = magnitude_of(a, curve);
      fprintf(out, "\n\n# " TV_LAMBDA_MAX " %.*g, %s\n", digits, a->lambda_max[g], a->method[m]);
      for (int level = 0; level < a->cube.levels; ++level) {
        const summary s = summarise(a, g, level, m);
        fprintf(out, "%.17g\t%.8g\t%.8g\t%.8g\t%.8g\t%.8g\n", a->n[level], s.measured.mean,
                s.measured.least, s.measured.largest, s.predicted.mean, s.asymptotic.mean);
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
  for (int curve = 0; curve < count_curves(a); ++curve)
    for (int level = 0; level < a->cube.levels; ++level) {
      const summary s = summarise(a, magnitude_of(a, curve), level, method);
      widen(&r, s.measured.mean);
      widen(&r, s.measured.least);
      widen(&r, s.measured.largest);
      widen(&r, s.predicted.mean);
      widen(&r, s.asymptotic.mean);
    }
  return r.high > 0 ? r : (range){0, 1};
}

/* In all panels, so that they can be compared: whether noise scales are far apart in one of
 * them. */
static int is_logarithmic(const tv_archive *a) {
  for (int m = 0; m < a->cube.methods; ++m) {
    const range r = find_range(a, m);
    if (r.low > 0 && r.high > 10 * r.low) return 1;
  }
  return 0;
}

/* Whether there are thresholds of 0, which a logarithmic axis does not have. */
static int has_zeros(const tv_archive *a) {
  for (int m = 0; m < a->cube.methods; ++m)
    for (int curve = 0; curve < count_curves(a); ++curve)
      for (int level = 0; level < a->cube.levels; ++level)
        if (summarise(a, magnitude_of(a, curve), level, m).measured.mean == 0) return 1;
  return 0;
}

/* Of some ten tics of a linear axis. */
static int digits_of_tics(double low, double high) {
  const double ends[] = {high - (high - low) / 10, high};
  return tv_digits_of(ends, 2) + 1;
}

static void write_axis(const tv_archive *a, int method, FILE *out) {
  const range r = find_range(a, method);
  const double margin = 0.06 * (r.high - r.low) + 1e-3 * r.high;
  const double low = has_zeros(a) ? -margin : fmax(r.low - margin, 0), high = r.high + margin;
  if (is_logarithmic(a))
    fprintf(out, "set logscale y\nset format y \"10^{%%L}\"\nset yrange [%g:%g]\n",
            (r.low > 0 ? r.low : 0.1 * r.high) / 1.5, r.high * 1.5);
  else
    fprintf(out, "unset logscale y\nset format y \"%%.%dg\"\nset yrange [%.17g:%.17g]\n",
            digits_of_tics(low, high), low, high);
}

static void write_curve(const tv_archive *a, int curve, int method, int has_key, FILE *out) {
  char magnitude[32], colour[TV_COLOUR_TEXT];
  const int block = curve * a->cube.methods + method;
  tv_colour_of_curve(curve, count_curves(a), colour);
  tv_format_magnitude(a->lambda_max[magnitude_of(a, curve)],
                      tv_digits_of(a->lambda_max, a->cube.magnitudes), magnitude, sizeof magnitude);
  fprintf(out,
          "%s data index %d using 1:3:4 with filledcurves fillcolor rgb \"%s\" fillstyle "
          "transparent solid 0.18 noborder notitle, \\\n  data index %d using 1:6 with lines "
          "linewidth 1.5 dashtype 3 linecolor rgb \"%s\" notitle, \\\n  data index %d using 1:5 "
          "with lines linewidth 1.5 dashtype 2 linecolor rgb \"%s\" notitle, \\\n  data index %d "
          "using 1:2 with linespoints linewidth 2 pointsize 0.45 pointtype %d linecolor rgb \"%s\" "
          "notitle",
          curve ? ", \\\n " : "", block, colour, block, colour, block, colour, block,
          tv_point_of_curve(curve), colour);
  if (has_key)
    fprintf(out,
            ", \\\n  NaN with linespoints linewidth 3 pointsize 0.45 pointtype %d linecolor rgb "
            "\"%s\" title \"λ_{max} = %s\"",
            tv_point_of_curve(curve), colour, magnitude);
}

/* Layout, in pixels. */
enum { LEFT = 94, PANEL = 312, GAP = 62, RIGHT = 178, TOP = 58, HEIGHT = 282, BOTTOM = 60 };
enum { KEY_ROW = 17 }; /* right of the panels, one for each noise scale */

static tv_canvas canvas_of(const tv_archive *a) {
  const int columns = tv_columns_of(a), key = KEY_ROW * count_curves(a);
  return (tv_canvas){LEFT + columns * (PANEL + GAP) - GAP + RIGHT,
                     TOP + (key > HEIGHT ? key : HEIGHT) + BOTTOM};
}

static void write_panel(const tv_archive *a, int column, int panel, FILE *out) {
  const int method = tv_method_of_column(a, column);
  const tv_canvas c = canvas_of(a);
  const double left = LEFT + panel * (PANEL + GAP);
  tv_place_panel(c, left, left + PANEL, TOP, c.height - BOTTOM, out);
  fprintf(out, "set title \"%s (%s)\" offset 0,-0.6\n", tv_column(column)->title,
          tv_column(column)->short_name);
  if (panel == 0)
    fprintf(out,
            "set ylabel \"critical alignment α²\"\n"
            "set key at screen 0.99,%.5f right top vertical samplen 2 width -1\n",
            1 - (double)TOP / c.height);
  else
    fputs("unset ylabel\nunset key\nunset label 1\n", out);
  write_axis(a, method, out);
  fputs("plot", out);
  for (int curve = 0; curve < count_curves(a); ++curve)
    write_curve(a, curve, method, panel == 0, out);
  fputs("\n", out);
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
          a->n[0] / 1.15, a->n[a->cube.levels - 1] * 1.15,
          is_logarithmic(a) && has_zeros(a)
              ? "; 0 (no alignment is needed) is below a logarithmic axis"
              : "",
          (double)LEFT / c.width, 1 - 14.0 / c.height);
  tv_write_size_tics(a, 1, out);
  fputs("set multiplot\n", out);
  for (int c = 0; tv_column(c); ++c)
    if (tv_method_of_column(a, c) >= 0) write_panel(a, c, panel++, out);
  fputs("unset multiplot\n", out);
}

static void put_caption(const tv_figure *f, FILE *out) {
  fprintf(out,
          "<p>The critical alignment &alpha;<sup>2</sup>, the least of augmentation and noise at "
          "which the leakage (largest squared sine between encoder and important components, "
          "S-whitened) is below 1/2, against the sample size. Lines are means over %d replicate%s, "
          "shaded bands their range; dashed: predicted for n, dotted: theory as n grows, means "
          "over the same replicates. Where no alignment is needed &alpha;<sup>2</sup> is 0.</p>\n",
          f->archive->cube.replicates, f->archive->cube.replicates == 1 ? "" : "s");
  if (count_curves(f->archive) < f->archive->cube.magnitudes)
    fprintf(out, "<p>Of %d noise scales %d are drawn; the tables hold all.</p>\n",
            f->archive->cube.magnitudes, count_curves(f->archive));
}

static void describe_figure(const tv_archive *a, int number, tv_figure *out) {
  *out = (tv_figure){.archive = a,
                     .pattern = tv_threshold_report.figures[number],
                     .label = "critical alignment against sample size",
                     .write_data = write_data,
                     .write_script = write_script,
                     .put_caption = put_caption};
}

/* ---- HTML ---- */

static void put_cell(const tv_summary *summary, FILE *out) {
  char text[TV_SUMMARY_TEXT];
  fprintf(out, "<td>%s</td>", words_of(summary, text));
}

static void put_table(const tv_archive *a, int g, int digits, FILE *out) {
  fprintf(out, "<table><tr><th>&lambda;<sub>max</sub> = %.*g: n</th>", digits, a->lambda_max[g]);
  for (int m = 0; m < a->cube.methods; ++m)
    fprintf(out, "<th>%s</th><th>predicted</th>", a->method[m]);
  for (int level = 0; level < a->cube.levels; ++level) {
    fprintf(out, "</tr>\n<tr><td>%.*g</td>", TV_MOST_DIGITS, a->n[level]);
    for (int m = 0; m < a->cube.methods; ++m) {
      const summary s = summarise(a, g, level, m);
      put_cell(&s.measured, out);
      put_cell(&s.predicted, out);
    }
  }
  fputs("</tr>\n<tr><td>&infin;</td>", out);
  for (int m = 0; m < a->cube.methods; ++m) {
    const tv_summary asymptotic = tv_threshold_summary(a, g, m);
    put_cell(&asymptotic, out);
    fputs("<td></td>", out);
  }
  fputs("</tr></table>\n", out);
}

static void put_tables(const tv_archive *a, FILE *out) {
  const int digits = tv_digits_of(a->lambda_max, a->cube.magnitudes);
  fputs("<h2>Critical alignment &alpha;<sup>2</sup></h2>\n"
        "<p>Mean [least, largest] over replicates, measured and predicted; last line: theory, n to "
        "infinity.</p>\n",
        out);
  for (int g = 0; g < a->cube.magnitudes; ++g) put_table(a, g, digits, out);
  if (count_status(a, TV_ALPHA2_FOUND) == count_entries(a)) return;
  fputs("<pre>", out);
  print_statuses(a, out);
  fputs("</pre>\n", out);
}

const tv_report_parts tv_threshold_report = {.study = &tv_threshold_study.kind,
                                             .csv = "thresholds.csv",
                                             .figures = {"figure"},
                                             .print_table = print_table,
                                             .count_figures = tv_one_figure,
                                             .describe_figure = describe_figure,
                                             .put_tables = put_tables};
