#include "twoview/pieces.h"

#include <stdlib.h>
#include <string.h>

#include "twoview/hdf5_error.h"

/* As they are stored, or rows of about the size of a chunk. */
static int choose_pieces(hid_t set, tv_pieces *p) {
  const hid_t creation = H5Dget_create_plist(set);
  hsize_t numbers = 1;
  int is_good = creation >= 0;
  if (is_good && H5Pget_layout(creation) == H5D_CHUNKED) {
    is_good = H5Pget_chunk(creation, p->rank, p->chunk) == p->rank;
  } else {
    for (int i = p->rank - 1; i >= 0; numbers *= p->chunk[i--]) {
      const hsize_t room = TV_CHUNK_NUMBERS / numbers > 0 ? TV_CHUNK_NUMBERS / numbers : 1;
      p->chunk[i] = p->shape[i] < room ? p->shape[i] : room;
    }
  }
  if (creation >= 0) H5Pclose(creation);
  return is_good;
}

static int describe(hid_t set, tv_pieces *p) {
  const hid_t space = H5Dget_space(set), stored = H5Dget_type(set);
  p->rank = H5Sget_simple_extent_ndims(space);
  int is_good = p->rank >= 0 && p->rank <= TV_MOST_DIMENSIONS &&
                H5Sget_simple_extent_dims(space, p->shape, NULL) == p->rank;
  p->type = H5Tget_native_type(stored, H5T_DIR_ASCEND);
  p->has_words = p->type >= 0 && H5Tis_variable_str(p->type) > 0;
  p->value_size = p->type >= 0 ? H5Tget_size(p->type) : 0;
  is_good = is_good && p->value_size > 0 && choose_pieces(set, p);
  if (stored >= 0) H5Tclose(stored);
  if (space >= 0) H5Sclose(space);
  return is_good;
}

tv_error *tv_pieces_begin(hid_t set, tv_pieces *p) {
  const long long most = 1 << 30;
  long long numbers = 1;
  *p = (tv_pieces){.set = set, .type = H5I_INVALID_HID};
  if (!describe(set, p)) return tv_hdf5_fail("its type, shape or chunks cannot be read");
  for (int i = 0; i < p->rank; ++i) {
    const hsize_t length = p->chunk[i] < p->shape[i] ? p->chunk[i] : p->shape[i];
    if (length > most || numbers * (long long)length > most)
      return tv_fail("its chunks are larger than %lld numbers", most);
    numbers *= (long long)length;
  }
  return tv_allocate(numbers, p->value_size, &p->values);
}

static hid_t memory_space(const tv_pieces *p) {
  return H5Screate_simple(p->rank, p->count, NULL);
}

/* The place of the piece in a dataset. */
static hid_t file_space(const tv_pieces *p, hid_t set, hsize_t offset) {
  hsize_t start[TV_MOST_DIMENSIONS];
  const hid_t space = H5Dget_space(set);
  memcpy(start, p->start, sizeof start);
  start[0] += offset;
  if (p->rank > 0) H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, p->count, NULL);
  return space;
}

static void reclaim(const tv_pieces *p, void *values) {
  if (!p->has_words || !p->is_begun) return;
  const hid_t memory = memory_space(p);
  H5Dvlen_reclaim(p->type, memory, H5P_DEFAULT, values);
  H5Sclose(memory);
}

void tv_pieces_end(tv_pieces *p) {
  if (p->values) reclaim(p, p->values);
  free(p->values);
  if (p->type >= 0) H5Tclose(p->type);
  *p = (tv_pieces){.type = H5I_INVALID_HID};
}

/* Step to the next piece, the last dimension first. */
static int advance(tv_pieces *p) {
  int is_there = !p->is_begun;
  for (int i = p->rank - 1; p->is_begun && i >= 0; --i) {
    p->start[i] += p->chunk[i];
    is_there = p->start[i] < p->shape[i];
    if (is_there) break;
    p->start[i] = 0;
  }
  for (int i = 0; i < p->rank; ++i) {
    const hsize_t left = p->shape[i] - p->start[i];
    p->count[i] = p->chunk[i] < left ? p->chunk[i] : left;
    is_there = is_there && p->count[i] > 0;
  }
  return is_there;
}

static herr_t read_piece(const tv_pieces *p, hid_t set, void *values) {
  const hid_t memory = memory_space(p), file = file_space(p, set, 0);
  const herr_t status = H5Dread(set, p->type, memory, file, H5P_DEFAULT, values);
  H5Sclose(memory);
  H5Sclose(file);
  return status;
}

tv_error *tv_pieces_next(tv_pieces *p, int *is_there) {
  reclaim(p, p->values);
  *is_there = advance(p);
  p->is_begun = *is_there;
  if (!*is_there || read_piece(p, p->set, p->values) >= 0) return NULL;
  p->is_begun = 0;
  return tv_hdf5_fail("cannot be read where its indices begin with %llu",
                      (unsigned long long)(p->rank ? p->start[0] : 0));
}

tv_error *tv_pieces_write(const tv_pieces *p, hid_t to, hsize_t offset) {
  const hid_t memory = memory_space(p), file = file_space(p, to, offset);
  const herr_t status = H5Dwrite(to, p->type, memory, file, H5P_DEFAULT, p->values);
  H5Sclose(memory);
  H5Sclose(file);
  return status < 0 ? tv_hdf5_fail("cannot be written") : NULL;
}

static int64_t count_values(const tv_pieces *p) {
  int64_t values = 1;
  for (int i = 0; i < p->rank; ++i) values *= (int64_t)p->count[i];
  return values;
}

static int same_words(char *const *words, char *const *others, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    if (strcmp(words[i], others[i]) != 0) return 0;
  return 1;
}

tv_error *tv_pieces_compare(const tv_pieces *p, hid_t other, int *is_same) {
  const int64_t count = count_values(p);
  void *values = NULL;
  TV_TRY(tv_allocate(count, p->value_size, &values));
  tv_error *error = read_piece(p, other, values) < 0 ? tv_hdf5_fail("cannot be read") : NULL;
  if (!error) {
    *is_same = p->has_words ? same_words(p->values, values, count)
                            : memcmp(p->values, values, (size_t)count * p->value_size) == 0;
    reclaim(p, values);
  }
  free(values);
  return error;
}
