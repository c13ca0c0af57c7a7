/* Process grids and the matrices that live on them, two-dimensional block-cyclic as ScaLAPACK
 * expects them. On one rank a distributed matrix is an ordinary column-major one. */
#ifndef TWOVIEW_LINALG_GRID_H
#define TWOVIEW_LINALG_GRID_H

#include <mpi.h>
#include <stdint.h>

#include "twoview/base/error.h"

typedef struct {
  MPI_Comm comm;  /* borrowed; all its ranks are in the grid */
  int rank, size; /* of comm */
  int block;      /* matrices are dealt out in blocks of block x block */
  int handle;     /* owned: BLACS system handle */
  int context;    /* owned: BLACS context */
  int rows, columns, my_row, my_column;
} tv_grid;

enum { TV_SMALL_BLOCK = 32, TV_LARGE_BLOCK = 64 }; /* for d below and above some 1000 */

/* The most nearly square shape of so many ranks: 6 -> 2 x 3, 14 -> 2 x 7. */
void tv_grid_shape(int size, int *rows, int *columns);

/* A grid of that shape of all ranks of `comm`, which is borrowed. Free with tv_grid_destroy. Both
 * are collective. */
tv_error *tv_grid_create(MPI_Comm comm, int block, tv_grid **out);
void tv_grid_destroy(tv_grid **grid);

/* The same with all ranks in one row, so that each rank has whole columns of a matrix. Collective.
 */
tv_error *tv_grid_create_row(MPI_Comm comm, int block, tv_grid **out);

/* tv_agree over the grid's ranks; free of charge on one rank.                       Collective. */
tv_error *tv_grid_agree(const tv_grid *grid, tv_error *mine);

typedef struct {
  const tv_grid *grid;           /* borrowed */
  int descriptor[9];             /* ScaLAPACK's */
  int rows, columns;             /* global shape */
  int local_rows, local_columns; /* this rank's share */
  int leading;                   /* of the local array: >= 1 even when empty */
  int *row_of, *column_of;       /* owned: global index of each local row, column */
  double *data;                  /* owned, column-major */
} tv_distmat;

/* A zero matrix. Free with tv_distmat_destroy.                                      Collective. */
tv_error *tv_distmat_create(const tv_grid *grid, int rows, int columns, tv_distmat **out);
void tv_distmat_destroy(tv_distmat **matrix);

/* Where the diagonal entry of local column j of a square matrix lies on this rank, or NULL.
 *                                                                               Not collective. */
double *tv_distmat_diagonal(const tv_distmat *matrix, int j);

/* The whole matrix on every rank: `out` is rows x columns, column-major.        Collective. */
void tv_distmat_gather(const tv_distmat *matrix, double *out);

/* The first `columns` columns of a matrix, borrowed from it: not to be destroyed. Not collective.
 */
tv_distmat tv_distmat_leading(const tv_distmat *matrix, int columns);

/* Set to zero.                                                                  Not collective. */
void tv_distmat_clear(tv_distmat *matrix);

/* Take a matrix to another grid of the same ranks, and no longer have it on
 * the one before; after an error it is still there. On one rank nothing is copied.  Collective. */
tv_error *tv_distmat_move(tv_distmat **matrix, const tv_grid *grid);

/* Take this rank's share of a matrix that every rank has whole.                 Not collective. */
void tv_distmat_scatter(const double *whole, tv_distmat *matrix);

#endif
