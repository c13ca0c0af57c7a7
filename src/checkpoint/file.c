#include "twoview/checkpoint/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "twoview/base/file.h"

enum { MAGIC = 24, PIECE = 1 << 20 };

typedef struct {
  char magic[MAGIC];
  int64_t order; /* reads otherwise on a processor of another byte order */
  int64_t offset, count;
  unsigned char digest[TV_DIGEST_BYTES]; /* of the index */
} header;

static const char magic[MAGIC] = "twoview checkpoint 2\n";
static const int64_t byte_order = 0x0102030405060708;

int tv_saved_key_compare(const tv_saved_key *a, const tv_saved_key *b) {
  if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
  if (a->part != b->part) return a->part < b->part ? -1 : 1;
  const int names = memcmp(a->name, b->name, sizeof a->name);
  if (names) return names;
  if (a->first != b->first) return a->first < b->first ? -1 : 1;
  return (a->end > b->end) - (a->end < b->end);
}

static int compare_entries(const void *a, const void *b) {
  return tv_saved_key_compare(&((const tv_saved_entry *)a)->key, &((const tv_saved_entry *)b)->key);
}

/* ---- Bytes ---- */

tv_error *tv_checkpoint_file_read(const char *path, int file, const tv_saved_entry *entry,
                                  int64_t from, void *out, size_t bytes) {
  return tv_file_read(path, file, entry->offset + from, out, bytes);
}

static tv_error *digest_array(const char *path, int file, const tv_saved_entry *entry, void *piece,
                              tv_digest *digest) {
  for (int64_t done = 0; done < entry->bytes; done += PIECE) {
    const int64_t left = entry->bytes - done;
    const size_t bytes = (size_t)(left < PIECE ? left : PIECE);
    TV_TRY(tv_file_read(path, file, entry->offset + done, piece, bytes));
    TV_TRY(tv_digest_add(digest, piece, bytes));
  }
  return NULL;
}

tv_error *tv_checkpoint_file_verify(const char *path, int file, const tv_saved_entry *entry) {
  unsigned char found[TV_DIGEST_BYTES];
  tv_digest *digest = NULL;
  void *piece = NULL;
  tv_error *error;
  TV_GO(tv_allocate(PIECE, 1, &piece));
  TV_GO(tv_digest_begin(&digest));
  TV_GO(digest_array(path, file, entry, piece, digest));
  TV_GO(tv_digest_end(digest, found));
  if (memcmp(found, entry->digest, sizeof found) != 0)
    error = tv_fail("%s: is damaged (the array %d.%d at byte %lld differs from its digest)", path,
                    entry->key.kind, entry->key.part, (long long)entry->offset);
done:
  tv_digest_free(&digest);
  free(piece);
  return error;
}

/* ---- Header and index ---- */

/* What an index says has to lie in the file, and in order. */
static tv_error *check_entries(const char *path, const tv_saved_entry *entries, int64_t count,
                               int64_t end) {
  for (int64_t i = 0; i < count; ++i) {
    const tv_saved_entry *e = &entries[i];
    const int is_inside =
        e->offset >= 0 && e->offset <= end && e->bytes >= 0 && e->bytes <= end - e->offset;
    if (!is_inside || e->key.first < 0 || e->key.end < e->key.first ||
        (i > 0 && compare_entries(e - 1, e) >= 0))
      return tv_fail("%s: is damaged (entry %lld of its index makes no sense)", path, (long long)i);
  }
  return NULL;
}

static tv_error *read_index(const char *path, int file, tv_saved_entry **entries, int64_t *count) {
  header head;
  struct stat status;
  unsigned char digest[TV_DIGEST_BYTES];
  if (fstat(file, &status) != 0) return tv_fail_errno("%s", path);
  if (status.st_size < (off_t)sizeof head)
    return tv_fail("%s: is damaged (%lld bytes are no checkpoint)", path,
                   (long long)status.st_size);
  TV_TRY(tv_file_read(path, file, 0, &head, sizeof head));
  if (memcmp(head.magic, magic, MAGIC) != 0 || head.order != byte_order)
    return tv_fail("%s: is no checkpoint, or one of another version or kind of processor", path);
  const int64_t room = (int64_t)sizeof **entries;
  if (head.count < 0 || head.offset < 0 || head.offset > status.st_size ||
      head.count > (status.st_size - head.offset) / room)
    return tv_fail("%s: is damaged (its index lies outside of it)", path);
  *count = head.count;
  TV_TRY(tv_allocate(head.count, sizeof **entries, entries));
  TV_TRY(tv_file_read(path, file, head.offset, *entries, (size_t)(head.count * room)));
  TV_TRY(tv_digest_memory(*entries, (size_t)(head.count * room), digest));
  if (memcmp(digest, head.digest, sizeof digest) != 0)
    return tv_fail("%s: is damaged (its index differs from its digest)", path);
  return check_entries(path, *entries, *count, head.offset);
}

tv_error *tv_checkpoint_file_open(const char *path, int *file, tv_saved_entry **entries,
                                  int64_t *count) {
  *entries = NULL;
  TV_TRY(tv_file_open(path, file));
  tv_error *error = read_index(path, *file, entries, count);
  if (!error) return NULL;
  free(*entries);
  close(*file);
  *entries = NULL;
  *file = -1;
  return error;
}

tv_error *tv_checkpoint_file_seal(const char *path, int file, tv_saved_entry *entries,
                                  int64_t count) {
  const size_t bytes = (size_t)count * sizeof *entries;
  header head = {.order = byte_order, .offset = TV_REGION, .count = count};
  memcpy(head.magic, magic, MAGIC);
  qsort(entries, (size_t)count, sizeof *entries, compare_entries);
  for (int64_t i = 0; i < count; ++i)
    if (entries[i].offset + entries[i].bytes > head.offset)
      head.offset = entries[i].offset + entries[i].bytes;
  TV_TRY(tv_digest_memory(entries, bytes, head.digest));
  TV_TRY(tv_file_write(path, file, head.offset, entries, bytes));
  return tv_file_write(path, file, 0, &head, sizeof head);
}

/* ---- For the user ---- */

int tv_checkpoint_file_is_one(const char *path) {
  char found[MAGIC] = "";
  int file;
  tv_error *error = tv_file_open(path, &file);
  if (!error) {
    error = tv_file_read(path, file, 0, found, MAGIC);
    close(file);
  }
  const int is_one = !error && memcmp(found, magic, MAGIC) == 0;
  tv_error_free(error);
  return is_one;
}
