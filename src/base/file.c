#include "twoview/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "twoview/base/escape.h"

static tv_error *refuse(const char *path, mode_t mode) {
  errno = EISDIR;
  if (S_ISDIR(mode)) return tv_fail_errno("%s", path);
  return tv_fail("%s: not a regular file but %s", path,
                 S_ISFIFO(mode)   ? "a pipe"
                 : S_ISSOCK(mode) ? "a socket"
                                  : "a device");
}

/* Opening a pipe to read would wait for a writer, and opening a terminal line for its carrier. */
static tv_error *open_regular(const char *path, int flags, int *file) {
  struct stat status;
  tv_error *error = NULL;
  *file = -1;
  TV_TRY(tv_expect_file_name(path));
  *file = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  const int reason = errno;
  if (*file < 0 && stat(path, &status) == 0 && !S_ISREG(status.st_mode))
    return refuse(path, status.st_mode);
  errno = reason;
  if (*file < 0) return tv_fail_errno("%s", path);
  if (fstat(*file, &status) != 0)
    error = tv_fail_errno("%s", path);
  else if (!S_ISREG(status.st_mode))
    error = refuse(path, status.st_mode);
  if (!error) return NULL;
  close(*file);
  *file = -1;
  return error;
}

tv_error *tv_file_open(const char *path, int *file) {
  return open_regular(path, O_RDONLY, file);
}

tv_error *tv_file_open_to_change(const char *path, int *file) {
  return open_regular(path, O_RDWR, file);
}

tv_error *tv_file_open_stream(const char *path, FILE **stream) {
  int file;
  *stream = NULL;
  TV_TRY(tv_file_open(path, &file));
  *stream = fdopen(file, "rb");
  if (*stream) return NULL;
  tv_error *error = tv_fail_errno("%s", path);
  close(file);
  return error;
}

tv_error *tv_file_create(const char *path, int *file) {
  *file = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  return *file < 0 ? tv_fail_errno("%s: cannot be written", path) : NULL;
}

/* Some file systems know no files without a name. */
static int create_unnamed(const char *folder, const char *beside) {
  char *name = NULL;
  const int file = open(folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
  if (file >= 0 || asprintf(&name, "%s.XXXXXX", beside) < 0) return file;
  const int named = mkostemp(name, O_CLOEXEC);
  if (named >= 0) unlink(name);
  free(name);
  return named;
}

tv_error *tv_file_scratch(const char *beside, int *file) {
  const char *slash = strrchr(beside, '/');
  char *folder = slash ? strndup(beside, (size_t)(slash - beside) + 1) : strdup(".");
  if (!folder) return tv_fail("out of memory");
  *file = create_unnamed(folder, beside);
  tv_error *error =
      *file < 0 ? tv_fail_errno("%s: nothing can be written beside it", beside) : NULL;
  free(folder);
  return error;
}

/* Hosts number their file systems on their own, but a folder's files have one. */
uint64_t tv_file_identity(int file) {
  struct stat status;
  return fstat(file, &status) == 0 ? (uint64_t)status.st_ino : 0;
}

/* Opening the folder makes a network file system look names up anew. */
static void renew_names(const char *path) {
  const char *slash = strrchr(path, '/');
  char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
  const int file = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (file >= 0) close(file);
  free(folder);
}

tv_error *tv_file_join(const char *path, uint64_t identity, int *file) {
  renew_names(path);
  TV_TRY(open_regular(path, O_RDWR | O_NOFOLLOW, file));
  if (tv_file_identity(*file) == identity) return NULL;
  close(*file);
  *file = -1;
  return tv_fail("%s: was replaced by another file while it was written", path);
}

tv_error *tv_file_read(const char *path, int file, int64_t offset, void *out, size_t bytes) {
  for (size_t done = 0; done < bytes;) {
    const ssize_t got =
        pread(file, (char *)out + done, bytes - done, (off_t)(offset + (int64_t)done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return tv_fail_errno("%s: cannot be read", path);
    if (got == 0) return tv_fail("%s: ends too soon", path);
    done += (size_t)got;
  }
  return NULL;
}

tv_error *tv_file_write(const char *path, int file, int64_t offset, const void *data,
                        size_t bytes) {
  for (size_t done = 0; done < bytes;) {
    const ssize_t written =
        pwrite(file, (const char *)data + done, bytes - done, (off_t)(offset + (int64_t)done));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return tv_fail_errno("%s: cannot be written", path);
    done += (size_t)written;
  }
  return NULL;
}

static int is_one(const struct stat *a, const struct stat *b) {
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

int tv_file_has_name(int file, const char *path) {
  struct stat own, there;
  return fstat(file, &own) == 0 && lstat(path, &there) == 0 && is_one(&own, &there);
}

int tv_file_is_same(int file, int other) {
  struct stat a, b;
  return fstat(file, &a) == 0 && fstat(other, &b) == 0 && is_one(&a, &b) &&
         a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
         a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

void tv_file_alias(int file, char alias[TV_FILE_ALIAS]) {
  snprintf(alias, TV_FILE_ALIAS, "/proc/self/fd/%d", file);
}
