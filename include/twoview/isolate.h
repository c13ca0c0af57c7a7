/* Trying a file before it is relied upon. HDF5 checks little of what it reads: a damaged file can
 * make it crash (1.10.8 copies as many bytes as a chunk should have, not as many as it has) or
 * compute without end. */
#ifndef TWOVIEW_ISOLATE_H
#define TWOVIEW_ISOLATE_H

#include "twoview/error.h"

/* Call `read(path, context)` in a child process and wait for it. NULL when the child has come back
 * from it, with an error or without: the caller, who is to read the same, will see it. Otherwise an
 * error that tells how the child ended. `read` must not call MPI.              Not collective. */
tv_error *tv_isolate(const char *path, tv_error *(*read)(const char *path, const void *context),
                     const void *context);

#endif
