#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "axes.h"
#include "parts.h"
#include "twoview/base/escape.h"
#include "twoview/kinds.h"
#include "twoview/studies/grid.h"
#include "twoview/theory/theory.h"

/* The report of a phase study: heat maps over noise scale and alignment, one figure for each sample
 * size. A column of panels for each method, distance above and leakage below, and a panel that
 * shows which of the rivals, RC and JE, is closer to optimality, all with the boundaries of
 * theory. */

static const double half = 0.5; /* an encoder with this leakage or more does not recover */

/* ---- The values of a point ---- */

static int method_named(const tv_archive *a, const tv_method *method) {
  for (int m = 0; m < a->cube.methods; ++m)
    if (strcmp(a->method[m], method->kind.name) == 0) return m;
  return -1;
}

/* The two methods that theory compares, and where the archive has them. */
static const tv_method *rival(int i) {
  return tv_rivals_of(&tv_kinds_all).method[i];
}

static int rival_of(const tv_archive *a, int i) {
  return method_named(a, rival(i));
}

static int has_both(const tv_archive *a) {
  return rival_of(a, 0) >= 0 && rival_of(a, 1) >= 0;
}

/* Whether theory has a boundary for a method. */
static int has_boundary(const tv_archive *a, int method) {
  return tv_row_of_method(a, method)->theory != NULL;
}

static double mean_of(const tv_archive *a, int quantity, int g, int alpha, int level, int method) {
  return tv_summary_of(a, quantity, g, alpha, level, method).mean;
}

/* ---- The table ---- */

typedef struct {
  int64_t points, measured, theory, predicted, agreeing,
      closest; /* theory: points where there is one */
} tally;

/* Over all points and replicates of a sample size: where the encoder is free of noise, where theory
 * says so of n to infinity, and where these agree; and where the method beats the other rival. */
static tally count_phases(const tv_archive *a, int level, int method) {
  tally t = {0};
  const int other = rival_of(a, method == rival_of(a, 0));
  for (int64_t i = level; i < tv_cube_points(&a->cube); i += a->cube.levels) {
    const tv_spot at = tv_cube_split(&a->cube, i);
    const int64_t point = i * a->cube.methods;
    const double *distance = a->quantity[TV_DISTANCE] + point;
    const double leakage = a->quantity[TV_LEAKAGE][point + method];
    if (isnan(leakage)) continue;
    const int is_free = leakage < half;
    const double threshold = a->alpha2_threshold[at.setting * a->cube.methods + method];
    const int is_predicted = tv_recovers(a->alpha[at.alpha], threshold);
    ++t.points;
    t.measured += is_free;
    t.predicted += is_predicted;
    t.theory += !isnan(threshold);
    t.agreeing += !isnan(threshold) && is_free == is_predicted;
    t.closest += other >= 0 && distance[method] < distance[other];
  }
  return t;
}

/* "-" of nothing: all solutions failed, or theory has no threshold. */
static void print_share(int width, int64_t part, int64_t whole, FILE *out) {
  if (whole > 0)
    fprintf(out, "  %*.1f %%", width, 100.0 * (double)part / (double)whole);
  else
    fprintf(out, "  %*s", width + 2, "-");
}

static void print_closest(const tv_archive *a, int method, const tally *t, FILE *out) {
  if (has_both(a) && has_boundary(a, method) && !a->is_unlabelled)
    print_share(12, t->closest, t->points, out);
  else
    fprintf(out, "  %14s", "-");
  fputc('\n', out);
}

