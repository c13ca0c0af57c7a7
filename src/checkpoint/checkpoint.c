#include "twoview/checkpoint/checkpoint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "state.h"
#include "twoview/base/comm.h"
#include "twoview/base/interruption.h"
#include "twoview/base/output.h"
#include "twoview/base/statistics.h"

enum { CALL = 1, HINT }; /* tags */

static const double usual_interval = 30, first_interval = 10;

/* ---- Lifetime ---- */

static tv_error *hold_own(tv_checkpoint *c) {
  if (c->rank != 0) return NULL;
  TV_TRY(tv_checkpoint_hold(c, (tv_saved_key){TV_SAVED_IDENTITY, 0, 0, 1, ""}, c->identity,
                            strlen(c->identity) + 1));
  return tv_checkpoint_hold(c, (tv_saved_key){TV_SAVED_SESSIONS, 0, 0, 1, ""}, &c->sessions,
                            sizeof c->sessions);
}

static tv_error *name_files(const char *output, tv_checkpoint *c) {
  TV_TRY(tv_output_beside(output, ".checkpoint", &c->path));
  TV_TRY(tv_output_beside(output, ".checkpoint.previous", &c->previous));
  TV_TRY(tv_output_beside(output, ".checkpoint.part", &c->part));
  return tv_output_beside(output, ".checkpoint.resumed", &c->resumed);
}

static void free_names(tv_checkpoint *c) {
  free(c->path);
  free(c->previous);
  free(c->part);
  free(c->resumed);
}

static tv_error *expect_no_folder(const char *path) {
  struct stat status;
  if (lstat(path, &status) != 0 || !S_ISDIR(status.st_mode)) return NULL;
  return tv_fail("%s: is a folder, in the way of a checkpoint; remove it, or name another output "
                 "with -o",
                 path);
}

tv_error *tv_checkpoint_expect_names(const char *output) {
  tv_checkpoint c = {0};
  tv_error *error;
  TV_GO(name_files(output, &c));
  TV_GO(expect_no_folder(c.path));
  TV_GO(expect_no_folder(c.previous));
  TV_GO(expect_no_folder(c.part));
  TV_GO(expect_no_folder(c.resumed));
done:
  free_names(&c);
  return error;
}

static tv_error *fill(const char *output, tv_checkpoint *c) {
  TV_TRY(name_files(output, c));
  TV_TRY(tv_allocate(c->size, sizeof(*c->calls), &c->calls));
  for (int rank = 0; rank < c->size; ++rank) c->calls[rank] = MPI_REQUEST_NULL;
  return hold_own(c);
}

tv_error *tv_checkpoint_create(const char *output, const char *identity,
                               const tv_checkpoint_policy *policy, MPI_Comm comm,
                               tv_checkpoint **out) {
  TV_TRY(tv_agree(comm, tv_allocate(1, sizeof **out, out)));
  tv_checkpoint *c = *out;
  const double now = MPI_Wtime();
  *c = (tv_checkpoint){.identity = identity,
                       .policy = *policy,
                       .file = -1,
                       .started = now,
                       .last_saved = now,
                       .last_poll = now};
  MPI_Comm_dup(comm, &c->comm);
  MPI_Comm_dup(comm, &c->gate);
  MPI_Comm_rank(comm, &c->rank);
  MPI_Comm_size(comm, &c->size);
  tv_error *error = tv_agree(c->comm, fill(output, c));
  if (error) tv_checkpoint_destroy(out);
  return error;
}

void tv_checkpoint_destroy(tv_checkpoint **checkpoint) {
  tv_checkpoint *c = *checkpoint;
  if (!c) return;
  tv_checkpoint_let_go(c);
  free(c->held);
  free_names(c);
  if (c->calls) MPI_Waitall(c->size, c->calls, MPI_STATUSES_IGNORE);
  free(c->calls);
  MPI_Comm_free(&c->comm);
  MPI_Comm_free(&c->gate);
  free(c);
  *checkpoint = NULL;
}

/* ---- What this rank holds ---- */

static held_array *find_held(const tv_checkpoint *c, tv_saved_key key) {
  for (int64_t i = c->held_count; i > 0; --i) /* what changes most often was added last */
    if (tv_saved_key_compare(&c->held[i - 1].key, &key) == 0) return &c->held[i - 1];
  return NULL;
}

