#include "bulk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "table.h"
#include "twoview/augmentations/view_model.h"
#include "twoview/base/comm.h"
#include "twoview/base/escape.h"
#include "twoview/base/file.h"
#include "twoview/hdf5/error.h"
#include "twoview/linalg/fortran.h"

struct tv_bulk {
  hid_t file;
  const char *name; /* for messages */
  MPI_Comm comm;
};

/* ---- Items ---- */

/* Numbers [first, first + count) of the C-ordered indices over the first `outer` dimensions, all
 * of the others, as a union of rectangles that share all but the last of the outer ones. */
static herr_t select_items(hid_t space, int outer, int64_t first, int64_t count) {
  hsize_t shape[TV_MOST_DIMENSIONS], start[TV_MOST_DIMENSIONS] = {0};
  hsize_t extent[TV_MOST_DIMENSIONS];
  const int rank = H5Sget_simple_extent_dims(space, shape, NULL);
  const int64_t line = (int64_t)shape[outer - 1];
  herr_t status = H5Sselect_none(space);
  memcpy(extent, shape, sizeof extent);
  for (int i = 0; i < outer; ++i) extent[i] = 1;
  for (int64_t item = first; status >= 0 && rank > 0 && item < first + count;) {
    const int64_t column = item % line, room = line - column, left = first + count - item;
    int64_t rest = item / line;
    extent[outer - 1] = (hsize_t)(left < room ? left : room);
    start[outer - 1] = (hsize_t)column;
    for (int i = outer - 2; i >= 0; --i) {
      start[i] = (hsize_t)(rest % (int64_t)shape[i]);
      rest /= (int64_t)shape[i];
    }
    status = H5Sselect_hyperslab(space, H5S_SELECT_OR, start, NULL, extent, NULL);
    item += (int64_t)extent[outer - 1];
  }
  return status;
}

/* Write `count` items, of numbers of 8 bytes, from `first` on, which are selected. The memory is
 * addressed as that of the whole dataset, of which it is a part: HDF5 copies between selections of
 * one shape by runs, and between others number by number. Collective. */
static tv_error *write_selected(hid_t set, const tv_variable *v, hid_t space, int64_t first,
                                int64_t count, const void *values) {
  const int64_t item = count ? H5Sget_select_npoints(space) / count : 0;
  const uintptr_t whole = (uintptr_t)values - (uintptr_t)(first * item) * sizeof(double);
  const hid_t transfer = H5Pcreate(H5P_DATASET_XFER);
  const hid_t type = v->element == TV_REAL ? H5T_NATIVE_DOUBLE : H5T_NATIVE_INT64;
  herr_t status = H5Pset_dxpl_mpio(transfer, H5FD_MPIO_COLLECTIVE);
  if (status >= 0) status = H5Dwrite(set, type, space, space, transfer, (const void *)whole);
  tv_error *error = status < 0 ? tv_hdf5_fail("dataset '%s' cannot be written", v->name) : NULL;
  H5Pclose(transfer);
  return error;
}

/* A rank whose part of a collective write failed, or that could not open a dataset, whose space
 * HDF5 may reserve then, cannot reach the others, who wait for it inside HDF5: it removes the
 * unfinished file and aborts the whole job. A single rank returns the error. */
static tv_error *leave_together(const tv_bulk *t, tv_error *error) {
  int rank, size;
  if (!error) return NULL;
  MPI_Comm_rank(t->comm, &rank);
  MPI_Comm_size(t->comm, &size);
  tv_error *located = tv_fail("%s: %s; is the disk full?", t->name, error->message);
  tv_error_free(error);
  if (size == 1) return located;
  tv_print_line(stderr, "twoview: rank %d: %s", rank, located->message);
  unlink(t->name);
  MPI_Abort(t->comm, TV_EXIT_FAILED);
  return located;
}

/* This rank's items of a variable, over the first `outer` dimensions.              Collective. */
static tv_error *write_items(const tv_bulk *t, const tv_variable *v, int outer, int64_t first,
                             int64_t count, const void *values) {
  char path[2 * TV_NAME_LENGTH];
  snprintf(path, sizeof path, "%s/%s", v->place == TV_IN_SAMPLES ? TV_SAMPLES : "", v->name);
  const hid_t set = H5Dopen2(t->file, path, H5P_DEFAULT);
  const hid_t space = set >= 0 ? H5Dget_space(set) : H5I_INVALID_HID;
  const int is_open = space >= 0 && select_items(space, outer, first, count) >= 0;
  tv_error *error = is_open ? write_selected(set, v, space, first, count, values)
                            : tv_hdf5_fail("dataset '%s' cannot be opened", v->name);
  error = leave_together(t, error);
  if (space >= 0) H5Sclose(space);
  if (set >= 0) H5Dclose(set);
  return error;
}