static void print_table(const tv_archive *a, FILE *out) {
  char others[32];
  snprintf(others, sizeof others, "%s or %s at", rival(1)->kind.short_name,
           rival(0)->kind.short_name);
  tv_print_line(out, "%s: %d noise scales x %d alignments x %d replicate%s", a->experiment_name,
                a->cube.magnitudes, a->cube.alphas, a->cube.replicates,
                a->cube.replicates == 1 ? "" : "s");
  fputc('\n', out);
  fprintf(out, "%-16s  %-10s  %14s  %14s  %10s  %14s\n", "", "", "leakage < 1/2", "theory, n to",
          "the two", "closer than");
  fprintf(out, "%-16s  %-10s  %14s  %14s  %10s  %14s\n", "method", "n", "at", "infinity, at",
          "agree at", others);
  for (int method = 0; method < a->cube.methods; ++method)
    for (int level = 0; level < a->cube.levels; ++level) {
      const tally t = count_phases(a, level, method);
      fprintf(out, "%-16s  %-10.17g", a->method[method], a->n[level]);
      print_share(12, t.measured, t.points, out);
      print_share(12, t.predicted, t.theory, out);
      print_share(8, t.agreeing, t.theory, out);
      print_closest(a, method, &t, out);
    }
  tv_print_failures(a, out);
}

/* ---- The data of a figure ---- */

/* Two blocks: the cells, row by row of alignments; and the boundaries. */
static void write_data(const void *figure, FILE *out) {
  const tv_figure *f = figure;
  const tv_archive *a = f->archive;
  fputs("# " TV_LAMBDA_MAX "\t" TV_ALPHA, out);
  for (int m = 0; m < a->cube.methods; ++m)
    fprintf(out, "\tmean distance, leakage: %s", a->method[m]);
  fputc('\n', out);
  for (int alpha = 0; alpha < a->cube.alphas; ++alpha)
    for (int g = 0; g < a->cube.magnitudes; ++g) {
      fprintf(out, "%.17g\t%.17g", a->lambda_max[g], a->alpha[alpha]);
      for (int m = 0; m < a->cube.methods; ++m)
        fprintf(out, "\t%.6e\t%.6e", mean_of(a, TV_DISTANCE, g, alpha, f->level, m),
                mean_of(a, TV_LEAKAGE, g, alpha, f->level, m));
      fputc('\n', out);
    }
  fputs("\n\n# " TV_LAMBDA_MAX, out);
  for (int m = 0; m < a->cube.methods; ++m)
    fprintf(out, "\tmean threshold alpha^2 as n grows: %s", a->method[m]);
  for (int g = 0; g < a->cube.magnitudes; ++g) {
    fprintf(out, "\n%.17g", a->lambda_max[g]);
    for (int m = 0; m < a->cube.methods; ++m)
      fprintf(out, "\t%.10g", tv_threshold_summary(a, g, m).mean);
  }
  fputc('\n', out);
}

/* ---- Its layout, in pixels ---- */

enum {
  SIDE = 196, /* of a panel */
  GAP = 28,   /* between columns, wide enough for the ends of axes */
  ROW_GAP = 14,
  LEFT = 66,
  TOP = 40,
  BOTTOM = 54,
  BAR_GAP = 12,        /* between a panel and its colour bar, */
  BAR = 10,            /* which is so wide, */
  BAR_LABELS = 84,     /* and what stands beside that */
  WINNER_AXIS = 56,    /* left of the panel that stands apart */
  WINNER_LABELS = 118, /* right of its colour bar */
  LEGEND = 216         /* of its own, without that panel */
};

typedef struct {
  tv_canvas size;
  int methods;
} layout;

static int winner_left(const layout *c) {
  return LEFT + c->methods * (SIDE + GAP) - GAP + BAR_GAP + BAR + BAR_LABELS + WINNER_AXIS;
}

static layout lay_out(const tv_archive *a) {
  layout c = {.methods = tv_columns_of(a), .size.height = TOP + 2 * SIDE + ROW_GAP + BOTTOM};
  c.size.width = winner_left(&c) + (has_both(a) ? SIDE + BAR_GAP + BAR + WINNER_LABELS : LEGEND);
  return c;
}

static double top_of(int row) {
  return TOP + row * (SIDE + ROW_GAP);
}

