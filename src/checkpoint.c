#include "twoview/checkpoint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "checkpoint_state.h"
#include "twoview/comm.h"
#include "twoview/interruption.h"

/* Rounds follow each other at this distance at least, in seconds: often enough for the shortest
 * grace, the second that mpirun gives between SIGTERM and SIGKILL. */
static const double round_interval = 0.05;

static const double usual_interval = 300;

/* ---- Lifetime ---- */

static tv_error *beside(const char *output, const char *suffix, char **out) {
  TV_TRY(tv_allocate((long long)(strlen(output) + strlen(suffix) + 1), 1, out));
  sprintf(*out, "%s%s", output, suffix);
  return NULL;
}

static tv_error *hold_own(tv_checkpoint *c) {
  if (c->rank != 0) return NULL;
  TV_TRY(tv_checkpoint_hold(c, (tv_saved_key){TV_SAVED_IDENTITY, 0, 0, 1}, c->identity,
                            strlen(c->identity) + 1));
  return tv_checkpoint_hold(c, (tv_saved_key){TV_SAVED_SESSIONS, 0, 0, 1}, &c->sessions,
                            sizeof c->sessions);
}

static tv_error *fill(const char *output, tv_checkpoint *c) {
  TV_TRY(beside(output, ".checkpoint", &c->path));
  TV_TRY(beside(output, ".checkpoint.previous", &c->previous));
  TV_TRY(beside(output, ".checkpoint.part", &c->part));
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
                       .round = MPI_REQUEST_NULL,
                       .last_saved = now,
                       .last_poll = now};
  MPI_Comm_dup(comm, &c->comm);
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
  free(c->path);
  free(c->previous);
  free(c->part);
  MPI_Comm_free(&c->comm);
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

/* ---- Agreeing on it ---- */

/* Unless told otherwise, saving may cost one part in a hundred of the time. Under a time limit the
 * first one comes early, to learn how long it takes. */
static double interval(const tv_checkpoint *c) {
  const double every =
      c->policy.every > 0 ? c->policy.every : fmax(usual_interval, 100 * c->save_seconds);
  return c->save_seconds > 0 ? every : fmin(every, 0.1 * c->policy.time_limit);
}

/* Time enough to save, thrice over, after the longest step seen, twice over. */
static int is_time_over(const tv_checkpoint *c, double now) {
  const double margin = 2 + 3 * c->save_seconds + 2 * c->longest_step;
  return now - c->policy.begun + margin >= c->policy.time_limit;
}

/* Rank 0 alone looks at the clock. */
static tv_wish current_wish(const tv_checkpoint *c) {
  const double now = MPI_Wtime();
  tv_wish wish = tv_interruption_wish();
  if (c->rank != 0) return wish;
  if (wish < TV_SAVE && now - c->last_saved >= interval(c)) wish = TV_SAVE;
  return is_time_over(c, now) ? TV_STOP : wish;
}

static void open_round(tv_checkpoint *c, int is_busy) {
  c->mine[WISH] = (int)current_wish(c);
  c->mine[IS_BUSY] = is_busy;
  MPI_Iallreduce(c->mine, c->agreed, ROUND, MPI_INT, MPI_MAX, c->comm, &c->round);
}

static tv_error *act(tv_checkpoint *c) {
  c->round_ended = MPI_Wtime();
  if (c->agreed[WISH] == TV_GO_ON) return NULL;
  tv_error *error = tv_checkpoint_save(c);
  if (!error && c->agreed[WISH] == TV_STOP)
    error = tv_fail_as(TV_EXIT_INTERRUPTED, "interrupted; %s holds what is done, --resume goes on",
                       c->path);
  c->is_over = error != NULL;
  return error;
}

/* The first rank of the team sees the end of a round; for the others it is then over as well. */
static int is_round_over(tv_checkpoint *c, MPI_Comm team) {
  int rank, size, is_over = 0;
  MPI_Comm_rank(team, &rank);
  MPI_Comm_size(team, &size);
  if (rank == 0 && c->round != MPI_REQUEST_NULL) MPI_Test(&c->round, &is_over, MPI_STATUS_IGNORE);
  if (size > 1) MPI_Bcast(&is_over, 1, MPI_INT, 0, team);
  if (is_over && rank != 0) MPI_Wait(&c->round, MPI_STATUS_IGNORE);
  return is_over;
}

tv_error *tv_checkpoint_poll(tv_checkpoint *c, MPI_Comm team) {
  if (!c) return NULL;
  const double now = MPI_Wtime();
  c->longest_step = fmax(c->longest_step, now - c->last_poll);
  c->last_poll = now;
  if (c->round == MPI_REQUEST_NULL && now - c->round_ended >= round_interval) open_round(c, 1);
  return is_round_over(c, team) ? act(c) : NULL;
}

/* Processors may be shared with ranks that still work. */
static void wait_for_round(tv_checkpoint *c) {
  const struct timespec moment = {.tv_nsec = 200000};
  int is_over = 0;
  while (MPI_Test(&c->round, &is_over, MPI_STATUS_IGNORE), !is_over) nanosleep(&moment, NULL);
}

static tv_error *wait_for_all(tv_checkpoint *c) {
  do {
    if (c->round == MPI_REQUEST_NULL) open_round(c, 0);
    wait_for_round(c);
    TV_TRY(act(c));
  } while (c->agreed[IS_BUSY]);
  return NULL;
}

tv_error *tv_checkpoint_finish(tv_checkpoint *c, MPI_Comm comm, tv_error *mine) {
  if (!c) return tv_agree(comm, mine);
  if (c->is_over) return mine;
  tv_error *ended = wait_for_all(c);
  if (!ended) return tv_agree(c->comm, mine);
  tv_error_free(mine);
  return ended;
}

tv_error *tv_checkpoint_keep(tv_checkpoint *c) {
  if (!c) return NULL;
  int is_due = MPI_Wtime() - c->last_saved >= interval(c);
  MPI_Bcast(&is_due, 1, MPI_INT, 0, c->comm);
  return is_due ? tv_checkpoint_save(c) : NULL;
}
