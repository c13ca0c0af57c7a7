#include <csv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "format.h"
#include "twoview/base/gzip.h"
#include "twoview/base/text.h"
#include "twoview/hdf5/growing.h"

/* Tables of text: a row for each sample, a column for each feature. The parser is libcsv. */

enum { PIECE = 1 << 16, LONGEST_CELL = 1 << 16, MOST_COLUMNS = 1 << 20, SHOWN = 40 };

typedef enum { FEATURE, LABEL, TARGET, DROPPED } role;

typedef struct {
  char *name;
  role role;
  int place; /* among the features, or the targets */
} column;

typedef struct {
  tv_import_state *state;
  const char *path, *first_path; /* of the file being read, and of the first one */
  struct csv_parser parser;
  tv_error *error;         /* the first one; all that follows is passed over */
  int64_t lines, row_line; /* ends of lines so far; the line that the row begins in */
  int64_t rows;            /* of samples, in all files */
  int is_heading;          /* the row is the header */
  column *columns;
  int width, room; /* columns, and room for them; all are known behind the first row */
  int cell;        /* of the row, from 0 */
  char **first;    /* cells of the first row, until it is whole; owned */
  int features, targets;
  double *x, *y; /* of the row */
  char label[TV_LONGEST_TEXT + 1];
  tv_growing samples, labels, answers;
} table;

/* ---- Columns ---- */

static tv_error *at_line(const table *t, tv_error *error) {
  return tv_error_prefix(error, "%s:%lld: ", t->path, (long long)t->row_line);
}

/* By its name, or else its number; -1: there is none such. */
static int find_column(const table *t, const char *typed) {
  uint64_t number;
  for (int i = 0; i < t->width; ++i)
    if (strcmp(t->columns[i].name, typed) == 0) return i;
  const int is_number = tv_read_natural(typed, &number) == TV_NUMBER_READ;
  return is_number && number >= 1 && number <= (uint64_t)t->width ? (int)number - 1 : -1;
}

static tv_error *refuse_column(const table *t, const char *option, const char *name) {
  const char **names;
  TV_TRY(tv_allocate(t->width + 1, sizeof(*names), &names));
  for (int i = 0; i < t->width; ++i) names[i] = t->columns[i].name;
  tv_error *error = tv_fail_usage("%s: %s '%s' is none of its %d columns; did you mean '%s'?",
                                  t->path, option, name, t->width, tv_suggest(name, names));
  free(names);
  return error;
}

static tv_error *give_role(table *t, const char *option, const char *name, role given, int place) {
  const int i = find_column(t, name);
  if (i < 0) return refuse_column(t, option, name);
  if (t->columns[i].role != FEATURE)
    return tv_fail_usage("%s: %s '%s' names a column that another option names", t->path, option,
                         name);
  t->columns[i].role = given;
  t->columns[i].place = place;
  return NULL;
}

/* All columns that the options do not name are features. */
static tv_error *settle_roles(table *t) {
  const tv_import_options *o = t->state->options;
  if (o->labels) TV_TRY(give_role(t, "--labels", o->labels, LABEL, 0));
  for (int i = 0; o->targets[i]; ++i)
    TV_TRY(give_role(t, "--targets", o->targets[i], TARGET, t->targets++));
  for (int i = 0; o->dropped[i]; ++i) TV_TRY(give_role(t, "--drop", o->dropped[i], DROPPED, 0));
  for (int i = 0; i < t->width; ++i)
    if (t->columns[i].role == FEATURE) t->columns[i].place = t->features++;
  if (t->features == 0)
    return tv_fail("%s: its %d columns leave no feature; are they separated by another character "
                   "(--delimiter)?",
                   t->path, t->width);
  return NULL;
}

static int compare_names(const void *a, const void *b) {
  const column *const *first = a, *const *second = b;
  const int order = strcmp((*first)->name, (*second)->name);
  return order ? order : (*first > *second) - (*first < *second);
}

static tv_error *expect_distinct(const table *t) {
  const column **sorted;
  tv_error *error = NULL;
  TV_TRY(tv_allocate(t->width, sizeof(*sorted), &sorted));
  for (int i = 0; i < t->width; ++i) sorted[i] = &t->columns[i];
  qsort(sorted, (size_t)t->width, sizeof *sorted, compare_names);
  for (int i = 1; !error && i < t->width; ++i)
    if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0)
      error = at_line(t, tv_fail("columns %d and %d are both named '%s'; rename one",
                                 (int)(sorted[i - 1] - t->columns) + 1,
                                 (int)(sorted[i] - t->columns) + 1, sorted[i]->name));
  free(sorted);
  return error;
}

