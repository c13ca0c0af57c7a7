/* The corruption of the data as a step of the augmentation. A chain has the steps of the corruption
 * in its place. */
#include "twoview/augmentations/step.h"

static const tv_key parameters[] = {{.name = "severity",
                                     .type = TV_KEY_NUMBER,
                                     .high = 10000,
                                     .is_whole = 1,
                                     .missing = "write for example severity: [0, 1, 2]",
                                     .help = "number of its level; 0: none"},
                                    {0}};

static int takes_rows(const tv_experiment *e, const tv_step_spec *step) {
  (void)step;
  return tv_chain_spec_takes_rows(e, &e->corruption.chain);
}

const tv_augmentation tv_step_corruption = {
    .kind = {.name = "corruption",
             .title = "the data's own corruption once more, freshly drawn",
             .keys = parameters,
             .takes_rows = takes_rows},
    .is_corruption = 1};
