/* HDF5 files, which HDF5 opens by name: made sure to be the files that base/file.h has opened or
 * created. Close with H5Fclose. */
#ifndef TWOVIEW_HDF5_FILE_H
#define TWOVIEW_HDF5_FILE_H

#include <hdf5.h>

#include "twoview/base/error.h"

/* Refuse what is known to be of another kind (a NumPy array, a table, a folder, ...), with a line
 * of how to convert it. Not collective. */
tv_error *tv_hdf5_expect_kind(const char *path);

/* Open the file behind `file`, which its path still has to lead to, to read. Not collective. */
tv_error *tv_hdf5_open(const char *path, int file, hid_t *out);

/* The same for a file that nothing else is to be learnt of. Not collective. */
tv_error *tv_hdf5_open_path(const char *path, hid_t *out);

#endif