static void place_panel(const layout *c, int left, int row, FILE *out) {
  tv_place_panel(c->size, left, left + SIDE, top_of(row), top_of(row) + SIDE, out);
}

/* A colour bar to the right of the panel at `left`. */
static void place_bar(const layout *c, int left, int row, FILE *out) {
  const double width = c->size.width, height = c->size.height;
  fprintf(out, "set colorbox vertical user origin screen %.5f,%.5f size screen %.5f,%.5f\n",
          (left + SIDE + BAR_GAP) / width, 1 - (top_of(row) + SIDE) / height, BAR / width,
          SIDE / height);
}

/* Of a panel that stands at the left or at the bottom, or between others. */
static void label_axes(const tv_archive *a, int is_left, int is_bottom, FILE *out) {
  const tv_axis x = tv_axis_of("x", a->lambda_max, a->cube.magnitudes),
                y = tv_axis_of("y", a->alpha, a->cube.alphas);
  tv_write_tics(&x, is_bottom, out);
  tv_write_tics(&y, is_left, out);
  fprintf(out, "set xlabel \"%s\" offset 0,0.6\nset ylabel \"%s\" offset 1\n",
          is_bottom ? "noise scale λ_{max}" : "", is_left ? "alignment α" : "");
}

/* ---- Colours ---- */

/* From light (little) to dark (much): viridis, which is even in lightness and for any colour
 * vision, turned round. */
static const char amounts[] =
    "set palette defined (0 '#fde725', 1 '#aadc32', 2 '#5dc863', 3 '#27ad81', 4 '#21908d', "
    "5 '#2c728e', 6 '#3b528b', 7 '#472d7b', 8 '#440154')\n";
/* Of two sides: blue and vermilion. */
static const char sides[] =
    "set palette defined (-3 '#08519c', -1.5 '#4292c6', -0.3 '#d6e6f4', 0 '#f7f7f7', "
    "0.3 '#fde3d0', 1.5 '#f16913', 3 '#a63603')\n";

/* Decades that hold the distances of all methods at a sample size. */
static void find_decades(const tv_archive *a, int level, double *low, double *high) {
  *low = HUGE_VAL;
  *high = -HUGE_VAL;
  for (int g = 0; g < a->cube.magnitudes; ++g)
    for (int alpha = 0; alpha < a->cube.alphas; ++alpha)
      for (int m = 0; m < a->cube.methods; ++m) {
        const double decade = log10(mean_of(a, TV_DISTANCE, g, alpha, level, m));
        if (!isfinite(decade)) continue;
        *low = fmin(*low, decade);
        *high = fmax(*high, decade);
      }
  if (*low > *high) *low = *high = 0;
  if (*high - *low < 1) *low = *high - 1;
}

/* ---- Panels ---- */

static int column_of_data(int method, int quantity) {
  return 3 + 2 * method + (quantity == TV_LEAKAGE);
}

static int dash_of(const tv_archive *a, int method) {
  return method == rival_of(a, 1) ? 2 : 1;
}

/* A boundary, dark on a light rim: a line or, of the second rival, dashes. It leaves the panel at
 * the bottom where no alignment is needed. */
static void write_boundary(const tv_archive *a, int method, FILE *out) {
  const int column = 2 + method;
  fprintf(out,
          ", \\\n  data index 1 using (x($1)):(boundary($%d)) with lines linewidth 4 linecolor "
          "rgb '#ffffff' notitle, \\\n  data index 1 using (x($1)):(boundary($%d)) with lines "
          "linewidth 2 dashtype %d linecolor rgb '#000000' notitle",
          column, column, dash_of(a, method));
}

