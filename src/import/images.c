#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "format.h"
#include "picture.h"
#include "tenx.h"
#include "twoview/hdf5/growing.h"

/* Folders of images, one for each class. */

typedef struct {
  char *path, *name; /* owned; the name is CLASS/FILE */
  size_t class_length;
} image;

typedef struct {
  tv_import_state *state;
  image *list; /* owned: by class, then by file, in the order of bytes */
  int64_t count, room;
  tv_picture kind;              /* of all of them in the output */
  unsigned char *read, *shaped; /* owned: an image as it is, and in the channels of the output */
  unsigned char *resized;       /* owned */
  size_t read_room, shaped_room;
} album;

/* ---- Listing ---- */

static int is_visible(const struct dirent *entry) {
  return entry->d_name[0] != '.';
}

static int compare_names(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

/* Visit what a folder holds, but what is hidden, in the order of bytes. */
static tv_error *visit_folder(album *a, const char *folder, const char *prefix,
                              tv_error *(*visit)(album *, const char *path, const char *name)) {
  struct dirent **entries = NULL;
  const int count = scandir(folder, &entries, is_visible, compare_names);
  tv_error *error = count < 0 ? tv_fail_errno("%s", folder) : NULL;
  for (int i = 0; i < count; ++i) {
    char *path = NULL, *name = NULL;
    const int are_made = !error && asprintf(&path, "%s/%s", folder, entries[i]->d_name) >= 0 &&
                         asprintf(&name, "%s%s", prefix, entries[i]->d_name) >= 0;
    if (!error) error = are_made ? visit(a, path, name) : tv_fail("out of memory");
    free(path);
    free(name);
    free(entries[i]);
  }
  free(entries);
  return error;
}

static int is_folder(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static tv_error *make_room(album *a) {
  if (a->count < a->room) return NULL;
  a->room = a->room ? 2 * a->room : 256;
  image *longer = realloc(a->list, (size_t)a->room * sizeof *longer);
  if (!longer) return tv_fail("out of memory");
  a->list = longer;
  return NULL;
}

static tv_error *add_image(album *a, const char *path, const char *name) {
  if (is_folder(path)) return tv_fail("%s: a folder within a class; move its images up", path);
  TV_TRY(tv_import_expect_name(path, name));
  TV_TRY(make_room(a));
  image *added = &a->list[a->count];
  *added = (image){strdup(path), strdup(name), (size_t)(strchr(name, '/') - name)};
  ++a->count;
  return added->path && added->name ? NULL : tv_fail("out of memory");
}

/* Of one image there is none to learn from and one to score. */
static tv_error *add_class(album *a, const char *path, const char *name) {
  char *prefix = NULL;
  const int64_t before = a->count;
  if (!is_folder(path)) return NULL;
  TV_TRY(tv_import_expect_name(path, name));
  if (asprintf(&prefix, "%s/", name) < 0) return tv_fail("out of memory");
  tv_error *error = visit_folder(a, path, prefix, add_image);
  free(prefix);
  if (error || a->count > before + 1) return error;
  return tv_fail(
      "%s: a class of %s; it takes two at the least: add images, or move the folder away", path,
      a->count == before ? "no image" : "one image");
}

static tv_error *list_images(album *a, const char *root) {
  TV_TRY(visit_folder(a, root, "", add_class));
  if (a->count > 0) return NULL;
  return tv_fail("%s: holds no folders, one for the images of each class", root);
}

/* ---- What they are ---- */

static tv_error *compare_kinds(const album *a, const image *i, const tv_picture *p) {
  const tv_picture *first = &a->kind;
  if (p->bytes != first->bytes)
    return tv_fail("%s: has %d bits, and %s %d; convert one of them", i->path, 8 * p->bytes,
                   a->list->path, 8 * first->bytes);
  if (a->state->options->given & TV_IMPORT_SIZE) return NULL;
  if (p->rows == first->rows && p->columns == first->columns) return NULL;
  return tv_fail("%s: an image of %d x %d, and %s of %d x %d; give one size with --size HxW",
                 i->path, p->rows, p->columns, a->list->path, first->rows, first->columns);
}

/* The kind of the output: of colours where one image has them. */
static tv_error *survey(album *a) {
  const tv_import_options *o = a->state->options;
  int channels = 1;
  TV_TRY(tv_picture_look(a->list->path, &a->kind));
  for (int64_t i = 0; i < a->count; ++i) {
    tv_picture p;
    TV_TRY(tv_picture_look(a->list[i].path, &p));
    TV_TRY(compare_kinds(a, &a->list[i], &p));
    if (p.channels > channels) channels = p.channels;
  }
  a->kind.channels = o->given & TV_IMPORT_GREY ? 1 : channels;
  if (!(o->given & TV_IMPORT_SIZE)) return NULL;
  a->kind.rows = o->rows;
  a->kind.columns = o->columns;
  return NULL;
}

/* ---- Pixels ---- */

static double pixel(const tv_picture *p, const unsigned char *pixels, size_t place) {
  uint16_t wide;
  if (p->bytes == 1) return pixels[place];
  memcpy(&wide, pixels + 2 * place, sizeof wide);
  return wide;
}

static void put_pixel(const tv_picture *p, unsigned char *pixels, size_t place, double value) {
  const uint16_t wide = (uint16_t)(value + 0.5);
  if (p->bytes == 1)
    pixels[place] = (unsigned char)wide;
  else
    memcpy(pixels + 2 * place, &wide, sizeof wide);
}

/* Colours become their luminance (ITU-R BT.601), grey all three colours. */
static void change_channels(const tv_picture *from, const unsigned char *pixels,
                            const tv_picture *to, unsigned char *out) {
  const size_t count = (size_t)from->rows * (size_t)from->columns;
  const size_t wide = (size_t)from->channels, other = (size_t)to->channels;
  for (size_t i = 0; i < count; ++i) {
    double value = pixel(from, pixels, wide * i);
    if (wide == 3)
      value = 0.299 * value + 0.587 * pixel(from, pixels, wide * i + 1) +
              0.114 * pixel(from, pixels, wide * i + 2);
    for (size_t c = 0; c < other; ++c) put_pixel(from, out, other * i + c, value);
  }
}

static tv_error *reserve(size_t bytes, size_t *room, unsigned char **out) {
  if (bytes <= *room) return NULL;
  free(*out);
  *room = 0;
  TV_TRY(tv_allocate((long long)bytes, 1, out));
  *room = bytes;
  return NULL;
}

/* An image as the output has it; borrowed until the next one. */
static tv_error *load(album *a, const image *i, const unsigned char **out) {
  tv_picture p;
  TV_TRY(tv_picture_look(i->path, &p));
  tv_picture shaped = p;
  shaped.channels = a->kind.channels;
  TV_TRY(compare_kinds(a, i, &p));
  TV_TRY(reserve(tv_picture_numbers(&p) * (size_t)p.bytes, &a->read_room, &a->read));
  TV_TRY(tv_picture_read(i->path, &p, a->read));
  *out = a->read;
  if (p.channels != a->kind.channels) {
    TV_TRY(reserve(tv_picture_numbers(&shaped) * (size_t)p.bytes, &a->shaped_room, &a->shaped));
    change_channels(&p, a->read, &shaped, a->shaped);
    *out = a->shaped;
  }
  if (p.rows == a->kind.rows && p.columns == a->kind.columns) return NULL;
  TV_TRY(tv_error_prefix(tv_picture_resize(&shaped, *out, &a->kind, a->resized), "%s: ", i->path));
  *out = a->resized;
  return NULL;
}

/* ---- Arrays ---- */

static tv_error *write_pixels(album *a, const char *const *dimensions) {
  const tv_label label = {"images", "images", "1"};
  const tv_picture *p = &a->kind;
  const hsize_t item[] = {(hsize_t)p->rows, (hsize_t)p->columns, (hsize_t)p->channels};
  const hid_t type = p->bytes == 1 ? H5T_NATIVE_UINT8 : H5T_NATIVE_UINT16;
  tv_growing out = {0};
  const unsigned char *pixels = NULL;
  tv_error *error =
      tv_growing_begin(a->state->file, label, type, type, p->channels == 1 ? 3 : 4, item, &out);
  for (int64_t i = 0; !error && i < a->count; ++i) {
    error = load(a, &a->list[i], &pixels);
    if (!error) error = tv_growing_add(&out, 1, pixels);
  }
  if (!error) error = tv_growing_finish(&out, a->state->file, dimensions);
  tv_growing_close(&out);
  return error;
}

/* The names of samples, which are a dimension, or of their classes. */
static tv_error *write_names(const album *a, tv_label label, int are_classes) {
  static const char *const of_samples[] = {"sample", NULL};
  tv_growing out = {0};
  tv_error *error = tv_growing_begin_texts(a->state->file, label, &out);
  for (int64_t i = 0; !error && i < a->count; ++i) {
    const image *at = &a->list[i];
    char *name = are_classes ? strndup(at->name, at->class_length) : strdup(at->name);
    error = name ? tv_growing_add(&out, 1, &name) : tv_fail("out of memory");
    free(name);
  }
  if (!error) error = tv_growing_finish(&out, a->state->file, are_classes ? of_samples : NULL);
  tv_growing_close(&out);
  return error;
}

static tv_error *write_dimensions(const album *a) {
  static const char *const colours[] = {"red", "green", "blue"};
  const hid_t file = a->state->file;
  TV_TRY(write_names(a, tv_label_of_sample, 0));
  TV_TRY(tv_growing_count(file, (tv_label){"row", "row", "1"}, a->kind.rows));
  TV_TRY(tv_growing_count(file, (tv_label){"column", "column", "1"}, a->kind.columns));
  if (a->kind.channels == 1) return NULL;
  return tv_label_coordinate(file, (tv_label){"channel", "channel", "1"}, TV_TEXT, 3, colours);
}

static tv_error *write_album(album *a, const char *root) {
  const char *dimensions[] = {"sample", "row", "column", NULL, NULL};
  tv_import_state *s = a->state;
  TV_TRY(list_images(a, root));
  TV_TRY(survey(a));
  TV_TRY(tv_allocate((long long)tv_picture_numbers(&a->kind), (unsigned long)a->kind.bytes,
                     &a->resized));
  if (a->kind.channels > 1) dimensions[3] = "channel";
  TV_TRY(write_dimensions(a));
  TV_TRY(write_pixels(a, dimensions));
  snprintf(s->samples, sizeof s->samples, "images");
  snprintf(s->labels, sizeof s->labels, "%s", tv_label_labels.name);
  s->scale = a->kind.bytes == 1 ? UINT8_MAX : UINT16_MAX;
  return write_names(a, tv_label_labels, 1);
}

static tv_error *write_images(tv_import_state *state) {
  const char *const *sources = state->options->sources;
  album a = {.state = state};
  if (sources[1])
    return tv_fail_usage("import: one folder at a time, but '%s' follows", sources[1]);
  tv_error *error = write_album(&a, sources[0]);
  for (int64_t i = 0; i < a.count; ++i) {
    free(a.list[i].path);
    free(a.list[i].name);
  }
  free(a.list);
  free(a.read);
  free(a.shaped);
  free(a.resized);
  return error;
}

static int takes(const char *path) {
  return is_folder(path) && !tv_tenx_is_folder(path);
}

const tv_import_format tv_import_images = {
    .what = "folders of PNG and JPEG images, one for each class",
    .takes = takes,
    .options = TV_IMPORT_SIZE | TV_IMPORT_GREY,
    .write = write_images,
};
