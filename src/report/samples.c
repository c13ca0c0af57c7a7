#include <math.h>

#include "pictures.h"
#include "view_figures.h"

/* What was computed: the archived examples as they are and, at each severity, corrupted and as a
 * view, a row of pictures each. */

enum { MOST_SEVERITIES = 5, COLOURS = 3 };

int tv_has_samples(const tv_archive *a) {
  return a->examples > 0 && a->shape.axes == 3;
}

/* ---- Rows of pictures ---- */

typedef struct {
  int severity; /* index; -1: the samples as they are */
  int is_view;
} row;

enum { MOST_ROWS = 1 + 2 * MOST_SEVERITIES };

/* At severity 0 only the view is new. */
static int find_rows(const tv_archive *a, row rows[MOST_ROWS]) {
  const int shown = tv_shown(a->cube.magnitudes, MOST_SEVERITIES);
  int count = 0;
  rows[count++] = (row){-1, 0};
  for (int i = 0; i < shown; ++i) {
    const int severity = tv_chosen(i, shown, a->cube.magnitudes);
    if (a->severity[severity] > 0) rows[count++] = (row){severity, 0};
    rows[count++] = (row){severity, 1};
  }
  return count;
}

static tv_montage montage_of(const tv_archive *a) {
  row rows[MOST_ROWS];
  return (tv_montage){&a->shape, a->examples, find_rows(a, rows)};
}

/* ---- The data ---- */

/* The range of the samples as they are is drawn from black to white. */
typedef struct {
  const tv_archive *archive;
  row rows[MOST_ROWS];
  double low, high;
} shades;

static void find_range(const tv_archive *a, double *low, double *high) {
  *low = INFINITY;
  *high = -INFINITY;
  for (int64_t i = 0; i < (int64_t)a->examples * tv_shape_size(&a->shape); ++i) {
    *low = fmin(*low, a->example_clean[i]);
    *high = fmax(*high, a->example_clean[i]);
  }
}

static const double *sample_of(const shades *s, int picture) {
  const tv_archive *a = s->archive;
  const int64_t d = tv_shape_size(&a->shape);
  const row *r = &s->rows[picture / a->examples];
  const int64_t example = picture % a->examples;
  if (r->severity < 0) return a->example_clean + example * d;
  return (r->is_view ? a->example_view : a->example_corrupted) +
         (r->severity * (int64_t)a->examples + example) * d;
}

static int shade(const shades *s, double value) {
  const double share = s->high > s->low ? (value - s->low) / (s->high - s->low) : 0.5;
  return (int)lrint(255 * fmax(0, fmin(1, share)));
}

/* Three channels are red, green and blue; of others the mean is shown. */
static void put_pixel(const void *of, int picture, int pixel, FILE *out) {
  const shades *s = of;
  const int channels = s->archive->shape.channels;
  const double *values = sample_of(s, picture) + (int64_t)pixel * channels;
  double mean = 0;
  for (int i = 0; i < channels; ++i) mean += values[i] / channels;
  for (int i = 0; i < COLOURS; ++i)
    fprintf(out, "%d%c", shade(s, channels == COLOURS ? values[i] : mean),
            i == COLOURS - 1 ? '\n' : '\t');
}

static void write_data(const void *figure, FILE *out) {
  const tv_archive *a = ((const tv_figure *)figure)->archive;
  const tv_montage montage = montage_of(a);
  shades s = {.archive = a};
  find_rows(a, s.rows);
  find_range(a, &s.low, &s.high);
  fprintf(out, "# red\tgreen\tblue of %d x %d pixels, row by row\n", tv_montage_height(&montage),
          tv_montage_width(&montage));
  tv_montage_write(&montage, "255\t255\t255\n", put_pixel, &s, out);
}

/* ---- The drawing, in pixels ---- */

enum { LEFT = 150, EDGE = 12, SIDE = 64 /* of a picture with its gap */ };

static int height_of(const tv_archive *a) {
  const tv_montage montage = montage_of(a);
  return SIDE * a->examples * tv_montage_height(&montage) / tv_montage_width(&montage);
}

static tv_canvas size_of(const tv_archive *a) {
  return (tv_canvas){LEFT + SIDE * a->examples + EDGE, height_of(a) + 2 * EDGE};
}

static void write_label(const tv_archive *a, const row *r, int number, int rows, FILE *out) {
  const tv_canvas size = size_of(a);
  const double middle = EDGE + (number + 0.5) * height_of(a) / rows;
  fprintf(out, "set label %d \"", number + 1);
  if (r->severity < 0)
    fputs("as they are", out);
  else
    fprintf(out, "%s" TV_SEVERITY " %.17g", r->is_view ? "a view at " : "",
            a->severity[r->severity]);
  fprintf(out, "\" at screen %.5f,%.5f right\n", (LEFT - 10.0) / size.width,
          1 - middle / size.height);
}

static void write_script(const void *figure, FILE *out) {
  const tv_figure *f = figure;
  const tv_archive *a = f->archive;
  const tv_montage montage = montage_of(a);
  const tv_canvas size = size_of(a);
  row rows[MOST_ROWS];
  const int count = find_rows(a, rows);
  tv_begin_script(f->name, size, out);
  tv_place_panel(size, LEFT, size.width - EDGE, EDGE, EDGE + height_of(a), out);
  tv_montage_write_axes(&montage, out);
  for (int i = 0; i < count; ++i) write_label(a, &rows[i], i, count, out);
  fputs("plot data using ", out);
  tv_montage_put_place(&montage, out);
  fputs(":1:2:3 with rgbimage notitle\n", out);
}

static void put_caption(const tv_figure *f, FILE *out) {
  const tv_archive *a = f->archive;
  fprintf(out,
          "<h2>What was computed</h2>\n<p>The first %d samples as they are, corrupted at %s, and "
          "as views of that by the augmentation at strength %.17g. Black and white are the least "
          "and the largest number of the samples as they are, and all that lies beyond.</p>\n",
          a->examples, a->cube.magnitudes > MOST_SEVERITIES ? "some severities" : "each severity",
          a->strength[a->cube.alphas - 1]);
}

void tv_describe_samples(const tv_archive *a, tv_figure *out) {
  *out = (tv_figure){.archive = a,
                     .label = "samples as they are, corrupted and augmented",
                     .write_data = write_data,
                     .write_script = write_script,
                     .put_caption = put_caption};
}
