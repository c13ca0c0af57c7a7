/* SHA-256 of files, for provenance. */
#ifndef TWOVIEW_DIGEST_H
#define TWOVIEW_DIGEST_H

#include "twoview/error.h"

enum { TV_DIGEST_LENGTH = 65 }; /* 64 hexadecimal digits and the end of the string */

tv_error *tv_digest_file(const char *path, char digest[TV_DIGEST_LENGTH]);

#endif
