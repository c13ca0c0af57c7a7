/* Signals, from a person, a scheduler or a launcher, that ask a run to save its work or to stop.
 * Handlers only take note; the run checks for them at places from which it can be continued. */
#ifndef TWOVIEW_BASE_INTERRUPTION_H
#define TWOVIEW_BASE_INTERRUPTION_H

#include "twoview/base/error.h"

typedef enum { TV_GO_ON, TV_SAVE, TV_STOP } tv_wish; /* the larger one wins */

/* Take note of signals from now on, of all that would end the process and can be handled: SIGUSR2
 * asks to save and continue, every other signal to save and stop. A second SIGINT or SIGQUIT ends
 * the process. A signal that is ignored stays so. To be called before MPI starts, so that none is
 * missed. */
tv_error *tv_interruption_watch(void);

/* Say on stderr at once, from the handler, that the process was asked to stop: for one rank. */
void tv_interruption_announce(void);

/* No longer say so: the work is over. A launcher stops the ranks that are still there when one has
 * left with an error. */
void tv_interruption_hush(void);

/* The largest wish on this process since the last one was fulfilled. */
tv_wish tv_interruption_wish(void);
void tv_interruption_saved(void);

/* A length of time as a number of seconds or in Slurm's form [[DAYS-]HOURS:]MINUTES:SECONDS;
 * `UNLIMITED` is infinite. An error names `option`. */
tv_error *tv_parse_duration(const char *option, const char *text, double *seconds);

/* Seconds left of the Slurm job by its environment (SLURM_JOB_END_TIME); else infinite. A value
 * that is no time is refused. */
tv_error *tv_scheduler_time_left(double *seconds);

#endif
