#include "by_columns.h"

#include <inttypes.h>
#include <math.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "twoview/base/comm.h"
#include "twoview/base/guard.h"
#include "twoview/base/statistics.h"

enum { ROUND = 1 << 20, LEAST_PIECE = 1 << 12 }; /* numbers read at a time: by all, by a rank */

typedef struct {
  int64_t row;
  double value;
  int column;
} entry;

/* Numbers on their way. Piece i of the file is read in round i / size by rank i % size, so that
 * numbers arrive in the order of the file. */
typedef struct {
  const tv_sparse *matrix;
  const tv_partition *partition;
  int64_t piece;   /* numbers that a rank reads in a round */
  int64_t *begin;  /* of each column, and the end */
  int64_t *row;    /* a piece, as it is read */
  double *value;   /* NULL: only rows are */
  entry *out, *in; /* what is sent, sorted by ranks, and received */
  int64_t room;    /* of `in` */
  int *sent, *sent_from, *received, *received_from; /* of each rank */
  MPI_Datatype type;
} traffic;

static int64_t numbers_of(const tv_sparse *m) {
  return (int64_t)m->part[TV_SPARSE_DATA].extent[0];
}

static int64_t piece_of(int size) {
  return ROUND / size > LEAST_PIECE ? ROUND / size : LEAST_PIECE;
}

/* ---- Reading ---- */

static tv_error *read_begins(const tv_sparse *m, int64_t *begin) {
  const tv_dataset *begins = &m->part[TV_SPARSE_INDPTR];
  TV_TRY(tv_dataset_read(begins, 0, m->columns + 1, H5T_NATIVE_INT64, begin));
  for (int i = 0; i < m->columns; ++i)
    if (begin[i] < 0 || begin[i + 1] < begin[i] || begin[i + 1] > numbers_of(m))
      return tv_fail("%s: dataset '%s': column %d goes from %" PRId64 " to %" PRId64
                     ", and must not end before it begins, nor beyond the %" PRId64 " numbers",
                     m->path, begins->name, i, begin[i], begin[i + 1], numbers_of(m));
  return NULL;
}

static tv_error *check_number(const tv_sparse *m, int64_t at, int64_t row, int column,
                              double value) {
  if (row < 0 || row >= m->rows)
    return tv_fail("%s: dataset '%s': number %lld, of column %d: index %" PRId64
                   " is not from 0 to %" PRId64 ", of the samples",
                   m->path, m->inner[TV_SPARSE_INDICES], (long long)at, column, row, m->rows - 1);
  if (isfinite(value)) return NULL;
  return tv_fail("%s: dataset '%s': row %" PRId64 ", column %d is %s; all numbers must be finite",
                 m->path, m->inner[TV_SPARSE_DATA], row, column, TV_EXACT(value));
}

/* Numbers [first, first + count); their values unless `value` is NULL. */
static tv_error *read_piece(const tv_sparse *m, int64_t first, int64_t count, int64_t *row,
                            double *value) {
  const tv_dataset *data = &m->part[TV_SPARSE_DATA], *indices = &m->part[TV_SPARSE_INDICES];
  tv_guard_step(tv_dataset_unpacked(data, count) + tv_dataset_unpacked(indices, count));
  TV_TRY(tv_dataset_read(indices, first, count, H5T_NATIVE_INT64, row));
  return value ? tv_dataset_read(data, first, count, H5T_NATIVE_DOUBLE, value) : NULL;
}

tv_error *tv_by_columns_try(const tv_sparse *m, int rank, int size) {
  const int64_t piece = piece_of(size), all = numbers_of(m);
  int64_t *row = NULL;
  double *value = NULL;
  tv_error *error = tv_allocate(piece, sizeof *row, &row);
  if (!error) error = tv_allocate(piece, sizeof *value, &value);
  for (int64_t first = rank * piece; !error && first < all && clock() < CLOCKS_PER_SEC / 2;
       first += size * piece)
    error = read_piece(m, first, all - first < piece ? all - first : piece, row, value);
  free(value);
  free(row);
  return error;
}

/* ---- Exchange ---- */

