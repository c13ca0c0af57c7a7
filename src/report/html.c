#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"
#include "twoview/base/escape.h"
#include "twoview/base/file.h"

static const char *const style =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:66rem;margin:2rem auto;padding:0 1rem;"
    "color:#222;background:#fff}"
    "h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2.2rem}"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums;display:block;overflow-x:"
    "auto}"
    "h1,p{overflow-wrap:anywhere}figure{margin:1rem 0;overflow-x:auto}"
    "th,td{white-space:nowrap;padding:.2rem .8rem;text-align:right;border-bottom:1px solid #ddd}"
    "th:first-child,td:first-child,.l{text-align:left}"
    "pre{background:#f6f6f6;padding:.8rem;overflow:auto;font-size:.85rem}"
    "summary{font-size:1.15rem;font-weight:bold;margin-top:2.2rem;cursor:pointer}"
    "svg{max-width:100%;min-width:34rem;height:auto}"
    ".p td{font-size:.85rem;word-break:break-word;white-space:pre-line}";

/* The SVG element of a file, without the prologue that only a file of its own has. */
static tv_error *put_figure(const char *path, const char *label, FILE *out) {
  char *line = NULL;
  size_t size = 0;
  int is_inside = 0;
  FILE *file;
  TV_TRY(tv_file_open_stream(path, &file));
  fputs("<figure role=\"img\" aria-label=\"", out);
  tv_put_html(label, out);
  fputs("\">\n", out);
  while (getline(&line, &size, file) >= 0) {
    is_inside |= strncmp(line, "<svg", 4) == 0;
    if (is_inside) fputs(line, out);
  }
  tv_error *error = ferror(file) ? tv_fail_errno("%s", path) : NULL;
  fputs("</figure>\n", out);
  free(line);
  fclose(file);
  return error;
}

static tv_error *put_figures(const tv_report_contents *c, const char *directory, FILE *out) {
  char name[64];
  tv_error *error = NULL;
  for (int i = 0; !error && i < c->count; ++i) {
    const tv_figure *figure = &c->figures[i];
    figure->put_caption(figure, out);
    if (!figure->is_drawn) continue;
    snprintf(name, sizeof name, "%s.svg", figure->name);
    char *path = tv_folder_path(directory, name);
    error = path ? put_figure(path, figure->label, out) : tv_fail("out of memory");
    free(path);
  }
  return error;
}

static void put_provenance(const tv_archive *a, FILE *out) {
  fputs("<details><summary>Provenance</summary>\n<table class=\"p\">\n", out);
  for (int i = 0; i < a->notes; ++i) {
    fputs("<tr><td>", out);
    tv_put_html(a->note[i].name, out);
    fputs("</td><td class=\"l\">", out);
    tv_put_html(a->note[i].value, out);
    fputs("</td></tr>\n", out);
  }
  fputs("</table>\n</details>\n", out);
}

static void put_title(const tv_archive *a, FILE *out) {
  tv_put_html(a->experiment_name, out);
  if (a->is_one_of_several) fprintf(out, ", k = %d", a->k);
}

tv_error *tv_report_html(const tv_report_contents *c, const char *directory, FILE *out) {
  const tv_archive *a = c->archive;
  fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width\">\n<title>",
        out);
  put_title(a, out);
  fprintf(out, "</title>\n<style>%s</style></head><body>\n<h1>", style);
  put_title(a, out);
  fputs("</h1>\n", out);
  if (c->parts->put_head) c->parts->put_head(a, out);
  TV_TRY(put_figures(c, directory, out));
  if (c->parts->put_tables) c->parts->put_tables(a, out);
  fputs("<h2>Experiment</h2>\n<pre>", out);
  tv_put_html(a->experiment_text, out);
  fputs("</pre>\n", out);
  put_provenance(a, out);
  fputs("</body></html>\n", out);
  return NULL;
}
