/* A task in a process of its own, for libraries that crash on damaged files or compute without end,
 * as HDF5 1.10 does: it copies as many bytes as a chunk should have, not as many as it has, and
 * never steps over an object of size 0. */
#ifndef TWOVIEW_BASE_GUARD_H
#define TWOVIEW_BASE_GUARD_H

#include "twoview/base/error.h"

/* Run `task(context)` in a child process and return its error; what it changes in memory is lost,
 * what it prints stays. A crash becomes an error about `path`. So does a step that takes more than
 * 60 s of processor time (or TWOVIEW_READ_SECONDS in the environment; 0: no limit): an error about
 * time, because a slow machine and a damaged file look alike. The task must not call MPI. */
tv_error *tv_guard(const char *path, tv_error *(*task)(void *context), void *context);

/* Within a task: the step before has ended, and the next step, which may unpack so many bytes, has
 * the whole time again and a second for each MB. Elsewhere it does nothing. */
void tv_guard_step(double bytes);

#endif
