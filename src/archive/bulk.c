#include "bulk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "twoview/base/comm.h"
#include "twoview/base/escape.h"
#include "twoview/base/file.h"
#include "twoview/hdf5/error.h"

enum { PIECE_NUMBERS = 1 << 22 };

const char *tv_method_key(tv_method_id method) {
  static const char *const keys[TV_METHODS] = {"supervised", "reconstruction", "joint_embedding"};
  return keys[method];
}

static const char *row_dimension(tv_method_id id) {
  return id == TV_SUPERVISED ? "output" : "encoder_row";
}

/* The dimension of kept sample sizes: all of them, or the last one. */
static const char *size_dimension(const tv_results *r, int levels) {
  return levels == r->levels ? "n" : "last_n";
}

/* ---- Reserving ---- */

static tv_error *reserve_encoders(hid_t root, const tv_results *r, int levels) {
  char name[64];
  for (int m = 0; m < TV_METHODS; ++m) {
    if (!r->rows[m]) continue;
    const char *const shape[] = {"replicate",
                                 "lambda_max",
                                 "alpha",
                                 size_dimension(r, levels),
                                 row_dimension((tv_method_id)m),
                                 "input",
                                 NULL};
    snprintf(name, sizeof name, "encoder_%s", tv_method_key((tv_method_id)m));
    TV_TRY(tv_label_array(root, (tv_label){name, "encoder", "1"}, shape, 4, NULL));
    if (m == TV_RECONSTRUCTION)
      TV_TRY(tv_label_array(root, (tv_label){"decoder_reconstruction", "decoder, transposed", "1"},
                            shape, 4, NULL));
  }
  return NULL;
}

static tv_error *reserve_representations(hid_t root, const tv_results *r) {
  char name[64];
  TV_TRY(tv_label_indices(root, (tv_label){"represented_sample", "sample, in nested order", "1"},
                          r->represented_samples));
  for (int m = 0; m < TV_METHODS; ++m) {
    if (!r->rows[m]) continue;
    const char *const shape[] = {"replicate",
                                 "lambda_max",
                                 "alpha",
                                 size_dimension(r, r->represented_levels),
                                 "represented_sample",
                                 row_dimension((tv_method_id)m),
                                 NULL};
    snprintf(name, sizeof name, "representation_%s", tv_method_key((tv_method_id)m));
    TV_TRY(tv_label_array(
        root, (tv_label){name, "encoder applied to corrupted, un-augmented inputs", "1"}, shape, 4,
        NULL));
  }
  return NULL;
}

