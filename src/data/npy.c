#include "twoview/data/npy.h"

#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "twoview/base/file.h"

enum { MAGIC = 6, PREAMBLE = 8, LONGEST_HEADER = 1 << 16, PIECE = 1 << 16 };

enum { CHARACTER = 4, LONGEST_TEXT = 1 << 16 }; /* bytes: of 'U', of a text */

/* ---- The header: a dictionary as Python writes it ---- */

static tv_error *malformed(const tv_npy *npy, const char *what) {
  return tv_fail("%s: %s; write it with numpy.save", npy->path, what);
}

/* The text behind a key and its colon; NULL: there is none. */
static const char *value_of(const char *header, const char *key) {
  const char *at = strstr(header, key);
  if (!at) return NULL;
  at += strlen(key);
  at += strspn(at, " ");
  return *at == ':' ? at + 1 + strspn(at + 1, " ") : NULL;
}

static tv_error *refuse_type(const tv_npy *npy, char kind, int size) {
  return tv_fail("%s: holds values of type '%c%d', which are no real numbers of up to 8 bytes",
                 npy->path, kind, size);
}

static int is_number(char kind, int size) {
  return (kind == 'f' && (size == 2 || size == 4 || size == 8)) ||
         (strchr("iu", kind) && (size == 1 || size == 2 || size == 4 || size == 8)) ||
         (kind == 'b' && size == 1);
}

/* '<f4': the order of bytes, the kind, the size, which of 'U' counts characters. */
static tv_error *read_type(const char *header, tv_npy *npy) {
  const unsigned one = 1;
  const char own = *(const char *)&one ? '<' : '>';
  const char *text = value_of(header, "'descr'");
  char order = 0, kind = 0, quote = 0;
  int size = 0;
  if (text && strncmp(text, "'|O'", 4) == 0)
    return tv_fail("%s: an array of Python's objects, which only Python can read; make it one of "
                   "numbers or texts",
                   npy->path);
  if (!text || sscanf(text, "'%c%c%d%c", &order, &kind, &size, &quote) != 4 || quote != '\'' ||
      !strchr("<>|=", order))
    return malformed(npy, "its numbers are of no plain type");
  const int width = kind == 'U' ? CHARACTER : 1;
  const int is_text = strchr("US", kind) && size > 0 && size <= LONGEST_TEXT / width;
  if (!is_text && !is_number(kind, size)) return refuse_type(npy, kind, size);
  npy->kind = kind;
  npy->size = is_text ? size * width : size;
  npy->is_swapped = npy->size > 1 && kind != 'S' && order != own && order != '=';
  return NULL;
}

static tv_error *read_order(const char *header, tv_npy *npy) {
  const char *text = value_of(header, "'fortran_order'");
  if (!text || (strncmp(text, "True", 4) != 0 && strncmp(text, "False", 5) != 0))
    return malformed(npy, "its header does not say in which order numbers stand");
  npy->is_fortran = *text == 'T';
  return NULL;
}

/* (60000, 28, 28) or (10,) */
static tv_error *read_shape(const char *header, tv_npy *npy) {
  const char *text = value_of(header, "'shape'");
  if (!text || *text != '(') return malformed(npy, "its header gives no shape");
  for (++text; *text != ')'; text += strspn(text, ", ")) {
    char *end = NULL;
    if (!isdigit((unsigned char)*text)) return malformed(npy, "its header gives no shape");
    const long long extent = strtoll(text, &end, 10);
    if (npy->dimensions == TV_NPY_DIMENSIONS)
      return tv_fail("%s: an array of more than %d dimensions", npy->path, TV_NPY_DIMENSIONS);
    npy->extent[npy->dimensions++] = extent;
    text = end;
  }
  return NULL;
}

