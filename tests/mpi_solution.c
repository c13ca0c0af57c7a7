#include "support/problem.h"

static const problem_shape *const shapes[] = {&small_shape, &blocks_shape};

/* ---- Statistics ---- */

/* Cauchy-Schwarz bounds what n products can add up to, each rounded a few times. */
static double statistics_error(const problem *m, int d, const double *found, const double *direct) {
  double largest = 0;
  for (int i = 0; i < d; ++i)
    for (int j = 0; j < d; ++j)
      largest = fmax(largest, fabs(found[i * d + j] - direct[i * d + j]) /
                                  sqrt(direct[i * (d + 1)] * direct[j * (d + 1)]));
  return largest / (m->n * DBL_EPSILON);
}

static double *new_cross(const problem *m, int d) {
  double *b = new_array((int64_t)d * m->l);
  for (int t = 0; t < m->l; ++t)
    for (int i = 0; i < d; ++i) {
      long double sum = 0;
      for (int row = 0; row < m->n; ++row)
        sum += (long double)input_of(m, row, i) * target_of(m, row)[t];
      b[t * d + i] = (double)(sum / m->n);
    }
  return b;
}

static void check_statistics(const problem *m, const tv_statistics *s, int is_clean) {
  const int d = is_clean ? m->p : m->d;
  double *A = new_moment(m, is_clean, 0, 0), *S = new_moment(m, is_clean, 1, 0.7);
  double *B = new_cross(m, d), *found_A = gathered(s->A), *found_S = gathered(s->S);
  double *found_B = gathered(s->B), yy = 0;
  for (int row = 0; row < m->n; ++row)
    yy += dot_plain(m->l, target_of(m, row), target_of(m, row)) / m->n;
  ASSERT_ALL(s->d == d && s->p == m->p && s->l == m->l);
  ASSERT_AT_MOST(statistics_error(m, d, found_A, A), 4);
  ASSERT_AT_MOST(statistics_error(m, d, found_S, S), 4);
  ASSERT_AT_MOST(largest_difference((int64_t)d * m->l, found_B, B),
                 4 * m->n * DBL_EPSILON * sqrt(A[0] * yy));
  ASSERT_AT_MOST(fabs(s->yy - yy), 4 * m->n * DBL_EPSILON * yy);
  double *L = gathered(s->L);
  for (int j = 0; j < d; ++j) memset(L + j * d, 0, (size_t)j * sizeof(*L));
  double *product = new_product(0, 1, d, d, d, L, L);
  ASSERT_AT_MOST(largest_difference((int64_t)d * d, product, S),
                 4 * d * DBL_EPSILON * norm_plain((int64_t)d * d, S));
  double *const arrays[] = {A, S, B, found_A, found_S, found_B, L, product};
  for (int i = 0; i < 8; ++i) free(arrays[i]);
}

START_TEST(statistics_are_direct_sums) {
  for (int shape = 0; shape < 2; ++shape)
    for (int is_clean = 0; is_clean < 2; ++is_clean) {
      problem m = make_problem(*shapes[shape], 0.8);
      tv_grid *grid = NULL;
      tv_statistics *s = NULL;
      int status = -1;
      ASSERT_DONE(open_statistics(&m, is_clean, 0.7, &grid, &s, &status));
      ASSERT_ALL(status == 0 && s->C == s->A && s->G == s->A);
      check_statistics(&m, s, is_clean);
      tv_statistics_destroy(&s);
      tv_grid_destroy(&grid);
      free_problem(&m);
    }
}

/* A component without any variance: the pivot of its row is exactly 0. */
START_TEST(singular_statistics_have_a_status) {
  problem m = make_problem(blocks_shape, 0.8);
  tv_grid *grid = NULL;
  tv_statistics *s = NULL;
  int status = 0;
  m.gamma[3] = m.theta[m.p + 3] = 0;
  ASSERT_DONE(open_statistics(&m, 0, 1, &grid, &s, &status));
  ASSERT_ALL(status == m.p + 4);
  tv_statistics_destroy(&s);
  tv_grid_destroy(&grid);
  free_problem(&m);
}

