/* A checkpoint: as the bytes are, and with all digests in it made right, as no damage would but a
 * hostile hand could; taken up, read by every key that it names, and described. */
#include <mpi.h>
#include <sanitizer/lsan_interface.h>

#include "fuzz.h"
#include "twoview/checkpoint/file.h"

enum { HEADER = 80, OFFSET = 32, COUNT = 40, DIGEST = 48 }; /* of the index, in the header */

static const char identity[] = "a run\n";

int LLVMFuzzerInitialize(int *count, char ***words) {
  (void)count, (void)words;
  __lsan_disable(); /* what MPI keeps until MPI_Finalize is no leak */
  MPI_Init(NULL, NULL);
  __lsan_enable();
  return 0;
}

static int lies_inside(int64_t offset, int64_t bytes, size_t length) {
  return offset >= 0 && bytes >= 0 && (uint64_t)offset <= length &&
         (uint64_t)bytes <= length - (uint64_t)offset;
}

/* The digests of arrays and of the index, wherever these lie in the file. */
static void make_digests_right(uint8_t *file, size_t length) {
  int64_t offset, count;
  tv_saved_entry entry;
  if (length < HEADER) return;
  memcpy(&offset, file + OFFSET, sizeof offset);
  memcpy(&count, file + COUNT, sizeof count);
  if (count < 0 || (uint64_t)count > length / sizeof entry) return;
  const int64_t bytes = count * (int64_t)sizeof entry;
  if (!lies_inside(offset, bytes, length)) return;
  for (int64_t i = 0; i < count; ++i) {
    uint8_t *place = file + offset + i * (int64_t)sizeof entry;
    memcpy(&entry, place, sizeof entry);
    if (!lies_inside(entry.offset, entry.bytes, length)) continue;
    tv_error_free(tv_digest_memory(file + entry.offset, (size_t)entry.bytes, entry.digest));
    memcpy(place, &entry, sizeof entry);
  }
  tv_error_free(tv_digest_memory(file + offset, (size_t)bytes, file + DIGEST));
}

static void read_every_key(tv_checkpoint *checkpoint, const tv_saved_entry *entries,
                           int64_t count) {
  for (int64_t i = 0; i < count && i < 100; ++i) {
    const tv_saved_key key = entries[i].key;
    const int64_t bytes = tv_checkpoint_find(checkpoint, key);
    const tv_saved_key first = {key.kind, key.part, 0, 100};
    char some[100 * 8] = {0}, *all = NULL;
    tv_checkpoint_claim(checkpoint, (tv_saved_kind)key.kind, 0, key.end);
    tv_error_free(tv_checkpoint_read_items(checkpoint, first, some, i % 8 + 1));
    if (bytes < 0) abort();
    tv_error *error = tv_allocate(bytes, 1, &all);
    if (!error) error = tv_checkpoint_read(checkpoint, key, all, (size_t)bytes);
    tv_error_free(error);
    free(all);
  }
}

static void take_up(const char *output, const char *path) {
  const tv_checkpoint_policy never = {0, 1e9, 1e9};
  tv_checkpoint *checkpoint = NULL;
  tv_saved_entry *entries;
  int64_t count = 0;
  int file;
  tv_error *error = tv_checkpoint_create(output, identity, &never, MPI_COMM_SELF, &checkpoint);
  if (!error) error = tv_checkpoint_resume(checkpoint);
  if (!error) error = tv_checkpoint_file_open(path, &file, &entries, &count);
  if (!error) {
    read_every_key(checkpoint, entries, count);
    close(file);
    free(entries);
  }
  tv_error_free(error);
  tv_checkpoint_destroy(&checkpoint);
}

static void describe(const char *path) {
  FILE *nowhere = fopen("/dev/null", "w");
  if (!nowhere) abort();
  tv_error_free(tv_checkpoint_file_describe(path, nowhere));
  fclose(nowhere);
}

static void try_bytes(const uint8_t *bytes, size_t length) {
  char output[FUZZ_PATH], path[FUZZ_PATH + 16];
  fuzz_file(bytes, length, output);
  snprintf(path, sizeof path, "%s.checkpoint", output);
  if (rename(output, path) != 0) abort();
  take_up(output, path);
  describe(path);
  unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  uint8_t *right = malloc(length + 1);
  if (!right) abort();
  if (length) memcpy(right, bytes, length);
  make_digests_right(right, length);
  try_bytes(bytes, length);
  try_bytes(right, length);
  free(right);
  return 0;
}
