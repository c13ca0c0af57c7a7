/* Matrices in files of the Matrix Market: https://math.nist.gov/MatrixMarket/formats.html */
#ifndef TWOVIEW_IMPORT_MARKET_H
#define TWOVIEW_IMPORT_MARKET_H

#include "lines.h"

typedef enum { TV_MARKET_REAL, TV_MARKET_INTEGER, TV_MARKET_PATTERN } tv_market_field;

typedef struct {
  tv_lines lines;
  int is_dense; /* of all numbers, column by column; else of entries in any order */
  tv_market_field field;
  int64_t rows, columns, entries;
  int64_t taken; /* entries so far */
} tv_market;

/* The number at a place, from 0. */
typedef struct {
  int64_t row, column;
  double value; /* of a pattern: 1 */
} tv_market_entry;

/* Open a file, plain or gzipped, and read its header. Close with tv_market_close, after an error
 * too. Errors: no such file; complex numbers; a matrix that is stored by half because it is
 * symmetric; one without entries. */
tv_error *tv_market_open(const char *path, tv_market *out);
void tv_market_close(tv_market *market);

/* The next entry; there are as many as the header says. Errors, by line: fewer; one outside of the
 * matrix; no finite number, or an integer that no double holds. */
tv_error *tv_market_next(tv_market *market, tv_market_entry *out);

/* To be called behind the last entry: more of them are an error. */
tv_error *tv_market_expect_end(tv_market *market);

#endif
