#include "twoview/base/comm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_DOUBLES = 1 << 27, MOMENTS_TAG = 1 };

/* The error of rank `who`, on every rank. `who` names itself and its host, unless it is rank 0 and
 * refuses what the user asked for, which concerns no machine. */
static tv_error *share_error(MPI_Comm comm, int who, tv_error *mine) {
  int rank, size, head[2] = {0, 0};
  char host[MPI_MAX_PROCESSOR_NAME] = "", prefix[MPI_MAX_PROCESSOR_NAME + 32] = "";
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  if (rank == who && !mine->is_shared &&
      (who != 0 || (size > 1 && mine->exit_code == TV_EXIT_FAILED))) {
    int length;
    MPI_Get_processor_name(host, &length);
    snprintf(prefix, sizeof prefix, "rank %d on %s: ", rank, host);
  }
  if (rank == who) {
    head[0] = mine->exit_code;
    head[1] = (int)(strlen(prefix) + strlen(mine->message) + 1);
  }
  MPI_Bcast(head, 2, MPI_INT, who, comm);
  char *message = calloc((size_t)head[1], 1);
  if (!message) MPI_Abort(comm, TV_EXIT_FAILED);
  if (rank == who) snprintf(message, (size_t)head[1], "%s%s", prefix, mine->message);
  MPI_Bcast(message, head[1], MPI_CHAR, who, comm);
  tv_error_free(mine);
  tv_error *shared = tv_fail_as(head[0], "%s", message);
  shared->is_shared = 1;
  free(message);
  return shared;
}

tv_error *tv_agree(MPI_Comm comm, tv_error *mine) {
  int rank, size;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  int first_failing = mine ? rank : size;
  MPI_Allreduce(MPI_IN_PLACE, &first_failing, 1, MPI_INT, MPI_MIN, comm);
  return first_failing == size ? NULL : share_error(comm, first_failing, mine);
}

tv_error *tv_broadcast_text(MPI_Comm comm, char **text) {
  int rank;
  MPI_Comm_rank(comm, &rank);
  int length = rank == 0 ? (int)strlen(*text) : 0;
  MPI_Bcast(&length, 1, MPI_INT, 0, comm);
  tv_error *error = rank == 0 ? NULL : tv_allocate(length + 1, 1, text);
  TV_TRY(tv_agree(comm, error));
  MPI_Bcast(*text, length + 1, MPI_CHAR, 0, comm);
  return NULL;
}

static int piece(int64_t count, int64_t done) {
  return (int)(count - done < MESSAGE_DOUBLES ? count - done : MESSAGE_DOUBLES);
}

void tv_send(MPI_Comm comm, int to, const double *data, int64_t count) {
  for (int64_t done = 0; done < count; done += MESSAGE_DOUBLES)
    MPI_Send(data + done, piece(count, done), MPI_DOUBLE, to, MOMENTS_TAG, comm);
}

void tv_receive(MPI_Comm comm, int from, double *data, int64_t count) {
  for (int64_t done = 0; done < count; done += MESSAGE_DOUBLES)
    MPI_Recv(data + done, piece(count, done), MPI_DOUBLE, from, MOMENTS_TAG, comm,
             MPI_STATUS_IGNORE);
}

void tv_broadcast(MPI_Comm comm, int root, double *data, int64_t count) {
  for (int64_t done = 0; done < count; done += MESSAGE_DOUBLES)
    MPI_Bcast(data + done, piece(count, done), MPI_DOUBLE, root, comm);
}

void tv_sum_all(MPI_Comm comm, double *data, int64_t count) {
  for (int64_t done = 0; done < count; done += MESSAGE_DOUBLES)
    MPI_Allreduce(MPI_IN_PLACE, data + done, piece(count, done), MPI_DOUBLE, MPI_SUM, comm);
}
