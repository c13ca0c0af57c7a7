/* Members of a zip file. */
#ifndef TWOVIEW_IMPORT_ZIP_H
#define TWOVIEW_IMPORT_ZIP_H

#include "twoview/base/error.h"

/* What is done with a member, whose bytes are an open file that is taken over. `where` is the place
 * of the member, for messages. */
typedef tv_error *tv_zip_visitor(void *context, const char *where, const char *name, int file);

/* Unpack one member after the other, in their order, to a scratch file beside a path, and visit it.
 * Check sums are compared. */
tv_error *tv_zip_visit(const char *path, const char *beside, tv_zip_visitor *visit, void *context);

/* Whether a zip file has a member of that name. What is no zip file has none. */
int tv_zip_has(const char *path, const char *name);

#endif
