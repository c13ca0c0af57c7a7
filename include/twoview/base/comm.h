/* What several modules need from MPI beyond MPI itself: agreement on errors, and transfers of any
 * length. MPI's own errors abort the job (MPI_ERRORS_ARE_FATAL, the default): there is no way back
 * from a broken communicator. */
#ifndef TWOVIEW_BASE_COMM_H
#define TWOVIEW_BASE_COMM_H

#include <mpi.h>
#include <stdint.h>

#include "twoview/base/error.h"

/* All ranks leave a stage together: NULL when nobody failed, else the error of the lowest failing
 * rank on every rank, naming that rank and its host (not rank 0 for wrong usage).   Collective. */
tv_error *tv_agree(MPI_Comm comm, tv_error *mine);

/* All ranks receive rank 0's NUL-terminated text; other ranks own the copy they receive in `*text`.
 *                                                                                    Collective. */
tv_error *tv_broadcast_text(MPI_Comm comm, char **text);

/* Transfers of `count` doubles cut into messages that MPI's int counts can hold. */
void tv_send(MPI_Comm comm, int to, const double *data, int64_t count);
void tv_receive(MPI_Comm comm, int from, double *data, int64_t count);
void tv_broadcast(MPI_Comm comm, int root, double *data, int64_t count); /* collective */
void tv_sum_all(MPI_Comm comm, double *data, int64_t count);             /* in place, collective */

#endif
