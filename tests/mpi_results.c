#include "support/pipeline.h"

#include "twoview/studies/grid.h"
#include "twoview/studies/tally.h"
#include "twoview/studies/threshold.h"

enum { P = 20, Q = 25, D = P + Q, L = 3, K = 5, LEVELS = 2, HEAD = 4 };
enum { SL, RC, JE, METHODS }; /* of the experiments */

static const char *experiment(const char *keep, int ranks_per_point) {
  static char text[2048];
  snprintf(text, sizeof text,
           "seed: 11\n"
           "replicates: 2\n"
           "source:\n"
           "  type: gaussian\n"
           "  power_law: {features: 20, scale: 4, exponent: 0.6}\n"
           "  teacher: {type: linear, targets: 3, noise: 0.1}\n"
           "noise: {components: 25, lambda_max: [0.5, 8]}\n"
           "augmentation: {theta_max: 0.5, alpha: [0, 0.9]}\n"
           "samples: [150, 600]\n"
           "encoder: {k: 5}\n"
           "archive: {encoders: %s, representations: %s}\n"
           "parallel: {shards: 7, ranks_per_point: %d}\n",
           keep, keep, ranks_per_point);
  return text;
}

/* ---- The same results however they are shared out ---- */

/* The largest difference relative to the size of the quantity. */
static double results_apart(const tv_results *a, const tv_results *b) {
  const int compared[] = {TV_SCORE_CLEAN, TV_SCORE_CORRUPTED,   TV_LEAKAGE,
                          TV_OBJECTIVE,   TV_OBJECTIVE_OPTIMUM, TV_STATUS};
  double largest = 0;
  for (int i = 0; i < 6; ++i)
    for (int64_t entry = 0; entry < a->points * METHODS; ++entry) {
      const double x = a->quantity[compared[i]][entry], y = b->quantity[compared[i]][entry];
      if (!isfinite(x) || !isfinite(y)) return INFINITY;
      largest = fmax(largest, fabs(x - y) / fmax(1e-2, fabs(y)));
    }
  return largest;
}

START_TEST(results_do_not_depend_on_groups) {
  pipeline alone;
  ASSERT_DONE(open_results(experiment("none", 1), 0, MPI_COMM_SELF, &alone));
  for (int ranks_per_point = 1; ranks_per_point <= 3; ++ranks_per_point) {
    pipeline p;
    ASSERT_DONE(open_results(experiment("none", ranks_per_point), 0, MPI_COMM_WORLD, &p));
    ASSERT_ALL(p.results->points == 16 && p.results->cube.methods == METHODS);
    ASSERT_AT_MOST(results_apart(p.results, alone.results), 1e-10);
    ASSERT_ALL(memcmp(p.results->alpha2_threshold, alone.results->alpha2_threshold,
                      4 * METHODS * sizeof(double)) == 0);
    close_pipeline(&p);
  }
  close_pipeline(&alone);
}

/* Moments spread over all ranks give the results of whole ones, and their digests do not depend on
 * the grid. */
START_TEST(distributed_moments_give_the_same_results) {
  pipeline whole, alone, spread;
  ASSERT_DONE(open_results(experiment("all", 1), HEAD, MPI_COMM_SELF, &whole));
  ASSERT_DONE(open_moments(experiment("all", 1), HEAD, MPI_COMM_SELF, &alone));
  ASSERT_DONE(solve_pipeline(MPI_COMM_SELF, 1, &alone));
  ASSERT_DONE(open_moments(experiment("all", 1), HEAD, MPI_COMM_WORLD, &spread));
  ASSERT_DONE(solve_pipeline(MPI_COMM_WORLD, 1, &spread));
  ASSERT_AT_MOST(results_apart(spread.results, whole.results), 1e-10);
  for (int i = 0; i < 2 * LEVELS; ++i) {
    ASSERT_ALL(strlen(spread.results->digest[i]) == TV_DIGEST_LENGTH - 1);
    ASSERT_ALL(strcmp(spread.results->digest[i], alone.results->digest[i]) == 0);
    ASSERT_ALL(i == 0 || strcmp(spread.results->digest[i], spread.results->digest[i - 1]) != 0);
  }
  close_pipeline(&spread);
  close_pipeline(&alone);
  close_pipeline(&whole);
}

