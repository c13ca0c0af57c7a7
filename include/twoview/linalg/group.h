/* Groups of ranks: the points of an experiment are shared out over them, and the ranks
 * of a group solve each of its points together. */
#ifndef TWOVIEW_LINALG_GROUP_H
#define TWOVIEW_LINALG_GROUP_H

#include "twoview/linalg/grid.h"

typedef struct {
  MPI_Comm comm;    /* owned: the ranks of this group */
  MPI_Comm in_row;  /* owned: the same once more, as BLACS knows one grid of a communicator */
  int index, count; /* of this group, of all groups */
  int is_leader;    /* the rank that reports its group's results */
  tv_grid *grid;    /* owned: all ranks of the group */
  tv_grid *row;     /* owned: the same ranks in one row, so that each has whole columns */
} tv_group;

/* `count` groups of ranks that follow one another, as even as possible; count <= ranks. Free with
 * tv_group_dissolve.                                                                Collective. */
tv_error *tv_group_form(MPI_Comm comm, int count, int block, tv_group **out);
void tv_group_dissolve(tv_group **group); /* collective over the group */

/* The group that a rank belongs to. */
int tv_group_of(int rank, int count, int ranks);

/* First of the items that group `index` takes; index = count gives the number of items. */
int64_t tv_group_first(const tv_group *group, int64_t items, int index);

#endif
