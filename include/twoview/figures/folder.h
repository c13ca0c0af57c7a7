/* A folder of tables and figures. Every file in it is whole under its name, or is still the one
 * that was there. Serial. */
#ifndef TWOVIEW_FIGURES_FOLDER_H
#define TWOVIEW_FIGURES_FOLDER_H

#include <stdio.h>

#include "twoview/base/error.h"

/* Make the folder unless it is there. */
tv_error *tv_folder_make(const char *directory);

/* DIRECTORY/NAME, owned by the caller; NULL without memory. */
char *tv_folder_path(const char *directory, const char *name);

/* Write DIRECTORY/NAME with a function that fills it; it gets that name when it is whole. */
tv_error *tv_folder_write(const char *directory, const char *name,
                          void (*write)(const void *what, FILE *out), const void *what);

/* Run gnuplot on DIRECTORY/NAME.gp, once with form = 'svg' and once with 'pdf', and with the name
 * of the file that the script has to write in `drawing`. The SVG is then made fit for browsers:
 * without gnuplot's names of curves, which they show beside the pointer, and with sharp cells of a
 * map, which they blur. `*is_drawn` is 0 on errors, and when gnuplot is not installed. */
tv_error *tv_folder_draw(const char *directory, const char *name, int *is_drawn);

/* Print where a figure's files are, or why there are none. */
void tv_folder_print_figure(const char *directory, const char *name, int is_drawn, int has_failed,
                            FILE *out);

#endif