/* Items of the kept points whose sample size is among the last `levels`, which may be fewer than
 * are kept. */
static tv_error *pick_levels(const tv_results *r, int levels, int64_t item, const double *kept,
                             double **out) {
  const int64_t end = r->first_point + r->own_points;
  const int64_t count =
      tv_cube_among(&r->cube, levels, end) - tv_cube_among(&r->cube, levels, r->first_point);
  TV_TRY(tv_allocate(count * item, sizeof(**out), out));
  double *next = *out;
  for (int64_t point = r->first_point; point < end; ++point) {
    if (!tv_cube_is_among(&r->cube, r->kept_levels, point)) continue;
    if (tv_cube_is_among(&r->cube, levels, point)) {
      memcpy(next, kept, (size_t)item * sizeof(*next));
      next += item;
    }
    kept += item;
  }
  return NULL;
}

/* ---- Encoders and what they make ---- */

/* The sample sizes of the last ones that a variable over kept points has. */
static int levels_of(const tv_variable *v) {
  return (int)v->shape[v->outer - 1];
}

/* Numbers of each point. */
static int64_t item_of(const tv_variable *v) {
  int64_t numbers = 1;
  for (int i = v->outer; i < v->rank; ++i) numbers *= v->shape[i];
  return numbers;
}

/* This rank's items of a variable over the points of these last sample sizes.      Collective. */
static tv_error *write_points(const tv_bulk *t, const tv_variable *v, const tv_results *r,
                              const double *values) {
  const int64_t first = tv_cube_among(&r->cube, levels_of(v), r->first_point);
  const int64_t end = tv_cube_among(&r->cube, levels_of(v), r->first_point + r->own_points);
  return write_items(t, v, v->outer, first, end - first, values);
}

/* Of what is kept of every point, which may be of more sample sizes.               Collective. */
static tv_error *write_kept(const tv_bulk *t, const tv_variable *v, const tv_results *r,
                            const double *kept) {
  double *picked = NULL;
  tv_error *error = NULL;
  if (levels_of(v) < r->kept_levels)
    error = pick_levels(r, levels_of(v), item_of(v), kept, &picked);
  error = tv_agree(t->comm, error);
  if (!error) error = write_points(t, v, r, picked ? picked : kept);
  free(picked);
  return error;
}

tv_error *tv_bulk_write_encoder(const tv_bulk *t, const tv_variable *v, const tv_record *record) {
  return write_kept(t, v, record->results, record->results->kept[v->item].encoder);
}

tv_error *tv_bulk_write_decoder(const tv_bulk *t, const tv_variable *v, const tv_record *record) {
  return write_kept(t, v, record->results, record->results->kept[v->item].decoder);
}

tv_error *tv_bulk_write_means(const tv_bulk *t, const tv_variable *v, const tv_record *record) {
  return write_kept(t, v, record->results, record->results->mean);
}

void tv_encoder_transform(const tv_features *f, double scale, int rows, int d,
                          const double *encoder, double *out) {
  const double unit = 1 / scale, nothing = 0;
  if (f->basis) {
    dgemm_("N", "N", &f->inputs, &rows, &f->p, &unit, f->basis, &f->inputs, encoder, &d, &nothing,
           out, &f->inputs, 1, 1);
    return;
  }
  memset(out, 0, (size_t)rows * (size_t)f->inputs * sizeof(*out));
  for (int row = 0; row < rows; ++row)
    for (int i = 0; i < f->p; ++i)
      out[(int64_t)row * f->inputs + i] = unit * encoder[(int64_t)row * d + i];
}

/* Of the archived points [first, end) of this rank, one after the other. */
static void transform_points(const tv_variable *v, const tv_record *record, int64_t first,
                             int64_t end, double *out) {
  const tv_results *r = record->results;
  const int rows = (int)v->shape[v->outer];
  const int64_t before = tv_cube_among(&r->cube, r->kept_levels, r->first_point);
  for (int64_t point = first; point < end; ++point) {
    if (!tv_cube_is_among(&r->cube, levels_of(v), point)) continue;
    const int64_t kept = tv_cube_among(&r->cube, r->kept_levels, point) - before;
    tv_encoder_transform(record->features, record->source->scale, rows, r->d,
                         r->kept[v->item].encoder + kept * rows * r->d, out);
    out += (int64_t)rows * record->features->inputs;
  }
}

static int64_t clamp(int64_t value, int64_t least, int64_t most) {
  return value < least ? least : value > most ? most : value;
}

