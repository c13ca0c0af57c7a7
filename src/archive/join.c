#include <hdf5_hl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "join.h"
#include "open.h"
#include "settings.h"
#include "twoview/base/stopwatch.h"
#include "twoview/hdf5/array_copy.h"
#include "twoview/hdf5/error.h"
#include "twoview/hdf5/pieces.h"

/* One input while its arrays are copied. */
typedef struct {
  const char *path, *first_path; /* of this input and of the first one */
  int is_first;
  hsize_t offset, replicates; /* this input's first replicate among all of them */
} passage;

/* ---- The names in a group ---- */

static tv_error *count_names(hid_t group, hsize_t *count) {
  H5G_info_t info;
  if (H5Gget_info(group, &info) < 0) return tv_hdf5_fail("a group cannot be read");
  *count = info.nlinks;
  return NULL;
}

static tv_error *take_name(hid_t group, hsize_t i, char name[TV_NAME_LENGTH]) {
  const ssize_t length = H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, name,
                                            TV_NAME_LENGTH, H5P_DEFAULT);
  return length < 0 || length >= TV_NAME_LENGTH ? tv_hdf5_fail("a name cannot be read") : NULL;
}

/* Groups that are not copied but made anew. */
static int is_made_anew(const char *name) {
  return strcmp(name, TV_PARTS) == 0 || strcmp(name, TV_SETTINGS) == 0;
}

/* ---- One dataset ---- */

static int counts_replicates(hid_t set) {
  char name[TV_NAME_LENGTH];
  tv_label_dimension(set, 0, name);
  return tv_schema_is_of_replicates(name);
}

/* What the ranks of a run report about themselves, and its dimensions. */
static int is_of_ranks(hid_t set) {
  char name[TV_NAME_LENGTH];
  tv_label_dimension(set, 0, name);
  return tv_schema_is_of_run(name);
}

/* The same type and, but for replicates, the same shape. */
static int has_same_form(const tv_pieces *a, hid_t set, int is_along) {
  tv_pieces b;
  tv_error *error = tv_pieces_begin(set, &b);
  int is_same = !error && a->rank == b.rank && H5Tequal(a->type, b.type) > 0;
  for (int i = is_along; is_same && i < a->rank; ++i) is_same = a->shape[i] == b.shape[i];
  tv_pieces_end(&b);
  tv_error_free(error);
  return is_same;
}

static tv_error *tell_conflict(const passage *p) {
  return tv_fail(
      "differs between %s and %s, though it does not depend on replicates; run all parts "
      "with the same data, program and BLAS kernel",
      p->first_path, p->path);
}

static tv_error *copy_pieces(tv_pieces *pieces, hid_t to, hsize_t offset) {
  const int as_stored = tv_pieces_are_stored_alike(pieces, to);
  for (int is_there = 1;;) {
    TV_TRY(as_stored ? tv_pieces_copy_next(pieces, to, offset, &is_there)
                     : tv_pieces_next(pieces, &is_there));
    if (!is_there) return NULL;
    if (!as_stored) TV_TRY(tv_pieces_write(pieces, to, offset));
  }
}

static tv_error *compare_pieces(const passage *p, tv_pieces *pieces, hid_t to) {
  int is_there = 1, is_same = 1;
  while (is_same) {
    TV_TRY(tv_pieces_next(pieces, &is_there));
    if (!is_there) return NULL;
    TV_TRY(tv_pieces_compare(pieces, to, &is_same));
  }
  return tell_conflict(p);
}

static tv_error *move_pieces(const passage *p, tv_pieces *pieces, hid_t to) {
  const int is_along = counts_replicates(pieces->set);
  if (!has_same_form(pieces, to, is_along)) return tell_conflict(p);
  if (p->is_first || is_along) return copy_pieces(pieces, to, is_along ? p->offset : 0);
  return compare_pieces(p, pieces, to);
}

static tv_error *move_values(const passage *p, hid_t set, hid_t to) {
  tv_pieces pieces;
  tv_error *error = tv_pieces_begin(set, &pieces);
  if (!error) error = move_pieces(p, &pieces, to);
  tv_pieces_end(&pieces);
  return error;
}

