#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state.h"
#include "twoview/base/comm.h"
#include "twoview/base/escape.h"
#include "twoview/base/file.h"
#include "twoview/base/text.h"

/* ---- Resuming ---- */

void tv_checkpoint_let_go(tv_checkpoint *c) {
  if (c->file >= 0) close(c->file);
  if (c->file >= 0 && c->rank == 0) unlink(c->resumed);
  free(c->entries);
  free(c->is_claimed);
  c->file = -1;
  c->entries = NULL;
  c->is_claimed = NULL;
  c->entries_count = c->claims = 0;
}

/* Names of experiments are printed, but change no number. */
static int are_names(const char *mine, const char *theirs) {
  static const char name[] = "name: \"";
  return strncmp(mine, name, sizeof name - 1) == 0 && strncmp(theirs, name, sizeof name - 1) == 0;
}

/* Rank 0: the first line that differs. */
static tv_error *compare_identity(const tv_checkpoint *c, const char *path, const char *theirs) {
  const char *mine = c->identity;
  while (tv_text_first_difference(&mine, &theirs) && are_names(mine, theirs)) {
    mine = tv_text_next_line(mine);
    theirs = tv_text_next_line(theirs);
  }
  if (!*mine && !*theirs) return NULL;
  return tv_fail_usage("%s: is of another run: '%.*s' there, '%.*s' here; continue that one, name "
                       "another output with -o, or start over with --force and without --resume",
                       path, (int)strcspn(theirs, "\n"), theirs, (int)strcspn(mine, "\n"), mine);
}

static tv_error *check_identity(tv_checkpoint *c) {
  const tv_saved_key key = {TV_SAVED_IDENTITY, 0, 0, 1, ""};
  const int64_t bytes = tv_checkpoint_find(c, key);
  char *theirs = NULL;
  if (bytes < 1) return tv_fail("%s: is damaged (it has no identity record)", c->taken);
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
    if (!error) error = tv_file_open(path, &c->file);
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

/* On NFS a file that loses its last name is lost to the ranks of other nodes, and this one's names
 * go to new checkpoints: it gets one more where the file system has such. */
static void name_again(const tv_checkpoint *c) {
  if (unlink(c->resumed) == 0 || errno == ENOENT) (void)!link(c->taken, c->resumed);
}

static tv_error *take_up(tv_checkpoint *c, const char *path) {
  tv_error *error = open_everywhere(c, path);
  if (!error) error = tv_agree(c->comm, verify_share(c));
  if (!error) error = tv_agree(c->comm, c->rank == 0 ? check_identity(c) : NULL);
  if (error)
    tv_checkpoint_let_go(c);
  else if (c->rank == 0)
    name_again(c);
  return error;
}

int tv_checkpoint_exists(const tv_checkpoint *c) {
  int exists = 0;
  if (!c) return 0;
  if (c->rank == 0) exists = access(c->path, F_OK) == 0 || access(c->previous, F_OK) == 0;
  MPI_Bcast(&exists, 1, MPI_INT, 0, c->comm);
  return exists;
}

int tv_checkpoint_is_newer(const tv_checkpoint *c, const char *than) {
  struct stat own, other;
  int is_newer = 0;
  if (c->rank == 0 && stat(c->path, &own) == 0 && stat(than, &other) == 0)
    is_newer =
        own.st_mtim.tv_sec > other.st_mtim.tv_sec ||
        (own.st_mtim.tv_sec == other.st_mtim.tv_sec && own.st_mtim.tv_nsec > other.st_mtim.tv_nsec);
  MPI_Bcast(&is_newer, 1, MPI_INT, 0, c->comm);
  return is_newer;
}

static tv_error *take_up_either(tv_checkpoint *c) {
  tv_error *error = take_up(c, c->path);
  if (!error || error->exit_code == TV_EXIT_USAGE) return error;
  tv_error *other = take_up(c, c->previous);
  c->is_path_bad = !other;
  if (other) {
    tv_error *both = tv_fail("%s; %s; remove both, or start over with --force and without --resume",
                             error->message, other->message);
    tv_error_free(error);
    tv_error_free(other);
    return both;
  }
  if (c->rank == 0)
    tv_print_line(stderr, "twoview: %s; continuing from the one before it, %s", error->message,
                  c->taken);
  tv_error_free(error);
  return NULL;
}

/* Rank 0 takes over what no stage has reached yet; the text and numbers of the run itself are held
 * anew. */
static void claim_stages(tv_checkpoint *c) {
  for (int64_t i = 0; i < c->entries_count; ++i) {
    c->is_claimed[i] = c->entries[i].key.kind > TV_SAVED_SESSIONS;
    c->claims += c->is_claimed[i];
  }
}

void tv_checkpoint_take_over(tv_checkpoint *c, tv_saved_kind kind) {
  for (int64_t i = 0; c && i < c->entries_count; ++i) {
    if (c->entries[i].key.kind != (int32_t)kind) continue;
    c->claims -= c->is_claimed[i];
    c->is_claimed[i] = 0;
  }
}

tv_error *tv_checkpoint_resume(tv_checkpoint *c) {
  const tv_saved_key key = {TV_SAVED_SESSIONS, 0, 0, 1, ""};
  TV_TRY(take_up_either(c));
  TV_TRY(tv_agree(c->comm, tv_checkpoint_read_items(c, key, &c->sessions, sizeof c->sessions)));
  ++c->sessions;
  c->started = c->last_poll = MPI_Wtime();
  if (c->rank == 0) claim_stages(c);
  return NULL;
}

int64_t tv_checkpoint_sessions(const tv_checkpoint *c) {
  return c ? c->sessions : 0;
}

tv_error *tv_checkpoint_remove(const tv_checkpoint *c) {
  tv_error *error = NULL;
  if (!c) return NULL;
  const char *const paths[] = {c->path, c->previous, c->part, c->resumed};
  for (int i = 0; c->rank == 0 && !error && i < 4; ++i)
    if (unlink(paths[i]) != 0 && errno != ENOENT)
      error = tv_fail_errno("%s: cannot be removed", paths[i]);
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
  tv_saved_key from = key;
  from.first = from.end = 0;
  if (!c || item == 0) return NULL;
  for (int64_t i = lower_bound(c, &from); i < c->entries_count; ++i) {
    const tv_saved_key *found = &c->entries[i].key;
    if (found->kind != key.kind || found->part != key.part || found->first >= key.end ||
        memcmp(found->name, key.name, sizeof key.name) != 0)
      break;
    TV_TRY(read_overlap(c, &c->entries[i], &key, out, (int64_t)item));
  }
  return NULL;
}
