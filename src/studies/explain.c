#include "explain.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "point_rows.h"
#include "twoview/augmentations/degeneracy.h"
#include "twoview/augmentations/view_model.h"
#include "twoview/base/text.h"
#include "twoview/data/preparation.h"
#include "twoview/methods/values.h"
#include "twoview/studies/views.h"

/* Numbers that differ by less are the same: far more than rounding, far less than what matters. */
static const double same = 1e-6;

/* Where a point stands, in words. */
enum { PLACE = 128 };
static void name_place(const tv_experiment *e, const tv_spot *at, char out[PLACE]) {
  snprintf(out, PLACE,
           TV_SEVERITY " %d, " TV_STRENGTH " %d, " TV_SAMPLE_SIZE " = %" PRId64 ", " TV_REPLICATE
                       " %d",
           tv_experiment_first_severity(e) + at->magnitude, at->alpha + 1, e->sizes[at->level],
           e->first_replicate + at->replicate);
}

static double status_at(const tv_results *r, int64_t point, int encoder, int method) {
  return r->quantity[TV_VIEWS_STATUS][tv_cube_entry(&r->cube, point, encoder, method)];
}

/* ---- Singular moments ---- */

/* What makes the problem of a point singular; `is_singular`: whether it is. */
static tv_error *find_singularity(const tv_solver *s, int64_t point, tv_singularity *out,
                                  int *is_singular) {
  tv_point_rows rows;
  tv_error *error = tv_point_rows_take(s, point, &rows);
  *is_singular = !error && rows.status != 0;
  if (*is_singular) error = tv_singularity_find(rows.statistics, out);
  tv_point_rows_release(&rows);
  return error;
}

/* The first point of a severity and strength that has no solution by any method; -1: all have. */
static int64_t first_failure(const tv_results *r, int magnitude, int alpha) {
  for (int64_t point = 0; point < r->points; ++point) {
    const tv_spot at = tv_cube_split(&r->cube, point);
    int failed = 0;
    if (at.magnitude != magnitude || at.alpha != alpha) continue;
    for (int m = 0; m < r->cube.methods; ++m) failed += status_at(r, point, 0, m) > 0;
    if (failed == r->cube.methods) return point;
  }
  return -1;
}

static int64_t count_failures(const tv_results *r) {
  int64_t count = 0;
  for (int64_t point = 0; point < r->points; ++point) count += status_at(r, point, 0, 0) > 0;
  return count;
}

/* One remark on all of them, which describes the first and has a floor that is enough for all: it
 * is found for one point of each severity and strength. */
static tv_error *explain_failures(const tv_solver *s) {
  tv_results *r = s->results;
  const tv_experiment *e = s->experiment;
  char features[512] = "", place[PLACE];
  double floor = 0;
  for (int setting = 0; setting < r->cube.magnitudes * r->cube.alphas; ++setting) {
    const int64_t point = first_failure(r, setting / r->cube.alphas, setting % r->cube.alphas);
    tv_singularity found = {0};
    int is_singular = 0;
    if (point < 0) continue;
    tv_error *error = find_singularity(s, point, &found, &is_singular);
    if (!error && is_singular && !*features) {
      const tv_spot at = tv_cube_split(&r->cube, point);
      name_place(e, &at, place);
      if (!e->features.pca)
        tv_preparation_number(s->model->source, found.constants + found.dependent, found.numbers);
      tv_singularity_describe(&found, e->features.pca > 0, features, sizeof features);
    }
    floor = fmax(floor, found.floor);
    tv_singularity_release(&found);
    TV_TRY(error);
  }
  if (!*features) return NULL;
  return tv_notes_add(&r->failures,
                      "%" PRId64 " of %" PRId64 " points cannot be solved, as the second moments S "
                      "of their views are singular: at %s, %s; %s, or set "
                      "augmentation.floor to %g or more",
                      count_failures(r), r->points, place, features,
                      tv_experiment_fewer_features(e), floor);
}

/* ---- Ties ---- */

static const double *values_at(const tv_results *r, int64_t entry) {
  return r->list[TV_VIEWS_VALUES] + entry * r->list_length[TV_VIEWS_VALUES];
}

/* How often a method is tied, for each reason, and the first point and encoder where it is. */
typedef struct {
  int64_t count, point;
  int encoder;
} tie_count;

