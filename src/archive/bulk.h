/* The large arrays of an archive: encoders, decoders, representations and samples. */
#ifndef TWOVIEW_ARCHIVE_BULK_H
#define TWOVIEW_ARCHIVE_BULK_H

#include "twoview/archive/archive.h"
#include "twoview/archive/schema.h"

/* The file that all ranks have open. */
typedef struct tv_bulk tv_bulk;

/* Write this rank's part of a variable.                                             Collective. */
typedef tv_error *tv_bulk_writer(const tv_bulk *bulk, const tv_variable *variable,
                                 const tv_record *record);

tv_bulk_writer tv_bulk_write_encoder, tv_bulk_write_decoder, tv_bulk_write_transform,
    tv_bulk_write_representation, tv_bulk_write_means;

/* An encoder's columns of the important components, in units of the features that these are made
 * of, which were divided by `scale`: rows x features, from an encoder of rows x d. */
void tv_encoder_transform(const tv_features *features, double scale, int rows, int d,
                          const double *encoder, double *out);

/* Open the part that every rank has open by way of MPI, as it will be written.    Collective. */
tv_error *tv_bulk_try(const tv_output *part, MPI_Comm comm);

/* Write this rank's part of all that rank 0 has only created.                       Collective. */
tv_error *tv_bulk_write(const tv_output *part, const tv_record *record, const tv_schema *schema,
                        MPI_Comm comm);

#endif
