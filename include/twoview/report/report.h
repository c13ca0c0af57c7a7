/* Reports of an archive: a table, a CSV file, the figure and one HTML page. Serial. */
#ifndef TWOVIEW_REPORT_REPORT_H
#define TWOVIEW_REPORT_REPORT_H

#include <stdio.h>

#include "twoview/archive/archive.h"

/* Read the archive at `path` and write everything into `directory` (made when it is missing), the
 * table and the paths of the files to `out`. Every file is whole under its name, or is still the
 * one that was there; stale files of an earlier report are deleted. A figure that gnuplot fails to
 * draw is an error, which is returned when everything else is written. */
tv_error *tv_report(const char *path, const char *directory, FILE *out);

#endif
