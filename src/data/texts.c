#include "texts.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/base/comm.h"
#include "twoview/base/escape.h"
#include "twoview/hdf5/error.h"

enum { BLOCK_ROWS = 512, BLOCK_BYTES = 1 << 20, TEXTS_TAG = 3 };

/* ---- Reading ---- */

/* A block of rows in memory. */
typedef struct {
  hid_t type;
  int is_varying;
  H5T_str_t padding;
  size_t size;  /* of a text of fixed length, or of a pointer */
  void *memory; /* owned: fixed texts, or pointers to varying ones, which are HDF5's */
} block;

static tv_error *refuse(const tv_dataset *d, int64_t row, const char *reason) {
  return tv_fail("%s: dataset '%s': the label of row %lld %s", d->path, d->name, (long long)row,
                 reason);
}

/* The length of a text without its padding. */
static size_t length_of(const block *b, const char *text) {
  size_t length = b->size;
  if (b->padding == H5T_STR_NULLTERM) return strnlen(text, length);
  const char padding = b->padding == H5T_STR_SPACEPAD ? ' ' : '\0';
  while (length > 0 && text[length - 1] == padding) --length;
  return length;
}

/* The text at a place of the block as a C string, into room for the longest one. */
static tv_error *take(const tv_dataset *d, const block *b, int64_t place, int64_t row, char *out) {
  const char *text = b->is_varying ? ((char **)b->memory)[place]
                                   : (const char *)b->memory + (size_t)place * b->size;
  if (!text) return refuse(d, row, "is missing; leave such rows out");
  const size_t length = b->is_varying ? strnlen(text, TV_LONGEST_TEXT + 1) : length_of(b, text);
  if (length == 0) return refuse(d, row, "is empty; leave such rows out");
  if (length > TV_LONGEST_TEXT) return refuse(d, row, "is longer than 1024 bytes");
  memcpy(out, text, length);
  out[length] = '\0';
  if (memchr(out, '\0', length)) return refuse(d, row, "has a NUL byte within");
  return tv_is_plain(out) ? NULL
                          : refuse(d, row, "is no plain text in UTF-8 without control characters");
}

static tv_error *visit_block(const tv_dataset *d, const block *b, int64_t first, int64_t count,
                             tv_text_visitor *visit, void *context) {
  char text[TV_LONGEST_TEXT + 1];
  tv_error *error = tv_dataset_read(d, first, count, b->type, b->memory);
  for (int64_t i = 0; !error && i < count; ++i) {
    error = take(d, b, i, first + i, text);
    if (!error) error = visit(context, first + i, text);
  }
  for (int64_t i = 0; b->is_varying && i < count; ++i) {
    H5free_memory(((char **)b->memory)[i]);
    ((char **)b->memory)[i] = NULL;
  }
  return error;
}

/* Fixed texts are read as they are stored, varying ones by pointers. */
static tv_error *make_block(const tv_dataset *d, int64_t *rows, block *out) {
  const hid_t stored = H5Dget_type(d->id);
  *out = (block){.is_varying = H5Tis_variable_str(stored) > 0, .padding = H5Tget_strpad(stored)};
  out->type = out->is_varying ? H5Tcopy(H5T_C_S1) : H5Tcopy(stored);
  if (out->is_varying) {
    H5Tset_size(out->type, H5T_VARIABLE);
    H5Tset_cset(out->type, H5Tget_cset(stored));
  }
  H5Tclose(stored);
  if (out->type < 0) return tv_hdf5_fail("%s: dataset '%s' has no type", d->path, d->name);
  out->size = H5Tget_size(out->type);
  const int64_t fit = BLOCK_BYTES / (int64_t)out->size;
  *rows = fit < 1 ? 1 : fit < BLOCK_ROWS ? fit : BLOCK_ROWS;
  return tv_allocate(*rows, out->size, &out->memory);
}

