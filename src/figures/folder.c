#include "twoview/figures/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gnuplot.h"
#include "twoview/base/escape.h"
#include "twoview/base/file.h"
#include "twoview/base/output.h"

char *tv_folder_path(const char *directory, const char *name) {
  char *path = malloc(strlen(directory) + strlen(name) + 2);
  if (path) sprintf(path, "%s/%s", directory, name);
  return path;
}

tv_error *tv_folder_make(const char *directory) {
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
  char *path = tv_folder_path(directory, name);
  *output = (tv_output){0};
  tv_error *error = path ? tv_output_begin(path, no_inputs, 1, output) : tv_fail("out of memory");
  free(path);
  return error;
}

tv_error *tv_folder_write(const char *directory, const char *name,
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

tv_error *tv_folder_draw(const char *directory, const char *name, int *is_drawn) {
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

void tv_folder_print_figure(const char *directory, const char *name, int is_drawn, int has_failed,
                            FILE *out) {
  if (is_drawn) {
    tv_print_line(out, "%s/%s.svg", directory, name);
    tv_print_line(out, "%s/%s.pdf", directory, name);
  } else {
    tv_print_line(out, "no figure: gnuplot %s; %s/%s.gp draws it",
                  has_failed ? "failed" : "is not installed", directory, name);
  }
}
