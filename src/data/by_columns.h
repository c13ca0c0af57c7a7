/* Sparse matrices whose numbers stand together by columns, not by rows. All ranks read them once
 * for their numbers and once more for their places, a share each, and hand every number to the rank
 * whose shards have its row, which keeps it. */
#ifndef TWOVIEW_DATA_BY_COLUMNS_H
#define TWOVIEW_DATA_BY_COLUMNS_H

#include "sparse.h"

/* The rows of a rank's shards. Zero it is empty. Free with tv_own_rows_release. */
typedef struct {
  int64_t first, rows;
  int64_t *begin; /* owned: of each row's numbers, and behind the last one their end */
  int *column;    /* owned, as `value`; in order within a row */
  double *value;
} tv_own_rows;

/* Memory: 12 bytes for each number of this rank's rows, 8 for each row and each column, and some
 * 60 MiB on the way. Errors: columns that do not begin in order; a row that is not there; a number
 * that is not finite.                                                               Collective. */
tv_error *tv_own_rows_collect(const tv_sparse *matrix, const tv_partition *partition,
                              tv_own_rows *out);
void tv_own_rows_release(tv_own_rows *rows);

/* The numbers of this rank's fullest batch.                                     Not collective. */
int64_t tv_own_rows_fullest(const tv_own_rows *rows, const tv_partition *partition);

/* Rows [first, first + count), which are this rank's.                           Not collective. */
tv_error *tv_own_rows_read(const tv_own_rows *rows, int64_t first, int count, tv_sparse_rows *out);

/* Read numbers of the file for a moment, as they will be read by a rank.        Not collective. */
tv_error *tv_by_columns_try(const tv_sparse *matrix, int rank, int size);

#endif