static void count_ties(const tv_experiment *e, const tv_results *r, int m,
                       tie_count ties[TV_TIES]) {
  const tv_method *method = tv_method_of(e->methods[m]);
  for (int64_t point = 0; point < r->points; ++point)
    for (int i = 0; i < r->cube.encoders; ++i) {
      if (status_at(r, point, i, m) != TV_TIED) continue;
      const double *values = values_at(r, tv_cube_entry(&r->cube, point, i, m));
      tie_count *tie = &ties[tv_tie_of(method, values, e->encoder.sizes[i])];
      if (tie->count++ == 0) tie->point = point, tie->encoder = i;
    }
}

static tv_error *explain_ties(const tv_experiment *e, tv_results *r, int m) {
  tie_count ties[TV_TIES] = {{0}};
  count_ties(e, r, m, ties);
  for (int tie = 0; tie < TV_TIES; ++tie) {
    char place[PLACE];
    if (ties[tie].count == 0) continue;
    const tv_spot at = tv_cube_split(&r->cube, ties[tie].point);
    name_place(e, &at, place);
    TV_TRY(tv_notes_add(&r->notes,
                        "%s: %" PRId64 " of %" PRId64 " encoders are tied at k and not unique, the "
                        "first with k = %d at %s: %s",
                        e->methods[m]->name, ties[tie].count, r->points * (int64_t)r->cube.encoders,
                        e->encoder.sizes[ties[tie].encoder], place, tv_tie_words((tv_tie)tie)));
  }
  return NULL;
}

/* ---- Negative values ---- */

/* G of sampled views is unbiased, not positive semidefinite: values below 0 are its noise. */
static tv_error *explain_negatives(const tv_experiment *e, tv_results *r, int m) {
  int64_t count = 0;
  for (int64_t point = 0; point < r->points; ++point)
    for (int i = 0; i < r->cube.encoders; ++i) {
      const double *values = values_at(r, tv_cube_entry(&r->cube, point, i, m));
      count += values[e->encoder.sizes[i] - 1] < -same * values[0];
    }
  if (count == 0) return NULL;
  return tv_notes_add(&r->notes, "%s: %" PRId64 " of %" PRId64 " encoders keep values below 0, %s",
                      e->methods[m]->name, count, r->points * (int64_t)r->cube.encoders,
                      tv_negative_words);
}

/* ---- Strengths that cannot matter ---- */

/* Whether two solutions have values omega = mu/(mu + c), each with a c of its own, of the same mu,
 * and the same losses. */
static int is_same_solution(const tv_results *r, int64_t a, int64_t b, int k) {
  const double *of_a = values_at(r, a), *of_b = values_at(r, b);
  const double loss_of_a = r->quantity[TV_VIEWS_TRAINING_LOSS][a],
               loss_of_b = r->quantity[TV_VIEWS_TRAINING_LOSS][b];
  const double unit = (1 / of_a[0] - 1) / (1 / of_b[0] - 1);
  if (r->quantity[TV_VIEWS_STATUS][a] != 0 || r->quantity[TV_VIEWS_STATUS][b] != 0) return 0;
  if (isnan(loss_of_a) ? k < 2 : !(fabs(loss_of_a - loss_of_b) <= same * loss_of_a)) return 0;
  for (int i = 0; i < k; ++i)
    if (!(fabs((1 / of_a[i] - 1) - unit * (1 / of_b[i] - 1)) <= same * (1 / of_a[i] - 1))) return 0;
  return 1;
}

/* Whether two strengths do the same at a severity, for every replicate, sample size and k. */
static int are_same(const tv_experiment *e, const tv_results *r, int m, int magnitude, int one,
                    int other) {
  for (int item = 0; item < r->cube.replicates * r->cube.levels; ++item) {
    const int replicate = item / r->cube.levels, level = item % r->cube.levels;
    const int64_t a = tv_cube_index(&r->cube, replicate, magnitude, one, level),
                  b = tv_cube_index(&r->cube, replicate, magnitude, other, level);
    for (int i = 0; i < r->cube.encoders; ++i)
      if (!is_same_solution(r, tv_cube_entry(&r->cube, a, i, m), tv_cube_entry(&r->cube, b, i, m),
                            e->encoder.sizes[i]))
        return 0;
  }
  return 1;
}

/* `1, 2 and 4`: a strength and those after it that do the same, unless an earlier one does; how
 * many these are. */
