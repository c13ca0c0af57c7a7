#include <math.h>
#include <stdlib.h>

#include "twoview/base/comm.h"
#include "twoview/data/principal_choice.h"
#include "twoview/linalg/eigen.h"
#include "twoview/linalg/fortran.h"
#include "twoview/linalg/krylov.h"
#include "twoview/methods/method.h"
#include "twoview/plan/plan.h"
#include "twoview/random/random.h"
#include "twoview/studies/study.h"
#include "twoview/theory/prediction.h"

static const double while_measuring = 0.02; /* seconds for each rate */

/* What the model leaves out, to either side: runs took from 0.65 of the time at the best rates, on
 * few inputs, to 1.45 of that at the worst, on many inputs distributed over busy cores. */
static const double model_factor = 1.5;

/* Flops of the rank-b update each second. */
static double measure_update(int width, const double *rows, double *sum) {
  const int count = TV_BATCH;
  const double unit = 1, begun = MPI_Wtime();
  double flops = 0;
  do {
    dsyrk_("L", "N", &width, &count, &unit, rows, &width, &unit, sum, &width, 1, 1);
    flops += (double)count * width * width;
  } while (MPI_Wtime() - begun < while_measuring);
  return flops / (MPI_Wtime() - begun);
}

/* Flops each second of the product of a symmetric matrix, which memory bounds, and a vector: one
 * half of a reduction to tridiagonal form. */
static tv_error *measure_product(int order, double *rate) {
  const int size = order < 2048 ? order : 2048, one = 1;
  const double unit = 1, nothing = 0;
  double *matrix = NULL, *vectors = NULL, flops = 0;
  tv_error *error = tv_allocate((int64_t)size * size, sizeof(*matrix), &matrix);
  if (!error) error = tv_allocate(2 * size, sizeof(*vectors), &vectors);
  for (int64_t i = 0; !error && i < (int64_t)size * size; ++i) matrix[i] = 1;
  const double begun = MPI_Wtime();
  while (!error && (flops == 0 || MPI_Wtime() - begun < while_measuring)) {
    dsymv_("L", &size, &unit, matrix, &size, vectors, &one, &nothing, vectors + size, &one, 1);
    flops += 2.0 * size * size;
  }
  *rate = flops / (MPI_Wtime() - begun);
  free(vectors);
  free(matrix);
  return error;
}

/* Flops of products, on one rank, beside the tridiagonal form of the matrix: of all or some of its
 * vectors and, from rows, of their components and a QR decomposition. */
static double count_products(const tv_plan *plan) {
  const double order = plan->principal_order, inputs = plan->features, p = plan->components;
  const int selects = tv_eigen_selects(plan->principal_order, plan->components);
  const double vectors = (selects ? 0 : 2 * pow(order, 3)) + 2 * order * order * p;
  const double block = tv_krylov_block(plan->features, plan->components);
  if (plan->principal_solver == TV_PRINCIPAL_SUBSPACE)
    return vectors + 8 * (order / 2 + block) * inputs * block;
  if (plan->principal_solver == TV_PRINCIPAL_ROWS)
    return vectors + 2 * inputs * p * order + 4 * inputs * p * p;
  return vectors;
}

/* Seconds of the eigenproblem of the principal components, on one rank, in every pass. */
static tv_error *estimate_principal(const tv_plan *plan, double update_rate, double *seconds) {
  const double half = 2.0 / 3 * pow(plan->principal_order, 3);
  const int passes = plan->principal_solver == TV_PRINCIPAL_SUBSPACE ? TV_USUAL_PASSES : 1;
  double product_rate;
  *seconds = 0;
  if (plan->principal_order == 0) return NULL;
  TV_TRY(measure_product(plan->principal_order, &product_rate));
  *seconds = passes * (half / product_rate + (half + count_products(plan)) / update_rate);
  return NULL;
}

static double measure_normals(double *rows) {
  const tv_stream stream = {0, TV_FOR_NOISE, 0};
  int64_t indices[TV_BATCH] = {0};
  const double begun = MPI_Wtime();
  double drawn = 0;
  for (; MPI_Wtime() - begun < while_measuring; drawn += TV_BATCH * 64.0)
    tv_random_normal_rows(stream, indices, TV_BATCH, 0, 64, rows, 64);
  return drawn / (MPI_Wtime() - begun);
}

static void fill_matrix(tv_distmat *a) {
  for (int j = 0; j < a->columns; ++j)
    for (int i = 0; i < a->rows; ++i)
      a->data[(int64_t)j * a->leading + i] = cos(i * (double)j) + (i == j) * 9;
}

/* Flops each second of an eigenproblem, the costly part of a solution, of size d or of the largest
 * that takes no more than a moment. */
