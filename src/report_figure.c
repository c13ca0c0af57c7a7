#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report_parts.h"

/* The figure of the paper: a row of panels for each noise magnitude, a column for each method, a
 * line and band for each alignment. */

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

void tv_begin_script(int width, int height, double width_inches, double height_inches, FILE *out) {
  fprintf(out,
          "set encoding utf8\n# gnuplot script of the figure; run in this folder:\n"
          "#   gnuplot -e \"form='svg'\" figure.gp\n"
          "data = 'figure.tsv'\n"
          "if (!exists('form')) form = 'svg'\n"
          "if (form eq 'svg') set terminal svg size %d,%d enhanced font 'Helvetica,13' "
          "background '#ffffff'\n"
          "if (form eq 'pdf') set terminal pdfcairo size %.2fin,%.2fin enhanced font "
          "'Helvetica,9' linewidth 0.7\n"
          "set output 'figure.'.form\n",
          width, height, width_inches, height_inches);
}

/* One block of lines for each curve: n, mean, least, largest. */
static void write_data(const void *archive, FILE *out) {
  const tv_archive *a = archive;
  fputs("# n\tmean distance\tleast\tlargest\n", out);
  for (int g = 0; g < a->magnitudes; ++g)
    for (int m = 0; m < a->methods; ++m)
      for (int alpha = 0; alpha < a->alphas; ++alpha) {
        fprintf(out, "\n\n# lambda_max %g, %s, alpha %g\n", a->lambda_max[g], a->method[m],
                a->alpha[alpha]);
        for (int level = 0; level < a->levels; ++level) {
          const tv_band band = tv_band_of(a, TV_DISTANCE, g, alpha, level, m);
          fprintf(out, "%.10g\t%.6e\t%.6e\t%.6e\n", a->n[level], band.mean, band.least,
                  band.largest);
        }
      }
}

/* The decades that hold every positive distance. */
static void find_range(const tv_archive *a, double *low, double *high) {
  const int64_t entries =
      (int64_t)a->replicates * a->magnitudes * a->alphas * a->levels * a->methods;
  *low = HUGE_VAL;
  *high = 0;
  for (int64_t i = 0; i < entries; ++i) {
    const double value = a->quantity[TV_DISTANCE][i];
    if (!(value > 1e-16)) continue; /* nothing but rounding */
    *low = fmin(*low, value);
    *high = fmax(*high, value);
  }
  if (*high == 0) *low = *high = 1;
  *low = pow(10, fmax(floor(log10(*low)), -16));
  *high = pow(10, floor(log10(*high)) + 1);
}

/* Whether an alignment is too small for theory in most replicates. */
static int is_below_threshold(const tv_archive *a, int g, int alpha, int m) {
  const double square = a->alpha[alpha] * a->alpha[alpha];
  int below = 0;
  for (int r = 0; r < a->replicates; ++r)
    below += square <= a->alpha2_threshold[((int64_t)r * a->magnitudes + g) * a->methods + m];
  return 2 * below > a->replicates;
}

void tv_format_magnitude(double value, char *out, size_t size) {
  const double exponent = log10(value);
  if (exponent >= 3 && exponent == floor(exponent))
    snprintf(out, size, "10^{%.0f}", exponent);
  else
    snprintf(out, size, "%g", value);
}

