#include "twoview/hdf5/error.h"

#include <hdf5.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { REASON_LENGTH = 256 };

/* The reason in one line. Failed system calls are described over several lines, with the system's
 * own words between quotes. */
static herr_t keep_innermost(unsigned depth, const H5E_error2_t *entry, void *context) {
  static const char quotation[] = "error message = '";
  (void)depth;
  const char *text = entry->desc ? entry->desc : "", *quoted = strstr(text, quotation);
  if (strstr(text, "unable to lock file")) {
    snprintf(
        context, REASON_LENGTH,
        "another program has locked it, or the file system has no locks; wait for that program, "
        "or set HDF5_USE_FILE_LOCKING=FALSE in the environment");
    return 0;
  }
  if (quoted) text = quoted + strlen(quotation);
  snprintf(context, REASON_LENGTH, "%.*s", (int)strcspn(text, quoted ? "'" : "\n"), text);
  return 0;
}

tv_error *tv_hdf5_fail(const char *format, ...) {
  char message[1024], reason[REASON_LENGTH] = "";
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep_innermost, reason);
  H5Eclear2(H5E_DEFAULT);
  return *reason ? tv_fail("%s: %s", message, reason) : tv_fail("%s", message);
}

void tv_hdf5_prepare(void) {
  H5dont_atexit();
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}
