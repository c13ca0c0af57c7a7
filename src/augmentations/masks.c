/* Numbers of the sample are replaced by something that does not depend on it. With r_i the
 * probability that number i is kept, K_ij that both i and j are, c the replacement, m the mean:
 *     T = diag(r), b = (1 - r) o c,
 *     S <- K o S + (r1' - K) o mc' + (1r' - K) o cm' + (11' - r1' - 1r' + K) o cc'. */
#include <stdlib.h>

#include "parts.h"
#include "twoview/base/statistics.h"

/* What a mask does to the moments. */
typedef struct {
  const tv_step *step;
  double (*kept)(const tv_step *step, const tv_shape *shape, int i,
                 int j);        /* K; r on the diagonal */
  double *keep, *fill, *offset; /* d each */
  double fill_square; /* the mean square of a fill that is drawn for each number; else negative */
} mask;

static double cover(const void *context, const tv_views *v, int i, int j, double second) {
  const mask *m = context;
  const double both = m->kept(m->step, &v->shape, i, j), a = m->keep[i], b = m->keep[j];
  const double fills = i == j && m->fill_square >= 0 ? m->fill_square : m->fill[i] * m->fill[j];
  return both * second + (a - both) * v->mean[i] * m->fill[j] +
         (b - both) * m->fill[i] * v->mean[j] + (1 - a - b + both) * fills;
}

/* The moments under a mask whose `kept`, `step` and `fill_square` are set. Everything is filled
 * with `level`, or with the mean of the data where that is NULL. */
static tv_error *mask_moments(mask *m, const double *level, tv_views *v) {
  double *numbers = NULL;
  TV_TRY(tv_grid_agree(v->grid, tv_allocate(3 * (int64_t)v->d, sizeof(*numbers), &numbers)));
  m->keep = numbers;
  m->fill = numbers + v->d;
  m->offset = numbers + 2 * (int64_t)v->d;
  for (int i = 0; i < v->d; ++i) {
    m->keep[i] = m->kept(m->step, &v->shape, i, i);
    m->fill[i] = level ? *level : v->mean[i];
    m->offset[i] = (1 - m->keep[i]) * m->fill[i];
  }
  tv_views_second(v, cover, m);
  tv_views_scale_mean(v, m->keep, m->offset);
  free(numbers);
  return NULL;
}

/* ---- mask: independent numbers, patches or channels, or exactly so many of them ---- */

enum { KEEP, FILL, PER, PATCH, EXACTLY };
enum { PER_ENTRY, PER_PATCH, PER_CHANNEL };
enum { FILL_ZERO, FILL_MEAN };

static const tv_word units[] = {
    {"entry", PER_ENTRY}, {"patch", PER_PATCH}, {"channel", PER_CHANNEL}, {0}};
static const tv_word fills[] = {{"zero", FILL_ZERO}, {"mean", FILL_MEAN}, {0}};

/* Units in a row of patches, and how many there are. */
static int patches_across(const tv_step *step, const tv_shape *s) {
  const int width = (int)tv_step_number(step, PATCH, 1);
  return (s->columns + width - 1) / width;
}

static int count_units(const tv_step *step, const tv_shape *s) {
  switch ((int)tv_step_number(step, PER, 0)) {
  case PER_PATCH: {
    const int height = (int)tv_step_number(step, PATCH, 0);
    return (s->rows + height - 1) / height * patches_across(step, s);
  }
  case PER_CHANNEL:
    return s->channels;
  default:
    return tv_shape_size(s);
  }
}

static int unit_of(const tv_step *step, const tv_shape *s, int i) {
  const tv_position at = step->places[i];
  switch ((int)tv_step_number(step, PER, 0)) {
  case PER_PATCH:
    return at.row / (int)tv_step_number(step, PATCH, 0) * patches_across(step, s) +
           at.column / (int)tv_step_number(step, PATCH, 1);
  case PER_CHANNEL:
    return at.channel;
  default:
    return i;
  }
}

static int is_exact(const tv_step *step) {
  return step->values[EXACTLY].count > 0;
}