static tv_error *read_header(tv_npy *npy) {
  unsigned char start[PREAMBLE + 4];
  char *header = NULL;
  tv_error *short_file = tv_file_read(npy->path, npy->file, 0, start, sizeof start);
  tv_error_free(short_file);
  if (short_file || memcmp(start, "\x93NUMPY", MAGIC) != 0 || start[6] < 1 || start[6] > 3)
    return tv_fail("%s: is no .npy file", npy->path);
  const int is_long = start[6] > 1;
  int64_t length = start[8] | start[9] << 8;
  if (is_long) length |= (int64_t)start[10] << 16 | (int64_t)start[11] << 24;
  if (length > LONGEST_HEADER) return malformed(npy, "its header is too long");
  npy->offset = PREAMBLE + (is_long ? 4 : 2) + length;
  TV_TRY(tv_allocate(length + 1, 1, &header));
  tv_error *error =
      tv_file_read(npy->path, npy->file, npy->offset - length, header, (size_t)length);
  if (!error) error = read_type(header, npy);
  if (!error) error = read_order(header, npy);
  if (!error) error = read_shape(header, npy);
  free(header);
  return error;
}

/* ---- Opening ---- */

static tv_error *check_extent(int least, int most, tv_npy *npy) {
  double width = 1;
  char up_to[32] = "";
  if (most > least) snprintf(up_to, sizeof up_to, " to %d", most);
  if (npy->dimensions < least || npy->dimensions > most)
    return tv_fail("%s: an array of %d dimensions, where %d%s are wanted; reshape it", npy->path,
                   npy->dimensions, least, up_to);
  if (npy->dimensions == 0) npy->extent[npy->dimensions++] = 1; /* wanted as an array of one */
  for (int i = 0; i < npy->dimensions; ++i)
    if (npy->extent[i] == 0) return tv_fail("%s: holds nothing", npy->path);
  for (int i = 1; i < npy->dimensions; ++i) width *= (double)npy->extent[i];
  if (width > 1 << 20)
    return tv_fail("%s: a row of %.3g numbers, more than %d", npy->path, width, 1 << 20);
  npy->width = (int)width;
  return NULL;
}

static tv_error *check_length(const tv_npy *npy) {
  struct stat status;
  if (fstat(npy->file, &status) != 0) return tv_fail_errno("%s", npy->path);
  const double expected =
      (double)npy->offset + (double)npy->extent[0] * (double)npy->width * npy->size;
  if ((double)status.st_size == expected) return NULL;
  return tv_fail("%s: has %lld bytes, where its header promises %.0f", npy->path,
                 (long long)status.st_size, expected);
}

tv_error *tv_npy_open_file(const char *path, int file, int least, int most, tv_npy *npy) {
  *npy = (tv_npy){.path = path, .file = file};
  TV_TRY(read_header(npy));
  TV_TRY(check_extent(least, most, npy));
  return check_length(npy);
}

tv_error *tv_npy_open(const char *path, int least, int most, tv_npy *npy) {
  int file;
  *npy = (tv_npy){.file = -1};
  TV_TRY(tv_file_open(path, &file));
  TV_TRY(tv_npy_open_file(path, file, least, most, npy));
  const int width = npy->kind == 'U' ? CHARACTER : 1;
  return tv_npy_is_text(npy) ? refuse_type(npy, npy->kind, npy->size / width) : NULL;
}

void tv_npy_close(tv_npy *npy) {
  if (npy->file >= 0 && npy->path) close(npy->file);
  npy->file = -1;
}

/* ---- Numbers ---- */

static double half(uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const double sign = bits >> 15 ? -1 : 1;
  if (exponent == 31) return fraction ? NAN : sign * INFINITY;
  return sign * (exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24));
}

/* A number whose bytes are in this machine's order. */
static double number(const tv_npy *npy, const unsigned char *bytes) {
  union {
    uint8_t u1;
    uint16_t u2;
    uint32_t u4;
    uint64_t u8;
    int8_t i1;
    int16_t i2;
    int32_t i4;
    int64_t i8;
    float f4;
    double f8;
  } value;
  memcpy(&value, bytes, (size_t)npy->size);
  const int is_signed = npy->kind == 'i';
  switch (npy->size) {
  case 1:
    return is_signed ? value.i1 : value.u1;
  case 2:
    return npy->kind == 'f' ? half(value.u2) : is_signed ? value.i2 : value.u2;
  case 4:
    return npy->kind == 'f' ? (double)value.f4 : is_signed ? (double)value.i4 : (double)value.u4;
  default:
    return npy->kind == 'f' ? value.f8 : is_signed ? (double)value.i8 : (double)value.u8;
  }
}

