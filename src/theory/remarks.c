#include "remarks.h"

#include <math.h>
#include <string.h>

#include "twoview/base/text.h"
#include "twoview/methods/values.h"

static const double same = 1e-6; /* numbers that differ by less matter to nobody */

/* ---- Where ---- */

/* Whether something holds at a setting, of a method or two. */
typedef int holds_function(const tv_view_theory *t, const tv_view_setting *s, int a, int b);

/* Where it holds: `at every severity and strength`, or the settings one by one. How many. */
enum { PLACES = 512 };
static int name_places(const tv_view_theory *t, holds_function *holds, int a, int b,
                       char out[PLACES]) {
  enum { MOST_NAMED = 12 };
  const int all = t->severities * t->strengths;
  int count = 0;
  strcpy(out, "at severity/strength ");
  for (int i = 0; i < all; ++i) {
    if (!holds(t, &t->settings[i], a, b)) continue;
    if (++count <= MOST_NAMED)
      tv_append(out, PLACES, "%s%d/%d", count > 1 ? ", " : "", i / t->strengths,
                i % t->strengths + 1);
  }
  if (count > MOST_NAMED) tv_append(out, PLACES, " and %d more", count - MOST_NAMED);
  if (count == all) strcpy(out, "at every severity and strength");
  return count;
}

/* ---- What ---- */

static int is_shrunk(const tv_view_theory *t, const tv_view_setting *s, int a, int b) {
  (void)t, (void)a, (void)b;
  return s->floor == 0 && fabs(s->relations.scale - 1) > same;
}

/* Mean views are multiples of the sample, and what views add is independent between numbers. */
static int is_scaled(const tv_view_setting *s) {
  return s->floor == 0 && !isnan(s->relations.scale) && s->relations.is_diagonal &&
         !s->relations.is_like_data;
}

static int is_by_variances(const tv_view_theory *t, const tv_view_setting *s, int a, int b) {
  (void)t, (void)a, (void)b;
  return is_scaled(s) && s->relations.is_by_variances && !s->relations.is_white;
}

static int is_by_number(const tv_view_theory *t, const tv_view_setting *s, int a, int b) {
  (void)t, (void)a, (void)b;
  return is_scaled(s) && !s->relations.is_by_variances && !s->relations.is_white;
}

static int is_white(const tv_view_theory *t, const tv_view_setting *s, int a, int b) {
  (void)t, (void)a, (void)b;
  return is_scaled(s) && s->relations.is_white;
}

/* As at an earlier strength, `first`. */
static int is_same(const tv_view_theory *t, const tv_view_setting *s, int first, int unused) {
  (void)unused;
  return s->same_as == first && (int)((s - t->settings) % t->strengths) != first;
}

/* Tied encoders are not unique. */
static int is_alike(const tv_view_theory *t, const tv_view_setting *s, int a, int b) {
  const int encoders = t->experiment->encoder.sizes_count;
  for (int i = 0; i < encoders; ++i)
    if (!(s->angle[(a * t->methods_count + b) * encoders + i] <= same) ||
        s->gap[a * encoders + i] == 0 || s->gap[b * encoders + i] == 0)
      return 0;
  return 1;
}

static int is_singular(const tv_view_theory *t, const tv_view_setting *s, int a, int b) {
  (void)t, (void)a, (void)b;
  return s->floor > 0;
}

static tv_error *remark_on_singular(tv_view_theory *t) {
  char places[PLACES];
  double floor = 0;
  for (int i = 0; i < t->severities * t->strengths; ++i) floor = fmax(floor, t->settings[i].floor);
  if (!name_places(t, is_singular, 0, 0, places)) return NULL;
  return tv_notes_add(&t->notes,
                      "%s: there is no solution, as the second moments S of the views are "
                      "singular: at the first, %s; %s, or set augmentation.floor to %g or more",
                      places, t->singular, tv_experiment_fewer_features(t->experiment), floor);
}