/* Every point has one leader; with two ranks to a point, of three ranks one stays idle. */
START_TEST(points_are_dealt_once) {
  for (int each = 1; each <= 3; ++each) {
    pipeline p;
    int solved[16] = {0}, is_so = 1, leaders;
    ASSERT_DONE(open_results(experiment("last", each), HEAD, MPI_COMM_WORLD, &p));
    for (int64_t i = 0; i < p.results->own_points; ++i) ++solved[p.results->first_point + i];
    MPI_Allreduce(MPI_IN_PLACE, solved, 16, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    for (int i = 0; i < 16; ++i) is_so = is_so && solved[i] == 1;
    leaders = p.results->own_points > 0;
    MPI_Allreduce(MPI_IN_PLACE, &leaders, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    ASSERT_ALL(is_so && leaders == (each < world_size() ? world_size() / each : 1));
    close_pipeline(&p);
  }
}

/* ---- Threshold studies ---- */

static const char *threshold_study(int ranks_per_point) {
  static char text[2048];
  snprintf(text, sizeof text,
           "study: threshold\n"
           "seed: 11\n"
           "replicates: 2\n"
           "source:\n"
           "  type: gaussian\n"
           "  power_law: {features: 20, scale: 4, exponent: 0.6}\n"
           "noise: {components: 25, lambda_max: [0.5, 8]}\n"
           "augmentation: {theta_max: 0.5}\n"
           "samples: [150, 600]\n"
           "encoder: {k: 5}\n"
           "threshold: {tolerance: 1e-6}\n"
           "parallel: {shards: 7, ranks_per_point: %d}\n",
           ranks_per_point);
  return text;
}

/* The largest relative difference of the thresholds; infinite where statuses differ. */
static double thresholds_apart(const tv_results *a, const tv_results *b) {
  double largest = 0;
  for (int64_t entry = 0; entry < a->points * a->cube.methods; ++entry) {
    const double x = a->quantity[TV_ALPHA2_MEASURED][entry];
    const double y = b->quantity[TV_ALPHA2_MEASURED][entry];
    if (a->quantity[TV_ALPHA2_STATUS][entry] != b->quantity[TV_ALPHA2_STATUS][entry])
      return INFINITY;
    if (x != y) largest = fmax(largest, fabs(x - y) / fmax(x, y));
  }
  return largest;
}

/* One rank to a point: the same bits. More, or distributed moments: sums in another order move the
 * crossing by rounding, and what is reported by no more than two enclosing intervals. */
START_TEST(thresholds_do_not_depend_on_groups) {
  pipeline alone, spread;
  ASSERT_DONE(open_results(threshold_study(1), 0, MPI_COMM_SELF, &alone));
  ASSERT_ALL(alone.results->points == 8 && alone.results->cube.methods == 2);
  ASSERT_ALL(!alone.results->clean && alone.results->quantities == TV_THRESHOLD_QUANTITIES);
  tv_tally tally = {.study = &tv_threshold_study,
                    .solutions = alone.results->points * alone.results->cube.methods};
  tv_tally_count(&tally, alone.results->quantity[TV_ALPHA2_STATUS]);
  ASSERT_ALL(tally.failed == 0);
  for (int ranks_per_point = 1; ranks_per_point <= 3; ++ranks_per_point) {
    pipeline p;
    ASSERT_DONE(open_results(threshold_study(ranks_per_point), 0, MPI_COMM_WORLD, &p));
    ASSERT_AT_MOST(thresholds_apart(p.results, alone.results), ranks_per_point > 1 ? 2e-6 : 0);
    for (int i = 0; i < 2 * LEVELS; ++i)
      ASSERT_ALL(strcmp(p.results->digest[i], alone.results->digest[i]) == 0);
    close_pipeline(&p);
  }
  ASSERT_DONE(open_moments(threshold_study(1), 0, MPI_COMM_WORLD, &spread));
  ASSERT_DONE(solve_pipeline(MPI_COMM_WORLD, 1, &spread));
  ASSERT_AT_MOST(thresholds_apart(spread.results, alone.results), 2e-6);
  close_pipeline(&spread);
  close_pipeline(&alone);
}

/* ---- Quantities that follow from others ---- */

START_TEST(distances_and_optimality) {
  pipeline p;
  ASSERT_DONE(open_results(experiment("none", 2), 0, MPI_COMM_WORLD, &p));
  double *const *q = p.results->quantity;
  int is_so = 1;
  for (int64_t entry = 0; entry < 16 * METHODS; ++entry) {
    const int method = (int)(entry % METHODS);
    const int64_t same = entry / METHODS / 8 * 8 + entry / METHODS % LEVELS;
    is_so =
        is_so && q[TV_STATUS][entry] == 0 &&
        q[TV_DISTANCE][entry] == fabs(q[TV_SCORE_CLEAN][entry] - q[TV_SCORE_CORRUPTED][entry]) &&
        q[TV_SCORE_CLEAN][entry] == q[TV_SCORE_CLEAN][same * METHODS + method];
    ASSERT_AT_MOST(fabs(q[TV_OBJECTIVE][entry] - q[TV_OBJECTIVE_OPTIMUM][entry]),
                   1e-10 * fabs(q[TV_OBJECTIVE_OPTIMUM][entry]));
    ASSERT_AT_MOST(q[TV_RESIDUAL][entry], 1e-10);
    ASSERT_AT_MOST(method == SL ? 0 : q[TV_ORTHONORMALITY][entry], 1e-10);
  }
  ASSERT_ALL(is_so);
  close_pipeline(&p);
}

static double kth_largest(const double *values, int count, int k) {
  for (int i = 0; i < count; ++i) {
    int larger = 0;
    for (int j = 0; j < count; ++j) larger += values[j] > values[i];
    if (larger == k - 1) return values[i];
  }
  return NAN;
}

static double threshold_plain(int method, const double *theta, const double *gamma) {
  double signal[P], largest = -INFINITY;
  for (int i = 0; i < P; ++i) {
    const double s = 4 * pow(i + 1, -0.6);
    signal[i] = s / (method == RC ? sqrt(s + theta[i]) : s + theta[i]);
  }
  const double weakest = kth_largest(signal, P, K);
  for (int i = 0; i < Q; ++i) {
    const double needed = method == RC ? gamma[i] / weakest / weakest - 1 : (1 - weakest) / weakest;
    largest = fmax(largest, needed - theta[P + i] / gamma[i]);
  }
  return largest;
}

START_TEST(thresholds_are_those_of_theory) {
  pipeline p;
  ASSERT_DONE(open_results(experiment("none", 1), 0, MPI_COMM_WORLD, &p));
  for (int i = 0; i < 4; ++i) {
    const double *found = p.results->alpha2_threshold + i * METHODS;
    const double *theta = tv_theta_of(p.spectra, i / 2);
    const double *gamma = tv_gamma_of(p.spectra, i / 2, i % 2);
    ASSERT_ALL(found[SL] == -INFINITY);
    for (int method = RC; method < METHODS; ++method) {
      const double expected = threshold_plain(method, theta, gamma);
      ASSERT_AT_MOST(fabs(found[method] - expected), 1e-12 * (1 + fabs(expected)));
    }
  }
  close_pipeline(&p);
}

/* A component without variance: all points of one replicate and noise scale fail, no others. */
START_TEST(failures_stay_at_their_points) {
  pipeline p;
  int is_so = 1;
  ASSERT_DONE(open_moments(experiment("none", 2), 0, MPI_COMM_WORLD, &p));
  p.spectra->theta[P + 2] = p.spectra->gamma[Q + 2] = 0;
  ASSERT_DONE(solve_pipeline(MPI_COMM_WORLD, 0, &p));
  for (int64_t entry = 0; entry < 16 * METHODS; ++entry) {
    const int is_failed = entry / METHODS / 4 == 1;
    double *const *q = p.results->quantity;
    is_so = is_so && q[TV_STATUS][entry] == (is_failed ? P + 3 : 0) &&
            isfinite(q[TV_SCORE_CLEAN][entry]) &&
            isnan(q[TV_SCORE_CORRUPTED][entry]) == is_failed &&
            isnan(q[TV_DISTANCE][entry]) == is_failed;
  }
  ASSERT_ALL(is_so);
  close_pipeline(&p);
}

/* ---- Encoders that are kept ---- */

/* A and B of a point's corrupted inputs, from its moment matrix. */
static void take_moments(const pipeline *p, int64_t point, double *A, double *B, double *yy) {
  const int width = p->moments->width, level = (int)(point % LEVELS);
  const double *matrix = tv_moments_at(p->moments, (int)(point / 8), 0, level).whole;
  const double *gamma = tv_gamma_of(p->spectra, (int)(point / 8), (int)(point / 4 % 2));
  const double n = level ? 600 : 150;
  *yy = 0;
  for (int i = 0; i < D; ++i) {
    const double scale = i < P ? 1 : sqrt(gamma[i - P]);
    for (int j = 0; j < D; ++j)
      A[i * D + j] = matrix[i * width + j] / n * scale * (j < P ? 1 : sqrt(gamma[j - P]));
    for (int t = 0; t < L; ++t) B[t * D + i] = matrix[(D + t) * width + i] / n * scale;
  }
  for (int t = 0; t < L; ++t) *yy += matrix[(D + t) * (width + 1)] / n;
}

/* The score of an encoder, D x k, from the moments. */
static double score_of(int method, int k, const double *E, const double *A, const double *B,
                       double yy) {
  double *image = new_product(0, 0, D, D, k, A, E), *gram = new_product(1, 0, k, D, k, E, image);
  double *cross = new_product(1, 0, k, D, L, E, B), *map = new_product(1, 0, k, D, L, E, B), score;
  if (method == SL) {
    score = yy - 2 * dot_plain(D * L, E, B) + dot_plain(D * L, E, image);
  } else {
    solve_plain(k, L, gram, map);
    score = yy - dot_plain(k * L, cross, map);
  }
  free(image);
  free(gram);
  free(cross);
  free(map);
  return score;
}

/* The largest fault of the own kept encoders: scores not reproduced, relative; D other than A E'.
 */
static double encoder_faults(const pipeline *p) {
  const tv_results *r = p->results;
  const int kept = r->kept_levels;
  double A[D * D], B[D * L], yy, largest = 0;
  int64_t slot = 0;
  for (int64_t point = r->first_point; point < r->first_point + r->own_points; ++point) {
    if (point % LEVELS < LEVELS - kept) continue;
    take_moments(p, point, A, B, &yy);
    for (int m = 0; m < METHODS; ++m) {
      const tv_kept *of = &r->kept[m];
      const double *E = of->encoder + slot * of->rows * D;
      const double expected = r->quantity[TV_SCORE_CORRUPTED][point * METHODS + m];
      largest = fmax(largest, fabs(score_of(m, of->rows, E, A, B, yy) / expected - 1));
      if (m != RC) continue;
      double *image = new_product(0, 0, D, D, K, A, E);
      largest = fmax(largest, largest_difference(D * K, image, of->decoder + slot * K * D));
      free(image);
    }
    ++slot;
  }
  return largest;
}

START_TEST(kept_encoders_have_their_scores) {
  const char *const keep[] = {"all", "last"};
  for (int i = 0; i < 6; ++i) {
    pipeline p;
    ASSERT_DONE(open_results(experiment(keep[i % 2], 1 + i / 2), HEAD, MPI_COMM_WORLD, &p));
    ASSERT_ALL(p.results->kept_levels == (i % 2 ? 1 : LEVELS));
    ASSERT_ALL(p.results->kept[SL].rows == L && p.results->kept[RC].rows == K);
    ASSERT_AT_MOST(encoder_faults(&p), 1e-10);
    close_pipeline(&p);
  }
}

/* z = E x of the first rows, corrupted as the encoder's data were. */
static double representation_faults(const pipeline *p) {
  const tv_results *r = p->results;
  const int width = p->moments->width;
  double largest = 0, x[D];
  int64_t slot = 0;
  for (int64_t point = r->first_point; point < r->first_point + r->own_points; ++point) {
    if (point % LEVELS < LEVELS - r->represented_levels) continue;
    const double *gamma = tv_gamma_of(p->spectra, (int)(point / 8), (int)(point / 4 % 2));
    for (int i = 0; i < HEAD * METHODS; ++i) {
      const int row = i / METHODS, m = i % METHODS, k = r->kept[m].rows;
      const double *u = p->head->rows + (point / 8 * HEAD + row) * width;
      for (int j = 0; j < D; ++j) x[j] = u[j] * (j < P ? 1 : sqrt(gamma[j - P]));
      double *z = new_product(1, 0, k, D, 1, r->kept[m].encoder + slot * k * D, x);
      largest = fmax(largest,
                     largest_difference(k, z, r->kept[m].representation + (slot * HEAD + row) * k));
      free(z);
    }
    ++slot;
  }
  return largest;
}

START_TEST(representations_are_encoded_rows) {
  const char *const keep[] = {"all", "last"};
  for (int i = 0; i < 4; ++i) {
    pipeline p;
    ASSERT_DONE(open_results(experiment(keep[i % 2], 1 + i / 2), HEAD, MPI_COMM_WORLD, &p));
    const tv_study_inputs study = {.spectra = p.spectra};
    ASSERT_DONE(tv_results_represent(p.head, &study, p.results));
    ASSERT_ALL(p.results->represented_samples == HEAD);
    ASSERT_AT_MOST(representation_faults(&p), 1e-12);
    close_pipeline(&p);
  }
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  TCase *tests = tcase_create("results");
  tcase_add_test(tests, results_do_not_depend_on_groups);
  tcase_add_test(tests, distributed_moments_give_the_same_results);
  tcase_add_test(tests, points_are_dealt_once);
  tcase_add_test(tests, thresholds_do_not_depend_on_groups);
  tcase_add_test(tests, distances_and_optimality);
  tcase_add_test(tests, thresholds_are_those_of_theory);
  tcase_add_test(tests, failures_stay_at_their_points);
  tcase_add_test(tests, kept_encoders_have_their_scores);
  tcase_add_test(tests, representations_are_encoded_rows);
  return run_tests(tests);
}
