#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format.h"
#include "twoview/base/file.h"
#include "twoview/base/text.h"
#include "twoview/data/npy.h"
#include "twoview/hdf5/array_copy.h"
#include "twoview/hdf5/error.h"
#include "twoview/hdf5/growing.h"
#include "zip.h"

/* Arrays of NumPy: each becomes a dataset of its name. */

static int is_zip(const char *path) {
  return tv_import_ends_with(path, ".npz");
}

enum { PIECE_NUMBERS = 1 << 17 };

static const double most_whole = 9007199254740992; /* integers beyond are not all doubles */

typedef struct {
  char name[TV_NAME_LENGTH];
  int dimensions; /* 0: it was left out */
  int64_t rows;
  int is_real, is_text;
} found;

typedef struct {
  tv_import_state *state;
  found *list; /* owned */
  int count;
} arrays;

static tv_error *note(arrays *a, const char *name, const tv_npy *npy) {
  found *longer = realloc(a->list, (size_t)(a->count + 1) * sizeof *longer);
  if (!longer) return tv_fail("out of memory");
  a->list = longer;
  a->list[a->count] = (found){.dimensions = npy->dimensions,
                              .rows = npy->extent[0],
                              .is_real = npy->kind == 'f',
                              .is_text = tv_npy_is_text(npy)};
  snprintf(a->list[a->count++].name, TV_NAME_LENGTH, "%s", name);
  return NULL;
}

/* ---- What an array is for ---- */

static int is_listed(const char *const *names, const char *name) {
  for (; *names; ++names)
    if (strcmp(*names, name) == 0) return 1;
  return 0;
}

static tv_error *expect_name(const arrays *a, const char *option, const char *name) {
  char known[1024] = "";
  for (int i = 0; i < a->count; ++i) {
    if (strcmp(a->list[i].name, name) == 0) return NULL;
    tv_append(known, sizeof known, "%s%s", i ? ", " : "", a->list[i].name);
  }
  return tv_fail_usage("import: %s '%s' is none of the arrays: %s", option, name, known);
}

static tv_error *expect_names(const arrays *a) {
  const tv_import_options *o = a->state->options;
  if (o->samples) TV_TRY(expect_name(a, "--samples", o->samples));
  if (o->labels) TV_TRY(expect_name(a, "--labels", o->labels));
  for (int i = 0; o->targets[i]; ++i) TV_TRY(expect_name(a, "--targets", o->targets[i]));
  for (int i = 0; o->dropped[i]; ++i) TV_TRY(expect_name(a, "--drop", o->dropped[i]));
  if (!o->targets[0] || !o->targets[1]) return NULL;
  return tv_fail_usage(
      "import: one array of --targets will do, which has a column for each target");
}

static int may_be_samples(const arrays *a, const found *f) {
  return f->dimensions > 1 && !is_listed(a->state->options->targets, f->name);
}

static int may_be_labels(const found *f, const found *samples) {
  return f->dimensions == 1 && !f->is_real && f->rows == samples->rows;
}

/* What no option names is guessed: samples are the first array of rows, labels the first one of as
 * many whole numbers or texts. */
static tv_error *settle_roles(const arrays *a) {
  tv_import_state *s = a->state;
  const tv_import_options *o = s->options;
  const found *samples = NULL, *labels = NULL;
  TV_TRY(expect_names(a));
  for (int i = 0; i < a->count && !samples; ++i)
    if (o->samples ? strcmp(a->list[i].name, o->samples) == 0 : may_be_samples(a, &a->list[i]))
      samples = &a->list[i];
  if (!samples) return tv_fail("%s: holds no array of rows of numbers", o->sources[0]);
  for (int i = 0; i < a->count && !labels; ++i)
    if (o->labels ? strcmp(a->list[i].name, o->labels) == 0 : may_be_labels(&a->list[i], samples))
      labels = &a->list[i];
  snprintf(s->samples, sizeof s->samples, "%s", samples->name);
  if (labels) snprintf(s->labels, sizeof s->labels, "%s", labels->name);
  if (o->targets[0]) snprintf(s->targets, sizeof s->targets, "%s", o->targets[0]);
  return NULL;
}

/* ---- Values ---- */

