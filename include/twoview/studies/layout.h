/* How the work is laid out over the ranks. It is chosen by the experiment alone, the number of
 * groups also by the number of ranks, so that a machine's memory never changes a result. */
#ifndef TWOVIEW_STUDIES_LAYOUT_H
#define TWOVIEW_STUDIES_LAYOUT_H

#include "twoview/data/source.h"
#include "twoview/experiment/experiment.h"

typedef struct {
  int is_distributed; /* moments block-cyclic over all ranks; else whole on every rank */
  int groups;         /* of ranks, each solving points of its own */
  int block;          /* of the distributed matrices */
} tv_layout;

/* Refuses a distributed layout for the components of a source that cannot make features one by one,
 * and for views of features that are made of all numbers, or of rows corrupted one by one. */
tv_error *tv_layout_choose(const tv_experiment *experiment, const tv_source *source, int ranks,
                           tv_layout *out);

/* Its parts. Groups of ranks over which so many points of d inputs are shared out, where moments
 * are whole on every rank; wanted: ranks for each point, 0: as d suggests. */
int tv_layout_groups(int wanted, int64_t points, int d, int ranks);
int tv_layout_block(int d);

#endif