static double mask_kept(const tv_step *step, const tv_shape *s, int i, int j) {
  const int is_same = unit_of(step, s, i) == unit_of(step, s, j);
  if (!is_exact(step)) {
    const double keep = tv_step_number(step, KEEP, 0);
    return is_same ? keep : keep * keep;
  }
  const double kept = tv_step_number(step, EXACTLY, 0), all = count_units(step, s);
  return is_same ? kept / all : kept * (kept - 1) / (all * (all - 1));
}

static tv_error *mask_check(const tv_step *step, const tv_shape *s) {
  const int per = (int)tv_step_number(step, PER, 0), patch = step->values[PATCH].count;
  if (is_exact(step) == (step->values[KEEP].count > 0))
    return tv_fail_usage("give either 'keep' (a probability) or 'exactly' (a number of units)");
  if ((per == PER_PATCH) != (patch > 0))
    return tv_fail_usage("'per: patch' and 'patch: [rows, columns]' belong together");
  if (patch) TV_TRY(tv_window_fits(step, PATCH, s));
  if (is_exact(step) && tv_step_number(step, EXACTLY, 0) > count_units(step, s))
    return tv_fail_usage("'exactly' %s of %d: more than there are; take at most %d",
                         TV_EXACT(tv_step_number(step, EXACTLY, 0)), count_units(step, s),
                         count_units(step, s));
  return NULL;
}

/* NULL: the mean. */
static const double *fill_level(const tv_step *step, double *zero) {
  const tv_values *fill = &step->values[FILL];
  *zero = 0;
  if (!fill->is_word) return fill->numbers;
  return fill->numbers[0] == FILL_MEAN ? NULL : zero;
}

static tv_error *mask_moments_of(const tv_step *step, tv_views *v) {
  double zero;
  mask m = {.step = step, .kept = mask_kept, .fill_square = -1};
  return mask_moments(&m, fill_level(step, &zero), v);
}

static tv_others mask_needs_mean(const tv_step *step) {
  double zero;
  return fill_level(step, &zero) ? TV_NO_OTHERS : TV_THEIR_MEAN;
}

/* Which units are kept: independently, or the first of a random order of them. */
static void draw_units(const tv_step *step, int count, double *u) {
  const double keep = is_exact(step) ? 0 : tv_step_number(step, KEEP, 0);
  if (!is_exact(step)) {
    for (int i = 0; i < count; ++i) u[i] = u[i] < keep;
    return;
  }
  int left = (int)tv_step_number(step, EXACTLY, 0);
  for (int i = 0; i < count; ++i) { /* selection sampling: Knuth's algorithm S */
    const int is_kept = u[i] * (count - i) < left;
    u[i] = is_kept;
    left -= is_kept;
  }
}

static void mask_view(const tv_step *step, const tv_draw *draw, double *x) {
  const int units_count = count_units(step, draw->shape);
  double zero, *is_kept = draw->scratch;
  const double *level = fill_level(step, &zero);
  tv_random_uniforms(draw->stream, draw->index, units_count, is_kept);
  draw_units(step, units_count, is_kept);
  for (int i = 0; i < tv_shape_size(draw->shape); ++i)
    if (!is_kept[unit_of(step, draw->shape, i)]) x[i] = level ? *level : draw->mean[i];
}

/* A mean of counts need not be one. */
static tv_numbers mask_makes(const tv_step *step, tv_numbers before) {
  double zero;
  const double *level = fill_level(step, &zero);
  return tv_numbers_both(before, level ? tv_numbers_of(*level) : TV_NOT_NEGATIVE);
}

static int mask_is_idle(const tv_step *step) {
  return !is_exact(step) && tv_step_is_one(step);
}

static const tv_key mask_parameters[] = {
    {.name = "keep", .type = TV_KEY_NUMBER, .high = 1, .help = "probability"},
    {.name = "fill",
     .type = TV_KEY_CHOICE_OR_NUMBER,
     .low = -1e100,
     .high = 1e100,
     .words = fills,
     .standard = "zero",
     .help = "what takes the place of the others"},
    {.name = "per",
     .type = TV_KEY_CHOICE,
     .words = units,
     .standard = "entry",
     .help = "what is kept or not as a whole"},
    {.name = "patch",
     .type = TV_KEY_NUMBERS,
     .low = 1,
     .high = 1e6,
     .is_whole = 1,
     .help = "rows and columns of a patch"},
    {.name = "exactly",
     .type = TV_KEY_NUMBER,
     .high = 1e9,
     .is_whole = 1,
     .help = "so many are kept, instead of 'keep'"},
    {0}};

