#include "tenx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "format.h"
#include "lines.h"
#include "twoview/hdf5/growing.h"

/* ---- Files ---- */

static const char matrix_name[] = "matrix.mtx";

/* FRONT and NAME, or NAME.gz, if there is such a file, to be freed; else NULL. */
static tv_error *find_file(const char *front, size_t length, const char *name, char **out) {
  static const char *const endings[] = {"", ".gz"};
  for (int i = 0; !*out && i < 2; ++i) {
    if (asprintf(out, "%.*s%s%s", (int)length, front, name, endings[i]) < 0) {
      *out = NULL;
      return tv_fail("out of memory");
    }
    if (access(*out, F_OK) == 0) return NULL;
    free(*out);
    *out = NULL;
  }
  return NULL;
}

static tv_error *find_in_folder(const char *path, char **out) {
  char *front = NULL;
  *out = NULL;
  if (asprintf(&front, "%s/", path) < 0) return tv_fail("out of memory");
  tv_error *error = find_file(front, strlen(front), matrix_name, out);
  free(front);
  return error;
}

int tv_tenx_is_folder(const char *path) {
  char *matrix = NULL;
  tv_error_free(find_in_folder(path, &matrix));
  const int is_there = matrix != NULL;
  free(matrix);
  return is_there;
}

/* Beside FRONTmatrix.mtx stand FRONTbarcodes.tsv and FRONTfeatures.tsv, in older ones
 * FRONTgenes.tsv. */
static tv_error *find_names(tv_tenx *t) {
  const size_t length = strlen(t->matrix), tail = strlen(matrix_name);
  const int is_packed = length > 3 && strcasecmp(t->matrix + length - 3, ".gz") == 0;
  const size_t plain = length - (is_packed ? 3 : 0);
  if (plain < tail || strncmp(t->matrix + plain - tail, matrix_name, tail) != 0) return NULL;
  TV_TRY(find_file(t->matrix, plain - tail, "features.tsv", &t->features));
  if (!t->features) TV_TRY(find_file(t->matrix, plain - tail, "genes.tsv", &t->features));
  TV_TRY(find_file(t->matrix, plain - tail, "barcodes.tsv", &t->barcodes));
  if (!t->features == !t->barcodes) return NULL;
  return tv_fail("%s: beside it stands %s, but no %s", t->matrix,
                 t->features ? t->features : t->barcodes,
                 t->features ? "barcodes.tsv" : "features.tsv or genes.tsv");
}

tv_error *tv_tenx_find(const char *path, tv_tenx *out) {
  *out = (tv_tenx){0};
  TV_TRY(find_in_folder(path, &out->matrix));
  if (!out->matrix) out->matrix = strdup(path);
  return out->matrix ? find_names(out) : tv_fail("out of memory");
}

void tv_tenx_free(tv_tenx *files) {
  free(files->matrix);
  free(files->features);
  free(files->barcodes);
  *files = (tv_tenx){0};
}

/* ---- Names ---- */

/* The text between the tabs of that number; NULL: the line has fewer. */
static char *cell_of(char *line, int cell) {
  for (; line && cell > 0; --cell) {
    line = strchr(line, '\t');
    if (line) ++line;
  }
  return line;
}

static tv_error *take_line(const tv_lines *lines, char *line, int cell, tv_growing *out) {
  char *first = cell_of(line, cell);
  if (!first) first = line;
  first[strcspn(first, "\t")] = '\0';
  const char *text = first;
  TV_TRY(tv_lines_fault(lines, tv_import_expect_name("name", text)));
  return tv_growing_add(out, 1, &text);
}

/* A cell of each line, or the first one where there is none such. */
static tv_error *copy_cells(const char *path, int cell, int64_t count, tv_growing *out) {
  tv_lines lines;
  char *line = NULL;
  tv_error *error = tv_lines_open(path, &lines);
  if (!error) error = tv_lines_next(&lines, &line);
  while (!error && line) {
    error = take_line(&lines, line, cell, out);
    if (!error) error = tv_lines_next(&lines, &line);
  }
  const long long found = (long long)lines.number;
  tv_lines_close(&lines);
  if (error || found == count) return error;
  return tv_fail("%s: %lld lines, where the matrix has %lld", path, found, (long long)count);
}

static tv_error *write_cells(hid_t file, tv_label label, const char *path, int cell, int64_t count,
                             const char *const *dimensions) {
  tv_growing out = {0};
  tv_error *error = tv_growing_begin_texts(file, label, &out);
  if (!error) error = copy_cells(path, cell, count, &out);
  if (!error) error = tv_growing_finish(&out, file, dimensions);
  tv_growing_close(&out);
  return error;
}

tv_error *tv_tenx_write_names(const tv_tenx *t, hid_t file, int64_t samples, int64_t features) {
  static const tv_label identifier = {"identifier", "identifier of a feature", "1"};
  static const char *const of_features[] = {"feature", NULL};
  if (!t->features) {
    TV_TRY(tv_growing_count(file, tv_label_of_sample, samples));
    return tv_growing_count(file, tv_label_of_feature, features);
  }
  TV_TRY(write_cells(file, tv_label_of_sample, t->barcodes, 0, samples, NULL));
  TV_TRY(write_cells(file, tv_label_of_feature, t->features, 1, features, NULL));
  return write_cells(file, identifier, t->features, 0, features, of_features);
}

tv_error *tv_tenx_write_labels(const char *path, hid_t file, int64_t samples) {
  static const char *const of_samples[] = {"sample", NULL};
  return write_cells(file, tv_label_labels, path, 0, samples, of_samples);
}
