#include "labels.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "texts.h"
#include "twoview/base/comm.h"
#include "twoview/base/statistics.h"
#include "twoview/hdf5/error.h"

enum { PIECE = 1 << 20 }; /* rows read at a time while the classes are counted */

/* ---- Opening ---- */

static H5T_class_t class_of(const tv_dataset *d, int *is_unsigned) {
  const hid_t type = H5Dget_type(d->id);
  const H5T_class_t class = H5Tget_class(type);
  *is_unsigned = class == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_NONE;
  H5Tclose(type);
  return class;
}

static tv_error *name_inner(tv_labels *l, int place, const char *dataset) {
  if (asprintf(&l->inner[place], "%s/%s", l->name, dataset) >= 0) return NULL;
  l->inner[place] = NULL;
  return tv_fail("out of memory");
}

static tv_error *keep_category(void *context, int64_t row, const char *text) {
  tv_labels *l = context;
  l->categories[row] = strdup(text);
  return l->categories[row] ? NULL : tv_fail("out of memory");
}

/* Numbers of categories are classes, as labels that are numbers. */
static tv_error *take_numbers(tv_labels *l, const tv_dataset *d) {
  TV_TRY(tv_allocate(l->category_count, sizeof(*l->numbers), &l->numbers));
  TV_TRY(tv_dataset_read(d, 0, l->category_count, H5T_NATIVE_INT64, l->numbers));
  for (int i = 0; i < l->category_count; ++i)
    if (l->numbers[i] < 0 || l->numbers[i] >= TV_MOST_CLASSES)
      return tv_fail("%s: dataset '%s': category %d is %" PRId64
                     ", and classes are numbers from 0 to %d",
                     d->path, d->name, i, l->numbers[i], TV_MOST_CLASSES - 1);
  return NULL;
}

static tv_error *take_categories(tv_labels *l, const tv_dataset *d) {
  int is_unsigned;
  if (d->extent[0] > TV_MOST_CLASSES)
    return tv_fail("%s: dataset '%s' has %llu categories; at most %d will do", d->path, d->name,
                   (unsigned long long)d->extent[0], TV_MOST_CLASSES);
  l->category_count = (int)d->extent[0];
  if (class_of(d, &is_unsigned) == H5T_INTEGER) return take_numbers(l, d);
  TV_TRY(tv_allocate(l->category_count, sizeof(*l->categories), &l->categories));
  return tv_texts_visit(d, 0, l->category_count, keep_category, l);
}

static tv_error *open_categorical(hid_t file, tv_labels *l, double *cache_bytes) {
  TV_TRY(name_inner(l, 0, "codes"));
  TV_TRY(name_inner(l, 1, "categories"));
  for (int i = 0; i < 2; ++i)
    if (H5Lexists(file, l->inner[i], H5P_DEFAULT) <= 0)
      return tv_fail("%s: '%s' is a group without '%s'; labels are a dataset, or a categorical of "
                     "AnnData: 'codes' and 'categories'",
                     l->path, l->name, l->inner[i] + strlen(l->name) + 1);
  const tv_dataset_wish of_codes = {l->path, l->inner[0], 1, 1, TV_HOLDS_INTEGERS};
  const tv_dataset_wish of_categories = {l->path, l->inner[1], 1, 1, TV_HOLDS_LABELS};
  tv_dataset categories = {0};
  double unused = 0; /* closed again */
  TV_TRY(tv_dataset_open(file, &of_codes, &l->values, cache_bytes));
  tv_error *error = tv_dataset_open(file, &of_categories, &categories, &unused);
  if (!error) error = take_categories(l, &categories);
  tv_dataset_close(&categories);
  return error;
}

tv_error *tv_labels_open(hid_t file, const char *path, const char *name, tv_labels *out,
                         double *cache_bytes) {
  const tv_dataset_wish wish = {path, name, 1, 1, TV_HOLDS_LABELS};
  *out = (tv_labels){.path = path, .name = name, .packing = {.is_plain = 1}};
  if (tv_is_group(file, name))
    TV_TRY(open_categorical(file, out, cache_bytes));
  else
    TV_TRY(tv_dataset_open(file, &wish, &out->values, cache_bytes));
  out->is_text = class_of(&out->values, &out->is_unsigned) == H5T_STRING;
  return out->is_text || out->inner[0] ? NULL : tv_packing_read(&out->values, &out->packing);
}