/* ---- Objectives, from their definitions ---- */

/* A problem's matrices on every rank. */
typedef struct {
  int d, l;
  double *A, *S, *B, yy;
} matrices;

static matrices take_matrices(const problem *m, double alpha) {
  matrices w = {m->d, m->l, new_moment(m, 0, 0, 0), new_moment(m, 0, 1, alpha), new_cross(m, m->d),
                0};
  for (int row = 0; row < m->n; ++row)
    w.yy += dot_plain(m->l, target_of(m, row), target_of(m, row)) / m->n;
  return w;
}

static void free_matrices(matrices *w) {
  free(w->A);
  free(w->S);
  free(w->B);
}

/* E' M E for the d x k array E. */
static double *new_form(int d, int k, const double *M, const double *E) {
  double *image = new_product(0, 0, d, d, k, M, E);
  double *form = new_product(1, 0, k, d, k, E, image);
  free(image);
  return form;
}

/* (1/n) sum E |x - D E tau(x)|^2. */
static double reconstruction_of(const matrices *w, int k, const double *E, const double *D) {
  double *image = new_product(0, 0, w->d, w->d, k, w->A, E), *code = new_form(w->d, k, w->S, E);
  double *gram = new_product(1, 0, k, w->d, k, D, D);
  double total =
      -2 * dot_plain((int64_t)w->d * k, D, image) + dot_plain((int64_t)k * k, gram, code);
  for (int i = 0; i < w->d; ++i) total += w->A[i * (w->d + 1)];
  free(image);
  free(code);
  free(gram);
  return total;
}

/* (1/n) sum E |W tau1(x) - W tau2(x)|^2 of W whitened: 2 k - 2 tr (W S W')^-1 W G W'. */
static double embedding_of(const matrices *w, int k, const double *W) {
  double *whitening = new_form(w->d, k, w->S, W), *gram = new_form(w->d, k, w->A, W);
  double total = 2 * k;
  solve_plain(k, k, whitening, gram);
  for (int i = 0; i < k; ++i) total -= 2 * gram[i * (k + 1)];
  free(whitening);
  free(gram);
  return total;
}

/* (1/n) sum E |y - V tau(x)|^2. */
static double supervision_of(const matrices *w, const double *V) {
  double *form = new_form(w->d, w->l, w->S, V);
  double total = w->yy - 2 * dot_plain((int64_t)w->d * w->l, V, w->B);
  for (int t = 0; t < w->l; ++t) total += form[t * (w->l + 1)];
  free(form);
  return total;
}

static double objective_of(const tv_method *method, const matrices *w, int k, const double *E,
                           const double *D) {
  if (method == &tv_supervised) return supervision_of(w, E);
  return method == &tv_joint_embedding ? embedding_of(w, k, E) : reconstruction_of(w, k, E, D);
}

/* The least objective among neighbours at many distances, less the one attained. */
static double best_gain(const tv_method *method, const matrices *w, const answer *a) {
  enum { TRIES = 12 };
  const int64_t count = (int64_t)w->d * a->k;
  double best = INFINITY;
  for (int trial = 0; trial < TRIES; ++trial) {
    double *E = new_normals((uint64_t)trial + 1, count), *D = new_normals(99, count);
    const double step = pow(10, -4.0 + trial / 2.0);
    for (int64_t i = 0; i < count; ++i) {
      E[i] = a->E[i] + step * E[i];
      D[i] = (a->D ? a->D[i] : 0) + (trial % 2 ? step : -step) * D[i];
    }
    best = fmin(best, objective_of(method, w, a->k, E, D) - a->scores.optimality.optimum);
    free(E);
    free(D);
  }
  return best;
}

static void check_optimality(const tv_method *method, const matrices *w, const answer *a) {
  const double optimum = a->scores.optimality.optimum, attained = a->scores.optimality.objective;
  const double direct = objective_of(method, w, a->k, a->E, a->D);
  ASSERT_AT_MOST(fabs(attained - optimum), 1e-10 * fabs(optimum));
  ASSERT_AT_MOST(fabs(direct - optimum), 1e-10 * fabs(optimum));
  ASSERT_AT_MOST(a->scores.optimality.residual, 1e-10);
  ASSERT_AT_MOST(1e-10 * fabs(optimum), best_gain(method, w, a));
}

