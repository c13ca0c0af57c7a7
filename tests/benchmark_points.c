/* What a point of a grid takes beside its three solutions: statistics, scores, checks, bookkeeping.
 * The same points are solved once by the program's own loop and once by the closed forms alone. */
#include "support/benchmark.h"

#include <string.h>

#include "twoview/augmentations/spectra.h"
#include "twoview/base/memory.h"
#include "twoview/linalg/dense.h"
#include "twoview/linalg/group.h"
#include "twoview/methods/method.h"
#include "twoview/studies/layout.h"
#include "twoview/studies/results.h"

enum { SIDE = 6, ROUNDS = 60 }; /* a square of points, as a phase diagram has */

typedef struct {
  benchmark_data data;
  tv_group *group;
  tv_spectra *spectra;
  tv_moments *moments;
  tv_statistics *statistics[SIDE * SIDE];
  tv_stopwatch watch;
} task;

static void run_grid(void *context) {
  task *t = context;
  const tv_study_inputs study = {.experiment = t->data.experiment,
                                 .features = t->data.features,
                                 .sampling = &t->data.sampling,
                                 .spectra = t->spectra,
                                 .group = t->group,
                                 .comm = MPI_COMM_WORLD,
                                 .watch = &t->watch};
  tv_results *results = NULL;
  demand(tv_results_compute(&study, t->moments, &results));
  tv_results_destroy(&results);
}

/* The Cholesky factors and the closed forms. */
static void run_closed_forms(void *context) {
  task *t = context;
  const tv_experiment *e = t->data.experiment;
  int status;
  for (int point = 0; point < SIDE * SIDE; ++point) {
    tv_statistics *s = t->statistics[point];
    memcpy(s->L->data, s->S->data,
           (size_t)s->S->leading * (size_t)s->S->local_columns * sizeof(double));
    demand(tv_cholesky(s->L, &status));
    for (unsigned m = 0; m < e->methods_count; ++m) {
      tv_solution solution = {0};
      demand(tv_method_of(e->methods[m])->solve(s, e->encoder.k, &solution, &status));
      tv_solution_destroy(&solution);
    }
  }
}

static void create_statistics(task *t) {
  const tv_moment_matrix m = tv_moments_at(t->moments, 0, 0, 0);
  int status;
  for (int i = 0; i < SIDE * SIDE; ++i)
    demand(tv_statistics_create(
        t->group->grid, &m, tv_gamma_of(t->spectra, 0, i / SIDE), tv_theta_of(t->spectra, 0),
        t->data.experiment->augmentation.alpha[i % SIDE], &t->statistics[i], &status));
}

static void measure(int p, int q, int k, int l) {
  task t = {.data = open_grid(p, q, l, k, 8 * (p + q), SIDE)};
  tv_head *head = NULL;
  demand(tv_group_form(MPI_COMM_WORLD, 1, tv_layout_block(p + q), &t.group));
  demand(tv_spectra_draw(t.data.experiment, p, &t.spectra));
  demand(tv_head_create(&t.data.sampling, 0, &head));
  demand(tv_moments_collect(&t.data.sampling, head, 0, &t.moments));
  create_statistics(&t);
  const double grid = least_processor_time(ROUNDS, run_grid, &t) / (SIDE * SIDE);
  const double solves = least_processor_time(ROUNDS, run_closed_forms, &t) / (SIDE * SIDE);
  printf("a point, d = %d, k = %d, %d targets: %.3f ms, its closed forms %.3f ms, ratio %.2f\n",
         p + q, k, l, 1e3 * grid, 1e3 * solves, grid / solves);
  for (int i = 0; i < SIDE * SIDE; ++i) tv_statistics_destroy(&t.statistics[i]);
  tv_head_destroy(&head);
  tv_moments_destroy(&t.moments);
  tv_spectra_destroy(&t.spectra);
  tv_group_dissolve(&t.group);
  close_data(&t.data);
}

int main(int argc, char **argv) {
  tv_memory_keep_freed(); /* as the program does */
  MPI_Init(&argc, &argv);
  tv_limit_blas_threads();
  measure(10, 30, 10, 5);
  measure(50, 50, 50, 10);
  measure(10, 90, 10, 10);
  measure(100, 100, 50, 10);
  MPI_Finalize();
  return 0;
}
