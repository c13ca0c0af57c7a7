/* Rows held out, on which what is learned from the others is scored: a share of the source's, the
 * last of each replicate's nested order, or those of other files. */
#ifndef TWOVIEW_DATA_HELD_OUT_H
#define TWOVIEW_DATA_HELD_OUT_H

#include "twoview/data/sampling.h"

typedef struct {
  tv_source *source; /* owned: of other files; NULL: a share */
  int64_t size;      /* rows; 0: none are held out */
} tv_held_out;

/* Open the files of the experiment's rows held out, if it has any, and note them as files of the
 * training rows' source. Errors: the rows have other features than these, targets that they do not
 * have, or are the same rows; a share leaves too few of them. Release with tv_held_out_release,
 * after an error too.                                                               Collective. */
tv_error *tv_held_out_open(const tv_experiment *experiment, tv_source *training, MPI_Comm comm,
                           tv_held_out *out);
void tv_held_out_release(tv_held_out *held_out);

/* Their sampling: one size, all rows. `size` is borrowed.                       Not collective. */
tv_sampling tv_held_out_sampling(const tv_held_out *held_out, const tv_sampling *training);

#endif
