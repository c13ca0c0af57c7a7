/* Between the checks of a merge and its copying. */
#ifndef TWOVIEW_ARCHIVE_JOIN_H
#define TWOVIEW_ARCHIVE_JOIN_H

#include "attributes.h"
#include "twoview/base/digest.h"
#include "twoview/base/output.h"
#include "twoview/experiment/experiment.h"

typedef struct {
  const char *path;            /* borrowed */
  char seal[TV_DIGEST_LENGTH]; /* of the file that was checked */
  int format;
  tv_experiment *experiment;
  char *notes[TV_NOTES]; /* of those that files have in common; NULL */
} tv_merge_input;

/* Write the arrays and attributes of all inputs, in order of their replicates, and `joined`, the
 * experiment of them together, to the part of a new file. */
tv_error *tv_merge_write(const tv_output *part, const tv_merge_input *inputs, int count,
                         const tv_experiment *joined, const char *command);

#endif
