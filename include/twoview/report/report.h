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

/* Make the folder unless it is there. */
tv_error *tv_report_folder(const char *directory);

/* Write DIRECTORY/NAME with a function that fills it; it gets that name when it is whole. */
tv_error *tv_report_write(const char *directory, const char *name,
                          void (*write)(const void *what, FILE *out), const void *what);

/* A figure's size in pixels of the SVG; the PDF has 144 of them to an inch. */
typedef struct {
  int width, height;
} tv_canvas;

/* The head of the gnuplot script NAME.gp, whose data are NAME.tsv. */
void tv_begin_script(const char *name, tv_canvas canvas, FILE *out);

/* Run gnuplot on DIRECTORY/NAME.gp, once with form = 'svg' and once with 'pdf', and with the name
 * of the file that the script has to write in `drawing`. The SVG is then made fit for browsers:
 * without gnuplot's names of curves, which they show beside the pointer, and with sharp cells of a
 * map, which they blur. `*is_drawn` is 0 on errors, and when gnuplot is not installed. */
tv_error *tv_report_draw(const char *directory, const char *name, int *is_drawn);

/* Print where a figure's files are, or why there are none. */
void tv_report_print_figure(const char *directory, const char *name, int is_drawn, int has_failed,
                            FILE *out);

#endif
