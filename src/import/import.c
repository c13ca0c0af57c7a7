#include "twoview/import/import.h"

#include <hdf5_hl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "twoview/base/build.h"
#include "twoview/base/escape.h"
#include "twoview/base/output.h"
#include "twoview/base/text.h"
#include "twoview/hdf5/array_copy.h"
#include "twoview/hdf5/error.h"

static const tv_import_format *const formats[] = {&tv_import_csv, &tv_import_arrays,
                                                  &tv_import_matrix, &tv_import_images};

enum { FORMATS = sizeof formats / sizeof *formats };

void tv_import_list(FILE *out) {
  for (int i = 0; i < FORMATS; ++i) fprintf(out, "  %s\n", formats[i]->what);
}

/* ---- The format ---- */

static tv_error *refuse_kind(const char *path) {
  char known[1024] = "";
  for (int i = 0; i < FORMATS; ++i)
    tv_append(known, sizeof known, "%s%s", i ? "; " : "", formats[i]->what);
  return tv_fail_usage("%s: its name is of no kind that can be imported: %s", path, known);
}

/* All sources are of one format. */
static tv_error *find_format(const tv_import_options *o, const tv_import_format **out) {
  const char *first = o->sources[0];
  int i = 0;
  while (i < FORMATS && !formats[i]->takes(first)) ++i;
  if (i == FORMATS) return refuse_kind(first);
  for (const char *const *other = o->sources + 1; *other; ++other)
    if (!formats[i]->takes(*other))
      return tv_fail_usage("%s: is of another kind than %s; import them one by one", *other, first);
  *out = formats[i];
  return NULL;
}

static tv_error *expect_options(const tv_import_options *o, const tv_import_format *format) {
  static const char *const names[] = {"--labels",    "--targets",   "--drop",
                                      "--delimiter", "--no-header", "--samples",
                                      "--transpose", "--size",      "--grey"};
  const unsigned unknown = o->given & ~format->options;
  for (unsigned i = 0; i < sizeof names / sizeof *names; ++i)
    if (unknown & 1u << i)
      return tv_fail_usage("import: %s means nothing for %s", names[i], format->what);
  return NULL;
}

/* ---- The words about it ---- */

/* As `90 sample x 4 feature`. */
static void print_shape(hid_t set, FILE *out) {
  hsize_t shape[TV_MOST_DIMENSIONS];
  const hid_t space = H5Dget_space(set);
  const int rank = H5Sget_simple_extent_dims(space, shape, NULL);
  for (int i = 0; i < rank; ++i) {
    char dimension[TV_NAME_LENGTH];
    tv_label_dimension(set, i, dimension);
    fprintf(out, "%s%" PRIu64 " ", i ? " x " : "", (uint64_t)shape[i]);
    tv_put_plain(dimension, out);
  }
  H5Sclose(space);
}

/* A group is a sparse matrix. */
static void print_matrix(hid_t group, FILE *out) {
  hsize_t numbers;
  const hid_t data = H5Dopen2(group, "data", H5P_DEFAULT), space = H5Dget_space(data);
  H5Sget_simple_extent_dims(space, &numbers, NULL);
  fprintf(out, "%" PRId64 " sample x %" PRId64 " feature, %" PRIu64 " numbers that are stored",
          tv_label_length(group, "sample"), tv_label_length(group, "feature"), (uint64_t)numbers);
  H5Sclose(space);
  H5Dclose(data);
}

static herr_t print_object(hid_t root, const char *name, const H5L_info_t *info, void *out) {
  (void)info;
  const hid_t object = H5Oopen(root, name, H5P_DEFAULT);
  const int is_group = H5Iget_type(object) == H5I_GROUP;
  if (is_group || H5DSis_scale(object) == 0) {
    fputs("  ", out);
    tv_put_plain(name, out);
    fputs(": ", out);
    if (is_group)
      print_matrix(object, out);
    else
      print_shape(object, out);
    fputs("\n", out);
  }
  H5Oclose(object);
  return 0;
}

static void print_key(FILE *out, const char *key, const char *value) {
  if (!*value) return;
  fprintf(out, ", %s: ", key);
  tv_put_yaml(value, out);
}

/* A source has labels or targets. */
static void print_source(const tv_import_state *s, const char *answer, const char *name,
                         FILE *out) {
  fputs("  source: {type: hdf5, file: ", out);
  tv_put_yaml(s->options->output, out);
  print_key(out, "samples", s->samples);
  print_key(out, answer, name);
  if (s->scale) fprintf(out, ", scale: %d", s->scale);
  fputs("}\n", out);
}

static void print_summary(const tv_import_state *s, FILE *out) {
  tv_put_plain(s->options->output, out);
  fputs(":\n", out);
  H5Literate(s->file, H5_INDEX_CRT_ORDER, H5_ITER_INC, NULL, print_object, out);
  fputs("In an experiment file:\n", out);
  if (*s->labels || !*s->targets) print_source(s, "labels", s->labels, out);
  if (*s->targets) print_source(s, "targets", s->targets, out);
}

/* ---- Writing ---- */

static tv_error *write_all(tv_import_state *s, const tv_import_format *format) {
  TV_TRY(tv_attribute_text(s->file, "software", tv_version_line()));
  TV_TRY(tv_attribute_text(s->file, "history", s->options->command));
  TV_TRY(format->write(s));
  return NULL;
}

/* The words are kept until the file is whole. */
static tv_error *write_part(const tv_import_options *o, const tv_import_format *format,
                            const tv_output *output, FILE *words) {
  tv_import_state state = {.options = o, .beside = output->part};
  TV_TRY(tv_label_create_file(output->part, output->file, &state.file));
  tv_error *error = write_all(&state, format);
  if (!error) print_summary(&state, words);
  if (H5Fclose(state.file) < 0 && !error)
    error = tv_hdf5_fail("%s: cannot be closed", output->part);
  return error;
}

static tv_error *write_output(const tv_import_options *o, const tv_import_format *format,
                              tv_output *output, FILE *out) {
  char *words = NULL;
  size_t size;
  FILE *memory = open_memstream(&words, &size);
  if (!memory) return tv_fail("out of memory");
  tv_error *error = write_part(o, format, output, memory);
  if (fclose(memory) != 0 && !error) error = tv_fail("out of memory");
  if (!error) error = tv_output_finish(output);
  if (!error) fputs(words, out);
  free(words);
  return error;
}

tv_error *tv_import(const tv_import_options *o, FILE *out) {
  const tv_import_format *format = NULL;
  tv_output output = {0};
  char *path = NULL;
  TV_TRY(find_format(o, &format));
  TV_TRY(expect_options(o, format));
  TV_TRY(tv_output_locate(o->output, &path));
  tv_error *error = tv_output_begin(path, o->sources, o->replaces, &output);
  if (!error) error = write_output(o, format, &output, out);
  tv_output_abandon(&output);
  free(path);
  return error;
}
