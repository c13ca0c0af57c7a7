#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parts.h"
#include "twoview/base/escape.h"
#include "twoview/theory/theory.h"

/* ---- CSV ---- */

/* The coordinates of a point, those that the archive has. */
enum { COORDINATES = 6 };
typedef struct {
  const char *name;
  const double *values;
  int index;
} coordinate;

static void find_coordinates(const tv_archive *a, const tv_spot *at, coordinate out[COORDINATES]) {
  const coordinate all[COORDINATES] = {
      {TV_REPLICATE, a->replicate, at->replicate}, {TV_LAMBDA_MAX, a->lambda_max, at->magnitude},
      {TV_SEVERITY, a->severity, at->magnitude},   {TV_ALPHA, a->alpha, at->alpha},
      {TV_STRENGTH, a->strength, at->alpha},       {TV_SAMPLE_SIZE, a->n, at->level}};
  memcpy(out, all, sizeof all);
}

static void print_coordinates(const tv_archive *a, const tv_spot *at, FILE *out) {
  coordinate all[COORDINATES];
  char text[TV_NUMBER_TEXT];
  find_coordinates(a, at, all);
  for (int i = 0; i < COORDINATES; ++i) {
    if (!all[i].values) continue;
    tv_number_format(all[i].values[all[i].index], text);
    fprintf(out, "%s,", text);
  }
}

static void print_heading(const tv_archive *a, FILE *out) {
  coordinate all[COORDINATES];
  find_coordinates(a, &(tv_spot){0}, all);
  for (int i = 0; i < COORDINATES; ++i)
    if (all[i].values) fprintf(out, "%s,", all[i].name);
  fputs("method", out);
  for (int i = 0; i < a->study->count; ++i)
    if (!a->lacks[i]) fprintf(out, ",%s", a->study->quantities[i].label.name);
  fputs(a->alpha2_threshold ? "," TV_ALPHA2_THRESHOLD "\n" : "\n", out);
}

static void print_csv(const void *archive, FILE *out) {
  const tv_archive *a = archive;
  const int methods = a->cube.methods;
  print_heading(a, out);
  for (int64_t entry = 0; entry < tv_cube_points(&a->cube) * methods; ++entry) {
    const tv_spot at = tv_cube_split(&a->cube, entry / methods);
    const int64_t method = entry % methods;
    print_coordinates(a, &at, out);
    tv_put_csv(a->method[method], out);
    for (int i = 0; i < a->study->count; ++i)
      if (!a->lacks[i]) fprintf(out, ",%.17g", a->quantity[i][entry]);
    if (a->alpha2_threshold)
      fprintf(out, ",%.17g", a->alpha2_threshold[at.setting * methods + method]);
    fputc('\n', out);
  }
}

/* ---- Files ---- */

static void put_text(const void *text, FILE *out) {
  fputs(text, out);
}

/* The page is composed in memory, because a figure that it holds may be unreadable. */
static tv_error *write_html(const tv_report_contents *c, const char *directory) {
  char *text = NULL;
  size_t size;
  FILE *page = open_memstream(&text, &size);
  if (!page) return tv_fail_errno("%s/report.html", directory);
  tv_error *error = tv_report_html(c, directory, page);
  const int is_good = !ferror(page);
  if ((fclose(page) != 0 || !is_good) && !error) error = tv_fail_errno("%s/report.html", directory);
  if (!error) error = tv_folder_write(directory, "report.html", put_text, text);
  free(text);
  return error;
}

/* The failure of gnuplot on a script that is written is reported separately, in `failure`. */
static tv_error *write_figure(tv_figure *f, const char *directory, tv_error **failure) {
  char name[64];
  snprintf(name, sizeof name, "%s.tsv", f->name);
  TV_TRY(tv_folder_write(directory, name, f->write_data, f));
  snprintf(name, sizeof name, "%s.gp", f->name);
  TV_TRY(tv_folder_write(directory, name, f->write_script, f));
  tv_error *error = tv_folder_draw(directory, f->name, &f->is_drawn);
  if (*failure)
    tv_error_free(error);
  else
    *failure = error;
  return NULL;
}

static tv_error *write_figures(tv_report_contents *c, const char *directory, tv_error **failure) {
  for (int i = 0; i < c->count; ++i) TV_TRY(write_figure(&c->figures[i], directory, failure));
  return NULL;
}

/* ---- Files of a report of another archive ---- */

static int is_of_this(const tv_report_contents *c, const char *file) {
  if (strcmp(file, c->parts->csv) == 0) return 1;
  for (int i = 0; i < c->count; ++i)
    if (tv_figure_owns(&c->figures[i], file)) return 1;
  return 0;
}

static tv_error *remove_others(const tv_report_contents *c, const char *directory) {
  tv_error *error = NULL;
  DIR *folder = opendir(directory);
  if (!folder) return tv_fail_errno("%s", directory);
  for (struct dirent *entry; !error && (entry = readdir(folder));) {
    const char *file = entry->d_name;
    if (tv_report_owns(file) && !is_of_this(c, file) && unlinkat(dirfd(folder), file, 0) != 0)
      error = tv_fail_errno("%s/%s, of another report, cannot be removed", directory, file);
  }
  closedir(folder);
  return error;
}

/* Of a folder alone, as that of one encoder is of several. */
static const tv_report_parts no_parts = {.csv = ""};
static const tv_report_contents no_report = {.parts = &no_parts};