/* The points [first, end) of a replicate, if any are this rank's.                  Collective. */
static tv_error *write_transforms(const tv_bulk *t, const tv_variable *v, const tv_record *record,
                                  int64_t first, int64_t end) {
  const tv_results *r = record->results;
  const int64_t begin = tv_cube_among(&r->cube, levels_of(v), first);
  const int64_t count = tv_cube_among(&r->cube, levels_of(v), end) - begin;
  double *values = NULL;
  tv_error *error = tv_agree(t->comm, tv_allocate(count * item_of(v), sizeof(*values), &values));
  if (!error) {
    transform_points(v, record, first, end, values);
    error = write_items(t, v, v->outer, begin, count, values);
  }
  free(values);
  return error;
}

/* Replicate by replicate, as features may be many more than the inputs of an encoder. */
tv_error *tv_bulk_write_transform(const tv_bulk *t, const tv_variable *v, const tv_record *record) {
  const tv_results *r = record->results;
  const int64_t of_replicate = tv_cube_index(&r->cube, 1, 0, 0, 0);
  const int64_t own = r->first_point, own_end = r->first_point + r->own_points;
  for (int64_t replicate = 0; replicate < r->cube.replicates; ++replicate) {
    const int64_t first = replicate * of_replicate;
    TV_TRY(write_transforms(t, v, record, clamp(own, first, first + of_replicate),
                            clamp(own_end, first, first + of_replicate)));
  }
  return NULL;
}

tv_error *tv_bulk_write_representation(const tv_bulk *t, const tv_variable *v,
                                       const tv_record *record) {
  return write_points(t, v, record->results, record->results->kept[v->item].representation);
}

/* ---- Samples ---- */

/* Columns [column, column + columns) of rows of the moments' width. */
static void take_columns(const double *rows, int64_t count, int width, int column, int columns,
                         double *out) {
  for (int64_t i = 0; i < count; ++i)
    memcpy(out + i * columns, rows + i * width + column, (size_t)columns * sizeof(double));
}

/* Views of a part of a replicate's samples, whose rows these are, at every severity and strength.
 */
static tv_error *draw_views(const tv_record *record, const tv_selection *part, const double *rows,
                            const int64_t *numbers, double *x, double *out) {
  const tv_sampling *s = record->sampling;
  const tv_row_views views = tv_view_model_views(record->model);
  const int first = tv_experiment_first_severity(record->experiment);
  const int64_t of_strength = (int64_t)views.count * s->p;
  for (int64_t i = 0, level = 0; i < part->end - part->first; ++i) {
    while (part->first + i >= s->sizes[level]) ++level;
    for (int severity = first; severity < record->model->severities; ++severity) {
      memcpy(x, rows + i * s->width, (size_t)s->p * sizeof(*x));
      tv_view_model_corrupt(record->model, severity, part->replicate, numbers[i], x);
      for (int strength = 0; strength < views.strengths; ++strength, out += of_strength) {
        const tv_view_place place = {part->replicate, severity, strength, (int)level};
        TV_TRY(views.draw(views.context, &place, &numbers[i], 1, x, s->p, out));
      }
    }
  }
  return NULL;
}

static tv_error *take_views(const tv_record *record, const tv_selection *part, const double *rows,
                            double *out) {
  const tv_sampling *s = record->sampling;
  const int64_t count = part->end - part->first;
  int64_t *numbers = NULL;
  double *x = NULL;
  tv_error *error;
  TV_GO(tv_allocate(count, sizeof(*numbers), &numbers));
  TV_GO(tv_allocate(s->p, sizeof(*x), &x));
  tv_sampling_rows(s, part->replicate, part->first, count, numbers);
  TV_GO(draw_views(record, part, rows, numbers, x, out));
done:
  free(numbers);
  free(x);
  return error;
}

/* What a part of a replicate's samples, whose rows these are, has of a variable. Those of numbers
 * are the columns of a row, one after the other, and then views. */
static tv_error *take_values(const tv_record *record, const tv_variable *v,
                             const tv_selection *part, const double *rows, int *column,
                             void *values) {
  const tv_sampling *s = record->sampling;
  const int64_t count = part->end - part->first;
  if (v->rank > 3) return take_views(record, part, rows, values);
  if (v->element == TV_INTEGER) {
    tv_sampling_rows(s, part->replicate, part->first, count, values);
    return NULL;
  }
  take_columns(rows, count, s->width, *column, (int)v->shape[2], values);
  *column += (int)v->shape[2];
  return NULL;
}

