#include "gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "twoview/base/escape.h"
#include "twoview/base/statistics.h"
#include "twoview/base/stopwatch.h"
#include "twoview/base/text.h"

/* ---- Finding it ---- */

static int is_program(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

tv_error *tv_gnuplot_find(char **program) {
  static const char usual[] = "/usr/local/bin:/usr/bin:/bin", name[] = "/gnuplot";
  const char *folder = tv_environment("PATH");
  if (!folder) folder = usual;
  *program = NULL;
  while (*folder) {
    const size_t length = strcspn(folder, ":");
    if (*folder == '/') {
      TV_TRY(tv_allocate((long long)(length + sizeof name), 1, program));
      memcpy(*program, folder, length);
      memcpy(*program + length, name, sizeof name);
      if (is_program(*program)) return NULL;
      free(*program);
      *program = NULL;
    }
    folder += length + (folder[length] == ':');
  }
  return NULL;
}

/* ---- The process ---- */

/* Variables that gnuplot reads: GNUTERM, GNUPLOT_LIB, GNUPLOT_FONTPATH, GDFONTPATH and others. */
static void forget_settings(void) {
  extern char **environ;
  for (char **variable = environ; *variable;) {
    char name[128];
    const size_t length = strcspn(*variable, "=");
    const int is_setting =
        strncmp(*variable, "GNU", 3) == 0 || strncmp(*variable, "GDFONTPATH", 10) == 0;
    if (is_setting && length < sizeof name) {
      memcpy(name, *variable, length);
      name[length] = '\0';
      unsetenv(name); /* moves the next one here */
    } else {
      ++variable;
    }
  }
}

/* The new process becomes gnuplot, in a group of its own with all that it starts, and ends with the
 * process that waits for it. The labels are UTF-8. */
static void become(const char *program, const char *directory, const char *settings,
                   const char *script, int drawing, int messages) {
  const int nothing = open("/dev/null", O_RDONLY);
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  forget_settings();
  setenv("LC_ALL", "C.UTF-8", 1);
  fcntl(drawing, F_SETFD, 0);
  if (nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(messages, STDOUT_FILENO) >= 0 &&
      dup2(messages, STDERR_FILENO) >= 0 && chdir(directory) == 0)
    execl(program, "gnuplot", "-e", settings, script, "--default-settings", (char *)0);
  _exit(127);
}

/* 0: there is no limit. */
static double most_seconds(void) {
  const double seconds = tv_environment_seconds("TWOVIEW_GNUPLOT_SECONDS", 60);
  return seconds > 0 ? seconds : INFINITY;
}

/* Take over what there is to read, if anything comes soon; what is too much is dropped. */
static void take_messages(int *pipe, FILE *out) {
  enum { SOON = 20 /* milliseconds */, MOST = 1 << 16 };
  char piece[4096];
  struct pollfd waited = {.fd = *pipe,
                          .events = POLLIN}; /* of an end that is closed, -1: it waits */
  if (poll(&waited, 1, SOON) <= 0) return;
  const ssize_t got = read(*pipe, piece, sizeof piece);
  if (got > 0 && ftell(out) < MOST) fwrite(piece, 1, (size_t)got, out);
  if (got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN))) return;
  close(*pipe);
  *pipe = -1;
}

/* Wait for the end of the process, until the time is over; then it is killed. */
static tv_error *await(pid_t child, double seconds, int *pipe, FILE *messages, int *status,
                       int *is_late) {
  const double end = tv_seconds_now() + seconds;
  for (;;) {
    take_messages(pipe, messages);
    const pid_t ended = waitpid(child, status, *is_late ? 0 : WNOHANG);
    if (ended == child) return NULL;
    if (ended < 0 && errno != EINTR) return tv_fail_errno("waiting for gnuplot");
    if (tv_seconds_now() < end) continue;
    *is_late = 1;
    kill(-child, SIGKILL);
    kill(child, SIGKILL); /* if it has no group of its own yet */
  }
}

/* ---- The outcome ---- */

static int lacks_data(const char *messages) {
  static const char *const warnings[] = {"Cannot find or open file", "Skipping data file",
                                         "Skipping unreadable file", "No data in plot",
                                         "Can't read"};
  for (size_t i = 0; i < sizeof warnings / sizeof *warnings; ++i)
    if (strstr(messages, warnings[i])) return 1;
  return 0;
}

static void describe(int status, int is_late, const char *messages, tv_gnuplot_failure *out) {
  const size_t size = sizeof out->text;
  out->text[0] = '\0';
  if (is_late)
    snprintf(out->text, size, "it did not end within %s s (TWOVIEW_GNUPLOT_SECONDS)",
             TV_EXACT(most_seconds()));
  else if (WIFSIGNALED(status))
    snprintf(out->text, size, "signal %d, %s", WTERMSIG(status), strsignal(WTERMSIG(status)));
  else if (WEXITSTATUS(status) != 0)
    snprintf(out->text, size, "exit %d", WEXITSTATUS(status));
  else if (lacks_data(messages))
    snprintf(out->text, size, "it could not read its data");
}

static tv_error *start(const char *program, const char *directory, const char *settings,
                       const char *script, int drawing, pid_t *child, int *pipe_end) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return tv_fail_errno("gnuplot cannot be started");
  *child = fork();
  if (*child == 0) {
    fcntl(ends[1], F_SETFL, 0); /* gnuplot may wait until its output is read */
    become(program, directory, settings, script, drawing, ends[1]);
  }
  close(ends[1]);
  *pipe_end = ends[0];
  if (*child > 0) return NULL;
  close(ends[0]);
  return tv_fail_errno("gnuplot cannot be started");
}

tv_error *tv_gnuplot_run(const char *program, const char *directory, const char *settings,
                         const char *script, int drawing, tv_gnuplot_failure *failure) {
  pid_t child = -1;
  char *text = NULL;
  size_t size;
  int status = 0, is_late = 0, pipe_end = -1;
  FILE *messages = open_memstream(&text, &size);
  if (!messages) return tv_fail_errno("gnuplot cannot be started");
  tv_error *error = start(program, directory, settings, script, drawing, &child, &pipe_end);
  if (!error) error = await(child, most_seconds(), &pipe_end, messages, &status, &is_late);
  if (!error && !is_late && pipe_end >= 0) take_messages(&pipe_end, messages);
  if (pipe_end >= 0) close(pipe_end);
  if (fclose(messages) != 0 && !error) error = tv_fail_errno("what gnuplot says");
  if (!error) tv_put_lines("", text, stderr);
  if (!error) describe(status, is_late, text, failure);
  free(text);
  return error;
}
