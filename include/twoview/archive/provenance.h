/* How a file came to be: everything that one would ask about it years later. */
#ifndef TWOVIEW_ARCHIVE_PROVENANCE_H
#define TWOVIEW_ARCHIVE_PROVENANCE_H

#include <hdf5.h>

#include "twoview/archive/archive.h"

/* Write provenance attributes to the root group, by one process. */
tv_error *tv_provenance_write(hid_t root, const tv_record *record, int ranks);

/* One line: name, version, revision. */
const char *tv_version_line(void);

/* How many threads BLAS uses on a rank, in words. */
void tv_describe_blas_threads(char out[64]);

/* One BLAS thread per rank, unless the environment asks for another number. */
void tv_limit_blas_threads(void);

/* The BLAS kernel in use, on which the bits of sums depend; "" where the library does not tell. */
const char *tv_blas_kernel(void);

#endif