static hsize_t outer_length(hid_t set) {
  const hid_t space = H5Dget_space(set);
  hsize_t shape[H5S_MAX_RANK] = {0};
  H5Sget_simple_extent_dims(space, shape, NULL);
  H5Sclose(space);
  return shape[0];
}

static tv_error *open_copy(const passage *p, hid_t set, hid_t group, const char *name, hid_t *out) {
  if (p->is_first)
    return tv_label_like(set, group, name,
                         counts_replicates(set) ? p->replicates : outer_length(set), out);
  *out = H5Lexists(group, name, H5P_DEFAULT) > 0 ? H5Dopen2(group, name, H5P_DEFAULT)
                                                 : H5I_INVALID_HID;
  return *out < 0 ? tv_fail("is in %s but not in %s", p->path, p->first_path) : NULL;
}

static tv_error *move_dataset(const passage *p, hid_t from, const char *name, int scales,
                              hid_t group) {
  hid_t copy = H5I_INVALID_HID;
  tv_error *error = NULL;
  const hid_t set = H5Dopen2(from, name, H5P_DEFAULT);
  if (set < 0) return tv_hdf5_fail("%s: dataset '%s' cannot be opened", p->path, name);
  if ((H5DSis_scale(set) > 0) == scales && !is_of_ranks(set)) {
    error = open_copy(p, set, group, name, &copy);
    if (!error) error = move_values(p, set, copy);
  }
  if (copy >= 0 && H5Dclose(copy) < 0 && !error) error = tv_hdf5_fail("cannot be written");
  H5Dclose(set);
  return tv_error_prefix(error, "dataset '%s' ", name);
}

/* ---- Groups of datasets ---- */

static tv_error *move_group(const passage *p, hid_t from, const char *name, hid_t to);

/* Coordinates (`scales`) come before the arrays over them, groups after both. */
static tv_error *move_members(const passage *p, hid_t from, int scales, hid_t to) {
  char name[TV_NAME_LENGTH];
  hsize_t count = 0;
  H5O_info_t info;
  TV_TRY(count_names(from, &count));
  for (hsize_t i = 0; i < count; ++i) {
    TV_TRY(take_name(from, i, name));
    if (H5Oget_info_by_name2(from, name, &info, H5O_INFO_BASIC, H5P_DEFAULT) < 0)
      return tv_hdf5_fail("%s: '%s' cannot be opened", p->path, name);
    if (info.type == H5O_TYPE_DATASET)
      TV_TRY(move_dataset(p, from, name, scales, to));
    else if (info.type == H5O_TYPE_GROUP && !scales && !is_made_anew(name))
      TV_TRY(move_group(p, from, name, to));
  }
  return NULL;
}

/* This input must have everything that the first one has. */
static tv_error *expect_members(const passage *p, hid_t from, hid_t to) {
  char name[TV_NAME_LENGTH];
  hsize_t count = 0;
  TV_TRY(count_names(to, &count));
  for (hsize_t i = 0; i < count; ++i) {
    TV_TRY(take_name(to, i, name));
    if (!is_made_anew(name) && H5Lexists(from, name, H5P_DEFAULT) <= 0)
      return tv_fail("'%s' is in %s but not in %s", name, p->first_path, p->path);
  }
  return NULL;
}

static tv_error *move_all(const passage *p, hid_t from, hid_t to) {
  TV_TRY(move_members(p, from, 1, to));
  TV_TRY(move_members(p, from, 0, to));
  return expect_members(p, from, to);
}

static tv_error *move_group(const passage *p, hid_t from, const char *name, hid_t to) {
  const hid_t group = H5Gopen2(from, name, H5P_DEFAULT);
  const hid_t copy =
      p->is_first ? tv_label_create_group(to, name) : H5Gopen2(to, name, H5P_DEFAULT);
  tv_error *error = group < 0 || copy < 0
                        ? tv_hdf5_fail("group '%s' of %s cannot be copied", name, p->path)
                        : move_all(p, group, copy);
  if (copy >= 0) H5Gclose(copy);
  if (group >= 0) H5Gclose(group);
  return error;
}

