#include "twoview/scaling/model.h"

#include <float.h>
#include <math.h>

#include "support/unit.h"
#include "twoview/methods/method.h"

static const tv_rates rates = {.features = 1e10, .moments = 1e10, .solves = 1e9};
static const tv_network perfect = {.latency = 0, .bandwidth = INFINITY};

static const tv_kind *const methods[] = {&tv_supervised.kind, &tv_reconstruction.kind,
                                         &tv_joint_embedding.kind};

/* 64 shards of 1000 rows, 64 points, 32 clean problems: powers of 2 divide all evenly. */
static tv_workload even(void) {
  return (tv_workload){.rows = 64000,
                       .samples = 64000,
                       .points = 64,
                       .head = 1000,
                       .shards = 64,
                       .replicates = 32,
                       .levels = 1,
                       .d = 40,
                       .p = 20,
                       .k = 10,
                       .l = 3,
                       .method = methods,
                       .methods = 3};
}

static tv_forecast forecast(const tv_workload *w, const tv_network *n, int ranks) {
  tv_forecast f;
  expect_success(tv_model_forecast(w, &rates, n, ranks, &f));
  return f;
}

static int steps_of(int shards, int ranks) {
  int steps = -1;
  expect_success(tv_model_tree_steps(shards, ranks, &steps));
  return steps;
}

START_TEST(one_rank_does_not_communicate) {
  tv_workload w = even();
  const tv_network slow = {.latency = 1, .bandwidth = 1};
  for (int i = 0; i < 4; ++i) {
    w.is_distributed = i & 1;
    w.inputs = i & 2 ? 50 : 0;
    ck_assert_double_eq(forecast(&w, &slow, 1).communication, 0);
  }
}
END_TEST

START_TEST(times_are_work_over_rate_on_one_rank) {
  const tv_workload w = even();
  const tv_forecast f = forecast(&w, &perfect, 1);
  ck_assert_double_eq(f.seconds[TV_STAGE_MOMENTS], 32 * 64000. * 44 * 44 / 1e10);
  ck_assert_double_eq_tol(f.total, f.seconds[TV_STAGE_MOMENTS] + f.seconds[TV_STAGE_SOLVES],
                          4 * DBL_EPSILON * f.total);
}
END_TEST

/* Until the clean problems run out (32), then the points and shards (64). */
START_TEST(a_perfect_network_scales_ideally_until_work_runs_out) {
  const tv_workload w = even();
  const tv_forecast one = forecast(&w, &perfect, 1);
  for (int ranks = 2; ranks <= 32; ranks *= 2)
    ck_assert_double_eq_tol(one.total / forecast(&w, &perfect, ranks).total, ranks,
                            8 * DBL_EPSILON * ranks);
  const double at_64 = forecast(&w, &perfect, 64).seconds[TV_STAGE_MOMENTS];
  ck_assert_double_eq_tol(one.seconds[TV_STAGE_MOMENTS] / at_64, 64, 64 * 8 * DBL_EPSILON);
  for (int ranks = 65; ranks <= 1000; ranks += 187) {
    const tv_forecast f = forecast(&w, &perfect, ranks);
    ck_assert_double_eq(f.seconds[TV_STAGE_MOMENTS], at_64);
    ck_assert_double_eq(f.total, forecast(&w, &perfect, 64).total);
  }
}
END_TEST

START_TEST(what_does_not_shrink_stays) {
  const tv_workload w = even();
  const tv_rates serial = {.features = INFINITY,
                           .moments = INFINITY,
                           .solves = INFINITY,
                           .open_seconds = 2,
                           .features_seconds = 3};
  tv_forecast f;
  for (int ranks = 1; ranks < 100; ranks += 7) {
    expect_success(tv_model_forecast(&w, &serial, &perfect, ranks, &f));
    ck_assert_double_eq(f.total, 5);
  }
}
END_TEST

/* Never faster with a slower network, nor slower with more bandwidth. */
START_TEST(time_is_monotone_in_the_network) {
  for (int is_distributed = 0; is_distributed < 2; ++is_distributed) {
    tv_workload w = even();
    w.is_distributed = is_distributed;
    w.ranks_per_point = 3;
    for (int ranks = 2; ranks < 2000; ranks = ranks * 3 / 2 + 1) {
      double last = forecast(&w, &perfect, ranks).total;
      for (double latency = 1e-7; latency < 1; latency *= 10) {
        const tv_network n = {.latency = latency, .bandwidth = 1e-2 / latency * 1e9};
        const double now = forecast(&w, &n, ranks).total;
        ck_assert_double_gt(now, last);
        last = now;
      }
    }
  }
}
END_TEST

