#include "twoview/hdf5_error.h"

#include <hdf5.h>
#include <stdarg.h>
#include <stdio.h>

static herr_t keep_innermost(unsigned depth, const H5E_error2_t *entry, void *context) {
  (void)depth;
  snprintf(context, 256, "%s", entry->desc ? entry->desc : "");
  return 0;
}

tv_error *tv_hdf5_fail(const char *format, ...) {
  char message[1024], reason[256] = "";
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep_innermost, reason);
  H5Eclear2(H5E_DEFAULT);
  return *reason ? tv_fail("%s: %s", message, reason) : tv_fail("%s", message);
}

void tv_hdf5_quiet(void) {
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}
