#include "twoview/isolate.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Processor time that reading a sound file stays far below. */
enum { SECONDS_OF_ANY_FILE = 2, BYTES_A_SECOND = 1000000 };

static rlim_t most_seconds(const char *path) {
  struct stat status;
  const off_t bytes = stat(path, &status) == 0 ? status.st_size : 0;
  return SECONDS_OF_ANY_FILE + (rlim_t)(bytes / BYTES_A_SECOND);
}

/* The child dies of what happens to it: quietly, without a core, and without the handlers of MPI.
 */
static void become_mortal(const char *path) {
  static const int deadly[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGXCPU};
  const rlim_t seconds = most_seconds(path);
  const struct rlimit time = {seconds, seconds + 1}, core = {0, 0};
  for (size_t i = 0; i < sizeof deadly / sizeof *deadly; ++i) signal(deadly[i], SIG_DFL);
  setrlimit(RLIMIT_CPU, &time);
  setrlimit(RLIMIT_CORE, &core);
}

static tv_error *tell_end(const char *path, int status) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return NULL;
  if (WIFEXITED(status))
    return tv_fail("%s: the process that tried to read it ended with status %d", path,
                   WEXITSTATUS(status));
  if (WTERMSIG(status) == SIGXCPU)
    return tv_fail("%s: damaged: reading it does not come to an end; write or fetch it again",
                   path);
  return tv_fail("%s: damaged: reading it ends in '%s'; write or fetch it again", path,
                 strsignal(WTERMSIG(status)));
}

tv_error *tv_isolate(const char *path, tv_error *(*read)(const char *path, const void *context),
                     const void *context) {
  int status;
  const pid_t child = fork();
  if (child < 0) return tv_fail_errno("%s: a process to try it cannot be started", path);
  if (child == 0) {
    become_mortal(path);
    tv_error_free(read(path, context));
    _exit(0);
  }
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return tv_fail_errno("%s: the process that tries it is lost", path);
  return tell_end(path, status);
}
