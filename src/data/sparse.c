#include "sparse.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/base/guard.h"
#include "twoview/base/statistics.h"
#include "twoview/hdf5/error.h"

static const char *const part_names[TV_SPARSE_PARTS] = {"data", "indices", "indptr"};

/* ---- How it is arranged ---- */

/* A text of the group's attributes; "" where there is none of that name, or a longer one. */
static void read_text(hid_t group, const char *name, char out[32]) {
  *out = '\0';
  if (H5Aexists(group, name) <= 0) return;
  const hid_t attribute = H5Aopen(group, name, H5P_DEFAULT), type = H5Aget_type(attribute);
  const hid_t space = H5Aget_space(attribute);
  const int is_text = type >= 0 && space >= 0 && H5Tget_class(type) == H5T_STRING &&
                      H5Sget_simple_extent_npoints(space) == 1;
  char *varying = NULL;
  if (is_text && H5Tis_variable_str(type) > 0 && H5Aread(attribute, type, &varying) >= 0) {
    snprintf(out, 32, "%s", varying ? varying : "");
    H5free_memory(varying);
  } else if (is_text && H5Tis_variable_str(type) == 0 && H5Tget_size(type) < 32) {
    char text[32] = "";
    if (H5Aread(attribute, type, text) >= 0) snprintf(out, 32, "%s", text);
  }
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  if (attribute >= 0) H5Aclose(attribute);
}

/* The two integers of an attribute; 0: there are none. */
static int read_shape_attribute(hid_t group, const char *name, int64_t shape[2]) {
  if (H5Aexists(group, name) <= 0) return 0;
  const hid_t attribute = H5Aopen(group, name, H5P_DEFAULT), type = H5Aget_type(attribute);
  const hid_t space = H5Aget_space(attribute);
  const int is_read = type >= 0 && space >= 0 && H5Tget_class(type) == H5T_INTEGER &&
                      H5Sget_simple_extent_npoints(space) == 2 &&
                      H5Aread(attribute, H5T_NATIVE_INT64, shape) >= 0;
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  if (attribute >= 0) H5Aclose(attribute);
  return is_read;
}

/* Of 10x Genomics: features x barcodes, by barcodes, which are the samples. */
static tv_error *read_shape_dataset(hid_t file, const tv_sparse *m, int64_t shape[2]) {
  char *name = NULL;
  tv_dataset d = {0};
  double unused = 0; /* closed again */
  int64_t stored[2];
  if (asprintf(&name, "%s/shape", m->name) < 0) return tv_fail("out of memory");
  const tv_dataset_wish wish = {m->path, name, 1, 1, TV_HOLDS_INTEGERS};
  tv_error *error = tv_dataset_open(file, &wish, &d, &unused);
  if (!error && d.extent[0] != 2)
    error =
        tv_fail("%s: dataset '%s' must hold two numbers, of features and barcodes", m->path, name);
  if (!error) error = tv_dataset_read(&d, 0, 2, H5T_NATIVE_INT64, stored);
  tv_dataset_close(&d);
  free(name);
  TV_TRY(error);
  shape[0] = stored[1];
  shape[1] = stored[0];
  return NULL;
}

/* AnnData says in attributes what it has written, today's and that of before 2019. */
static tv_error *read_arrangement(hid_t file, tv_sparse *m, int64_t shape[2]) {
  static const char *const formats[] = {"encoding-type", "h5sparse_format"};
  static const char *const shapes[] = {"shape", "h5sparse_shape"};
  const hid_t group = H5Gopen2(file, m->name, H5P_DEFAULT);
  char format[32] = "";
  int has_shape = 0;
  if (group < 0) return tv_hdf5_fail("%s: group '%s' cannot be opened", m->path, m->name);
  for (int i = 0; i < 2 && !*format; ++i) read_text(group, formats[i], format);
  for (int i = 0; i < 2 && !has_shape; ++i)
    has_shape = read_shape_attribute(group, shapes[i], shape);
  const int has_dataset = H5Lexists(group, "shape", H5P_DEFAULT) > 0;
  H5Gclose(group);
  if (!*format && has_dataset) return read_shape_dataset(file, m, shape);
  m->is_by_columns = strncmp(format, "csc", 3) == 0;
  if ((m->is_by_columns || strncmp(format, "csr", 3) == 0) && has_shape) return NULL;
  return tv_fail("%s: group '%s' does not say how its numbers are arranged: neither by attributes "
                 "'encoding-type' (csr_matrix, csc_matrix) and 'shape', as AnnData, nor by a "
                 "dataset 'shape', as 10x Genomics",
                 m->path, m->name);
}

