#include <math.h>

#include "scores.h"
#include "view_figures.h"

/* The scores as curves: a row of panels for each score, in these a colour for each method, a dash
 * and a point for each strength. */

/* ---- What is drawn ---- */

/* What a panel shows the score against, and so what its panels differ by. */
typedef enum { BY_SIZE, BY_SEVERITY, BY_STRENGTH } abscissa;

enum { MOST_COLUMNS = 8, MOST_STRENGTHS = 4 };

typedef struct {
  const tv_archive *archive;
  const tv_score *scores[TV_MOST_SCORES];
  int rows; /* scores */
  abscissa against;
  int columns, strengths, places; /* panels of a row; lines of a method; points of a line */
} picture;

static picture describe(const tv_archive *a) {
  const tv_cube *c = &a->cube;
  picture p = {.archive = a, .columns = 1, .strengths = tv_shown(c->alphas, MOST_STRENGTHS)};
  p.rows = tv_scores_of(a, p.scores);
  p.against = c->levels > 1 ? BY_SIZE : c->magnitudes > 1 ? BY_SEVERITY : BY_STRENGTH;
  if (p.against == BY_SIZE) p.columns = tv_shown(c->magnitudes, MOST_COLUMNS);
  if (p.against == BY_STRENGTH) p.strengths = 1;
  p.places = p.against == BY_SIZE       ? c->levels
             : p.against == BY_SEVERITY ? c->magnitudes
                                        : c->alphas;
  return p;
}

/* A point of a line in a panel. */
static tv_scored at(const picture *p, int row, int column, int method, int line, int place) {
  const tv_cube *c = &p->archive->cube;
  const int by_size = p->against == BY_SIZE, by_severity = p->against == BY_SEVERITY;
  return (tv_scored){
      .archive = p->archive,
      .score = p->scores[row],
      .severity = by_severity ? place : tv_chosen(column, p->columns, c->magnitudes),
      .strength = p->against == BY_STRENGTH ? place : tv_chosen(line, p->strengths, c->alphas),
      .level = by_size ? place : c->levels - 1,
      .method = method};
}

static const double *values_of(const picture *p) {
  const tv_archive *a = p->archive;
  return p->against == BY_SIZE ? a->n : p->against == BY_SEVERITY ? a->severity : a->strength;
}

static const char *name_of(const picture *p) {
  static const char *const names[] = {"sample size n", TV_SEVERITY, TV_STRENGTH};
  return names[p->against];
}

int tv_has_score_curves(const tv_archive *a) {
  const picture p = describe(a);
  return p.rows > 0 && p.places > 1;
}

/* ---- The data ---- */

/* A block for each line. */
static int block_of(const picture *p, int row, int column, int method, int line) {
  return ((row * p->columns + column) * p->archive->cube.methods + method) * p->strengths + line;
}

static void write_line(const picture *p, int row, int column, int method, int line, FILE *out) {
  const tv_archive *a = p->archive;
  const tv_scored first = at(p, row, column, method, line, 0);
  fprintf(out, "\n\n# %s on %s%s rows, %s, " TV_SEVERITY " %.17g, " TV_STRENGTH " %.17g\n",
          first.score->name, tv_rows_condition(a, first.score), tv_rows_scored(a),
          a->method[method], a->severity[first.severity], a->strength[first.strength]);
  for (int place = 0; place < p->places; ++place) {
    const tv_scored here = at(p, row, column, method, line, place);
    const tv_summary s = tv_score_summary(&here);
    fprintf(out, "%.17g\t%.6g\t%.6g\t%.6g\n", values_of(p)[place], s.mean, s.least, s.largest);
  }
}

static void write_data(const void *figure, FILE *out) {
  const picture p = describe(((const tv_figure *)figure)->archive);
  fprintf(out, "# %s\tmean score\tleast\tlargest\n", name_of(&p));
  for (int row = 0; row < p.rows; ++row)
    for (int column = 0; column < p.columns; ++column)
      for (int method = 0; method < p.archive->cube.methods; ++method)
        for (int line = 0; line < p.strengths; ++line)
          write_line(&p, row, column, method, line, out);
}

/* ---- Layout, in pixels ---- */