static hid_t stored_type(const tv_npy *npy) {
  const int is_signed = npy->kind == 'i';
  switch (npy->size) {
  case 1:
    return is_signed ? H5T_STD_I8LE : H5T_STD_U8LE;
  case 2:
    if (npy->kind == 'f') return H5T_IEEE_F32LE;
    return is_signed ? H5T_STD_I16LE : H5T_STD_U16LE;
  case 4:
    if (npy->kind == 'f') return H5T_IEEE_F32LE;
    return is_signed ? H5T_STD_I32LE : H5T_STD_U32LE;
  default:
    if (npy->kind == 'f') return H5T_IEEE_F64LE;
    return is_signed ? H5T_STD_I64LE : H5T_STD_U64LE;
  }
}

static tv_error *expect_exact(const tv_npy *npy, int64_t first, int64_t count, const double *x) {
  for (int64_t i = 0; npy->kind != 'f' && npy->size == 8 && i < count * npy->width; ++i)
    if (fabs(x[i]) > most_whole)
      return tv_fail("%s: row %lld: %.0f is beyond 2^53, where a double does not hold each integer",
                     npy->path, (long long)(first + i / npy->width), x[i]);
  return NULL;
}

static tv_error *copy_numbers(const tv_npy *npy, tv_growing *out) {
  const int64_t rows = npy->extent[0];
  const int64_t piece = PIECE_NUMBERS > npy->width ? PIECE_NUMBERS / npy->width : 1;
  double *x;
  TV_TRY(tv_allocate(piece * npy->width, sizeof(*x), &x));
  tv_error *error = NULL;
  for (int64_t first = 0; !error && first < rows; first += piece) {
    const int64_t count = rows - first < piece ? rows - first : piece;
    error = tv_npy_read(npy, first, count, x);
    if (!error) error = expect_exact(npy, first, count, x);
    if (!error) error = tv_growing_add(out, count, x);
  }
  free(x);
  return error;
}

static tv_error *copy_texts(const tv_npy *npy, tv_growing *out) {
  tv_error *error = NULL;
  for (int64_t i = 0; !error && i < npy->extent[0]; ++i) {
    char *text = NULL, where[64];
    error = tv_npy_read_text(npy, i, &text);
    snprintf(where, sizeof where, "row %lld", (long long)i);
    if (!error) error = tv_error_prefix(tv_import_expect_name(where, text), "%s: ", npy->path);
    if (!error) error = tv_growing_add(out, 1, &text);
    free(text);
  }
  return error;
}

/* ---- Dimensions ---- */

enum { NAMES = TV_NPY_IMAGE_DIMENSIONS + 1 };

static const char *const of_rows[] = {"sample", "feature", NULL};
static const char *const of_targets[] = {"sample", "target", NULL};
static const char *const of_images[] = {"sample", "row", "column", "channel", NULL};

typedef struct {
  char name[TV_NPY_IMAGE_DIMENSIONS][TV_NAME_LENGTH];
  const char *list[NAMES]; /* of these, NULL behind the last */
} dimension_names;

/* Dimensions of one meaning and length are one. */
static tv_error *name_dimensions(const arrays *a, const tv_npy *npy, const char *array,
                                 dimension_names *out) {
  const char *const *bases = npy->dimensions > 2                            ? of_images
                             : is_listed(a->state->options->targets, array) ? of_targets
                                                                            : of_rows;
  memset(out, 0, sizeof *out);
  for (int i = 0; i < npy->dimensions; ++i) {
    TV_TRY(tv_import_dimension(a->state->file, bases[i], npy->extent[i], out->name[i]));
    out->list[i] = out->name[i];
  }
  return NULL;
}

/* ---- Arrays ---- */

static tv_error *begin_numbers(hid_t group, const tv_npy *npy, tv_label label, tv_growing *out) {
  hsize_t item[TV_NPY_IMAGE_DIMENSIONS] = {0};
  for (int i = 1; i < npy->dimensions; ++i) item[i - 1] = (hsize_t)npy->extent[i];
  return tv_growing_begin(group, label, stored_type(npy), H5T_NATIVE_DOUBLE, npy->dimensions, item,
                          out);
}

