/* An archive, for `merge`: alone, which copies all of it. The bytes are sealed, or nothing behind
 * the seal would be reached. */
#include "twoview/archive/merge.h"

#include "child.h"
#include "fuzz.h"
#include "twoview/archive/seal.h"

int LLVMFuzzerInitialize(int *count, char ***words) {
  (void)count, (void)words;
  fuzz_prepare();
  return 0;
}

static void merge(const char *path) {
  char output[FUZZ_PATH + 16];
  FILE *nowhere = fopen("/dev/null", "w");
  if (!nowhere) abort();
  snprintf(output, sizeof output, "%s.merged", path);
  const tv_merge_options options = {.output = output,
                                    .replaces = 1,
                                    .files = (const char *const[]){path, NULL},
                                    .command = "twoview merge"};
  fuzz_expect_refusal(tv_merge(&options, nowhere));
  remove(output);
  fclose(nowhere);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  char path[FUZZ_PATH];
  fuzz_file(bytes, length, path);
  fuzz_seal(path);
  fuzz_in_child(path, merge);
  remove(path);
  return 0;
}