static void check_whitening(const tv_method *method, const matrices *w, const answer *a) {
  double *form = new_form(w->d, a->k, w->S, a->E);
  double *image = new_product(0, 0, w->d, w->d, a->k, w->A, a->E);
  const double departure = departure_plain(a->k, form),
               reported = a->scores.optimality.orthonormality;
  if (method == &tv_supervised) {
    ASSERT_ALL(isnan(reported) && !a->D && !a->values);
  } else {
    ASSERT_AT_MOST(departure, 1e-10);
    ASSERT_AT_MOST(reported, 1e-10);
  }
  if (method == &tv_reconstruction)
    ASSERT_AT_MOST(largest_difference((int64_t)w->d * a->k, image, a->D),
                   w->d * DBL_EPSILON * norm_plain((int64_t)w->d * a->k, image));
  free(form);
  free(image);
}

START_TEST(solutions_attain_an_optimum) {
  for (int shape = 0; shape < 2; ++shape)
    for (int method = 0; method < 3; ++method) {
      problem m = make_problem(*shapes[shape], 0.8);
      matrices w = take_matrices(&m, 0.5);
      answer a;
      ASSERT_DONE(solve_problem(&m, MPI_COMM_WORLD, every_method[method], 0, 0.5, &a));
      ASSERT_ALL(a.k == (every_method[method] == &tv_supervised ? m.l : m.k));
      check_optimality(every_method[method], &w, &a);
      check_whitening(every_method[method], &w, &a);
      free_answer(&a);
      free_matrices(&w);
      free_problem(&m);
    }
}

/* The residual check measures and does not assume: an encoder that is off is found to be. */
START_TEST(validation_sees_a_wrong_encoder) {
  problem m = make_problem(blocks_shape, 0.8);
  tv_grid *grid = NULL;
  tv_statistics *s = NULL;
  int status;
  ASSERT_DONE(open_statistics(&m, 0, 0.5, &grid, &s, &status));
  for (int method = 0; method < 3; ++method) {
    tv_solution solution = {0};
    tv_scores scores;
    ASSERT_DONE(every_method[method]->solve(s, m.k, &solution, &status));
    const tv_distmat *E = solution.encoder;
    for (int64_t i = 0; i < (int64_t)E->leading * E->local_columns; ++i) E->data[i] *= 1.001;
    ASSERT_DONE(tv_scores_evaluate(every_method[method], s, &solution, &scores));
    const tv_optimality found = scores.optimality;
    ASSERT_AT_MOST(5e-4 * (every_method[method] != &tv_joint_embedding), found.residual);
    if (every_method[method] != &tv_supervised) {
      ASSERT_AT_MOST(fabs(found.orthonormality - 0.002001), 1e-9);
    }
    tv_solution_destroy(&solution);
  }
  tv_statistics_destroy(&s);
  tv_grid_destroy(&grid);
  free_problem(&m);
}

/* The weakest row of a graded problem, made wrong by 1e-3: beside the others its residual is below
 * 1e-9, beside its own terms it is 1e-3 times the distance of the values, nearly all of theirs. */
START_TEST(validation_sees_one_wrong_row) {
  const problem_shape shape = {8, 0, 2, 300, 8};
  problem m = make_problem(shape, 0);
  tv_grid *grid = NULL;
  tv_statistics *s = NULL;
  int status;
  for (int j = 0; j < m.d; ++j) m.theta[j] = 0.1;
  for (int row = 0; row < m.n; ++row)
    for (int j = 0; j < m.p; ++j) m.rows[row * m.width + j] *= pow(10, -0.3 * j);
  take_moments(&m);
  ASSERT_DONE(open_statistics(&m, 0, 0, &grid, &s, &status));
  for (int method = 1; method < 3; ++method) {
    tv_solution solution = {0};
    tv_scores scores;
    ASSERT_DONE(every_method[method]->solve(s, m.k, &solution, &status));
    double *E = gathered(solution.encoder);
    for (int i = 0; i < m.d; ++i) E[7 * m.d + i] += 1e-3 * E[6 * m.d + i];
    tv_distmat_scatter(E, solution.encoder);
    ASSERT_DONE(tv_scores_evaluate(every_method[method], s, &solution, &scores));
    ASSERT_AT_MOST(5e-4, scores.optimality.residual);
    ASSERT_AT_MOST(scores.optimality.whole_residual, 1e-5);
    free(E);
    tv_solution_destroy(&solution);
  }
  tv_statistics_destroy(&s);
  tv_grid_destroy(&grid);
  free_problem(&m);
}

