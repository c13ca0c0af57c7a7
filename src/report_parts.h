/* What the reports of the kinds of study consist of, and what their figures share. */
#ifndef TWOVIEW_REPORT_PARTS_H
#define TWOVIEW_REPORT_PARTS_H

#include "twoview/report.h"

typedef struct {
  const char *csv;    /* name of the file */
  const char *figure; /* what the figure shows, for those who do not see it */
  void (*print_table)(const tv_archive *archive, FILE *out);
  tv_error *(*draw)(const tv_archive *archive, const char *directory, int *is_drawn);
  void (*put_introduction)(const tv_archive *archive, FILE *out); /* HTML, before the figure ... */
  void (*put_tables)(const tv_archive *archive, FILE *out);       /* ... and after it */
} tv_report_parts;

/* figure.tsv, figure.gp, and with gnuplot figure.svg and figure.pdf; `*is_drawn` says whether. */
tv_error *tv_draw_grid(const tv_archive *archive, const char *directory, int *is_drawn);

extern const tv_report_parts tv_grid_report, tv_threshold_report;

const tv_report_parts *tv_report_parts_of(tv_study_type study);

/* Okabe and Ito's palette, distinguishable with any colour vision. */
enum { TV_COLOURS = 8 };
extern const char *const tv_colours[TV_COLOURS];

/* Columns of panels, one for each method, in the paper's order. */
enum { TV_COLUMNS = 3 };
typedef struct {
  const char *method, *title, *short_name;
} tv_column;
extern const tv_column tv_columns[TV_COLUMNS];

/* The archive's method of a column, -1: it has none; and how many columns it has. */
int tv_method_of_column(const tv_archive *archive, int column);
int tv_columns_of(const tv_archive *archive);

/* The head of a gnuplot script: SVG of so many pixels, PDF of so many inches. */
void tv_begin_script(int width, int height, double width_inches, double height_inches, FILE *out);

/* For gnuplot: a power of ten as one, anything else as it is. */
void tv_format_magnitude(double value, char *out, size_t size);

#endif
