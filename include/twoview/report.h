/* Reports of an archive: a table, a CSV file, the figure and one HTML page. Serial. */
#ifndef TWOVIEW_REPORT_H
#define TWOVIEW_REPORT_H

#include <stdio.h>

#include "twoview/archive.h"
#include "twoview/band.h"

/* Read the archive at `path` and write everything into `directory` (made when it is missing), the
 * table and the paths of the files to `out`. */
tv_error *tv_report(const char *path, const char *directory, FILE *out);

/* Of a quantity over the replicates that were solved. */
tv_band tv_band_of(const tv_archive *archive, tv_quantity quantity, int magnitude, int alpha,
                   int level, int method);
tv_band tv_threshold_band(const tv_archive *archive, int magnitude, int method);

/* The parts. */
void tv_report_table(const tv_archive *archive, FILE *out);
void tv_report_csv(const tv_archive *archive, FILE *out);

/* figure.tsv, figure.gp, and with gnuplot figure.svg and figure.pdf; `*is_drawn` says whether. */
tv_error *tv_report_figure(const tv_archive *archive, const char *directory, int *is_drawn);

/* The page; `figure` is the path of the SVG to put into it, or NULL. */
tv_error *tv_report_html(const tv_archive *archive, const char *figure, FILE *out);

/* DIRECTORY/NAME, owned by the caller; NULL without memory. */
char *tv_report_path(const char *directory, const char *name);

/* Make the folder unless it is there. */
tv_error *tv_report_folder(const char *directory);

/* Write DIRECTORY/NAME with a function that fills it. */
tv_error *tv_report_write(const char *directory, const char *name,
                          void (*write)(const void *what, FILE *out), const void *what);

/* Run gnuplot on DIRECTORY/SCRIPT, once with form = 'svg' and once with 'pdf'. `*is_drawn` is 0
 * when gnuplot is not installed. */
tv_error *tv_report_draw(const char *directory, const char *script, int *is_drawn);

#endif