static tv_error *measure_solve(int d, double *rate) {
  const int size = d < 512 ? d : 512;
  tv_grid *grid = NULL;
  tv_distmat *a = NULL, *vectors = NULL;
  double *values = NULL;
  int status = 0;
  tv_error *error;
  TV_GO(tv_grid_create(MPI_COMM_SELF, TV_SMALL_BLOCK, &grid));
  TV_GO(tv_distmat_create(grid, size, size, &a));
  TV_GO(tv_distmat_create(grid, size, size, &vectors));
  TV_GO(tv_allocate(size, sizeof(*values), &values));
  const double flops = (4 + 4.0 / 3) * pow(size, 3), begun = MPI_Wtime();
  int runs = 0;
  for (; runs == 0 || MPI_Wtime() - begun < while_measuring; ++runs) {
    fill_matrix(a);
    TV_GO(tv_eigen_top(a, size, values, vectors, &status));
  }
  *rate = runs * flops / (MPI_Wtime() - begun);
done:
  free(values);
  tv_distmat_destroy(&vectors);
  tv_distmat_destroy(&a);
  tv_grid_destroy(&grid);
  return error;
}

/* Seconds of a prediction, which sums over the components: of a few that are like others, as many
 * times as there are more of them. */
static tv_error *measure_prediction(const tv_method *method, int p, int q, double *seconds) {
  enum { FEW = 50 };
  double signal[FEW], gamma[FEW], theta[2 * FEW], predicted;
  const int few_p = p < FEW ? p : FEW, few_q = q < FEW ? q : FEW, few = few_p + few_q;
  for (int i = 0; i < FEW; ++i) {
    signal[i] = 4 - 3.0 * i / FEW;
    gamma[i] = 3 + 7.0 * i / FEW;
    theta[i] = theta[FEW + i] = 0.5;
  }
  const double n = 1000.0 * few, begun = MPI_Wtime();
  const tv_components components = {few_p, few_p, few_q, signal, theta, gamma};
  TV_TRY(tv_alpha2_predicted(method, &components, n, TV_SIGNAL_DRAWN, &predicted));
  *seconds = (MPI_Wtime() - begun) * (p + q) / few;
  return NULL;
}

/* Every rank of a group predicts each threshold before the search for it. */
static tv_error *measure_predictions(const tv_experiment *e, const tv_plan *plan, double *seconds) {
  const int64_t groups = plan->layout.groups;
  double of_point = 0, one;
  *seconds = 0;
  if (!tv_study_of(e)->finds_alpha) return NULL;
  for (unsigned m = 0; m < e->methods_count; ++m) {
    TV_TRY(measure_prediction(tv_method_of(e->methods[m]), plan->p, plan->d - plan->p, &one));
    of_point += one;
  }
  *seconds =
      of_point * (double)plan->points / (double)(groups < plan->points ? groups : plan->points);
  return NULL;
}

/* Seconds that the plan takes at the rates of this moment. */
static tv_error *estimate_once(const tv_experiment *e, const tv_plan *plan, int width, double *rows,
                               double *sum, double *seconds) {
  double solve_rate, predicting, rotating;
  TV_TRY(measure_solve(plan->d, &solve_rate));
  TV_TRY(measure_predictions(e, plan, &predicting));
  const double drawing = plan->normals / measure_normals(rows);
  const double update_rate = measure_update(width, rows, sum);
  const double updating = plan->moment_flops / update_rate;
  TV_TRY(estimate_principal(plan, update_rate, &rotating));
  const int are_idle = plan->layout.groups == plan->ranks && plan->points < plan->ranks;
  const int busy = are_idle ? (int)plan->points : plan->ranks;
  const int parts = plan->moment_parts < plan->ranks ? (int)plan->moment_parts : plan->ranks;
  *seconds = (drawing + updating) / (plan->layout.is_distributed ? plan->ranks : parts) +
             plan->solve_flops / solve_rate / busy + predicting + rotating;
  return NULL;
}

/* Of this rank. */
static tv_error *estimate_often(const tv_experiment *e, const tv_plan *plan, tv_time_range *out) {
  enum { ROUNDS = 5 };
  const int width = plan->width < 2048 ? plan->width : 2048, longest = width > 64 ? width : 64;
  double *rows = NULL, *sum = NULL, seconds;
  tv_error *error = tv_allocate((int64_t)TV_BATCH * longest, sizeof(*rows), &rows);
  if (!error) error = tv_allocate((int64_t)width * width, sizeof(*sum), &sum);
  *out = (tv_time_range){INFINITY, 0};
  for (int round = 0; !error && round < ROUNDS; ++round) {
    error = estimate_once(e, plan, width, rows, sum, &seconds);
    if (!error) *out = (tv_time_range){fmin(out->least, seconds), fmax(out->most, seconds)};
  }
  free(rows);
  free(sum);
  return error;
}

tv_error *tv_plan_estimate(const tv_experiment *e, const tv_plan *plan, MPI_Comm comm,
                           tv_time_range *out) {
  TV_TRY(tv_agree(comm, estimate_often(e, plan, out)));
  MPI_Allreduce(MPI_IN_PLACE, &out->least, 1, MPI_DOUBLE, MPI_MIN, comm);
  MPI_Allreduce(MPI_IN_PLACE, &out->most, 1, MPI_DOUBLE, MPI_MAX, comm);
  out->least /= model_factor;
  out->most *= model_factor;
  return NULL;
}
