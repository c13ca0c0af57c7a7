#include "twoview/linalg/grid.h"

#include <stdlib.h>
#include <string.h>

#include "twoview/base/comm.h"
#include "twoview/linalg/fortran.h"

static const int zero = 0;

void tv_grid_shape(int size, int *rows, int *columns) {
  *rows = 1;
  for (int divisor = 1; divisor * divisor <= size; ++divisor)
    if (size % divisor == 0) *rows = divisor;
  *columns = size / *rows;
}

/* Of blacs_set. */
enum { BLACS_TOPOLOGIES_REPEAT = 15, BLACS_TOPOLOGIES_COHERENT = 16 };

/* BLACS adds what ranks send it in the order of arrival unless its sums are to be repeatable, and
 * may end with different last bits on different ranks unless they are to be coherent. */
static void fix_order_of_sums(int context) {
  int is_asked_for = 1;
  Cblacs_set(context, BLACS_TOPOLOGIES_REPEAT, &is_asked_for);
  Cblacs_set(context, BLACS_TOPOLOGIES_COHERENT, &is_asked_for);
}

static tv_error *create(MPI_Comm comm, int block, int rows, int columns, tv_grid **out) {
  tv_grid *grid;
  *out = NULL;
  TV_TRY(tv_agree(comm, tv_allocate(1, sizeof(*grid), &grid)));
  grid->comm = comm;
  grid->block = block;
  MPI_Comm_rank(comm, &grid->rank);
  MPI_Comm_size(comm, &grid->size);
  grid->handle = grid->context = Csys2blacs_handle(comm);
  Cblacs_gridinit(&grid->context, "Row", rows, columns);
  fix_order_of_sums(grid->context);
  Cblacs_gridinfo(grid->context, &grid->rows, &grid->columns, &grid->my_row, &grid->my_column);
  *out = grid;
  return NULL;
}

tv_error *tv_grid_create(MPI_Comm comm, int block, tv_grid **out) {
  int rows, columns, size;
  MPI_Comm_size(comm, &size);
  tv_grid_shape(size, &rows, &columns);
  return create(comm, block, rows, columns, out);
}

tv_error *tv_grid_create_row(MPI_Comm comm, int block, tv_grid **out) {
  int size;
  MPI_Comm_size(comm, &size);
  return create(comm, block, 1, size, out);
}

void tv_grid_destroy(tv_grid **grid) {
  if (!*grid) return;
  Cblacs_gridexit((*grid)->context);
  Cfree_blacs_system_handle((*grid)->handle);
  free(*grid);
  *grid = NULL;
}

tv_error *tv_grid_agree(const tv_grid *grid, tv_error *mine) {
  return grid->size > 1 ? tv_agree(grid->comm, mine) : mine;
}

/* Global indices of the local ones along one direction. */
static tv_error *index_map(int local, int block, int me, int processes, int **out) {
  TV_TRY(tv_allocate(local, sizeof(**out), out));
  for (int i = 0; i < local; ++i) (*out)[i] = (i / block * processes + me) * block + i % block;
  return NULL;
}

static tv_error *fill_in(const tv_grid *grid, tv_distmat *m) {
  const int block = grid->block;
  int info = 0;
  m->local_rows = numroc_(&m->rows, &block, &grid->my_row, &zero, &grid->rows);
  m->local_columns = numroc_(&m->columns, &block, &grid->my_column, &zero, &grid->columns);
  m->leading = m->local_rows > 1 ? m->local_rows : 1;
  descinit_(m->descriptor, &m->rows, &m->columns, &block, &block, &zero, &zero, &grid->context,
            &m->leading, &info);
  if (info)
    return tv_fail("descinit: argument %d of a %d x %d matrix is illegal", -info, m->rows,
                   m->columns);
  TV_TRY(index_map(m->local_rows, block, grid->my_row, grid->rows, &m->row_of));
  TV_TRY(index_map(m->local_columns, block, grid->my_column, grid->columns, &m->column_of));
  return tv_allocate((int64_t)m->leading * m->local_columns, sizeof(*m->data), &m->data);
}

