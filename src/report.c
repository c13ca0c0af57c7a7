#include "twoview/report.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

char *tv_report_path(const char *directory, const char *name) {
  char *path = malloc(strlen(directory) + strlen(name) + 2);
  if (path) sprintf(path, "%s/%s", directory, name);
  return path;
}

tv_band tv_band_of(const tv_archive *a, tv_quantity quantity, int magnitude, int alpha, int level,
                   int method) {
  const int64_t point = ((int64_t)magnitude * a->alphas + alpha) * a->levels + level;
  const long of_replicate = (long)a->magnitudes * a->alphas * a->levels * a->methods;
  return tv_band_over(a->quantity[quantity] + point * a->methods + method, of_replicate,
                      a->replicates);
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

static int count_failures(const tv_archive *a) {
  int failures = 0;
  const int64_t entries =
      (int64_t)a->replicates * a->magnitudes * a->alphas * a->levels * a->methods;
  for (int64_t i = 0; i < entries; ++i) failures += a->quantity[TV_STATUS][i] != 0;
  return failures;
}

void tv_report_table(const tv_archive *a, FILE *out) {
  const int last = a->levels - 1;
  fprintf(out, "%s: distance to optimality, mean over %d replicate%s\n\n", a->experiment_name,
          a->replicates, a->replicates == 1 ? "" : "s");
  fprintf(out, "%-10s  %-16s %8s  n=%-10.10g n=%-10.10g %7s  %s\n", "lambda_max", "method", "alpha",
          a->n[0], a->n[last], "slope", "alpha^2 needed as n grows");
  for (int magnitude = 0; magnitude < a->magnitudes; ++magnitude)
    for (int method = 0; method < a->methods; ++method) {
      const tv_band band = tv_threshold_band(a, magnitude, method);
      char threshold[TV_BAND_TEXT] = "none needed";
      if (!isinf(band.mean)) tv_band_format(&band, threshold);
      for (int alpha = 0; alpha < a->alphas; ++alpha) {
        fprintf(out, "%-10.4g  %-16s %8.4g  %-12.3e %-12.3e ", a->lambda_max[magnitude],
                a->method[method], a->alpha[alpha],
                tv_band_of(a, TV_DISTANCE, magnitude, alpha, 0, method).mean,
                tv_band_of(a, TV_DISTANCE, magnitude, alpha, last, method).mean);
        print_slope(slope(a, magnitude, alpha, method), out);
        fprintf(out, "  %s\n", threshold);
      }
    }
  const int failures = count_failures(a);
  if (failures)
    fprintf(out, "\n%d solution%s failed: their status is not 0 and their values are NaN\n",
            failures, failures == 1 ? "" : "s");
}

void tv_report_csv(const tv_archive *a, FILE *out) {
  fputs("replicate,lambda_max,alpha,n,method", out);
  for (int i = 0; i < TV_QUANTITIES; ++i)
    fprintf(out, ",%s", tv_quantity_label((tv_quantity)i).name);
  fputc('\n', out);
  int64_t entry = 0;
  for (int r = 0; r < a->replicates; ++r)
    for (int g = 0; g < a->magnitudes; ++g)
      for (int alpha = 0; alpha < a->alphas; ++alpha)
        for (int level = 0; level < a->levels; ++level)
          for (int m = 0; m < a->methods; ++m, ++entry) {
            fprintf(out, "%.17g,%.17g,%.17g,%.17g,%s", a->replicate[r], a->lambda_max[g],
                    a->alpha[alpha], a->n[level], a->method[m]);
            for (int i = 0; i < TV_QUANTITIES; ++i) fprintf(out, ",%.17g", a->quantity[i][entry]);
            fputc('\n', out);
          }
}

static tv_error *finish_file(FILE *file, const char *path) {
  const int is_good = !ferror(file);
  if (fclose(file) != 0 || !is_good) return tv_fail_errno("%s", path);
  return NULL;
}

static tv_error *write_csv(const tv_archive *a, const char *path) {
  FILE *file = fopen(path, "w");
  if (!file) return tv_fail_errno("%s", path);
  tv_report_csv(a, file);
  return finish_file(file, path);
}

static tv_error *write_html(const tv_archive *a, const char *figure, const char *path) {
  FILE *file = fopen(path, "w");
  if (!file) return tv_fail_errno("%s", path);
  tv_error *error = tv_report_html(a, figure, file);
  tv_error *closing = finish_file(file, path);
  if (!error) return closing;
  tv_error_free(closing);
  return error;
}

static tv_error *write_files(const tv_archive *a, const char *directory, FILE *out) {
  char *csv = tv_report_path(directory, "scores.csv");
  char *html = tv_report_path(directory, "report.html");
  char *svg = tv_report_path(directory, "figure.svg");
  int is_drawn = 0;
  tv_error *error = csv && html && svg ? NULL : tv_fail("out of memory");
  if (!error) error = write_csv(a, csv);
  if (!error) error = tv_report_figure(a, directory, &is_drawn);
  if (!error) error = write_html(a, is_drawn ? svg : NULL, html);
  if (!error) {
    fprintf(out, "\n%s\n%s\n", csv, html);
    if (is_drawn)
      fprintf(out, "%s\n%s/figure.pdf\n", svg, directory);
    else
      fprintf(out, "no figure: gnuplot is not installed; %s/figure.gp draws it\n", directory);
  }
  free(csv);
  free(html);
  free(svg);
  return error;
}

tv_error *tv_report_folder(const char *directory) {
  if (mkdir(directory, 0777) != 0 && errno != EEXIST) return tv_fail_errno("%s", directory);
  return NULL;
}

tv_error *tv_report(const char *path, const char *directory, FILE *out) {
  tv_archive *a = NULL;
  TV_TRY(tv_archive_read(path, &a));
  tv_error *error = tv_report_folder(directory);
  if (!error) {
    tv_report_table(a, out);
    error = write_files(a, directory, out);
  }
  tv_archive_close(&a);
  return error;
}
