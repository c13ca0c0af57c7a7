/* A task in a process of its own, for libraries that crash on damaged files, as HDF5 1.10 does. */
#ifndef TWOVIEW_GUARD_H
#define TWOVIEW_GUARD_H

#include "twoview/error.h"

/* Run `task(context)` in a child process and return its error; what it changes in memory is lost,
 * what it prints stays. A crash becomes an error about `path`. Not for programs that use MPI. */
tv_error *tv_guard(const char *path, tv_error *(*task)(void *context), void *context);

#endif