/* ---- Nothing to learn, and nothing to learn it from ---- */

static void check_residuals(const answer *a) {
  ASSERT_AT_MOST(a->scores.optimality.residual, 1e-10);
  ASSERT_AT_MOST(a->scores.optimality.whole_residual, 1e-10);
}

/* One target, or all, are 0 in every row: a rare class in a small subsample. V has a row of zeros
 * for it, and nothing is lost. */
START_TEST(targets_that_are_zero_are_solved) {
  for (int i = 0; i < 6; ++i) {
    problem m = make_problem(small_shape, 0.8);
    const int first = i % 2 ? 0 : m.l - 1;
    answer a;
    for (int row = 0; row < m.n; ++row)
      for (int t = first; t < m.l; ++t) m.rows[row * m.width + m.d + t] = 0;
    take_moments(&m);
    ASSERT_DONE(solve_problem(&m, MPI_COMM_WORLD, every_method[i / 2], 0, 0.5, &a));
    check_residuals(&a);
    if (first == 0) ASSERT_ALL(a.scores.score == 0);
    if (i < 2) ASSERT_ALL(norm_plain(m.d, a.E + (m.l - 1) * m.d) == 0);
    if (i == 1) ASSERT_ALL(a.scores.leakage == 0 && a.scores.optimality.optimum == 0);
    free_answer(&a);
    free_problem(&m);
  }
}

/* More rows of an encoder than directions of the inputs: fewer samples than rows, or inputs that
 * are all 0. The others are free, and not wrong whatever they are. */
START_TEST(encoders_of_few_directions_are_solved) {
  const problem_shape shape = {6, 5, 3, 7, 9};
  for (int i = 0; i < 4; ++i) {
    problem m = make_problem(shape, 0.8);
    answer a;
    for (int row = 0; i / 2 && row < m.n; ++row)
      for (int j = 0; j < m.d; ++j) m.rows[row * m.width + j] = 0;
    take_moments(&m);
    ASSERT_DONE(solve_problem(&m, MPI_COMM_WORLD, every_method[1 + i % 2], 0, 0.5, &a));
    check_residuals(&a);
    free_answer(&a);
    free_problem(&m);
  }
}

/* In units of 1e-90 the squares of squares vanish, but no residual does. */
START_TEST(small_units_are_solved) {
  for (int method = 0; method < 3; ++method) {
    problem m = make_problem(small_shape, 0.8);
    answer a;
    for (int64_t i = 0; i < (int64_t)m.n * m.width; ++i)
      if (i % m.width < m.p) m.rows[i] *= 1e-90;
    for (int j = 0; j < m.d; ++j) m.theta[j] *= 1e-180;
    for (int j = 0; j < m.q; ++j) m.gamma[j] *= 1e-180;
    take_moments(&m);
    ASSERT_DONE(solve_problem(&m, MPI_COMM_WORLD, every_method[method], 0, 0.5, &a));
    ASSERT_ALL(a.scores.optimality.residual > 0);
    check_residuals(&a);
    free_answer(&a);
    free_problem(&m);
  }
}

/* ---- Spectra and subspaces, against Jacobi's method ---- */

