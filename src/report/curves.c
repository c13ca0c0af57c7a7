#include <math.h>
#include <stdio.h>
#include <string.h>

#include "parts.h"

/* The figure of the paper: a row of panels for each noise scale, a column for each method, a line
 * and a shaded range for each alignment. */

/* ---- Which of many are drawn ---- */

static int count_rows(const tv_archive *a) {
  return tv_shown(a->cube.magnitudes, TV_MOST_ROWS);
}

static int count_curves(const tv_archive *a) {
  return tv_shown(a->cube.alphas, TV_MOST_CURVES);
}

static int magnitude_of(const tv_archive *a, int row) {
  return tv_chosen(row, count_rows(a), a->cube.magnitudes);
}

static int alpha_of(const tv_archive *a, int curve) {
  return tv_chosen(curve, count_curves(a), a->cube.alphas);
}

static int shows_all(const tv_archive *a) {
  return count_rows(a) == a->cube.magnitudes && count_curves(a) == a->cube.alphas;
}

/* ---- The data ---- */

/* One block of lines for each curve that is drawn. */
static void write_data(const void *figure, FILE *out) {
  const tv_figure *f = figure;
  const tv_archive *a = f->archive;
  const int quantity = f->curves->quantity;
  const int of_lambda = tv_digits_of(a->lambda_max, a->cube.magnitudes);
  const int of_alpha = tv_digits_of(a->alpha, a->cube.alphas);
  fprintf(out, "# n\tmean %s\tleast\tlargest\n", a->study->quantities[quantity].label.name);
  for (int row = 0; row < count_rows(a); ++row)
    for (int m = 0; m < a->cube.methods; ++m)
      for (int curve = 0; curve < count_curves(a); ++curve) {
        const int g = magnitude_of(a, row), alpha = alpha_of(a, curve);
        fprintf(out, "\n\n# " TV_LAMBDA_MAX " %.*g, %s, " TV_ALPHA " %.*g\n", of_lambda,
                a->lambda_max[g], a->method[m], of_alpha, a->alpha[alpha]);
        for (int level = 0; level < a->cube.levels; ++level) {
          const tv_summary summary = tv_summary_of(a, quantity, g, alpha, level, m);
          fprintf(out, "%.17g\t%.6e\t%.6e\t%.6e\n", a->n[level], summary.mean, summary.least,
                  summary.largest);
        }
      }
}

/* Above rounding, and such that the decade above it is a number too. */
static int is_drawable(double value) {
  return value > 1e-16 && value < 1e300;
}

static void widen(double value, double *low, double *high) {
  if (!is_drawable(value)) return;
  *low = fmin(*low, value);
  *high = fmax(*high, value);
}

/* The decades that hold all that is drawn. */
static void find_range(const tv_figure *f, double *low, double *high) {
  const tv_archive *a = f->archive;
  const int curves = count_rows(a) * count_curves(a) * a->cube.methods;
  *low = HUGE_VAL;
  *high = 0;
  for (int i = 0; i < curves * a->cube.levels; ++i) {
    const int curve = i / a->cube.levels, setting = curve / a->cube.methods;
    const tv_summary summary = tv_summary_of(
        a, f->curves->quantity, magnitude_of(a, setting / count_curves(a)),
        alpha_of(a, setting % count_curves(a)), i % a->cube.levels, curve % a->cube.methods);
    widen(summary.mean, low, high);
    widen(summary.least, low, high);
    widen(summary.largest, low, high);
  }
  if (*high == 0) *low = *high = 1;
  *low = pow(10, fmax(floor(log10(*low)), -16));
  *high = pow(10, floor(log10(*high)) + 1);
}

/* Whether an alignment is too small for theory in most replicates. */
static int is_below_threshold(const tv_archive *a, int g, int alpha, int m) {
  const double square = a->alpha[alpha] * a->alpha[alpha];
  int below = 0;
  for (int r = 0; r < a->cube.replicates; ++r)
    below +=
        square <= a->alpha2_threshold[((int64_t)r * a->cube.magnitudes + g) * a->cube.methods + m];
  return 2 * below > a->cube.replicates;
}

/* ---- Layout, in pixels ---- */

enum {
  LEFT = 104,
  RIGHT = 20,
  PANEL = 277, /* width; and of a single one: */
  SINGLE_PANEL = 560,
  COLUMN_GAP = 38,
  HEIGHT = 220, /* of a panel */
  ROW_GAP = 20,
  TITLE = 30, /* of the columns */
  KEY_ROW = 20,
  KEY_LINE = 58,  /* width of an entry of the key without its text, */
  KEY_LETTER = 6, /* and of a letter of that */
  LABEL = 250,    /* what stands left of the key */
  BOTTOM = 60
};

