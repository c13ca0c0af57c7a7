#include "zip.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zip.h>

#include "twoview/base/file.h"

enum { PIECE = 1 << 18 };

static tv_error *copy(const char *where, zip_file_t *member, int file) {
  char *piece;
  zip_int64_t got = 1;
  tv_error *error = tv_allocate(PIECE, 1, &piece);
  for (int64_t done = 0; !error && got > 0; done += got) {
    got = zip_fread(member, piece, PIECE);
    if (got > 0) error = tv_file_write("scratch file", file, done, piece, (size_t)got);
  }
  free(piece);
  if (error || got == 0) return error;
  return tv_fail("%s: damaged: %s; fetch the file again", where, zip_file_strerror(member));
}

/* The scratch file, which the visitor closes. */
static tv_error *unpack(zip_t *zip, zip_uint64_t index, const char *where, const char *beside,
                        int *file) {
  zip_file_t *member = zip_fopen_index(zip, index, 0);
  if (!member) return tv_fail("%s: %s", where, zip_strerror(zip));
  tv_error *error = tv_file_scratch(beside, file);
  if (!error) error = copy(where, member, *file);
  if (error && *file >= 0) close(*file);
  zip_fclose(member);
  return error;
}

static tv_error *visit_member(zip_t *zip, zip_uint64_t index, const char *path, const char *beside,
                              tv_zip_visitor *visit, void *context) {
  const char *name = zip_get_name(zip, index, 0);
  char *where = NULL;
  int file = -1;
  if (!name) return tv_fail("%s: member %llu has no name", path, (unsigned long long)index);
  if (asprintf(&where, "%s: %s", path, name) < 0) return tv_fail("out of memory");
  tv_error *error = unpack(zip, index, where, beside, &file);
  if (!error) error = visit(context, where, name, file);
  free(where);
  return error;
}

/* Takes over the file. */
static tv_error *open_zip(const char *path, int file, zip_t **out) {
  int code = 0;
  *out = zip_fdopen(file, ZIP_CHECKCONS, &code);
  if (*out) return NULL;
  zip_error_t reason;
  zip_error_init_with_code(&reason, code);
  tv_error *error =
      tv_fail("%s: is no whole zip file: %s; fetch it again", path, zip_error_strerror(&reason));
  zip_error_fini(&reason);
  close(file);
  return error;
}

tv_error *tv_zip_visit(const char *path, const char *beside, tv_zip_visitor *visit, void *context) {
  zip_t *zip = NULL;
  int file;
  TV_TRY(tv_file_open(path, &file));
  TV_TRY(open_zip(path, file, &zip));
  tv_error *error = NULL;
  const zip_int64_t members = zip_get_num_entries(zip, 0);
  for (zip_int64_t i = 0; !error && i < members; ++i)
    error = visit_member(zip, (zip_uint64_t)i, path, beside, visit, context);
  zip_discard(zip);
  return error;
}

int tv_zip_has(const char *path, const char *name) {
  zip_t *zip = NULL;
  int file;
  tv_error *error = tv_file_open(path, &file);
  if (!error) error = open_zip(path, file, &zip);
  const int has = !error && zip_name_locate(zip, name, 0) >= 0;
  if (zip) zip_discard(zip);
  tv_error_free(error);
  return has;
}
