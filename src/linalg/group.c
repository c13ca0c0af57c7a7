#include "twoview/linalg/group.h"

#include <stdlib.h>

#include "twoview/base/comm.h"

int tv_group_of(int rank, int count, int ranks) {
  return (int)((int64_t)rank * count / ranks);
}

tv_error *tv_group_form(MPI_Comm comm, int count, int block, tv_group **out) {
  int rank, size;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  TV_TRY(tv_agree(comm, tv_allocate(1, sizeof(**out), out)));
  tv_group *g = *out;
  g->count = count;
  g->index = tv_group_of(rank, count, size);
  g->is_leader = rank == 0 || tv_group_of(rank - 1, count, size) != g->index;
  MPI_Comm_split(comm, g->index, rank, &g->comm);
  MPI_Comm_dup(g->comm, &g->in_row);
  tv_error *error = tv_grid_create(g->comm, block, &g->grid);
  if (!error) error = tv_grid_create_row(g->in_row, block, &g->row);
  error = tv_agree(comm, error);
  if (error) tv_group_dissolve(out);
  return error;
}

void tv_group_dissolve(tv_group **group) {
  if (!*group) return;
  tv_grid_destroy(&(*group)->row);
  tv_grid_destroy(&(*group)->grid);
  MPI_Comm_free(&(*group)->in_row);
  MPI_Comm_free(&(*group)->comm);
  free(*group);
  *group = NULL;
}

int64_t tv_group_first(const tv_group *g, int64_t items, int index) {
  return items / g->count * index + items % g->count * index / g->count;
}