static void write_method_panel(const tv_figure *f, const layout *c, int column, int place, int row,
                               FILE *out) {
  const tv_archive *a = f->archive;
  const int method = tv_method_of_column(a, column), is_last = place == c->methods - 1;
  const int left = LEFT + place * (SIDE + GAP);
  const int quantity = row == 0 ? TV_DISTANCE : TV_LEAKAGE;
  place_panel(c, left, row, out);
  if (row == 0)
    fprintf(out, "set title \"%s (%s)\" offset 0,-0.5\n", tv_column(column)->title,
            tv_column(column)->short_name);
  else
    fputs("unset title\n", out);
  label_axes(a, place == 0, row == 1, out);
  if (is_last)
    place_bar(c, left, row, out);
  else
    fputs("unset colorbox\n", out);
  fprintf(out, "plot data index 0 using (x($1)):(y($2)):(%s($%d)) with image notitle",
          quantity == TV_DISTANCE ? "decade" : "", column_of_data(method, quantity));
  if (has_boundary(a, method)) write_boundary(a, method, out);
  fputc('\n', out);
}

/* The methods side by side, and the panel that compares the rivals. */
static void write_row(const tv_figure *f, const layout *c, int row, FILE *out) {
  int place = 0;
  for (int column = 0; tv_column(column); ++column)
    if (tv_method_of_column(f->archive, column) >= 0)
      write_method_panel(f, c, column, place++, row, out);
}

/* Beside the second row, under the panel that stands apart: what holds for all panels. The key of
 * the last plot stands below it. */
static void write_legend(const tv_figure *f, const layout *c, FILE *out) {
  const tv_archive *a = f->archive;
  char text[4][96];
  snprintf(text[0], sizeof text[0], "n = %.17g", a->n[f->level]);
  snprintf(text[1], sizeof text[1], "mean of %d replicate%s", a->cube.replicates,
           a->cube.replicates == 1 ? "" : "s");
  snprintf(text[2], sizeof text[2], "Lines: α above which, in theory,");
  snprintf(text[3], sizeof text[3], "the method recovers (n → ∞)");
  int has_lines = 0;
  for (int m = 0; m < a->cube.methods; ++m) has_lines |= has_boundary(a, m);
  for (int i = 0; i < (has_lines ? 4 : 2); ++i)
    fprintf(out, "set label %d \"%s\" at screen %.5f,%.5f left textcolor rgb '#000000'\n", i + 1,
            text[i], (double)winner_left(c) / c->size.width,
            (BOTTOM + 126.0 - 21 * i) / c->size.height);
  fprintf(out, "set key at screen %.5f,%.5f left top vertical Left reverse samplen 3\n",
          (double)winner_left(c) / c->size.width, (BOTTOM + 50.0) / c->size.height);
}

static void name_boundary(const tv_archive *a, int method, FILE *out) {
  fprintf(out,
          ", \\\n  NaN with lines linewidth 2 dashtype %d linecolor rgb '#000000' title \"%s\"",
          dash_of(a, method), a->method[method]);
}

/* Where there is no panel that stands apart. */
static void write_legend_alone(const tv_figure *f, const layout *c, FILE *out) {
  const tv_archive *a = f->archive;
  fputs("unset colorbox\n", out);
  tv_begin_key(c->size, winner_left(c), c->size.width, 1, "", out);
  write_legend(f, c, out);
  fputs("plot NaN notitle", out);
  for (int m = 0; m < a->cube.methods; ++m)
    if (has_boundary(a, m)) name_boundary(a, m, out);
  fputc('\n', out);
}

