/* Files of other kinds, given where an HDF5 file is expected. */
#ifndef TWOVIEW_HDF5_FOREIGN_H
#define TWOVIEW_HDF5_FOREIGN_H

/* What the file is, and a line of how its numbers get into an HDF5 file; NULL for what is not
 * known, or is HDF5. Not collective. */
const char *tv_hdf5_foreign(const char *path);

#endif
