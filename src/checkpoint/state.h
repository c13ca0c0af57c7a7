/* What the parts of a checkpoint's code share. */
#ifndef TWOVIEW_CHECKPOINT_STATE_H
#define TWOVIEW_CHECKPOINT_STATE_H

#include "twoview/checkpoint/checkpoint.h"
#include "twoview/checkpoint/file.h"

/* Memory to be saved. */
typedef struct {
  tv_saved_key key;
  const char *data; /* borrowed */
  size_t run, stride;
  int64_t runs;
} held_array;

struct tv_checkpoint {
  MPI_Comm comm, gate; /* owned: for calls and meetings, and for the ends of stages */
  int rank, size;
  const char *identity;
  tv_checkpoint_policy policy;
  char *path, *previous, *part, *resumed; /* resumed: a second name of the file that was resumed
                                           * from */

  held_array *held;
  int64_t held_count, held_room;
  int64_t sessions;

  int file; /* resumed from, or -1 */
  const char *taken;
  int is_path_bad; /* `previous` was resumed from, and stays until there is a better one */
  tv_saved_entry *entries;
  char *is_claimed; /* by this rank, each of them */
  int64_t entries_count, claims;

  int meeting;               /* how many there were: calls to earlier ones are void */
  int is_called, is_hinted;  /* to the next one, by another rank */
  int call;                  /* the number under way in `calls` */
  MPI_Request *calls;        /* size of them */
  int has_ended, has_failed; /* a meeting ended the run; since a rank has failed */
  int is_hurried;            /* the file gets its name before it is flushed to disk */
  double started;            /* when everything was ready for work: MPI_Wtime */
  double last_saved, save_seconds, last_poll, longest_step;
};

/* Everything that all ranks hold, into a new file that replaces the one before.     Collective. */
tv_error *tv_checkpoint_save(tv_checkpoint *checkpoint);

/* Close the file that was resumed from and forget what it has. */
void tv_checkpoint_let_go(tv_checkpoint *checkpoint);

#endif
