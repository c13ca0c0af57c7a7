/* What the parts of a checkpoint's code share. */
#ifndef TWOVIEW_CHECKPOINT_STATE_H
#define TWOVIEW_CHECKPOINT_STATE_H

#include "checkpoint_file.h"
#include "twoview/checkpoint.h"

/* Memory to be saved. */
typedef struct {
  tv_saved_key key;
  const char *data; /* borrowed */
  size_t run, stride;
  int64_t runs;
} held_array;

enum { WISH, IS_BUSY, ROUND };

struct tv_checkpoint {
  MPI_Comm comm; /* owned: nothing else may cross a round */
  int rank, size;
  const char *identity;
  tv_checkpoint_policy policy;
  char *path, *previous, *part;

  held_array *held;
  int64_t held_count, held_room;
  int64_t sessions;

  int file; /* taken up, or -1 */
  const char *taken;
  tv_saved_entry *entries;
  char *is_claimed; /* by this rank, each of them */
  int64_t entries_count, claims;

  MPI_Request round; /* MPI_REQUEST_NULL: none is open */
  int mine[ROUND], agreed[ROUND];
  int is_over; /* a poll has returned an error to all ranks */
  double round_ended, last_saved, save_seconds, last_poll, longest_step;
};

/* Everything that all ranks hold, into a new file that replaces the one before.     Collective. */
tv_error *tv_checkpoint_save(tv_checkpoint *checkpoint);

/* Close the file that was taken up and forget what it has. */
void tv_checkpoint_let_go(tv_checkpoint *checkpoint);

#endif
