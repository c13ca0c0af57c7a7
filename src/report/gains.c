#include <math.h>

#include "scores.h"
#include "twoview/kinds.h"
#include "twoview/theory/theory.h"
#include "view_figures.h"

/* What every strength of the augmentation gains over the first, at the largest n: heat maps of
 * severity x strength, one for each of the rivals. */

/* ---- Values ---- */

/* The archive's method that is the i-th rival; -1. */
static int rival_of(const tv_archive *a, int i) {
  const tv_method *rival = tv_rivals_of(&tv_kinds_all).method[i];
  for (int m = 0; m < a->cube.methods; ++m)
    if (tv_row_of_method(a, m) == rival) return m;
  return -1;
}

static int count_panels(const tv_archive *a) {
  int count = 0;
  for (int i = 0; i < TV_RIVALS; ++i) count += rival_of(a, i) >= 0;
  return count;
}

static double gain(const tv_archive *a, int method, int severity, int strength) {
  const tv_score *scores[TV_MOST_SCORES];
  tv_scores_of(a, scores);
  const tv_scored first = {a, scores[0], severity, 0, a->cube.levels - 1, method};
  tv_scored here = first;
  here.strength = strength;
  return tv_score_difference(&here, &first).mean;
}

int tv_has_gains(const tv_archive *a) {
  const tv_score *scores[TV_MOST_SCORES];
  return a->cube.alphas > 1 && count_panels(a) > 0 && tv_scores_of(a, scores) > 0;
}

/* ---- The data ---- */

/* A block for each rival that there is. */
static void write_data(const void *figure, FILE *out) {
  const tv_archive *a = ((const tv_figure *)figure)->archive;
  fputs("# " TV_SEVERITY "\t" TV_STRENGTH "\tmean gain over the first strength\n", out);
  for (int i = 0; i < TV_RIVALS; ++i) {
    const int method = rival_of(a, i);
    if (method < 0) continue;
    fprintf(out, "\n\n# %s\n", a->method[method]);
    for (int strength = 1; strength < a->cube.alphas; ++strength)
      for (int severity = 0; severity < a->cube.magnitudes; ++severity)
        fprintf(out, "%.17g\t%.17g\t%.6g\n", a->severity[severity], a->strength[strength],
                gain(a, method, severity, strength));
  }
}

/* The largest size of a gain, or what keeps a range of colours above nothing. */
static double largest_of(const tv_archive *a) {
  double largest = 1e-6;
  for (int i = 0; i < TV_RIVALS; ++i)
    for (int strength = 1; rival_of(a, i) >= 0 && strength < a->cube.alphas; ++strength)
      for (int severity = 0; severity < a->cube.magnitudes; ++severity)
        largest = fmax(largest, fabs(gain(a, rival_of(a, i), severity, strength)));
  return largest;
}

/* ---- The drawing, in pixels ---- */

enum {
  LEFT = 70,
  TOP = 36,
  BOTTOM = 54,
  GAP = 26,
  CELL_WIDTH = 58,
  CELL_HEIGHT = 34,
  LEAST = 200, /* of a panel, either way */
  MOST = 420,
  BAR_GAP = 14,
  BAR = 12,
  BAR_LABELS = 76
};

static int clamp(int value, int least, int most) {
  return value < least ? least : value > most ? most : value;
}

static int width_of(const tv_archive *a) {
  return clamp(a->cube.magnitudes * CELL_WIDTH, LEAST, MOST);
}

static int height_of(const tv_archive *a) {
  return clamp((a->cube.alphas - 1) * CELL_HEIGHT, LEAST / 2, MOST);
}

static tv_canvas size_of(const tv_archive *a) {
  return (tv_canvas){LEFT + count_panels(a) * (width_of(a) + GAP) - GAP + BAR_GAP + BAR +
                         BAR_LABELS,
                     TOP + height_of(a) + BOTTOM};
}

/* Numbers stand in cells that have room for them. */
static int has_labels(const tv_archive *a) {
  return width_of(a) >= 0.75 * CELL_WIDTH * a->cube.magnitudes &&
         height_of(a) >= 0.5 * CELL_HEIGHT * (a->cube.alphas - 1);
}

static void write_panel(const tv_archive *a, int panel, const char *title, FILE *out) {
  const int left = LEFT + panel * (width_of(a) + GAP);
  tv_place_panel(size_of(a), left, left + width_of(a), TOP, TOP + height_of(a), out);
  fprintf(out, "set title \"%s\" offset 0,-0.5\n", title);
  fprintf(out, panel ? "unset ylabel\nset format y \"\"\n"
                     : "set ylabel \"" TV_STRENGTH "\" offset 1\nset format y \"%%g\"\n");
  fprintf(out,
          "plot data index %d using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):3 with boxxyerror "
          "fillcolor palette fillstyle solid noborder notitle",
          panel);
  if (has_labels(a))
    fprintf(out,
            ", \\\n  data index %d using 1:2:(sprintf(\"%%+.3f\", $3)) with labels "
            "textcolor rgb '#000000' notitle",
            panel);
  fputc('\n', out);
}

static void write_script(const void *figure, FILE *out) {
  const tv_figure *f = figure;
  const tv_archive *a = f->archive;
  const tv_canvas size = size_of(a);
  const double largest = largest_of(a);
  tv_begin_script(f->name, size, out);
  fprintf(
      out,
      "set palette defined (-2 '#6baed6', 0 '#f7f7f7', 2 '#fd8d3c')\n"
      "set cbrange [%.6g:%.6g]\nset cblabel \"gain in R^2\" offset 1\n"
      "set colorbox vertical user origin screen %.5f,%.5f size screen %.5f,%.5f noborder\n"
      "set xrange [%.17g:%.17g]\nset yrange [%.17g:%.17g]\nset xtics 1 scale 0\n"
      "set ytics 1 scale 0\nset cbtics %.6g,%.6g format \"%%.2g\"\n"
      "set xlabel \"" TV_SEVERITY "\" offset 0,0.5\nset border 15 linewidth 0.8\nset multiplot\n",
      -largest, largest, (double)(size.width - BAR - BAR_LABELS) / size.width,
      (double)BOTTOM / size.height, (double)BAR / size.width, (double)height_of(a) / size.height,
      a->severity[0] - 0.5, a->severity[a->cube.magnitudes - 1] + 0.5, a->strength[1] - 0.5,
      a->strength[a->cube.alphas - 1] + 0.5, -largest, largest);
  for (int i = 0, panel = 0; i < TV_RIVALS; ++i)
    if (rival_of(a, i) >= 0)
      write_panel(a, panel++, tv_row_of_method(a, rival_of(a, i))->kind.title, out);
  fputs("unset multiplot\n", out);
}

static void put_caption(const tv_figure *f, FILE *out) {
  const tv_archive *a = f->archive;
  const tv_score *scores[TV_MOST_SCORES];
  tv_scores_of(a, scores);
  fprintf(
      out,
      "<p>What every strength of the augmentation gains over strength %.17g in R<sup>2</sup> on "
      "%s%s rows at n = %.17g, on average over replicates.</p>\n",
      a->strength[0], tv_rows_condition(a, scores[0]), tv_rows_scored(a), a->n[a->cube.levels - 1]);
}

void tv_describe_gains(const tv_archive *a, tv_figure *out) {
  *out = (tv_figure){.archive = a,
                     .label = "what strengths of the augmentation gain at each severity",
                     .write_data = write_data,
                     .write_script = write_script,
                     .put_caption = put_caption};
}