static tv_error *write_array(const arrays *a, const tv_npy *npy, const char *name) {
  const tv_label label = {name, name, "1"};
  const int is_text = tv_npy_is_text(npy);
  tv_growing out = {0};
  dimension_names dimensions;
  TV_TRY(name_dimensions(a, npy, name, &dimensions));
  tv_error *error = is_text ? tv_growing_begin_texts(a->state->file, label, &out)
                            : begin_numbers(a->state->file, npy, label, &out);
  if (!error) error = is_text ? copy_texts(npy, &out) : copy_numbers(npy, &out);
  if (!error) error = tv_growing_finish(&out, a->state->file, dimensions.list);
  tv_growing_close(&out);
  return error;
}

static tv_error *expect_free_name(const arrays *a, const char *where, const char *name) {
  TV_TRY(tv_import_expect_name(where, name));
  if (strchr(name, '/') || strcmp(name, ".") == 0 || strlen(name) >= TV_NAME_LENGTH)
    return tv_fail("%s: '%s' is no name of a dataset; rename the array", where, name);
  if (!is_listed(of_rows, name) && !is_listed(of_targets, name) && !is_listed(of_images, name) &&
      H5Lexists(a->state->file, name, H5P_DEFAULT) <= 0)
    return NULL;
  return tv_fail("%s: '%s' is the name of another array or of a dimension; rename the array", where,
                 name);
}

/* What is no array of numbers or texts need not keep the others back. */
static tv_error *advise(tv_error *error, const char *name) {
  if (!error) return NULL;
  tv_error *advised = tv_fail("%s; or leave it out (--drop %s)", error->message, name);
  tv_error_free(error);
  return advised;
}

static tv_error *open_array(const arrays *a, const char *where, const char *name, int file,
                            tv_npy *npy) {
  TV_TRY(advise(tv_npy_open_file(where, file, 1, TV_NPY_IMAGE_DIMENSIONS, npy), name));
  if (tv_npy_is_text(npy) && npy->dimensions > 1)
    return advise(tv_fail("%s: texts of more than one dimension", where), name);
  if (npy->dimensions == 1 && is_listed(a->state->options->targets, name))
    npy->extent[npy->dimensions++] = 1; /* one target is a column of targets */
  return expect_free_name(a, where, name);
}

/* Takes over the file. */
static tv_error *import_array(arrays *a, const char *where, const char *name, int file) {
  tv_npy npy = {.file = -1};
  tv_error *error = open_array(a, where, name, file, &npy);
  if (!error) error = note(a, name, &npy);
  if (!error) error = write_array(a, &npy, name);
  tv_npy_close(&npy);
  return error;
}

static tv_error *drop_array(arrays *a, const char *name, int file) {
  close(file);
  return note(a, name, &(tv_npy){0});
}

/* The name of a file without its folders and its ending, to be freed. */
static char *stem_of(const char *path) {
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  return tv_import_ends_with(name, ".npy") ? strndup(name, strlen(name) - strlen(".npy"))
                                           : strdup(name);
}

/* Takes over the file. */
static tv_error *visit(void *context, const char *where, const char *path, int file) {
  arrays *a = context;
  char *name = stem_of(path);
  if (!name) {
    close(file);
    return tv_fail("out of memory");
  }
  tv_error *error = is_listed(a->state->options->dropped, name)
                        ? drop_array(a, name, file)
                        : import_array(a, where, name, file);
  free(name);
  return error;
}

/* ---- Sparse matrices of SciPy (save_npz): a group, as AnnData has it ---- */

typedef struct {
  hid_t group;
  double shape[2];
  int64_t places; /* numbers of indptr */
  char *format;   /* owned: csr, csc, or one of which there is no group */
} sparse;

static int is_scipy(const char *path) {
  return tv_zip_has(path, "format.npy") && tv_zip_has(path, "shape.npy");
}

static tv_error *copy_part(const sparse *s, const char *name, const tv_npy *npy) {
  tv_growing out = {0};
  tv_error *error = begin_numbers(s->group, npy, (tv_label){name, name, "1"}, &out);
  if (!error) error = copy_numbers(npy, &out);
  if (!error) error = tv_growing_finish(&out, s->group, NULL);
  tv_growing_close(&out);
  return error;
}

