#include "twoview/archive/seal.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "twoview/base/digest.h"

/* A line of its own for `tail -n 1`, and of fixed length. */
static const char words[] = "\ntwoview archive, SHA-256 of all bytes before this line: ";
enum { WORDS = sizeof words - 1, SEAL = WORDS + TV_DIGEST_LENGTH /* digits and a newline */ };

/* The bytes before the seal, all where there is none, and its 64 digits, "" where there is none. */
static tv_error *find_seal(const char *path, int64_t *sealed, char digits[TV_DIGEST_LENGTH]) {
  char line[SEAL];
  FILE *file = fopen(path, "rb");
  if (!file) return tv_fail_errno("%s", path);
  struct stat status;
  const int64_t size = fstat(fileno(file), &status) == 0 ? status.st_size : -1;
  const int is_long = size >= SEAL && S_ISREG(status.st_mode) && fseek(file, -SEAL, SEEK_END) == 0;
  const int is_sealed = is_long && fread(line, 1, SEAL, file) == SEAL &&
                        memcmp(line, words, WORDS) == 0 && line[SEAL - 1] == '\n';
  tv_error *error = size < 0 || ferror(file) ? tv_fail_errno("%s", path) : NULL;
  fclose(file);
  *sealed = is_sealed ? size - SEAL : size;
  memset(digits, 0, TV_DIGEST_LENGTH);
  if (is_sealed) memcpy(digits, line + WORDS, TV_DIGEST_LENGTH - 1);
  return error;
}

int tv_seal_exists(const char *path) {
  int64_t sealed;
  char digits[TV_DIGEST_LENGTH];
  tv_error *error = find_seal(path, &sealed, digits);
  const int exists = !error && *digits;
  tv_error_free(error);
  return exists;
}

tv_error *tv_seal_write(const char *path) {
  int64_t sealed;
  char digits[TV_DIGEST_LENGTH];
  TV_TRY(find_seal(path, &sealed, digits));
  TV_TRY(tv_digest_start(path, sealed, digits));
  FILE *file = fopen(path, "r+b"); /* over an earlier seal, so that no other byte ever changes */
  if (!file) return tv_fail_errno("%s", path);
  const int is_written =
      fseeko(file, sealed, SEEK_SET) == 0 && fprintf(file, "%s%s\n", words, digits) == SEAL;
  if (fclose(file) == 0 && is_written) return NULL;
  return tv_fail_errno("%s: its checksum cannot be written", path);
}

tv_error *tv_seal_check(const char *path) {
  int64_t sealed;
  char expected[TV_DIGEST_LENGTH], found[TV_DIGEST_LENGTH];
  TV_TRY(find_seal(path, &sealed, expected));
  if (!*expected)
    return tv_fail("%s: does not end with the checksum of an archive: cut short, changed by "
                   "another program, or no archive",
                   path);
  TV_TRY(tv_digest_start(path, sealed, found));
  if (strcmp(expected, found) == 0) return NULL;
  return tv_fail("%s: damaged, or changed since it was written: its bytes do not have the checksum "
                 "at its end",
                 path);
}

tv_error *tv_seal_expect(const char *path) {
  tv_error *error = tv_seal_check(path);
  if (!error) return NULL;
  tv_error *advised = tv_fail("%s; twoview info --verify says more", error->message);
  tv_error_free(error);
  return advised;
}
