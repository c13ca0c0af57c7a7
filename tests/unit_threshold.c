#include "twoview/studies/search.h"

#include <math.h>

#include "support/unit.h"

/* A leakage that is below 1/2 in the intervals between turns[0] and turns[1], turns[2] and
 * turns[3], ..., and fails where `fails_from` says. */
typedef struct {
  double turns[6], fails_from;
  int asked;
  double smallest, largest; /* of what was asked for, but 0 */
} leaking;

static tv_error *leakage_of(void *context, double alpha2, double *leakage) {
  leaking *l = context;
  int is_below = 0;
  for (int i = 0; i < 6; ++i)
    if (alpha2 >= l->turns[i]) is_below = !is_below;
  *leakage = alpha2 >= l->fails_from ? NAN : is_below ? 0.4999 : 0.5; /* exactly half is too much */
  if (alpha2 > 0) l->smallest = fmin(l->smallest, alpha2);
  l->largest = fmax(l->largest, alpha2);
  ++l->asked;
  return NULL;
}

static leaking turning_at(double a, double b, double c) {
  return (leaking){.turns = {a, b, c, INFINITY, INFINITY, INFINITY},
                   .fails_from = INFINITY,
                   .smallest = INFINITY};
}

static tv_alpha2 searched(leaking *l, double start, double tolerance) {
  tv_alpha2 found;
  expect_success(tv_alpha2_search(leakage_of, l, start, tolerance, &found));
  ck_assert_int_eq(found.evaluations, l->asked);
  return found;
}

/* The crossing is enclosed, whatever the start. */
START_TEST(crossings_are_found) {
  static const double crossings[] = {3e-5, 0.49, 1, 13.89, 4e7};
  static const double starts[] = {-2, NAN, 0, INFINITY, 1e-5, 0.49, 0.5, 14, 1e6};
  static const double tolerances[] = {1e-2, 1e-4, 1e-10};
  for (int i = 0; i < 5 * 9 * 3; ++i) {
    const double crossing = crossings[i % 5], start = starts[i / 5 % 9],
                 tolerance = tolerances[i / 45];
    leaking l = turning_at(crossing, INFINITY, INFINITY);
    const tv_alpha2 found = searched(&l, start, tolerance);
    ck_assert_int_eq(found.status, TV_ALPHA2_FOUND);
    ck_assert_double_ge(found.alpha2, crossing);
    ck_assert_double_le(found.alpha2 - crossing, tolerance * found.alpha2);
  }
}
END_TEST

/* Within a tenth of the crossing: at 0, the start, a step, four probes, and halvings of at most
 * [c / 1.1^2, 1.1 c]. */
START_TEST(a_good_start_is_cheap) {
  for (double start = 0.91; start < 1.1; start += 0.01) {
    leaking l = turning_at(1, INFINITY, INFINITY);
    const tv_alpha2 found = searched(&l, start, 1e-4);
    ck_assert_double_le(found.evaluations, 7 + ceil(log2(0.21 / 1e-4)));
    ck_assert_double_le(fabs(found.evaluations - tv_alpha2_expected_evaluations(1e-4)), 3);
  }
}
END_TEST

START_TEST(none_is_needed) {
  leaking l = turning_at(0, INFINITY, INFINITY);
  const tv_alpha2 found = searched(&l, 5, 1e-4);
  ck_assert_int_eq(found.status, TV_ALPHA2_NOT_NEEDED);
  ck_assert_double_eq(found.alpha2, 0);
  ck_assert_int_eq(found.evaluations, 1);
}
END_TEST

/* Below 1e-6 the tolerance is of that. */
START_TEST(next_to_none) {
  leaking l = turning_at(1e-9, INFINITY, INFINITY);
  const tv_alpha2 found = searched(&l, 1, 1e-2);
  ck_assert_int_eq(found.status, TV_ALPHA2_FOUND);
  ck_assert_double_ge(found.alpha2, 1e-9);
  ck_assert_double_le(found.alpha2, 1e-9 + 1e-8);
}
END_TEST

