/* Output files: written beside their final name, flushed to disk and renamed when they are whole,
 * so that a file of that name is always whole. Not collective. */
#ifndef TWOVIEW_BASE_OUTPUT_H
#define TWOVIEW_BASE_OUTPUT_H

#include "twoview/base/error.h"

/* A file that is being written; zeroed: none. */
typedef struct {
  char *path; /* its final name, owned; NULL: another rank began it, and is to end it */
  char *part; /* its name until it is whole, which is this process's alone; owned */
  int file;   /* to read and to write */
  int replaces;
} tv_output;

/* Where an output that a user names is to stand: a link leads to it, so that the link stays. Owned
 * by the caller. */
tv_error *tv_output_locate(const char *name, char **path);

/* A name beside `path`, which ends with `suffix`: PATH.SUFFIX, unless the file system has no names
 * so long. Then the end of the file's own name gives way to the first digits of its SHA-256. Owned
 * by the caller. */
tv_error *tv_output_beside(const char *path, const char *suffix, char **beside);

/* Create the part, PATH.HOST-PLACE-PROCESS.part; PLACE are digits that distinguish machines and
 * their spaces of process numbers apart. Parts of this file that processes of this place have left,
 * and which are dead, are removed first. Refused are an output that exists (unless it may be
 * replaced), that is no regular file or one of `inputs` (ends with NULL), or that cannot be
 * written. End with tv_output_finish or tv_output_abandon. */
tv_error *tv_output_begin(const char *path, const char *const *inputs, int replaces,
                          tv_output *out);

/* Flush the whole file to disk and give it its name. A file that another process has put there in
 * the meantime is kept unless it may be replaced; the part is kept then, too, as
 * PATH.HOST-PLACE-PROCESS.whole.part. */
tv_error *tv_output_finish(tv_output *output);

/* Remove parts of this file that dead processes of this place have left. */
tv_error *tv_output_clear(const char *path);

/* Remove the part. Accepts an output that is finished. */
void tv_output_abandon(tv_output *output);

#endif
