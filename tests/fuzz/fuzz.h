/* What the fuzz targets share: the bytes as a file, for parsers that take a path. */
#ifndef TWOVIEW_FUZZ_H
#define TWOVIEW_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "twoview/base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerInitialize(int *count, char ***words);

enum { FUZZ_PATH = 64 };

/* Write the bytes to a file of this process, in the working folder. */
static inline void fuzz_file(const uint8_t *bytes, size_t length, char path[FUZZ_PATH]) {
  snprintf(path, FUZZ_PATH, "fuzz.%d", (int)getpid());
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) abort();
}

#endif
