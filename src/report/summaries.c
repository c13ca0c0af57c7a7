/* The summaries over the replicates of an archive in tables and figures. */

#include "parts.h"
#include "twoview/studies/tally.h"

tv_summary tv_summary_of(const tv_archive *a, int quantity, int magnitude, int alpha, int level,
                         int method) {
  const int64_t point = tv_cube_index(&a->cube, 0, magnitude, alpha, level);
  const long of_replicate =
      (long)a->cube.magnitudes * a->cube.alphas * a->cube.levels * a->cube.methods;
  const int is_need = a->study->quantities[quantity].is_need;
  return (is_need ? tv_summary_over_needs : tv_summary_over)(
      a->quantity[quantity] + point * a->cube.methods + method, of_replicate, a->cube.replicates);
}

tv_summary tv_threshold_summary(const tv_archive *a, int magnitude, int method) {
  return tv_summary_over_needs(a->alpha2_threshold + (int64_t)magnitude * a->cube.methods + method,
                               (long)a->cube.magnitudes * a->cube.methods, a->cube.replicates);
}

void tv_print_failures(const tv_archive *a, FILE *out) {
  const int clean = a->is_unlabelled ? -1 : a->study->score_clean;
  tv_tally tally = {.study = a->study,
                    .solutions = tv_cube_entries(&a->cube, tv_cube_points(&a->cube)),
                    .clean_failed =
                        tv_count_clean_failures(&a->cube, clean < 0 ? NULL : a->quantity[clean])};
  tv_tally_count(&tally, a->quantity[a->study->status]);
  if (!tv_tally_is_remarkable(&tally)) return;
  fputc('\n', out);
  tv_tally_print(&tally, out);
  fputs(tally.failed || tally.clean_failed ? "; values of failed ones are NaN\n" : "\n", out);
}
