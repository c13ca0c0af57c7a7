/* An HDF5 file of samples x with labels c, with targets y, and without either: opened as sources
 * and read. */
#include <mpi.h>
#include <sanitizer/lsan_interface.h>

#include "child.h"
#include "fuzz.h"
#include "twoview/data/source.h"
#include "twoview/kinds.h"

int LLVMFuzzerInitialize(int *count, char ***words) {
  (void)count, (void)words;
  fuzz_prepare();
  __lsan_disable(); /* what MPI keeps until MPI_Finalize is no leak */
  MPI_Init(NULL, NULL);
  __lsan_enable();
  return 0;
}

static tv_error *read_rows(const tv_source *source) {
  double *x, *y;
  TV_TRY(tv_allocate(source->features, sizeof(*x), &x));
  tv_error *error = tv_allocate(source->targets, sizeof(*y), &y);
  for (int64_t i = 0; !error && i < source->rows; ++i) error = source->read(source, 0, i, 1, x, y);
  free(y);
  free(x);
  return error;
}

static tv_error *read_source(const char *path, const char *answer) {
  static const char *const none[] = {NULL};
  static const char experiment_of[] = "source: {type: hdf5, file: %s, samples: x, %s}\n"
                                      "noise: {components: 3, lambda_max: 2}\n"
                                      "augmentation: {theta_max: 1, alpha: 1}\n"
                                      "samples: [2]\n"
                                      "encoder: {k: 1}\n";
  char text[1024];
  tv_experiment *experiment = NULL;
  tv_source *source = NULL;
  snprintf(text, sizeof text, experiment_of, path, answer);
  TV_TRY(tv_experiment_parse("fuzz.yaml", text, none, &tv_kinds_all, &experiment));
  tv_error *error = tv_source_open(experiment, MPI_COMM_SELF, &source);
  if (!error) error = read_rows(source);
  tv_source_close(&source);
  tv_experiment_destroy(&experiment);
  return error;
}

static void read_sources(const char *path) {
  fuzz_expect_refusal(read_source(path, "labels: c"));
  fuzz_expect_refusal(read_source(path, "targets: y"));
  fuzz_expect_refusal(read_source(path, "scale: 1"));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  char path[FUZZ_PATH];
  fuzz_file(bytes, length, path);
  fuzz_in_child(path, read_sources);
  remove(path);
  return 0;
}