/* A column without a name is named by its number. Where there is a header, it is mostly one of row
 * names or numbers, which no one wants among the features. */
static tv_error *name_column(table *t, int i, const char *cell) {
  const int is_named = t->is_heading && *cell;
  char number[16];
  snprintf(number, sizeof number, "%d", i + 1);
  if (is_named) TV_TRY(at_line(t, tv_import_expect_name("header", cell)));
  t->columns[i].name = strdup(is_named ? cell : number);
  return t->columns[i].name ? NULL : tv_fail("out of memory");
}

static tv_error *expect_named_features(const table *t, char *const *cells) {
  for (int i = 0; t->is_heading && i < t->width; ++i)
    if (!*cells[i] && t->columns[i].role == FEATURE)
      return at_line(t, tv_fail("column %d has no name, as row names have none; leave it out "
                                "(--drop %d), or name it",
                                i + 1, i + 1));
  return NULL;
}

/* ---- Arrays ---- */

static tv_error *write_names(const table *t, tv_label label, role of, int count) {
  const char **names;
  TV_TRY(tv_allocate(count, sizeof(*names), &names));
  for (int i = 0; i < t->width; ++i)
    if (t->columns[i].role == of) names[t->columns[i].place] = t->columns[i].name;
  tv_error *error = tv_label_coordinate(t->state->file, label, TV_TEXT, count, names);
  free(names);
  return error;
}

static tv_error *begin_numbers(const table *t, tv_label label, int width, tv_growing *out) {
  const hsize_t item = (hsize_t)width;
  return tv_growing_begin(t->state->file, label, H5T_NATIVE_DOUBLE, H5T_NATIVE_DOUBLE, 2, &item,
                          out);
}

static tv_error *begin_arrays(table *t) {
  tv_import_state *s = t->state;
  TV_TRY(tv_allocate(t->features, sizeof(double), &t->x));
  TV_TRY(tv_allocate(t->targets, sizeof(double), &t->y));
  TV_TRY(begin_numbers(t, tv_label_samples, t->features, &t->samples));
  TV_TRY(write_names(t, tv_label_of_feature, FEATURE, t->features));
  snprintf(s->samples, sizeof s->samples, "%s", tv_label_samples.name);
  if (s->options->labels) {
    TV_TRY(tv_growing_begin_texts(s->file, tv_label_labels, &t->labels));
    snprintf(s->labels, sizeof s->labels, "%s", tv_label_labels.name);
  }
  if (t->targets == 0) return NULL;
  TV_TRY(write_names(t, tv_label_of_target, TARGET, t->targets));
  snprintf(s->targets, sizeof s->targets, "%s", tv_label_targets.name);
  return begin_numbers(t, tv_label_targets, t->targets, &t->answers);
}

static tv_error *finish_arrays(table *t) {
  static const char *const of_samples[] = {"sample", "feature", NULL};
  static const char *const of_targets[] = {"sample", "target", NULL};
  static const char *const of_labels[] = {"sample", NULL};
  const hid_t file = t->state->file;
  TV_TRY(tv_growing_count(file, tv_label_of_sample, t->rows));
  TV_TRY(tv_growing_finish(&t->samples, file, of_samples));
  if (t->labels.set > 0) TV_TRY(tv_growing_finish(&t->labels, file, of_labels));
  return t->answers.set > 0 ? tv_growing_finish(&t->answers, file, of_targets) : NULL;
}

/* ---- Cells ---- */

/* How programs write that there is no value. */
static int is_missing(const char *cell) {
  static const char *const words[] = {"", "NA", "N/A", "NaN", "null", "None", "?"};
  for (size_t i = 0; i < sizeof words / sizeof *words; ++i)
    if (strcasecmp(cell, words[i]) == 0) return 1;
  return 0;
}

static tv_error *refuse_cell(const table *t, const char *cell, const char *why) {
  return at_line(t, tv_fail("row %lld, column '%s': '%.*s' %s", (long long)t->rows + 1,
                            t->columns[t->cell].name, SHOWN, cell, why));
}

static tv_error *refuse_missing(const table *t, const char *cell) {
  return refuse_cell(t, cell, "is no value; leave such rows or columns out, or fill them in");
}

