#include "twoview/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "checkpoint_file.h"
#include "twoview/comm.h"
#include "twoview/interruption.h"

/* Memory to be saved. */
typedef struct {
  tv_saved_key key;
  const char *data; /* borrowed */
  size_t run, stride;
  int64_t runs;
} held_array;

enum { WISH, IS_BUSY, ROUND };
enum { PIECE = 1 << 20 };

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

static void let_go(tv_checkpoint *c) {
  if (c->file >= 0) close(c->file);
  free(c->entries);
  free(c->is_claimed);
  c->file = -1;
  c->entries = NULL;
  c->is_claimed = NULL;
  c->entries_count = c->claims = 0;
}

void tv_checkpoint_destroy(tv_checkpoint **checkpoint) {
  tv_checkpoint *c = *checkpoint;
  if (!c) return;
  let_go(c);
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

/* ---- Saving ---- */

static int64_t bytes_of(const held_array *h) {
  return (int64_t)h->run * h->runs;
}

/* The bytes of an array in one piece: as they lie, or copied together into `buffer`, which grows.
 */
static tv_error *gather_pieces(const held_array *h, char **buffer, const void **out) {
  *out = h->data;
  if (h->runs == 1 || h->run == h->stride) return NULL;
  char *larger = realloc(*buffer, (size_t)bytes_of(h));
  if (!larger) return tv_fail("out of memory");
  *buffer = larger;
  for (int64_t i = 0; i < h->runs; ++i)
    memcpy(larger + (size_t)i * h->run, h->data + (size_t)i * h->stride, h->run);
  *out = larger;
  return NULL;
}

/* An array of the checkpoint taken up goes into the new one as it is. */
static tv_error *carry_over(const tv_checkpoint *c, int file, const tv_saved_entry *from,
                            int64_t offset, void *piece) {
  for (int64_t done = 0; done < from->bytes; done += PIECE) {
    const int64_t left = from->bytes - done;
    const size_t bytes = (size_t)(left < PIECE ? left : PIECE);
    TV_TRY(tv_checkpoint_file_read(c->taken, c->file, from, done, piece, bytes));
    TV_TRY(tv_checkpoint_file_write(c->part, file, offset + done, piece, bytes));
  }
  return NULL;
}

/* This rank's claims, one after the other from `offset` on. */
static tv_error *write_claimed(const tv_checkpoint *c, int file, int64_t offset,
                               tv_saved_entry *entries) {
  void *piece = NULL;
  if (c->claims == 0) return NULL;
  tv_error *error = tv_allocate(PIECE, 1, &piece);
  for (int64_t i = 0; !error && i < c->entries_count; ++i) {
    if (!c->is_claimed[i]) continue;
    error = carry_over(c, file, &c->entries[i], offset, piece);
    *entries = c->entries[i];
    (entries++)->offset = offset;
    offset += c->entries[i].bytes;
  }
  free(piece);
  return error;
}

/* What this rank holds, one after the other from `offset` on, which moves behind it. */
static tv_error *write_held(const tv_checkpoint *c, int file, int64_t *offset,
                            tv_saved_entry *entries) {
  char *buffer = NULL;
  tv_error *error = NULL;
  for (int64_t i = 0; !error && i < c->held_count; ++i) {
    const held_array *h = &c->held[i];
    const void *bytes;
    entries[i] = (tv_saved_entry){.key = h->key, .offset = *offset, .bytes = bytes_of(h)};
    error = gather_pieces(h, &buffer, &bytes);
    if (!error) error = tv_digest_memory(bytes, (size_t)entries[i].bytes, entries[i].digest);
    if (!error)
      error = tv_checkpoint_file_write(c->part, file, *offset, bytes, (size_t)entries[i].bytes);
    *offset += entries[i].bytes;
  }
  free(buffer);
  return error;
}

static int64_t region_of(const tv_checkpoint *c) {
  int64_t bytes = 0;
  for (int64_t i = 0; i < c->held_count; ++i) bytes += bytes_of(&c->held[i]);
  for (int64_t i = 0; i < c->entries_count; ++i)
    bytes += c->is_claimed[i] ? c->entries[i].bytes : 0;
  return (bytes + TV_REGION - 1) / TV_REGION * TV_REGION;
}

static tv_error *write_region(const tv_checkpoint *c, int file, int64_t offset,
                              tv_saved_entry *entries) {
  TV_TRY(write_held(c, file, &offset, entries));
  TV_TRY(write_claimed(c, file, offset, entries + c->held_count));
  return fsync(file) == 0 ? NULL : tv_fail_errno("%s: cannot be flushed to disk", c->part);
}

/* Rank 0 starts the file, then every rank writes its region of it.                 Collective. */
static tv_error *write_regions(const tv_checkpoint *c, tv_saved_entry *entries) {
  int64_t own = region_of(c), before = 0;
  int file = -1;
  tv_error *error = NULL;
  MPI_Exscan(&own, &before, 1, MPI_INT64_T, MPI_SUM, c->comm);
  if (c->rank == 0) before = 0; /* left undefined by the standard */
  if (c->rank == 0) file = open(c->part, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (c->rank == 0 && file < 0) error = tv_fail_errno("%s: cannot be written", c->part);
  error = tv_agree(c->comm, error);
  if (!error && c->rank != 0) {
    file = open(c->part, O_WRONLY);
    if (file < 0) error = tv_fail_errno("%s: cannot be written", c->part);
  }
  if (!error) error = write_region(c, file, TV_REGION + before, entries);
  if (file >= 0) close(file);
  return tv_agree(c->comm, error);
}

/* All ranks' entries on rank 0, which owns them.                                   Collective. */
static tv_error *gather_entries(const tv_checkpoint *c, const tv_saved_entry *mine,
                                tv_saved_entry **out, int64_t *count) {
  const int own = (int)((c->held_count + c->claims) * (int64_t)sizeof *mine);
  int *bytes = NULL, *starts = NULL;
  tv_error *error = NULL;
  *out = NULL;
  if (c->rank == 0) error = tv_allocate(c->size, sizeof *bytes, &bytes);
  if (c->rank == 0 && !error) error = tv_allocate(c->size + 1, sizeof *starts, &starts);
  TV_GO(tv_agree(c->comm, error));
  MPI_Gather(&own, 1, MPI_INT, bytes, 1, MPI_INT, 0, c->comm);
  if (c->rank == 0) {
    for (int r = 0; r < c->size; ++r) starts[r + 1] = starts[r] + bytes[r];
    *count = starts[c->size] / (int64_t)sizeof *mine;
    error = tv_allocate(*count, sizeof *mine, out);
  }
  TV_GO(tv_agree(c->comm, error));
  MPI_Gatherv(mine, own, MPI_BYTE, *out, bytes, starts, MPI_BYTE, 0, c->comm);
done:
  free(bytes);
  free(starts);
  return error;
}

/* Rank 0: index, header, names. */
static tv_error *seal(const tv_checkpoint *c, tv_saved_entry *entries, int64_t count) {
  const int file = open(c->part, O_WRONLY);
  if (file < 0) return tv_fail_errno("%s: cannot be opened again", c->part);
  tv_error *error = tv_checkpoint_file_seal(c->part, file, entries, count);
  close(file);
  if (error) return error;
  if (rename(c->path, c->previous) != 0 && errno != ENOENT)
    return tv_fail_errno("%s: cannot be renamed to %s", c->path, c->previous);
  if (rename(c->part, c->path) != 0)
    return tv_fail_errno("%s: cannot be renamed to %s", c->part, c->path);
  return NULL;
}

static tv_error *write_checkpoint(const tv_checkpoint *c) {
  tv_saved_entry *mine = NULL, *all = NULL;
  int64_t count = 0;
  tv_error *error = tv_agree(c->comm, tv_allocate(c->held_count + c->claims, sizeof *mine, &mine));
  if (!error) error = write_regions(c, mine);
  if (!error) error = gather_entries(c, mine, &all, &count);
  if (!error) error = tv_agree(c->comm, c->rank == 0 ? seal(c, all, count) : NULL);
  if (error && c->rank == 0) unlink(c->part);
  free(mine);
  free(all);
  return error;
}

/* Everything that all ranks hold, into a new file.                                 Collective. */
static tv_error *save(tv_checkpoint *c) {
  const double begun = MPI_Wtime();
  tv_error *error = write_checkpoint(c);
  if (error) {
    tv_error *told = tv_fail("%s; the checkpoint before it, if any, is as it was: continue it with "
                             "--resume when there is room",
                             error->message);
    told->is_shared = 1;
    tv_error_free(error);
    return told;
  }
  tv_interruption_saved();
  c->last_saved = c->last_poll = MPI_Wtime();
  c->save_seconds = c->last_saved - begun;
  return NULL;
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
  tv_error *error = save(c);
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
  return is_due ? save(c) : NULL;
}

/* ---- Taking one up ---- */

/* Rank 0: the first line that differs. */
static tv_error *compare_identity(const tv_checkpoint *c, const char *path, const char *theirs) {
  const char *mine = c->identity;
  while (*mine && *theirs) {
    const size_t m = strcspn(mine, "\n"), t = strcspn(theirs, "\n");
    if (m != t || strncmp(mine, theirs, m) != 0) break;
    mine += m + (mine[m] == '\n');
    theirs += t + (theirs[t] == '\n');
  }
  if (!*mine && !*theirs) return NULL;
  return tv_fail_usage("%s: is of another run: '%.*s' there, '%.*s' here; continue that one, name "
                       "another output with -o, or start over with --force",
                       path, (int)strcspn(theirs, "\n"), theirs, (int)strcspn(mine, "\n"), mine);
}

static tv_error *check_identity(tv_checkpoint *c) {
  const tv_saved_key key = {TV_SAVED_IDENTITY, 0, 0, 1};
  const int64_t bytes = tv_checkpoint_find(c, key);
  char *theirs = NULL;
  if (bytes < 1) return tv_fail("%s: is damaged (it does not say of what it is)", c->taken);
  TV_TRY(tv_allocate(bytes + 1, 1, &theirs));
  tv_error *error = tv_checkpoint_read(c, key, theirs, (size_t)bytes);
  if (!error) error = compare_identity(c, c->taken, theirs);
  free(theirs);
  return error;
}

/* Rank 0 reads the index, everybody receives it and opens the file.                Collective. */
static tv_error *open_everywhere(tv_checkpoint *c, const char *path) {
  tv_error *error = NULL;
  c->taken = path;
  if (c->rank == 0) error = tv_checkpoint_file_open(path, &c->file, &c->entries, &c->entries_count);
  TV_TRY(tv_agree(c->comm, error));
  MPI_Bcast(&c->entries_count, 1, MPI_INT64_T, 0, c->comm);
  if (c->rank != 0) {
    error = tv_allocate(c->entries_count, sizeof *c->entries, &c->entries);
    if (!error && (c->file = open(path, O_RDONLY)) < 0) error = tv_fail_errno("%s", path);
  }
  if (!error) error = tv_allocate(c->entries_count, 1, &c->is_claimed);
  TV_TRY(tv_agree(c->comm, error));
  MPI_Bcast(c->entries, (int)(c->entries_count * (int64_t)sizeof *c->entries), MPI_BYTE, 0,
            c->comm);
  return NULL;
}

static tv_error *verify_share(const tv_checkpoint *c) {
  for (int64_t i = c->rank; i < c->entries_count; i += c->size)
    TV_TRY(tv_checkpoint_file_verify(c->taken, c->file, &c->entries[i]));
  return NULL;
}

static tv_error *take_up(tv_checkpoint *c, const char *path) {
  tv_error *error = open_everywhere(c, path);
  if (!error) error = tv_agree(c->comm, verify_share(c));
  if (!error) error = tv_agree(c->comm, c->rank == 0 ? check_identity(c) : NULL);
  if (error) let_go(c);
  return error;
}

int tv_checkpoint_exists(const tv_checkpoint *c) {
  int exists = 0;
  if (!c) return 0;
  if (c->rank == 0) exists = access(c->path, F_OK) == 0 || access(c->previous, F_OK) == 0;
  MPI_Bcast(&exists, 1, MPI_INT, 0, c->comm);
  return exists;
}

static tv_error *take_up_either(tv_checkpoint *c) {
  tv_error *error = take_up(c, c->path);
  if (!error || error->exit_code == TV_EXIT_USAGE) return error;
  tv_error *other = take_up(c, c->previous);
  if (other) {
    tv_error *both =
        tv_fail("%s; %s; remove both, or start over with --force", error->message, other->message);
    tv_error_free(error);
    tv_error_free(other);
    return both;
  }
  if (c->rank == 0)
    fprintf(stderr, "twoview: %s; going on from the one before it, %s\n", error->message, c->taken);
  tv_error_free(error);
  return NULL;
}

tv_error *tv_checkpoint_resume(tv_checkpoint *c) {
  const tv_saved_key key = {TV_SAVED_SESSIONS, 0, 0, 1};
  TV_TRY(take_up_either(c));
  TV_TRY(tv_agree(c->comm, tv_checkpoint_read_items(c, key, &c->sessions, sizeof c->sessions)));
  ++c->sessions;
  return NULL;
}

int64_t tv_checkpoint_sessions(const tv_checkpoint *c) {
  return c ? c->sessions : 0;
}

tv_error *tv_checkpoint_remove(const tv_checkpoint *c) {
  tv_error *error = NULL;
  if (!c) return NULL;
  for (int i = 0; c->rank == 0 && !error && i < 2; ++i) {
    const char *path = i == 0 ? c->path : c->previous;
    if (unlink(path) != 0 && errno != ENOENT) error = tv_fail_errno("%s: cannot be removed", path);
  }
  return tv_agree(c->comm, error);
}

/* ---- What it holds ---- */

/* The first entry whose key is not below the given one. */
static int64_t lower_bound(const tv_checkpoint *c, const tv_saved_key *key) {
  int64_t low = 0, high = c->entries_count;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (tv_saved_key_compare(&c->entries[middle].key, key) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* The place of exactly this key, or -1. */
static int64_t find_entry(const tv_checkpoint *c, const tv_saved_key *key) {
  if (!c) return -1;
  const int64_t i = lower_bound(c, key);
  return i < c->entries_count && tv_saved_key_compare(&c->entries[i].key, key) == 0 ? i : -1;
}

int64_t tv_checkpoint_find(const tv_checkpoint *c, tv_saved_key key) {
  const int64_t i = find_entry(c, &key);
  return i >= 0 ? c->entries[i].bytes : -1;
}

void tv_checkpoint_claim(tv_checkpoint *c, tv_saved_kind kind, int64_t first, int64_t end) {
  for (int64_t i = 0; c && i < c->entries_count; ++i) {
    const tv_saved_key *key = &c->entries[i].key;
    if (key->kind != (int32_t)kind || key->first < first || key->end > end) continue;
    c->claims += !c->is_claimed[i];
    c->is_claimed[i] = 1;
  }
}

tv_error *tv_checkpoint_read(tv_checkpoint *c, tv_saved_key key, void *out, size_t bytes) {
  const int64_t i = find_entry(c, &key);
  const tv_saved_entry *entry = i >= 0 ? &c->entries[i] : NULL;
  if (!entry || entry->bytes != (int64_t)bytes)
    return tv_fail("%s: does not fit this run (array %d.%d: %lld bytes, expected %zu)", c->taken,
                   key.kind, key.part, entry ? (long long)entry->bytes : -1, bytes);
  c->claims -= c->is_claimed[i];
  c->is_claimed[i] = 0;
  return tv_checkpoint_file_read(c->taken, c->file, entry, 0, out, bytes);
}

/* The part of an array that is wanted. */
static tv_error *read_overlap(const tv_checkpoint *c, const tv_saved_entry *entry,
                              const tv_saved_key *wanted, char *out, int64_t item) {
  const int64_t first = entry->key.first > wanted->first ? entry->key.first : wanted->first;
  const int64_t end = entry->key.end < wanted->end ? entry->key.end : wanted->end;
  if (first >= end) return NULL;
  if (entry->bytes / item != entry->key.end - entry->key.first || entry->bytes % item != 0)
    return tv_fail("%s: does not fit this run (array %d.%d has items of another size)", c->taken,
                   wanted->kind, wanted->part);
  return tv_checkpoint_file_read(c->taken, c->file, entry, (first - entry->key.first) * item,
                                 out + (first - wanted->first) * item,
                                 (size_t)((end - first) * item));
}

tv_error *tv_checkpoint_read_items(const tv_checkpoint *c, tv_saved_key key, void *out,
                                   size_t item) {
  const tv_saved_key from = {key.kind, key.part, 0, 0};
  if (!c || item == 0) return NULL;
  for (int64_t i = lower_bound(c, &from); i < c->entries_count; ++i) {
    const tv_saved_key *found = &c->entries[i].key;
    if (found->kind != key.kind || found->part != key.part || found->first >= key.end) break;
    TV_TRY(read_overlap(c, &c->entries[i], &key, out, (int64_t)item));
  }
  return NULL;
}
