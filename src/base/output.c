#include "twoview/base/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "twoview/base/digest.h"
#include "twoview/base/escape.h"
#include "twoview/base/file.h"

/* ---- Names ---- */

tv_error *tv_output_locate(const char *name, char **path) {
  struct stat status;
  const int is_link = lstat(name, &status) == 0 && S_ISLNK(status.st_mode);
  *path = is_link ? realpath(name, NULL) : strdup(name);
  if (*path) return NULL;
  return tv_fail_usage("%s: not a regular file but a link that leads nowhere (%s); remove it, or "
                       "name its target with -o",
                       name, strerror(errno));
}

/* The longest name of a file in the folder of `path`. */
static size_t longest_name(const char *path, size_t folder_length) {
  char *folder = folder_length ? strndup(path, folder_length) : strdup(".");
  const long longest = folder ? pathconf(folder, _PC_NAME_MAX) : -1;
  free(folder);
  return longest > 0 ? (size_t)longest : NAME_MAX;
}

tv_error *tv_output_beside(const char *path, const char *suffix, char **beside) {
  enum { DIGITS = 16 };
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  const size_t folder = (size_t)(name - path), length = strlen(name), end = strlen(suffix);
  const size_t longest = longest_name(path, folder);
  unsigned char digest[TV_DIGEST_BYTES];
  char digits[TV_DIGEST_LENGTH] = "";
  size_t kept = length;
  if (length + end > longest) {
    if (end + DIGITS >= longest)
      return tv_fail("%s: names of files are too short there for one that ends with %s", path,
                     suffix);
    kept = longest - end - DIGITS;
    TV_TRY(tv_digest_memory(name, length, digest));
    tv_digest_print(digest, digits);
    digits[DIGITS] = '\0';
  }
  TV_TRY(tv_allocate((long long)(folder + longest + length + end + 1), 1, beside));
  sprintf(*beside, "%.*s%.*s%s%s", (int)folder, path, (int)kept, name, digits, suffix);
  if (strlen(*beside) < PATH_MAX) return NULL;
  free(*beside);
  *beside = NULL;
  return tv_fail_usage("%s: is too long a path by the time that %s is added; go into its folder, "
                       "and name the file alone",
                       path, suffix);
}

/* Where numbers of processes mean what they mean here: on this machine, since it was started, in
 * this space of process numbers (containers have their own, and may share the name of a host). */
static tv_error *digest_place(char digits[TV_DIGEST_LENGTH]) {
  char place[128] = "", space[64] = "";
  unsigned char digest[TV_DIGEST_BYTES];
  const int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  const ssize_t got = file >= 0 ? read(file, place, sizeof place - sizeof space) : -1;
  if (file >= 0) close(file);
  if (got <= 0 || readlink("/proc/self/ns/pid", space, sizeof space - 1) <= 0)
    return tv_fail("/proc does not say where this process runs");
  strcat(place, space);
  TV_TRY(tv_digest_memory(place, strlen(place), digest));
  tv_digest_print(digest, digits);
  return NULL;
}

/* Of one length for all processes, so that the parts of one file begin alike. */
enum { PLACE_DIGITS = 8, PROCESS_DIGITS = 10 };
static const char part_end[] = ".part";

static tv_error *name_part(const char *path, const char *end, char **part) {
  char host[HOST_NAME_MAX + 1] = "", digits[TV_DIGEST_LENGTH], suffix[HOST_NAME_MAX + 64];
  if (gethostname(host, sizeof host) != 0) return tv_fail_errno("the name of this host");
  TV_TRY(digest_place(digits));
  snprintf(suffix, sizeof suffix, ".%s-%.*s-%0*d%s", host, PLACE_DIGITS, digits, PROCESS_DIGITS,
           (int)getpid(), end);
  return tv_output_beside(path, suffix, part);
}

/* ---- Parts of processes that are dead ---- */

/* Whether this is a name as `own`, of another process that is no more, or one of this process's
 * number that is. */
static int is_stale(const char *own, const char *name) {
  const size_t length = strlen(own), process = length - strlen(part_end) - PROCESS_DIGITS;
  if (strlen(name) != length || strncmp(name, own, process) != 0 ||
      strcmp(name + length - strlen(part_end), part_end) != 0 ||
      strspn(name + process, "0123456789") != PROCESS_DIGITS)
    return 0;
  const long number = strtol(name + process, NULL, 10);
  return number == getpid() || (number > 0 && kill((pid_t)number, 0) != 0 && errno == ESRCH);
}