/* The values of a pencil N v = value S v from those of S^-1/2 N S^-1/2. */
static void pencil_values(int d, const double *N, const double *S, double *values) {
  double *spectrum = new_array(d), *Q = new_array((int64_t)d * d),
         *root = new_array((int64_t)d * d);
  jacobi(d, S, spectrum, Q);
  for (int j = 0; j < d; ++j)
    for (int i = 0; i < d; ++i) root[j * d + i] = Q[j * d + i] / sqrt(spectrum[j]);
  double *form = new_form(d, d, N, root);
  jacobi(d, form, values, NULL);
  free(spectrum);
  free(Q);
  free(root);
  free(form);
}

START_TEST(values_are_those_of_the_pencil) {
  for (int shape = 0; shape < 2; ++shape) {
    problem m = make_problem(*shapes[shape], 0.8);
    matrices w = take_matrices(&m, 0.5);
    double *square = new_product(0, 0, m.d, m.d, m.d, w.A, w.A), *values = new_array(m.d);
    answer a;
    pencil_values(m.d, w.A, w.S, values);
    ASSERT_DONE(solve_problem(&m, MPI_COMM_WORLD, &tv_joint_embedding, 0, 0.5, &a));
    ASSERT_AT_MOST(largest_difference(m.k, a.values, values), m.d * 1e-14 * values[0]);
    free_answer(&a);
    pencil_values(m.d, square, w.S, values);
    ASSERT_DONE(solve_problem(&m, MPI_COMM_WORLD, &tv_reconstruction, 0, 0.5, &a));
    ASSERT_AT_MOST(largest_difference(m.k, a.values, values), m.d * 1e-14 * values[0]);
    free_answer(&a);
    free(square);
    free(values);
    free_matrices(&w);
    free_problem(&m);
  }
}

/* |E - Q Q'E| / |E| for the k leading eigenvectors Q of A, and the gap that it may be divided by.
 */
static double distance_to_pca(const matrices *w, const answer *a, double *relative_gap) {
  double *values = new_array(w->d), *Q = new_array((int64_t)w->d * w->d);
  jacobi(w->d, w->A, values, Q);
  double *inside = new_product(1, 0, a->k, w->d, a->k, Q, a->E);
  double *projected = new_product(0, 0, w->d, a->k, a->k, Q, inside);
  *relative_gap = (values[a->k - 1] - values[a->k]) / values[0];
  const int64_t count = (int64_t)w->d * a->k;
  for (int64_t i = 0; i < count; ++i) projected[i] -= a->E[i];
  const double distance = norm_plain(count, projected) / norm_plain(count, a->E);
  free(values);
  free(Q);
  free(inside);
  free(projected);
  return distance;
}

/* Nothing augmented: S = A, so that RC is PCA and JE has nothing to lose. */
START_TEST(without_augmentation_reconstruction_is_pca) {
  for (int shape = 0; shape < 2; ++shape) {
    problem m = make_problem(*shapes[shape], 0.8);
    memset(m.theta, 0, (size_t)m.d * sizeof(*m.theta));
    matrices w = take_matrices(&m, 0);
    double gap;
    answer a;
    ASSERT_DONE(solve_problem(&m, MPI_COMM_WORLD, &tv_reconstruction, 0, 0, &a));
    const double distance = distance_to_pca(&w, &a, &gap);
    ASSERT_AT_MOST(distance, 100 * m.d * DBL_EPSILON / gap);
    free_answer(&a);
    ASSERT_DONE(solve_problem(&m, MPI_COMM_WORLD, &tv_joint_embedding, 0, 0, &a));
    ASSERT_AT_MOST(fabs(a.scores.optimality.optimum), 2 * m.k * m.d * DBL_EPSILON);
    free_answer(&a);
    free_matrices(&w);
    free_problem(&m);
  }
}

/* Variances from 1 to 1e-9, and the features turned so that no entry of A is small: the squares of
 * the last phi are lost in the rounding of the first, and only the singular values of C L^-T show
 * them, not the eigenvalues of its Gram matrix. With theta constant, phi = s / sqrt(s + theta). */