tv_error *tv_distmat_create(const tv_grid *grid, int rows, int columns, tv_distmat **out) {
  tv_error *error = tv_allocate(1, sizeof(**out), out);
  if (!error) {
    (*out)->grid = grid;
    (*out)->rows = rows;
    (*out)->columns = columns;
    error = fill_in(grid, *out);
  }
  error = tv_grid_agree(grid, error);
  if (error) tv_distmat_destroy(out);
  return error;
}

void tv_distmat_destroy(tv_distmat **matrix) {
  if (!*matrix) return;
  free((*matrix)->row_of);
  free((*matrix)->column_of);
  free((*matrix)->data);
  free(*matrix);
  *matrix = NULL;
}

void tv_distmat_clear(tv_distmat *m) {
  memset(m->data, 0, (size_t)m->leading * (size_t)m->local_columns * sizeof(*m->data));
}

double *tv_distmat_diagonal(const tv_distmat *m, int j) {
  const tv_grid *grid = m->grid;
  const int place = m->column_of[j], block = place / grid->block;
  if (block % grid->rows != grid->my_row) return NULL;
  const int i = block / grid->rows * grid->block + place % grid->block;
  return m->data + (int64_t)j * m->leading + i;
}

void tv_distmat_gather(const tv_distmat *m, double *out) {
  const int64_t rows = m->rows, entries = rows * m->columns;
  memset(out, 0, (size_t)entries * sizeof(*out));
  for (int j = 0; j < m->local_columns; ++j)
    for (int i = 0; i < m->local_rows; ++i)
      out[m->column_of[j] * rows + m->row_of[i]] = m->data[(int64_t)j * m->leading + i];
  if (m->grid->size > 1) tv_sum_all(m->grid->comm, out, entries);
}

void tv_distmat_scatter(const double *whole, tv_distmat *m) {
  const int64_t rows = m->rows;
  for (int j = 0; j < m->local_columns; ++j)
    for (int i = 0; i < m->local_rows; ++i)
      m->data[(int64_t)j * m->leading + i] = whole[m->column_of[j] * rows + m->row_of[i]];
}

/* On one rank all blocks lie together, whatever their size. */
static void settle(tv_distmat *matrix, const tv_grid *grid) {
  enum { CONTEXT = 1, ROWS_OF_BLOCK = 4, COLUMNS_OF_BLOCK = 5 }; /* of a descriptor */
  matrix->grid = grid;
  matrix->descriptor[CONTEXT] = grid->context;
  matrix->descriptor[ROWS_OF_BLOCK] = matrix->descriptor[COLUMNS_OF_BLOCK] = grid->block;
}

tv_distmat tv_distmat_leading(const tv_distmat *matrix, int columns) {
  enum { COLUMNS = 3 }; /* of a descriptor */
  tv_distmat leading = *matrix;
  leading.columns = leading.descriptor[COLUMNS] = columns;
  leading.local_columns = 0;
  for (int j = 0; j < matrix->local_columns && matrix->column_of[j] < columns; ++j)
    ++leading.local_columns;
  return leading;
}

tv_error *tv_distmat_move(tv_distmat **matrix, const tv_grid *grid) {
  const int one = 1;
  tv_distmat *from = *matrix, *to = NULL;
  if (grid->size == 1) {
    settle(from, grid);
    return NULL;
  }
  TV_TRY(tv_distmat_create(grid, from->rows, from->columns, &to));
  pdgemr2d_(&from->rows, &from->columns, from->data, &one, &one, from->descriptor, to->data, &one,
            &one, to->descriptor, &from->grid->context);
  tv_distmat_destroy(matrix);
  *matrix = to;
  return NULL;
}
