/* Running gnuplot, which draws the figures. */
#ifndef TWOVIEW_REPORT_GNUPLOT_H
#define TWOVIEW_REPORT_GNUPLOT_H

#include "twoview/base/error.h"

/* The absolute path of gnuplot, owned by the caller; NULL: it is not installed. Entries of PATH
 * that are relative are passed over: what they mean depends on the folder, and anybody may have put
 * a gnuplot into the folder of a report. */
tv_error *tv_gnuplot_find(char **program);

/* How a run of gnuplot failed; "": it did not. */
typedef struct {
  char text[128];
} tv_gnuplot_failure;

/* Run `program` on a script in a folder, with settings that are gnuplot commands; the open file
 * `drawing` stays open in it. It reads no file
 * or variable of the user's (gnuplotrc, GNUTERM ...). What it says goes to stderr. It has failed,
 * too, when it warns that it could not read its data, or has not ended within
 * TWOVIEW_GNUPLOT_SECONDS (default: 60; 0: for ever), when it is killed with all that it started.
 */
tv_error *tv_gnuplot_run(const char *program, const char *directory, const char *settings,
                         const char *script, int drawing, tv_gnuplot_failure *failure);

#endif
