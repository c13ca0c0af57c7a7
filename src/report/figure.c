#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gnuplot.h"
#include "parts.h"
#include "twoview/base/escape.h"
#include "twoview/base/file.h"
#include "twoview/base/output.h"
#include "twoview/kinds.h"

/* What the figures share: columns, colours, the head of a script, writing and drawing. */

int tv_shown(int count, int most) {
  return count < most ? count : most;
}

int tv_chosen(int i, int shown, int count) {
  return shown > 1 ? (int)((int64_t)i * (count - 1) / (shown - 1)) : 0;
}

void tv_colour_of_curve(int i, int count, char out[TV_COLOUR_TEXT]) {
  enum { STOPS = 8, PARTS = 3 };
  static const int stops[STOPS][PARTS] = {{68, 1, 84},    {71, 45, 123},  {59, 82, 139},
                                          {44, 114, 142}, {33, 144, 141}, {39, 173, 129},
                                          {93, 200, 99},  {170, 220, 50}};
  const double place = count > 1 ? (STOPS - 1.0) * i / (count - 1) : 0;
  const int stop = place < STOPS - 1 ? (int)place : STOPS - 2;
  out[0] = '#';
  for (int part = 0; part < PARTS; ++part) {
    const int from = stops[stop][part], to = stops[stop + 1][part];
    snprintf(out + 1 + 2 * part, 3, "%02x", (unsigned)(from + (place - stop) * (to - from)) & 0xff);
  }
}

int tv_point_of_curve(int i) {
  static const int disc_square_triangle_diamond[] = {7, 5, 9, 13};
  return disc_square_triangle_diamond[i % 4];
}

const tv_kind *tv_column(int column) {
  return tv_kinds_all.methods[column];
}

const tv_method *tv_row_of_method(const tv_archive *a, int method) {
  return tv_method_of(tv_kind_named(tv_kinds_all.methods, a->method[method]));
}

int tv_method_of_column(const tv_archive *a, int column) {
  for (int m = 0; m < a->methods; ++m)
    if (strcmp(a->method[m], tv_column(column)->name) == 0) return m;
  return -1;
}

int tv_columns_of(const tv_archive *a) {
  int columns = 0;
  for (int c = 0; tv_column(c); ++c) columns += tv_method_of_column(a, c) >= 0;
  return columns;
}

void tv_begin_script(const char *name, tv_canvas canvas, FILE *out) {
  const double pixels_per_inch = 144, points_per_inch = 72, letter = 13; /* pixels */
  fprintf(out,
          "set encoding utf8\n# gnuplot script of the figure; run in this folder:\n"
          "#   gnuplot -e \"form='svg'\" %s.gp\n"
          "data = '%s.tsv'\n"
          "if (!exists('form')) form = 'svg'\n"
          "if (form eq 'svg') set terminal svg size %d,%d enhanced font 'Helvetica,%g' "
          "background '#ffffff'\n"
          "# pdfcairo takes a point for a 96th of an inch\n"
          "if (form eq 'pdf') set terminal pdfcairo size %.2fin,%.2fin enhanced font "
          "'Helvetica,%g' fontscale 0.75 linewidth 0.7 pointscale 0.7\n"
          "# from the tics to a label of two lines: pdfcairo leaves room for one\n"
          "two_lines = form eq 'pdf' ? -1.5 : 0.5\n"
          "set style textbox opaque noborder margins 0.4,0.4\n"
          "if (!exists('drawing')) drawing = '%s.'.form\n"
          "set output drawing\n",
          name, name, canvas.width, canvas.height, letter, canvas.width / pixels_per_inch,
          canvas.height / pixels_per_inch, letter * points_per_inch / pixels_per_inch, name);
}

void tv_place_panel(tv_canvas c, double left, double right, double top, double bottom, FILE *out) {
  fprintf(out,
          "set lmargin at screen %.5f\nset rmargin at screen %.5f\n"
          "set tmargin at screen %.5f\nset bmargin at screen %.5f\n",
          left / c.width, right / c.width, 1 - top / c.height, 1 - bottom / c.height);
}

