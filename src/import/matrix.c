#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format.h"
#include "market.h"
#include "tenx.h"
#include "twoview/base/file.h"
#include "twoview/data/npy.h"
#include "twoview/hdf5/error.h"
#include "twoview/hdf5/growing.h"

/* Matrices of the Matrix Market: sparse ones become a group as AnnData has it, by samples, dense
 * ones a dataset. Samples are rows; columns where names of features and barcodes stand beside the
 * matrix, or where it is to be transposed. */

enum { BLOCK_ENTRIES = 1 << 22, PIECE_NUMBERS = 1 << 17 };

static const char *const of_samples_and_features[] = {"sample", "feature", NULL};

typedef struct {
  tv_import_state *state;
  tv_tenx files;
  int is_transposed;
  tv_market market;
  int64_t samples, features;
  /* Of sparse ones. */
  int64_t
      *begin; /* owned: of the entries of each sample in the output, and of the last one's end */
  int is_by_samples; /* the entries of each sample follow each other, and samples too */
  double most;       /* the largest magnitude of a number */
} matrix;

typedef struct {
  int64_t sample, feature;
  double value;
} entry;

static tv_error *open_market(matrix *m) {
  tv_market_close(&m->market);
  TV_TRY(tv_market_open(m->files.matrix, &m->market));
  m->samples = m->is_transposed ? m->market.columns : m->market.rows;
  m->features = m->is_transposed ? m->market.rows : m->market.columns;
  if (m->features <= INT_MAX / 8) return NULL;
  return tv_fail("%s: %lld features; at most %d will do", m->files.matrix, (long long)m->features,
                 INT_MAX / 8);
}

static tv_error *next_entry(matrix *m, entry *out) {
  tv_market_entry e;
  TV_TRY(tv_market_next(&m->market, &e));
  *out = m->is_transposed ? (entry){e.column, e.row, e.value} : (entry){e.row, e.column, e.value};
  return NULL;
}

/* To be called when the entries were seen: until then sizes are no more than the header's word. */
static tv_error *write_names(const matrix *m) {
  const char *labels = m->state->options->labels;
  TV_TRY(tv_tenx_write_names(&m->files, m->state->file, m->samples, m->features));
  return labels ? tv_tenx_write_labels(labels, m->state->file, m->samples) : NULL;
}

/* ---- Dense ---- */

/* All numbers, to a scratch file, column by column. */
static tv_error *spill(matrix *m, int file) {
  double *piece;
  int64_t written = 0, count = 0;
  entry e;
  TV_TRY(tv_allocate(PIECE_NUMBERS, sizeof(*piece), &piece));
  tv_error *error = NULL;
  while (!error && m->market.taken < m->market.entries) {
    error = next_entry(m, &e);
    if (!error) piece[count++] = e.value;
    if (error || (count < PIECE_NUMBERS && m->market.taken < m->market.entries)) continue;
    error = tv_file_write("scratch file", file, written, piece, (size_t)count * sizeof *piece);
    written += count * (int64_t)sizeof *piece;
    count = 0;
  }
  free(piece);
  return error ? error : tv_market_expect_end(&m->market);
}

/* Columns of the file are rows of what is transposed. */
static tv_error *copy_rows(const matrix *m, int file, tv_growing *out) {
  const tv_npy spilled = {.path = m->files.matrix,
                          .file = file,
                          .dimensions = 2,
                          .extent = {m->samples, m->features},
                          .width = (int)m->features,
                          .kind = 'f',
                          .size = sizeof(double),
                          .is_fortran = !m->is_transposed};
  const int64_t piece = PIECE_NUMBERS > m->features ? PIECE_NUMBERS / m->features : 1;
  double *x;
  TV_TRY(tv_allocate(piece * m->features, sizeof(*x), &x));
  tv_error *error = NULL;
  for (int64_t first = 0; !error && first < m->samples; first += piece) {
    const int64_t count = m->samples - first < piece ? m->samples - first : piece;
    error = tv_npy_read(&spilled, first, count, x);
    if (!error) error = tv_growing_add(out, count, x);
  }
  free(x);
  return error;
}

static tv_error *write_dense(matrix *m) {
  const hsize_t width = (hsize_t)m->features;
  const hid_t file = m->state->file;
  tv_growing out = {0};
  int scratch;
  TV_TRY(tv_file_scratch(m->state->beside, &scratch));
  tv_error *error = spill(m, scratch);
  if (!error) error = write_names(m);
  if (!error)
    error = tv_growing_begin(file, tv_label_samples, H5T_NATIVE_DOUBLE, H5T_NATIVE_DOUBLE, 2,
                             &width, &out);
  if (!error) error = copy_rows(m, scratch, &out);
  if (!error) error = tv_growing_finish(&out, file, of_samples_and_features);
  tv_growing_close(&out);
  close(scratch);
  return error;
}

