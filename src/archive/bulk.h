/* The large arrays of an archive: encoders, decoders, representations and samples. */
#ifndef TWOVIEW_ARCHIVE_BULK_H
#define TWOVIEW_ARCHIVE_BULK_H

#include "twoview/archive/archive.h"

/* A method in the names of its arrays. */
const char *tv_method_key(tv_method_id method);

/* Create the arrays, to be written later. One process. */
tv_error *tv_bulk_reserve(hid_t root, const tv_record *record);

/* Open the part that every rank has open by way of MPI, as it will be written.    Collective. */
tv_error *tv_bulk_try(const tv_output *part, MPI_Comm comm);

/* Write this rank's part of each.                                                   Collective. */
tv_error *tv_bulk_write(const tv_output *part, const tv_record *record, MPI_Comm comm);

#endif
