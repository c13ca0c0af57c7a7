/* What a point of the view model takes beside its two closed forms, RC and JE: moments of corrupted
 * rows and of views, held-out losses, checks, bookkeeping. The same points are solved once by the
 * program's own loop and once by the Cholesky factor and the closed forms alone. */
#include "support/benchmark.h"

#include <string.h>

#include "twoview/augmentations/view_model.h"
#include "twoview/base/memory.h"
#include "twoview/data/held_out.h"
#include "twoview/linalg/dense.h"
#include "twoview/linalg/group.h"
#include "twoview/methods/method.h"
#include "twoview/studies/layout.h"
#include "twoview/studies/results.h"

enum { POINTS = 6, ROUNDS = 8, K = 20 };

static const double limit = 1.5; /* of a point, in its closed forms */

static const char text[] =
    "source: {type: gaussian, shape: [28, 28], teacher: {targets: 10, noise: 0.1},\n"
    "  power_law: {features: 784, exponent: 1}}\n"
    "test: {fraction: 0.2}\n"
    "corruption: {chain: [{type: texture, length: 5, deviation: [0.1, 0.2]}], sampler: expected}\n"
    "augmentation:\n"
    "  chain: [{type: shift, pixels: 1}, {type: noise, deviation: 0.1},\n"
    "    {type: corruption, severity: [0, 1, 2]}]\n"
    "  floor: 1e-4\n"
    "samples: [4000]\n"
    "encoder: {k: 20}\n"
    "methods: [RC, JE]\n"
    "archive: {representations: none}\n";

typedef struct {
  benchmark_data data;
  tv_group *group;
  tv_view_model *model;
  tv_held_out held_out;
  tv_sampling held_out_sampling;
  tv_moments *moments, *held_out_moments;
  tv_statistics *statistics[POINTS];
  tv_stopwatch watch;
} task;

static void run_points(void *context) {
  task *t = context;
  const tv_study_inputs study = {.experiment = t->data.experiment,
                                 .features = t->data.features,
                                 .sampling = &t->data.sampling,
                                 .group = t->group,
                                 .model = t->model,
                                 .held_out = t->held_out_moments,
                                 .held_out_sampling = &t->held_out_sampling,
                                 .comm = MPI_COMM_WORLD,
                                 .watch = &t->watch};
  tv_results *results = NULL;
  demand(tv_results_compute(&study, t->moments, &results));
  tv_results_destroy(&results);
}

static void run_closed_forms(void *context) {
  task *t = context;
  const tv_experiment *e = t->data.experiment;
  int status;
  for (int point = 0; point < POINTS; ++point) {
    tv_statistics *s = t->statistics[point];
    memcpy(s->L->data, s->S->data,
           (size_t)s->S->leading * (size_t)s->S->local_columns * sizeof(double));
    demand(tv_cholesky(s->L, &status));
    for (unsigned m = 0; m < e->methods_count; ++m) {
      tv_solution solution = {0};
      demand(tv_method_of(e->methods[m])->solve(s, K + 1, &solution, &status));
      tv_solution_destroy(&solution);
    }
  }
}

static void create_statistics(task *t) {
  int status;
  for (int i = 0; i < POINTS; ++i) {
    tv_samples *rows = NULL;
    demand(tv_view_model_samples(t->model, t->moments, t->group->row, 0, 1 + i / 3, 0, &rows));
    demand(tv_chain_problem(&t->model->augmentations[i % 3], rows,
                            t->data.experiment->augmentation.floor, NULL, t->group->grid,
                            &t->statistics[i], &status));
    tv_samples_destroy(&rows);
  }
}

static void take_moments(task *t) {
  demand(tv_held_out_open(t->data.experiment, t->data.source, MPI_COMM_WORLD, &t->held_out));
  t->held_out_sampling = tv_held_out_sampling(&t->held_out, &t->data.sampling);
  demand(tv_moments_collect(&t->data.sampling, NULL, 0, &t->moments));
  demand(tv_moments_collect(&t->held_out_sampling, NULL, 0, &t->held_out_moments));
}

int main(int argc, char **argv) {
  tv_memory_keep_freed(); /* as the program does */
  MPI_Init(&argc, &argv);
  tv_limit_blas_threads();
  task t = {.data = open_text(text)};
  demand(tv_group_form(MPI_COMM_WORLD, 1, tv_layout_block(784), &t.group));
  demand(tv_view_model_create(t.data.experiment, t.data.source, NULL, MPI_COMM_WORLD, &t.model));
  take_moments(&t);
  create_statistics(&t);
  const double point = least_processor_time(ROUNDS, run_points, &t) / POINTS,
               solves = least_processor_time(ROUNDS, run_closed_forms, &t) / POINTS;
  const double ratio = point / solves;
  printf("a point, d = 784, k = %d: %.1f ms, its closed forms %.1f ms, ratio %.2f (at most %.1f)\n",
         K, 1e3 * point, 1e3 * solves, ratio, limit);
  for (int i = 0; i < POINTS; ++i) tv_statistics_destroy(&t.statistics[i]);
  tv_moments_destroy(&t.moments);
  tv_moments_destroy(&t.held_out_moments);
  tv_held_out_release(&t.held_out);
  tv_view_model_destroy(&t.model);
  tv_group_dissolve(&t.group);
  close_data(&t.data);
  MPI_Finalize();
  return ratio > limit;
}
