/* What the reports of the kinds of study consist of, and what their figures share. */
#ifndef TWOVIEW_REPORT_PARTS_H
#define TWOVIEW_REPORT_PARTS_H

#include "twoview/base/statistics.h"
#include "twoview/figures/folder.h"
#include "twoview/figures/script.h"
#include "twoview/methods/method.h"
#include "twoview/report/report.h"

/* What figures of curves against the sample size show. */
typedef struct {
  int quantity;           /* of the study */
  const char *name;       /* of it, at an axis */
  const char *label;      /* as of a figure */
  const char *definition; /* HTML */
  const char *nothing;    /* in a panel without curves */
} tv_curves;

enum { TV_FIGURE_NAME = 48, TV_MOST_FIGURE_NAMES = 8 };

/* A figure: NAME.tsv and NAME.gp in the folder of the report and, drawn, NAME.svg and NAME.pdf. */
typedef struct tv_figure {
  const tv_archive *archive; /* borrowed */
  const char *pattern;       /* of the name, ... */
  double number;             /* ... where this takes the place of a # */
  char name[TV_FIGURE_NAME]; /* filled in by tv_report_contents_make */
  const tv_curves *curves;   /* those that it shows, or NULL */
  const char *label;         /* what it shows, for those who do not see it */
  int level;                 /* index of its sample size, where it shows one */
  int is_drawn;              /* there are NAME.svg and NAME.pdf */
  void (*write_data)(const void *figure, FILE *out);
  void (*write_script)(const void *figure, FILE *out);
  void (*put_caption)(const struct tv_figure *figure, FILE *out); /* HTML */
} tv_figure;

/* The report of a study: a row of the table in files.c. */
typedef struct {
  const tv_kind *study;
  const char *csv; /* name of the file of all numbers */
  /* The patterns of the names that its figures can have; a # stands for digits. */
  const char *figures[TV_MOST_FIGURE_NAMES];
  void (*print_table)(const tv_archive *archive, FILE *out);
  int (*count_figures)(const tv_archive *archive);
  void (*describe_figure)(const tv_archive *archive, int number, tv_figure *out);
  void (*put_head)(const tv_archive *archive, FILE *out);   /* HTML, before the figures; or NULL */
  void (*put_tables)(const tv_archive *archive, FILE *out); /* after them; or NULL */
} tv_report_parts;

extern const tv_report_parts tv_grid_report, tv_threshold_report, tv_phase_report, tv_views_report;

/* The row of a study; an error where there is none. */
tv_error *tv_report_parts_of(const tv_kind *study, const tv_report_parts **out);

/* Whether the report of any study can have a file of that name, beside report.html; and whether the
 * files of a figure, of those that are drawn or of those that are not, include it. */
int tv_report_owns(const char *file);
int tv_figure_owns(const tv_figure *figure, const char *file);

/* The report of an archive: all figures, those of its study and then that of its spectra, none
 * drawn yet. */
typedef struct {
  const tv_archive *archive;    /* borrowed */
  const tv_report_parts *parts; /* those of its study */
  int count;
  tv_figure *figures; /* owned: to be freed */
} tv_report_contents;

tv_error *tv_report_contents_make(const tv_archive *archive, tv_report_contents *out);

/* The page; the SVGs of the figures that are drawn are taken from `directory`. */
tv_error *tv_report_html(const tv_report_contents *contents, const char *directory, FILE *out);

/* Of a quantity over the replicates that were solved; of alpha^2 as tv_summary_over_needs says. */
tv_summary tv_summary_of(const tv_archive *archive, int quantity, int magnitude, int alpha,
                         int level, int method);
tv_summary tv_threshold_summary(const tv_archive *archive, int magnitude, int method);

/* How many solutions failed, if any. */
void tv_print_failures(const tv_archive *archive, FILE *out);

/* A report of one figure; and what the curves of one show, borrowed, against the sample size. */
int tv_one_figure(const tv_archive *archive);
void tv_describe_curves(const tv_archive *archive, const tv_curves *curves, tv_figure *out);

/* Another study that has the numbers of the archive's, and whose report shows more of them; NULL:
 * there is none. */
const tv_kind *tv_study_beside(const tv_archive *archive);

/* The name of the spectra's figure, which the report of any study may have. */
#define TV_SPECTRA_FIGURE "spectra"

/* The values of each component against the alignment; not where there is no noise, not enough
 * important components to fill the encoder, or where a logarithmic axis cannot show them. */
int tv_has_spectra(const tv_archive *archive);
void tv_describe_spectra(const tv_archive *archive, tv_figure *out);

/* Figures of many curves show some of them, evenly chosen, the first and the last among them. */
enum { TV_MOST_ROWS = 6, TV_MOST_CURVES = 24 };
int tv_shown(int count, int most);
int tv_chosen(int number, int shown, int count);

/* Columns of panels, one for each method, in the order of the table of methods; NULL after the
 * last. */
const tv_kind *tv_column(int column);

/* The archive's method of a column, -1: it has none; and how many columns it has. */
int tv_method_of_column(const tv_archive *archive, int column);
int tv_columns_of(const tv_archive *archive);

/* The row of one of the archive's methods in the table. */
const tv_method *tv_row_of_method(const tv_archive *archive, int method);

/* The tics of an axis of sample sizes: decades, or the sizes themselves where those are too few. */
void tv_write_size_tics(const tv_archive *archive, int is_labelled, FILE *out);

#endif
