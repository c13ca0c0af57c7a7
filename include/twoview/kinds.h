/* Everything that an experiment can choose: a row for each method and study. */
#ifndef TWOVIEW_KINDS_H
#define TWOVIEW_KINDS_H

#include "twoview/experiment/kind.h"

extern const tv_kinds tv_kinds_all;

#endif
