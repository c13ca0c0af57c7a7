/* What the fuzz targets share: the bytes as a file, for parsers that take a path. */
#ifndef TWOVIEW_FUZZ_H
#define TWOVIEW_FUZZ_H

#include <sanitizer/asan_interface.h>
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

/* The process that fuzzes; 0 until fuzz_expect_faults_of_hdf5. */
static inline pid_t fuzz_parent(pid_t set) {
  static pid_t parent;
  if (set) parent = set;
  return parent;
}

/* A fault of the program in a child of tv_guard: a status tells it from the signals that end HDF5.
 */
static inline void fuzz_end_child(void) {
  if (fuzz_parent(0) && getpid() != fuzz_parent(0)) _exit(99);
}

/* Given each report of the address sanitizer. Where HDF5 has called the function of frame 0, the
 * fault is HDF5's. */
static inline void fuzz_judge_report(const char *report) {
  const char *caller = strstr(report, "\n    #1 ");
  const char *library = caller ? strstr(caller, "libhdf5") : NULL;
  const char *end = caller ? strchr(caller + 1, '\n') : NULL;
  if (!library || (end && library > end)) fuzz_end_child();
}

/* Called by the sanitizer of undefined behaviour, which does not look into HDF5. */
void __ubsan_on_report(void);
void __ubsan_on_report(void) {
  fuzz_end_child();
}

static inline void fuzz_expect_faults_of_hdf5(void) {
  fuzz_parent(getpid());
  __asan_set_error_report_callback(fuzz_judge_report);
}

/* Any error will do, except that a sanitizer ended a child of tv_guard with a status. Returns
 * whether a child died, so that others need not. */
static inline int fuzz_expect_refusal(tv_error *error) {
  if (error && strstr(error->message, "ended without a word")) abort();
  const int has_died = error && strstr(error->message, ": damaged: reading it");
  tv_error_free(error);
  return has_died;
}

#endif
