#include "twoview/studies/tally.h"

#include <inttypes.h>
#include <math.h>

int64_t tv_count_clean_failures(const double *score_clean, int64_t replicates, int64_t settings,
                                int64_t items) {
  int64_t failures = 0;
  for (int64_t i = 0; score_clean && i < replicates * items; ++i)
    failures += !isfinite(score_clean[i / items * settings * items + i % items]);
  return failures;
}

void tv_tally_count(tv_tally *t, const double *status) {
  for (int64_t i = 0; i < t->solutions; ++i) {
    t->failed += tv_status_is_failure(t->study, status[i]);
    t->inaccurate += !t->study->finds_alpha && status[i] == TV_INACCURATE;
  }
}

void tv_tally_print(const tv_tally *t, FILE *out) {
  const int is_threshold = t->study->finds_alpha;
  fprintf(out, "%" PRId64 " %s", t->solutions, is_threshold ? "thresholds" : "solutions");
  if (t->failed)
    fprintf(out, ", %" PRId64 " of them %s '%sstatus')", t->failed,
            is_threshold ? "not found (see" : "failed (see", is_threshold ? "alpha2_" : "");
  if (t->inaccurate)
    fprintf(out, ", %" PRId64 " of them inaccurate (see 'residual')", t->inaccurate);
  if (t->clean_failed)
    fprintf(out, ", %" PRId64 " clean solution%s failed (see 'score_clean')", t->clean_failed,
            t->clean_failed == 1 ? "" : "s");
}