/* ---- What each run reports about itself ---- */

static tv_error *copy_of_ranks(hid_t from, const char *name, int scales, hid_t to) {
  const passage whole = {.path = name, .first_path = name, .is_first = 1};
  hid_t copy = H5I_INVALID_HID;
  tv_error *error = NULL;
  const hid_t set = H5Dopen2(from, name, H5P_DEFAULT);
  if (set < 0) return NULL; /* a group */
  if (is_of_ranks(set) && (H5DSis_scale(set) > 0) == scales) {
    error = tv_label_like(set, to, name, outer_length(set), &copy);
    if (!error) error = move_values(&whole, set, copy);
  }
  H5Dclose(set);
  return tv_label_close(copy, name, error);
}

/* `from` is the archive of a run, or its part of a merged archive. */
static tv_error *fill_part(hid_t from, const tv_experiment *e, hid_t to) {
  char name[TV_NAME_LENGTH];
  hsize_t count = 0;
  if (e) {
    TV_TRY(tv_attribute_number(to, tv_note_name(TV_NOTE_FIRST_REPLICATE), e->first_replicate));
    TV_TRY(tv_attribute_number(to, tv_note_name(TV_NOTE_REPLICATES), e->replicates));
  }
  TV_TRY(tv_attributes_copy(from, to));
  TV_TRY(count_names(from, &count));
  for (int scales = 1; scales >= 0; --scales)
    for (hsize_t i = 0; i < count; ++i) {
      TV_TRY(take_name(from, i, name));
      TV_TRY(copy_of_ranks(from, name, scales, to));
    }
  return NULL;
}

static tv_error *add_part(hid_t from, const tv_experiment *e, hid_t parts) {
  char name[32];
  hsize_t count = 0;
  TV_TRY(count_names(parts, &count));
  snprintf(name, sizeof name, "%llu", (unsigned long long)count);
  const hid_t part = tv_label_create_group(parts, name);
  if (part < 0) return tv_hdf5_fail("group '%s/%s' cannot be created", TV_PARTS, name);
  tv_error *error = fill_part(from, e, part);
  H5Gclose(part);
  return error;
}

static tv_error *add_parts_of(hid_t group, hid_t parts) {
  char name[32];
  hsize_t count = 0;
  TV_TRY(count_names(group, &count));
  for (hsize_t i = 0; i < count; ++i) {
    snprintf(name, sizeof name, "%llu", (unsigned long long)i);
    const hid_t part = H5Gopen2(group, name, H5P_DEFAULT);
    if (part < 0) return tv_hdf5_fail("group '%s/%s' cannot be opened", TV_PARTS, name);
    tv_error *error = add_part(part, NULL, parts);
    H5Gclose(part);
    TV_TRY(error);
  }
  return NULL;
}

/* A run, or the runs that were joined in it. */
static tv_error *add_runs(hid_t from, const tv_experiment *e, hid_t to) {
  if (H5Lexists(from, TV_PARTS, H5P_DEFAULT) <= 0) return add_part(from, e, to);
  const hid_t group = H5Gopen2(from, TV_PARTS, H5P_DEFAULT);
  if (group < 0) return tv_hdf5_fail("group '%s' cannot be opened", TV_PARTS);
  tv_error *error = add_parts_of(group, to);
  H5Gclose(group);
  return error;
}

/* ---- Attributes of the root: what all runs have in common ---- */

typedef struct {
  hid_t other;
  char different[TV_NAME_LENGTH]; /* "": none */
  tv_error *error;
} comparison;