typedef struct {
  tv_canvas size;
  int columns, panel, key_columns, key_rows;
} layout;

static void name_curve(const tv_archive *a, int alpha, int digits, char out[40]) {
  char value[32];
  tv_format_magnitude(a->alpha[alpha], digits, value, sizeof value);
  snprintf(out, 40, "α = %s", value);
}

/* As many as fit beside the label. */
static int count_key_columns(const tv_archive *a, int width) {
  char name[40];
  size_t longest = 0;
  const int digits = tv_digits_of(a->alpha, a->cube.alphas);
  for (int curve = 0; curve < count_curves(a); ++curve) {
    name_curve(a, alpha_of(a, curve), digits, name);
    longest = strlen(name) > longest ? strlen(name) : longest;
  }
  const int columns = (width - LABEL) / (KEY_LINE + KEY_LETTER * (int)longest);
  return columns > 1 ? columns : 1;
}

static layout lay_out(const tv_archive *a) {
  layout c = {.columns = tv_columns_of(a)};
  c.panel = c.columns > 1 ? PANEL : SINGLE_PANEL;
  c.size.width = LEFT + c.columns * (c.panel + COLUMN_GAP) - COLUMN_GAP + RIGHT;
  c.key_columns = count_key_columns(a, c.size.width - LEFT - RIGHT);
  c.key_rows = (count_curves(a) + c.key_columns) / c.key_columns; /* with 1/n */
  if (!shows_all(a) && c.key_rows < 3) c.key_rows = 3;            /* lines of the text */
  c.size.height =
      KEY_ROW * c.key_rows + TITLE + count_rows(a) * (HEIGHT + ROW_GAP) - ROW_GAP + BOTTOM;
  return c;
}

/* ---- Panels ---- */

/* More points would hide the line. */
static const int most_markers = 12;

static void write_curve(const tv_archive *a, int row, int m, int curve, FILE *out) {
  const int block = (row * a->cube.methods + m) * count_curves(a) + curve;
  char colour[TV_COLOUR_TEXT];
  tv_colour_of_curve(curve, count_curves(a), colour);
  fprintf(out,
          ", \\\n  data index %d using 1:3:4 with filledcurves fillcolor rgb \"%s\" fillstyle "
          "transparent solid 0.18 noborder notitle, \\\n  data index %d using 1:2 with "
          "linespoints linewidth 2 pointsize 0.45 pointtype %d pointinterval %d dashtype %d "
          "linecolor rgb \"%s\" notitle",
          block, colour, block, tv_point_of_curve(curve), 1 + a->cube.levels / most_markers,
          is_below_threshold(a, magnitude_of(a, row), alpha_of(a, curve), m) ? 2 : 1, colour);
}

static int is_empty(const tv_figure *f, int g, int m) {
  const tv_archive *a = f->archive;
  for (int curve = 0; curve < count_curves(a); ++curve)
    for (int level = 0; level < a->cube.levels; ++level)
      if (is_drawable(tv_summary_of(a, f->curves->quantity, g, alpha_of(a, curve), level, m).mean))
        return 0;
  return 1;
}

static void write_panel(const tv_figure *f, const layout *c, int row, int column, int panel_column,
                        FILE *out) {
  const tv_archive *a = f->archive;
  const int m = tv_method_of_column(a, column), is_bottom = row == count_rows(a) - 1;
  const int g = magnitude_of(a, row);
  const double left = LEFT + panel_column * (c->panel + COLUMN_GAP);
  const double top = KEY_ROW * c->key_rows + TITLE + row * (HEIGHT + ROW_GAP);
  char magnitude[32];
  tv_place_panel(c->size, left, left + c->panel, top, top + HEIGHT, out);
  fprintf(out, row == 0 ? "set title \"%s (%s)\" offset 0,-0.6\n" : "unset title\n",
          tv_column(column)->title, tv_column(column)->short_name);
  tv_format_magnitude(a->lambda_max[g], tv_digits_of(a->lambda_max, a->cube.magnitudes), magnitude,
                      sizeof magnitude);
  if (panel_column == 0)
    fprintf(out, "set ylabel \"λ_{max}  = %s\\n%s\" offset two_lines\nset format y \"10^{%%L}\"\n",
            magnitude, f->curves->name);
  else
    fputs("unset ylabel\nset format y \"\"\n", out);
  fputs(is_bottom ? "set xlabel \"sample size n\"\n" : "unset xlabel\n", out);
  tv_write_size_tics(a, is_bottom, out);
  if (is_empty(f, g, m))
    fprintf(out, "set label 1 \"%s\" at graph 0.5,0.5 center front boxed textcolor rgb '#555555'\n",
            f->curves->nothing);
  else
    fputs("unset label 1\n", out);
  fputs("plot guide(x) with lines linewidth 1.2 dashtype 3 linecolor rgb '#888888' notitle", out);
  for (int curve = 0; curve < count_curves(a); ++curve) write_curve(a, row, m, curve, out);
  fputs("\n", out);
}