/* ---- Sparse: where the entries of each sample go ---- */

static double magnitude(double value) {
  return value < 0 ? -value : value;
}

/* The first pass. Numbers of entries become places. */
static tv_error *count_entries(matrix *m) {
  entry e;
  int64_t last = 0;
  m->is_by_samples = 1;
  TV_TRY(tv_allocate(m->samples + 1, sizeof(*m->begin), &m->begin));
  for (int64_t i = 0; i < m->market.entries; ++i) {
    TV_TRY(next_entry(m, &e));
    ++m->begin[e.sample + 1];
    m->is_by_samples &= e.sample >= last;
    last = e.sample;
    if (magnitude(e.value) > m->most) m->most = magnitude(e.value);
  }
  for (int64_t i = 0; i < m->samples; ++i) m->begin[i + 1] += m->begin[i];
  return tv_market_expect_end(&m->market);
}

/* ---- Sparse: a block of samples after the other ---- */

typedef struct {
  int64_t first, end; /* samples */
  int64_t *filled;    /* owned: entries of each sample so far */
  entry *entries;     /* owned */
  int64_t room;
} block;

/* As many samples as fit, at least one. */
static int64_t end_of_block(const matrix *m, int64_t first) {
  int64_t end = first + 1;
  while (end < m->samples && m->begin[end + 1] - m->begin[first] <= BLOCK_ENTRIES) ++end;
  return end;
}

static tv_error *changed(const matrix *m) {
  return tv_fail("%s: was changed while it was read", m->files.matrix);
}

static tv_error *place_entry(const matrix *m, const entry *e, block *b) {
  if (e->sample < b->first || e->sample >= b->end) return NULL;
  const int64_t place = m->begin[e->sample] + b->filled[e->sample]++;
  if (place >= m->begin[e->sample + 1]) return changed(m);
  b->entries[place - m->begin[b->first]] = *e;
  return NULL;
}

/* Of a file that is by samples the next entries are those of the block; else all of them are seen
 * for each block. */
static tv_error *fill_block(matrix *m, block *b) {
  const int64_t wanted = m->begin[b->end] - m->begin[b->first];
  entry e;
  if (!m->is_by_samples) TV_TRY(open_market(m));
  const int64_t count = m->is_by_samples ? wanted : m->market.entries;
  for (int64_t i = 0; i < count; ++i) {
    TV_TRY(next_entry(m, &e));
    TV_TRY(place_entry(m, &e, b));
  }
  for (int64_t i = b->first; i < b->end; ++i)
    if (b->filled[i] != m->begin[i + 1] - m->begin[i]) return changed(m);
  return NULL;
}

static int compare_features(const void *a, const void *b) {
  const int64_t first = ((const entry *)a)->feature, second = ((const entry *)b)->feature;
  return (first > second) - (first < second);
}

static int are_ordered(const entry *entries, int64_t count) {
  for (int64_t i = 1; i < count; ++i)
    if (entries[i - 1].feature >= entries[i].feature) return 0;
  return 1;
}

/* In the order of features, each once. */
static tv_error *order_sample(const matrix *m, entry *entries, int64_t count) {
  if (are_ordered(entries, count)) return NULL;
  qsort(entries, (size_t)count, sizeof *entries, compare_features);
  for (int64_t i = 1; i < count; ++i) {
    const entry *e = &entries[i];
    if (e[-1].feature != e->feature) continue;
    const int64_t row = m->is_transposed ? e->feature : e->sample;
    const int64_t column = m->is_transposed ? e->sample : e->feature;
    return tv_fail("%s: row %lld, column %lld has two entries", m->files.matrix, (long long)row + 1,
                   (long long)column + 1);
  }
  return NULL;
}

static tv_error *write_block(const matrix *m, const block *b, tv_growing *data,
                             tv_growing *indices) {
  const int64_t first = m->begin[b->first];
  for (int64_t i = b->first; i < b->end; ++i)
    TV_TRY(order_sample(m, b->entries + m->begin[i] - first, m->begin[i + 1] - m->begin[i]));
  for (int64_t i = 0; i < m->begin[b->end] - first; ++i) {
    TV_TRY(tv_growing_add(data, 1, &b->entries[i].value));
    TV_TRY(tv_growing_add(indices, 1, &b->entries[i].feature));
  }
  return NULL;
}

static tv_error *reserve(const matrix *m, block *b) {
  const int64_t wanted = m->begin[b->end] - m->begin[b->first];
  if (wanted <= b->room) return NULL;
  free(b->entries);
  b->room = 0;
  TV_TRY(tv_allocate(wanted, sizeof(*b->entries), &b->entries));
  b->room = wanted;
  return NULL;
}

