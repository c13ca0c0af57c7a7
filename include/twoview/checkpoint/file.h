/* The file of a checkpoint: a header, arrays, and an index of them that holds their digests. */
#ifndef TWOVIEW_CHECKPOINT_FILE_H
#define TWOVIEW_CHECKPOINT_FILE_H

#include <stdio.h>

#include "twoview/base/digest.h"
#include "twoview/checkpoint/checkpoint.h"

typedef struct {
  tv_saved_key key;
  int64_t offset, bytes; /* in the file */
  unsigned char digest[TV_DIGEST_BYTES];
} tv_saved_entry;

/* Arrays of different ranks never share a page, on which network file systems would disagree. */
enum { TV_REGION = 1 << 16 };

/* Open and read the index, which is in the order of its keys; the caller owns `entries` and closes
 * `file`. Errors: no such file, not a checkpoint, damaged. */
tv_error *tv_checkpoint_file_open(const char *path, int *file, tv_saved_entry **entries,
                                  int64_t *count);

/* Whether a file begins as checkpoints do. */
int tv_checkpoint_file_is_one(const char *path);

/* Compare every array with its digest, and print which run the file belongs to and how far it
 * was. */
tv_error *tv_checkpoint_file_describe(const char *path, FILE *out);

/* Compare an array with its digest. */
tv_error *tv_checkpoint_file_verify(const char *path, int file, const tv_saved_entry *entry);

/* Read `bytes` of an array from `from` on. */
tv_error *tv_checkpoint_file_read(const char *path, int file, const tv_saved_entry *entry,
                                  int64_t from, void *out, size_t bytes);

/* Write index and header, which make the file a checkpoint, without flushing them to disk. Sorts
 * the entries. */
tv_error *tv_checkpoint_file_seal(const char *path, int file, tv_saved_entry *entries,
                                  int64_t count);

/* The order of keys: by kind, part, name, first, end. */
int tv_saved_key_compare(const tv_saved_key *a, const tv_saved_key *b);

#endif
