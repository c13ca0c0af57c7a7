#include "twoview/hdf5/pieces.h"

#include <stdlib.h>
#include <string.h>

#include "twoview/base/guard.h"
#include "twoview/hdf5/error.h"

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
      p->chunk[i] = p->shape[i] == 0 ? 1 : p->shape[i] < room ? p->shape[i] : room;
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

/* No byte that deflate stores holds more than some thousand, and so much is read at once. */
static const double most_unpacked = 1100, soon_read = 1 << 26;

/* A damaged shape may claim more values than the time to read them, of which none is stored. */
static tv_error *expect_stored(hid_t set, const tv_pieces *p) {
  double claimed = (double)p->value_size;
  for (int i = 0; i < p->rank; ++i) claimed *= (double)p->shape[i];
  const double stored = (double)H5Dget_storage_size(set);
  if (claimed <= most_unpacked * stored + soon_read) return NULL;
  return tv_fail("claims values of %.3g bytes where it stores %.0f", claimed, stored);
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
  TV_TRY(expect_stored(set, p));
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

static int64_t count_values(const tv_pieces *p) {
  int64_t values = 1;
  for (int i = 0; i < p->rank; ++i) values *= (int64_t)p->count[i];
  return values;
}

static tv_error *read_piece(const tv_pieces *p, hid_t set, void *values) {
  const hid_t memory = memory_space(p), file = file_space(p, set, 0);
  tv_error *error = NULL;
  tv_guard_step((double)count_values(p) * (double)p->value_size);
  if (H5Dread(set, p->type, memory, file, H5P_DEFAULT, values) < 0)
    error = tv_hdf5_fail("cannot be read where its indices begin with %llu",
                         (unsigned long long)(p->rank ? p->start[0] : 0));
  H5Sclose(memory);
  H5Sclose(file);
  return error;
}

tv_error *tv_pieces_next(tv_pieces *p, int *is_there) {
  reclaim(p, p->values);
  *is_there = advance(p);
  p->is_begun = 0; /* nothing to reclaim yet */
  if (*is_there) TV_TRY(read_piece(p, p->set, p->values));
  p->is_begun = *is_there;
  return NULL;
}

tv_error *tv_pieces_write(const tv_pieces *p, hid_t to, hsize_t offset) {
  const hid_t memory = memory_space(p), file = file_space(p, to, offset);
  const herr_t status = H5Dwrite(to, p->type, memory, file, H5P_DEFAULT, p->values);
  tv_error *error = status < 0 ? tv_hdf5_fail("cannot be written; is the disk full?") : NULL;
  H5Sclose(memory);
  H5Sclose(file);
  return error;
}

static H5Z_filter_t filter_of(hid_t creation, int i) {
  unsigned flags, setting;
  size_t settings = 0;
  return H5Pget_filter2(creation, (unsigned)i, &flags, &settings, &setting, 0, NULL, &setting);
}

static int same_storage(hid_t mine, hid_t theirs, const tv_pieces *p) {
  hsize_t chunk[TV_MOST_DIMENSIONS] = {0};
  const int filters = H5Pget_nfilters(mine);
  if (H5Pget_layout(mine) != H5D_CHUNKED || H5Pget_layout(theirs) != H5D_CHUNKED) return 0;
  if (H5Pget_chunk(theirs, p->rank, chunk) != p->rank || filters != H5Pget_nfilters(theirs))
    return 0;
  for (int i = 0; i < p->rank; ++i)
    if (chunk[i] != p->chunk[i]) return 0;
  for (int i = 0; i < filters; ++i)
    if (filter_of(mine, i) != filter_of(theirs, i)) return 0;
  return 1;
}

int tv_pieces_are_stored_alike(const tv_pieces *p, hid_t to) {
  const hid_t mine = H5Dget_create_plist(p->set), theirs = H5Dget_create_plist(to);
  const hid_t type = H5Dget_type(p->set), other = H5Dget_type(to);
  const int is_alike =
      p->rank > 0 && p->chunk[0] == 1 && same_storage(mine, theirs, p) && H5Tequal(type, other) > 0;
  H5Tclose(other);
  H5Tclose(type);
  H5Pclose(theirs);
  H5Pclose(mine);
  return is_alike;
}

static tv_error *copy_chunk(const tv_pieces *p, hid_t to, hsize_t offset, hsize_t size,
                            void *bytes) {
  uint32_t filters = 0;
  hsize_t start[TV_MOST_DIMENSIONS];
  if (H5Dread_chunk(p->set, H5P_DEFAULT, p->start, &filters, bytes) < 0)
    return tv_hdf5_fail("cannot be read");
  memcpy(start, p->start, sizeof start);
  start[0] += offset;
  if (H5Dwrite_chunk(to, H5P_DEFAULT, filters, start, size, bytes) < 0)
    return tv_hdf5_fail("cannot be written; is the disk full?");
  return NULL;
}

tv_error *tv_pieces_copy_next(tv_pieces *p, hid_t to, hsize_t offset, int *is_there) {
  hsize_t size = 0;
  void *bytes = NULL;
  p->is_begun = *is_there = advance(p);
  if (!*is_there) return NULL;
  if (H5Dget_chunk_storage_size(p->set, p->start, &size) < 0)
    return tv_hdf5_fail("has a chunk that cannot be found");
  TV_TRY(tv_allocate((long long)size, 1, &bytes));
  tv_error *error = copy_chunk(p, to, offset, size, bytes);
  free(bytes);
  return error;
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
  tv_error *error = read_piece(p, other, values);
  if (!error) {
    *is_same = p->has_words ? same_words(p->values, values, count)
                            : memcmp(p->values, values, (size_t)count * p->value_size) == 0;
    reclaim(p, values);
  }
  free(values);
  return error;
}