tv_error *tv_checkpoint_hold_pieces(tv_checkpoint *c, tv_saved_key key, const void *data,
                                    size_t run, int64_t runs, size_t stride) {
  if (!c) return NULL;
  if (c->held_count == c->held_room) {
    const int64_t room = 2 * c->held_room + 16;
    held_array *more = realloc(c->held, (size_t)room * sizeof *more);
    if (!more) return tv_fail("out of memory");
    c->held = more;
    c->held_room = room;
  }
  c->held[c->held_count++] = (held_array){key, data, run, stride, runs};
  return NULL;
}

tv_error *tv_checkpoint_hold(tv_checkpoint *c, tv_saved_key key, const void *data, size_t bytes) {
  return tv_checkpoint_hold_pieces(c, key, data, bytes, 1, bytes);
}

void tv_checkpoint_release(tv_checkpoint *c, tv_saved_key key) {
  held_array *held = c ? find_held(c, key) : NULL;
  if (held) *held = c->held[--c->held_count];
}

void tv_checkpoint_release_kind(tv_checkpoint *c, tv_saved_kind kind) {
  int64_t kept = 0;
  if (!c) return;
  for (int64_t i = 0; i < c->held_count; ++i)
    if (c->held[i].key.kind != (int32_t)kind) c->held[kept++] = c->held[i];
  c->held_count = kept;
}

/* ---- Agreeing on a checkpoint ---- */

/* By default saving may cost one part in a hundred of the time. The first checkpoint comes early,
 * to learn how long saving takes. */
static double interval(const tv_checkpoint *c) {
  const int is_first = !(c->save_seconds > 0);
  const double usual = is_first ? first_interval : fmax(usual_interval, 100 * c->save_seconds);
  const double every = c->policy.every > 0 ? c->policy.every : usual;
  return is_first ? fmin(every, 0.1 * c->policy.time_limit) : every;
}

/* The time that is kept for saving: three times what saving takes. */
static double kept_for_saving(const tv_checkpoint *c) {
  return 2 + 3 * c->save_seconds;
}

/* Time for three of the longest steps seen is kept before saving: one until this rank looks again,
 * one until the others do, and one as a margin. */
static int is_time_over(const tv_checkpoint *c, double now) {
  const double margin = kept_for_saving(c) + 3 * c->longest_step;
  return now - c->policy.begun + margin >= c->policy.time_limit;
}

static tv_wish current_wish(const tv_checkpoint *c) {
  const double now = MPI_Wtime();
  const tv_wish wish = tv_interruption_wish();
  if (is_time_over(c, now)) return TV_STOP;
  return wish < TV_SAVE && now - c->last_saved >= interval(c) ? TV_SAVE : wish;
}

/* Send a message to all other ranks, without waiting for any. A call comes from a rank that goes to
 * the meeting itself; a hint comes from a rank that is waiting for the end of the stage and may not
 * call. */
static void tell_all(tv_checkpoint *c, int tag) {
  MPI_Waitall(c->size, c->calls, MPI_STATUSES_IGNORE);
  c->call = c->meeting;
  for (int rank = 0; rank < c->size; ++rank)
    if (rank != c->rank) MPI_Isend(&c->call, 1, MPI_INT, rank, tag, c->comm, &c->calls[rank]);
}

static void listen(tv_checkpoint *c) {
  int is_there = 1, meeting;
  MPI_Status status;
  while (MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, c->comm, &is_there, &status), is_there) {
    MPI_Recv(&meeting, 1, MPI_INT, status.MPI_SOURCE, status.MPI_TAG, c->comm, MPI_STATUS_IGNORE);
    if (meeting != c->meeting) continue;
    c->is_called |= status.MPI_TAG == CALL;
    c->is_hinted |= status.MPI_TAG == HINT;
  }
}

/* The run was saved and is to stop. If starting and saving use up the time limit, each session does
 * its first step only and the run would never end. Collective. */
static tv_error *leave(const tv_checkpoint *c) {
  const double starting = c->started - c->policy.begun, step = 3 * c->longest_step;
  double most[] = {starting, kept_for_saving(c), tv_interruption_wish() == TV_STOP};
  MPI_Allreduce(MPI_IN_PLACE, most, 3, MPI_DOUBLE, MPI_MAX, c->comm);
  if (most[2] > 0 || most[0] + most[1] < c->policy.time_limit)
    return tv_fail_as(TV_EXIT_INTERRUPTED,
                      "interrupted; %s holds what is done; continue with --resume", c->path);
  const double shown[] = {c->policy.time_limit, most[0], most[1], most[0] + most[1] + step};
  const int digits = tv_digits_of(shown, 4);
  return tv_fail_as(
      TV_EXIT_NO_TIME,
      "no progress: of %.*g s (--max-time, or the job's time) starting took %.*g s and "
      "%.*g s are kept for saving, which leaves each session a single step; give more "
      "than %.*g s; %s holds what is done",
      digits, shown[0], digits, shown[1], digits, shown[2], digits, shown[3], c->path);
}