/* The number of a name like k10; 0: it is another. */
static int encoder_named(const char *name) {
  char end;
  int k;
  return sscanf(name, "k%d%c", &k, &end) == 1 && k > 0 ? k : 0;
}

static int has_encoder(const tv_archive *a, int k) {
  for (int i = 0; a->cube.encoders > 1 && i < a->cube.encoders; ++i)
    if (a->encoder_k[i] == k) return 1;
  return 0;
}

/* The report in a folder, and the folder unless it holds something else. */
static tv_error *remove_report(const char *directory) {
  char *page = NULL;
  const size_t room = strlen(directory) + sizeof "/report.html";
  TV_TRY(remove_others(&no_report, directory));
  TV_TRY(tv_allocate((int64_t)room, 1, &page));
  snprintf(page, room, "%s/report.html", directory);
  tv_error *error = NULL;
  if (unlink(page) != 0 && errno != ENOENT)
    error = tv_fail_errno("%s, of another report, cannot be removed", page);
  else if (rmdir(directory) != 0 && errno != ENOTEMPTY && errno != EEXIST)
    error = tv_fail_errno("%s, of another report, cannot be removed", directory);
  free(page);
  return error;
}

/* Of an earlier report of other encoders. */
static tv_error *remove_other_encoders(const tv_archive *a, const char *directory) {
  tv_error *error = NULL;
  DIR *folder = opendir(directory);
  if (!folder) return tv_fail_errno("%s", directory);
  for (struct dirent *entry; !error && (entry = readdir(folder));) {
    const int k = encoder_named(entry->d_name);
    const size_t room = strlen(directory) + strlen(entry->d_name) + 2;
    char *path = NULL;
    if (k == 0 || entry->d_type != DT_DIR || has_encoder(a, k)) continue;
    error = tv_allocate((int64_t)room, 1, &path);
    if (!error) snprintf(path, room, "%s/%s", directory, entry->d_name);
    if (!error) error = remove_report(path);
    free(path);
  }
  closedir(folder);
  return error;
}

/* ---- Together ---- */

static void print_paths(const tv_report_contents *c, const char *directory, int has_failed,
                        FILE *out) {
  fputc('\n', out);
  tv_print_line(out, "%s/%s", directory, c->parts->csv);
  tv_print_line(out, "%s/report.html", directory);
  for (int i = 0; i < c->count; ++i)
    tv_folder_print_figure(directory, c->figures[i].name, c->figures[i].is_drawn, has_failed, out);
}

static tv_error *write_files(tv_report_contents *c, const char *directory, FILE *out) {
  tv_error *failure = NULL;
  tv_error *error = tv_folder_write(directory, c->parts->csv, print_csv, c->archive);
  if (!error) error = write_figures(c, directory, &failure);
  if (!error) error = write_html(c, directory);
  if (!error) error = remove_others(c, directory);
  if (!error) print_paths(c, directory, failure != NULL, out);
  if (!error) return failure;
  tv_error_free(failure);
  return error;
}

/* Of the quantities of one encoder. */
static tv_error *report_encoder(const tv_archive *a, const char *directory, FILE *out) {
  tv_report_contents contents = {0};
  tv_error *error;
  TV_GO(tv_folder_make(directory));
  TV_GO(tv_report_contents_make(a, &contents));
  contents.parts->print_table(a, out);
  error = write_files(&contents, directory, out);
done:
  free(contents.figures);
  return error;
}

/* ---- Several encoders: a folder for each, and a page that leads to them ---- */

static void put_index(const void *archive, FILE *out) {
  const tv_archive *a = archive;
  fputs("<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\">\n<title>", out);
  tv_put_html(a->experiment_name, out);
  fputs("</title>\n<h1>", out);
  tv_put_html(a->experiment_name, out);
  fputs("</h1>\n<ul>\n", out);
  for (int i = 0; i < a->cube.encoders; ++i)
    fprintf(out, "<li><a href=\"k%d/report.html\">encoders of k = %d rows</a>\n", a->encoder_k[i],
            a->encoder_k[i]);
  fputs("</ul>\n</html>\n", out);
}

static tv_error *report_one_of(const tv_archive *a, int i, const char *directory, FILE *out) {
  tv_archive one;
  char *folder = NULL;
  const size_t room = strlen(directory) + 16;
  TV_TRY(tv_archive_of_encoder(a, i, &one));
  tv_error *error = tv_allocate((int64_t)room, 1, &folder);
  if (!error) {
    snprintf(folder, room, "%s/k%d", directory, one.k);
    fprintf(out, "%sencoders of k = %d rows\n", i ? "\n" : "", one.k);
    error = report_encoder(&one, folder, out);
  }
  free(folder);
  tv_archive_drop(&one);
  return error;
}

static tv_error *report_all(const tv_archive *a, const char *directory, FILE *out) {
  TV_TRY(tv_folder_make(directory));
  for (int i = 0; i < a->cube.encoders; ++i) TV_TRY(report_one_of(a, i, directory, out));
  TV_TRY(tv_folder_write(directory, "report.html", put_index, a));
  TV_TRY(remove_others(&no_report, directory));
  tv_print_line(out, "%s/report.html", directory);
  return NULL;
}

tv_error *tv_report(const char *path, const char *directory, FILE *out) {
  tv_archive *a = NULL;
  TV_TRY(tv_archive_read(path, &a));
  tv_error *error =
      a->cube.encoders > 1 ? report_all(a, directory, out) : report_encoder(a, directory, out);
  if (!error) error = remove_other_encoders(a, directory);
  tv_archive_close(&a);
  return error;
}