static tv_error *copy_blocks(matrix *m, block *b, tv_growing *data, tv_growing *indices) {
  TV_TRY(tv_allocate(m->samples, sizeof(*b->filled), &b->filled));
  TV_TRY(open_market(m));
  for (b->first = 0; b->first < m->samples; b->first = b->end) {
    b->end = end_of_block(m, b->first);
    TV_TRY(reserve(m, b));
    TV_TRY(fill_block(m, b));
    TV_TRY(write_block(m, b, data, indices));
  }
  return NULL;
}

/* ---- Sparse: the group ---- */

/* Integers take as few bytes as most need. */
static hid_t stored_type(const matrix *m) {
  if (m->market.field == TV_MARKET_REAL) return H5T_NATIVE_DOUBLE;
  return m->most <= INT32_MAX ? H5T_NATIVE_INT32 : H5T_NATIVE_INT64;
}

static tv_error *write_entries(matrix *m, hid_t group, tv_growing *data, tv_growing *indices) {
  const tv_label of_data = {"data", "numbers", "1"},
                 of_indices = {"indices", "their features", "1"};
  block b = {0};
  TV_TRY(tv_growing_begin(group, of_data, stored_type(m), H5T_NATIVE_DOUBLE, 1, NULL, data));
  TV_TRY(tv_growing_begin(group, of_indices, H5T_NATIVE_INT32, H5T_NATIVE_INT64, 1, NULL, indices));
  tv_error *error = copy_blocks(m, &b, data, indices);
  free(b.entries);
  free(b.filled);
  return error;
}

static tv_error *write_places(const matrix *m, hid_t group) {
  const tv_label label = {"indptr", "where the numbers of each sample begin", "1"};
  tv_growing places = {0};
  tv_error *error =
      tv_growing_begin(group, label, H5T_NATIVE_INT64, H5T_NATIVE_INT64, 1, NULL, &places);
  if (!error) error = tv_growing_add(&places, m->samples + 1, m->begin);
  if (!error) error = tv_growing_finish(&places, group, NULL);
  tv_growing_close(&places);
  return error;
}

/* As AnnData has it. */
static tv_error *fill_group(matrix *m, hid_t group) {
  const int64_t shape[] = {m->samples, m->features};
  tv_growing data = {0}, indices = {0};
  TV_TRY(tv_attribute_text(group, "encoding-type", "csr_matrix"));
  TV_TRY(tv_attribute_text(group, "encoding-version", "0.1.0"));
  TV_TRY(tv_attribute_list(group, "shape", TV_INTEGER, 2, shape));
  tv_error *error = write_entries(m, group, &data, &indices);
  if (!error) error = tv_growing_finish(&data, group, NULL);
  if (!error) error = tv_growing_finish(&indices, group, NULL);
  tv_growing_close(&data);
  tv_growing_close(&indices);
  return error ? error : write_places(m, group);
}

static tv_error *write_sparse(matrix *m) {
  TV_TRY(count_entries(m));
  TV_TRY(write_names(m));
  const hid_t group = tv_label_create_group(m->state->file, tv_label_samples.name);
  if (group < 0) return tv_hdf5_fail("group '%s' cannot be created", tv_label_samples.name);
  tv_error *error = fill_group(m, group);
  H5Gclose(group);
  return error;
}

/* ---- Together ---- */

static tv_error *write_all(matrix *m, const char *path) {
  tv_import_state *s = m->state;
  const tv_import_options *o = s->options;
  TV_TRY(tv_tenx_find(path, &m->files));
  m->is_transposed = m->files.features != NULL || o->given & TV_IMPORT_TRANSPOSE;
  TV_TRY(open_market(m));
  snprintf(s->samples, sizeof s->samples, "%s", tv_label_samples.name);
  if (o->labels) snprintf(s->labels, sizeof s->labels, "%s", tv_label_labels.name);
  return m->market.is_dense ? write_dense(m) : write_sparse(m);
}

static tv_error *write_matrix(tv_import_state *state) {
  const char *const *sources = state->options->sources;
  matrix m = {.state = state};
  if (sources[1])
    return tv_fail_usage("import: one matrix at a time, but '%s' follows", sources[1]);
  tv_error *error = write_all(&m, sources[0]);
  tv_market_close(&m.market);
  tv_tenx_free(&m.files);
  free(m.begin);
  return error;
}

static int takes(const char *path) {
  return tv_import_ends_with_or_packed(path, ".mtx") || tv_tenx_is_folder(path);
}

const tv_import_format tv_import_matrix = {
    .what = "matrices of the Matrix Market (.mtx), or a folder of one as 10x Genomics has it",
    .takes = takes,
    .options = TV_IMPORT_LABELS | TV_IMPORT_TRANSPOSE,
    .write = write_matrix,
};