/* One block of samples: every rank has all of it and writes an equal part.         Collective. */
static tv_error *write_block(const tv_bulk *t, const tv_schema *schema, const tv_record *record,
                             const tv_selection *block, const double *rows, void *values) {
  const tv_sampling *s = record->sampling;
  const tv_partition *p = &s->partition;
  const int64_t count = block->end - block->first, begin = count * p->rank / p->size;
  const tv_selection part = {block->replicate, block->replicate_end, block->first + begin,
                             block->first + count * (p->rank + 1) / p->size};
  int column = 0;
  for (const tv_variable *v = schema->variables; v < schema->variables + schema->count; ++v) {
    if (v->place != TV_IN_SAMPLES || v->is_coordinate) continue;
    TV_TRY(
        tv_agree(t->comm, take_values(record, v, &part, rows + begin * s->width, &column, values)));
    TV_TRY(write_items(t, v, 2, part.replicate * v->shape[1] + part.first, part.end - part.first,
                       values));
  }
  return NULL;
}

/* Numbers of a sample in the variable that has most. */
static int64_t widest(const tv_schema *schema) {
  int64_t most = 1;
  for (const tv_variable *v = schema->variables; v < schema->variables + schema->count; ++v) {
    int64_t numbers = 1;
    for (int i = 2; i < v->rank; ++i) numbers *= v->shape[i];
    if (v->place == TV_IN_SAMPLES && numbers > most) most = numbers;
  }
  return most;
}

static tv_error *write_samples(const tv_bulk *t, const tv_schema *schema, const tv_record *record) {
  const tv_experiment *e = record->experiment;
  const tv_sampling *s = record->sampling;
  const int64_t largest = e->sizes[e->sizes_count - 1], piece = schema->samples_piece;
  double *rows = NULL, *columns = NULL;
  tv_error *error = tv_allocate(piece * s->width, sizeof(double), &rows);
  if (!error) error = tv_allocate(piece * widest(schema), sizeof(double), &columns);
  error = tv_agree(t->comm, error);
  for (int r = 0; r < e->replicates; ++r)
    for (int64_t first = 0; !error && first < largest; first += piece) {
      const int64_t end = first + piece < largest ? first + piece : largest;
      const tv_selection block = {r, r + 1, first, end};
      error = tv_sampling_collect(s, &block, rows);
      if (!error) error = write_block(t, schema, record, &block, rows, columns);
    }
  free(rows);
  free(columns);
  return error;
}

/* ---- Together ---- */

static tv_error *write_all(const tv_bulk *t, const tv_schema *schema, const tv_record *record) {
  for (const tv_variable *v = schema->variables; v < schema->variables + schema->count; ++v)
    if (v->row->write) TV_TRY(v->row->write(t, v, record));
  return record->experiment->archive.samples ? write_samples(t, schema, record) : NULL;
}

/* Every rank opens its own descriptor again: the layer below cannot be led to another file, and the
 * names that it derives from this one stay short. */
static tv_error *open_everywhere(const tv_output *part, MPI_Comm comm, hid_t *file) {
  char alias[TV_FILE_ALIAS];
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  tv_file_alias(part->file, alias);
  const int is_ready =
      access >= 0 && H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V110) >= 0 &&
      H5Pset_fapl_mpio(access, comm, MPI_INFO_NULL) >= 0 &&
      H5Pset_all_coll_metadata_ops(access, 1) >= 0 && H5Pset_coll_metadata_write(access, 1) >= 0;
  *file = H5I_INVALID_HID;
  tv_error *error =
      tv_agree(comm, is_ready ? NULL : tv_hdf5_fail("%s: no access by all ranks", part->part));
  if (!error) {
    *file = H5Fopen(alias, H5F_ACC_RDWR, access);
    error = *file < 0 ? tv_hdf5_fail("%s: cannot be opened by all ranks", part->part) : NULL;
    error = tv_agree(comm, error);
  }
  if (access >= 0) H5Pclose(access);
  return error;
}

tv_error *tv_bulk_try(const tv_output *part, MPI_Comm comm) {
  char alias[TV_FILE_ALIAS], reason[MPI_MAX_ERROR_STRING] = "";
  int length;
  MPI_File file;
  tv_file_alias(part->file, alias);
  const int code = MPI_File_open(comm, alias, MPI_MODE_RDWR, MPI_INFO_NULL, &file);
  if (code == MPI_SUCCESS) {
    MPI_File_close(&file);
    return tv_agree(comm, NULL);
  }
  MPI_Error_string(code, reason, &length);
  return tv_agree(comm, tv_fail("%s: cannot be opened by all ranks: %s", part->part, reason));
}

tv_error *tv_bulk_write(const tv_output *part, const tv_record *record, const tv_schema *schema,
                        MPI_Comm comm) {
  tv_bulk t = {.name = part->part, .comm = comm};
  TV_TRY(open_everywhere(part, comm, &t.file));
  TV_TRY(write_all(&t, schema, record));
  return leave_together(&t, H5Fclose(t.file) < 0 ? tv_hdf5_fail("cannot be closed") : NULL);
}