tv_error *tv_texts_visit(const tv_dataset *d, int64_t first, int64_t count, tv_text_visitor *visit,
                         void *context) {
  block b;
  int64_t most = 1;
  tv_error *error = make_block(d, &most, &b);
  for (int64_t done = 0; !error && done < count; done += most)
    error =
        visit_block(d, &b, first + done, count - done < most ? count - done : most, visit, context);
  free(b.memory);
  if (b.type >= 0) H5Tclose(b.type);
  return error;
}

/* ---- Sets ---- */

static int compare(const void *a, const void *b) {
  return strcmp(a, b);
}

tv_error *tv_text_set_add(tv_text_set *set, const char *text) {
  if (tfind(text, &set->tree, compare)) return NULL;
  if (set->count == set->most)
    return tv_fail("%s: dataset '%s' has more than %d different labels, which would be as many "
                   "classes; does it name samples?",
                   set->of->path, set->of->name, set->most);
  char *copy = strdup(text);
  if (!copy || !tsearch(copy, &set->tree, compare)) {
    free(copy);
    return tv_fail("out of memory");
  }
  ++set->count;
  return NULL;
}

void tv_text_set_free(tv_text_set *set) {
  tdestroy(set->tree, free);
  set->tree = NULL;
  set->count = 0;
}

static void put_line(const void *node, VISIT visit, void *out) {
  if (visit == postorder || visit == leaf) fprintf(out, "%s\n", *(char *const *)node);
}

static tv_error *write_lines(const tv_text_set *set, char **lines) {
  size_t size;
  FILE *out = open_memstream(lines, &size);
  if (!out) return tv_fail("out of memory");
  twalk_r(set->tree, put_line, out);
  return fclose(out) == 0 ? NULL : tv_fail("out of memory");
}

/* Destroys the lines. */
static tv_error *add_lines(tv_text_set *set, char *lines) {
  for (char *rest = lines, *line; (line = strsep(&rest, "\n")) && *line;)
    TV_TRY(tv_text_set_add(set, line));
  return NULL;
}

/* Every second one of the ranks that are `step` apart hands its set to the one before. An error in
 * adding is this rank's alone.                                                       Collective. */
static tv_error *hand_over(MPI_Comm comm, int step, tv_text_set *set, char **lines) {
  int rank, size, bytes = 0;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  const int sends = rank % (2 * step) == step;
  const int receives = rank % (2 * step) == 0 && rank + step < size;
  tv_error *error = sends ? write_lines(set, lines) : NULL;
  if (sends) bytes = error ? 0 : (int)strlen(*lines) + 1;
  if (sends) MPI_Send(&bytes, 1, MPI_INT, rank - step, TEXTS_TAG, comm);
  if (receives) MPI_Recv(&bytes, 1, MPI_INT, rank + step, TEXTS_TAG, comm, MPI_STATUS_IGNORE);
  if (receives) error = tv_allocate(bytes, 1, lines);
  TV_TRY(tv_agree(comm, error));
  if (sends) MPI_Send(*lines, bytes, MPI_CHAR, rank - step, TEXTS_TAG, comm);
  if (!receives) return NULL;
  MPI_Recv(*lines, bytes, MPI_CHAR, rank + step, TEXTS_TAG, comm, MPI_STATUS_IGNORE);
  return add_lines(set, *lines);
}

tv_error *tv_text_set_unite(MPI_Comm comm, tv_text_set *set, tv_error *mine, char **lines) {
  int rank, size;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  *lines = NULL;
  tv_error *error = tv_agree(comm, mine);
  for (int step = 1; !error && step < size; step *= 2) {
    char *passed = NULL;
    error = tv_agree(comm, hand_over(comm, step, set, &passed));
    free(passed);
  }
  if (error) return error;
  error = tv_agree(comm, rank == 0 ? write_lines(set, lines) : NULL);
  return error ? error : tv_broadcast_text(comm, lines);
}
