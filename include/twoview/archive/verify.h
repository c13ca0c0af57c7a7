/* Whether an archive is whole. One process. */
#ifndef TWOVIEW_ARCHIVE_VERIFY_H
#define TWOVIEW_ARCHIVE_VERIFY_H

#include <stdio.h>

#include "twoview/base/error.h"

/* Check the checksum of the file, the checksums of all chunks, and that every variable, dimension
 * and attribute that the archive's experiment calls for is there, of the right type, length and
 * values. Prints a line for each problem to `out`, or what the archive holds; an error when there
 * are problems. With `accepts` the checksum of the file may be missing and, when all else is right,
 * is written: for archives that were changed on purpose through HDF5, which cuts it off. */
tv_error *tv_verify(const char *path, int accepts, FILE *out);

#endif
