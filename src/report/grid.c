#include <math.h>

#include "scores.h"
#include "twoview/base/escape.h"
#include "twoview/studies/grid.h"

/* ---- What is shown ---- */

static const tv_curves distances = {
    .quantity = TV_DISTANCE,
    .name = "distance to optimality",
    .label = "distance to optimality against sample size",
    .definition =
        "Distance to optimality, |score on clean inputs &minus; score on corrupted inputs|",
    .nothing = "no distance above rounding"};

/* Where there are no targets, and therefore no scores. */
static const tv_curves leakages = {.quantity = TV_LEAKAGE,
                                   .name = "leakage",
                                   .label = "leakage against sample size",
                                   .definition = "Leakage, the largest squared sine between the "
                                                 "encoder and the important components",
                                   .nothing = "no leakage above rounding"};

static const tv_curves *shown(const tv_archive *a) {
  return a->is_unlabelled ? &leakages : &distances;
}

/* ---- The table ---- */

/* Slope of the logarithm of what is shown against log n over the upper half of the sample sizes. */
static double slope(const tv_archive *a, int magnitude, int alpha, int method) {
  double count = 0, x_sum = 0, y_sum = 0, xx = 0, xy = 0;
  for (int level = a->cube.levels / 2; level < a->cube.levels; ++level) {
    const double value = tv_summary_of(a, shown(a)->quantity, magnitude, alpha, level, method).mean;
    const double x = log(a->n[level]), y = log(value);
    if (!isfinite(y)) continue;
    count += 1;
    x_sum += x;
    y_sum += y;
    xx += x * x;
    xy += x * y;
  }
  return (count * xy - x_sum * y_sum) / (count * xx - x_sum * x_sum);
}

/* Three sample sizes at least make a slope. */
static void print_slope(double value, FILE *out) {
  if (isfinite(value))
    fprintf(out, "%7.2f", value);
  else
    fprintf(out, "%7s", "-");
}

static void print_table(const tv_archive *a, FILE *out) {
  const int last = a->cube.levels - 1;
  const int of_lambda = tv_digits_of(a->lambda_max, a->cube.magnitudes);
  const int of_alpha = tv_digits_of(a->alpha, a->cube.alphas);
  const int wide = tv_width_of(of_lambda, 10), narrow = tv_width_of(of_alpha, 8);
  tv_print_line(out, "%s: %s, mean over %d replicate%s", a->experiment_name, shown(a)->name,
                a->cube.replicates, a->cube.replicates == 1 ? "" : "s");
  fputc('\n', out);
  fprintf(out, "%-*s  %-16s %*s  n=%-10.*g n=%-10.*g %7s  %s\n", wide, TV_LAMBDA_MAX, "method",
          narrow, TV_ALPHA, TV_MOST_DIGITS, a->n[0], TV_MOST_DIGITS, a->n[last], "slope",
          "threshold alpha^2 as n grows (0: none)");
  for (int magnitude = 0; magnitude < a->cube.magnitudes; ++magnitude)
    for (int method = 0; method < a->cube.methods; ++method) {
      const tv_summary summary = tv_threshold_summary(a, magnitude, method);
      char threshold[TV_SUMMARY_TEXT];
      tv_summary_format(&summary, TV_LEAST_DIGITS, threshold);
      for (int alpha = 0; alpha < a->cube.alphas; ++alpha) {
        fprintf(out, "%-*.*g  %-16s %*.*g  %-12.3e %-12.3e ", wide, of_lambda,
                a->lambda_max[magnitude], a->method[method], narrow, of_alpha, a->alpha[alpha],
                tv_summary_of(a, shown(a)->quantity, magnitude, alpha, 0, method).mean,
                tv_summary_of(a, shown(a)->quantity, magnitude, alpha, last, method).mean);
        print_slope(slope(a, magnitude, alpha, method), out);
        fprintf(out, "  %s\n", threshold);
      }
    }
  tv_print_failures(a, out);
}

/* ---- HTML ---- */