void tv_labels_close(tv_labels *l) {
  for (int i = 0; l->categories && i < l->category_count; ++i) free(l->categories[i]);
  tv_dataset_close(&l->values);
  free(l->categories);
  free(l->numbers);
  free(l->class_of);
  free(l->text);
  free(l->names);
  free(l->inner[0]);
  free(l->inner[1]);
  *l = (tv_labels){0};
}

/* ---- Integers and codes ---- */

/* Labels that are packed, or some of which are missing, are read as values. */
static tv_error *unpack(const tv_labels *l, int64_t first, int64_t count, int64_t *out) {
  double *values;
  TV_TRY(tv_allocate(count, sizeof(*values), &values));
  tv_error *error = tv_dataset_read(&l->values, first, count, H5T_NATIVE_DOUBLE, values);
  if (!error) error = tv_packing_undo(&l->packing, &l->values, first, count, values);
  for (int64_t i = 0; !error && i < count; ++i) {
    out[i] = (int64_t)fmin(fmax(values[i], -1), TV_MOST_CLASSES);
    if (values[i] != rint(values[i]) || values[i] < 0 || values[i] >= TV_MOST_CLASSES)
      error =
          tv_fail("%s: dataset '%s': row %lld: label %s is not an integer from 0 to %d", l->path,
                  l->name, (long long)(first + i), TV_EXACT(values[i]), TV_MOST_CLASSES - 1);
  }
  free(values);
  return error;
}

static tv_error *refuse_label(const tv_labels *l, int64_t row, int64_t label) {
  char text[32];
  if (l->is_unsigned)
    snprintf(text, sizeof text, "%" PRIu64, (uint64_t)label);
  else
    snprintf(text, sizeof text, "%" PRId64, label);
  if (l->inner[0] && label == -1 && !l->is_unsigned)
    return tv_fail("%s: dataset '%s': row %lld has no label (code -1); leave such rows out",
                   l->path, l->inner[0], (long long)row);
  if (l->inner[0])
    return tv_fail("%s: dataset '%s': row %lld: code %s is not from 0 to %d, of the categories",
                   l->path, l->inner[0], (long long)row, text, l->category_count - 1);
  return tv_fail("%s: dataset '%s': row %lld: label %s is not from 0 to %d", l->path, l->name,
                 (long long)row, text, TV_MOST_CLASSES - 1);
}

/* Integers, or codes of categories, within their bounds. Unsigned ones of 2^63 and more come as
 * negative numbers, which are beyond them, too. */
static tv_error *read_integers(const tv_labels *l, int64_t first, int64_t count, int64_t *out) {
  const int64_t most = l->inner[0] ? l->category_count : TV_MOST_CLASSES;
  if (!l->packing.is_plain) return unpack(l, first, count, out);
  TV_TRY(tv_dataset_read(&l->values, first, count,
                         l->is_unsigned ? H5T_NATIVE_UINT64 : H5T_NATIVE_INT64, out));
  for (int64_t i = 0; i < count; ++i)
    if (out[i] < 0 || out[i] >= most) return refuse_label(l, first + i, out[i]);
  return NULL;
}

static tv_error *pass_over(void *context, int64_t row, const char *text) {
  (void)context, (void)row, (void)text;
  return NULL;
}

tv_error *tv_labels_try(const tv_labels *l, int64_t first, int64_t count) {
  int64_t *integers;
  if (l->is_text) return tv_texts_visit(&l->values, first, count, pass_over, NULL);
  TV_TRY(tv_allocate(count, sizeof(*integers), &integers));
  tv_error *error = read_integers(l, first, count, integers);
  free(integers);
  return error;
}

/* ---- Classes that are counted ---- */

/* Mark the integers, or codes, that the labels of this rank's shards are. */
static tv_error *mark(const tv_labels *l, const tv_partition *p, unsigned char *is_seen) {
  const int64_t end = tv_shard_first_row_of_rank(p, p->rank + 1);
  int64_t first = tv_shard_first_row_of_rank(p, p->rank), *integers;
  TV_TRY(tv_allocate(end - first < PIECE ? end - first : PIECE, sizeof(*integers), &integers));
  tv_error *error = NULL;
  for (; !error && first < end; first += PIECE) {
    const int64_t count = end - first < PIECE ? end - first : PIECE;
    error = read_integers(l, first, count, integers);
    for (int64_t i = 0; !error && i < count; ++i)
      is_seen[l->numbers ? l->numbers[integers[i]] : integers[i]] = 1;
  }
  free(integers);
  return error;
}