static herr_t visit_common(hid_t root, const char *name, const H5A_info_t *info, void *context) {
  comparison *c = context;
  char *mine = NULL, *theirs = NULL;
  (void)info;
  c->error = tv_attribute_print(root, name, &mine);
  if (!c->error) c->error = tv_attribute_print(c->other, name, &theirs);
  if (!c->error && !(mine && theirs && strcmp(mine, theirs) == 0))
    snprintf(c->different, sizeof c->different, "%s", name);
  free(mine);
  free(theirs);
  return c->error ? -1 : *c->different != '\0';
}

static tv_error *keep_common(hid_t root, hid_t other) {
  comparison c = {.other = other};
  do {
    *c.different = '\0';
    const herr_t status = H5Aiterate2(root, H5_INDEX_NAME, H5_ITER_INC, NULL, visit_common, &c);
    if (c.error) return c.error;
    if (status < 0 || (*c.different && H5Adelete(root, c.different) < 0))
      return tv_hdf5_fail("the attributes cannot be compared");
  } while (*c.different);
  return NULL;
}

static tv_error *replace_text(hid_t root, tv_note_id note, const char *text) {
  const char *name = tv_note_name(note);
  if (H5Aexists(root, name) > 0 && H5Adelete(root, name) < 0)
    return tv_hdf5_fail("attribute '%s' cannot be replaced", name);
  return tv_attribute_text(root, name, text);
}

static tv_error *write_experiment(hid_t root, int format, const tv_experiment *joined) {
  char *resolved = NULL;
  TV_TRY(tv_experiment_print(joined, &resolved));
  tv_error *error = replace_text(root, TV_NOTE_EXPERIMENT, resolved);
  free(resolved);
  return error || format == 1 ? error : tv_settings_write(root, joined);
}

static tv_error *write_joined(hid_t root, int format, const tv_experiment *joined,
                              const char *command) {
  char now[32];
  tv_utc_now(now);
  TV_TRY(write_experiment(root, format, joined));
  TV_TRY(replace_text(root, TV_NOTE_MERGED, now));
  return replace_text(root, TV_NOTE_MERGE_COMMAND, command);
}

/* ---- Together ---- */

static tv_error *move_opened(const tv_merge_input *input, hid_t from, const passage *p, hid_t root,
                             hid_t parts) {
  TV_TRY(p->is_first ? tv_attributes_copy(from, root) : keep_common(root, from));
  TV_TRY(move_all(p, from, root));
  return add_runs(from, input->experiment, parts);
}

static tv_error *move_input(const tv_merge_input *input, const passage *p, hid_t root,
                            hid_t parts) {
  tv_opened from;
  tv_error *error = tv_archive_open_again(input->path, input->seal, &from);
  if (!error) error = move_opened(input, from.file, p, root, parts);
  tv_archive_shut(&from);
  return error;
}

static tv_error *move_inputs(const tv_merge_input *inputs, int count, hid_t root) {
  const int first = inputs->experiment->first_replicate;
  passage p = {.first_path = inputs->path};
  for (int i = 0; i < count; ++i) p.replicates += (hsize_t)inputs[i].experiment->replicates;
  const hid_t parts = tv_label_create_group(root, TV_PARTS);
  tv_error *error = parts < 0 ? tv_hdf5_fail("group '%s' cannot be created", TV_PARTS) : NULL;
  for (int i = 0; !error && i < count; ++i) {
    p.path = inputs[i].path;
    p.is_first = i == 0;
    p.offset = (hsize_t)(inputs[i].experiment->first_replicate - first);
    error = move_input(&inputs[i], &p, root, parts);
  }
  if (parts >= 0) H5Gclose(parts);
  return error;
}

tv_error *tv_merge_write(const tv_output *part, const tv_merge_input *inputs, int count,
                         const tv_experiment *joined, const char *command) {
  hid_t root;
  TV_TRY(tv_label_create_file(part->part, part->file, &root));
  tv_error *error = move_inputs(inputs, count, root);
  if (!error) error = write_joined(root, inputs->format, joined, command);
  if (H5Fclose(root) < 0 && !error) error = tv_hdf5_fail("cannot be closed");
  if (!error) return NULL;
  tv_error *located = tv_fail("%s: %s", part->path, error->message);
  tv_error_free(error);
  return located;
}
