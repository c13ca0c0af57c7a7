/* What a file holds, and how it was made. Serial. */
#ifndef TWOVIEW_COMMANDS_INFO_H
#define TWOVIEW_COMMANDS_INFO_H

#include <stdio.h>

#include "twoview/base/error.h"

/* Describe an archive or another HDF5 file (attributes, dimensions, datasets), an IDX file, or a
 * checkpoint, whose arrays are compared with their digests. An archive without its checksum, or
 * with a wrong one, is described as far as possible, and then it is an error. */
tv_error *tv_info(const char *path, FILE *out);

#endif
