/* An archive, for all that reads archives: report, scaling, info, verification. The bytes are
 * sealed, or nothing behind the seal would be reached. */
#include "twoview/archive.h"
#include "fuzz.h"
#include "report_parts.h"
#include "twoview/guard.h"
#include "twoview/hdf5_error.h"
#include "twoview/info.h"
#include "twoview/scaling.h"
#include "twoview/seal.h"
#include "twoview/verify.h"

int LLVMFuzzerInitialize(int *count, char ***words) {
  (void)count, (void)words;
  tv_hdf5_prepare();
  fuzz_expect_faults_of_hdf5();
  return 0;
}

static tv_error *read_archive(void *context) {
  const char *path = context;
  const char *const twice[] = {path, path};
  tv_archive *archive = NULL;
  FILE *nowhere = fopen("/dev/null", "w");
  if (!nowhere) abort();
  tv_error_free(tv_archive_read(path, &archive));
  if (archive) {
    const tv_report_parts *parts = tv_report_parts_of(archive->study);
    parts->print_table(archive, nowhere);
    for (int i = 0; i < tv_count_figures(archive); ++i) {
      tv_figure figure = {.archive = archive};
      tv_describe_figure(archive, i, &figure);
      figure.write_data(&figure, nowhere);
      figure.write_script(&figure, nowhere);
    }
    tv_error_free(tv_report_html(archive, NULL, 0, nowhere));
  }
  tv_archive_close(&archive);
  tv_error_free(tv_scaling(twice, 2, &tv_typical_network, NULL, nowhere));
  fclose(nowhere);
  return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  char path[FUZZ_PATH];
  fuzz_file(bytes, length, path);
  tv_error_free(tv_seal_check(path));
  fuzz_expect_refusal(tv_seal_write(path));
  FILE *nowhere = fopen("/dev/null", "w");
  if (!nowhere) abort();
  if (!fuzz_expect_refusal(tv_guard(path, read_archive, path))) {
    read_archive(path); /* libFuzzer does not see the child's way through the code */
    fuzz_expect_refusal(tv_info(path, nowhere));
    fuzz_expect_refusal(tv_verify(path, 0, nowhere));
  }
  fclose(nowhere);
  remove(path);
  return 0;
}