static int owner_of(const tv_partition *p, int64_t row) {
  int low = 0, high = p->size - 1;
  while (low < high) {
    const int middle = (low + high) / 2;
    if (row < tv_shard_first_row_of_rank(p, middle + 1))
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

static int column_of(const traffic *t, int64_t at) {
  int low = 0, high = t->matrix->columns - 1;
  while (low < high) {
    const int middle = low + (high - low) / 2;
    if (at < t->begin[middle + 1])
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

/* Sort a piece by the ranks that its rows belong to, in the order of the file within each. */
static tv_error *sort_piece(traffic *t, int64_t first, int64_t count) {
  const tv_partition *p = t->partition;
  int column = count > 0 ? column_of(t, first) : 0;
  for (int64_t i = 0; i < count; ++i) {
    while (first + i >= t->begin[column + 1]) ++column;
    TV_TRY(check_number(t->matrix, first + i, t->row[i], column, t->value ? t->value[i] : 0));
    ++t->sent[owner_of(p, t->row[i])];
  }
  for (int rank = 1; rank < p->size; ++rank)
    t->sent_from[rank] = t->sent_from[rank - 1] + t->sent[rank - 1];
  memset(t->sent, 0, (size_t)p->size * sizeof *t->sent);
  column = count > 0 ? column_of(t, first) : 0;
  for (int64_t i = 0; i < count; ++i) {
    while (first + i >= t->begin[column + 1]) ++column;
    const int rank = owner_of(p, t->row[i]);
    t->out[t->sent_from[rank] + t->sent[rank]++] =
        (entry){t->row[i], t->value ? t->value[i] : 0, column};
  }
  return NULL;
}

static tv_error *receive_room(traffic *t, int64_t *count) {
  const int size = t->partition->size;
  *count = 0;
  for (int rank = 0; rank < size; ++rank) {
    t->received_from[rank] = (int)*count;
    *count += t->received[rank];
  }
  if (*count <= t->room) return NULL;
  free(t->in);
  t->in = NULL;
  t->room = *count;
  return tv_allocate(*count, sizeof *t->in, &t->in);
}

/* A piece of each rank; *count entries have arrived here.                           Collective. */
static tv_error *exchange_round(traffic *t, int64_t first, int64_t *count) {
  const tv_partition *p = t->partition;
  const int64_t all = numbers_of(t->matrix), begin = first + p->rank * t->piece;
  const int64_t left = all > begin ? all - begin : 0, own = left < t->piece ? left : t->piece;
  memset(t->sent, 0, (size_t)p->size * sizeof *t->sent);
  tv_error *error = own > 0 ? read_piece(t->matrix, begin, own, t->row, t->value) : NULL;
  if (!error) error = sort_piece(t, begin, own);
  TV_TRY(tv_agree(p->comm, error));
  MPI_Alltoall(t->sent, 1, MPI_INT, t->received, 1, MPI_INT, p->comm);
  TV_TRY(tv_agree(p->comm, receive_room(t, count)));
  MPI_Alltoallv(t->out, t->sent, t->sent_from, t->type, t->in, t->received, t->received_from,
                t->type, p->comm);
  return NULL;
}

static void release(traffic *t) {
  MPI_Type_free(&t->type);
  free(t->begin);
  free(t->row);
  free(t->value);
  free(t->out);
  free(t->in);
  free(t->sent);
  free(t->sent_from);
  free(t->received);
  free(t->received_from);
}

static tv_error *prepare(traffic *t) {
  const int size = t->partition->size;
  TV_TRY(tv_allocate(t->matrix->columns + 1, sizeof *t->begin, &t->begin));
  TV_TRY(tv_allocate(t->piece, sizeof *t->row, &t->row));
  TV_TRY(tv_allocate(t->piece, sizeof *t->out, &t->out));
  TV_TRY(tv_allocate(size, sizeof *t->sent, &t->sent));
  TV_TRY(tv_allocate(size, sizeof *t->sent_from, &t->sent_from));
  TV_TRY(tv_allocate(size, sizeof *t->received, &t->received));
  TV_TRY(tv_allocate(size, sizeof *t->received_from, &t->received_from));
  return read_begins(t->matrix, t->begin);
}

/* ---- A rank's rows ---- */

/* Count the numbers of each row, in the place behind its own. */
static tv_error *count_numbers(traffic *t, tv_own_rows *own) {
  for (int64_t first = 0; first < numbers_of(t->matrix); first += t->partition->size * t->piece) {
    int64_t count = 0;
    TV_TRY(exchange_round(t, first, &count));
    for (int64_t i = 0; i < count; ++i) ++own->begin[t->in[i].row - own->first + 1];
  }
  for (int64_t i = 0; i < own->rows; ++i) own->begin[i + 1] += own->begin[i];
  return NULL;
}

/* Put them there; `begin` moves on to where the next row begins, and is moved back. */
static tv_error *place_numbers(traffic *t, tv_own_rows *own) {
  for (int64_t first = 0; first < numbers_of(t->matrix); first += t->partition->size * t->piece) {
    int64_t count = 0;
    TV_TRY(exchange_round(t, first, &count));
    for (int64_t i = 0; i < count; ++i) {
      const int64_t at = own->begin[t->in[i].row - own->first]++;
      own->column[at] = t->in[i].column;
      own->value[at] = t->in[i].value;
    }
  }
  for (int64_t i = own->rows; i > 0; --i) own->begin[i] = own->begin[i - 1];
  own->begin[0] = 0;
  return NULL;
}

static tv_error *make_room(traffic *t, tv_own_rows *own) {
  TV_TRY(tv_allocate(own->begin[own->rows], sizeof *own->column, &own->column));
  TV_TRY(tv_allocate(own->begin[own->rows], sizeof *own->value, &own->value));
  return tv_allocate(t->piece, sizeof *t->value, &t->value);
}

static tv_error *collect(traffic *t, tv_own_rows *own) {
  const tv_partition *p = t->partition;
  tv_error *error = prepare(t);
  if (!error) error = tv_allocate(own->rows + 1, sizeof *own->begin, &own->begin);
  TV_TRY(tv_agree(p->comm, error));
  TV_TRY(count_numbers(t, own));
  TV_TRY(tv_agree(p->comm, make_room(t, own)));
  return place_numbers(t, own);
}

tv_error *tv_own_rows_collect(const tv_sparse *m, const tv_partition *p, tv_own_rows *out) {
  traffic t = {.matrix = m, .partition = p, .piece = piece_of(p->size)};
  const int64_t first = tv_shard_first_row_of_rank(p, p->rank);
  *out = (tv_own_rows){.first = first, .rows = tv_shard_first_row_of_rank(p, p->rank + 1) - first};
  MPI_Type_contiguous((int)sizeof(entry), MPI_BYTE, &t.type);
  MPI_Type_commit(&t.type);
  tv_error *error = collect(&t, out);
  release(&t);
  return error;
}

void tv_own_rows_release(tv_own_rows *own) {
  free(own->begin);
  free(own->column);
  free(own->value);
  *own = (tv_own_rows){0};
}

int64_t tv_own_rows_fullest(const tv_own_rows *own, const tv_partition *p) {
  int64_t most = 0;
  for (int shard = tv_shard_first_of_rank(p, p->rank);
       shard < tv_shard_first_of_rank(p, p->rank + 1); ++shard) {
    const int64_t end = tv_shard_first(p, shard + 1) - own->first;
    for (int64_t first = tv_shard_first(p, shard) - own->first; first < end; first += TV_BATCH) {
      const int64_t last = end - first < TV_BATCH ? end : first + TV_BATCH;
      if (own->begin[last] - own->begin[first] > most) most = own->begin[last] - own->begin[first];
    }
  }
  return most;
}

tv_error *tv_own_rows_read(const tv_own_rows *own, int64_t first, int count, tv_sparse_rows *out) {
  const int64_t *begin = own->begin + (first - own->first), numbers = begin[count] - begin[0];
  TV_TRY(tv_sparse_rows_reserve(out, numbers));
  for (int i = 0; i <= count; ++i) out->begin[i] = begin[i] - begin[0];
  if (numbers > 0) {
    memcpy(out->column, own->column + begin[0], (size_t)numbers * sizeof *out->column);
    memcpy(out->value, own->value + begin[0], (size_t)numbers * sizeof *out->value);
  }
  return tv_sparse_rows_order(out, count);
}
