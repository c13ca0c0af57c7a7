#include <unistd.h>

#include "support/problem.h"

static const problem_shape *const shapes[] = {&small_shape, &blocks_shape};

/* ---- Losses, row by row ---- */

/* z = E x of row `row`. */
static void encode_row(const problem *m, const answer *a, int row, long double *z) {
  for (int c = 0; c < a->k; ++c) {
    z[c] = 0;
    for (int i = 0; i < a->d; ++i) z[c] += (long double)a->E[c * a->d + i] * input_of(m, row, i);
  }
}

/* Least squares of the targets on the encoded rows: normal equations, then residuals by row. */
static double probe_by_rows(const problem *m, const answer *a) {
  double *gram = new_array((int64_t)a->k * a->k), *map = new_array((int64_t)a->k * m->l);
  long double z[64], loss = 0;
  for (int row = 0; row < m->n; ++row) {
    encode_row(m, a, row, z);
    for (int i = 0; i < a->k; ++i) {
      for (int j = 0; j < a->k; ++j) gram[j * a->k + i] += (double)(z[i] * z[j]);
      for (int t = 0; t < m->l; ++t) map[t * a->k + i] += (double)z[i] * target_of(m, row)[t];
    }
  }
  solve_plain(a->k, m->l, gram, map);
  for (int row = 0; row < m->n; ++row) {
    encode_row(m, a, row, z);
    for (int t = 0; t < m->l; ++t) {
      long double residual = target_of(m, row)[t];
      for (int i = 0; i < a->k; ++i) residual -= z[i] * map[t * a->k + i];
      loss += residual * residual;
    }
  }
  free(gram);
  free(map);
  return (double)(loss / m->n);
}

/* (1/n) sum |y - V x|^2. */
static double loss_by_rows(const problem *m, const answer *a) {
  long double z[64], loss = 0;
  for (int row = 0; row < m->n; ++row) {
    encode_row(m, a, row, z);
    for (int t = 0; t < m->l; ++t)
      loss += (target_of(m, row)[t] - z[t]) * (target_of(m, row)[t] - z[t]);
  }
  return (double)(loss / m->n);
}

static void check_score(problem *m, const tv_method *method, int is_clean) {
  answer a;
  ASSERT_DONE(solve_problem(m, MPI_COMM_WORLD, method, is_clean, 0.5, &a));
  const double expected = method == &tv_supervised ? loss_by_rows(m, &a) : probe_by_rows(m, &a);
  ASSERT_AT_MOST(fabs(a.scores.score - expected), 1e-10 * expected);
  free_answer(&a);
}

START_TEST(scores_are_losses_over_rows) {
  for (int shape = 0; shape < 2; ++shape) {
    problem m = make_problem(*shapes[shape], 0.8);
    for (int i = 0; i < 6; ++i) check_score(&m, every_method[i / 2], i % 2);
    free_problem(&m);
  }
}

/* Fewer rows than directions of the representation: they fit the targets exactly. */
START_TEST(representations_of_few_rows_are_probed) {
  const problem_shape shape = {6, 5, 3, 7, 9};
  problem m = make_problem(shape, 0.8);
  for (int method = 1; method < 3; ++method) {
    answer a;
    ASSERT_DONE(solve_problem(&m, MPI_COMM_WORLD, every_method[method], 0, 0.5, &a));
    ASSERT_AT_MOST(fabs(a.scores.score), 1e-9);
    free_answer(&a);
  }
  free_problem(&m);
}

/* Alignments beyond any noise leave encoder rows of 1/alpha times the size of others. They count in
 * a probe as much as large ones: the least squares on rows of unit length are the reference. */
static void check_weak_rows(const tv_method *method, double alpha) {
  const problem_shape shape = {6, 5, 3, 60, 11};
  problem m = make_problem(shape, 0.8);
  answer a;
  ASSERT_DONE(solve_problem(&m, MPI_COMM_WORLD, method, 0, alpha, &a));
  double smallest = INFINITY;
  for (int c = 0; c < a.k; ++c) {
    const double norm = norm_plain(a.d, a.E + c * a.d);
    smallest = fmin(smallest, norm);
    for (int i = 0; i < a.d; ++i) a.E[c * a.d + i] /= norm;
  }
  ASSERT_AT_MOST(smallest * alpha, 10);
  const double expected = probe_by_rows(&m, &a);
  ASSERT_AT_MOST(fabs(a.scores.score - expected), 1e-10 * expected);
  free_answer(&a);
  free_problem(&m);
}

