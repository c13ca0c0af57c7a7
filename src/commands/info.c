#include "info.h"

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "twoview/archive/archive.h"
#include "twoview/archive/schema.h"
#include "twoview/archive/seal.h"
#include "twoview/archive/verify.h"
#include "twoview/base/escape.h"
#include "twoview/base/file.h"
#include "twoview/base/guard.h"
#include "twoview/checkpoint/file.h"
#include "twoview/data/idx.h"
#include "twoview/hdf5/array_copy.h"
#include "twoview/hdf5/error.h"
#include "twoview/hdf5/file.h"

static void print_attribute(const char *name, const char *text, FILE *out) {
  if (strchr(text, '\n')) {
    tv_print_line(out, "  %s:", name);
    tv_put_lines("      ", text, out);
  } else {
    tv_print_line(out, "  %s: %s", name, text);
  }
}

/* Attributes that cannot be read are skipped: the rest may still be of use. */
static char *text_of(hid_t object, const char *name) {
  char *text = NULL;
  tv_error_free(tv_attribute_print(object, name, &text));
  return text;
}

static herr_t visit_attribute(hid_t object, const char *name, const H5A_info_t *info,
                              void *context) {
  tv_guard_step(0);
  char *text = text_of(object, name);
  (void)info;
  if (text) print_attribute(name, text, context);
  free(text);
  return 0;
}

static void print_long_name(hid_t set, FILE *out) {
  char *text = text_of(set, "long_name");
  if (text) fputs("  ", out);
  if (text) tv_put_plain(text, out);
  free(text);
}

typedef struct {
  hid_t root;
  FILE *out;
} group_walk;

/* The attributes in which a group differs from the root, one on a line. */
static herr_t visit_own_attribute(hid_t group, const char *name, const H5A_info_t *info,
                                  void *context) {
  const group_walk *walk = context;
  char *text = text_of(group, name), *common = text_of(walk->root, name);
  (void)info;
  if (text && !(common && strcmp(text, common) == 0) && !strchr(text, '\n'))
    tv_print_line(walk->out, "    %s: %s", name, text);
  free(text);
  free(common);
  return 0;
}

static herr_t describe_group(hid_t root, const char *name, FILE *out) {
  group_walk walk = {root, out};
  if (strcmp(name, ".") == 0 || strcmp(name, TV_SETTINGS) == 0) return 0; /* printed as a text */
  const hid_t group = H5Gopen2(root, name, H5P_DEFAULT);
  tv_print_line(out, "  %s/", name);
  const herr_t status =
      H5Aiterate2(group, H5_INDEX_NAME, H5_ITER_INC, NULL, visit_own_attribute, &walk);
  if (group >= 0) H5Gclose(group);
  return status;
}

/* Of a dataset, in a column. */
static void print_name(const char *name, FILE *out) {
  const int width = 30 - (int)strlen(name);
  fputs("  ", out);
  tv_put_plain(name, out);
  fprintf(out, "%*s", width > 0 ? width : 0, "");
}

static herr_t visit_object(hid_t root, const char *name, const H5O_info_t *info, void *context) {
  FILE *out = context;
  hsize_t shape[H5S_MAX_RANK];
  char extent[256] = "";
  tv_guard_step(0);
  if (info->type == H5O_TYPE_GROUP) return describe_group(root, name, out);
  if (info->type != H5O_TYPE_DATASET) return 0;
  const hid_t set = H5Dopen2(root, name, H5P_DEFAULT);
  const hid_t space = H5Dget_space(set);
  const int rank = H5Sget_simple_extent_dims(space, shape, NULL);
  for (int i = 0; i < rank; ++i)
    snprintf(extent + strlen(extent), sizeof extent - strlen(extent), "%s%llu", i ? " x " : "",
             (unsigned long long)shape[i]);
  print_name(name, out);
  fprintf(out, " %-28s", rank > 0 ? extent : "scalar");
  print_long_name(set, out);
  fputc('\n', out);
  H5Sclose(space);
  H5Dclose(set);
  return 0;
}

