/* What the fuzz targets share: the bytes as a file, for parsers that take a path. */
#ifndef TWOVIEW_FUZZ_H
#define TWOVIEW_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "twoview/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerInitialize(int *count, char ***words);

enum { FUZZ_PATH = 64 };

/* Write the bytes to a file of this process, in the working folder. */
static inline void fuzz_file(const uint8_t *bytes, size_t length, char path[FUZZ_PATH]) {
  snprintf(path, FUZZ_PATH, "fuzz.%d", (int)getpid());
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) abort();
}

/* Any error will do, except that a sanitizer ended a child of tv_isolate: HDF5, which they do not
 * see, is ended by signals. Returns whether a child died, so that others need not. */
static inline int fuzz_expect_refusal(tv_error *error) {
  if (error && strstr(error->message, "ended with status")) abort();
  const int has_died = error && strstr(error->message, ": damaged: reading it");
  tv_error_free(error);
  return has_died;
}

#endif