START_TEST(weak_rows_are_probed) {
  const double alphas[] = {1, 1e4, 1e8, 1e12};
  for (int i = 0; i < 8; ++i) check_weak_rows(every_method[1 + i / 4], alphas[i % 4]);
}

/* ---- Limits and invariances ---- */

/* Take from the noise what happens to correlate with the features in these rows. */
static void uncorrelate_noise(problem *m) {
  double *gram = new_array((int64_t)m->p * m->p), *map = new_array((int64_t)m->p * m->q);
  for (int i = 0; i < m->p; ++i) {
    const double *column = m->moments.data + i * m->width;
    memcpy(gram + i * m->p, column, (size_t)m->p * sizeof(*gram));
    for (int j = 0; j < m->q; ++j) map[j * m->p + i] = column[m->p + j];
  }
  solve_plain(m->p, m->q, gram, map);
  for (int row = 0; row < m->n; ++row) {
    double *u = m->rows + row * m->width;
    for (int j = 0; j < m->q; ++j) u[m->p + j] -= dot_plain(m->p, u, map + j * m->p);
  }
  free(gram);
  free(map);
  take_moments(m);
}

static void check_alignment(problem *m, const tv_method *method) {
  answer clean, corrupted;
  ASSERT_DONE(solve_problem(m, MPI_COMM_WORLD, method, 1, 0, &clean));
  ASSERT_DONE(solve_problem(m, MPI_COMM_WORLD, method, 0, 1e8, &corrupted));
  ASSERT_AT_MOST(fabs(corrupted.scores.score - clean.scores.score), 1e-10 * clean.scores.score);
  ASSERT_AT_MOST(corrupted.scores.leakage, 1e-12);
  ASSERT_ALL(clean.scores.leakage == 0);
  free_answer(&corrupted);
  ASSERT_DONE(solve_problem(m, MPI_COMM_WORLD, method, 0, 0, &corrupted));
  ASSERT_AT_MOST(1e-4 * clean.scores.score, fabs(corrupted.scores.score - clean.scores.score));
  free_answer(&clean);
  free_answer(&corrupted);
}

/* RC also reconstructs the noise in its targets, as far as the rows let it be guessed from the
 * features: it reaches the clean solution only when they do not. */
START_TEST(endless_alignment_recovers_the_clean_score) {
  for (int i = 0; i < 6; ++i) {
    problem m = make_problem(*shapes[i % 2], 0.8);
    for (int j = 0; j < m.q; ++j) m.gamma[j] *= 10;
    if (every_method[i / 2] == &tv_reconstruction) uncorrelate_noise(&m);
    check_alignment(&m, every_method[i / 2]);
    free_problem(&m);
  }
}

START_TEST(a_change_of_basis_changes_nothing) {
  for (int i = 0; i < 12; ++i) {
    const int shape = i % 2, is_clean = i / 2 % 2;
    problem m = make_problem(*shapes[shape], 0.8);
    answer before, after;
    for (int j = 0; j < m.d; ++j) m.theta[j] = 0.3;
    ASSERT_DONE(solve_problem(&m, MPI_COMM_WORLD, every_method[i / 4], is_clean, 0.5, &before));
    turn_features(&m);
    ASSERT_DONE(solve_problem(&m, MPI_COMM_WORLD, every_method[i / 4], is_clean, 0.5, &after));
    ASSERT_AT_MOST(1e-3, largest_difference((int64_t)before.d * before.k, before.E, after.E));
    ASSERT_AT_MOST(fabs(after.scores.score - before.scores.score), 1e-10 * before.scores.score);
    ASSERT_AT_MOST(fabs(after.scores.optimality.optimum - before.scores.optimality.optimum),
                   1e-10 * fabs(before.scores.optimality.optimum));
    ASSERT_AT_MOST(fabs(after.scores.optimality.objective - before.scores.optimality.objective),
                   1e-10 * fabs(before.scores.optimality.optimum));
    free_answer(&before);
    free_answer(&after);
    free_problem(&m);
  }
}

