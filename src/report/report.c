#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parts.h"
#include "twoview/base/escape.h"

char *tv_report_path(const char *directory, const char *name) {
  char *path = malloc(strlen(directory) + strlen(name) + 2);
  if (path) sprintf(path, "%s/%s", directory, name);
  return path;
}

/* ---- CSV ---- */

static void print_coordinates(const tv_archive *a, int replicate, int64_t point, FILE *out) {
  const int64_t setting = point / a->levels;
  char text[TV_NUMBER_TEXT];
  tv_number_format(a->lambda_max[setting / a->alphas], text);
  fprintf(out, "%.17g,%s", a->replicate[replicate], text);
  if (a->alpha) {
    tv_number_format(a->alpha[setting % a->alphas], text);
    fprintf(out, ",%s", text);
  }
  fprintf(out, ",%.17g", a->n[point % a->levels]);
}

static void print_csv(const void *archive, FILE *out) {
  const tv_archive *a = archive;
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
    fputc(',', out);
    tv_put_csv(a->method[method], out);
    for (int i = quantities.first; i < quantities.end; ++i)
      fprintf(out, ",%.17g", a->quantity[i][entry]);
    fprintf(out, ",%.17g\n", a->alpha2_threshold[setting * a->methods + method]);
  }
}

/* ---- Files ---- */

static void put_text(const void *text, FILE *out) {
  fputs(text, out);
}

/* The page is composed in memory, as a figure that it holds may turn out not to be readable. */
static tv_error *write_html(const tv_archive *a, const char *directory, const int *is_drawn) {
  char *text = NULL;
  size_t size;
  FILE *page = open_memstream(&text, &size);
  if (!page) return tv_fail_errno("%s/report.html", directory);
  tv_error *error = tv_report_html(a, directory, is_drawn, page);
  const int is_good = !ferror(page);
  if ((fclose(page) != 0 || !is_good) && !error) error = tv_fail_errno("%s/report.html", directory);
  if (!error) error = tv_report_write(directory, "report.html", put_text, text);
  free(text);
  return error;
}

/* What gnuplot does with a script that is written is told apart, in `failure`. */
static tv_error *write_figure(const tv_figure *f, const char *directory, int *is_drawn,
                              tv_error **failure) {
  char name[64];
  snprintf(name, sizeof name, "%s.tsv", f->name);
  TV_TRY(tv_report_write(directory, name, f->write_data, f));
  snprintf(name, sizeof name, "%s.gp", f->name);
  TV_TRY(tv_report_write(directory, name, f->write_script, f));
  tv_error *error = tv_report_draw(directory, f->name, is_drawn);
  if (*failure)
    tv_error_free(error);
  else
    *failure = error;
  return NULL;
}

static tv_error *write_figures(const tv_archive *a, const char *directory, int *is_drawn,
                               tv_error **failure) {
  tv_figure figure;
  for (int i = 0; i < tv_count_figures(a); ++i) {
    tv_describe_figure(a, i, &figure);
    TV_TRY(write_figure(&figure, directory, &is_drawn[i], failure));
  }
  return NULL;
}

/* ---- Files of a report of another archive ---- */

enum { WRITTEN_ENDS = 2, DRAWN_ENDS = 4 };

static int has_figure_end(const char *end, int ends) {
  static const char *const figure_ends[DRAWN_ENDS] = {".tsv", ".gp", ".svg", ".pdf"};
  for (int i = 0; i < ends; ++i)
    if (strcmp(end, figure_ends[i]) == 0) return 1;
  return 0;
}

static int is_figure_file(const char *file, const char *name, int ends) {
  const size_t length = strlen(name);
  return strncmp(file, name, length) == 0 && has_figure_end(file + length, ends);
}

/* Whether some report has such a file: figures are named `figure`, `figure-n100` and `spectra`. */
static int is_of_reports(const char *file) {
  const char *size = strncmp(file, "figure-n", 8) == 0 ? file + 8 : "";
  const size_t digits = strspn(size, "0123456789");
  return strcmp(file, tv_grid_report.csv) == 0 || strcmp(file, tv_phase_report.csv) == 0 ||
         strcmp(file, tv_threshold_report.csv) == 0 || is_figure_file(file, "figure", DRAWN_ENDS) ||
         is_figure_file(file, "spectra", DRAWN_ENDS) ||
         (digits > 0 && has_figure_end(size + digits, DRAWN_ENDS));
}

static int is_of_this(const tv_archive *a, const int *is_drawn, const char *file) {
  tv_figure figure;
  if (strcmp(file, tv_report_parts_of(a->study)->csv) == 0) return 1;
  for (int i = 0; i < tv_count_figures(a); ++i) {
    tv_describe_figure(a, i, &figure);
    if (is_figure_file(file, figure.name, is_drawn[i] ? DRAWN_ENDS : WRITTEN_ENDS)) return 1;
  }
  return 0;
}

static tv_error *remove_others(const tv_archive *a, const char *directory, const int *is_drawn) {
  tv_error *error = NULL;
  DIR *folder = opendir(directory);
  if (!folder) return tv_fail_errno("%s", directory);
  for (struct dirent *entry; !error && (entry = readdir(folder));) {
    const char *file = entry->d_name;
    if (is_of_reports(file) && !is_of_this(a, is_drawn, file) &&
        unlinkat(dirfd(folder), file, 0) != 0)
      error = tv_fail_errno("%s/%s, of another report, cannot be removed", directory, file);
  }
  closedir(folder);
  return error;
}

/* ---- Together ---- */

static void print_paths(const tv_archive *a, const char *directory, const int *is_drawn,
                        int has_failed, FILE *out) {
  tv_figure figure;
  fputc('\n', out);
  tv_print_line(out, "%s/%s", directory, tv_report_parts_of(a->study)->csv);
  tv_print_line(out, "%s/report.html", directory);
  for (int i = 0; i < tv_count_figures(a); ++i) {
    tv_describe_figure(a, i, &figure);
    tv_report_print_figure(directory, figure.name, is_drawn[i], has_failed, out);
  }
}

static tv_error *write_files(const tv_archive *a, const char *directory, FILE *out) {
  int *is_drawn = NULL;
  tv_error *failure = NULL;
  TV_TRY(tv_allocate(tv_count_figures(a), sizeof(*is_drawn), &is_drawn));
  tv_error *error = tv_report_write(directory, tv_report_parts_of(a->study)->csv, print_csv, a);
  if (!error) error = write_figures(a, directory, is_drawn, &failure);
  if (!error) error = write_html(a, directory, is_drawn);
  if (!error) error = remove_others(a, directory, is_drawn);
  if (!error) print_paths(a, directory, is_drawn, failure != NULL, out);
  free(is_drawn);
  if (!error) return failure;
  tv_error_free(failure);
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
  TV_TRY(tv_expect_file_name(directory));
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
