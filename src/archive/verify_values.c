#include <math.h>
#include <stdlib.h>

#include "twoview/archive/archive.h"
#include "twoview/base/statistics.h"
#include "twoview/studies/search.h"
#include "verification.h"

/* Whether a value may stand where the status is this. */
typedef int (*agreement)(double status, double value);

/* Without it a solution is none. */
static int decides(double status, double value) {
  return tv_status_is_failure(&tv_grid_study, status) ? isnan(value) : isfinite(value);
}

static int accompanies(double status, double value) {
  return !tv_status_is_failure(&tv_grid_study, status) || isnan(value);
}

static int is_found(double status, double alpha2) {
  if (status == TV_ALPHA2_NOT_NEEDED) return alpha2 == 0;
  if (status == TV_ALPHA2_OUT_OF_REACH || status == TV_ALPHA2_FAILED) return isnan(alpha2);
  return isfinite(alpha2) && alpha2 > 0 &&
         (status == TV_ALPHA2_FOUND || status == TV_ALPHA2_NOT_MONOTONE ||
          status == TV_ALPHA2_UNCHECKED);
}

static const char *name_of(tv_quantity quantity) {
  return tv_quantity_label(quantity).name;
}

static void compare(tv_verification *v, hid_t file, tv_quantity quantity, const double *status,
                    const char *status_name, agreement agrees) {
  int64_t count = 0, wrong = 0, first = 0;
  double *values = tv_verify_read(v, file, name_of(quantity), &count);
  for (int64_t i = 0; values && i < count; ++i) {
    if (agrees(status[i], values[i])) continue;
    if (!wrong++) first = i;
  }
  if (wrong)
    tv_verify_problem(v, "%lld of %lld in '%s' contradict '%s': the first is %s where that is %s",
                      (long long)wrong, (long long)count, name_of(quantity), status_name,
                      TV_EXACT(values[first]), TV_EXACT(status[first]));
  free(values);
}

static void check_distances(tv_verification *v, hid_t file) {
  int64_t count = 0, wrong = 0;
  double *clean = tv_verify_read(v, file, name_of(TV_SCORE_CLEAN), &count);
  double *corrupted = tv_verify_read(v, file, name_of(TV_SCORE_CORRUPTED), &count);
  double *distance = tv_verify_read(v, file, name_of(TV_DISTANCE), &count);
  for (int64_t i = 0; clean && corrupted && distance && i < count; ++i) {
    const double expected = fabs(clean[i] - corrupted[i]);
    wrong += !(distance[i] == expected || (isnan(distance[i]) && isnan(expected)));
  }
  if (wrong)
    tv_verify_problem(v, "%lld of %lld in 'distance' are not |score_clean - score_corrupted|",
                      (long long)wrong, (long long)count);
  free(clean);
  free(corrupted);
  free(distance);
}

/* Only solutions that failed leave encoders without values. */
static void check_encoders(tv_verification *v, const double *status, int64_t count) {
  int64_t failed = 0;
  for (int64_t i = 0; i < count; ++i) failed += tv_status_is_failure(&tv_grid_study, status[i]);
  if (v->undefined && !failed)
    tv_verify_problem(v,
                      "%lld values of encoders, decoders or representations are NaN, though no "
                      "solution failed",
                      (long long)v->undefined);
}

void tv_verify_values(tv_verification *v, hid_t file, const tv_experiment *e) {
  static const struct {
    tv_quantity quantity;
    agreement agrees;
  } of_grid[] = {{TV_SCORE_CORRUPTED, decides},
                 {TV_LEAKAGE, decides},
                 {TV_RESIDUAL, decides},
                 {TV_OBJECTIVE, accompanies},
                 {TV_OBJECTIVE_OPTIMUM, accompanies},
                 {TV_ORTHONORMALITY, accompanies}};
  const char *name = name_of(tv_status_of(tv_study_of(e)));
  int64_t count = 0;
  double *status = tv_verify_read(v, file, name, &count);
  if (!status) return;
  if (tv_study_of(e)->finds_alpha) {
    compare(v, file, TV_ALPHA2_MEASURED, status, name, is_found);
  } else {
    for (size_t i = 0; i < sizeof of_grid / sizeof *of_grid; ++i)
      compare(v, file, of_grid[i].quantity, status, name, of_grid[i].agrees);
    check_distances(v, file);
    check_encoders(v, status, count);
  }
  free(status);
}
