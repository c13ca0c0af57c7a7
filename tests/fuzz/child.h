/* Fuzzing what stands on HDF5, which damaged files crash, and whose heap they corrupt: every input
 * is read in a child process. How the child ends tells whose fault it was. HDF5's faults end it by
 * a signal, as they would without sanitizers; faults of the program by a status. */
#ifndef TWOVIEW_FUZZ_CHILD_H
#define TWOVIEW_FUZZ_CHILD_H

#include <unistd.h>

#include "twoview/archive/seal.h"
#include "twoview/base/file.h"

/* To be called before all else. */
void fuzz_prepare(void);

/* Call `read(path)` in a child, and abort when the program, or a leak of it, was at fault. */
void fuzz_in_child(char *path, void (*read)(const char *path));

/* In that child: free the error of what has a child of its own, unless the program was at fault. */
void fuzz_expect_refusal(tv_error *error);

/* Check the seal of a file, which has none or any, and seal it. */
static inline void fuzz_seal(const char *path) {
  int file;
  char digits[TV_DIGEST_LENGTH];
  tv_error *error = tv_file_open_to_change(path, &file);
  if (error) {
    tv_error_free(error);
    return;
  }
  tv_error_free(tv_seal_check(path, file, digits));
  tv_error_free(tv_seal_write(path, file));
  close(file);
}

#endif