enum {
  LEFT = 84,
  RIGHT = 20,
  PANEL = 214, /* width, of several in a row; and of one: */
  SINGLE_PANEL = 520,
  COLUMN_GAP = 30,
  HEIGHT = 220,
  ROW_GAP = 20,
  TITLE = 30,
  KEY_ROW = 20,
  BOTTOM = 54
};

static int panel_of(const picture *p) {
  return p->columns > 1 ? PANEL : SINGLE_PANEL;
}

/* Methods, and strengths below them. */
static int key_rows_of(const picture *p) {
  return 1 + (p->strengths > 1);
}

static tv_canvas size_of(const picture *p) {
  return (tv_canvas){LEFT + p->columns * (panel_of(p) + COLUMN_GAP) - COLUMN_GAP + RIGHT,
                     key_rows_of(p) * KEY_ROW + TITLE + p->rows * (HEIGHT + ROW_GAP) - ROW_GAP +
                         BOTTOM};
}

/* ---- Axes ---- */

/* Of all panels of a score, with a margin. What lies far below them would press all else together.
 */
static void find_range(const picture *p, int row, double *low, double *high) {
  static const double most = 1.2, margin = 0.04;
  *low = INFINITY;
  *high = -INFINITY;
  for (int column = 0; column < p->columns; ++column)
    for (int method = 0; method < p->archive->cube.methods; ++method)
      for (int i = 0; i < p->strengths * p->places; ++i) {
        const tv_scored here = at(p, row, column, method, i / p->places, i % p->places);
        const tv_summary s = tv_score_summary(&here);
        *low = fmin(*low, s.least);
        *high = fmax(*high, s.largest);
      }
  if (*low > *high) *low = *high = 0;
  *low = fmax(*low, *high - most);
  const double room = *high > *low ? margin * (*high - *low) : 0.05;
  *low -= room;
  *high += room;
}

static void write_whole_tics(const picture *p, int is_labelled, FILE *out) {
  const double *values = values_of(p);
  for (int i = 0; i < p->places; ++i) {
    fprintf(out, "%s\"", i ? ", " : "set xtics nomirror (");
    if (is_labelled) fprintf(out, "%.17g", values[i]);
    fprintf(out, "\" %.17g", values[i]);
  }
  fputs(")\n", out);
}

static void write_axes(const picture *p, int row, int column, FILE *out) {
  const tv_score *score = p->scores[row];
  const int is_bottom = row == p->rows - 1;
  double low, high;
  find_range(p, row, &low, &high);
  fprintf(out, "set yrange [%.6g:%.6g]\nset ytics autofreq nomirror\nset format y \"%s\"\n", low,
          high, column ? "" : "%g");
  fprintf(out, column ? "unset ylabel\n" : "set ylabel \"%s\\n%s%s rows\" offset two_lines\n",
          score->name, tv_rows_condition(p->archive, score), tv_rows_scored(p->archive));
  fprintf(out, is_bottom ? "set xlabel \"%s\" offset 0,0.3\n" : "unset xlabel\n", name_of(p));
  if (p->against == BY_SIZE)
    tv_write_size_tics(p->archive, is_bottom, out);
  else
    write_whole_tics(p, is_bottom, out);
}

/* ---- Panels ---- */

/* Of Okabe and Ito, for any colour vision, in the order of the table of methods. */
static const char *colour_of(int column) {
  static const char *const colours[] = {"#555555", "#d55e00", "#0072b2", "#009e73", "#cc79a7"};
  return colours[column % (int)(sizeof colours / sizeof *colours)];
}

static void write_curve(const picture *p, int row, int column, int of_table, int line, FILE *out) {
  const int method = tv_method_of_column(p->archive, of_table);
  const int block = block_of(p, row, column, method, line);
  const char *colour = colour_of(of_table);
  if (p->archive->cube.replicates > 1)
    fprintf(out,
            ", \\\n  data index %d using 1:3:4 with filledcurves fillcolor rgb \"%s\" fillstyle "
            "transparent solid 0.15 noborder notitle",
            block, colour);
  fprintf(out,
          ", \\\n  data index %d using 1:2 with linespoints linewidth 2 pointsize 0.6 pointtype %d "
          "dashtype %d linecolor rgb \"%s\" notitle",
          block, tv_point_of_curve(line), line + 1, colour);
}