/* ---- Leakage ---- */

/* The largest eigenvalue of (T'T)^-1/2 T_noise'T_noise (T'T)^-1/2, by Jacobi's method. */
static double largest_sine_plain(const problem *m, const answer *a) {
  const int k = a->k;
  double *noise = new_array((int64_t)a->d * k), *values = new_array(k);
  double *root = new_array((int64_t)k * k);
  double *whole = new_product(1, 0, k, a->d, k, a->T, a->T);
  for (int c = 0; c < k; ++c)
    for (int i = m->p; i < a->d; ++i) noise[c * a->d + i] = a->T[c * a->d + i];
  double *vectors = new_array((int64_t)k * k);
  jacobi(k, whole, values, vectors);
  for (int c = 0; c < k; ++c)
    for (int i = 0; i < k; ++i) root[c * k + i] = vectors[c * k + i] / sqrt(values[c]);
  double *turned = new_product(0, 0, a->d, k, k, noise, root);
  double *form = new_product(1, 0, k, a->d, k, turned, turned);
  jacobi(k, form, values, NULL);
  const double largest = values[0];
  double *const arrays[] = {noise, values, root, whole, vectors, turned, form};
  for (int i = 0; i < 7; ++i) free(arrays[i]);
  return largest;
}

/* The share of E|V x|^2 that the important components of x do not explain: 1 - tr C' S11^-1 C / tr
 * V S V' with C = S[1, :] V'. */
static double noise_share_plain(const problem *m, const answer *a, const double *S) {
  const int d = a->d, k = a->k, p = m->p;
  double *image = new_product(0, 0, d, d, k, S, a->E), *cross = new_array((int64_t)p * k);
  double *block = new_array((int64_t)p * p), *map = new_array((int64_t)p * k);
  for (int i = 0; i < p; ++i)
    for (int j = 0; j < p; ++j) block[j * p + i] = S[j * d + i];
  for (int c = 0; c < k; ++c)
    for (int i = 0; i < p; ++i) map[c * p + i] = cross[c * p + i] = image[c * d + i];
  solve_plain(p, k, block, map);
  const double explained = dot_plain((int64_t)p * k, cross, map);
  const double energy = dot_plain((int64_t)d * k, image, a->E);
  double *const arrays[] = {image, cross, block, map};
  for (int i = 0; i < 4; ++i) free(arrays[i]);
  return 1 - explained / energy;
}

START_TEST(leakage_is_a_squared_sine) {
  for (int i = 2; i < 6; ++i) {
    problem m = make_problem(*shapes[i % 2], 0.8);
    answer a;
    ASSERT_DONE(solve_problem(&m, MPI_COMM_WORLD, every_method[i / 2], 0, 0.5, &a));
    const double expected = largest_sine_plain(&m, &a);
    ASSERT_AT_MOST(1e-6, expected);
    ASSERT_AT_MOST(fabs(a.scores.leakage - expected), 1e-10);
    free_answer(&a);
    free_problem(&m);
  }
}

START_TEST(leakage_of_predictions_is_a_share) {
  for (int i = 0; i < 2; ++i) {
    problem m = make_problem(*shapes[i], 0.8);
    answer a;
    ASSERT_DONE(solve_problem(&m, MPI_COMM_WORLD, &tv_supervised, 0, 0.5, &a));
    double *S = new_moment(&m, 0, 1, 0.5);
    const double expected = noise_share_plain(&m, &a, S);
    ASSERT_AT_MOST(1e-3, expected);
    ASSERT_AT_MOST(fabs(a.scores.leakage - expected), 1e-10);
    free(S);
    free_answer(&a);
    free_problem(&m);
  }
}

/* One-hot classes: the targets add up to one, and no direction of V predicts that from features
 * whose mean is nearly 0. What it has to do with the noise is chance, and does not count. */
