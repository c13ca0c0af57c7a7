#include "twoview/base/interruption.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "twoview/base/text.h"

/* A signal handler can reach nothing else. */
static volatile sig_atomic_t is_stop_wanted, is_save_wanted, announces;

/* Written at once, because a launcher may leave no time for more. */
static void announce(void) {
  static const char text[] = "\ntwoview: asked to stop; saves what is done\n";
  const int reason = errno;
  (void)!write(STDERR_FILENO, text, sizeof text - 1);
  errno = reason;
}

/* Only the first one is announced: where nobody reads the announcement, writing it causes the next
 * SIGPIPE. */
static void take_note(int number) {
  const int is_first = !is_stop_wanted;
  if (number == SIGUSR2) {
    is_save_wanted = 1;
    return;
  }
  is_stop_wanted = 1;
  if (is_first && announces) announce();
}

/* Unless it is ignored, as shells let jobs in the background ignore SIGINT, and nohup SIGHUP. A
 * person at a terminal who asks twice wants the process to end at once. */
static tv_error *watch(int number) {
  const int is_typed = number == SIGINT || number == SIGQUIT;
  struct sigaction present,
      action = {.sa_handler = take_note, .sa_flags = SA_RESTART | (is_typed ? SA_RESETHAND : 0)};
  sigemptyset(&action.sa_mask);
  if (sigaction(number, NULL, &present) == 0 && present.sa_handler == SIG_IGN) return NULL;
  return sigaction(number, &action, NULL) == 0
             ? NULL
             : tv_fail_errno("signal %d cannot be watched", number);
}

/* All signals that would end the process, except those that report its own faults. */
tv_error *tv_interruption_watch(void) {
  static const int signals[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGUSR1,   SIGUSR2, SIGPIPE, SIGALRM,
                                SIGTERM, SIGPOLL, SIGPROF, SIGVTALRM, SIGXCPU, SIGPWR,  SIGSTKFLT};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; ++i) TV_TRY(watch(signals[i]));
  for (int number = SIGRTMIN; number <= SIGRTMAX; ++number) TV_TRY(watch(number));
  return NULL;
}

void tv_interruption_announce(void) {
  if (is_stop_wanted && !announces) announce();
  announces = 1;
}

void tv_interruption_hush(void) {
  announces = 0;
}

tv_wish tv_interruption_wish(void) {
  return is_stop_wanted ? TV_STOP : is_save_wanted ? TV_SAVE : TV_GO_ON;
}

void tv_interruption_saved(void) {
  is_save_wanted = 0;
}

/* Digits up to `separator`, which is skipped; 0 when there are none, too many, or `limit` is
 * reached. */
static int take_count(const char **text, char separator, double limit, double *out) {
  const size_t digits = strspn(*text, "0123456789");
  if (digits == 0 || digits > 9 || (*text)[digits] != separator) return 0;
  *out = atof(*text);
  *text += digits + (separator != '\0');
  return *out < limit;
}

tv_error *tv_parse_duration(const char *option, const char *text, double *seconds) {
  double days = 0, hours = 0, minutes = 0, rest = 0;
  const char *next = text;
  *seconds = INFINITY;
  if (strcmp(text, "UNLIMITED") == 0) return NULL;
  if (tv_read_double(text, seconds) == TV_NUMBER_READ && *seconds > 0 && isfinite(*seconds))
    return NULL;
  const int has_days = take_count(&next, '-', INFINITY, &days);
  const int has_hours = has_days || strchr(next, ':') != strrchr(next, ':');
  if (has_hours && !take_count(&next, ':', has_days ? 24 : INFINITY, &hours)) goto bad;
  if (!take_count(&next, ':', has_hours ? 60 : INFINITY, &minutes)) goto bad;
  if (!take_count(&next, '\0', 60, &rest)) goto bad;
  *seconds = ((days * 24 + hours) * 60 + minutes) * 60 + rest;
  if (*seconds > 0) return NULL;
bad:
  return tv_fail_usage(
      "%s '%s' is no length of time; give seconds or [[DAYS-]HOURS:]MINUTES:SECONDS", option, text);
}

tv_error *tv_scheduler_time_left(double *seconds) {
  const char *text = tv_environment("SLURM_JOB_END_TIME");
  int64_t end = 0;
  *seconds = INFINITY;
  if (text && tv_read_integer(text, &end) != TV_NUMBER_READ)
    return tv_fail_usage(
        "SLURM_JOB_END_TIME '%s' in the environment is no time in seconds; unset it", text);
  const double left = difftime((time_t)end, time(NULL));
  if (left > 0) *seconds = left;
  return NULL;
}
