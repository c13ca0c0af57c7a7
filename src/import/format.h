/* What every format shares: a row of the table in import.c, and the file that it writes into. */
#ifndef TWOVIEW_IMPORT_FORMAT_H
#define TWOVIEW_IMPORT_FORMAT_H

#include <hdf5.h>

#include "twoview/hdf5/array.h"
#include "twoview/import/import.h"

typedef struct {
  const tv_import_options *options; /* borrowed */
  hid_t file;                       /* the output */
  const char *beside;               /* a path where there is room for scratch files; borrowed */
  /* Names of datasets there, for an experiment file; "": there are none. */
  char samples[TV_NAME_LENGTH], labels[TV_NAME_LENGTH], targets[TV_NAME_LENGTH];
  int scale; /* what samples are best divided by; 0: nothing is known */
} tv_import_state;

typedef struct {
  const char *what;               /* in messages and the help */
  int (*takes)(const char *path); /* whether a file or folder is of this format, by its name */
  unsigned options;               /* that it takes */
  tv_error *(*write)(tv_import_state *state);
} tv_import_format;

extern const tv_import_format tv_import_csv, tv_import_arrays, tv_import_matrix, tv_import_images;

/* What the datasets are called that are not the user's own. */
extern const tv_label tv_label_samples, tv_label_labels, tv_label_targets, tv_label_of_sample,
    tv_label_of_feature, tv_label_of_target;

/* Whether a name ends so, in letters of either case; and whether so, or so with .gz behind it. */
int tv_import_ends_with(const char *path, const char *end);
int tv_import_ends_with_or_packed(const char *path, const char *end);

/* Refuse a name of a feature, sample or class that is empty, too long or no plain UTF-8; `where` is
 * the place in the file, for the message. */
tv_error *tv_import_expect_name(const char *where, const char *name);

/* The dimension of that meaning and length, which counts from 0: `base`, or BASE_2 and so on where
 * others have its name. */
tv_error *tv_import_dimension(hid_t file, const char *base, int64_t length,
                              char name[TV_NAME_LENGTH]);

#endif