START_TEST(constant_sums_of_targets_do_not_leak) {
  problem m = make_problem((problem_shape){6, 5, 3, 20000, 4}, 0.8);
  answer a;
  for (int row = 0; row < m.n; ++row) {
    double *y = m.rows + row * m.width + m.p + m.q;
    const double *x = m.rows + row * m.width;
    const int class = x[0] > 0 ? 0 : 1 + (x[1] > 0);
    for (int t = 0; t < m.l; ++t) y[t] = class == t;
  }
  take_moments(&m);
  ASSERT_DONE(solve_problem(&m, MPI_COMM_WORLD, &tv_supervised, 0, 0.5, &a));
  ASSERT_AT_MOST(a.scores.leakage, 20. * m.q / m.n);
  ASSERT_AT_MOST(0.1, largest_sine_plain(&m, &a));
  free_answer(&a);
  free_problem(&m);
}

/* Encoders made by hand: T has one column, at some angle to the important components, or, at last,
 * none. */
START_TEST(leakage_of_known_angles) {
  problem m = make_problem(blocks_shape, 0.8);
  tv_grid *grid = NULL;
  tv_statistics *s = NULL;
  int status;
  ASSERT_DONE(open_statistics(&m, 0, 0.5, &grid, &s, &status));
  const double angles[] = {0, 0.3, 0.785398163397448, 1.2, 1.570796326794897, 0};
  for (int i = 0; i < 6; ++i) {
    tv_solution solution = {0};
    double *T = new_array((int64_t)m.d * m.l), leakage;
    ASSERT_DONE(tv_supervised.solve(s, 0, &solution, &status));
    T[m.p - 1] = i < 5 ? 3 * cos(angles[i]) : 0;
    T[m.p] = i < 5 ? 3 * sin(angles[i]) : 0;
    tv_distmat_scatter(T, solution.whitened);
    ASSERT_DONE(tv_leakage(&tv_supervised, s, &solution, &leakage));
    ASSERT_AT_MOST(fabs(leakage - pow(sin(angles[i]), 2)), 8 * DBL_EPSILON);
    tv_solution_destroy(&solution);
    free(T);
  }
  tv_statistics_destroy(&s);
  tv_grid_destroy(&grid);
  free_problem(&m);
}

/* Noise a million times the signal, and an augmentation that ignores it. */
START_TEST(encoders_of_strong_noise_leak) {
  for (int i = 0; i < 4; ++i) {
    problem m = make_problem(*shapes[i % 2], 0.8);
    answer a;
    for (int j = 0; j < m.q; ++j) m.gamma[j] = 1e6;
    ASSERT_DONE(solve_problem(&m, MPI_COMM_WORLD, every_method[1 + i / 2], 0, 0, &a));
    ASSERT_AT_MOST(fabs(a.scores.leakage - largest_sine_plain(&m, &a)), 1e-10);
    ASSERT_AT_MOST(0.9, a.scores.leakage);
    ASSERT_AT_MOST(a.scores.leakage, 1 + 1e-12);
    free_answer(&a);
    free_problem(&m);
  }
}

/* ---- One answer on every grid ---- */

static double scores_apart(const answer *a, const answer *b) {
  const double ours[] = {a->scores.score, a->scores.leakage, a->scores.optimality.optimum,
                         a->scores.optimality.objective};
  const double others[] = {b->scores.score, b->scores.leakage, b->scores.optimality.optimum,
                           b->scores.optimality.objective};
  double largest = 0;
  for (int i = 0; i < 4; ++i)
    largest = fmax(largest, fabs(ours[i] - others[i]) / fmax(1e-3, fabs(ours[i])));
  return largest;
}

/* Encoders too, up to the sign of each row. */
static double encoders_apart(const answer *a, const answer *b) {
  double largest = 0;
  for (int c = 0; c < a->k; ++c) {
    const double *x = a->E + c * a->d, *y = b->E + c * b->d;
    const double sign = dot_plain(a->d, x, y) < 0 ? -1 : 1, norm = norm_plain(a->d, x);
    for (int i = 0; i < a->d; ++i) largest = fmax(largest, fabs(x[i] - sign * y[i]) / norm);
  }
  return largest;
}