START_TEST(wide_spectra_are_solved_by_singular_values) {
  const problem_shape shape = {40, 0, 2, 300, 30};
  problem m = make_problem(shape, 0);
  double values[40];
  answer a;
  for (int j = 0; j < m.d; ++j) m.theta[j] = 0.1;
  for (int row = 0; row < m.n; ++row)
    for (int j = 0; j < m.p; ++j) m.rows[row * m.width + j] *= pow(1e-9, j / (m.p - 1.0) / 2);
  turn_features(&m);
  double *A = new_moment(&m, 1, 0, 0), *S = new_moment(&m, 1, 1, 0);
  jacobi(m.d, A, values, NULL);
  ASSERT_DONE(solve_problem(&m, MPI_COMM_WORLD, &tv_reconstruction, 0, 0, &a));
  for (int j = 0; j < m.k; ++j) {
    const double phi = values[j] / sqrt(values[j] + 0.1);
    /* known to d eps of the largest one */
    ASSERT_AT_MOST(fabs(sqrt(a.values[j]) - phi), 10 * m.d * DBL_EPSILON * sqrt(values[0]));
  }
  double *form = new_form(m.d, m.k, S, a.E);
  ASSERT_AT_MOST(departure_plain(m.k, form), 1e-10);
  free(form);
  free(A);
  free(S);
  free_answer(&a);
  free_problem(&m);
}

/* ---- Small losses of large traces ---- */

/* Of 40 features the first `large` have moments in pairs, [[a + b, a - b], [a - b, a + b]] / 40
 * with a, b near 1e16 * 40 / 2, the others of 1 to 2, each by itself; theta is 1/2. The first
 * target is the first feature. */
static problem make_large_problem(int large) {
  const problem_shape shape = {40, 0, 2, 40, large};
  problem m = make_problem(shape, 0);
  memset(m.rows, 0, (size_t)m.n * (size_t)m.width * sizeof(*m.rows));
  for (int i = 0; i < m.n; ++i) {
    double *row = m.rows + (int64_t)i * m.width;
    const double size = sqrt(m.n) * (i < large ? 1e8 * (1 + i / 20.0) : 1 + i / 40.0);
    row[i] = size;
    if (i < large) row[i ^ 1] = i % 2 ? -size : size;
    row[m.d] = row[0];
    m.theta[i] = 0.5;
  }
  take_moments(&m);
  return m;
}

/* sum theta s / (s + theta) over the variances s, and sum s^2 / (s + theta) of those discarded. */
static double least_loss_plain(const problem *m, double *trace) {
  double loss = 0;
  *trace = 0;
  for (int i = 0; i < m->d; ++i) {
    const double size = m->rows[(int64_t)i * m->width + i];
    const double s = (i < m->k ? 2 : 1) * size * size / m->n;
    loss += 0.5 * s / (s + 0.5) + (i < m->k ? 0 : s * s / (s + 0.5));
    *trace += s;
  }
  return loss;
}

/* Pairs by selection (6 of 40) and all of them; sums of squares of what rounding leaves of the
 * trace are all that may be amiss. */
START_TEST(small_losses_keep_their_digits) {
  for (int i = 0; i < 4; ++i) {
    problem m = make_large_problem(i / 2 ? 6 : 20);
    const tv_method *method = every_method[1 + i % 2];
    double trace, expected = least_loss_plain(&m, &trace);
    answer a;
    ASSERT_DONE(solve_problem(&m, MPI_COMM_WORLD, method, 0, 0, &a));
    const tv_optimality *found = &a.scores.optimality;
    if (method == &tv_reconstruction) {
      const double rounding = pow(m.d * DBL_EPSILON, 2) * trace + 10 * m.d * DBL_EPSILON * expected;
      ASSERT_AT_MOST(fabs(found->objective - expected), rounding);
      ASSERT_AT_MOST(fabs(found->optimum - expected), rounding);
    } else {
      expected = 0;
      for (int j = 0; j < m.k; ++j) expected += 1 / (2e16 * pow(1 + j / 20.0, 2)); /* 2 theta / s */
      ASSERT_AT_MOST(fabs(found->objective - expected), 10 * m.d * DBL_EPSILON * expected);
      ASSERT_ALL(found->optimum >= 0);
      ASSERT_AT_MOST(found->optimum, 2 * m.k * m.d * DBL_EPSILON);
    }
    free_answer(&a);
    free_problem(&m);
  }
}

