#include <math.h>

#include "pictures.h"
#include "view_figures.h"

/* What encoders look at and decoders draw: the rows of the former and the columns of the latter as
 * pictures, the first 16 of every method, each relative to its largest entry; blue is negative, red
 * positive. Colours are averaged. */

enum { ACROSS = 4, DOWN = 4 };

static tv_montage montage_of(const tv_archive *a) {
  return (tv_montage){&a->shape, ACROSS, DOWN};
}

int tv_has_maps(const tv_archive *a) {
  return a->maps > 0;
}

/* ---- The data ---- */

/* A map, and the largest size of a pixel of each of its pictures. */
typedef struct {
  const tv_archive *archive;
  const tv_archive_map *map;
  int pictures;
  double largest[ACROSS * DOWN];
} scaled;

/* The mean over channels. */
static double value_at(const scaled *s, int picture, int pixel) {
  const tv_shape *shape = &s->archive->shape;
  const double *values = s->map->values + (int64_t)picture * tv_shape_size(shape);
  double sum = 0;
  for (int i = 0; i < shape->channels; ++i) sum += values[pixel * shape->channels + i];
  return sum / shape->channels;
}

/* Of an encoder, as many as the report is about. */
static int count_pictures(const tv_archive *a, const tv_archive_map *map) {
  const int is_of_k = !tv_row_of_method(a, map->method)->rows_are_outputs;
  const int rows = is_of_k && a->k < map->rows ? a->k : map->rows;
  return rows < ACROSS * DOWN ? rows : ACROSS * DOWN;
}

static scaled scale(const tv_archive *a, const tv_archive_map *map) {
  scaled s = {.archive = a, .map = map, .pictures = count_pictures(a, map)};
  for (int i = 0; i < s.pictures; ++i)
    for (int pixel = 0; pixel < a->shape.rows * a->shape.columns; ++pixel)
      s.largest[i] = fmax(s.largest[i], fabs(value_at(&s, i, pixel)));
  return s;
}

static void put_pixel(const void *of, int picture, int pixel, FILE *out) {
  const scaled *s = of;
  if (picture >= s->pictures || s->largest[picture] == 0)
    fputs("NaN\n", out);
  else
    fprintf(out, "%.3f\n", value_at(s, picture, pixel) / s->largest[picture]);
}

static void write_data(const void *figure, FILE *out) {
  const tv_archive *a = ((const tv_figure *)figure)->archive;
  const tv_montage montage = montage_of(a);
  fprintf(out, "# %d x %d pixels, row by row\n", tv_montage_height(&montage),
          tv_montage_width(&montage));
  for (int i = 0; i < a->maps; ++i) {
    const scaled s = scale(a, &a->map[i]);
    fprintf(out, "\n\n# %s of %s\n", a->map[i].is_decoder ? "decoder" : "encoder",
            a->method[a->map[i].method]);
    tv_montage_write(&montage, "NaN\n", put_pixel, &s, out);
  }
}

/* ---- The drawing, in pixels ---- */

enum { COLUMNS = 3, SIDE = 230, GAP = 24, EDGE = 16, TITLE = 30 };

static int height_of(const tv_archive *a) {
  const tv_montage montage = montage_of(a);
  return SIDE * tv_montage_height(&montage) / tv_montage_width(&montage);
}

static tv_canvas size_of(const tv_archive *a) {
  const int columns = a->maps < COLUMNS ? a->maps : COLUMNS;
  const int rows = (a->maps + COLUMNS - 1) / COLUMNS;
  return (tv_canvas){2 * EDGE + columns * (SIDE + GAP) - GAP, EDGE + rows * (TITLE + height_of(a))};
}

static void write_panel(const tv_archive *a, int i, FILE *out) {
  const tv_archive_map *map = &a->map[i];
  const tv_montage montage = montage_of(a);
  const int left = EDGE + i % COLUMNS * (SIDE + GAP);
  const int top = TITLE + i / COLUMNS * (TITLE + height_of(a));
  tv_place_panel(size_of(a), left, left + SIDE, top, top + height_of(a), out);
  fprintf(out, "set title \"%s, %s\" offset 0,-0.6\nplot data index %d using ",
          tv_row_of_method(a, map->method)->kind.short_name,
          map->is_decoder ? "columns of the decoder" : "rows of the encoder", i);
  tv_montage_put_place(&montage, out);
  fputs(":1 with image notitle\n", out);
}

static void write_script(const void *figure, FILE *out) {
  const tv_figure *f = figure;
  const tv_archive *a = f->archive;
  const tv_montage montage = montage_of(a);
  tv_begin_script(f->name, size_of(a), out);
  tv_montage_write_axes(&montage, out);
  fputs("set palette defined (-1 '#2166ac', -0.5 '#92c5de', 0 '#ffffff', 0.5 '#f4a582', "
        "1 '#b2182b')\nset cbrange [-1:1]\nunset colorbox\nset multiplot\n",
        out);
  for (int i = 0; i < a->maps; ++i) write_panel(a, i, out);
  fputs("unset multiplot\n", out);
}

static void put_caption(const tv_figure *f, FILE *out) {
  const tv_archive *a = f->archive;
  fprintf(out,
          "<h2>Encoders and decoders as pictures</h2>\n"
          "<p>Rows of the encoders and columns of decoders, the first %d of each method, at "
          "severity %.17g, strength %.17g and n = %.17g%s. Each is relative to its entry largest "
          "in size: red is positive, blue negative%s.</p>\n",
          ACROSS * DOWN, a->severity[a->cube.magnitudes - 1], a->strength[0],
          a->n[a->cube.levels - 1], a->cube.replicates > 1 ? ", of the first replicate" : "",
          a->shape.channels > 1 ? "; the mean over channels" : "");
}

void tv_describe_maps(const tv_archive *a, tv_figure *out) {
  *out = (tv_figure){.archive = a,
                     .label = "rows of encoders and columns of decoders as pictures",
                     .write_data = write_data,
                     .write_script = write_script,
                     .put_caption = put_caption};
}
