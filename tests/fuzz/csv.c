/* A table of text, plain or gzipped: imported with a header and a column of classes, and without.
 */
#include "import.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  static const char *const targets[] = {"t", NULL};
  char path[FUZZ_PATH];
  fuzz_file(bytes, length, path);
  fuzz_import(path, ".csv",
              (tv_import_options){.given = TV_IMPORT_LABELS | TV_IMPORT_TARGETS,
                                  .labels = "c",
                                  .targets = targets});
  fuzz_import(path, ".tsv", (tv_import_options){.given = TV_IMPORT_NO_HEADER, .delimiter = ';'});
  remove(path);
  return 0;
}
