#include <math.h>

#include "parts.h"
#include "twoview/base/escape.h"
#include "twoview/studies/tally.h"

/* ---- The table ---- */

tv_band tv_band_of(const tv_archive *a, tv_quantity quantity, int magnitude, int alpha, int level,
                   int method) {
  const int64_t point = ((int64_t)magnitude * a->alphas + alpha) * a->levels + level;
  const long of_replicate = (long)a->magnitudes * a->alphas * a->levels * a->methods;
  return tv_band_over(a->quantity[quantity] + point * a->methods + method, of_replicate,
                      a->replicates);
}

double tv_quantile_of(const tv_archive *a, tv_quantity quantity, int magnitude, int alpha,
                      int level, int method, double share) {
  const int64_t point = ((int64_t)magnitude * a->alphas + alpha) * a->levels + level;
  const long of_replicate = (long)a->magnitudes * a->alphas * a->levels * a->methods;
  return tv_quantile_over(a->quantity[quantity] + point * a->methods + method, of_replicate,
                          a->replicates, share);
}

tv_band tv_threshold_band(const tv_archive *a, int magnitude, int method) {
  return tv_band_over(a->alpha2_threshold + (int64_t)magnitude * a->methods + method,
                      (long)a->magnitudes * a->methods, a->replicates);
}

/* Slope of log distance against log n over the upper half of the sample sizes. */
static double slope(const tv_archive *a, int magnitude, int alpha, int method) {
  double count = 0, x_sum = 0, y_sum = 0, xx = 0, xy = 0;
  for (int level = a->levels / 2; level < a->levels; ++level) {
    const double distance = tv_band_of(a, TV_DISTANCE, magnitude, alpha, level, method).mean;
    const double x = log(a->n[level]), y = log(distance);
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

void tv_print_failures(const tv_archive *a, FILE *out) {
  const int64_t settings = (int64_t)a->magnitudes * a->alphas;
  const int64_t items = (int64_t)a->levels * a->methods;
  tv_tally tally = {
      a->study, a->replicates * settings * items, 0,
      tv_count_clean_failures(a->quantity[TV_SCORE_CLEAN], a->replicates, settings, items)};
  for (int64_t i = 0; i < tally.solutions; ++i)
    tally.failed += tv_status_is_failure(a->study, a->quantity[TV_STATUS][i]);
  if (!tally.failed && !tally.clean_failed) return;
  fputc('\n', out);
  tv_tally_print(&tally, out);
  fputs(": their values are NaN\n", out);
}

static void print_table(const tv_archive *a, FILE *out) {
  const int last = a->levels - 1;
  tv_print_line(out, "%s: distance to optimality, mean over %d replicate%s", a->experiment_name,
                a->replicates, a->replicates == 1 ? "" : "s");
  fputc('\n', out);
  fprintf(out, "%-10s  %-16s %8s  n=%-10.10g n=%-10.10g %7s  %s\n", "lambda_max", "method", "alpha",
          a->n[0], a->n[last], "slope", "alpha^2 needed as n grows");
  for (int magnitude = 0; magnitude < a->magnitudes; ++magnitude)
    for (int method = 0; method < a->methods; ++method) {
      const tv_band band = tv_threshold_band(a, magnitude, method);
      char threshold[TV_BAND_TEXT] = "none needed";
      if (band.mean != -INFINITY) tv_band_format(&band, threshold);
      for (int alpha = 0; alpha < a->alphas; ++alpha) {
        fprintf(out, "%-10.4g  %-16s %8.4g  %-12.3e %-12.3e ", a->lambda_max[magnitude],
                a->method[method], a->alpha[alpha],
                tv_band_of(a, TV_DISTANCE, magnitude, alpha, 0, method).mean,
                tv_band_of(a, TV_DISTANCE, magnitude, alpha, last, method).mean);
        print_slope(slope(a, magnitude, alpha, method), out);
        fprintf(out, "  %s\n", threshold);
      }
    }
  tv_print_failures(a, out);
}

/* ---- HTML ---- */

static void put_thresholds(const tv_archive *a, FILE *out) {
  fputs("<h2>Alignment needed as n grows</h2>\n<p>The least &alpha; with which the solution on "
        "noisy inputs becomes the clean one as the sample size grows (asymptotic theory; mean "
        "over replicates, and their range).</p>\n<table><tr><th>&lambda;<sub>max</sub></th>",
        out);
  for (int m = 0; m < a->methods; ++m) fprintf(out, "<th>%s</th>", a->method[m]);
  fputs("</tr>\n", out);
  for (int g = 0; g < a->magnitudes; ++g) {
    fprintf(out, "<tr><td>%g</td>", a->lambda_max[g]);
    for (int m = 0; m < a->methods; ++m) {
      const tv_band band = tv_threshold_band(a, g, m);
      if (isnan(band.mean))
        fputs("<td>not defined</td>", out);
      else if (band.largest < 0)
        fputs("<td>any</td>", out);
      else
        fprintf(out, "<td>%.3g [%.3g, %.3g]</td>", sqrt(fmax(band.mean, 0)),
                sqrt(fmax(band.least, 0)), sqrt(fmax(band.largest, 0)));
    }
    fputs("</tr>\n", out);
  }
  fputs("</table>\n", out);
}

static void put_distances(const tv_archive *a, FILE *out) {
  const int last = a->levels - 1;
  fprintf(out,
          "<h2>Distance to optimality at n = %.10g</h2>\n<table><tr><th>&lambda;<sub>max</sub></th>"
          "<th>&alpha;</th>",
          a->n[last]);
  for (int m = 0; m < a->methods; ++m) fprintf(out, "<th>%s</th>", a->method[m]);
  fputs("</tr>\n", out);
  for (int g = 0; g < a->magnitudes; ++g)
    for (int alpha = 0; alpha < a->alphas; ++alpha) {
      fprintf(out, "<tr><td>%g</td><td>%g</td>", a->lambda_max[g], a->alpha[alpha]);
      for (int m = 0; m < a->methods; ++m) {
        const tv_band band = tv_band_of(a, TV_DISTANCE, g, alpha, last, m);
        fprintf(out, "<td>%.2e [%.1e, %.1e]</td>", band.mean, band.least, band.largest);
      }
      fputs("</tr>\n", out);
    }
  fputs("</table>\n", out);
}

static void put_tables(const tv_archive *a, FILE *out) {
  put_thresholds(a, out);
  put_distances(a, out);
}

const tv_report_parts tv_grid_report = {.csv = "scores.csv",
                                        .print_table = print_table,
                                        .count_figures = tv_one_figure,
                                        .describe_figure = tv_describe_curves,
                                        .put_tables = put_tables};
