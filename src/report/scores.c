#include "scores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/studies/views.h"

/* ---- The rows ---- */

static const tv_score scores[TV_MOST_SCORES] = {
    {"R^2", "R<sup>2</sup>", 0, TV_VIEWS_TEST_LOSS, TV_VIEWS_TARGET_VARIANCE},
    {"accuracy", "Accuracy", 0, TV_VIEWS_TEST_ACCURACY, -1},
    {"R^2", "R<sup>2</sup>", 1, TV_VIEWS_TEST_LOSS_CLEAN, TV_VIEWS_TARGET_VARIANCE},
    {"accuracy", "Accuracy", 1, TV_VIEWS_TEST_ACCURACY_CLEAN, -1}};

int tv_score_exists(const tv_archive *a, const tv_score *score) {
  const double *values = a->quantity[score->quantity];
  const int64_t count = tv_cube_points(&a->cube) * a->cube.methods;
  for (int64_t i = 0; i < count; ++i)
    if (!isnan(values[i])) return 1;
  return 0;
}

static int is_corrupted(const tv_archive *a) {
  return a->severity[a->cube.magnitudes - 1] > 0;
}

int tv_scores_of(const tv_archive *a, const tv_score *out[TV_MOST_SCORES]) {
  int count = 0;
  for (int i = 0; i < TV_MOST_SCORES; ++i)
    if (tv_score_exists(a, &scores[i]) && (!scores[i].is_clean || is_corrupted(a)))
      out[count++] = &scores[i];
  return count;
}

const char *tv_rows_scored(const tv_archive *a) {
  return a->is_held_out ? "held-out" : "training";
}

const char *tv_rows_condition(const tv_archive *a, const tv_score *score) {
  return !is_corrupted(a) ? "" : score->is_clean ? "clean " : "corrupted ";
}

/* ---- Over replicates ---- */

static double score_at(const tv_scored *at, int replicate) {
  const tv_archive *a = at->archive;
  const int64_t point = tv_cube_index(&a->cube, replicate, at->severity, at->strength, at->level);
  const int64_t entry = point * a->cube.methods + at->method;
  const double value = a->quantity[at->score->quantity][entry];
  if (at->score->relative_to < 0) return value;
  const double whole = a->quantity[at->score->relative_to][entry];
  return whole > 0 ? 1 - value / whole : NAN;
}

static double score_of(const tv_scored *at, const tv_scored *other, int replicate) {
  (void)other;
  return score_at(at, replicate);
}

static double difference_of(const tv_scored *at, const tv_scored *other, int replicate) {
  return score_at(at, replicate) - score_at(other, replicate);
}

static double drop_of(const tv_scored *at, const tv_scored *other, int replicate) {
  tv_scored here = *at;
  const int others = at->archive->cube.magnitudes - 1;
  double sum = 0;
  (void)other;
  here.severity = 0;
  const double first = score_at(&here, replicate);
  for (here.severity = 1; here.severity <= others; ++here.severity)
    sum += first - score_at(&here, replicate);
  return sum / others;
}

/* NaN where memory lacks. */
static tv_summary summarise(double (*value)(const tv_scored *, const tv_scored *, int),
                            const tv_scored *at, const tv_scored *other) {
  const int count = at->archive->cube.replicates;
  double *values = malloc((size_t)count * sizeof(*values));
  for (int r = 0; values && r < count; ++r) values[r] = value(at, other, r);
  const tv_summary summary = tv_summary_over(values, 1, values ? count : 0);
  free(values);
  return summary;
}

tv_summary tv_score_summary(const tv_scored *at) {
  return summarise(score_of, at, NULL);
}

tv_summary tv_score_difference(const tv_scored *at, const tv_scored *other) {
  return summarise(difference_of, at, other);
}

tv_summary tv_score_drop(const tv_scored *at) {
  return summarise(drop_of, at, NULL);
}

void tv_score_format(const tv_summary *s, char out[TV_SUMMARY_TEXT]) {
  char least[TV_NUMBER_TEXT], largest[TV_NUMBER_TEXT];
  snprintf(least, sizeof least, "%.4f", s->least);
  snprintf(largest, sizeof largest, "%.4f", s->largest);
  if (isnan(s->mean))
    snprintf(out, TV_SUMMARY_TEXT, "not defined");
  else if (strcmp(least, largest) != 0)
    snprintf(out, TV_SUMMARY_TEXT, "%.4f [%s, %s]", s->mean, least, largest);
  else
    snprintf(out, TV_SUMMARY_TEXT, "%.4f", s->mean);
}

/* ---- Strengths ---- */

static double mean_here(const tv_scored *at) {
  return tv_score_summary(at).mean;
}

static double mean_over_severities(const tv_scored *at) {
  tv_scored here = *at;
  const int severities = at->archive->cube.magnitudes;
  double sum = 0;
  for (here.severity = 0; here.severity < severities; ++here.severity)
    sum += tv_score_summary(&here).mean;
  return sum / severities;
}

static int find_best(const tv_scored *at, double (*mean)(const tv_scored *)) {
  tv_scored here = *at;
  double best = NAN;
  int found = 0;
  for (here.strength = 0; here.strength < at->archive->cube.alphas; ++here.strength) {
    const double value = mean(&here);
    if (!isnan(best) && !(value > best)) continue;
    best = value;
    found = here.strength;
  }
  return found;
}

int tv_best_strength(const tv_scored *at) {
  return find_best(at, mean_here);
}

int tv_best_strength_of_all(const tv_scored *at) {
  return find_best(at, mean_over_severities);
}

static int is_same(const tv_scored *x, const tv_scored *y) {
  const tv_summary d = tv_score_difference(x, y);
  return fmax(fabs(d.least), fabs(d.largest)) <= TV_ROUNDING;
}

int tv_is_indifferent(const tv_scored *at) {
  const tv_cube *c = &at->archive->cube;
  tv_scored first = *at, here = *at;
  first.strength = 0;
  for (int g = 0; g < c->magnitudes; ++g)
    for (here.strength = 1; here.strength < c->alphas; ++here.strength) {
      first.severity = here.severity = g;
      if (!is_same(&first, &here)) return 0;
    }
  return 1;
}
