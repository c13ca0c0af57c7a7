/* An archive that is open to be read. */
#ifndef TWOVIEW_ARCHIVE_OPEN_H
#define TWOVIEW_ARCHIVE_OPEN_H

#include <hdf5.h>

#include "twoview/archive/schema.h"
#include "twoview/base/digest.h"

typedef struct {
  hid_t file;
  char seal[TV_DIGEST_LENGTH]; /* digits of its checksum, by which it is known again */
  int format;
  tv_experiment *experiment;
  tv_schema *schema;
} tv_opened;

/* Open an archive once its checksum has been found right, so that HDF5 meets no damage, its format
 * is known, and its coordinates are those of its experiment. Not collective; close with
 * tv_archive_shut, on an error too. */
tv_error *tv_archive_open(const char *path, tv_opened *out);
void tv_archive_shut(tv_opened *opened);

/* Open an archive that was opened before, with its checksum of then: anything else that is there by
 * now is an error. */
tv_error *tv_archive_open_again(const char *path, const char *seal, tv_opened *out);

/* The version of the format of an archive; an error where this program does not know it. */
tv_error *tv_archive_read_format(hid_t file, int *format);

/* The numbers of a variable, or its words: at least 1, at most INT_MAX, and as many as there may be
 * in what is stored. Free with free, or tv_archive_free_words. Not collective. */
tv_error *tv_archive_read_numbers(hid_t group, const char *name, double **out, int64_t *count);
tv_error *tv_archive_read_words(hid_t group, const char *name, char ***out, int64_t *count);
void tv_archive_free_words(char **words, int64_t count);

/* The same error with the file's name in front: whatever it is, the archive is at fault. NULL
 * without one. */
tv_error *tv_archive_locate(const char *path, tv_error *error);

/* The first value of a coordinate that the schema knows beforehand, among `count` found ones, that
 * is another one; `count` where there is none. Numbers as tv_archive_read_numbers gives them; of
 * text: words. */
int64_t tv_coordinate_difference(const tv_variable *coordinate, const void *found, int64_t count);

#endif