/* ---- Opening ---- */

static tv_error *expect_parts(hid_t file, tv_sparse *m) {
  for (int i = 0; i < TV_SPARSE_PARTS; ++i) {
    if (asprintf(&m->inner[i], "%s/%s", m->name, part_names[i]) < 0) {
      m->inner[i] = NULL;
      return tv_fail("out of memory");
    }
    if (H5Lexists(file, m->inner[i], H5P_DEFAULT) <= 0)
      return tv_fail(
          "%s: there is no dataset '%s': it is a group without '%s', not a dataset, and no "
          "sparse matrix: 'data', 'indices' and 'indptr'",
          m->path, m->name, part_names[i]);
  }
  return NULL;
}

static tv_error *take_shape(tv_sparse *m, const int64_t shape[2]) {
  static const int64_t most_rows = (int64_t)1 << 53, most_columns = INT_MAX / 8;
  if (shape[0] < 1 || shape[0] > most_rows || shape[1] < 1 || shape[1] > most_columns)
    return tv_fail("%s: group '%s' has %" PRId64 " samples of %" PRId64
                   " features; at least 1 and at most %" PRId64 " and %" PRId64 " will do",
                   m->path, m->name, shape[0], shape[1], most_rows, most_columns);
  m->rows = shape[0];
  m->columns = (int)shape[1];
  return NULL;
}

static int64_t numbers_of(const tv_sparse *m) {
  return (int64_t)m->part[TV_SPARSE_DATA].extent[0];
}

/* Where the first row begins and the last one ends. */
static tv_error *expect_ends(const tv_sparse *m) {
  const tv_dataset *begins = &m->part[TV_SPARSE_INDPTR];
  const int64_t compressed = (int64_t)begins->extent[0] - 1;
  int64_t first, last;
  TV_TRY(tv_dataset_read(begins, 0, 1, H5T_NATIVE_INT64, &first));
  TV_TRY(tv_dataset_read(begins, compressed, 1, H5T_NATIVE_INT64, &last));
  if (first == 0 && last == numbers_of(m)) return NULL;
  return tv_fail("%s: dataset '%s' goes from %" PRId64 " to %" PRId64
                 ", and must go from 0 to %" PRId64 ", the length of '%s'",
                 m->path, begins->name, first, last, numbers_of(m), m->inner[TV_SPARSE_DATA]);
}

static tv_error *expect_lengths(const tv_sparse *m) {
  const int64_t compressed = m->is_by_columns ? m->columns : m->rows;
  const int64_t begins = (int64_t)m->part[TV_SPARSE_INDPTR].extent[0];
  const int64_t indices = (int64_t)m->part[TV_SPARSE_INDICES].extent[0];
  if (indices != numbers_of(m))
    return tv_fail(
        "%s: dataset '%s' has %" PRId64 " numbers and '%s' %" PRId64 "; there must be one for each",
        m->path, m->inner[TV_SPARSE_INDICES], indices, m->inner[TV_SPARSE_DATA], numbers_of(m));
  if (begins == compressed + 1) return expect_ends(m);
  return tv_fail("%s: dataset '%s' has %" PRId64 " numbers, and must have %" PRId64
                 ", one more than %s",
                 m->path, m->inner[TV_SPARSE_INDPTR], begins, compressed + 1,
                 m->is_by_columns ? "features" : "samples");
}

tv_error *tv_sparse_open(hid_t file, const char *path, const char *name, tv_sparse *m) {
  static const tv_dataset_type types[] = {TV_HOLDS_NUMBERS, TV_HOLDS_INTEGERS, TV_HOLDS_INTEGERS};
  int64_t shape[2] = {0};
  *m = (tv_sparse){.path = path, .name = name};
  TV_TRY(expect_parts(file, m));
  TV_TRY(read_arrangement(file, m, shape));
  TV_TRY(take_shape(m, shape));
  for (int i = 0; i < TV_SPARSE_PARTS; ++i) {
    const tv_dataset_wish wish = {path, m->inner[i], 1, 1, types[i]};
    TV_TRY(tv_dataset_open(file, &wish, &m->part[i], &m->cache_bytes));
  }
  return expect_lengths(m);
}

