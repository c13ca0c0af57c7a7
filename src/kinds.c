#include "twoview/kinds.h"

#include <stddef.h>

#include "twoview/methods/method.h"
#include "twoview/studies/study.h"

static const tv_kind *const methods[] = {&tv_supervised.kind, &tv_reconstruction.kind,
                                         &tv_joint_embedding.kind, NULL};

static const tv_kind *const studies[] = {&tv_grid_study.kind, &tv_threshold_study.kind,
                                         &tv_phase_study.kind, NULL};

const tv_kinds tv_kinds_all = {.methods = methods, .studies = studies};