static tv_error *remark_on_relations(tv_view_theory *t) {
  static const struct {
    holds_function *holds;
    const char *words;
  } relations[] = {
      {is_white, "views add white noise to a multiple of the sample: RC, JE and PCA all keep the "
                 "principal components"},
      {is_by_variances, "what views add is independent from number to number, and in proportion to "
                        "their variances: JE is PCA of the correlation matrix"},
      {is_by_number, "what views add is independent from number to number: JE is PCA of the "
                     "numbers divided by the deviation of what is added to each"},
      {is_shrunk, "the mean view is a multiple of the sample, less than it: views divided by that "
                  "multiple, as where the rest of a masked sample is scaled up, have the same "
                  "omega and phi"}};
  char places[PLACES];
  for (size_t i = 0; i < sizeof relations / sizeof *relations; ++i)
    if (name_places(t, relations[i].holds, 0, 0, places))
      TV_TRY(tv_notes_add(&t->notes, "%s: %s", places, relations[i].words));
  return NULL;
}

static tv_error *remark_on_strengths(tv_view_theory *t) {
  char places[PLACES];
  for (int first = 0; first < t->strengths; ++first)
    if (name_places(t, is_same, first, 0, places))
      TV_TRY(tv_notes_add(&t->notes,
                          "%s: JE learns the same as at strength %d of that severity, with omega = "
                          "mu/(mu + c) of the same mu: which of them it is cannot matter to it, "
                          "but does to RC",
                          places, first + 1));
  return NULL;
}

static tv_error *remark_on_choices(tv_view_theory *t) {
  char places[PLACES];
  for (int a = 0; a < t->methods_count; ++a)
    for (int b = a + 1; b < t->methods_count; ++b)
      if (name_places(t, is_alike, a, b, places))
        TV_TRY(tv_notes_add(&t->notes,
                            "%s: %s and %s learn the same, so that the choice between them cannot "
                            "matter",
                            places, t->methods[a]->kind.name, t->methods[b]->kind.name));
  return NULL;
}

/* ---- Ties ---- */

/* `which`: an encoder, and a reason. */
static int is_tied(const tv_view_theory *t, const tv_view_setting *s, int m, int which) {
  const int encoders = t->experiment->encoder.sizes_count, i = which / TV_TIES;
  return s->gap[m * encoders + i] == 0 &&
         (int)tv_tie_of(t->methods[m], &s->values[m * t->components],
                        t->experiment->encoder.sizes[i]) == which % TV_TIES;
}

static tv_error *remark_on_ties(tv_view_theory *t) {
  char places[PLACES];
  for (int m = 0; m < t->methods_count; ++m)
    for (int which = 0; which < TV_TIES * t->experiment->encoder.sizes_count; ++which)
      if (name_places(t, is_tied, m, which, places))
        TV_TRY(tv_notes_add(&t->notes, "%s is tied at k = %d and not unique, %s: %s",
                            t->methods[m]->kind.name, t->experiment->encoder.sizes[which / TV_TIES],
                            places, tv_tie_words((tv_tie)(which % TV_TIES))));
  return NULL;
}

static int is_negative(const tv_view_theory *t, const tv_view_setting *s, int m, int unused) {
  const double *values = &s->values[m * t->components];
  (void)unused;
  return values[t->experiment->encoder.k - 1] < -same * values[0];
}

static tv_error *remark_on_negatives(tv_view_theory *t) {
  char places[PLACES];
  for (int m = 0; m < t->methods_count; ++m)
    if (name_places(t, is_negative, m, 0, places))
      TV_TRY(tv_notes_add(&t->notes, "%s: %s keeps values below 0, %s", places,
                          t->methods[m]->kind.name, tv_negative_words));
  return NULL;
}

tv_error *tv_view_theory_remark(tv_view_theory *t) {
  TV_TRY(remark_on_singular(t));
  TV_TRY(remark_on_ties(t));
  TV_TRY(remark_on_negatives(t));
  TV_TRY(remark_on_relations(t));
  TV_TRY(remark_on_strengths(t));
  return remark_on_choices(t);
}