void tv_sparse_close(tv_sparse *m) {
  for (int i = 0; i < TV_SPARSE_PARTS; ++i) {
    tv_dataset_close(&m->part[i]);
    free(m->inner[i]);
    m->inner[i] = NULL;
  }
}

/* ---- Reading ---- */

/* Where rows [first, first + count) begin, and the last one ends: count + 1 numbers. */
static tv_error *read_begins(const tv_sparse *m, int64_t first, int count, int64_t *begin) {
  const tv_dataset *begins = &m->part[TV_SPARSE_INDPTR];
  TV_TRY(tv_dataset_read(begins, first, count + 1, H5T_NATIVE_INT64, begin));
  for (int i = 0; i < count; ++i) {
    const long long row = (long long)first + i;
    if (begin[i] < 0 || begin[i + 1] < begin[i] || begin[i + 1] > numbers_of(m))
      return tv_fail("%s: dataset '%s': row %lld goes from %" PRId64 " to %" PRId64
                     ", and must not end before it begins, nor beyond the %" PRId64 " numbers",
                     m->path, begins->name, row, begin[i], begin[i + 1], numbers_of(m));
    if (begin[i + 1] - begin[i] > m->columns)
      return tv_fail("%s: dataset '%s': row %lld has %" PRId64
                     " numbers, more than there are features (%d)",
                     m->path, begins->name, row, begin[i + 1] - begin[i], m->columns);
  }
  return NULL;
}

tv_error *tv_sparse_examine(const tv_sparse *m, const tv_partition *p, int64_t *most) {
  int64_t begin[TV_BATCH + 1];
  *most = 0;
  for (int shard = tv_shard_first_of_rank(p, p->rank);
       shard < tv_shard_first_of_rank(p, p->rank + 1); ++shard) {
    const int64_t end = tv_shard_first(p, shard + 1);
    for (int64_t first = tv_shard_first(p, shard); first < end; first += TV_BATCH) {
      const int count = (int)(end - first < TV_BATCH ? end - first : TV_BATCH);
      TV_TRY(read_begins(m, first, count, begin));
      if (begin[count] - begin[0] > *most) *most = begin[count] - begin[0];
    }
  }
  return NULL;
}

static tv_error *refuse_column(const tv_sparse *m, int64_t row, int64_t at) {
  const tv_dataset *indices = &m->part[TV_SPARSE_INDICES];
  int64_t index;
  TV_TRY(tv_dataset_read(indices, at, 1, H5T_NATIVE_INT64, &index));
  return tv_fail("%s: dataset '%s': row %lld: index %" PRId64
                 " is not from 0 to %d, of the features",
                 m->path, indices->name, (long long)row, index, m->columns - 1);
}

static tv_error *check(const tv_sparse *m, int64_t first, int count, int64_t offset,
                       const tv_sparse_rows *rows) {
  for (int i = 0; i < count; ++i)
    for (int64_t at = rows->begin[i]; at < rows->begin[i + 1]; ++at) {
      if (rows->column[at] < 0 || rows->column[at] >= m->columns)
        return refuse_column(m, first + i, offset + at);
      if (!isfinite(rows->value[at]))
        return tv_fail("%s: dataset '%s': row %lld, column %d is %s; all numbers must be finite",
                       m->path, m->inner[TV_SPARSE_DATA], (long long)first + i, rows->column[at],
                       TV_EXACT(rows->value[at]));
    }
  return NULL;
}

tv_error *tv_sparse_read(const tv_sparse *m, int64_t first, int count, tv_sparse_rows *rows) {
  const tv_dataset *data = &m->part[TV_SPARSE_DATA], *indices = &m->part[TV_SPARSE_INDICES];
  TV_TRY(read_begins(m, first, count, rows->begin));
  const int64_t offset = rows->begin[0], numbers = rows->begin[count] - offset;
  for (int i = 0; i <= count; ++i) rows->begin[i] -= offset;
  if (numbers == 0) return NULL;
  TV_TRY(tv_sparse_rows_reserve(rows, numbers));
  tv_guard_step(tv_dataset_unpacked(data, numbers) + tv_dataset_unpacked(indices, numbers));
  TV_TRY(tv_dataset_read(data, offset, numbers, H5T_NATIVE_DOUBLE, rows->value));
  TV_TRY(tv_dataset_read(indices, offset, numbers, H5T_NATIVE_INT, rows->column));
  TV_TRY(check(m, first, count, offset, rows));
  return tv_sparse_rows_order(rows, count);
}