/* ---- cutout: a window of zeros ---- */

static double cutout_kept(const tv_step *step, const tv_shape *s, int i, int j) {
  return 1 - tv_window_hits(step, s, i, i) - tv_window_hits(step, s, j, j) +
         tv_window_hits(step, s, i, j);
}

static tv_error *cutout_moments(const tv_step *step, tv_views *v) {
  const double zero = 0;
  mask m = {.step = step, .kept = cutout_kept, .fill_square = -1};
  return mask_moments(&m, &zero, v);
}

static void cutout_view(const tv_step *step, const tv_draw *draw, double *x) {
  double u[2];
  tv_random_uniforms(draw->stream, draw->index, 2, u);
  for (int i = 0; i < tv_shape_size(draw->shape); ++i)
    if (tv_window_drawn(step, draw->shape, u, i)) x[i] = 0;
}

/* ---- time-mask, frequency-mask: a band of zeros, of a width from 0 to the one given ---- */

enum { WIDTH };
enum { BAND }; /* table: places x places, the probability that a band hits both */

extern const tv_augmentation tv_step_time_mask;

/* Time runs along the rows, frequency along the columns of images and the channels of series. */
static int is_time(const tv_step *step) {
  return step->augmentation == &tv_step_time_mask;
}

static int places_of(const tv_step *step, const tv_shape *s) {
  return is_time(step) ? s->rows : s->axes == 2 ? s->channels : s->columns;
}

static int place_of(const tv_step *step, const tv_shape *s, int i) {
  const tv_position at = step->places[i];
  return is_time(step) ? at.row : s->axes == 2 ? at.channel : at.column;
}

static tv_error *band_check(const tv_step *step, const tv_shape *s) {
  TV_TRY(tv_step_expect_axes(step, s, 2));
  if (tv_step_number(step, WIDTH, 0) <= places_of(step, s)) return NULL;
  return tv_fail_usage("'width' %s is more than the %d places there are",
                       TV_EXACT(tv_step_number(step, WIDTH, 0)), places_of(step, s));
}

static tv_error *band_prepare(tv_step *step, const tv_shape *s) {
  const int n = places_of(step, s), widest = (int)tv_step_number(step, WIDTH, 0);
  TV_TRY(tv_step_table(step, BAND, (int64_t)n * n));
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j)
      for (int width = 1; width <= widest; ++width) {
        const int low = i < j ? i : j, high = i < j ? j : i, starts = n - width + 1;
        const int first = high - width + 1 > 0 ? high - width + 1 : 0;
        const int last = low < starts - 1 ? low : starts - 1;
        if (last >= first)
          step->tables[BAND][i * n + j] += (last - first + 1) / (double)starts / (widest + 1);
      }
  return NULL;
}

static double band_kept(const tv_step *step, const tv_shape *s, int i, int j) {
  const int n = places_of(step, s), a = place_of(step, s, i), b = place_of(step, s, j);
  const double *hits = step->tables[BAND];
  return 1 - hits[a * n + a] - hits[b * n + b] + hits[a * n + b];
}

static tv_error *band_moments(const tv_step *step, tv_views *v) {
  const double zero = 0;
  mask m = {.step = step, .kept = band_kept, .fill_square = -1};
  return mask_moments(&m, &zero, v);
}

static void band_view(const tv_step *step, const tv_draw *draw, double *x) {
  double u[2];
  tv_random_uniforms(draw->stream, draw->index, 2, u);
  const int width = tv_step_pick(u[0], (int)tv_step_number(step, WIDTH, 0) + 1);
  const int first = tv_step_pick(u[1], places_of(step, draw->shape) - width + 1);
  for (int i = 0; i < tv_shape_size(draw->shape); ++i) {
    const int place = place_of(step, draw->shape, i);
    if (place >= first && place < first + width) x[i] = 0;
  }
}

static const tv_key band_parameters[] = {{.name = "width",
                                          .type = TV_KEY_NUMBER,
                                          .high = 1e6,
                                          .is_whole = 1,
                                          .missing = "write for example width: 3",
                                          .help = "widest band; each from 0 to it is as likely"},
                                         {0}};

