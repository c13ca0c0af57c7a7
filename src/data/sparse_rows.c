#include "sparse_rows.h"

#include <stdlib.h>
#include <string.h>

tv_error *tv_sparse_rows_reserve(tv_sparse_rows *r, int64_t room) {
  if (room <= r->room) return NULL;
  tv_sparse_rows_release(r);
  TV_TRY(tv_allocate(room, sizeof(*r->column), &r->column));
  TV_TRY(tv_allocate(room, sizeof(*r->value), &r->value));
  r->room = room;
  return NULL;
}

void tv_sparse_rows_release(tv_sparse_rows *r) {
  free(r->column);
  free(r->value);
  r->column = NULL;
  r->value = NULL;
  r->room = 0;
}

/* ---- Order ---- */

typedef struct {
  int64_t place; /* as stored: numbers of one column are added up in this order */
  int column;
  double value;
} entry;

static int compare_entries(const void *a, const void *b) {
  const entry *x = a, *y = b;
  if (x->column != y->column) return x->column < y->column ? -1 : 1;
  return x->place < y->place ? -1 : 1;
}

static int is_ordered(const tv_sparse_rows *r, int64_t first, int64_t end) {
  for (int64_t i = first + 1; i < end; ++i)
    if (r->column[i] <= r->column[i - 1]) return 0;
  return 1;
}

/* The row [first, end) goes to `to` and the places behind it; returns its new end. */
static int64_t order_row(tv_sparse_rows *r, int64_t first, int64_t end, int64_t to,
                         entry *entries) {
  const int64_t count = end - first;
  for (int64_t i = 0; i < count; ++i)
    entries[i] = (entry){i, r->column[first + i], r->value[first + i]};
  qsort(entries, (size_t)count, sizeof *entries, compare_entries);
  const int64_t begin = to;
  for (int64_t i = 0; i < count; ++i) {
    if (to > begin && r->column[to - 1] == entries[i].column) {
      r->value[to - 1] += entries[i].value;
      continue;
    }
    r->column[to] = entries[i].column;
    r->value[to++] = entries[i].value;
  }
  return to;
}

static tv_error *order_all(tv_sparse_rows *r, int count) {
  entry *entries;
  int64_t to = 0, longest = 0;
  for (int i = 0; i < count; ++i)
    if (r->begin[i + 1] - r->begin[i] > longest) longest = r->begin[i + 1] - r->begin[i];
  TV_TRY(tv_allocate(longest, sizeof *entries, &entries));
  for (int i = 0; i < count; ++i) {
    const int64_t first = r->begin[i];
    r->begin[i] = to;
    to = order_row(r, first, r->begin[i + 1], to, entries);
  }
  r->begin[count] = to;
  free(entries);
  return NULL;
}

tv_error *tv_sparse_rows_order(tv_sparse_rows *r, int count) {
  for (int i = 0; i < count; ++i)
    if (!is_ordered(r, r->begin[i], r->begin[i + 1])) return order_all(r, count);
  return NULL;
}

void tv_sparse_rows_gather(tv_sparse_rows *r, int count, int columns, const double *dense) {
  int64_t at = 0;
  for (int i = 0; i < count; ++i, dense += columns) {
    r->begin[i] = at;
    for (int j = 0; j < columns; ++j) {
      if (dense[j] == 0) continue;
      r->column[at] = j;
      r->value[at++] = dense[j];
    }
  }
  r->begin[count] = at;
}

void tv_sparse_rows_spread(const tv_sparse_rows *r, int count, int columns, double *out) {
  memset(out, 0, (size_t)count * (size_t)columns * sizeof(*out));
  for (int i = 0; i < count; ++i, out += columns)
    for (int64_t at = r->begin[i]; at < r->begin[i + 1]; ++at) out[r->column[at]] = r->value[at];
}