static tv_error *count_numbers(const tv_labels *l, const tv_partition *p, tv_source *source) {
  unsigned char *is_seen;
  tv_error *error = tv_allocate(TV_MOST_CLASSES, 1, &is_seen);
  if (!error) error = mark(l, p, is_seen);
  error = tv_agree(p->comm, error);
  if (!error)
    error = tv_source_count_classes(source, l->path, l->name, is_seen, TV_MOST_CLASSES, p->comm);
  free(is_seen);
  return error;
}

/* ---- Classes that are named ---- */

static tv_error *add_text(void *context, int64_t row, const char *text) {
  (void)row;
  return tv_text_set_add(context, text);
}

/* The texts that the labels of this rank's shards are. */
static tv_error *collect(const tv_labels *l, const tv_partition *p, tv_text_set *set) {
  const int64_t first = tv_shard_first_row_of_rank(p, p->rank);
  const int64_t end = tv_shard_first_row_of_rank(p, p->rank + 1);
  unsigned char *is_seen;
  if (l->is_text) return tv_texts_visit(&l->values, first, end - first, add_text, set);
  TV_TRY(tv_allocate(l->category_count, 1, &is_seen));
  tv_error *error = mark(l, p, is_seen);
  for (int i = 0; !error && i < l->category_count; ++i)
    if (is_seen[i]) error = tv_text_set_add(set, l->categories[i]);
  free(is_seen);
  return error;
}

static int compare_names(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* NULL: none has that name. */
static char **find(const tv_labels *l, const char *text) {
  return bsearch(&text, l->names, (size_t)l->name_count, sizeof(*l->names), compare_names);
}

/* Lines become the names, in their order; categories that no sample has are no classes. */
static tv_error *number_names(tv_labels *l) {
  l->name_count = 0;
  for (const char *c = l->text; *c; ++c) l->name_count += *c == '\n';
  TV_TRY(tv_allocate(l->name_count, sizeof(*l->names), &l->names));
  char *rest = l->text;
  for (int i = 0; i < l->name_count; ++i) l->names[i] = strsep(&rest, "\n");
  if (!l->categories) return NULL;
  TV_TRY(tv_allocate(l->category_count, sizeof(*l->class_of), &l->class_of));
  for (int i = 0; i < l->category_count; ++i) {
    char **name = find(l, l->categories[i]);
    l->class_of[i] = name ? name - l->names : -1;
  }
  return NULL;
}

static tv_error *unite_names(tv_labels *l, const tv_partition *p, tv_source *source) {
  tv_text_set set = {.of = &l->values, .most = TV_MOST_CLASSES};
  tv_error *error = collect(l, p, &set);
  error = tv_text_set_unite(p->comm, &set, error, &l->text);
  tv_text_set_free(&set);
  TV_TRY(error);
  TV_TRY(tv_agree(p->comm, number_names(l)));
  source->targets = l->name_count;
  source->has_classes = 1;
  source->class_names = l->names;
  return NULL;
}

tv_error *tv_labels_renumber(tv_labels *l, char *const *names, int count) {
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  if (!out) return tv_fail("out of memory");
  for (int i = 0; i < count; ++i) fprintf(out, "%s\n", names[i]);
  const int is_written = fclose(out) == 0;
  free(l->text);
  free(l->names);
  free(l->class_of);
  l->text = text;
  l->names = NULL;
  l->class_of = NULL;
  return is_written ? number_names(l) : tv_fail("out of memory");
}

tv_error *tv_labels_settle(tv_labels *l, const tv_partition *p, tv_source *source) {
  return l->is_text || l->categories ? unite_names(l, p, source) : count_numbers(l, p, source);
}

/* ---- Reading ---- */

typedef struct {
  const tv_labels *labels;
  int64_t first, *classes;
} place;

static tv_error *name_class(void *context, int64_t row, const char *text) {
  const place *at = context;
  char **name = find(at->labels, text);
  if (!name)
    return tv_fail("%s: dataset '%s': row %lld has another label than when the file was opened",
                   at->labels->path, at->labels->name, (long long)row);
  at->classes[row - at->first] = name - at->labels->names;
  return NULL;
}

tv_error *tv_labels_read(const tv_labels *l, int64_t first, int64_t count, int64_t *classes) {
  place at = {l, first, classes};
  if (l->is_text) return tv_texts_visit(&l->values, first, count, name_class, &at);
  TV_TRY(read_integers(l, first, count, classes));
  const int64_t *class_of_code = l->categories ? l->class_of : l->numbers;
  for (int64_t i = 0; class_of_code && i < count; ++i) classes[i] = class_of_code[classes[i]];
  return NULL;
}
