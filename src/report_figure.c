#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report_parts.h"

/* What the figures share: columns, colours, the head of a script, writing and drawing. */

const tv_column tv_columns[TV_COLUMNS] = {{"supervised", "Supervised", "SL"},
                                          {"joint-embedding", "Joint embedding", "JE"},
                                          {"reconstruction", "Reconstruction", "RC"}};

const char *const tv_colours[TV_COLOURS] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                            "#E69F00", "#56B4E9", "#000000", "#999933"};

int tv_method_of_column(const tv_archive *a, int column) {
  for (int m = 0; m < a->methods; ++m)
    if (strcmp(a->method[m], tv_columns[column].method) == 0) return m;
  return -1;
}

int tv_columns_of(const tv_archive *a) {
  int columns = 0;
  for (int c = 0; c < TV_COLUMNS; ++c) columns += tv_method_of_column(a, c) >= 0;
  return columns;
}

void tv_begin_script(const char *name, tv_canvas canvas, FILE *out) {
  const double pixels_per_inch = 144;
  fprintf(out,
          "set encoding utf8\n# gnuplot script of the figure; run in this folder:\n"
          "#   gnuplot -e \"form='svg'\" %s.gp\n"
          "data = '%s.tsv'\n"
          "if (!exists('form')) form = 'svg'\n"
          "if (form eq 'svg') set terminal svg size %d,%d enhanced font 'Helvetica,13' "
          "background '#ffffff'\n"
          "if (form eq 'pdf') set terminal pdfcairo size %.2fin,%.2fin enhanced font "
          "'Helvetica,9' linewidth 0.7\n"
          "set output '%s.'.form\n",
          name, name, canvas.width, canvas.height, canvas.width / pixels_per_inch,
          canvas.height / pixels_per_inch, name);
}

void tv_place_panel(tv_canvas c, double left, double right, double top, double bottom, FILE *out) {
  fprintf(out,
          "set lmargin at screen %.5f\nset rmargin at screen %.5f\n"
          "set tmargin at screen %.5f\nset bmargin at screen %.5f\n",
          left / c.width, right / c.width, 1 - top / c.height, 1 - bottom / c.height);
}

void tv_begin_key(tv_canvas c, double left, double right, int rows, const char *text, FILE *out) {
  tv_place_panel(c, left, right, 0, c.height, out);
  fprintf(out,
          "unset title\nunset xlabel\nunset ylabel\nunset tics\nunset border\nunset logscale\n"
          "set xrange [0:1]\nset yrange [0:1]\n"
          "set label 1 \"%s\" at screen %.5f,%.5f left textcolor rgb '#555555'\n"
          "set key at screen %.5f,%.5f right top horizontal maxrows %d samplen 2 width -1\n",
          text, left / c.width, 1 - 12.0 / c.height, right / c.width, 1 - 2.0 / c.height, rows);
}

void tv_format_magnitude(double value, char *out, size_t size) {
  const double exponent = log10(value);
  if (exponent >= 3 && exponent == floor(exponent))
    snprintf(out, size, "10^{%.0f}", exponent);
  else
    snprintf(out, size, "%.4g", value);
}

tv_error *tv_report_write(const char *directory, const char *name,
                          void (*write)(const void *what, FILE *out), const void *what) {
  char *path = tv_report_path(directory, name);
  FILE *file = path ? fopen(path, "w") : NULL;
  tv_error *error = file ? NULL : tv_fail_errno("%s/%s", directory, name);
  if (file) {
    write(what, file);
    const int is_good = !ferror(file);
    if (fclose(file) != 0 || !is_good) error = tv_fail_errno("%s", path);
  }
  free(path);
  return error;
}

/* Run gnuplot in the folder. 127: it is not installed. */
static tv_error *draw(const char *directory, const char *setting, const char *script,
                      int *exit_code) {
  int status = 0;
  const pid_t child = fork();
  if (child < 0) return tv_fail_errno("gnuplot cannot be started");
  if (child == 0) {
    setenv("LC_ALL", "C.UTF-8", 1); /* the labels are UTF-8 */
    if (chdir(directory) == 0) execlp("gnuplot", "gnuplot", "-e", setting, script, (char *)0);
    _exit(127);
  }
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return tv_fail_errno("waiting for gnuplot");
  *exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
  return NULL;
}

tv_error *tv_report_draw(const char *directory, const char *script, int *is_drawn) {
  static const char *const settings[] = {"form='svg'", "form='pdf'"};
  int exit_code = 0;
  for (int i = 0; i < 2 && exit_code != 127; ++i) {
    TV_TRY(draw(directory, settings[i], script, &exit_code));
    if (exit_code != 0 && exit_code != 127)
      return tv_fail("gnuplot failed on %s/%s (exit %d)", directory, script, exit_code);
  }
  *is_drawn = exit_code == 0;
  return NULL;
}
