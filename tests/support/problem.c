#include "problem.h"

const problem_shape small_shape = {6, 5, 3, 60, 4};
const problem_shape blocks_shape = {40, 37, 5, 300, 20};

const tv_method *const every_method[] = {&tv_supervised, &tv_reconstruction, &tv_joint_embedding};

void take_moments(problem *m) {
  for (int i = 0; i < m->width; ++i)
    for (int j = 0; j < m->width; ++j) {
      long double sum = 0;
      for (int row = 0; row < m->n; ++row)
        sum += (long double)m->rows[row * m->width + i] * m->rows[row * m->width + j];
      m->moments.data[i * m->width + j] = (double)sum;
    }
}

void turn_features(problem *m) {
  double *v = new_normals(31, m->p);
  const double norm = norm_plain(m->p, v);
  for (int row = 0; row < m->n; ++row) {
    double *x = m->rows + row * m->width;
    const double along = dot_plain(m->p, x, v) / norm / norm;
    for (int j = 0; j < m->p; ++j) x[j] -= 2 * along * v[j];
  }
  free(v);
  take_moments(m);
}

/* Correlated features of variances 4 i^-decay, targets that depend on them, standard noise. */
static void fill_rows(problem *m, double decay) {
  const double *weights = new_normals(77, m->p * m->l);
  const int drawn = m->p + m->q + m->l;
  for (int row = 0; row < m->n; ++row) {
    double *u = m->rows + row * m->width;
    tv_random_normals((tv_stream){5, TV_FOR_FEATURES, 0}, (uint64_t)row, drawn, u);
    for (int j = m->p - 1; j > 0; --j) u[j] += 0.3 * u[j - 1];
    for (int t = 0; t < m->l; ++t) {
      double *y = u + m->p + m->q + t;
      *y *= 0.2;
      for (int j = 0; j < m->p; ++j) *y += weights[t * m->p + j] * u[j] / sqrt(m->p);
    }
    for (int j = 0; j < m->p; ++j) u[j] *= 2 * pow(j + 1, -decay / 2);
    u[m->width - 1] = 1;
  }
  free((void *)weights);
}

problem make_problem(problem_shape shape, double decay) {
  problem m = {.p = shape.p, .q = shape.q, .l = shape.l, .n = shape.n, .k = shape.k};
  m.d = m.p + m.q;
  m.width = m.d + m.l + 1;
  m.size = m.n;
  m.rows = new_array((int64_t)m.n * m.width);
  m.gamma = new_array(m.q);
  m.theta = new_array(m.d);
  m.moments = (tv_moments){.p = m.p,
                           .q = m.q,
                           .l = m.l,
                           .width = m.width,
                           .replicates = 1,
                           .levels = 1,
                           .data = new_array((int64_t)m.width * m.width)};
  for (int j = 0; j < m.q; ++j) m.gamma[j] = 0.1 + 0.9 * (j * 7 % m.q) / m.q;
  for (int j = 0; j < m.d; ++j) m.theta[j] = 0.05 + 0.4 * (j * 5 % m.d) / m.d;
  fill_rows(&m, decay);
  take_moments(&m);
  return m;
}

void free_problem(problem *m) {
  free(m->rows);
  free(m->gamma);
  free(m->theta);
  free(m->moments.data);
}

/* Clean (gamma NULL) or corrupted statistics; the sizes are lent here because a problem may have
 * been copied. */
static tv_error *take_statistics(problem *m, const tv_grid *grid, int is_clean, double alpha,
                                 tv_statistics **out, int *status) {
  m->moments.sizes = &m->size;
  const tv_moment_matrix moments = tv_moments_at(&m->moments, 0, 0, 0);
  return tv_statistics_create(grid, &moments, is_clean ? NULL : m->gamma, m->theta, alpha, out,
                              status);
}

tv_error *open_statistics(problem *m, int is_clean, double alpha, tv_grid **grid, tv_statistics **s,
                          int *status) {
  TV_TRY(tv_grid_create(MPI_COMM_WORLD, TV_SMALL_BLOCK, grid));
  return take_statistics(m, *grid, is_clean, alpha, s, status);
}

static void take_answer(const tv_solution *solution, int d, answer *out) {
  out->d = d;
  out->k = solution->k;
  out->E = gathered(solution->encoder);
  out->T = gathered(solution->whitened);
  if (solution->decoder) out->D = gathered(solution->decoder);
  if (!solution->values) return;
  out->values = new_array(out->k);
  memcpy(out->values, solution->values, (size_t)out->k * sizeof(double));
}

static tv_error *answer_by(const tv_method *method, const tv_statistics *s, int k, answer *out) {
  tv_solution solution = {0};
  *out = (answer){0};
  tv_error *error = method->solve(s, k, &solution, &out->status);
  if (!error && out->status == 0) {
    error = tv_scores_evaluate(method, s, &solution, &out->scores);
    take_answer(&solution, s->d, out);
  }
  tv_solution_destroy(&solution);
  return error;
}

void free_answer(answer *a) {
  free(a->E);
  free(a->D);
  free(a->T);
  free(a->values);
  *a = (answer){0};
}

tv_error *solve_problem(problem *m, MPI_Comm comm, const tv_method *method, int is_clean,
                        double alpha, answer *out) {
  tv_grid *grid = NULL;
  tv_statistics *s = NULL;
  int status = 0;
  *out = (answer){0};
  tv_error *error = tv_grid_create(comm, TV_SMALL_BLOCK, &grid);
  if (!error) error = take_statistics(m, grid, is_clean, alpha, &s, &status);
  if (!error && status) error = tv_fail("S is not positive definite (%d)", status);
  if (!error) error = answer_by(method, s, m->k, out);
  if (!error && out->status) error = tv_fail("no convergence (%d)", out->status);
  tv_statistics_destroy(&s);
  tv_grid_destroy(&grid);
  return error;
}

double input_of(const problem *m, int row, int input) {
  const double u = m->rows[row * m->width + input];
  return input < m->p ? u : sqrt(m->gamma[input - m->p]) * u;
}

double *new_moment(const problem *m, int is_clean, int is_augmented, double alpha) {
  const int d = is_clean ? m->p : m->d;
  double *a = new_array((int64_t)d * d);
  for (int i = 0; i < d; ++i)
    for (int j = 0; j < d; ++j) {
      long double sum = 0;
      for (int row = 0; row < m->n; ++row)
        sum += (long double)input_of(m, row, i) * input_of(m, row, j);
      a[i * d + j] = (double)(sum / m->n);
      if (is_augmented && i == j)
        a[i * d + j] += m->theta[i] + (i < m->p ? 0 : alpha * alpha * m->gamma[i - m->p]);
    }
  return a;
}

const double *target_of(const problem *m, int row) {
  return m->rows + row * m->width + m->d;
}
