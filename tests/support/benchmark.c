#include "benchmark.h"

#include <time.h>

#include "twoview/kinds.h"

void demand(tv_error *error) {
  if (!error) return;
  fprintf(stderr, "%s\n", error->message);
  MPI_Abort(MPI_COMM_WORLD, 1);
}

benchmark_data open_text(const char *text) {
  benchmark_data b = {0};
  demand(tv_experiment_parse("benchmark", text, NULL, &tv_kinds_all, &b.experiment));
  demand(tv_source_open(b.experiment, MPI_COMM_WORLD, &b.source));
  demand(tv_features_fit(b.experiment, b.source, MPI_COMM_WORLD, NULL, &b.features));
  b.sampling = tv_sampling_make(b.experiment, b.source, b.features, MPI_COMM_WORLD, NULL);
  return b;
}

benchmark_data open_grid(int p, int q, int l, int k, double n, int side) {
  char text[1024];
  snprintf(text, sizeof text,
           "source:\n"
           "  type: gaussian\n"
           "  power_law: {features: %d, scale: 4, exponent: 0.6}\n"
           "  teacher: {type: linear, targets: %d, noise: 0.1}\n"
           "noise: {components: %d, lambda_max: {from: 1, to: 10, count: %d}}\n"
           "augmentation: {theta_max: 0.5, alpha: {from: 0.5, to: 5, count: %d}}\n"
           "samples: %.0f\n"
           "encoder: {k: %d}\n"
           "archive: {encoders: none, representations: none}\n",
           p, l, q, side, side, n, k);
  return open_text(text);
}

benchmark_data open_data(int p, int q, int l, double n) {
  return open_grid(p, q, l, 1, n, 2);
}

void close_data(benchmark_data *b) {
  tv_features_destroy(&b->features);
  tv_source_close(&b->source);
  tv_experiment_destroy(&b->experiment);
}

double best_time(int rounds, void (*run)(void *), void *context) {
  double best = HUGE_VAL;
  for (int i = 0; i < rounds; ++i) {
    MPI_Barrier(MPI_COMM_WORLD);
    double seconds = -MPI_Wtime();
    run(context);
    seconds += MPI_Wtime();
    MPI_Allreduce(MPI_IN_PLACE, &seconds, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    best = fmin(best, seconds);
  }
  return best;
}

double least_processor_time(int rounds, void (*run)(void *), void *context) {
  double least = HUGE_VAL;
  for (int i = 0; i < rounds; ++i) {
    const clock_t begun = clock();
    run(context);
    least = fmin(least, (double)(clock() - begun) / CLOCKS_PER_SEC);
  }
  return least;
}
