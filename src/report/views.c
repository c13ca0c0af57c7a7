#include "twoview/studies/views.h"

#include <math.h>

#include "scores.h"
#include "twoview/base/escape.h"
#include "twoview/studies/study.h"
#include "view_figures.h"

/* The report of the view model: scores first, like table 1 of the paper. A row for each method and
 * strength, a column for each severity. */

/* ---- The rows of a table ---- */

/* Walks over the rows: methods, and strengths unless a method scores the same at all of them. */
static int next_row(tv_scored *row) {
  const tv_cube *c = &row->archive->cube;
  if (row->strength + 1 < c->alphas && !tv_is_indifferent(row)) {
    ++row->strength;
    return 1;
  }
  row->strength = 0;
  return ++row->method < c->methods;
}

static tv_scored first_row(const tv_archive *a, const tv_score *score) {
  return (tv_scored){a, score, 0, 0, a->cube.levels - 1, 0};
}

/* "2", "2 *" of the best one, "any". */
static void format_strength(const tv_scored *row, char *out, size_t size) {
  const tv_archive *a = row->archive;
  if (a->cube.alphas > 1 && tv_is_indifferent(row))
    snprintf(out, size, "any");
  else
    snprintf(out, size, "%.17g%s", a->strength[row->strength],
             a->cube.alphas > 1 && tv_best_strength_of_all(row) == row->strength ? " *" : "");
}

static int has_drop(const tv_archive *a) {
  return a->cube.magnitudes > 1;
}

/* Calls for each severity; and for the drop. */
static void format_cells(const tv_scored *row, void (*put)(const char *text, FILE *out),
                         FILE *out) {
  const tv_archive *a = row->archive;
  char text[TV_SUMMARY_TEXT];
  tv_scored at = *row;
  for (at.severity = 0; at.severity < a->cube.magnitudes; ++at.severity) {
    const tv_summary summary = tv_score_summary(&at);
    tv_score_format(&summary, text);
    put(text, out);
  }
}

static void format_drop(const tv_scored *row, void (*put)(const char *text, FILE *out), FILE *out) {
  char text[TV_SUMMARY_TEXT];
  const tv_summary drop = tv_score_drop(row);
  tv_score_format(&drop, text);
  put(text, out);
}

static const char no_scores[] = "There are no targets, and so no scores.";

/* ---- On the terminal ---- */

/* A range has three numbers. */
static int width_of_cells(const tv_archive *a) {
  return a->cube.replicates > 1 ? 26 : 10;
}

static void print_narrow(const char *text, FILE *out) {
  fprintf(out, "  %-10s", text);
}

static void print_wide(const char *text, FILE *out) {
  fprintf(out, "  %-26s", text);
}

static void print_score(const tv_archive *a, const tv_score *score, FILE *out) {
  const int width = width_of_cells(a);
  void (*const print)(const char *text, FILE *out) =
      a->cube.replicates > 1 ? print_wide : print_narrow;
  char text[64];
  fprintf(out, "\n%s on %s%s rows, n = %.17g\n%-16s  %-8s", score->name,
          tv_rows_condition(a, score), tv_rows_scored(a), a->n[a->cube.levels - 1], "method",
          TV_STRENGTH);
  for (int g = 0; g < a->cube.magnitudes; ++g) {
    snprintf(text, sizeof text, TV_SEVERITY " %.17g", a->severity[g]);
    fprintf(out, "  %-*s", width, text);
  }
  fputs(has_drop(a) ? "  mean drop\n" : "\n", out);
  tv_scored row = first_row(a, score);
  do {
    format_strength(&row, text, sizeof text);
    fprintf(out, "%-16s  %-8s", a->method[row.method], text);
    format_cells(&row, print, out);
    if (has_drop(a)) format_drop(&row, print, out);
    fputc('\n', out);
  } while (next_row(&row));
}

static void print_table(const tv_archive *a, FILE *out) {
  const tv_score *scores[TV_MOST_SCORES];
  const int count = tv_scores_of(a, scores);
  tv_print_line(out, "%s: mean%s over %d replicate%s; *: the best strength on average",
                a->experiment_name, a->cube.replicates > 1 ? " [least, largest]" : "",
                a->cube.replicates, a->cube.replicates == 1 ? "" : "s");
  if (tv_has_verdict(a)) tv_put_verdict(a, out);
  for (int i = 0; i < count; ++i) print_score(a, scores[i], out);
  if (count == 0) fprintf(out, "%s\n", no_scores);
  tv_print_failures(a, out);
}

/* ---- On the page ---- */

static void put_cell(const char *text, FILE *out) {
  fprintf(out, "<td>%s</td>", text);
}

