/* An image, PNG or JPEG: read and resized. */
#include "import/picture.h"

#include "fuzz.h"

static tv_error *read_image(const char *path) {
  enum { MOST = 1 << 20 };
  tv_picture picture;
  unsigned char *pixels = NULL, *small = NULL;
  TV_TRY(tv_picture_look(path, &picture));
  if (tv_picture_numbers(&picture) > MOST) return NULL;
  const tv_picture wanted = {3, 4, picture.channels, picture.bytes};
  tv_error *error =
      tv_allocate((long long)tv_picture_numbers(&picture), (unsigned long)picture.bytes, &pixels);
  if (!error)
    error =
        tv_allocate((long long)tv_picture_numbers(&wanted), (unsigned long)wanted.bytes, &small);
  if (!error) error = tv_picture_read(path, &picture, pixels);
  if (!error) error = tv_picture_resize(&picture, pixels, &wanted, small);
  free(small);
  free(pixels);
  return error;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  char path[FUZZ_PATH];
  fuzz_file(bytes, length, path);
  tv_error_free(read_image(path));
  remove(path);
  return 0;
}
