/* An archive, for all that reads archives: report, scaling, info, verification. The bytes are
 * sealed, or nothing behind the seal would be reached. */
#include "twoview/archive/archive.h"
#include "child.h"
#include "commands/info.h"
#include "fuzz.h"
#include "report/parts.h"
#include "twoview/archive/seal.h"
#include "twoview/archive/verify.h"
#include "twoview/scaling/scaling.h"

int LLVMFuzzerInitialize(int *count, char ***words) {
  (void)count, (void)words;
  fuzz_prepare();
  return 0;
}

static void report(const char *path, FILE *nowhere) {
  tv_archive *archive = NULL;
  tv_error_free(tv_archive_read(path, &archive));
  if (!archive) return;
  tv_report_contents contents;
  tv_error *error = tv_report_contents_make(archive, &contents);
  if (!error) error = tv_report_html(&contents, ".", nowhere);
  tv_error_free(error);
  free(contents.figures);
  tv_archive_close(&archive);
}

static void read_archive(const char *path) {
  const char *const twice[] = {path, path};
  FILE *nowhere = fopen("/dev/null", "w");
  if (!nowhere) abort();
  report(path, nowhere);
  tv_error_free(tv_scaling(twice, 2, &tv_typical_network, NULL, nowhere));
  fuzz_expect_refusal(tv_info(path, nowhere));
  fuzz_expect_refusal(tv_verify(path, 0, nowhere));
  fclose(nowhere);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  char path[FUZZ_PATH];
  fuzz_file(bytes, length, path);
  fuzz_seal(path);
  fuzz_in_child(path, read_archive);
  remove(path);
  return 0;
}
