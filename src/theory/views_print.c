/* The same as text for people. */

#include <inttypes.h>
#include <math.h>

#include "twoview/base/escape.h"
#include "twoview/theory/views.h"

enum { COLUMNS = 8 }; /* of strengths in a table */

static const char *name_of_values(const tv_method *method) {
  return method->theory ? method->theory->value_name : "variance";
}

static void print_number(double value, int is_singular, FILE *out) {
  if (is_singular)
    fprintf(out, " %11s", "singular");
  else if (isnan(value))
    fprintf(out, " %11s", "-");
  else
    fprintf(out, " %11.6g", value);
}

static void print_gap(const tv_view_theory *t, int m, int encoder, const tv_view_setting *first,
                      int columns, FILE *out) {
  const int encoders = t->experiment->encoder.sizes_count;
  fprintf(out, "gap at %-4d", t->experiment->encoder.sizes[encoder]);
  for (int s = 0; s < columns; ++s)
    print_number(first[s].gap[m * encoders + encoder], first[s].floor > 0, out);
  fputc('\n', out);
}

/* Some strengths of a severity side by side. */
static void print_columns(const tv_view_theory *t, int m, const tv_view_setting *first,
                          int strength, int columns, FILE *out) {
  const tv_encoder_spec *encoder = &t->experiment->encoder;
  int next = 0;
  fprintf(out, "%-11s", "component");
  for (int s = 0; s < columns; ++s) fprintf(out, "  " TV_STRENGTH "%2d", strength + s + 1);
  fputc('\n', out);
  for (int i = 0; i < t->components; ++i) {
    fprintf(out, "%-11d", i + 1);
    for (int s = 0; s < columns; ++s)
      print_number(first[s].values[m * t->components + i], first[s].floor > 0, out);
    fputc('\n', out);
    if (next < encoder->sizes_count && encoder->sizes[next] == i + 1)
      print_gap(t, m, next++, first, columns, out);
  }
}

static int has_solutions(const tv_view_theory *t, const tv_view_setting *settings) {
  int count = 0;
  for (int s = 0; s < t->strengths; ++s) count += settings[s].floor == 0;
  return count > 0;
}

static void print_method(const tv_view_theory *t, int severity, int m, FILE *out) {
  const tv_view_setting *settings = &t->settings[severity * t->strengths];
  for (int s = 0; has_solutions(t, settings) && s < t->strengths; s += COLUMNS) {
    const int columns = t->strengths - s < COLUMNS ? t->strengths - s : COLUMNS;
    fprintf(out, "\n" TV_SEVERITY " %d%s: %s of %s\n", severity,
            severity ? "" : ", the data as they are", name_of_values(t->methods[m]),
            t->methods[m]->kind.name);
    print_columns(t, m, settings + s, s, columns, out);
  }
}

tv_error *tv_view_theory_print(const tv_view_theory *t, FILE *out) {
  tv_print_line(out,
                "%s: %" PRId64 " sample%s of %d %s, the largest n of replicate %d; values of the "
                "first %d components, and the gap behind the k-th, relative to it",
                t->experiment->name, t->n, t->n == 1 ? "" : "s", t->inputs,
                t->experiment->features.pca ? "principal components" : "features",
                t->experiment->first_replicate, t->components);
  for (int i = 0; i < t->notes.count; ++i) tv_print_line(out, "%s", t->notes.lines[i]);
  for (int severity = 0; severity < t->severities; ++severity)
    for (int m = 0; m < t->methods_count; ++m)
      if (t->methods[m]->theory) print_method(t, severity, m, out);
  return NULL;
}
