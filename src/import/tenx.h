/* The names beside a matrix, as 10x Genomics writes them: lists of features and of barcodes, in
 * files of their own. */
#ifndef TWOVIEW_IMPORT_TENX_H
#define TWOVIEW_IMPORT_TENX_H

#include <hdf5.h>
#include <stdint.h>

#include "twoview/base/error.h"

/* Zeroed: there are none. */
typedef struct {
  char *matrix;              /* owned, as the others; the file of the matrix itself */
  char *features, *barcodes; /* NULL: both are missing */
} tv_tenx;

/* What is meant by a path: a matrix, or a folder of one, with names beside it or without. Free with
 * tv_tenx_free. Errors: the folder holds none; one of both lists is missing. */
tv_error *tv_tenx_find(const char *path, tv_tenx *out);
void tv_tenx_free(tv_tenx *files);

/* Whether a folder holds a matrix. */
int tv_tenx_is_folder(const char *path);

/* Write the coordinates of samples and features, and of features their identifiers. Errors: other
 * numbers of names. */
tv_error *tv_tenx_write_names(const tv_tenx *files, hid_t file, int64_t samples, int64_t features);

/* Write the texts of a file, one of a line up to its first tab, as an array over the samples. */
tv_error *tv_tenx_write_labels(const char *path, hid_t file, int64_t samples);

#endif