static void put_thresholds(const tv_archive *a, FILE *out) {
  const int digits = tv_digits_of(a->lambda_max, a->cube.magnitudes);
  char text[TV_SUMMARY_TEXT];
  fputs("<h2>Thresholds as n grows</h2>\n"
        "<p>The critical alignment &alpha;<sup>2</sup> of theory, above which the solution on "
        "corrupted inputs becomes the clean one as the sample size grows: mean [least, largest] "
        "over replicates; 0: no alignment is needed.</p>\n"
        "<table><tr><th>&lambda;<sub>max</sub></th>",
        out);
  for (int m = 0; m < a->cube.methods; ++m) fprintf(out, "<th>%s</th>", a->method[m]);
  fputs("</tr>\n", out);
  for (int g = 0; g < a->cube.magnitudes; ++g) {
    fprintf(out, "<tr><td>%.*g</td>", digits, a->lambda_max[g]);
    for (int m = 0; m < a->cube.methods; ++m) {
      const tv_summary summary = tv_threshold_summary(a, g, m);
      tv_summary_format(&summary, TV_LEAST_DIGITS, text);
      fprintf(out, "<td>%s</td>", text);
    }
    fputs("</tr>\n", out);
  }
  fputs("</table>\n", out);
}

/* At the largest n, those of them that there are. */
static const tv_score scores[] = {
    {"R^2", "R<sup>2</sup> on corrupted held-out rows", 0, TV_TEST_LOSS, TV_TARGET_VARIANCE},
    {"accuracy", "Accuracy on corrupted held-out rows", 0, TV_TEST_ACCURACY, -1},
    {"R^2", "R<sup>2</sup> on clean held-out rows", 1, TV_TEST_LOSS_CLEAN, TV_TARGET_VARIANCE},
    {"accuracy", "Accuracy on clean held-out rows", 1, TV_TEST_ACCURACY_CLEAN, -1},
    {"score", "Score on corrupted inputs (a loss)", 0, TV_SCORE_CORRUPTED, -1},
    {"score", "Score on clean inputs (a loss)", 1, TV_SCORE_CLEAN, -1},
    {"distance", "Distance to optimality, between these two", 0, TV_DISTANCE, -1}};
static const tv_score unlabelled = {"leakage", "Leakage", 0, TV_LEAKAGE, -1};

static void put_score(const tv_archive *a, const tv_score *score, FILE *out) {
  const int last = a->cube.levels - 1;
  const int of_lambda = tv_digits_of(a->lambda_max, a->cube.magnitudes);
  const int of_alpha = tv_digits_of(a->alpha, a->cube.alphas);
  char text[TV_SUMMARY_TEXT];
  fprintf(out,
          "<h2>%s at n = %.*g</h2>\n<p>Mean [least, largest] over "
          "replicates.</p>\n<table><tr><th>&lambda;<sub>max</sub></th><th>&alpha;</th>",
          score->html, TV_MOST_DIGITS, a->n[last]);
  for (int m = 0; m < a->cube.methods; ++m) fprintf(out, "<th>%s</th>", a->method[m]);
  fputs("</tr>\n", out);
  for (int g = 0; g < a->cube.magnitudes; ++g)
    for (int alpha = 0; alpha < a->cube.alphas; ++alpha) {
      fprintf(out, "<tr><td>%.*g</td><td>%.*g</td>", of_lambda, a->lambda_max[g], of_alpha,
              a->alpha[alpha]);
      for (int m = 0; m < a->cube.methods; ++m) {
        const tv_summary summary = tv_score_summary(&(tv_scored){a, score, g, alpha, last, m});
        tv_summary_format(&summary, TV_LEAST_DIGITS, text);
        fprintf(out, "<td>%s</td>", text);
      }
      fputs("</tr>\n", out);
    }
  fputs("</table>\n", out);
}

static void put_tables(const tv_archive *a, FILE *out) {
  for (size_t i = 0; i < sizeof scores / sizeof *scores; ++i)
    if (tv_score_exists(a, &scores[i])) put_score(a, &scores[i], out);
  if (a->is_unlabelled) put_score(a, &unlabelled, out);
  put_thresholds(a, out);
}

/* ---- Together ---- */

static void describe_figure(const tv_archive *a, int number, tv_figure *out) {
  tv_describe_curves(a, shown(a), out);
  out->pattern = tv_grid_report.figures[number];
}

const tv_report_parts tv_grid_report = {.study = &tv_grid_study.kind,
                                        .csv = "scores.csv",
                                        .figures = {"figure"},
                                        .print_table = print_table,
                                        .count_figures = tv_one_figure,
                                        .describe_figure = describe_figure,
                                        .put_tables = put_tables};