/* All ranks meet here, each at its next poll, and do what the largest wish asks for. A rank that
 * fails ends the run for all, unsaved, since what it was adding is half added.       Collective. */
static tv_error *meet(tv_checkpoint *c, tv_wish wish, int fails) {
  double most[] = {wish, fails, c->longest_step};
  tv_error *error = NULL;
  MPI_Allreduce(MPI_IN_PLACE, most, 3, MPI_DOUBLE, MPI_MAX, c->comm);
  c->longest_step = most[2];
  ++c->meeting;
  c->is_called = c->is_hinted = 0;
  c->has_failed = most[1] > 0;
  c->is_hurried = most[0] >= TV_STOP; /* mpirun kills its ranks a second after SIGTERM */
  if (c->has_failed)
    error = tv_fail("another rank has failed");
  else
    error = tv_checkpoint_save(c);
  if (!error && most[0] >= TV_STOP) error = leave(c);
  c->has_ended = error != NULL;
  c->last_poll = MPI_Wtime();
  return error;
}

tv_error *tv_checkpoint_poll(tv_checkpoint *c, MPI_Comm team) {
  int rank, size;
  if (!c) return NULL;
  const double now = MPI_Wtime();
  c->longest_step = fmax(c->longest_step, now - c->last_poll);
  c->last_poll = now;
  listen(c);
  int most[] = {(int)current_wish(c), c->is_called};
  if (c->is_hinted && most[0] < TV_SAVE) most[0] = TV_SAVE;
  MPI_Comm_size(team, &size);
  MPI_Comm_rank(team, &rank);
  if (size > 1) MPI_Allreduce(MPI_IN_PLACE, most, 2, MPI_INT, MPI_MAX, team);
  if (most[0] == TV_GO_ON && !most[1]) return NULL;
  if (!most[1] && rank == 0) tell_all(c, CALL);
  return meet(c, (tv_wish)most[0], 0);
}

/* Processors may be shared with ranks that still work. */
static void nap(void) {
  const struct timespec moment = {.tv_nsec = 200000};
  nanosleep(&moment, NULL);
}

/* Until all ranks have come to the end of the stage, or of the run. A call that arrives here comes
 * from one that has not.                                                           Collective. */
static tv_error *wait_for_all(tv_checkpoint *c) {
  MPI_Request gate;
  tv_error *error = NULL;
  int has_hinted = 0;
  MPI_Ibarrier(c->gate, &gate);
  for (int is_open = 0; MPI_Test(&gate, &is_open, MPI_STATUS_IGNORE), !is_open; nap()) {
    if (c->has_ended) continue;
    listen(c);
    if (c->is_called) {
      error = meet(c, current_wish(c), 0);
    } else if (!has_hinted && tv_interruption_wish() != TV_GO_ON) {
      tell_all(c, HINT);
      has_hinted = 1;
    }
  }
  c->last_poll = MPI_Wtime();
  return error;
}

tv_error *tv_checkpoint_finish(tv_checkpoint *c, MPI_Comm comm, tv_error *mine) {
  if (!c) return tv_agree(comm, mine);
  tv_error *ended = NULL;
  if (c->has_ended) {
    ended = mine;
    mine = NULL;
  } else if (mine) {
    tell_all(c, CALL);
    ended = meet(c, TV_GO_ON, 1);
  }
  tv_error *met = wait_for_all(c);
  if (met) ended = met;
  if (ended && !c->has_failed) return ended;
  tv_error_free(ended);
  return tv_agree(c->comm, mine);
}

tv_error *tv_checkpoint_keep(tv_checkpoint *c) {
  if (!c) return NULL;
  int is_due = current_wish(c) != TV_GO_ON;
  MPI_Allreduce(MPI_IN_PLACE, &is_due, 1, MPI_INT, MPI_MAX, c->comm);
  return is_due ? tv_checkpoint_save(c) : NULL;
}
