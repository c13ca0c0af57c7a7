#include "twoview/base/guard.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "twoview/base/statistics.h"
#include "twoview/base/text.h"

enum { MESSAGE = 4096 };

/* Bytes that even a slow machine unpacks in a second of its processor. */
static const double bytes_a_second = 1e6;

/* Seconds by the clock for each second of the processor. A child that takes longer waits for itself
 * for ever, as it can after damage to its memory. */
enum { MOST_WAITING = 60 };

/* Of the processor, for a step that unpacks nothing; 0: there is no limit. */
static double most_seconds(void) {
  return tv_environment_seconds("TWOVIEW_READ_SECONDS", 60);
}

static void allow(double seconds) {
  const double most = fmin(seconds, 1e6);
  const struct itimerval time = {
      .it_value = {.tv_sec = (time_t)most, .tv_usec = (suseconds_t)(1e6 * fmod(most, 1))}};
  setitimer(ITIMER_PROF, &time, NULL);
  alarm(MOST_WAITING * (1 + (unsigned)most));
}

void tv_guard_step(double bytes) {
  struct itimerval left;
  if (getitimer(ITIMER_PROF, &left) != 0 || (!left.it_value.tv_sec && !left.it_value.tv_usec))
    return;
  allow(most_seconds() + bytes / bytes_a_second);
}

/* The child ends in time, without a core dump, and without the handlers of MPI. */
static void accept_signals(void) {
  static const int deadly[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGXCPU, SIGALRM, SIGPROF};
  const struct rlimit core = {0, 0};
  for (size_t i = 0; i < sizeof deadly / sizeof *deadly; ++i) signal(deadly[i], SIG_DFL);
  setrlimit(RLIMIT_CORE, &core);
  if (most_seconds() > 0) allow(most_seconds());
}

/* What the child leaves behind: an exit code, and the message of an error. */
static int report(int pipe, tv_error *error) {
  if (fflush(NULL) != 0 && !error) error = tv_fail_errno("standard output cannot be written");
  if (!error) return TV_EXIT_OK;
  const int exit_code = error->exit_code;
  const size_t length = strlen(error->message);
  const int is_written = write(pipe, error->message, length) == (ssize_t)length;
  tv_error_free(error);
  return is_written ? exit_code : TV_EXIT_FAILED;
}

static void read_message(int pipe, char message[MESSAGE]) {
  size_t length = 0;
  for (ssize_t got = 1; got > 0 && length + 1 < MESSAGE; length += got > 0 ? (size_t)got : 0)
    got = read(pipe, message + length, MESSAGE - 1 - length);
  message[length] = '\0';
}

static tv_error *explain(const char *path, int status, const char *message) {
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE) raise(SIGPIPE); /* as without a child */
  if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGPROF || WTERMSIG(status) == SIGALRM))
    return tv_fail(
        "%s: time limit: a step of reading it took more than %s s of the processor and 1 s "
        "for each MB that it unpacks, or %d times that by the clock; the machine is slow, "
        "or the file is damaged: TWOVIEW_READ_SECONDS sets the limit, and 0 lifts it",
        path, TV_EXACT(most_seconds()), MOST_WAITING);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
    return tv_fail("%s: the processor time that this shell allows a process is used up (ulimit -t)",
                   path);
  if (WIFSIGNALED(status))
    return tv_fail("%s: damaged: reading it ends in a crash (%s)", path,
                   strsignal(WTERMSIG(status)));
  if (WEXITSTATUS(status) == TV_EXIT_OK) return NULL;
  if (WEXITSTATUS(status) == TV_EXIT_USAGE) return tv_fail_usage("%s", message);
  if (*message) return tv_fail("%s", message);
  return tv_fail("%s: the process that reads it ended without a message", path);
}

tv_error *tv_guard(const char *path, tv_error *(*task)(void *context), void *context) {
  char message[MESSAGE];
  int ends[2], status = 0;
  if (fflush(NULL) != 0) return tv_fail_errno("standard output cannot be written");
  if (pipe(ends) != 0)
    return tv_fail_errno("%s: a pipe to the process that reads it cannot be made", path);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    accept_signals();
    _exit(report(ends[1], task(context)));
  }
  close(ends[1]);
  if (child > 0) read_message(ends[0], message);
  close(ends[0]);
  if (child < 0) return tv_fail_errno("%s: the process that reads it cannot be started", path);
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return tv_fail_errno("%s: the process that reads it", path);
  return explain(path, status, message);
}
