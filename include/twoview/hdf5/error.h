/* HDF5's own reasons in our messages. */
#ifndef TWOVIEW_HDF5_ERROR_H
#define TWOVIEW_HDF5_ERROR_H

#include "twoview/base/error.h"

/* To be called before MPI_Init and before all else of HDF5: turns off HDF5's own printing, and its
 * closing of what is open at MPI_Finalize or exit, which crashes when a file could not be closed
 * because the disk was full. */
void tv_hdf5_prepare(void);

/* `message: the innermost reason on HDF5's error stack`; clears the stack. */
tv_error *tv_hdf5_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
