/* An IDX file, plain or gzipped: read to its end as labels and as images. */
#include "twoview/data/idx.h"

#include "fuzz.h"

static tv_error *read_items(tv_idx *idx) {
  unsigned char *item;
  TV_TRY(tv_allocate(idx->item_size, 1, &item));
  tv_error *error = NULL;
  for (int64_t i = 0; !error && i < idx->items; ++i) error = tv_idx_read(idx, 1, item);
  free(item);
  return error ? error : tv_idx_expect_end(idx);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  char path[FUZZ_PATH];
  fuzz_file(bytes, length, path);
  for (int dimensions = 1; dimensions <= 2; ++dimensions) {
    tv_idx idx;
    tv_error *error = tv_idx_open(path, dimensions, &idx);
    if (!error) {
      error = read_items(&idx);
      tv_idx_close(&idx);
    }
    tv_error_free(error);
  }
  remove(path);
  return 0;
}
