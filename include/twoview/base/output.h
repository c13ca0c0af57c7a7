/* Output files: written beside their final name, flushed to disk and renamed when they are whole,
 * so that a file of that name is always whole. Not collective. */
#ifndef TWOVIEW_BASE_OUTPUT_H
#define TWOVIEW_BASE_OUTPUT_H

#include "twoview/base/error.h"

/* Refuse, before any work, an output that exists (unless it may be replaced), that is no regular
 * file or one of `inputs` (ends with NULL), or that cannot be written. */
tv_error *tv_output_expect(const char *path, const char *const *inputs, int replaces);

/* The name beside `path` under which this process writes, and no other: PATH.HOST-PROCESS.part.
 * Owned by the caller. */
tv_error *tv_output_part(const char *path, char **part);

tv_error *tv_output_flush(const char *part);

/* Give the whole file its name. A file that another process has put there in the meantime is kept
 * unless it may be replaced. */
tv_error *tv_output_name(const char *part, const char *path, int replaces);

#endif