static void write_panel(const picture *p, int row, int column, FILE *out) {
  const tv_archive *a = p->archive;
  const int panel = panel_of(p), left = LEFT + column * (panel + COLUMN_GAP);
  const int top = key_rows_of(p) * KEY_ROW + TITLE + row * (HEIGHT + ROW_GAP);
  tv_place_panel(size_of(p), left, left + panel, top, top + HEIGHT, out);
  if (row == 0 && p->against == BY_SIZE)
    fprintf(out, "set title \"" TV_SEVERITY " %.17g\" offset 0,-0.6\n",
            a->severity[at(p, row, column, 0, 0, 0).severity]);
  else
    fputs("unset title\n", out);
  write_axes(p, row, column, out);
  fputs("plot NaN notitle", out);
  for (int of_table = 0; tv_column(of_table); ++of_table)
    for (int line = 0; tv_method_of_column(a, of_table) >= 0 && line < p->strengths; ++line)
      write_curve(p, row, column, of_table, line, out);
  fputc('\n', out);
}

static void write_key(const picture *p, FILE *out) {
  const tv_archive *a = p->archive;
  const tv_canvas size = size_of(p);
  tv_begin_key(size, LEFT, size.width - RIGHT, a->cube.methods, "", out);
  fputs("set key width 1\nplot NaN notitle", out);
  for (int of_table = 0; tv_column(of_table); ++of_table)
    if (tv_method_of_column(a, of_table) >= 0)
      fprintf(out, ", \\\n  NaN with lines linewidth 3 linecolor rgb \"%s\" title \"%s\"",
              colour_of(of_table), tv_column(of_table)->short_name);
  fputc('\n', out);
  if (p->strengths < 2) return;
  fprintf(out, "set key at screen %.5f,%.5f maxcols %d\nplot NaN notitle",
          1 - (double)RIGHT / size.width, 1 - (double)KEY_ROW / size.height, p->strengths);
  for (int line = 0; line < p->strengths; ++line)
    fprintf(out,
            ", \\\n  NaN with linespoints linewidth 1.5 pointsize 0.6 pointtype %d dashtype %d "
            "linecolor rgb '#000000' title \"" TV_STRENGTH " %.17g\"",
            tv_point_of_curve(line), line + 1,
            a->strength[tv_chosen(line, p->strengths, a->cube.alphas)]);
  fputc('\n', out);
}

static void write_script(const void *figure, FILE *out) {
  const tv_figure *f = figure;
  const picture p = describe(f->archive);
  const double first = values_of(&p)[0], last = values_of(&p)[p.places - 1];
  tv_begin_script(f->name, size_of(&p), out);
  if (p.against == BY_SIZE)
    fprintf(out, "set logscale x\nset xrange [%.10g:%.10g]\n", first / 1.15, last * 1.15);
  else
    fprintf(out, "set xrange [%.10g:%.10g]\n", first - 0.3, last + 0.3);
  fputs("set mxtics 1\nset mytics 1\nset border 3\nunset key\n"
        "set grid ytics xtics linewidth 0.5 linecolor rgb '#e4e4e4'\nset multiplot\n",
        out);
  for (int row = 0; row < p.rows; ++row)
    for (int column = 0; column < p.columns; ++column) write_panel(&p, row, column, out);
  write_key(&p, out);
  fputs("unset multiplot\n", out);
}

/* ---- Together ---- */

static void put_caption(const tv_figure *f, FILE *out) {
  const tv_archive *a = f->archive;
  const picture p = describe(a);
  fprintf(out,
          "<p>Scores on %s rows against the %s: a colour for each method, a dash and a point for "
          "each strength of the augmentation%s.",
          tv_rows_scored(a), name_of(&p),
          a->cube.replicates > 1 ? "; means over replicates, shaded bands their range" : "");
  if (p.against != BY_STRENGTH && p.strengths < a->cube.alphas)
    fprintf(out, " Of %d strengths %d are drawn; the tables hold all.", a->cube.alphas,
            p.strengths);
  if (p.against == BY_SIZE && p.columns < a->cube.magnitudes)
    fprintf(out, " Of %d severities %d are drawn; the tables hold all.", a->cube.magnitudes,
            p.columns);
  fputs("</p>\n", out);
}

void tv_describe_score_curves(const tv_archive *a, tv_figure *out) {
  *out = (tv_figure){.archive = a,
                     .label = "scores of the methods",
                     .write_data = write_data,
                     .write_script = write_script,
                     .put_caption = put_caption};
}
