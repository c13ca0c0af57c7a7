/* The studies: what is asked of every point of an experiment. Each is a row, in a file of its own.
 */
#ifndef TWOVIEW_STUDIES_STUDY_H
#define TWOVIEW_STUDIES_STUDY_H

#include "twoview/experiment/experiment.h"

typedef struct tv_study {
  tv_kind kind;
  int finds_alpha;                /* alignments are found, not given: no points differ by theirs */
  const struct tv_study *numbers; /* another that finds the same numbers, and differs in what is
                                   * drawn of them; NULL: none */
} tv_study;

extern const tv_study tv_grid_study, tv_threshold_study, tv_phase_study;

/* The row of an experiment's study. */
const tv_study *tv_study_of(const tv_experiment *experiment);

/* For the rows' kinds. Without `methods` in the file take the usual ones, those alone that have a
 * threshold if so wished; and require that alignments are given. */
tv_error *tv_study_fill_methods(tv_experiment *experiment, int need_threshold);
tv_error *tv_study_expect_alpha(const tv_experiment *experiment);

#endif
