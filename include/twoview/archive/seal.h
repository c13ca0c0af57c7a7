/* The seal of an archive: a last line with the SHA-256 of all bytes before it. HDF5 ends where it
 * says in its first block and does not look behind that; a program that changes the file through
 * HDF5 cuts the line off. HDF5 1.10 may crash on damaged metadata, so the seal is checked before
 * HDF5 opens an archive. Of files that are open, `path` for messages. One process. */
#ifndef TWOVIEW_ARCHIVE_SEAL_H
#define TWOVIEW_ARCHIVE_SEAL_H

#include "twoview/base/digest.h"
#include "twoview/base/error.h"

/* Append the seal, in the place of one that is there. */
tv_error *tv_seal_write(const char *path, int file);

/* Read the whole file and refuse one that is not as it was sealed, or not sealed; `digits` are the
 * checksum that it has. */
tv_error *tv_seal_check(const char *path, int file, char digits[TV_DIGEST_LENGTH]);

/* The same for callers that need a whole file: the error says how to learn more. */
tv_error *tv_seal_expect(const char *path, int file, char digits[TV_DIGEST_LENGTH]);

/* Whether the file ends with a seal: right, wrong or cut short. */
int tv_seal_exists(const char *path, int file);

#endif