static tv_error *reserve_samples(hid_t root, const tv_experiment *e, const tv_sampling *s) {
  const hid_t group = H5Gcreate2(root, "samples", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  tv_error *error;
  if (group < 0) return tv_hdf5_fail("group 'samples' cannot be created");
  TV_GO(tv_label_indices(group, (tv_label){"sample", "sample, in nested order", "1"},
                         e->sizes[e->sizes_count - 1]));
  TV_GO(tv_label_array(group, (tv_label){"clean", "important components", "1"},
                       (const char *[]){"/replicate", "sample", "/component", NULL}, 1, NULL));
  if (s->q)
    TV_GO(tv_label_array(
        group, (tv_label){"noise", "standard normals, before scaling by Gamma^(1/2)", "1"},
        (const char *[]){"/replicate", "sample", "/noise_component", NULL}, 1, NULL));
  TV_GO(tv_label_array(group, (tv_label){"target", "targets", "1"},
                       (const char *[]){"/replicate", "sample", "/output", NULL}, 1, NULL));
done:
  H5Gclose(group);
  return error;
}

tv_error *tv_bulk_reserve(hid_t root, const tv_record *record) {
  const tv_experiment *e = record->experiment;
  const tv_results *r = record->results;
  const int archived = tv_levels_of(r, e->archive.encoders);
  if ((archived || r->represented_levels) && r->levels > 1)
    TV_TRY(tv_label_counts(root, (tv_label){"last_n", "largest sample size", "1"}, 1,
                           &e->sizes[e->sizes_count - 1]));
  if (archived) TV_TRY(reserve_encoders(root, r, archived));
  if (r->represented_levels) TV_TRY(reserve_representations(root, r));
  return e->archive.samples ? reserve_samples(root, e, record->sampling) : NULL;
}

/* ---- Writing ---- */

/* Where all ranks write. */
typedef struct {
  hid_t file;
  const char *name; /* for messages */
  MPI_Comm comm;
} target;

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

/* Write `count` items from `first` on, which are selected. The memory is addressed as that of the
 * whole dataset, of which it is a part: HDF5 copies between selections of one shape by runs, and
 * between others number by number.                                                Collective. */
static tv_error *write_selected(hid_t set, const char *name, hid_t space, int64_t first,
                                int64_t count, const double *values) {
  const int64_t item = count ? H5Sget_select_npoints(space) / count : 0;
  const uintptr_t whole = (uintptr_t)values - (uintptr_t)(first * item) * sizeof(*values);
  const hid_t transfer = H5Pcreate(H5P_DATASET_XFER);
  H5Pset_dxpl_mpio(transfer, H5FD_MPIO_COLLECTIVE);
  const herr_t status =
      H5Dwrite(set, H5T_NATIVE_DOUBLE, space, space, transfer, (const void *)whole);
  H5Pclose(transfer);
  return status < 0 ? tv_hdf5_fail("dataset '%s' cannot be written", name) : NULL;
}

/* A rank whose part of a collective write failed cannot tell the others, who wait for it inside
 * HDF5: it takes the unfinished file and the whole job along. One rank alone just reports. */
static tv_error *leave_together(const target *t, tv_error *error) {
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

/* This rank's items of a dataset.                                                 Collective. */
static tv_error *write_items(const target *t, const char *name, int outer, int64_t first,
                             int64_t count, const double *values) {
  const hid_t set = H5Dopen2(t->file, name, H5P_DEFAULT);
  const hid_t space = set >= 0 ? H5Dget_space(set) : H5I_INVALID_HID;
  tv_error *error = NULL;
  if (space < 0 || select_items(space, outer, first, count) < 0)
    error = tv_hdf5_fail("dataset '%s' cannot be opened", name);
  error = tv_agree(t->comm, error);
  if (!error) error = leave_together(t, write_selected(set, name, space, first, count, values));
  if (space >= 0) H5Sclose(space);
  if (set >= 0) H5Dclose(set);
  return error;
}

/* Items of the kept points whose sample size is among the last `levels`, where not all kept ones
 * are. */
static tv_error *pick_levels(const tv_results *r, int levels, int64_t item, const double *kept,
                             double **out) {
  const int64_t end = r->first_point + r->own_points;
  const int64_t count = tv_point_among(r, levels, end) - tv_point_among(r, levels, r->first_point);
  TV_TRY(tv_allocate(count * item, sizeof(**out), out));
  double *next = *out;
  for (int64_t point = r->first_point; point < end; ++point) {
    if (point % r->levels < r->levels - r->kept_levels) continue;
    if (point % r->levels >= r->levels - levels) {
      memcpy(next, kept, (size_t)item * sizeof(*next));
      next += item;
    }
    kept += item;
  }
  return NULL;
}

/* The encoders, or decoders, of one method.                                       Collective. */
static tv_error *write_encoder(const target *t, const tv_results *r, const char *name, int levels,
                               int rows, const double *kept) {
  double *picked = NULL;
  tv_error *error = NULL;
  const int64_t first = tv_point_among(r, levels, r->first_point);
  const int64_t end = tv_point_among(r, levels, r->first_point + r->own_points);
  if (levels < r->kept_levels) error = pick_levels(r, levels, (int64_t)rows * r->d, kept, &picked);
  error = tv_agree(t->comm, error);
  if (!error) error = write_items(t, name, 4, first, end - first, picked ? picked : kept);
  free(picked);
  return error;
}

static tv_error *write_encoders(const target *t, const tv_results *r, int levels) {
  char name[64];
  for (int m = 0; m < TV_METHODS; ++m) {
    if (!r->rows[m]) continue;
    snprintf(name, sizeof name, "encoder_%s", tv_method_key((tv_method_id)m));
    TV_TRY(write_encoder(t, r, name, levels, r->rows[m], r->encoder[m]));
  }
  if (!r->rows[TV_RECONSTRUCTION]) return NULL;
  return write_encoder(t, r, "decoder_reconstruction", levels, r->rows[TV_RECONSTRUCTION],
                       r->decoder);
}

static tv_error *write_representations(const target *t, const tv_results *r) {
  char name[64];
  const int64_t first = tv_point_among(r, r->represented_levels, r->first_point);
  const int64_t end = tv_point_among(r, r->represented_levels, r->first_point + r->own_points);
  for (int m = 0; m < TV_METHODS; ++m) {
    if (!r->rows[m]) continue;
    snprintf(name, sizeof name, "representation_%s", tv_method_key((tv_method_id)m));
    TV_TRY(write_items(t, name, 4, first, end - first, r->representation[m]));
  }
  return NULL;
}

/* Columns [column, column + columns) of rows of the moments' width. */
static void take_columns(const double *rows, int64_t count, int width, int column, int columns,
                         double *out) {
  for (int64_t i = 0; i < count; ++i)
    memcpy(out + i * columns, rows + i * width + column, (size_t)columns * sizeof(double));
}

/* One block of samples: every rank has all of it and writes an equal part.        Collective. */
static tv_error *write_block(const target *t, const tv_sampling *s, const tv_selection *block,
                             int64_t largest, const double *rows, double *columns) {
  const struct {
    const char *name;
    int column, columns;
  } parts[] = {{"samples/clean", 0, s->p},
               {"samples/noise", s->p, s->q},
               {"samples/target", s->p + s->q, s->l}};
  const tv_partition *p = &s->partition;
  const int64_t count = block->end - block->first;
  const int64_t begin = count * p->rank / p->size, end = count * (p->rank + 1) / p->size;
  for (size_t i = 0; i < sizeof parts / sizeof *parts; ++i) {
    if (!parts[i].columns) continue;
    take_columns(rows + begin * s->width, end - begin, s->width, parts[i].column, parts[i].columns,
                 columns);
    TV_TRY(write_items(t, parts[i].name, 2, block->replicate * largest + block->first + begin,
                       end - begin, columns));
  }
  return NULL;
}

/* Every piece of a data set's samples costs a pass over its rows, so that pieces are large. */
int64_t tv_samples_piece(int width, int64_t samples) {
  const int64_t most = (PIECE_NUMBERS / width / TV_PIECE_ROWS + 1) * TV_PIECE_ROWS;
  return samples < most ? samples : most;
}

static tv_error *write_samples(const target *t, const tv_record *record) {
  const tv_experiment *e = record->experiment;
  const tv_sampling *s = record->sampling;
  const int64_t largest = e->sizes[e->sizes_count - 1], piece = tv_samples_piece(s->width, largest);
  double *rows = NULL, *columns = NULL;
  tv_error *error = tv_allocate(piece * s->width, sizeof(double), &rows);
  if (!error) error = tv_allocate(piece * s->width, sizeof(double), &columns);
  error = tv_agree(t->comm, error);
  for (int r = 0; r < e->replicates; ++r)
    for (int64_t first = 0; !error && first < largest; first += piece) {
      const int64_t end = first + piece < largest ? first + piece : largest;
      const tv_selection block = {r, r + 1, first, end};
      error = tv_sampling_collect(s, &block, rows);
      if (!error) error = write_block(t, s, &block, largest, rows, columns);
    }
  free(rows);
  free(columns);
  return error;
}

static tv_error *write_all(const target *t, const tv_record *record) {
  const tv_experiment *e = record->experiment;
  const tv_results *r = record->results;
  const int archived = tv_levels_of(r, e->archive.encoders);
  if (archived) TV_TRY(write_encoders(t, r, archived));
  if (r->represented_levels) TV_TRY(write_representations(t, r));
  return e->archive.samples ? write_samples(t, record) : NULL;
}

/* Every rank opens its own descriptor anew: the layer below cannot be led to another file, and the
 * names that it makes of this one stay short. */
static tv_error *open_everywhere(const tv_output *part, MPI_Comm comm, hid_t *file) {
  char alias[TV_FILE_ALIAS];
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  tv_file_alias(part->file, alias);
  H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V110);
  H5Pset_fapl_mpio(access, comm, MPI_INFO_NULL);
  H5Pset_all_coll_metadata_ops(access, 1);
  H5Pset_coll_metadata_write(access, 1);
  *file = H5Fopen(alias, H5F_ACC_RDWR, access);
  H5Pclose(access);
  return tv_agree(comm,
                  *file < 0 ? tv_hdf5_fail("%s: cannot be opened by all ranks", part->part) : NULL);
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

tv_error *tv_bulk_write(const tv_output *part, const tv_record *record, MPI_Comm comm) {
  target t = {.name = part->part, .comm = comm};
  TV_TRY(open_everywhere(part, comm, &t.file));
  TV_TRY(write_all(&t, record));
  return leave_together(&t, H5Fclose(t.file) < 0 ? tv_hdf5_fail("cannot be closed") : NULL);
}
