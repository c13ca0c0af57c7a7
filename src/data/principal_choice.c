#include "twoview/data/principal_choice.h"

#include <math.h>

#include "twoview/linalg/eigen.h"
#include "twoview/linalg/krylov.h"

/* A processor core of our time, for all machines alike, because the bits of a result depend on the
 * choice: flops each second of products, and of products of a matrix and a vector, which memory
 * bounds; and numbers each second that are read, or come from memory for a product with few
 * vectors. */
static const double product_rate = 4e10, vector_rate = 1e10, reading_rate = 1e9;

const char *tv_principal_name(tv_principal_solver solver) {
  static const char *const names[TV_PRINCIPAL_SOLVERS] = {"auto", "covariance", "rows", "subspace"};
  return names[solver];
}

/* Seconds of the largest p pairs of a matrix: its tridiagonal form, and the vectors. */
static double eigenproblem(double order, int p) {
  const double half = 2.0 / 3 * order * order * order;
  const double all = tv_eigen_selects((int)order, p) ? 0 : 3 * half;
  return half / vector_rate + (half + all + 2 * order * order * p) / product_rate;
}

static double by_covariance(double rows, double inputs, int p) {
  return rows * inputs / reading_rate + rows * inputs * inputs / product_rate +
         eigenproblem(inputs, p);
}

/* Then from the vectors of the rows to those of the features, and these made orthonormal. */
static double by_rows(double rows, double inputs, int p) {
  return rows * inputs / reading_rate +
         (rows * rows * inputs + 2 * rows * inputs * p + 4 * inputs * p * p) / product_rate +
         eigenproblem(rows, p);
}

/* Two products of the rows and a block in every pass, then those that make the block orthonormal to
 * half a basis. */
static double by_subspace(double rows, double inputs, int p) {
  const double block = tv_krylov_block((int)inputs, p);
  const double basis = tv_krylov_room((int)inputs, p) / 2.0;
  const double pass = rows * inputs / reading_rate +
                      (4 * rows + 8 * (basis + block)) * inputs * block / product_rate +
                      eigenproblem(basis, p);
  return TV_USUAL_PASSES * pass;
}

void tv_principal_costs(const tv_experiment *e, const tv_source *source,
                        double seconds[TV_PRINCIPAL_SOLVERS]) {
  const int p = tv_experiment_components(e, source->features);
  const double rows = (double)source->rows, inputs = source->features;
  const int is_known = source->kind->is_generated; /* its covariance */
  seconds[TV_PRINCIPAL_BY_COST] = INFINITY;
  seconds[TV_PRINCIPAL_COVARIANCE] =
      is_known ? eigenproblem(inputs, p) : by_covariance(rows, inputs, p);
  seconds[TV_PRINCIPAL_ROWS] = is_known ? INFINITY : by_rows(rows, inputs, p);
  seconds[TV_PRINCIPAL_SUBSPACE] = is_known ? INFINITY : by_subspace(rows, inputs, p);
}

tv_principal_solver tv_principal_choose(const tv_experiment *e, const tv_source *source) {
  double seconds[TV_PRINCIPAL_SOLVERS];
  int best = TV_PRINCIPAL_COVARIANCE;
  if (e->features.solver != TV_PRINCIPAL_BY_COST) return (tv_principal_solver)e->features.solver;
  tv_principal_costs(e, source, seconds);
  seconds[TV_PRINCIPAL_SUBSPACE] *= (double)TV_MOST_PASSES / TV_USUAL_PASSES;
  for (int solver = best + 1; solver < TV_PRINCIPAL_SOLVERS; ++solver)
    if (seconds[solver] < seconds[best]) best = solver;
  return (tv_principal_solver)best;
}

int tv_subspace_keeps_rows(const tv_source *source, const tv_partition *p, double available_bytes) {
  int64_t most = 0;
  for (int rank = 0; rank < p->size; ++rank) {
    const int64_t own =
        tv_shard_first_row_of_rank(p, rank + 1) - tv_shard_first_row_of_rank(p, rank);
    most = own > most ? own : most;
  }
  return (double)most * source->features * sizeof(double) <= available_bytes / 2;
}
