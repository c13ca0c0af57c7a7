#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "report_parts.h"

char *tv_report_path(const char *directory, const char *name) {
  char *path = malloc(strlen(directory) + strlen(name) + 2);
  if (path) sprintf(path, "%s/%s", directory, name);
  return path;
}

/* ---- CSV ---- */

static void print_coordinates(const tv_archive *a, int replicate, int64_t point, FILE *out) {
  const int64_t setting = point / a->levels;
  fprintf(out, "%.17g,%.17g", a->replicate[replicate], a->lambda_max[setting / a->alphas]);
  if (a->alpha) fprintf(out, ",%.17g", a->alpha[setting % a->alphas]);
  fprintf(out, ",%.17g", a->n[point % a->levels]);
}

static void print_csv(const tv_archive *a, FILE *out) {
  const tv_quantities quantities = tv_quantities_of(a->study);
  const int64_t points = (int64_t)a->magnitudes * a->alphas * a->levels; /* of a replicate */
  fprintf(out, "replicate,lambda_max,%sn,method", a->alpha ? "alpha," : "");
  for (int i = quantities.first; i < quantities.end; ++i)
    fprintf(out, ",%s", tv_quantity_label((tv_quantity)i).name);
  fputs(",alpha2_threshold\n", out);
  for (int64_t entry = 0; entry < a->replicates * points * a->methods; ++entry) {
    const int64_t point = entry / a->methods % points, method = entry % a->methods;
    const int64_t replicate = entry / a->methods / points;
    const int64_t setting = replicate * a->magnitudes + point / a->levels / a->alphas;
    print_coordinates(a, (int)replicate, point, out);
    fprintf(out, ",%s", a->method[method]);
    for (int i = quantities.first; i < quantities.end; ++i)
      fprintf(out, ",%.17g", a->quantity[i][entry]);
    fprintf(out, ",%.17g\n", a->alpha2_threshold[setting * a->methods + method]);
  }
}

/* ---- Files ---- */

static tv_error *finish_file(FILE *file, const char *path) {
  const int is_good = !ferror(file);
  if (fclose(file) != 0 || !is_good) return tv_fail_errno("%s", path);
  return NULL;
}

static tv_error *write_csv(const tv_archive *a, const char *path) {
  FILE *file = fopen(path, "w");
  if (!file) return tv_fail_errno("%s", path);
  print_csv(a, file);
  return finish_file(file, path);
}

static tv_error *write_html(const tv_archive *a, const char *directory, int is_drawn,
                            const char *path) {
  FILE *file = fopen(path, "w");
  if (!file) return tv_fail_errno("%s", path);
  tv_error *error = tv_report_html(a, directory, is_drawn, file);
  tv_error *closing = finish_file(file, path);
  if (!error) return closing;
  tv_error_free(closing);
  return error;
}

static tv_error *write_figure(const tv_figure *f, const char *directory, int *is_drawn) {
  char name[64];
  snprintf(name, sizeof name, "%s.tsv", f->name);
  TV_TRY(tv_report_write(directory, name, f->write_data, f));
  snprintf(name, sizeof name, "%s.gp", f->name);
  TV_TRY(tv_report_write(directory, name, f->write_script, f));
  return tv_report_draw(directory, name, is_drawn);
}

static tv_error *write_figures(const tv_archive *a, const char *directory, int *is_drawn) {
  tv_figure figure;
  for (int i = 0; i < tv_count_figures(a); ++i) {
    tv_describe_figure(a, i, &figure);
    TV_TRY(write_figure(&figure, directory, is_drawn));
  }
  return NULL;
}

static void print_figures(const tv_archive *a, const char *directory, int is_drawn, FILE *out) {
  tv_figure figure;
  for (int i = 0; i < tv_count_figures(a); ++i) {
    tv_describe_figure(a, i, &figure);
    if (is_drawn)
      fprintf(out, "%s/%s.svg\n%s/%s.pdf\n", directory, figure.name, directory, figure.name);
    else
      fprintf(out, "no figure: gnuplot is not installed; %s/%s.gp draws it\n", directory,
              figure.name);
  }
}

static tv_error *write_files(const tv_archive *a, const char *directory, FILE *out) {
  char *csv = tv_report_path(directory, tv_report_parts_of(a->study)->csv);
  char *html = tv_report_path(directory, "report.html");
  int is_drawn = 0;
  tv_error *error = csv && html ? NULL : tv_fail("out of memory");
  if (!error) error = write_csv(a, csv);
  if (!error) error = write_figures(a, directory, &is_drawn);
  if (!error) error = write_html(a, directory, is_drawn, html);
  if (!error) {
    fprintf(out, "\n%s\n%s\n", csv, html);
    print_figures(a, directory, is_drawn, out);
  }
  free(csv);
  free(html);
  return error;
}

const tv_report_parts *tv_report_parts_of(tv_study_type study) {
  static const tv_report_parts *const parts[] = {[TV_STUDY_GRID] = &tv_grid_report,
                                                 [TV_STUDY_THRESHOLD] = &tv_threshold_report,
                                                 [TV_STUDY_PHASE] = &tv_phase_report};
  return parts[study];
}

int tv_count_figures(const tv_archive *a) {
  return tv_report_parts_of(a->study)->count_figures(a) + tv_has_spectra(a);
}

void tv_describe_figure(const tv_archive *a, int number, tv_figure *out) {
  const tv_report_parts *parts = tv_report_parts_of(a->study);
  if (number < parts->count_figures(a))
    parts->describe_figure(a, number, out);
  else
    tv_describe_spectra(a, out);
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
    tv_report_parts_of(a->study)->print_table(a, out);
    error = write_files(a, directory, out);
  }
  tv_archive_close(&a);
  return error;
}
