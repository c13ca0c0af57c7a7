/* HDF5's own words in our messages. */
#ifndef TWOVIEW_HDF5_ERROR_H
#define TWOVIEW_HDF5_ERROR_H

#include "twoview/error.h"

/* `message: the innermost reason on HDF5's error stack`; clears the stack. HDF5's own printing is
 * to be turned off first with tv_hdf5_quiet. */
tv_error *tv_hdf5_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
void tv_hdf5_quiet(void);

#endif
