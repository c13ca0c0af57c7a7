#include "twoview/archive/seal.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "twoview/base/digest.h"
#include "twoview/base/file.h"

/* A line of its own for `tail -n 1`, and of fixed length. */
static const char words[] = "\ntwoview archive, SHA-256 of all bytes before this line: ";
enum {
  WORDS = sizeof words - 1,
  SEAL = WORDS + TV_DIGEST_LENGTH, /* digits and a newline */
  LEAST_OF_SEAL = 9                /* of which so much is no chance: "\ntwoview" */
};

/* The bytes before the seal, all where there is none, and its 64 digits, "" where there is none. */
static tv_error *find_seal(const char *path, int file, int64_t *sealed,
                           char digits[TV_DIGEST_LENGTH]) {
  char line[SEAL];
  struct stat status;
  *sealed = 0;
  memset(digits, 0, TV_DIGEST_LENGTH);
  if (fstat(file, &status) != 0) return tv_fail_errno("%s", path);
  const int64_t size = status.st_size;
  const ssize_t got = size >= SEAL ? pread(file, line, SEAL, (off_t)(size - SEAL)) : 0;
  if (got < 0) return tv_fail_errno("%s", path);
  const int is_sealed = got == SEAL && memcmp(line, words, WORDS) == 0 && line[SEAL - 1] == '\n';
  *sealed = is_sealed ? size - SEAL : size;
  if (is_sealed) memcpy(digits, line + WORDS, TV_DIGEST_LENGTH - 1);
  return NULL;
}

/* Whether the file ends with the beginning of a seal. */
static int is_cut_short(int file) {
  char end[SEAL];
  struct stat status;
  if (fstat(file, &status) != 0) return 0;
  for (int length = LEAST_OF_SEAL; length < SEAL && length <= status.st_size; ++length) {
    const int of_words = length < WORDS ? length : WORDS;
    if (pread(file, end, (size_t)length, status.st_size - length) != length) return 0;
    if (memcmp(end, words, (size_t)of_words) == 0) return 1;
  }
  return 0;
}

int tv_seal_exists(const char *path, int file) {
  int64_t sealed;
  char digits[TV_DIGEST_LENGTH];
  tv_error *error = find_seal(path, file, &sealed, digits);
  const int exists = !error && (*digits || is_cut_short(file));
  tv_error_free(error);
  return exists;
}

tv_error *tv_seal_write(const char *path, int file) {
  int64_t sealed;
  char digits[TV_DIGEST_LENGTH], line[SEAL + 1];
  TV_TRY(find_seal(path, file, &sealed, digits));
  TV_TRY(tv_digest_start(path, file, sealed, digits));
  snprintf(line, sizeof line, "%s%s\n", words, digits);
  /* Over an earlier seal, so that no other byte ever changes. */
  return tv_file_write(path, file, sealed, line, SEAL);
}

tv_error *tv_seal_check(const char *path, int file, char found[TV_DIGEST_LENGTH]) {
  int64_t sealed;
  char expected[TV_DIGEST_LENGTH];
  TV_TRY(find_seal(path, file, &sealed, expected));
  if (!*expected)
    return tv_fail("%s: does not end with the checksum of an archive: cut short, changed by "
                   "another program, or no archive",
                   path);
  TV_TRY(tv_digest_start(path, file, sealed, found));
  if (strcmp(expected, found) == 0) return NULL;
  return tv_fail("%s: damaged, or changed since it was written: its bytes do not have the checksum "
                 "at its end",
                 path);
}

tv_error *tv_seal_expect(const char *path, int file, char digits[TV_DIGEST_LENGTH]) {
  tv_error *error = tv_seal_check(path, file, digits);
  if (!error) return NULL;
  tv_error *advised = tv_fail("%s; twoview info --verify says more", error->message);
  tv_error_free(error);
  return advised;
}