START_TEST(out_of_reach) {
  static const double starts[] = {1e-3, 1, 50};
  for (int i = 0; i < 3; ++i) {
    leaking l = turning_at(INFINITY, INFINITY, INFINITY);
    const tv_alpha2 found = searched(&l, starts[i], 1e-4);
    ck_assert_int_eq(found.status, TV_ALPHA2_OUT_OF_REACH);
    ck_assert_double_nan(found.alpha2);
    ck_assert_double_eq_tol(l.largest, 1e8 * fmax(starts[i], 1), 1);
    ck_assert_int_le(found.evaluations, 13);
  }
}
END_TEST

/* Recovery, leakage again, recovery: { turns, start, the crossing that is reported }. */
static const struct {
  double turns[3], start, found;
} returning[] = {
    {{2, 2.5, 100}, 2, 2},     /* lost at 8/3 */
    {{2, 3.5, 5}, 2, 2},       /* lost at twice the crossing only */
    {{0.5, 1.5, 2}, 2.1, 0.5}, /* 2 is found first, and 2/3 of it shows the lower one */
    {{0.1, 1, 2}, 2.1, 0.1},   /* and so does 1/3 of it */
};

START_TEST(several_crossings_are_reported) {
  const double *turns = returning[_i].turns;
  leaking l = turning_at(turns[0], turns[1], turns[2]);
  const tv_alpha2 found = searched(&l, returning[_i].start, 1e-6);
  ck_assert_int_eq(found.status, TV_ALPHA2_NOT_MONOTONE);
  ck_assert_double_eq_tol(found.alpha2, returning[_i].found, 1e-6 * found.alpha2);
}
END_TEST

START_TEST(failures_are_reported) {
  static const double from[] = {0, 0.9, 1.0001};
  for (int i = 0; i < 3; ++i) {
    leaking l = turning_at(1, INFINITY, INFINITY);
    l.fails_from = from[i];
    const tv_alpha2 found = searched(&l, 0.95, 1e-6);
    ck_assert_int_eq(found.status, TV_ALPHA2_FAILED);
    ck_assert_double_nan(found.alpha2);
  }
}
END_TEST

/* Where other crossings are searched for. */
START_TEST(failures_elsewhere_leave_what_was_found) {
  static const double from[] = {1.3, 1.9};
  for (int i = 0; i < 2; ++i) {
    leaking l = turning_at(1, INFINITY, INFINITY);
    l.fails_from = from[i];
    const tv_alpha2 found = searched(&l, 0.95, 1e-6);
    ck_assert_int_eq(found.status, TV_ALPHA2_UNCHECKED);
    ck_assert_double_eq_tol(found.alpha2, 1, 1e-6);
  }
}
END_TEST

static tv_error *refusing(void *context, double alpha2, double *leakage) {
  *leakage = 1;
  return alpha2 > *(double *)context ? tv_fail("refused") : NULL;
}

START_TEST(errors_are_passed_on) {
  double from[] = {-1, 0, 2};
  for (int i = 0; i < 3; ++i) {
    tv_alpha2 found;
    expect_error(tv_alpha2_search(refusing, &from[i], 1, 1e-4, &found), TV_EXIT_FAILED, "refused",
                 "");
  }
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("threshold");
  tcase_add_test(cases, crossings_are_found);
  tcase_add_test(cases, a_good_start_is_cheap);
  tcase_add_test(cases, none_is_needed);
  tcase_add_test(cases, next_to_none);
  tcase_add_test(cases, out_of_reach);
  tcase_add_loop_test(cases, several_crossings_are_reported, 0,
                      sizeof returning / sizeof *returning);
  tcase_add_test(cases, failures_are_reported);
  tcase_add_test(cases, failures_elsewhere_leave_what_was_found);
  tcase_add_test(cases, errors_are_passed_on);
  return unit_run("threshold", cases);
}