enum { NAMES = 256 };
static int name_strengths(const tv_experiment *e, const tv_results *r, int m, int magnitude,
                          int first, char out[NAMES]) {
  int last = -1, count = 0;
  for (int earlier = 0; earlier < first; ++earlier)
    if (are_same(e, r, m, magnitude, earlier, first)) return 0;
  for (int i = first + 1; i < r->cube.alphas; ++i)
    if (are_same(e, r, m, magnitude, first, i)) last = i;
  snprintf(out, NAMES, "%d", first + 1);
  for (int i = first + 1; i <= last; ++i) {
    if (!are_same(e, r, m, magnitude, first, i)) continue;
    tv_append(out, NAMES, "%s%d", i == last ? " and " : ", ", i + 1);
    ++count;
  }
  return count;
}

static tv_error *explain_strengths(const tv_experiment *e, tv_results *r, int m) {
  const tv_method *method = tv_method_of(e->methods[m]);
  char names[NAMES];
  if (!method->theory || method->theory->is_quadratic) return NULL;
  for (int magnitude = 0; magnitude < r->cube.magnitudes; ++magnitude)
    for (int first = 0; first < r->cube.alphas; ++first)
      if (name_strengths(e, r, m, magnitude, first, names))
        TV_TRY(tv_notes_add(&r->notes,
                            "%s: at severity %d strengths %s do the same, which cannot matter to "
                            "it: its values are omega = mu/(mu + c), and they differ by c alone",
                            method->kind.name, tv_experiment_first_severity(e) + magnitude, names));
  return NULL;
}

/* ---- Methods that learn the same ---- */

/* At how many points the encoders of two methods span the same, none of them tied: those are not
 * unique. */
static int64_t count_same(const tv_results *r, int a, int b) {
  int64_t count = 0;
  for (int64_t point = 0; point < r->points; ++point) {
    int are_all = 1;
    for (int i = 0; i < r->cube.encoders; ++i) {
      const int64_t at = tv_cube_entry(&r->cube, point, i, a) * r->cube.methods + b;
      const double angle = r->list[TV_VIEWS_LARGEST_ANGLE][at];
      const int is_unique = status_at(r, point, i, a) == 0 && status_at(r, point, i, b) == 0;
      are_all &= is_unique && angle <= same;
    }
    count += are_all;
  }
  return count;
}

/* `reconstruction, joint-embedding and pca`: a method and those after it that do the same at every
 * point; how many these are. */
static int name_same(const tv_experiment *e, const tv_results *r, int a, char out[NAMES]) {
  int last = -1, count = 0;
  for (int b = a + 1; b < r->cube.methods; ++b)
    if (count_same(r, a, b) == r->points) last = b;
  snprintf(out, NAMES, "%s", e->methods[a]->name);
  for (int b = a + 1; b <= last; ++b) {
    if (count_same(r, a, b) < r->points) continue;
    tv_append(out, NAMES, "%s%s", b == last ? " and " : ", ", e->methods[b]->name);
    ++count;
  }
  return count;
}

static tv_error *explain_choice(const tv_experiment *e, tv_results *r, int a, int b) {
  const int64_t count = count_same(r, a, b);
  if (count == 0 || count == r->points) return NULL;
  return tv_notes_add(&r->notes,
                      "%s and %s learn the same at %" PRId64 " of %" PRId64 " points, where the "
                      "choice between them cannot matter (see 'largest_angle')",
                      e->methods[a]->name, e->methods[b]->name, count, r->points);
}

static tv_error *explain_choices(const tv_experiment *e, tv_results *r) {
  int named = 0; /* the first methods, which some remark has named already */
  for (int a = 0; a < r->cube.methods; ++a) {
    char names[NAMES];
    const int others = a < named ? 0 : name_same(e, r, a, names);
    if (others > 0) {
      named = a + 1 + others;
      TV_TRY(tv_notes_add(&r->notes,
                          "%s learn the same at every point: the choice between them cannot matter "
                          "(see 'largest_angle')",
                          names));
    }
    for (int b = a + 1; b < r->cube.methods; ++b) TV_TRY(explain_choice(e, r, a, b));
  }
  return NULL;
}

static tv_error *explain_solutions(const tv_experiment *e, tv_results *r) {
  for (int m = 0; m < r->cube.methods; ++m) {
    TV_TRY(explain_ties(e, r, m));
    TV_TRY(explain_negatives(e, r, m));
    TV_TRY(explain_strengths(e, r, m));
  }
  return explain_choices(e, r);
}

tv_error *tv_views_explain(const tv_solver *s) {
  if (count_failures(s->results) > 0) TV_TRY(explain_failures(s));
  return tv_grid_agree(s->group->grid, explain_solutions(s->experiment, s->results));
}
