/* A matrix of the Matrix Market, plain or gzipped: imported, and transposed. */
#include "import.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  char path[FUZZ_PATH];
  fuzz_file(bytes, length, path);
  fuzz_import(path, ".mtx", (tv_import_options){0});
  fuzz_import(path, ".mtx", (tv_import_options){.given = TV_IMPORT_TRANSPOSE});
  remove(path);
  return 0;
}
