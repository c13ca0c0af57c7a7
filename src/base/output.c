#include "twoview/base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "twoview/base/escape.h"

tv_error *tv_output_part(const char *path, char **part) {
  char host[HOST_NAME_MAX + 1] = "";
  if (gethostname(host, sizeof host) != 0) return tv_fail_errno("the name of this host");
  const size_t size = strlen(path) + strlen(host) + 32;
  TV_TRY(tv_allocate((long long)size, 1, part));
  snprintf(*part, size, "%s.%s-%d.part", path, host, (int)getpid());
  return NULL;
}

tv_error *tv_output_flush(const char *part) {
  const int file = open(part, O_RDONLY);
  const int is_synced = file >= 0 && fsync(file) == 0;
  tv_error *error = is_synced ? NULL : tv_fail_errno("%s: cannot be flushed to disk", part);
  if (file >= 0) close(file);
  return error;
}

/* Where a file system has no hard links, whether there is a file is found by looking once more. */
tv_error *tv_output_name(const char *part, const char *path, int replaces) {
  if (!replaces && link(part, path) == 0) {
    unlink(part);
    return NULL;
  }
  if (!replaces && (errno == EEXIST || access(path, F_OK) == 0))
    return tv_fail("%s: has appeared during the run and is kept; this run's archive is whole in %s",
                   path, part);
  if (rename(part, path) == 0) return NULL;
  return tv_fail_errno("%s: cannot be renamed to %s", part, path);
}

/* An output may replace a file of its kind, never a device, a folder, or what is read for it. */
static tv_error *expect_replaceable(const char *path, const char *const *inputs, int replaces) {
  struct stat there, other;
  const size_t length = strlen(path);
  if (length == 0 || path[length - 1] == '/')
    return tv_fail_usage("'%s' is no name of a file; name the archive with -o FILE.h5", path);
  if (lstat(path, &there) != 0) return NULL;
  if (!S_ISREG(there.st_mode))
    return tv_fail_usage("%s: exists and is not a regular file; name another output with -o", path);
  for (; *inputs; ++inputs)
    if (stat(*inputs, &other) == 0 && other.st_dev == there.st_dev && other.st_ino == there.st_ino)
      return tv_fail_usage("%s: is read by this run; name another output with -o", path);
  if (replaces) return NULL;
  return tv_fail_usage("%s: exists; name another output with -o, or add --force to replace it",
                       path);
}

static tv_error *expect_creatable(const char *path) {
  char *part = NULL;
  TV_TRY(tv_output_part(path, &part));
  const int file = open(part, O_WRONLY | O_CREAT | O_EXCL, 0666);
  tv_error *error = file < 0 ? tv_fail_errno("%s: cannot be written", path) : NULL;
  if (file >= 0) {
    close(file);
    unlink(part);
  }
  free(part);
  return error;
}

tv_error *tv_output_expect(const char *path, const char *const *inputs, int replaces) {
  TV_TRY(tv_expect_file_name(path));
  TV_TRY(expect_replaceable(path, inputs, replaces));
  return expect_creatable(path);
}