static void put_columns(const tv_archive *a, FILE *out) {
  fputs("<table><tr><th>method</th><th>strength</th>", out);
  for (int g = 0; g < a->cube.magnitudes; ++g)
    fprintf(out, "<th>severity %.17g</th>", a->severity[g]);
}

static void put_score(const tv_archive *a, const tv_score *score, FILE *out) {
  char text[64];
  fprintf(out, "<h2>%s on %s%s rows at n = %.17g</h2>\n", score->html, tv_rows_condition(a, score),
          tv_rows_scored(a), a->n[a->cube.levels - 1]);
  put_columns(a, out);
  fputs(has_drop(a) ? "<th>mean drop</th></tr>\n" : "</tr>\n", out);
  tv_scored row = first_row(a, score);
  do {
    format_strength(&row, text, sizeof text);
    fprintf(out, "<tr><td>%s</td><td>%s</td>", a->method[row.method], text);
    format_cells(&row, put_cell, out);
    if (has_drop(a)) format_drop(&row, put_cell, out);
    fputs("</tr>\n", out);
  } while (next_row(&row));
  fputs("</table>\n", out);
}

/* What the scores are. */
static void put_notes(const tv_archive *a, FILE *out) {
  if (!a->is_held_out)
    fputs("<p>No rows are held out (<code>test</code>): all scores are of the rows that methods "
          "and probes have learned from, and are too good where these are few.</p>\n",
          out);
  fprintf(out,
          "<p>R<sup>2</sup> is 1 less the loss of a linear probe of the encoder's outputs over the "
          "variance of the targets. On corrupted rows the probe is fitted to the corrupted "
          "training rows; on clean ones the encoder is the same, and the probe is fitted to the "
          "training rows as they are. The best strengths are chosen by the scores that are shown. "
          "Mean%s over %d replicate%s. The drop is from the first "
          "severity, on average over the others. *: the strength that is best on average over "
          "severities; any: the method scores the same at every strength.</p>\n",
          a->cube.replicates > 1 ? " [least, largest]" : "", a->cube.replicates,
          a->cube.replicates == 1 ? "" : "s");
}

static void put_head(const tv_archive *a, FILE *out) {
  const tv_score *scores[TV_MOST_SCORES];
  const int count = tv_scores_of(a, scores);
  if (count == 0) {
    fprintf(out, "<p>%s</p>\n", no_scores);
    return;
  }
  if (tv_has_verdict(a)) {
    fputs("<p><strong>", out);
    tv_put_verdict(a, out);
    fputs("</strong></p>\n", out);
  }
  for (int i = 0; i < count; ++i) put_score(a, scores[i], out);
  put_notes(a, out);
}

/* How far the encoder of k rows is from another one that would do as well. */
static void put_gaps(const tv_archive *a, FILE *out) {
  static const tv_score gap = {"gap", "gap", 0, TV_VIEWS_GAP, -1};
  fprintf(out,
          "<h2>Gap behind the k-th value at n = %.17g</h2>\n<p>Relative to that value. With no gap "
          "the encoder of k = %d rows is one of several that are as good.</p>\n",
          a->n[a->cube.levels - 1], a->k);
  put_columns(a, out);
  fputs("</tr>\n", out);
  tv_scored row = first_row(a, &gap);
  do {
    if (isnan(tv_score_summary(&row).mean)) continue;
    fprintf(out, "<tr><td>%s</td><td>%.17g</td>", a->method[row.method], a->strength[row.strength]);
    format_cells(&row, put_cell, out);
    fputs("</tr>\n", out);
  } while (next_row(&row));
  fputs("</table>\n", out);
}

/* ---- Figures ---- */

static const struct {
  int (*exists)(const tv_archive *archive);
  void (*describe)(const tv_archive *archive, tv_figure *out);
} figures[] = {{tv_has_score_curves, tv_describe_score_curves},
               {tv_has_gains, tv_describe_gains},
               {tv_has_maps, tv_describe_maps},
               {tv_has_samples, tv_describe_samples}};

enum { FIGURES = sizeof figures / sizeof *figures };

static int count_figures(const tv_archive *a) {
  int count = 0;
  for (int i = 0; i < FIGURES; ++i) count += figures[i].exists(a);
  return count;
}

static void describe_figure(const tv_archive *a, int number, tv_figure *out) {
  for (int i = 0; i < FIGURES; ++i)
    if (figures[i].exists(a) && number-- == 0) {
      figures[i].describe(a, out);
      out->archive = a;
      out->pattern = tv_views_report.figures[i];
    }
}

const tv_report_parts tv_views_report = {.study = &tv_views_study.kind,
                                         .csv = "scores.csv",
                                         .figures = {"figure", "gains", "encoders", "samples"},
                                         .print_table = print_table,
                                         .count_figures = count_figures,
                                         .describe_figure = describe_figure,
                                         .put_head = put_head,
                                         .put_tables = put_gaps};
