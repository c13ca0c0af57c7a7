/* What a threshold study takes for its predictions: the study is computed by the program's own
 * loop, and its predictions once more alone. */
#include "support/benchmark.h"

#include <time.h>

#include "twoview/augmentations/spectra.h"
#include "twoview/base/memory.h"
#include "twoview/linalg/group.h"
#include "twoview/moments/law.h"
#include "twoview/studies/layout.h"
#include "twoview/studies/results.h"
#include "twoview/studies/threshold.h"
#include "twoview/theory/prediction.h"

/* 800 thresholds at d = 88. */
static const char experiment[] =
    "study: threshold\n"
    "replicates: 20\n"
    "source: {type: gaussian, spectrum: {from: 4, to: 1, count: 8, spacing: linear}}\n"
    "noise: {components: 80, lambda_max: [5, 10], lambda_min_ratio: 0.3, sampler: law}\n"
    "augmentation: {theta: {signal: [0.5, 0.5], noise: [0.05, 0.5]}}\n"
    "samples: [400, 1e3, 3e3, 1e4, 3e4, 1e5, 3e5, 1e6, 3e6, 1e7]\n"
    "encoder: {k: 8}\n";

static double seconds_since(clock_t begun) {
  return (double)(clock() - begun) / CLOCKS_PER_SEC;
}

static double run_study(const benchmark_data *data, const tv_spectra *spectra, tv_group *group,
                        tv_results **results) {
  tv_stopwatch watch = {0};
  tv_moments *moments = NULL;
  const tv_study_inputs study = {.experiment = data->experiment,
                                 .features = data->features,
                                 .sampling = &data->sampling,
                                 .spectra = spectra,
                                 .group = group,
                                 .comm = MPI_COMM_WORLD,
                                 .watch = &watch};
  const clock_t begun = clock();
  demand(tv_law_collect(&data->sampling, 0, &moments));
  demand(tv_results_compute(&study, moments, results));
  tv_moments_destroy(&moments);
  return seconds_since(begun);
}

/* Those of the study, in its order. */
static double run_predictions(const benchmark_data *data, const tv_spectra *spectra,
                              const tv_results *r) {
  const tv_experiment *e = data->experiment;
  const int64_t entries =
      (int64_t)r->cube.replicates * r->cube.magnitudes * r->cube.levels * r->cube.methods;
  const clock_t begun = clock();
  for (int64_t i = 0; i < entries; ++i) {
    const int64_t setting = i / r->cube.methods / r->cube.levels;
    const int replicate = (int)(setting / r->cube.magnitudes),
              magnitude = (int)(setting % r->cube.magnitudes);
    double alpha2;
    const tv_components c =
        tv_components_of(data->features, spectra, replicate, magnitude, e->encoder.k);
    demand(tv_alpha2_predicted(tv_method_of(e->methods[i % r->cube.methods]), &c,
                               e->size_list[i / r->cube.methods % r->cube.levels], TV_SIGNAL_DRAWN,
                               &alpha2));
    if (alpha2 != r->quantity[TV_ALPHA2_PREDICTED][i] && !isnan(alpha2))
      demand(tv_fail("a prediction is not that of the study"));
  }
  return seconds_since(begun);
}

int main(int argc, char **argv) {
  tv_memory_keep_freed(); /* as the program does */
  MPI_Init(&argc, &argv);
  tv_limit_blas_threads();
  benchmark_data data = open_text(experiment);
  tv_group *group = NULL;
  tv_spectra *spectra = NULL;
  tv_results *results = NULL;
  demand(tv_spectra_draw(data.experiment, data.features->p, &spectra));
  demand(tv_group_form(MPI_COMM_WORLD, 1, tv_layout_block(data.features->p + spectra->q), &group));
  const double whole = run_study(&data, spectra, group, &results);
  const double predictions = run_predictions(&data, spectra, results);
  printf("800 thresholds, d = 88: %.2f s of processor time, predictions %.2f s, share %.3f\n",
         whole, predictions, predictions / whole);
  tv_results_destroy(&results);
  tv_spectra_destroy(&spectra);
  tv_group_dissolve(&group);
  close_data(&data);
  MPI_Finalize();
  return 0;
}