static tv_error *read_number(const table *t, const char *cell, double *out) {
  const tv_number_status status = tv_read_double(cell, out);
  if (status == TV_NUMBER_READ && isfinite(*out)) return NULL;
  if (status == TV_NUMBER_BEYOND) return refuse_cell(t, cell, "is beyond what a double holds");
  if (is_missing(cell)) return refuse_missing(t, cell);
  if (status == TV_NUMBER_READ) return refuse_cell(t, cell, "is not finite");
  return refuse_cell(t, cell,
                     "is no number; a column of texts may be the --labels, or left out (--drop)");
}

static tv_error *take_cell(table *t, const char *cell) {
  const column *c = &t->columns[t->cell];
  if (c->role == DROPPED) return NULL;
  if (c->role != LABEL) return read_number(t, cell, (c->role == FEATURE ? t->x : t->y) + c->place);
  if (is_missing(cell)) return refuse_missing(t, cell);
  TV_TRY(at_line(t, tv_import_expect_name(c->name, cell)));
  strcpy(t->label, cell);
  return NULL;
}

/* ---- Rows ---- */

static tv_error *refuse_width(const table *t) {
  return at_line(
      t, tv_fail("%d cell%s, where %d are expected", t->cell, t->cell == 1 ? "" : "s", t->width));
}

static tv_error *take_row(table *t) {
  const char *label = t->label;
  if (t->cell != t->width) return refuse_width(t);
  TV_TRY(tv_growing_add(&t->samples, 1, t->x));
  if (t->labels.set > 0) TV_TRY(tv_growing_add(&t->labels, 1, &label));
  if (t->answers.set > 0) TV_TRY(tv_growing_add(&t->answers, 1, t->y));
  ++t->rows;
  return NULL;
}

/* Tables saved by spreadsheets may begin with a mark of UTF-8. */
static const char *behind_mark(const table *t, const char *cell) {
  const int is_marked = t->cell == 0 && t->row_line == 1 && strncmp(cell, "\xef\xbb\xbf", 3) == 0;
  return is_marked ? cell + 3 : cell;
}

static tv_error *keep_cell(table *t, const char *cell) {
  if (t->cell == MOST_COLUMNS) return at_line(t, tv_fail("more than %d columns", MOST_COLUMNS));
  if (t->cell == t->room) {
    const int room = t->room ? 2 * t->room : 64;
    char **longer = realloc(t->first, (size_t)room * sizeof *longer);
    if (!longer) return tv_fail("out of memory");
    t->first = longer;
    t->room = room;
  }
  t->first[t->cell] = strdup(cell);
  if (!t->first[t->cell]) return tv_fail("out of memory");
  ++t->width;
  return NULL;
}

/* The header of a further file is that of the first. */
static tv_error *compare_header(const table *t, const char *cell) {
  if (!*cell || t->cell >= t->width || strcmp(t->columns[t->cell].name, cell) == 0) return NULL;
  return at_line(t, tv_fail("column %d is '%.*s', and in %s '%s'", t->cell + 1, SHOWN, cell,
                            t->first_path, t->columns[t->cell].name));
}

static tv_error *settle_columns(table *t, char *const *cells) {
  TV_TRY(tv_allocate(t->width, sizeof(*t->columns), &t->columns));
  for (int i = 0; i < t->width; ++i) TV_TRY(name_column(t, i, cells[i]));
  TV_TRY(expect_distinct(t));
  TV_TRY(settle_roles(t));
  TV_TRY(expect_named_features(t, cells));
  return begin_arrays(t);
}

/* The first row of all is the header, or else of numbers. */
static tv_error *take_first_row(table *t) {
  TV_TRY(settle_columns(t, t->first));
  if (t->is_heading) return NULL;
  for (t->cell = 0; t->cell < t->width; ++t->cell) TV_TRY(take_cell(t, t->first[t->cell]));
  return take_row(t);
}

static tv_error *end_row(table *t) {
  if (!t->columns) return take_first_row(t);
  if (!t->is_heading) return take_row(t);
  return t->cell == t->width ? NULL : refuse_width(t);
}

/* ---- What the parser calls ---- */

static tv_error *read_cell(table *t, const char *cell, size_t length) {
  if (strlen(cell) != length)
    return at_line(t,
                   tv_fail("a NUL byte; convert the file to UTF-8 (iconv), or name it by what it "
                           "is"));
  cell = behind_mark(t, cell);
  if (!t->columns) return keep_cell(t, cell);
  if (t->is_heading) return compare_header(t, cell);
  return t->cell < t->width ? take_cell(t, cell) : NULL;
}

