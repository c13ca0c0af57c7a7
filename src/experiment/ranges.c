/* Lists of numbers that are given as ranges. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ranges.h"
#include "twoview/base/statistics.h"
#include "twoview/experiment/check.h"

enum { MOST_STEPS = 100 * MOST_VALUES };

static const char numbers_missing[] = "write for example\n    " NUMBERS_EXAMPLE;
static const char sizes_missing[] = "write for example\n    " SIZES_EXAMPLE;

static const tv_word spacings[] = {
    {"logarithmic", TV_SPACED_LOGARITHMIC}, {"linear", TV_SPACED_LINEAR}, {0}};

static const tv_key number_range_keys[] = {
    {TV_KEY(tv_number_range, from, TV_KEY_NUMBER), .missing = numbers_missing},
    {TV_KEY(tv_number_range, to, TV_KEY_NUMBER), .missing = numbers_missing},
    {TV_KEY(tv_number_range, count, TV_KEY_INTEGER), .missing = numbers_missing, .low = 2,
     .high = MOST_VALUES},
    {TV_KEY(tv_number_range, spacing, TV_KEY_CHOICE), .words = spacings, .standard = "logarithmic"},
    {0}};

static const tv_key size_range_keys[] = {
    {TV_KEY(tv_size_range, from, TV_KEY_NUMBER), .missing = sizes_missing},
    {TV_KEY(tv_size_range, to, TV_KEY_NUMBER), .missing = sizes_missing},
    {TV_KEY(tv_size_range, factor, TV_KEY_NUMBER), .missing = sizes_missing},
    {0}};

/* ---- Numbers ---- */

/* Rounded to 12 digits, so that decades are decades: 1, not 1.0000000000000002. */
static double spaced(const tv_number_range *r, int i) {
  const double share = (double)i / (r->count - 1);
  char text[32];
  if (i == 0 || i == r->count - 1) return i == 0 ? r->from : r->to;
  snprintf(text, sizeof text, "%.12g",
           r->spacing == TV_SPACED_LINEAR ? r->from + share * (r->to - r->from)
                                          : pow(r->from, 1 - share) * pow(r->to, share));
  return strtod(text, NULL);
}

static tv_error *check_end(const tv_experiment *e, const char *path, const char *end,
                           tv_spacing spacing, double value) {
  char below[LONGEST_PATH];
  tv_key_join(path, end, below);
  TV_REQUIRE(e, below, isfinite(value) && (value > 0 || spacing == TV_SPACED_LINEAR),
             "must be positive and finite, got %s; 'spacing: linear' may begin at 0",
             TV_EXACT(value));
  return NULL;
}

static tv_error *list_numbers(const tv_experiment *e, const char *path, const tv_number_range *r,
                              double **numbers, unsigned *count) {
  TV_TRY(check_end(e, path, "from", r->spacing, r->from));
  TV_TRY(check_end(e, path, "to", r->spacing, r->to));
  TV_TRY(tv_allocate(r->count, sizeof(**numbers), numbers));
  for (int i = 0; i < r->count; ++i) (*numbers)[i] = spaced(r, i);
  *count = (unsigned)r->count;
  return NULL;
}

/* ---- Sizes ---- */

/* Rounded to whole numbers, each once. */
static tv_error *list_sizes(const tv_experiment *e, const char *path, const tv_size_range *r,
                            double *sizes, unsigned *count) {
  char factor[LONGEST_PATH];
  int step = 0;
  tv_key_join(path, "factor", factor);
  for (double n = r->from; n <= r->to * (1 + 1e-12); n *= r->factor) {
    TV_REQUIRE(e, factor, *count < MOST_VALUES && ++step < MOST_STEPS,
               "gives more than %d sizes; raise it", MOST_VALUES);
    if (*count == 0 || round(n) > sizes[*count - 1]) sizes[(*count)++] = round(n);
  }
  return NULL;
}

static tv_error *take_sizes(const tv_experiment *e, const char *path, const tv_size_range *r,
                            double **sizes, unsigned *count) {
  char from[LONGEST_PATH], to[LONGEST_PATH], factor[LONGEST_PATH];
  tv_key_join(path, "from", from);
  tv_key_join(path, "to", to);
  tv_key_join(path, "factor", factor);
  TV_REQUIRE(e, from, r->from >= 1 && r->from == floor(r->from) && r->from <= MOST_SAMPLES_IN_LAW,
             "must be a whole number from 1 to %g, got %s", MOST_SAMPLES_IN_LAW, TV_EXACT(r->from));
  TV_REQUIRE(e, to, r->to >= r->from && r->to <= MOST_SAMPLES_IN_LAW,
             "must be from %s to %g, got %s", TV_EXACT(r->from), MOST_SAMPLES_IN_LAW,
             TV_EXACT(r->to));
  TV_REQUIRE(e, factor, r->factor > 1 && isfinite(r->factor), "must be above 1 and finite, got %s",
             TV_EXACT(r->factor));
  TV_TRY(tv_allocate(MOST_VALUES, sizeof(**sizes), sizes));
  return list_sizes(e, path, r, *sizes, count);
}

const tv_key *tv_range_keys(const tv_key *list) {
  return list->type == TV_KEY_SIZES ? size_range_keys : number_range_keys;
}

tv_error *tv_range_expand(const tv_experiment *e, const char *path, const tv_key *list,
                          const tv_range *range, double **numbers, unsigned *count) {
  return list->type == TV_KEY_SIZES ? take_sizes(e, path, &range->sizes, numbers, count)
                                    : list_numbers(e, path, &range->numbers, numbers, count);
}

/* ---- Evenly spaced values ---- */

int tv_is_evenly_spaced(const double *values, int count, tv_spacing spacing) {
  const int is_linear = spacing == TV_SPACED_LINEAR;
  if (count < 2 || (!is_linear && values[0] <= 0)) return 0;
  const double from = is_linear ? values[0] : log(values[0]);
  const double step =
      ((is_linear ? values[count - 1] : log(values[count - 1])) - from) / (count - 1);
  for (int i = 1; i < count; ++i) {
    const double value = is_linear ? values[i] : log(values[i]);
    if (!(fabs(value - (from + i * step)) < 1e-6 * step)) return 0;
  }
  return 1;
}