/* What is drawn of all, and where all is; nothing where that is drawn. */
static void describe_choice(const tv_archive *a, char *text, size_t size) {
  const tv_kind *beside = tv_study_beside(a);
  if (shows_all(a)) return;
  const int length = snprintf(text, size, "\\n%d of %d α, %d of %d λ_{max}", count_curves(a),
                              a->cube.alphas, count_rows(a), a->cube.magnitudes);
  if (beside) snprintf(text + length, size - length, "; all of them:\\nstudy: %s", beside->name);
}

static void write_key(const tv_archive *a, const layout *c, FILE *out) {
  char name[40], text[192] = "dashed: α below the threshold of theory", colour[TV_COLOUR_TEXT];
  const int digits = tv_digits_of(a->alpha, a->cube.alphas);
  describe_choice(a, text + strlen(text), sizeof text - strlen(text));
  tv_begin_key(c->size, LEFT, c->size.width - RIGHT, c->key_columns, text, out);
  fputs("plot NaN with lines linewidth 1.2 dashtype 3 linecolor rgb '#888888' title \"∝ 1/n\"",
        out);
  for (int curve = 0; curve < count_curves(a); ++curve) {
    name_curve(a, alpha_of(a, curve), digits, name);
    tv_colour_of_curve(curve, count_curves(a), colour);
    fprintf(out,
            ", \\\n  NaN with linespoints linewidth 3 pointsize 0.45 pointtype %d linecolor rgb "
            "\"%s\" title \"%s\"",
            tv_point_of_curve(curve), colour, name);
  }
  fputs("\n", out);
}

static void write_script(const void *figure, FILE *out) {
  const tv_figure *f = figure;
  const tv_archive *a = f->archive;
  const layout c = lay_out(a);
  const double first = a->n[0], last = a->n[a->cube.levels - 1];
  double low, high;
  find_range(f, &low, &high);
  tv_begin_script(f->name, c.size, out);
  fprintf(out,
          "guide(x) = %g / x\nset logscale xy\nset xrange [%.10g:%.10g]\nset yrange [%g:%g]\n"
          "set ytics %g,%d nomirror\nset mxtics 1\nset mytics 1\n"
          "set grid ytics xtics linewidth 0.5 linecolor rgb '#e4e4e4'\nset border 3\nunset key\n"
          "set multiplot\n",
          high / 2 * first, first / 1.15, last * 1.15, low, high, low, high > 1e9 * low ? 100 : 10);
  for (int row = 0; row < count_rows(a); ++row)
    for (int column = 0, panel = 0; tv_column(column); ++column)
      if (tv_method_of_column(a, column) >= 0) write_panel(f, &c, row, column, panel++, out);
  write_key(a, &c, out);
  fputs("unset multiplot\n", out);
}

static void put_caption(const tv_figure *f, FILE *out) {
  const tv_archive *a = f->archive;
  const tv_kind *beside = tv_study_beside(a);
  fprintf(out,
          "<p>%s, against the sample size, of each method in closed form. Lines are means over %d "
          "replicate%s, shaded bands their range; dashed lines have an alignment &alpha; below the "
          "threshold of theory in most of them; the dotted line falls like 1/n.</p>\n",
          f->curves->definition, a->cube.replicates, a->cube.replicates == 1 ? "" : "s");
  if (shows_all(a)) return;
  fprintf(out,
          "<p>Of %d alignments %d are drawn, of %d noise scales %d; the table and the CSV file "
          "hold all.",
          a->cube.alphas, count_curves(a), a->cube.magnitudes, count_rows(a));
  if (beside) fprintf(out, " <code>study: %s</code> draws all.", beside->name);
  fputs("</p>\n", out);
}

void tv_describe_curves(const tv_archive *a, const tv_curves *curves, tv_figure *out) {
  *out = (tv_figure){.archive = a,
                     .curves = curves,
                     .label = curves->label,
                     .write_data = write_data,
                     .write_script = write_script,
                     .put_caption = put_caption};
}
