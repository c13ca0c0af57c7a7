#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "state.h"
#include "twoview/base/comm.h"
#include "twoview/base/file.h"
#include "twoview/base/interruption.h"

enum { PIECE = 1 << 20 };

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

/* An array of the checkpoint that was resumed from goes into the new one as it is. */
static tv_error *carry_over(const tv_checkpoint *c, int file, const tv_saved_entry *from,
                            int64_t offset, void *piece) {
  for (int64_t done = 0; done < from->bytes; done += PIECE) {
    const int64_t left = from->bytes - done;
    const size_t bytes = (size_t)(left < PIECE ? left : PIECE);
    TV_TRY(tv_checkpoint_file_read(c->taken, c->file, from, done, piece, bytes));
    TV_TRY(tv_file_write(c->part, file, offset + done, piece, bytes));
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
    if (!error) error = tv_file_write(c->part, file, *offset, bytes, (size_t)entries[i].bytes);
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

static tv_error *flush(const char *path, int file) {
  return fsync(file) == 0 ? NULL : tv_fail_errno("%s: cannot be flushed to disk", path);
}

static tv_error *write_region(const tv_checkpoint *c, int file, int64_t offset,
                              tv_saved_entry *entries) {
  TV_TRY(write_held(c, file, &offset, entries));
  TV_TRY(write_claimed(c, file, offset, entries + c->held_count));
  return c->is_hurried ? NULL : flush(c->part, file);
}

/* The file that a killed run has left is removed; where its name leads does not matter. */
static tv_error *create_part(const tv_checkpoint *c, int *file) {
  if (unlink(c->part) != 0 && errno != ENOENT)
    return tv_fail_errno("%s: is in the way and cannot be removed", c->part);
  return tv_file_create(c->part, file);
}

/* Rank 0 creates the file, the others open that one.                               Collective. */
static tv_error *open_part(const tv_checkpoint *c, int *file) {
  uint64_t identity = 0;
  *file = -1;
  TV_TRY(tv_agree(c->comm, c->rank == 0 ? create_part(c, file) : NULL));
  if (c->rank == 0) identity = tv_file_identity(*file);
  MPI_Bcast(&identity, 1, MPI_UINT64_T, 0, c->comm);
  return tv_agree(c->comm, c->rank != 0 ? tv_file_join(c->part, identity, file) : NULL);
}

/* Every rank's region, one after the other.                                        Collective. */
static tv_error *write_regions(const tv_checkpoint *c, int file, tv_saved_entry *entries) {
  int64_t own = region_of(c), before = 0;
  MPI_Exscan(&own, &before, 1, MPI_INT64_T, MPI_SUM, c->comm);
  if (c->rank == 0) before = 0; /* left undefined by the standard */
  return tv_agree(c->comm, write_region(c, file, TV_REGION + before, entries));
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

/* The names outlive a loss of power, too. */
static tv_error *flush_folder(const char *path) {
  const char *slash = strrchr(path, '/');
  char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
  const int file = folder ? open(folder, O_RDONLY | O_DIRECTORY) : -1;
  if (file >= 0) fsync(file); /* not every file system can */
  if (file >= 0) close(file);
  free(folder);
  return file >= 0 ? NULL : tv_fail_errno("%s: its folder cannot be opened", path);
}

/* Rank 0: index, header, names. */
static tv_error *seal(const tv_checkpoint *c, int file, tv_saved_entry *entries, int64_t count) {
  TV_TRY(tv_checkpoint_file_seal(c->part, file, entries, count));
  if (!c->is_hurried) TV_TRY(flush(c->part, file));
  if (!tv_file_has_name(file, c->part))
    return tv_fail("%s: was removed or replaced by another program while it was written", c->part);
  if (!c->is_path_bad && rename(c->path, c->previous) != 0 && errno != ENOENT)
    return tv_fail_errno("%s: cannot be renamed to %s", c->path, c->previous);
  if (rename(c->part, c->path) != 0)
    return tv_fail_errno("%s: cannot be renamed to %s", c->part, c->path);
  return c->is_hurried ? NULL : flush_folder(c->path);
}

/* The file has its name already. If the power fails first, its digests show the damage, and the
 * checkpoint before it is there. */
static tv_error *flush_late(const tv_checkpoint *c, int file) {
  TV_TRY(flush(c->path, file));
  return c->rank == 0 ? flush_folder(c->path) : NULL;
}

static tv_error *write_checkpoint(const tv_checkpoint *c) {
  tv_saved_entry *mine = NULL, *all = NULL;
  int64_t count = 0;
  int file = -1;
  tv_error *error = tv_agree(c->comm, tv_allocate(c->held_count + c->claims, sizeof *mine, &mine));
  if (!error) error = open_part(c, &file);
  if (!error) error = write_regions(c, file, mine);
  if (!error) error = gather_entries(c, mine, &all, &count);
  if (!error) error = tv_agree(c->comm, c->rank == 0 ? seal(c, file, all, count) : NULL);
  if (error && c->rank == 0 && file >= 0 && tv_file_has_name(file, c->part)) unlink(c->part);
  if (!error && c->is_hurried) error = tv_agree(c->comm, flush_late(c, file));
  if (file >= 0) close(file);
  free(mine);
  free(all);
  return error;
}

tv_error *tv_checkpoint_save(tv_checkpoint *c) {
  const double begun = MPI_Wtime();
  tv_error *error = write_checkpoint(c);
  if (error) {
    tv_error *refusal = tv_fail(
        "%s; the checkpoint before it, if any, is as it was: mend this, and continue with --resume",
        error->message);
    refusal->is_shared = 1;
    tv_error_free(error);
    return refusal;
  }
  c->is_path_bad = 0;
  tv_interruption_saved();
  c->last_saved = c->last_poll = MPI_Wtime();
  c->save_seconds = c->last_saved - begun;
  return NULL;
}
