#include <math.h>
#include <stdlib.h>

#include "twoview/archive/archive.h"
#include "twoview/base/statistics.h"
#include "verification.h"

/* The statuses of a study. */
typedef struct {
  const tv_study *study;
  const char *name;
  const double *values;
} statuses;

static void compare(tv_verification *v, hid_t file, const tv_quantity *quantity,
                    const statuses *s) {
  const char *name = quantity->label.name;
  int64_t count = 0, wrong = 0, first = 0;
  double *values = tv_verify_read(v, file, name, &count);
  for (int64_t i = 0; values && i < count; ++i) {
    if (quantity->agrees(s->values[i], values[i])) continue;
    if (!wrong++) first = i;
  }
  if (wrong)
    tv_verify_problem(v, "%lld of %lld in '%s' contradict '%s': the first is %s where that is %s",
                      (long long)wrong, (long long)count, name, s->name, TV_EXACT(values[first]),
                      TV_EXACT(s->values[first]));
  free(values);
}

static void check_derived(tv_verification *v, hid_t file, const tv_study *study,
                          const tv_quantity *quantity) {
  const tv_quantity *from[] = {&study->quantities[quantity->from[0]],
                               &study->quantities[quantity->from[1]]};
  int64_t count = 0, wrong = 0;
  double *first = tv_verify_read(v, file, from[0]->label.name, &count);
  double *second = tv_verify_read(v, file, from[1]->label.name, &count);
  double *values = tv_verify_read(v, file, quantity->label.name, &count);
  for (int64_t i = 0; first && second && values && i < count; ++i) {
    const double expected = quantity->derive(first[i], second[i]);
    wrong += !(values[i] == expected || (isnan(values[i]) && isnan(expected)));
  }
  if (wrong)
    tv_verify_problem(v, "%lld of %lld in '%s' are not %s", (long long)wrong, (long long)count,
                      quantity->label.name, quantity->formula);
  free(first);
  free(second);
  free(values);
}

/* Only solutions that failed leave encoders without values. */
static void check_encoders(tv_verification *v, const statuses *s, int64_t count) {
  int64_t failed = 0;
  for (int64_t i = 0; i < count; ++i) failed += s->study->is_failure(s->values[i]);
  if (v->undefined && !failed)
    tv_verify_problem(v,
                      "%lld values of encoders, decoders or representations are NaN, though no "
                      "solution failed",
                      (long long)v->undefined);
}

void tv_verify_values(tv_verification *v, hid_t file, const tv_experiment *e) {
  const tv_study *study = tv_study_of(e);
  const char *name = study->quantities[study->status].label.name;
  int64_t count = 0;
  double *status = tv_verify_read(v, file, name, &count);
  if (!status) return;
  const statuses s = {study, name, status};
  for (int i = 0; i < study->count; ++i) {
    const tv_quantity *quantity = &study->quantities[i];
    if (quantity->agrees) compare(v, file, quantity, &s);
    if (quantity->derive) check_derived(v, file, study, quantity);
  }
  check_encoders(v, &s, count);
  free(status);
}
