#include <stdlib.h>
#include <string.h>

#include "parts.h"

/* The reports: a row for each study. By it a report is chosen and its files are named, and the
 * stale files of any report are recognised. */
static const tv_report_parts *const reports[] = {&tv_grid_report, &tv_threshold_report,
                                                 &tv_phase_report, &tv_views_report};

enum { REPORTS = sizeof reports / sizeof *reports };

tv_error *tv_report_parts_of(const tv_kind *study, const tv_report_parts **out) {
  for (int i = 0; i < REPORTS; ++i)
    if (reports[i]->study == study) {
      *out = reports[i];
      return NULL;
    }
  return tv_fail("study '%s': this version has no report of it", study->name);
}

/* ---- Names of figures ---- */

enum { WRITTEN_ENDS = 2, DRAWN_ENDS = 4 };

static int is_end(const char *text, int ends) {
  static const char *const figure_ends[DRAWN_ENDS] = {".tsv", ".gp", ".svg", ".pdf"};
  for (int i = 0; i < ends; ++i)
    if (strcmp(text, figure_ends[i]) == 0) return 1;
  return 0;
}

static void name_figure(tv_figure *f) {
  const int stem = (int)strcspn(f->pattern, "#");
  const int length = snprintf(f->name, sizeof f->name, "%.*s", stem, f->pattern);
  if (f->pattern[stem])
    snprintf(f->name + length, sizeof f->name - (size_t)length, "%.0f", f->number);
}

static int has_pattern(const char *file, const char *pattern) {
  const size_t stem = strcspn(pattern, "#");
  if (strncmp(file, pattern, stem) != 0) return 0;
  const size_t digits = pattern[stem] ? strspn(file + stem, "0123456789") : 0;
  return (digits > 0 || !pattern[stem]) && is_end(file + stem + digits, DRAWN_ENDS);
}

int tv_figure_owns(const tv_figure *f, const char *file) {
  const size_t length = strlen(f->name);
  return strncmp(file, f->name, length) == 0 &&
         is_end(file + length, f->is_drawn ? DRAWN_ENDS : WRITTEN_ENDS);
}

int tv_report_owns(const char *file) {
  for (int i = 0; i < REPORTS; ++i) {
    if (strcmp(file, reports[i]->csv) == 0) return 1;
    for (int name = 0; reports[i]->figures[name]; ++name)
      if (has_pattern(file, reports[i]->figures[name])) return 1;
  }
  return has_pattern(file, TV_SPECTRA_FIGURE);
}

/* ---- What a report consists of ---- */

tv_error *tv_report_contents_make(const tv_archive *a, tv_report_contents *out) {
  const tv_report_parts *parts;
  TV_TRY(tv_report_parts_of(a->kind, &parts));
  const int of_study = parts->count_figures(a), has_spectra = tv_has_spectra(a);
  *out = (tv_report_contents){.archive = a, .parts = parts, .count = of_study + has_spectra};
  TV_TRY(tv_allocate(out->count, sizeof(*out->figures), &out->figures));
  for (int i = 0; i < of_study; ++i) parts->describe_figure(a, i, &out->figures[i]);
  if (has_spectra) tv_describe_spectra(a, &out->figures[of_study]);
  for (int i = 0; i < out->count; ++i) name_figure(&out->figures[i]);
  return NULL;
}
