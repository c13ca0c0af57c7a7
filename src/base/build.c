#include "twoview/base/build.h"

#include <stdio.h>

#include "build_info.h"
#include "twoview/base/text.h"

#ifdef HAVE_OPENBLAS
void openblas_set_num_threads(int threads);
int openblas_get_num_threads(void);
char *openblas_get_config(void);
char *openblas_get_corename(void);
#endif

const char *tv_version_line(void) {
  return "twoview " TV_VERSION " (" TV_GIT_REVISION ")";
}

void tv_limit_blas_threads(void) {
#ifdef HAVE_OPENBLAS
  if (!tv_environment("OPENBLAS_NUM_THREADS") && !tv_environment("OMP_NUM_THREADS"))
    openblas_set_num_threads(1);
#endif
}

void tv_describe_blas_threads(char out[64]) {
#ifdef HAVE_OPENBLAS
  const int threads = openblas_get_num_threads();
  snprintf(out, 64, "%d BLAS thread%s per rank", threads, threads == 1 ? "" : "s");
#else
  snprintf(out, 64, "BLAS threads as the library chooses");
#endif
}

const char *tv_blas_kernel(void) {
#ifdef HAVE_OPENBLAS
  return openblas_get_corename();
#else
  return "";
#endif
}

const char *tv_blas_version(void) {
#ifdef HAVE_OPENBLAS
  return openblas_get_config();
#else
  return "as linked";
#endif
}