static void on_cell(void *cell, size_t length, void *context) {
  table *t = context;
  if (t->cell == 0) t->row_line = t->lines + 1;
  for (size_t i = 0; i < length; ++i) t->lines += ((const char *)cell)[i] == '\n';
  if (!t->error) t->error = read_cell(t, cell, length);
  ++t->cell;
}

/* Empty lines are no rows, and neither is what lies between the two ends of a line. */
static void on_row(int end, void *context) {
  table *t = context;
  if (t->cell > 0 && !t->error) {
    t->error = end_row(t);
    t->is_heading = 0;
  }
  t->cell = 0;
  t->lines += end == '\n';
}

/* A quote that is never closed would take the rest of the file. */
static void *allocate_cell(void *old, size_t bytes) {
  return bytes > LONGEST_CELL ? NULL : realloc(old, bytes);
}

static tv_error *explain(table *t) {
  const long long line = (long long)t->lines + 1;
  if (csv_error(&t->parser) == CSV_ENOMEM)
    return tv_fail("%s:%lld: a cell of more than %d bytes; is a quote never closed?", t->path, line,
                   LONGEST_CELL);
  return tv_fail("%s:%lld: a quote within a cell, which has to be doubled and the cell quoted",
                 t->path, line);
}

/* ---- Files ---- */

static tv_error *parse(table *t, tv_gzip *file) {
  char piece[PIECE];
  int64_t got = PIECE;
  while (got == PIECE) {
    TV_TRY(tv_gzip_read(file, PIECE, piece, &got));
    const size_t used = csv_parse(&t->parser, piece, (size_t)got, on_cell, on_row, t);
    if (t->error) return t->error;
    if (used < (size_t)got) return explain(t);
  }
  if (csv_fini(&t->parser, on_cell, on_row, t) != 0)
    return tv_fail("%s:%lld: the file ends within a quoted cell", t->path, (long long)t->lines + 1);
  return t->error;
}

static char delimiter_of(const table *t) {
  const char given = t->state->options->delimiter;
  if (given) return given;
  return tv_import_ends_with_or_packed(t->path, ".tsv") ? '\t' : ',';
}

static tv_error *read_file(table *t, const char *path) {
  tv_gzip *file = NULL;
  const int64_t before = t->rows;
  t->path = path;
  t->lines = 0;
  t->cell = 0;
  t->is_heading = !(t->state->options->given & TV_IMPORT_NO_HEADER);
  TV_TRY(tv_gzip_open(path, &file));
  csv_init(&t->parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL | CSV_APPEND_NULL);
  csv_set_delim(&t->parser, (unsigned char)delimiter_of(t));
  csv_set_realloc_func(&t->parser, allocate_cell);
  tv_error *error = parse(t, file);
  csv_free(&t->parser);
  tv_gzip_close(&file);
  if (error || t->rows > before) return error;
  return tv_fail("%s: holds no rows%s", path, t->columns ? " below its header" : "");
}

static void close_table(table *t) {
  tv_growing_close(&t->samples);
  tv_growing_close(&t->labels);
  tv_growing_close(&t->answers);
  for (int i = 0; i < t->width; ++i) {
    free(t->first[i]);
    if (t->columns) free(t->columns[i].name);
  }
  free(t->first);
  free(t->columns);
  free(t->x);
  free(t->y);
}

static tv_error *write_csv(tv_import_state *state) {
  const char *const *paths = state->options->sources;
  table t = {.state = state, .first_path = *paths};
  tv_error *error = NULL;
  for (; !error && *paths; ++paths) error = read_file(&t, *paths);
  if (!error) error = finish_arrays(&t);
  close_table(&t);
  return error;
}

static int takes(const char *path) {
  return tv_import_ends_with_or_packed(path, ".csv") ||
         tv_import_ends_with_or_packed(path, ".tsv") || tv_import_ends_with_or_packed(path, ".txt");
}

const tv_import_format tv_import_csv = {
    .what = "tables of text (.csv, .tsv, .txt)",
    .takes = takes,
    .options = TV_IMPORT_LABELS | TV_IMPORT_TARGETS | TV_IMPORT_DROP | TV_IMPORT_DELIMITER |
               TV_IMPORT_NO_HEADER,
    .write = write_csv,
};
