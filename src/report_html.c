#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/report.h"

static void put_escaped(const char *text, FILE *out) {
  for (; *text; ++text) switch (*text) {
    case '&':
      fputs("&amp;", out);
      break;
    case '<':
      fputs("&lt;", out);
      break;
    case '>':
      fputs("&gt;", out);
      break;
    default:
      fputc(*text, out);
    }
}

static const char *const style =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:66rem;margin:2rem auto;padding:0 1rem;"
    "color:#222;background:#fff}"
    "h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2.2rem}"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}"
    "th,td{padding:.2rem .8rem;text-align:right;border-bottom:1px solid #ddd}"
    "th:first-child,td:first-child,.l{text-align:left}"
    "pre{background:#f6f6f6;padding:.8rem;overflow:auto;font-size:.85rem}"
    "summary{font-size:1.15rem;font-weight:bold;margin-top:2.2rem;cursor:pointer}"
    "svg{max-width:100%;height:auto}.p td{font-size:.85rem;word-break:break-word}";

/* The SVG element of a file, without the prologue that only a file of its own has. */
static tv_error *put_figure(const char *path, FILE *out) {
  char line[4096];
  int is_inside = 0;
  FILE *file = fopen(path, "r");
  if (!file) return tv_fail_errno("%s", path);
  fputs("<figure role=\"img\" aria-label=\"distance to optimality against sample size\">\n", out);
  while (fgets(line, sizeof line, file)) {
    is_inside |= strncmp(line, "<svg", 4) == 0;
    if (is_inside) fputs(line, out);
  }
  fputs("</figure>\n", out);
  fclose(file);
  return NULL;
}

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

/* "name: value" lines as a table. */
static void put_provenance(const char *lines, FILE *out) {
  fputs("<details><summary>Provenance</summary>\n<table class=\"p\">\n", out);
  while (*lines) {
    const size_t length = strcspn(lines, "\n"), name = strcspn(lines, ":");
    char *value = name < length ? strndup(lines + name + 2, length - name - 2) : NULL;
    if (value) {
      fprintf(out, "<tr><td>%.*s</td><td class=\"l\">", (int)name, lines);
      put_escaped(value, out);
      fputs("</td></tr>\n", out);
    }
    free(value);
    lines += length + (lines[length] == '\n');
  }
  fputs("</table>\n</details>\n", out);
}

tv_error *tv_report_html(const tv_archive *a, const char *figure, FILE *out) {
  fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width\">\n<title>",
        out);
  put_escaped(a->experiment_name, out);
  fprintf(out, "</title>\n<style>%s</style></head><body>\n<h1>", style);
  put_escaped(a->experiment_name, out);
  fprintf(
      out,
      "</h1>\n<p>Distance to optimality, |score on clean inputs &minus; score on noisy inputs|, "
      "against the sample size: supervised learning, joint embedding and reconstruction in "
      "closed form. Lines are means over %d replicate%s, bands their range; dashed lines have "
      "an alignment &alpha; below the threshold of theory in most of them.</p>\n",
      a->replicates, a->replicates == 1 ? "" : "s");
  if (figure) TV_TRY(put_figure(figure, out));
  put_thresholds(a, out);
  put_distances(a, out);
  fputs("<h2>Experiment</h2>\n<pre>", out);
  put_escaped(a->experiment_text, out);
  fputs("</pre>\n", out);
  put_provenance(a->provenance, out);
  fputs("</body></html>\n", out);
  return NULL;
}
