#include "report/parts.h"
#include "support/unit.h"
#include "twoview/kinds.h"

START_TEST(every_study_has_a_report) {
  for (const tv_kind *const *study = tv_kinds_all.studies; *study; ++study) {
    const tv_report_parts *parts = NULL;
    expect_success(tv_report_parts_of(*study, &parts));
    ck_assert_ptr_eq(parts->study, *study);
    ck_assert_msg(tv_report_owns(parts->csv), "%s", parts->csv);
  }
}
END_TEST

/* No other study's report stands in for it. */
START_TEST(a_study_without_a_report_is_refused) {
  const tv_kind unknown = {.name = "unknown"};
  const tv_archive archive = {.kind = &unknown};
  tv_report_contents contents = {0};
  expect_error(tv_report_contents_make(&archive, &contents), 1, "study 'unknown'", "no report");
}
END_TEST

START_TEST(files_of_reports_are_distinguished_from_others) {
  static const char *const own[] = {"scores.csv", "thresholds.csv",  "figure.svg", "figure.tsv",
                                    "spectra.gp", "figure-n300.pdf", "figure.pdf", "spectra.pdf",
                                    "gains.svg",  "encoders.tsv",    "samples.pdf"};
  static const char *const others[] = {"figure-n.svg", "figure-notes.svg", "figure-n3x.svg",
                                       "figure",       "figure.csv",       "my-figure.svg",
                                       "spectra.txt",  "spectra-n3.svg",   "scores.csv.part"};
  for (size_t i = 0; i < sizeof own / sizeof *own; ++i)
    ck_assert_msg(tv_report_owns(own[i]), "%s", own[i]);
  for (size_t i = 0; i < sizeof others / sizeof *others; ++i)
    ck_assert_msg(!tv_report_owns(others[i]), "%s", others[i]);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("report");
  tcase_add_test(tests, every_study_has_a_report);
  tcase_add_test(tests, a_study_without_a_report_is_refused);
  tcase_add_test(tests, files_of_reports_are_distinguished_from_others);
  return unit_run("report", tests);
}
