/* Where a run begins: at the start, at the checkpoint of an earlier run, or not at all because its
 * archive is there. */
#ifndef TWOVIEW_COMMANDS_CONTINUATION_H
#define TWOVIEW_COMMANDS_CONTINUATION_H

#include "run.h"
#include "twoview/checkpoint/checkpoint.h"
#include "twoview/data/source.h"

/* Whether the archive `output` is there and of this experiment and its data files; says so, and
 * clears away what is left of its checkpoints, but none that is newer. One that is not, or is
 * damaged, is an error unless the run `replaces` it.                                Collective. */
tv_error *tv_continuation_expect_archive(const char *output, int replaces,
                                         const tv_experiment *experiment, MPI_Comm comm,
                                         int *is_finished);

/* The checkpoint of a run that began at `begun` (MPI_Wtime): empty, or that of an earlier session
 * if it is to be resumed. Errors: one exists and is neither to be resumed nor to be replaced, or it
 * cannot be taken up. `identity` is the checkpoint's, to be freed after it.         Collective. */
tv_error *tv_continuation_open(const tv_run_options *options, const char *output,
                               const tv_experiment *experiment, const tv_source *source,
                               double begun, MPI_Comm comm, char **identity, tv_checkpoint **out);

#endif
