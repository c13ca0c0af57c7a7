#include "twoview/studies/tally.h"

#include <inttypes.h>
#include <math.h>

int64_t tv_count_clean_failures(const tv_cube *cube, const double *score_clean) {
  const int64_t settings = (int64_t)cube->magnitudes * cube->alphas;
  const int64_t items = tv_cube_entries(cube, cube->levels);
  int64_t failures = 0;
  for (int64_t i = 0; score_clean && i < cube->replicates * items; ++i)
    failures += !isfinite(score_clean[i / items * settings * items + i % items]);
  return failures;
}

void tv_tally_count(tv_tally *t, const double *status) {
  for (int64_t i = 0; i < t->solutions; ++i) {
    t->failed += t->study->is_failure(status[i]);
    for (int r = 0; r < TV_MOST_REMARKS; ++r)
      t->remarked[r] += t->study->remarks[r].holds && t->study->remarks[r].holds(status[i]);
  }
}

int tv_tally_is_remarkable(const tv_tally *t) {
  int64_t count = t->failed + t->clean_failed;
  for (int r = 0; r < TV_MOST_REMARKS; ++r) count += t->remarked[r];
  return count > 0;
}

void tv_tally_print(const tv_tally *t, FILE *out) {
  fprintf(out, "%" PRId64 " %s", t->solutions, t->study->found);
  if (t->failed) fprintf(out, ", %" PRId64 " of them %s", t->failed, t->study->failed);
  for (int r = 0; r < TV_MOST_REMARKS; ++r)
    if (t->remarked[r])
      fprintf(out, ", %" PRId64 " of them %s", t->remarked[r], t->study->remarks[r].words);
  if (t->clean_failed)
    fprintf(out, ", %" PRId64 " clean solution%s failed (see '%s')", t->clean_failed,
            t->clean_failed == 1 ? "" : "s",
            t->study->quantities[t->study->score_clean].label.name);
}
