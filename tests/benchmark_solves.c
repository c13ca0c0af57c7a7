/* Both closed forms on a grid of all ranks against LAPACK on one, the same point in the same
 * process: Cholesky factor, whitening, the top k eigenpairs, unwhitening. */
#include "support/benchmark.h"

#include <string.h>

#include "twoview/linalg/dense.h"
#include "twoview/linalg/fortran.h"
#include "twoview/linalg/group.h"
#include "twoview/methods/method.h"
#include "twoview/moments/distributed.h"
#include "twoview/studies/layout.h"

void dtrmm_(const char *side, const char *uplo, const char *trans, const char *diag, const int *m,
            const int *n, const double *alpha, const double *a, const int *lda, double *b,
            const int *ldb, size_t, size_t, size_t, size_t);
void dsyevr_(const char *jobz, const char *range, const char *uplo, const int *n, double *a,
             const int *lda, const double *vl, const double *vu, const int *il, const int *iu,
             const double *abstol, int *m, double *w, double *z, const int *ldz, int *isuppz,
             double *work, const int *lwork, int *iwork, const int *liwork, int *info, size_t,
             size_t, size_t);

typedef struct {
  const tv_method *method;
  int d, k, rounds;
  tv_statistics *statistics;
  tv_solution solution;
  double *A, *S;      /* d x d, whole: what LAPACK starts from */
  double *L, *M, *N;  /* d x d */
  double *E, *values; /* d x k, d */
} task;

static void run_ours(void *context) {
  task *t = context;
  int status;
  tv_solution_destroy(&t->solution);
  memcpy(t->statistics->L->data, t->statistics->S->data,
         (size_t)t->statistics->S->leading * (size_t)t->statistics->S->local_columns *
             sizeof(double));
  demand(tv_cholesky(t->statistics->L, &status));
  demand(t->method->solve(t->statistics, t->k, &t->solution, &status));
}

static void top_pairs(task *t, double *a) {
  const int n = t->d, first = n - t->k + 1, lwork = 40 * n, liwork = 12 * n;
  int found, info, *iwork = malloc(sizeof(int) * (size_t)(liwork + 2 * n));
  double *work = malloc(sizeof(double) * (size_t)lwork);
  const double nothing = 0;
  dsyevr_("V", "I", "L", &n, a, &n, &nothing, &nothing, &first, &n, &nothing, &found, t->values,
          t->E, &n, iwork + liwork, work, &lwork, iwork, &liwork, &info, 1, 1, 1);
  free(work);
  free(iwork);
}

static void run_lapack(void *context) {
  task *t = context;
  const int n = t->d;
  const double unit = 1, nothing = 0;
  const size_t bytes = sizeof(double) * (size_t)n * (size_t)n;
  int info;
  memcpy(t->L, t->S, bytes);
  dpotrf_("L", &n, t->L, &n, &info, 1);
  memcpy(t->M, t->A, bytes);
  dtrsm_("R", "L", "T", "N", &n, &n, &unit, t->L, &n, t->M, &n, 1, 1, 1, 1);
  if (t->method == &tv_joint_embedding) {
    dtrsm_("L", "L", "N", "N", &n, &n, &unit, t->L, &n, t->M, &n, 1, 1, 1, 1);
    top_pairs(t, t->M);
  } else {
    dsyrk_("L", "T", &n, &n, &unit, t->M, &n, &nothing, t->N, &n, 1, 1);
    top_pairs(t, t->N);
  }
  dtrsm_("L", "L", "T", "N", &n, &t->k, &unit, t->L, &n, t->E, &n, 1, 1, 1, 1);
}

/* Sine of the largest principal angle, in S-whitened coordinates: with both encoders' rows
 * orthonormal there, |E1 - (E1 S E2') E2| is it or more. */
