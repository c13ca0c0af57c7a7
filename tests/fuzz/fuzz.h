/* What the fuzz targets share: the bytes as a file, for parsers that take a path. */
#ifndef TWOVIEW_FUZZ_H
#define TWOVIEW_FUZZ_H

#include <sanitizer/asan_interface.h>
#include <signal.h>
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

/* Given each report of the address sanitizer before it ends a process with a status. When the
 * function that was called wrongly, frame 0, was called by HDF5, a child of tv_isolate is ended by
 * a signal instead, as it would be without a sanitizer. */
static inline void fuzz_judge_report(const char *report) {
  static pid_t parent;
  const char *caller = strstr(report, "\n    #1 ");
  if (!parent) parent = getpid(); /* the first call, by fuzz_expect_faults_of_hdf5 */
  if (getpid() == parent || !caller) return;
  const char *library = strstr(caller, "libhdf5"), *end = strchr(caller + 1, '\n');
  if (library && (!end || library < end)) raise(SIGKILL);
}

static inline void fuzz_expect_faults_of_hdf5(void) {
  fuzz_judge_report("");
  __asan_set_error_report_callback(fuzz_judge_report);
}

/* Any error will do, except that a sanitizer ended a child of tv_isolate with a status. Returns
 * whether a child died, so that others need not. */
static inline int fuzz_expect_refusal(tv_error *error) {
  if (error && strstr(error->message, "ended with status")) abort();
  const int has_died = error && strstr(error->message, ": damaged: reading it");
  tv_error_free(error);
  return has_died;
}

#endif
