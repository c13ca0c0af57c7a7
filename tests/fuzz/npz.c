/* An archive of arrays, and one array: imported. */
#include "import.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  char path[FUZZ_PATH];
  fuzz_file(bytes, length, path);
  fuzz_import(path, ".npz", (tv_import_options){0});
  fuzz_import(path, ".npy", (tv_import_options){0});
  remove(path);
  return 0;
}