void tv_begin_key(tv_canvas c, double left, double right, int columns, const char *text,
                  FILE *out) {
  tv_place_panel(c, left, right, 0, c.height, out);
  fprintf(out,
          "unset title\nunset xlabel\nunset ylabel\nunset tics\nunset border\nunset logscale\n"
          "set xrange [0:1]\nset yrange [0:1]\n"
          "set label 1 \"%s\" at screen %.5f,%.5f left textcolor rgb '#555555'\n"
          "set key at screen %.5f,%.5f right top horizontal maxcols %d samplen 2 width -1\n",
          text, left / c.width, 1 - 12.0 / c.height, right / c.width, 1 - 2.0 / c.height, columns);
}

void tv_format_magnitude(double value, int digits, char *out, size_t size) {
  char text[32];
  snprintf(text, sizeof text, "%.*e", digits - 1, value);
  char *exponent = strchr(text, 'e');
  const int power = (int)strtol(exponent + 1, NULL, 10);
  *exponent = 0; /* the text is the mantissa */
  if (value > 0 && abs(power) >= 3 && strtod(text, NULL) == 1)
    snprintf(out, size, "10^{%d}", power);
  else if (value > 0 && (power < -4 || power > 3))
    snprintf(out, size, "%.*g×10^{%d}", digits, strtod(text, NULL), power);
  else
    snprintf(out, size, "%.*g", digits, value);
}

/* Those between the first and the last sample size. */
static int count_decades(const tv_archive *a) {
  return (int)(floor(log10(a->n[a->levels - 1])) - ceil(log10(a->n[0]))) + 1;
}

