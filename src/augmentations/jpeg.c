/* JPEG, there and back, by libjpeg-turbo. What it does to moments does not follow from moments. */
#include "build_info.h"
#include "parts.h"

enum { QUALITY };

static const tv_key parameters[] = {{.name = "quality",
                                     .type = TV_KEY_NUMBER,
                                     .low = 1,
                                     .high = 100,
                                     .is_whole = 1,
                                     .missing = "write for example quality: 50",
                                     .help = "as of other programs; 100: best"},
                                    {0}};

/* Compressed bytes are those of whole numbers, and so is what is made of them. */
static tv_numbers jpeg_makes(const tv_step *step, tv_numbers before) {
  (void)before;
  return tv_numbers_of(1 / step->scale);
}

#ifdef HAVE_JPEG

#include <math.h>

#include <turbojpeg.h>

/* What is compressed and decompressed is the same bits on any processor with this transform. */
enum { MOST_SIDE = 65500, SAME_BITS = TJFLAG_ACCURATEDCT };

static int format_of(const tv_shape *s) {
  return s->channels == 1 ? TJPF_GRAY : TJPF_RGB;
}

static int compress(const tv_shape *s, int quality, const unsigned char *pixels,
                    unsigned char **file, unsigned long *size) {
  const tjhandle handle = tjInitCompress();
  const int failed =
      !handle || tjCompress2(handle, pixels, s->columns, 0, s->rows, format_of(s), file, size,
                             s->channels == 1 ? TJSAMP_GRAY : TJSAMP_420, quality, SAME_BITS) != 0;
  if (handle) tjDestroy(handle);
  return !failed;
}

static int decompress(const tv_shape *s, const unsigned char *file, unsigned long size,
                      unsigned char *pixels) {
  const tjhandle handle = tjInitDecompress();
  const int failed = !handle || tjDecompress2(handle, file, size, pixels, s->columns, 0, s->rows,
                                              format_of(s), SAME_BITS) != 0;
  if (handle) tjDestroy(handle);
  return !failed;
}

/* Pixels become what is left of them; 0: memory was short. */
static int pass_through(const tv_shape *s, int quality, unsigned char *pixels) {
  unsigned char *file = NULL;
  unsigned long size = 0;
  const int is_done =
      compress(s, quality, pixels, &file, &size) && decompress(s, file, size, pixels);
  tjFree(file);
  return is_done;
}

/* ---- The step ---- */

static tv_error *jpeg_check(const tv_step *step, const tv_shape *s) {
  TV_TRY(tv_step_expect_images(step, s));
  if (s->channels != 1 && s->channels != 3)
    return tv_fail_usage("images of %d channels, where JPEG has 1 (grey) or 3 (red, green, blue)",
                         s->channels);
  if (s->rows <= MOST_SIDE && s->columns <= MOST_SIDE) return NULL;
  return tv_fail_usage("images of %d x %d pixels, where JPEG has %d at the most in a row or column",
                       s->rows, s->columns, MOST_SIDE);
}

/* Numbers as they stand in the source are bytes. Where memory is short no number is left, so that
 * nothing is learned of what was not done. */
static void jpeg_view(const tv_step *step, const tv_draw *draw, double *x) {
  const int d = tv_shape_size(draw->shape);
  unsigned char *pixels = (unsigned char *)draw->scratch;
  for (int i = 0; i < d; ++i)
    pixels[i] = (unsigned char)fmin(fmax(rint(x[i] * step->scale), 0), 255);
  const int is_done = pass_through(draw->shape, (int)tv_step_number(step, QUALITY, 0), pixels);
  for (int i = 0; i < d; ++i) x[i] = is_done ? pixels[i] / step->scale : NAN;
}

#else

static tv_error *jpeg_check(const tv_step *step, const tv_shape *s) {
  (void)step, (void)s;
  return tv_fail_usage("this program was built without TurboJPEG; install it (Debian: "
                       "libturbojpeg0-dev), and build it anew in a folder of its own");
}

/* The check refuses every chain that has the step. */
static void jpeg_view(const tv_step *step, const tv_draw *draw, double *x) {
  (void)step, (void)draw, (void)x;
}

#endif

const tv_augmentation tv_step_jpeg = {
    .kind = {.name = "jpeg", .title = "compressed as JPEG, and back", .keys = parameters},
    .makes = jpeg_makes,
    .check = jpeg_check,
    .view = jpeg_view};