/* A part that cannot be removed does no harm. */
static void remove_stale(const char *part) {
  const char *slash = strrchr(part, '/'), *own = slash ? slash + 1 : part;
  char *path = slash ? strndup(part, (size_t)(own - part)) : strdup(".");
  DIR *folder = path ? opendir(path) : NULL;
  free(path);
  if (!folder) return;
  for (const struct dirent *entry; (entry = readdir(folder));)
    if (is_stale(own, entry->d_name)) unlinkat(dirfd(folder), entry->d_name, 0);
  closedir(folder);
}

tv_error *tv_output_clear(const char *path) {
  char *part = NULL;
  TV_TRY(name_part(path, part_end, &part));
  remove_stale(part);
  free(part);
  return NULL;
}

/* ---- Beginning ---- */

/* An output may replace a file of its kind, never a device, a folder, or what is read for it. */
static tv_error *expect_replaceable(const char *path, const char *const *inputs, int replaces) {
  struct stat there, other;
  const size_t length = strlen(path);
  if (length == 0 || path[length - 1] == '/')
    return tv_fail_usage("'%s' is no name of a file; name the archive with -o FILE.h5", path);
  if (lstat(path, &there) != 0)
    return errno == ENOENT ? NULL : tv_fail_errno("%s: cannot be written", path);
  if (!S_ISREG(there.st_mode) && !S_ISLNK(there.st_mode))
    return tv_fail_usage("%s: exists and is not a regular file; name another output with -o", path);
  for (; *inputs; ++inputs)
    if (stat(*inputs, &other) == 0 && other.st_dev == there.st_dev && other.st_ino == there.st_ino)
      return tv_fail_usage("%s: is read by this run; name another output with -o", path);
  if (replaces) return NULL;
  return tv_fail_usage("%s: exists; name another output with -o, or add --force to replace it",
                       path);
}

static void release(tv_output *o) {
  if (o->part) close(o->file);
  free(o->path);
  free(o->part);
  *o = (tv_output){0};
}

tv_error *tv_output_begin(const char *path, const char *const *inputs, int replaces,
                          tv_output *out) {
  int file = -1;
  char *part = NULL;
  *out = (tv_output){0};
  TV_TRY(tv_expect_file_name(path));
  TV_TRY(expect_replaceable(path, inputs, replaces));
  char *name = strdup(path);
  tv_error *error = name ? name_part(path, part_end, &part) : tv_fail("out of memory");
  if (!error) remove_stale(part);
  if (!error) error = tv_file_create(part, &file);
  if (error) {
    free(name);
    free(part);
    return error;
  }
  *out = (tv_output){name, part, file, replaces};
  return NULL;
}

/* ---- Ending ---- */

/* Another file has the name by now. The part gets a name that is not taken for a dead process's. */
static tv_error *keep_both(const tv_output *o) {
  char *kept = NULL;
  TV_TRY(name_part(o->path, ".whole.part", &kept));
  const int is_renamed = rename(o->part, kept) == 0;
  tv_error *error =
      tv_fail("%s: has appeared during the run and is kept; this run's archive is whole in %s",
              o->path, is_renamed ? kept : o->part);
  free(kept);
  return error;
}

/* Where a file system has no hard links, a second look finds whether there is a file. */
static tv_error *give_name(const tv_output *o) {
  if (!tv_file_has_name(o->file, o->part))
    return tv_fail("%s: was removed or replaced by another program while it was written", o->part);
  if (!o->replaces && link(o->part, o->path) == 0) {
    unlink(o->part);
    return NULL;
  }
  if (!o->replaces && (errno == EEXIST || access(o->path, F_OK) == 0)) return keep_both(o);
  if (rename(o->part, o->path) == 0) return NULL;
  return tv_fail_errno("%s: cannot be renamed to %s", o->part, o->path);
}

tv_error *tv_output_finish(tv_output *o) {
  if (fsync(o->file) != 0) {
    tv_error *error = tv_fail_errno("%s: cannot be flushed to disk", o->part);
    tv_output_abandon(o);
    return error;
  }
  tv_error *error = give_name(o);
  if (!error) remove_stale(o->part); /* or the part, which the message names, would be removed */
  release(o);
  return error;
}

void tv_output_abandon(tv_output *o) {
  if (o->path && tv_file_has_name(o->file, o->part)) unlink(o->part);
  release(o);
}
