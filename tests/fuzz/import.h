/* What the targets of imported formats share: the bytes as a file of a name, imported twice. */
#ifndef TWOVIEW_FUZZ_IMPORT_H
#define TWOVIEW_FUZZ_IMPORT_H

#include "fuzz.h"
#include "twoview/hdf5/error.h"
#include "twoview/import/import.h"

int LLVMFuzzerInitialize(int *count, char ***words) {
  (void)count, (void)words;
  tv_hdf5_prepare();
  return 0;
}

/* Import a file that fuzz_file has written, by another name of it. */
static inline void fuzz_import(const char *path, const char *ending, tv_import_options options) {
  char source[FUZZ_PATH + 16], output[FUZZ_PATH + 16];
  const char *const sources[] = {source, NULL}, *const none[] = {NULL};
  snprintf(source, sizeof source, "%s%s", path, ending);
  snprintf(output, sizeof output, "%s.h5", path);
  if (link(path, source) != 0) abort();
  options.sources = sources;
  options.output = output;
  options.command = "fuzz";
  options.replaces = 1;
  if (!options.targets) options.targets = none;
  if (!options.dropped) options.dropped = none;
  FILE *words = fopen("/dev/null", "w");
  if (!words) abort();
  tv_error_free(tv_import(&options, words));
  fclose(words);
  remove(source);
  remove(output);
}

#endif