static tv_error *take_part(sparse *s, const char *name, const tv_npy *npy) {
  static const char *const parts[] = {"data", "indices", "indptr", NULL};
  const int is_text = tv_npy_is_text(npy);
  if (strcmp(name, "format") == 0 && is_text && !s->format)
    return tv_npy_read_text(npy, 0, &s->format);
  if (strcmp(name, "shape") == 0 && !is_text && npy->extent[0] == 2)
    return tv_npy_read(npy, 0, 2, s->shape);
  if (strcmp(name, "indptr") == 0) s->places = npy->extent[0];
  return is_listed(parts, name) && !is_text ? copy_part(s, name, npy) : NULL;
}

/* Takes over the file. */
static tv_error *visit_part(void *context, const char *where, const char *path, int file) {
  tv_npy npy = {.file = -1};
  char *name = stem_of(path);
  tv_error *error = tv_npy_open_file(where, file, 0, 1, &npy);
  if (!error) error = name ? take_part(context, name, &npy) : tv_fail("out of memory");
  tv_npy_close(&npy);
  free(name);
  return error;
}

/* What no integer holds is no length either. */
static int64_t extent_of(double length) {
  return length >= 1 && length <= most_whole ? (int64_t)length : 0;
}

static tv_error *describe_matrix(arrays *a, const char *path, const sparse *s) {
  const int64_t shape[] = {extent_of(s->shape[0]), extent_of(s->shape[1])};
  char encoding[32], name[TV_NAME_LENGTH];
  if (!s->format || (strcmp(s->format, "csr") != 0 && strcmp(s->format, "csc") != 0))
    return tv_fail("%s: a sparse matrix in the format '%s'; save its .tocsr()", path,
                   s->format ? s->format : "");
  const int is_by_columns = strcmp(s->format, "csc") == 0;
  const int64_t along = shape[is_by_columns], across = shape[!is_by_columns];
  if (along < 1 || along != s->places - 1 || across < 1 || across > INT_MAX / 8)
    return tv_fail("%s: its shape, %lld x %lld, is not that of its %lld places in indptr", path,
                   (long long)shape[0], (long long)shape[1], (long long)s->places);
  snprintf(encoding, sizeof encoding, "%s_matrix", s->format);
  TV_TRY(tv_attribute_text(s->group, "encoding-type", encoding));
  TV_TRY(tv_attribute_text(s->group, "encoding-version", "0.1.0"));
  TV_TRY(tv_attribute_list(s->group, "shape", TV_INTEGER, 2, shape));
  for (int i = 0; i < 2; ++i)
    TV_TRY(tv_import_dimension(a->state->file, of_rows[i], shape[i], name));
  return note(a, tv_label_samples.name, &(tv_npy){.dimensions = 2, .extent = {shape[0]}});
}

static tv_error *import_scipy(arrays *a, const char *path) {
  sparse s = {0};
  TV_TRY(expect_free_name(a, path, tv_label_samples.name));
  s.group = tv_label_create_group(a->state->file, tv_label_samples.name);
  if (s.group < 0) return tv_hdf5_fail("group '%s' cannot be created", tv_label_samples.name);
  tv_error *error = tv_zip_visit(path, a->state->beside, visit_part, &s);
  if (!error) error = describe_matrix(a, path, &s);
  free(s.format);
  H5Gclose(s.group);
  return error;
}

/* ---- Files ---- */

static tv_error *import_source(arrays *a, const char *path) {
  int file;
  if (is_zip(path) && is_scipy(path)) return import_scipy(a, path);
  if (is_zip(path)) return tv_zip_visit(path, a->state->beside, visit, a);
  TV_TRY(tv_file_open(path, &file));
  return visit(a, path, path, file);
}

static tv_error *write_arrays(tv_import_state *state) {
  arrays a = {.state = state};
  tv_error *error = NULL;
  for (const char *const *path = state->options->sources; !error && *path; ++path)
    error = import_source(&a, *path);
  if (!error) error = settle_roles(&a);
  free(a.list);
  return error;
}

static int takes(const char *path) {
  return is_zip(path) || tv_import_ends_with(path, ".npy");
}

const tv_import_format tv_import_arrays = {
    .what = "arrays of NumPy (.npz, .npy)",
    .takes = takes,
    .options = TV_IMPORT_SAMPLES | TV_IMPORT_LABELS | TV_IMPORT_TARGETS | TV_IMPORT_DROP,
    .write = write_arrays,
};
