#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"
#include "twoview/kinds.h"

/* What the figures share: columns, panels and tics. */

int tv_shown(int count, int most) {
  return count < most ? count : most;
}

int tv_chosen(int i, int shown, int count) {
  return shown > 1 ? (int)((int64_t)i * (count - 1) / (shown - 1)) : 0;
}

const tv_kind *tv_column(int column) {
  return tv_kinds_all.methods[column];
}

const tv_method *tv_row_of_method(const tv_archive *a, int method) {
  return tv_method_of(tv_kind_named(tv_kinds_all.methods, a->method[method]));
}

int tv_method_of_column(const tv_archive *a, int column) {
  for (int m = 0; m < a->cube.methods; ++m)
    if (strcmp(a->method[m], tv_column(column)->name) == 0) return m;
  return -1;
}

int tv_columns_of(const tv_archive *a) {
  int columns = 0;
  for (int c = 0; tv_column(c); ++c) columns += tv_method_of_column(a, c) >= 0;
  return columns;
}

const tv_kind *tv_study_beside(const tv_archive *a) {
  for (const tv_kind *const *kind = tv_kinds_all.studies; *kind; ++kind)
    if (((const tv_study *)*kind)->numbers == a->study && *kind != a->kind) return *kind;
  return NULL;
}

/* Those between the first and the last sample size. */
static int count_decades(const tv_archive *a) {
  return (int)(floor(log10(a->n[a->cube.levels - 1])) - ceil(log10(a->n[0]))) + 1;
}

void tv_write_size_tics(const tv_archive *a, int is_labelled, FILE *out) {
  const int last = a->cube.levels - 1, step = last > 2 ? last : 1;
  const int digits = tv_digits_of(a->n, a->cube.levels);
  char label[32] = "";
  if (count_decades(a) > 1) {
    fprintf(out, "set xtics 1,%d nomirror\nset format x \"%s\"\n", count_decades(a) > 7 ? 100 : 10,
            is_labelled ? "10^{%L}" : "");
    return;
  }
  for (int level = 0; level <= last; level += step) {
    if (is_labelled) tv_format_magnitude(a->n[level], digits, label, sizeof label);
    fprintf(out, "%s\"%s\" %.17g", level ? ", " : "set xtics nomirror (", label, a->n[level]);
  }
  fputs(")\n", out);
}

int tv_one_figure(const tv_archive *a) {
  (void)a;
  return 1;
}
