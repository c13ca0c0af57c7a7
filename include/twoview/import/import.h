/* Files of other kinds written into an HDF5 file that a source reads. One process. */
#ifndef TWOVIEW_IMPORT_IMPORT_H
#define TWOVIEW_IMPORT_IMPORT_H

#include <stdio.h>

#include "twoview/base/error.h"

/* Options, each of which some formats take; a bit each. */
enum {
  TV_IMPORT_LABELS = 1 << 0,
  TV_IMPORT_TARGETS = 1 << 1,
  TV_IMPORT_DROP = 1 << 2,
  TV_IMPORT_DELIMITER = 1 << 3,
  TV_IMPORT_NO_HEADER = 1 << 4,
  TV_IMPORT_SAMPLES = 1 << 5,
  TV_IMPORT_TRANSPOSE = 1 << 6,
  TV_IMPORT_SIZE = 1 << 7,
  TV_IMPORT_GREY = 1 << 8
};

typedef struct {
  const char *const *sources; /* NULL-terminated, at least one */
  const char *output;
  const char *command;          /* the command line, for provenance */
  unsigned given;               /* the options above that were typed */
  const char *samples, *labels; /* NULL: none */
  const char *const *targets;   /* NULL-terminated, as the next */
  const char *const *dropped;
  char delimiter;    /* 0: by the file's name */
  int rows, columns; /* of images, with TV_IMPORT_SIZE */
  int replaces;      /* an existing output */
} tv_import_options;

/* Write what the sources hold into the output, and print what it is and how an experiment file
 * names it. Nothing is left of an output that is not whole. Errors name file and line, member or
 * column. */
tv_error *tv_import(const tv_import_options *options, FILE *out);

/* A line for each kind of file that can be imported, for the help. */
void tv_import_list(FILE *out);

#endif