static double angle(task *t, const double *ours) {
  const int n = t->d, k = t->k;
  const double unit = 1, nothing = 0, minus = -1;
  double *image = t->M, *product = t->N, sum = 0;
  dgemm_("N", "N", &n, &k, &n, &unit, t->S, &n, t->E, &n, &nothing, image, &n, 1, 1);
  dgemm_("T", "N", &k, &k, &n, &unit, image, &n, ours, &n, &nothing, product, &k, 1, 1);
  memcpy(image, ours, sizeof(double) * (size_t)n * (size_t)k);
  dgemm_("N", "N", &n, &k, &k, &minus, t->E, &n, product, &k, &unit, image, &n, 1, 1);
  dtrmm_("L", "L", "T", "N", &n, &k, &unit, t->L, &n, image, &n, 1, 1, 1, 1);
  for (int64_t i = 0; i < (int64_t)n * k; ++i) sum += image[i] * image[i];
  return sqrt(sum);
}

static void compare(task *t, int rank, int size) {
  const char *name = t->method->kind.name;
  double *ours = NULL, lapack = 0, sine = 0;
  const double seconds = best_time(t->rounds, run_ours, t);
  demand(tv_allocate((int64_t)t->d * t->k, sizeof(double), &ours));
  tv_distmat_gather(t->solution.encoder, ours);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) { /* alone on the machine: the others sleep in the broadcast below */
    lapack = HUGE_VAL;
    for (int i = 0; i < t->rounds; ++i) {
      const double begun = MPI_Wtime();
      run_lapack(t);
      lapack = fmin(lapack, MPI_Wtime() - begun);
    }
    sine = angle(t, ours);
    printf("%s, d = %d, k = %d, %d rank%s: %.4g s, %.2f of LAPACK's time on one; sine between the "
           "subspaces %.1e\n",
           name, t->d, t->k, size, size == 1 ? "" : "s", seconds, seconds / lapack, sine);
  }
  MPI_Bcast(&lapack, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);
  free(ours);
}

static void measure(int p, int q, int k, int rounds, int rank, int size) {
  benchmark_data data = open_data(p, q, 3, 8 * (p + q));
  tv_group *group = NULL;
  tv_distributed *distributed = NULL;
  tv_moment_matrix moments;
  tv_progress silent = tv_progress_begin("", "", 1, 1, 0);
  task t = {.d = p + q, .k = k, .rounds = rounds};
  double *gamma = NULL, *theta = NULL;
  int status;
  demand(tv_group_form(MPI_COMM_WORLD, 1, tv_layout_block(t.d), &group));
  demand(tv_distributed_create(&data.sampling, group->grid, &distributed));
  demand(tv_distributed_advance(distributed, 0, 8 * (p + q), &silent, &moments));
  demand(tv_allocate(q, sizeof(double), &gamma));
  demand(tv_allocate(t.d, sizeof(double), &theta));
  for (int i = 0; i < q; ++i) gamma[i] = (i + 1.0) / q;
  for (int i = 0; i < t.d; ++i) theta[i] = 0.5 * ((i * 37) % t.d + 1) / t.d;
  demand(tv_statistics_create(group->grid, &moments, gamma, theta, 1, &t.statistics, &status));
  double **const matrices[] = {&t.A, &t.S, &t.L, &t.M, &t.N};
  for (int i = 0; i < 5; ++i) demand(tv_allocate((int64_t)t.d * t.d, sizeof(double), matrices[i]));
  demand(tv_allocate((int64_t)t.d * t.k, sizeof(double), &t.E));
  demand(tv_allocate(t.d, sizeof(double), &t.values));
  tv_distmat_gather(t.statistics->A, t.A);
  tv_distmat_gather(t.statistics->S, t.S);
  for (int m = 0; m < 2; ++m) {
    t.method = m ? &tv_joint_embedding : &tv_reconstruction;
    compare(&t, rank, size);
  }
  for (int i = 0; i < 5; ++i) free(*matrices[i]);
  free(t.E);
  free(t.values);
  free(gamma);
  free(theta);
  tv_solution_destroy(&t.solution);
  tv_statistics_destroy(&t.statistics);
  tv_distributed_destroy(&distributed);
  tv_group_dissolve(&group);
  close_data(&data);
}

int main(int argc, char **argv) {
  int rank, size;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  tv_limit_blas_threads();
  if (size == 1) measure(50, 50, 50, 20, rank, size);
  measure(250, 250, 64, 5, rank, size);
  measure(1024, 1024, 64, 3, rank, size);
  MPI_Finalize();
  return 0;
}