static void write_winner(const tv_figure *f, const layout *c, FILE *out) {
  const tv_archive *a = f->archive;
  const char *first = rival(0)->kind.short_name, *second = rival(1)->kind.short_name;
  const int left = winner_left(c);
  write_legend(f, c, out);
  place_panel(c, left, 0, out);
  place_bar(c, left, 0, out);
  fputs(sides, out);
  label_axes(a, 1, 1, out);
  fprintf(out,
          "set title \"Who wins: %s or %s\" offset 0,-0.5\nset cbrange [-3:3]\nunset cblabel\n"
          "set cbtics (\"%s 1000× closer\" -3, \"%s 30× closer\" -1.5, \"equal\" 0, \"%s 30× "
          "closer\" 1.5, "
          "\"%s 1000× closer\" 3)\n"
          "plot data index 0 using (x($1)):(y($2)):(clip(decade($%d) - decade($%d))) with image "
          "notitle",
          first, second, first, first, second, second, column_of_data(rival_of(a, 0), TV_DISTANCE),
          column_of_data(rival_of(a, 1), TV_DISTANCE));
  for (int i = 0; i < TV_RIVALS; ++i) write_boundary(a, rival_of(a, i), out);
  for (int i = 0; i < TV_RIVALS; ++i) name_boundary(a, rival_of(a, i), out);
  fputc('\n', out);
}

static void write_script(const void *figure, FILE *out) {
  const tv_figure *f = figure;
  const tv_archive *a = f->archive;
  const layout c = lay_out(a);
  const tv_axis axes[] = {tv_axis_of("x", a->lambda_max, a->cube.magnitudes),
                          tv_axis_of("y", a->alpha, a->cube.alphas)};
  double low, high;
  find_decades(a, f->level, &low, &high);
  tv_begin_script(f->name, c.size, out);
  tv_write_axis(&axes[0], out);
  tv_write_axis(&axes[1], out);
  tv_write_boundary_function(&axes[1], out);
  fprintf(out,
          "decade(v) = v > 0 ? log10(v) : v == 0 ? %.4f : NaN\n"
          "clip(v) = v < -3 ? -3 : v > 3 ? 3 : v\n"
          "set border 15 linewidth 0.8\nset colorbox noborder\nset multiplot\n%s",
          low, amounts);
  fprintf(out,
          "set cbrange [%.4f:%.4f]\nset cbtics %d format \"10^{%%g}\" scale 0.4\n"
          "set cblabel \"distance to optimality\"\n",
          low, high, 1 + (int)((high - low) / 9));
  write_row(f, &c, 0, out);
  fputs("set cbrange [0:1]\nset cbtics 0.25 format \"%g\" scale 0.4\nset cblabel \"leakage\"\n",
        out);
  write_row(f, &c, 1, out);
  (has_both(a) ? write_winner : write_legend_alone)(f, &c, out);
  fputs("unset multiplot\n", out);
}

/* ---- Together ---- */

static void put_caption(const tv_figure *f, FILE *out) {
  const tv_archive *a = f->archive;
  fprintf(out,
          "<h2>n = %.17g</h2>\n<p>Distance to optimality and leakage, means over %d replicate%s. "
          "Lines: the alignment &alpha; above which theory says that the method recovers as n "
          "grows (line: %s, dashes: %s).</p>\n",
          a->n[f->level], a->cube.replicates, a->cube.replicates == 1 ? "" : "s",
          rival(0)->kind.short_name, rival(1)->kind.short_name);
}

static int count_figures(const tv_archive *a) {
  return a->cube.levels;
}

/* The largest sample size first, under the name that every study's figure has. */
static void describe_figure(const tv_archive *a, int number, tv_figure *out) {
  const int level = a->cube.levels - 1 - number;
  *out = (tv_figure){.archive = a,
                     .pattern = tv_phase_report.figures[number > 0],
                     .number = a->n[level],
                     .label = "phase diagrams over noise scale and alignment",
                     .level = level,
                     .write_data = write_data,
                     .write_script = write_script,
                     .put_caption = put_caption};
}

static void put_tables(const tv_archive *a, FILE *out) {
  fputs("<h2>Where each method recovers</h2>\n<pre>", out);
  print_table(a, out);
  fputs("</pre>\n", out);
}

const tv_report_parts tv_phase_report = {.study = &tv_phase_study.kind,
                                         .csv = "scores.csv",
                                         .figures = {"figure", "figure-n#"},
                                         .print_table = print_table,
                                         .count_figures = count_figures,
                                         .describe_figure = describe_figure,
                                         .put_tables = put_tables};