typedef struct {
  const char *path;
  int file; /* open */
  FILE *out;
} description;

static tv_error *describe_open(const description *d, hid_t file) {
  tv_print_line(d->out, "%s: HDF5", d->path);
  herr_t status = H5Aiterate2(file, H5_INDEX_NAME, H5_ITER_INC, NULL, visit_attribute, d->out);
  fprintf(d->out, "datasets:\n");
  if (status >= 0)
    status = H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, visit_object, d->out, H5O_INFO_BASIC);
  return status < 0 ? tv_hdf5_fail("%s: damaged", d->path) : NULL;
}

/* An archive is described also where its checksum is wrong; the checksum is reported last. */
static tv_error *describe_hdf5(void *context) {
  char digits[TV_DIGEST_LENGTH];
  const description *d = context;
  hid_t file;
  TV_TRY(tv_hdf5_open(d->path, d->file, &file));
  tv_error *error = tv_error_prefix(tv_archive_expect_format(file), "%s: ", d->path);
  if (!error) error = describe_open(d, file);
  if (!error && (tv_seal_exists(d->path, d->file) || tv_archive_is_one(file)))
    error = tv_seal_expect(d->path, d->file, digits);
  H5Fclose(file);
  return error;
}

tv_error *tv_info(const char *path, FILE *out) {
  tv_idx idx;
  int file;
  TV_TRY(tv_file_open(path, &file));
  if (H5Fis_hdf5(path) > 0) {
    tv_error *damage = tv_guard(path, describe_hdf5, &(description){path, file, out});
    close(file);
    return damage;
  }
  close(file);
  if (tv_checkpoint_file_is_one(path)) return tv_checkpoint_file_describe(path, out);
  tv_error *error = tv_idx_open(path, 1, &idx);
  if (error) {
    tv_error_free(error);
    error = tv_idx_open(path, 2, &idx);
  }
  if (error) {
    tv_error_free(error);
    return tv_fail("%s: no HDF5 file, no IDX file and no checkpoint", path);
  }
  tv_print_line(out, "%s: IDX, %lld %s of %lld byte%s, %d dimension%s", path, (long long)idx.items,
                idx.dimensions == 1 ? "labels" : "items", (long long)idx.item_size,
                idx.item_size == 1 ? "" : "s", idx.dimensions, idx.dimensions == 1 ? "" : "s");
  tv_idx_close(&idx);
  return NULL;
}

/* ---- The command ---- */

enum { OPTION_VERIFY = 256, OPTION_ACCEPT };

static tv_error *carry_out(tv_call *call) {
  static const struct option options[] = {{"verify", no_argument, NULL, OPTION_VERIFY},
                                          {"accept", no_argument, NULL, OPTION_ACCEPT},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
  const char *file = NULL;
  int verifies = 0, accepts = 0;
  for (int option; (option = getopt_long(call->count, call->words, "h", options, NULL)) != -1;)
    switch (option) {
    case OPTION_VERIFY:
      verifies = 1;
      break;
    case OPTION_ACCEPT:
      accepts = 1;
      break;
    case 'h':
      return tv_call_help(call);
    default:
      return tv_call_refuse_option(call, options);
    }
  TV_TRY(tv_call_operand(call, "FILE", &file));
  return verifies || accepts ? tv_verify(file, accepts, stdout) : tv_info(file, stdout);
}

static const char help[] =
    "Usage: twoview info FILE [OPTION]\n"
    "Print what an archive, a checkpoint or a data file holds, and how it was made.\n"
    "\n"
    "      --verify          check an archive instead: all checksums, and that nothing is missing\n"
    "      --accept          the same for an archive that was changed on purpose: when nothing "
    "else\n"
    "                        is wrong, give it the checksum of what it holds now\n"
    "  -h, --help            this text\n";

const tv_command tv_command_info = {
    .name = "info",
    .synopsis = "FILE [--verify | --accept]",
    .help = help,
    .carry_out = carry_out,
};