START_TEST(a_grid_answers_as_one_rank_does) {
  for (int i = 0; i < 12; ++i) {
    problem m = make_problem(*shapes[i % 2], 0.8);
    answer together, alone;
    ASSERT_DONE(solve_problem(&m, MPI_COMM_WORLD, every_method[i / 4], i / 2 % 2, 0.5, &together));
    ASSERT_DONE(solve_problem(&m, MPI_COMM_SELF, every_method[i / 4], i / 2 % 2, 0.5, &alone));
    ASSERT_AT_MOST(scores_apart(&together, &alone), 1e-10);
    ASSERT_AT_MOST(encoders_apart(&together, &alone), 1e-8); /* eigenvectors: eps / gap */
    free_answer(&together);
    free_answer(&alone);
    free_problem(&m);
  }
}

/* The same ranks give the same bits, whichever of them comes first to a sum: each repetition delays
 * another one. */
START_TEST(repetitions_give_the_same_bits) {
  enum { REPETITIONS = 14 };
  for (int i = 0; i < 3; ++i) {
    problem m = make_problem(blocks_shape, 0.8);
    answer first, again;
    ASSERT_DONE(solve_problem(&m, MPI_COMM_WORLD, every_method[i], 0, 0.5, &first));
    for (int turn = 0; turn < REPETITIONS; ++turn) {
      MPI_Barrier(MPI_COMM_WORLD);
      if (turn % world_size() == world_rank()) usleep(2000);
      ASSERT_DONE(solve_problem(&m, MPI_COMM_WORLD, every_method[i], 0, 0.5, &again));
      const size_t size = (size_t)first.d * (size_t)first.k * sizeof(double);
      ASSERT_ALL(memcmp(again.E, first.E, size) == 0);
      ASSERT_ALL(memcmp(again.T, first.T, size) == 0);
      ASSERT_ALL(scores_apart(&again, &first) == 0);
      free_answer(&again);
    }
    free_answer(&first);
    free_problem(&m);
  }
}

/* Rows of RC and JE have free signs: the entry largest in size is positive, and T, E and D agree.
 */
START_TEST(largest_entries_are_positive) {
  for (int i = 2; i < 6; ++i) {
    problem m = make_problem(*shapes[i % 2], 0.8);
    answer a;
    ASSERT_DONE(solve_problem(&m, MPI_COMM_WORLD, every_method[i / 2], 0, 0.5, &a));
    double *S = new_moment(&m, 0, 1, 0.5), *A = new_moment(&m, 0, 0, 0);
    double *of_s = new_product(0, 0, a.d, a.d, a.k, S, a.E);
    double *of_a = new_product(0, 0, a.d, a.d, a.k, A, a.E);
    for (int c = 0; c < a.k; ++c) {
      const double *e = a.E + c * a.d, *t = a.T + c * a.d;
      int largest = 0;
      for (int j = 1; j < a.d; ++j)
        if (fabs(e[j]) > fabs(e[largest])) largest = j;
      ASSERT_ALL(e[largest] > 0);
      /* S e = L t, whose first entry is L_11 t_1 */
      ASSERT_AT_MOST(fabs(of_s[c * a.d] - sqrt(S[0]) * t[0]), 1e-10);
    }
    if (a.D)
      ASSERT_AT_MOST(largest_difference((int64_t)a.d * a.k, of_a, a.D),
                     1e-10 * norm_plain((int64_t)a.d * a.k, of_a));
    double *const arrays[] = {S, A, of_s, of_a};
    for (int j = 0; j < 4; ++j) free(arrays[j]);
    free_answer(&a);
    free_problem(&m);
  }
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  TCase *tests = tcase_create("scores");
  tcase_add_test(tests, scores_are_losses_over_rows);
  tcase_add_test(tests, representations_of_few_rows_are_probed);
  tcase_add_test(tests, weak_rows_are_probed);
  tcase_add_test(tests, endless_alignment_recovers_the_clean_score);
  tcase_add_test(tests, a_change_of_basis_changes_nothing);
  tcase_add_test(tests, leakage_is_a_squared_sine);
  tcase_add_test(tests, leakage_of_predictions_is_a_share);
  tcase_add_test(tests, constant_sums_of_targets_do_not_leak);
  tcase_add_test(tests, leakage_of_known_angles);
  tcase_add_test(tests, encoders_of_strong_noise_leak);
  tcase_add_test(tests, a_grid_answers_as_one_rank_does);
  tcase_add_test(tests, repetitions_give_the_same_bits);
  tcase_add_test(tests, largest_entries_are_positive);
  return run_tests(tests);
}