static void write_panel(const tv_archive *a, int g, int column, int columns, int panel_column,
                        FILE *out) {
  const int m = tv_method_of_column(a, column), is_bottom = g == a->magnitudes - 1;
  char magnitude[32];
  const double left = 0.105, right = 0.99, top = 0.90, bottom = 0.115, gap = 0.018;
  const double width = (right - left - gap * (columns - 1)) / columns;
  const double height = (top - bottom - 2 * gap * (a->magnitudes - 1)) / a->magnitudes;
  const double x = left + panel_column * (width + gap), y = top - (g + 1) * height - 2 * gap * g;
  fprintf(out, "set lmargin at screen %.4f\nset rmargin at screen %.4f\n", x, x + width);
  fprintf(out, "set bmargin at screen %.4f\nset tmargin at screen %.4f\n", y, y + height);
  fprintf(out, g == 0 ? "set title \"%s (%s)\" offset 0,-0.6\n" : "unset title\n",
          tv_columns[column].title, tv_columns[column].short_name);
  tv_format_magnitude(a->lambda_max[g], magnitude, sizeof magnitude);
  if (panel_column == 0)
    fprintf(out,
            "set ylabel \"λ_{max}  = %s\\ndistance to optimality\" offset 0.5\n"
            "set format y \"10^{%%L}\"\n",
            magnitude);
  else
    fputs("unset ylabel\nset format y \"\"\n", out);
  fprintf(out, is_bottom ? "set xlabel \"sample size n\"\nset format x \"10^{%%L}\"\n"
                         : "unset xlabel\nset format x \"\"\n");
  fputs(g == 0 && panel_column == 0
            ? "set key at screen 0.99,0.978 right center horizontal samplen 2 width -2\n"
            : "unset key\n",
        out);
  fputs("plot", out);
  for (int alpha = 0; alpha < a->alphas; ++alpha) {
    const int block = (g * a->methods + m) * a->alphas + alpha;
    const char *colour = tv_colours[alpha % TV_COLOURS];
    const int dash = is_below_threshold(a, g, alpha, m) ? 2 : 1;
    fprintf(out,
            "%s data index %d using 1:3:4 with filledcurves fillcolor rgb \"%s\" fillstyle "
            "transparent solid 0.18 noborder notitle, \\\n  data index %d using 1:2 with "
            "linespoints linewidth 2 pointsize 0.45 pointtype 7 dashtype %d linecolor rgb \"%s\" "
            "notitle",
            alpha ? ", \\\n " : "", block, colour, block, dash, colour);
    if (g == 0 && panel_column == 0)
      fprintf(out, ", \\\n  NaN with lines linewidth 3 linecolor rgb \"%s\" title \"α = %g\"",
              colour, a->alpha[alpha]);
  }
  fputs("\n", out);
}

static void write_script(const void *archive, FILE *out) {
  const tv_archive *a = archive;
  double low, high;
  const int columns = tv_columns_of(a);
  int panel_column = 0;
  find_range(a, &low, &high);
  tv_begin_script(60 + 310 * columns, 90 + 250 * a->magnitudes, 0.4 + 2.15 * columns,
                  0.6 + 1.75 * a->magnitudes, out);
  fprintf(out,
          "set logscale xy\nset xrange [%.10g:%.10g]\nset yrange [%g:%g]\n"
          "set ytics %g,100 nomirror\nset xtics 1,10 nomirror\nset mytics 1\n"
          "set grid ytics xtics linewidth 0.5 linecolor rgb '#e4e4e4'\nset border 3\n"
          "set label 1 \"dashed: α below the threshold of theory\" at screen 0.105,0.965 "
          "left textcolor rgb '#555555'\n"
          "set multiplot\n",
          a->n[0] / 1.15, a->n[a->levels - 1] * 1.15, low, high, low);
  for (int g = 0; g < a->magnitudes; ++g) {
    panel_column = 0;
    for (int c = 0; c < TV_COLUMNS; ++c)
      if (tv_method_of_column(a, c) >= 0) {
        write_panel(a, g, c, columns, panel_column++, out);
        fputs("unset label 1\n", out);
      }
  }
  fputs("unset multiplot\n", out);
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

tv_error *tv_draw_grid(const tv_archive *a, const char *directory, int *is_drawn) {
  TV_TRY(tv_report_write(directory, "figure.tsv", write_data, a));
  TV_TRY(tv_report_write(directory, "figure.gp", write_script, a));
  return tv_report_draw(directory, "figure.gp", is_drawn);
}
