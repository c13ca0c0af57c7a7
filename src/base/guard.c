#include "twoview/base/guard.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MESSAGE = 4096 };

/* Processor time that reading a sound file stays far below. */
enum { SECONDS_OF_ANY_FILE = 2, BYTES_A_SECOND = 1000000 };

/* Seconds by the clock for each of the processor's: beyond, it waits for itself for ever, as
 * damaged memory can make it. */
enum { MOST_WAITING = 60 };

static rlim_t most_seconds(const char *path) {
  struct stat status;
  const off_t bytes = stat(path, &status) == 0 ? status.st_size : 0;
  return SECONDS_OF_ANY_FILE + (rlim_t)(bytes / BYTES_A_SECOND);
}

/* The child dies of what happens to it: in time, without a core, and without the handlers of MPI.
 */
static void become_mortal(const char *path) {
  static const int deadly[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGXCPU, SIGALRM};
  const rlim_t seconds = most_seconds(path);
  const struct rlimit time = {seconds, seconds + 1}, core = {0, 0};
  for (size_t i = 0; i < sizeof deadly / sizeof *deadly; ++i) signal(deadly[i], SIG_DFL);
  setrlimit(RLIMIT_CPU, &time);
  setrlimit(RLIMIT_CORE, &core);
  alarm(MOST_WAITING + (unsigned)seconds * MOST_WAITING);
}

/* What the child leaves behind: an exit code, and the message of an error. */
static int report(int pipe, tv_error *error) {
  if (fflush(NULL) != 0 && !error) error = tv_fail_errno("standard output cannot be written");
  if (!error) return TV_EXIT_OK;
  const int exit_code = error->exit_code;
  const size_t length = strlen(error->message);
  const int is_told = write(pipe, error->message, length) == (ssize_t)length;
  tv_error_free(error);
  return is_told ? exit_code : TV_EXIT_FAILED;
}

static void read_message(int pipe, char message[MESSAGE]) {
  size_t length = 0;
  for (ssize_t got = 1; got > 0 && length + 1 < MESSAGE; length += got > 0 ? (size_t)got : 0)
    got = read(pipe, message + length, MESSAGE - 1 - length);
  message[length] = '\0';
}

static tv_error *judge(const char *path, int status, const char *message) {
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE) raise(SIGPIPE); /* as without a child */
  if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGALRM))
    return tv_fail("%s: damaged: reading it does not come to an end", path);
  if (WIFSIGNALED(status))
    return tv_fail("%s: damaged: reading it ends in a crash (%s)", path,
                   strsignal(WTERMSIG(status)));
  if (WEXITSTATUS(status) == TV_EXIT_OK) return NULL;
  if (WEXITSTATUS(status) == TV_EXIT_USAGE) return tv_fail_usage("%s", message);
  if (*message) return tv_fail("%s", message);
  return tv_fail("%s: the process that reads it ended without a word", path);
}

tv_error *tv_guard(const char *path, tv_error *(*task)(void *context), void *context) {
  char message[MESSAGE];
  int ends[2], status = 0;
  if (fflush(NULL) != 0) return tv_fail_errno("standard output cannot be written");
  if (pipe(ends) != 0) return tv_fail_errno("%s: no pipe to a process that reads it", path);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    become_mortal(path);
    _exit(report(ends[1], task(context)));
  }
  close(ends[1]);
  if (child > 0) read_message(ends[0], message);
  close(ends[0]);
  if (child < 0) return tv_fail_errno("%s: no process to read it", path);
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return tv_fail_errno("%s: the process that reads it", path);
  return judge(path, status, message);
}