/* Powers of 2: a rank's shards are subtrees of their own, and pairs of ranks meet at each level. By
 * hand for 3 ranks with 4 shards, 0 | 1 | 2 3: rank 1 sends 1 to rank 0, then rank 2 its pair. With
 * 6, 0 1 | 2 3 | 4 5 and the halves 0 1 2 and 3 4 5: rank 1 sends 2 to rank 0, and only then is
 * free to take 4 5 from rank 2, and sends it all on. */
START_TEST(steps_of_the_tree) {
  for (int ranks = 1, levels = 0; ranks <= 64; ranks *= 2, ++levels)
    ck_assert_int_eq(steps_of(64, ranks), levels);
  for (int ranks = 65; ranks < 300; ranks += 31) ck_assert_int_eq(steps_of(64, ranks), 6);
  ck_assert_int_eq(steps_of(1, 7), 0);
  ck_assert_int_eq(steps_of(4, 3), 2);
  ck_assert_int_eq(steps_of(6, 3), 3);
  for (int ranks = 2; ranks < 64; ++ranks) /* no less than the depth of any tree over ranks */
    ck_assert_int_ge(steps_of(64, ranks), (int)ceil(log2(ranks)));
}
END_TEST

/* Sums over ranks of what each counts, in every layout: all rows, all problems, all messages. */
START_TEST(work_of_ranks_adds_up) {
  tv_workload w = even();
  w.rows = w.samples = 64017;
  w.inputs = 30;
  tv_work whole[TV_STAGES];
  tv_model_work(&w, 1, 0, whole);
  for (int ranks = 1; ranks < 140; ranks += 3)
    for (int each = 0; each < 4; ++each) {
      double sum[TV_STAGES] = {0};
      w.ranks_per_point = each;
      for (int r = 0; r < ranks; ++r) {
        tv_work work[TV_STAGES];
        tv_model_work(&w, ranks, r, work);
        for (int s = 0; s < TV_STAGES; ++s) sum[s] += work[s].flops;
      }
      for (int s = TV_STAGE_FEATURES; s < TV_STAGES; ++s) /* so many additions, rounded */
        ck_assert_double_eq_tol(sum[s], whole[s].flops, 2 * ranks * DBL_EPSILON * whole[s].flops);
    }
}
END_TEST

/* The time is that of the rank with most, also of spread moments. */
START_TEST(the_slowest_rank_counts) {
  tv_workload w = even();
  w.d = 700;
  w.rows = w.samples = 64017;
  for (w.is_distributed = 0; w.is_distributed < 2; ++w.is_distributed)
    for (int ranks = 1; ranks < 140; ++ranks) {
      double most = 0;
      for (int r = 0; r < ranks; ++r) {
        tv_work work[TV_STAGES];
        tv_model_work(&w, ranks, r, work);
        most = fmax(most, work[TV_STAGE_MOMENTS].flops);
      }
      ck_assert_double_eq_tol(forecast(&w, &perfect, ranks).seconds[TV_STAGE_MOMENTS],
                              most / rates.moments, 8 * DBL_EPSILON * most / rates.moments);
    }
}
END_TEST

/* One rank has all rows and so all that are drawn; where all are drawn nothing is left to chance.
 * 2 ranks, 100 of 1000: variance of the share 0.5 0.5 / 100 (900 / 999), relative to 0.5. */
START_TEST(spread_of_drawn_rows) {
  tv_workload w = even();
  ck_assert_double_eq(tv_model_moments_spread(&w, 4, 1), 0);
  w.rows = 1000;
  w.samples = 100;
  w.shards = 10;
  w.replicates = 1;
  ck_assert_double_eq(tv_model_moments_spread(&w, 1, 0), 0);
  ck_assert_double_eq_tol(tv_model_moments_spread(&w, 2, 1), sqrt(0.25 / 100 * 900 / 999) / 0.5,
                          1e-15);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("scaling model");
  tcase_add_test(cases, one_rank_does_not_communicate);
  tcase_add_test(cases, times_are_work_over_rate_on_one_rank);
  tcase_add_test(cases, a_perfect_network_scales_ideally_until_work_runs_out);
  tcase_add_test(cases, what_does_not_shrink_stays);
  tcase_add_test(cases, time_is_monotone_in_the_network);
  tcase_add_test(cases, steps_of_the_tree);
  tcase_add_test(cases, work_of_ranks_adds_up);
  tcase_add_test(cases, the_slowest_rank_counts);
  tcase_add_test(cases, spread_of_drawn_rows);
  return unit_run("scaling model", cases);
}