void tv_write_size_tics(const tv_archive *a, int is_labelled, FILE *out) {
  const int last = a->levels - 1, step = last > 2 ? last : 1;
  const int digits = tv_digits_of(a->n, a->levels);
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

/* ---- Writing and drawing ---- */

char *tv_report_path(const char *directory, const char *name) {
  char *path = malloc(strlen(directory) + strlen(name) + 2);
  if (path) sprintf(path, "%s/%s", directory, name);
  return path;
}

tv_error *tv_report_folder(const char *directory) {
  TV_TRY(tv_expect_file_name(directory));
  if (mkdir(directory, 0777) != 0 && errno != EEXIST) return tv_fail_errno("%s", directory);
  return NULL;
}

/* The stream has a descriptor of its own, as the output keeps its own to the end. */
static tv_error *fill(const tv_output *output, void (*write)(const void *what, FILE *out),
                      const void *what) {
  const int file = fcntl(output->file, F_DUPFD_CLOEXEC, 0);
  FILE *stream = file >= 0 ? fdopen(file, "w") : NULL;
  if (!stream) {
    if (file >= 0) close(file);
    return tv_fail_errno("%s", output->path);
  }
  write(what, stream);
  const int is_good = !ferror(stream);
  return fclose(stream) == 0 && is_good ? NULL : tv_fail_errno("%s", output->path);
}

/* The output of that name in the folder, which may replace what an earlier report left. */
static tv_error *begin(const char *directory, const char *name, tv_output *output) {
  static const char *const no_inputs[] = {NULL};
  char *path = tv_report_path(directory, name);
  *output = (tv_output){0};
  tv_error *error = path ? tv_output_begin(path, no_inputs, 1, output) : tv_fail("out of memory");
  free(path);
  return error;
}

tv_error *tv_report_write(const char *directory, const char *name,
                          void (*write)(const void *what, FILE *out), const void *what) {
  tv_output output;
  TV_TRY(begin(directory, name, &output));
  tv_error *error = fill(&output, write, what);
  if (!error) error = tv_output_finish(&output);
  tv_output_abandon(&output);
  return error;
}

/* An SVG without titles, which are gnuplot's own names of its curves, and with sharp images. */
static void put_for_browsers(const char *svg, FILE *out) {
  static const char title[] = "<title>", end[] = "</title>", image[] = "<image ";
  while (*svg) {
    const char *after = strncmp(svg, title, strlen(title)) == 0 ? strstr(svg, end) : NULL;
    if (after) {
      svg = after + strlen(end);
    } else if (strncmp(svg, image, strlen(image)) == 0) {
      fprintf(out, "%sstyle='image-rendering:pixelated' ", image);
      svg += strlen(image);
    } else {
      fputc(*svg++, out);
    }
  }
}

/* The same in memory, owned by the caller. */
static tv_error *suit(const char *path, const char *svg, char **suited, size_t *size) {
  FILE *memory = open_memstream(suited, size);
  if (!memory) return tv_fail_errno("%s", path);
  put_for_browsers(svg, memory);
  const int is_good = !ferror(memory);
  return fclose(memory) == 0 && is_good ? NULL : tv_fail_errno("%s", path);
}

static tv_error *suit_browsers(const tv_output *output) {
  char *svg = NULL, *suited = NULL;
  size_t size = 0;
  const off_t drawn = lseek(output->file, 0, SEEK_END);
  if (drawn < 0) return tv_fail_errno("%s", output->path);
  TV_TRY(tv_allocate(drawn + 1, 1, &svg));
  tv_error *error = tv_file_read(output->path, output->file, 0, svg, (size_t)drawn);
  if (!error) error = suit(output->path, svg, &suited, &size);
  if (!error) error = tv_file_write(output->path, output->file, 0, suited, size);
  if (!error && ftruncate(output->file, (off_t)size) != 0)
    error = tv_fail_errno("%s", output->path);
  free(svg);
  free(suited);
  return error;
}

/* Draw one form, and give it its name. */
static tv_error *draw_form(const char *program, const char *directory, const char *name,
                           const char *form, tv_output *output, int *is_drawn) {
  char alias[TV_FILE_ALIAS], settings[TV_FILE_ALIAS + 64], script[64];
  tv_gnuplot_failure failure;
  tv_file_alias(output->file, alias);
  snprintf(settings, sizeof settings, "form='%s'; drawing='%s'", form, alias);
  snprintf(script, sizeof script, "%s.gp", name);
  TV_TRY(tv_gnuplot_run(program, directory, settings, script, output->file, &failure));
  if (failure.text[0])
    return tv_fail(
        "gnuplot failed on %s/%s (%s): the figure is missing; everything else is written",
        directory, script, failure.text);
  if (strcmp(form, "svg") == 0) TV_TRY(suit_browsers(output));
  TV_TRY(tv_output_finish(output));
  *is_drawn = 1;
  return NULL;
}

tv_error *tv_report_draw(const char *directory, const char *name, int *is_drawn) {
  static const char *const forms[] = {"svg", "pdf"};
  char file[64], *program;
  *is_drawn = 0;
  tv_error *error = tv_gnuplot_find(&program);
  *is_drawn = program != NULL;
  for (int i = 0; !error && *is_drawn && i < 2; ++i) {
    tv_output output;
    *is_drawn = 0;
    snprintf(file, sizeof file, "%s.%s", name, forms[i]);
    error = begin(directory, file, &output);
    if (!error) error = draw_form(program, directory, name, forms[i], &output, is_drawn);
    tv_output_abandon(&output);
  }
  free(program);
  return error;
}

void tv_report_print_figure(const char *directory, const char *name, int is_drawn, int has_failed,
                            FILE *out) {
  if (is_drawn) {
    tv_print_line(out, "%s/%s.svg", directory, name);
    tv_print_line(out, "%s/%s.pdf", directory, name);
  } else {
    tv_print_line(out, "no figure: gnuplot %s; %s/%s.gp draws it",
                  has_failed ? "failed" : "is not installed", directory, name);
  }
}