/* Numbers that follow each other in the file, to every `stride`-th place of `out`. */
static tv_error *read_run(const tv_npy *npy, int64_t begin, int64_t count, int64_t stride,
                          double *out) {
  unsigned char bytes[PIECE], turned[8];
  const int size = npy->size, most = PIECE / size;
  for (int64_t done = 0; done < count; done += most) {
    const int64_t some = count - done < most ? count - done : most;
    TV_TRY(tv_file_read(npy->path, npy->file, npy->offset + (begin + done) * size, bytes,
                        (size_t)(some * size)));
    for (int64_t i = 0; i < some; ++i) {
      const unsigned char *at = bytes + i * size;
      for (int b = 0; npy->is_swapped && b < size; ++b) turned[b] = at[size - 1 - b];
      out[(done + i) * stride] = number(npy, npy->is_swapped ? turned : at);
    }
  }
  return NULL;
}

/* The place in a row of what a file in the other order has as its n-th column. */
static int64_t place_of(const tv_npy *npy, int64_t column) {
  int64_t place = 0, step = npy->width;
  for (int i = 1; i < npy->dimensions; ++i) {
    step /= npy->extent[i];
    place += column % npy->extent[i] * step;
    column /= npy->extent[i];
  }
  return place;
}

static tv_error *read_columns(const tv_npy *npy, int64_t first, int64_t count, double *out) {
  for (int64_t column = 0; column < npy->width; ++column)
    TV_TRY(read_run(npy, column * npy->extent[0] + first, count, npy->width,
                    out + place_of(npy, column)));
  return NULL;
}

tv_error *tv_npy_read(const tv_npy *npy, int64_t first, int64_t count, double *out) {
  TV_TRY(npy->is_fortran ? read_columns(npy, first, count, out)
                         : read_run(npy, first * npy->width, count * npy->width, 1, out));
  for (int64_t i = 0; i < count * npy->width; ++i)
    if (!isfinite(out[i]))
      return tv_fail("%s: row %lld: number %lld is %s; all numbers must be finite", npy->path,
                     (long long)(first + i / npy->width), (long long)(i % npy->width),
                     isnan(out[i]) ? "NaN" : "infinite");
  return NULL;
}

/* ---- Texts ---- */

int tv_npy_is_text(const tv_npy *npy) {
  return npy->kind == 'U' || npy->kind == 'S';
}

/* Append a character in UTF-8; what is none becomes bytes that are none. */
static char *put_character(uint32_t code, char *at) {
  const int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
  *at++ = (char)(lead[more] | code >> 6 * more);
  for (int i = more - 1; i >= 0; --i) *at++ = (char)(0x80 | (code >> 6 * i & 0x3f));
  return at;
}

static uint32_t character_at(const tv_npy *npy, const unsigned char *bytes) {
  uint32_t code;
  memcpy(&code, bytes, sizeof code);
  return npy->is_swapped ? __builtin_bswap32(code) : code;
}

/* NULs fill what is left of the room for it; no text is longer in UTF-8. */
tv_error *tv_npy_read_text(const tv_npy *npy, int64_t row, char **out) {
  unsigned char bytes[LONGEST_TEXT];
  TV_TRY(
      tv_file_read(npy->path, npy->file, npy->offset + row * npy->size, bytes, (size_t)npy->size));
  TV_TRY(tv_allocate(npy->size + 1, 1, out));
  if (npy->kind == 'S') memcpy(*out, bytes, (size_t)npy->size);
  char *at = *out;
  for (int i = 0; npy->kind == 'U' && i < npy->size; i += CHARACTER) {
    const uint32_t code = character_at(npy, bytes + i);
    if (code) at = put_character(code, at);
  }
  return NULL;
}
