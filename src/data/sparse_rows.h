/* A batch of rows whose numbers are mostly 0: those that are not, in the order of their columns. */
#ifndef TWOVIEW_DATA_SPARSE_ROWS_H
#define TWOVIEW_DATA_SPARSE_ROWS_H

#include <stdint.h>

#include "twoview/base/error.h"
#include "twoview/data/source.h"

/* Zero it is empty. Free with tv_sparse_rows_release. */
struct tv_sparse_rows {
  int64_t begin[TV_BATCH + 1]; /* of each row's numbers; of the row behind the last: their end */
  int *column;                 /* owned, as `value` */
  double *value;
  int64_t room; /* numbers that fit */
};

/* Room for so many numbers; those before are lost, `begin` stays.               Not collective. */
tv_error *tv_sparse_rows_reserve(tv_sparse_rows *rows, int64_t room);
void tv_sparse_rows_release(tv_sparse_rows *rows);

/* Put the numbers of each of `count` rows in the order of their columns, and add up those of one
 * column.                                                                       Not collective. */
tv_error *tv_sparse_rows_order(tv_sparse_rows *rows, int count);

/* What is not 0 of `count` dense rows, for which there has to be room.          Not collective. */
void tv_sparse_rows_gather(tv_sparse_rows *rows, int count, int columns, const double *dense);

/* All numbers of `count` rows, zeros too: count x columns.                      Not collective. */
void tv_sparse_rows_spread(const tv_sparse_rows *rows, int count, int columns, double *out);

#endif