/* ---- impulse: numbers become one of two values ---- */

enum { PROBABILITY, VALUES };

static double impulse_kept(const tv_step *step, const tv_shape *s, int i, int j) {
  const double keep = 1 - tv_step_number(step, PROBABILITY, 0);
  (void)s;
  return i == j ? keep : keep * keep;
}

static tv_error *impulse_moments(const tv_step *step, tv_views *v) {
  const double low = tv_step_number(step, VALUES, 0), high = tv_step_number(step, VALUES, 1);
  const double level = (low + high) / 2;
  mask m = {.step = step, .kept = impulse_kept, .fill_square = (low * low + high * high) / 2};
  return mask_moments(&m, &level, v);
}

static tv_error *impulse_check(const tv_step *step, const tv_shape *shape) {
  (void)shape;
  if (step->values[VALUES].count == 2 &&
      tv_step_number(step, VALUES, 0) <= tv_step_number(step, VALUES, 1))
    return NULL;
  return tv_fail_usage("'values' needs two numbers, [low, high]");
}

static tv_numbers impulse_makes(const tv_step *step, tv_numbers before) {
  return tv_numbers_both(before, tv_numbers_both(tv_numbers_of(tv_step_number(step, VALUES, 0)),
                                                 tv_numbers_of(tv_step_number(step, VALUES, 1))));
}

static void impulse_view(const tv_step *step, const tv_draw *draw, double *x) {
  const int d = tv_shape_size(draw->shape);
  const double probability = tv_step_number(step, PROBABILITY, 0);
  tv_random_uniforms(draw->stream, draw->index, d, draw->scratch);
  for (int i = 0; i < d; ++i)
    if (draw->scratch[i] < probability)
      x[i] = tv_step_number(step, VALUES, draw->scratch[i] < probability / 2 ? 0 : 1);
}

static const tv_key impulse_parameters[] = {{.name = "probability",
                                             .type = TV_KEY_NUMBER,
                                             .high = 1,
                                             .missing = "write for example probability: 0.1",
                                             .help = "that a number is replaced"},
                                            {.name = "values",
                                             .type = TV_KEY_NUMBERS,
                                             .low = -1e100,
                                             .high = 1e100,
                                             .missing = "write for example values: [0, 1]",
                                             .help = "low and high, equally likely"},
                                            {0}};

const tv_augmentation tv_step_mask = {.kind = {.name = "mask",
                                               .title = "numbers, patches or channels left out",
                                               .keys = mask_parameters},
                                      .check = mask_check,
                                      .is_idle = mask_is_idle,
                                      .needs_others = mask_needs_mean,
                                      .makes = mask_makes,
                                      .moments = mask_moments_of,
                                      .view = mask_view};

const tv_augmentation tv_step_cutout = {
    .kind = {.name = "cutout", .title = "a window of zeros", .keys = tv_window_parameters},
    .check = tv_window_check,
    .prepare = tv_window_prepare,
    .is_idle = tv_window_is_empty,
    .keeps = TV_COUNTS,
    .moments = cutout_moments,
    .view = cutout_view};

const tv_augmentation tv_step_time_mask = {.kind = {.name = "time-mask",
                                                    .title = "a band of zeros along the rows",
                                                    .keys = band_parameters},
                                           .check = band_check,
                                           .prepare = band_prepare,
                                           .is_idle = tv_step_is_zero,
                                           .keeps = TV_COUNTS,
                                           .moments = band_moments,
                                           .view = band_view};

const tv_augmentation tv_step_frequency_mask = {
    .kind = {.name = "frequency-mask",
             .title = "a band of zeros along the columns",
             .keys = band_parameters},
    .check = band_check,
    .prepare = band_prepare,
    .is_idle = tv_step_is_zero,
    .keeps = TV_COUNTS,
    .moments = band_moments,
    .view = band_view};

const tv_augmentation tv_step_impulse = {.kind = {.name = "impulse",
                                                  .title = "numbers replaced by one of two values",
                                                  .keys = impulse_parameters},
                                         .check = impulse_check,
                                         .is_idle = tv_step_is_zero,
                                         .makes = impulse_makes,
                                         .moments = impulse_moments,
                                         .view = impulse_view};
