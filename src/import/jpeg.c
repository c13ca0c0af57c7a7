#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <turbojpeg.h>

#include "codecs.h"

static const long long most_bytes = 1 << 30; /* of a file */

static tv_error *fail(const char *path, tjhandle jpeg) {
  return tv_fail("%s: does not decode: %s", path, tjGetErrorStr2(jpeg));
}

static tv_error *read_file(const char *path, FILE *stream, unsigned char **out,
                           unsigned long *size) {
  struct stat status;
  if (fstat(fileno(stream), &status) != 0) return tv_fail_errno("%s", path);
  if (status.st_size > most_bytes) return tv_fail("%s: is larger than 1 GiB", path);
  *size = (unsigned long)status.st_size;
  TV_TRY(tv_allocate((long long)*size, 1, out));
  if (fread(*out, 1, *size, stream) == *size) return NULL;
  return ferror(stream) ? tv_fail_errno("%s", path) : tv_fail("%s: ends too soon", path);
}

static tv_error *decode(const char *path, tjhandle jpeg, const unsigned char *bytes,
                        unsigned long size, tv_picture *out, void *pixels) {
  int columns = 0, rows = 0, sampling = 0, space = 0; /* left so by a header that is cut short */
  if (tjDecompressHeader3(jpeg, bytes, size, &columns, &rows, &sampling, &space) != 0)
    return fail(path, jpeg);
  if (columns < 1 || rows < 1) return tv_fail("%s: does not decode: it has no size", path);
  if (space == TJCS_CMYK || space == TJCS_YCCK)
    return tv_fail("%s: holds the four colours of printing; convert it to RGB", path);
  const tv_picture found = {rows, columns, space == TJCS_GRAY ? 1 : 3, 1};
  if (pixels && memcmp(&found, out, sizeof found) != 0)
    return tv_fail("%s: was changed while it was read", path);
  *out = found;
  const int format = found.channels == 1 ? TJPF_GRAY : TJPF_RGB;
  if (pixels && tjDecompress2(jpeg, bytes, size, pixels, columns, 0, rows, format,
                              TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING) != 0)
    return fail(path, jpeg);
  return NULL;
}

tv_error *tv_jpeg_read(const char *path, FILE *stream, tv_picture *out, void *pixels) {
  unsigned char *bytes = NULL;
  unsigned long size = 0;
  tjhandle jpeg = tjInitDecompress();
  if (!jpeg) return tv_fail("%s: %s", path, tjGetErrorStr2(NULL));
  tv_error *error = read_file(path, stream, &bytes, &size);
  if (!error) error = decode(path, jpeg, bytes, size, out, pixels);
  free(bytes);
  tjDestroy(jpeg);
  return error;
}
