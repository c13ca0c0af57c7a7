/* Archives of runs that took different replicates of one experiment, joined into the archive of one
 * run of all of them. One process; memory does not grow with the archives. */
#ifndef TWOVIEW_ARCHIVE_MERGE_H
#define TWOVIEW_ARCHIVE_MERGE_H

#include <stdio.h>

#include "twoview/base/error.h"

typedef struct {
  const char *const *files; /* borrowed, ends with NULL; any order */
  const char *output, *command;
  int replaces; /* an existing archive */
} tv_merge_options;

/* Write the joined archive and say so to `out`. Replicates have to be consecutive, each in one
 * file; all else of the experiments, the data files' digests and whatever has no replicates have to
 * be equal. An error names what differs, and both files. What the runs report about themselves and
 * their ranks goes to groups parts/0, parts/1, ... by their first replicate; parts of files that
 * were joined before stay as they are. */
tv_error *tv_merge(const tv_merge_options *options, FILE *out);

#endif
