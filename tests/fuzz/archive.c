/* An archive, for all that reads archives: report, scaling, info. */
#include "twoview/archive.h"
#include "fuzz.h"
#include "twoview/hdf5_error.h"
#include "twoview/info.h"
#include "twoview/report.h"
#include "twoview/scaling.h"

int LLVMFuzzerInitialize(int *count, char ***words) {
  (void)count, (void)words;
  tv_hdf5_prepare();
  fuzz_expect_faults_of_hdf5();
  return 0;
}

static int read_for_report(const char *path, FILE *nowhere) {
  tv_archive *archive = NULL;
  if (fuzz_expect_refusal(tv_archive_read(path, &archive))) return 1;
  if (archive) {
    tv_report_table(archive, nowhere);
    tv_report_csv(archive, nowhere);
    fuzz_expect_refusal(tv_report_html(archive, NULL, nowhere));
  }
  tv_archive_close(&archive);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  char path[FUZZ_PATH];
  fuzz_file(bytes, length, path);
  const char *const twice[] = {path, path};
  FILE *nowhere = fopen("/dev/null", "w");
  if (!nowhere) abort();
  if (!read_for_report(path, nowhere)) {
    fuzz_expect_refusal(tv_scaling(twice, 2, &tv_typical_network, NULL, nowhere));
    fuzz_expect_refusal(tv_info(path, nowhere));
  }
  fclose(nowhere);
  remove(path);
  return 0;
}
