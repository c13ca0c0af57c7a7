/* Provenance: how a file was made, for questions that come up years later. */
#ifndef TWOVIEW_ARCHIVE_PROVENANCE_H
#define TWOVIEW_ARCHIVE_PROVENANCE_H

#include <hdf5.h>

#include "twoview/archive/archive.h"

/* Write provenance attributes to the root group, by one process. */
tv_error *tv_provenance_write(hid_t root, const tv_record *record, int ranks);

#endif