/* Targets that the features give exactly, so that every loss is the rounding of its terms: over
 * many problems, of one sign and the other. */
START_TEST(no_mean_square_is_negative) {
  for (int i = 0; i < 60; ++i) {
    const problem_shape shape = {2 + i % 5, i % 3, 2, 30, 7};
    problem m = make_problem(shape, i % 4);
    answer a;
    m.k = m.d;
    for (int row = 0; row < m.n; ++row)
      for (int t = 0; t < m.l; ++t)
        m.rows[row * m.width + m.d + t] = (3 + t) * m.rows[row * m.width + t];
    for (int j = 0; j < m.d; ++j) m.theta[j] = 1e-18;
    take_moments(&m);
    ASSERT_DONE(solve_problem(&m, MPI_COMM_WORLD, every_method[i % 3], 0, 0, &a));
    ASSERT_ALL(a.scores.score >= 0 && a.scores.optimality.objective >= 0);
    ASSERT_ALL(a.scores.optimality.optimum >= 0);
    ASSERT_ALL(a.scores.leakage >= 0 && a.scores.leakage <= 1);
    free_answer(&a);
    free_problem(&m);
  }
}

/* (1/n) sum |x - E'E x|^2, by rows. */
static double lost_by_rows(const problem *m, const answer *a) {
  long double loss = 0;
  for (int row = 0; row < m->n; ++row) {
    double x[256], back[256] = {0};
    for (int i = 0; i < m->d; ++i) x[i] = input_of(m, row, i);
    for (int c = 0; c < a->k; ++c) {
      const double z = dot_plain(m->d, a->E + (int64_t)c * m->d, x);
      for (int i = 0; i < m->d; ++i) back[i] += z * a->E[(int64_t)c * m->d + i];
    }
    for (int i = 0; i < m->d; ++i) loss += (x[i] - back[i]) * (x[i] - back[i]);
  }
  return (double)(loss / m->n);
}

START_TEST(principal_components_lose_least) {
  for (int shape = 0; shape < 2; ++shape) {
    problem m = make_problem(*shapes[shape], 0.8);
    answer a;
    ASSERT_DONE(solve_problem(&m, MPI_COMM_WORLD, &tv_pca, 0, 0.5, &a));
    const tv_optimality *o = &a.scores.optimality;
    double *gram = new_product(1, 0, a.k, m.d, a.k, a.E, a.E);
    ASSERT_ALL(m.d <= 256 && a.k == m.k && !a.D);
    ASSERT_AT_MOST(departure_plain(a.k, gram), m.d * DBL_EPSILON);
    ASSERT_AT_MOST(fabs(o->objective - lost_by_rows(&m, &a)), 1e-12 * o->objective);
    ASSERT_AT_MOST(fabs(o->objective - o->optimum), 1e-12 * o->objective);
    ASSERT_AT_MOST(o->residual, m.d * DBL_EPSILON);
    ASSERT_ALL(a.scores.leakage > 0 && a.scores.leakage <= 1);
    free(gram);
    free_answer(&a);
    free_problem(&m);
  }
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  TCase *tests = tcase_create("solution");
  tcase_add_test(tests, statistics_are_direct_sums);
  tcase_add_test(tests, singular_statistics_have_a_status);
  tcase_add_test(tests, solutions_attain_an_optimum);
  tcase_add_test(tests, validation_sees_a_wrong_encoder);
  tcase_add_test(tests, validation_sees_one_wrong_row);
  tcase_add_test(tests, targets_that_are_zero_are_solved);
  tcase_add_test(tests, encoders_of_few_directions_are_solved);
  tcase_add_test(tests, small_units_are_solved);
  tcase_add_test(tests, values_are_those_of_the_pencil);
  tcase_add_test(tests, without_augmentation_reconstruction_is_pca);
  tcase_add_test(tests, wide_spectra_are_solved_by_singular_values);
  tcase_add_test(tests, small_losses_keep_their_digits);
  tcase_add_test(tests, no_mean_square_is_negative);
  tcase_add_test(tests, principal_components_lose_least);
  return run_tests(tests);
}
