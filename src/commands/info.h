/* What a file holds, and how it was made. Serial. */
#ifndef TWOVIEW_COMMANDS_INFO_H
#define TWOVIEW_COMMANDS_INFO_H

#include <stdio.h>

#include "twoview/base/error.h"

/* Describe an archive or another HDF5 file (attributes, dimensions, datasets), an IDX file, or a
 * checkpoint, whose arrays are compared with their digests. Of an archive without its checksum, or
 * with another one, what can be told is, and then an error. */
tv_error *tv_info(const char *path, FILE *out);

#endif
