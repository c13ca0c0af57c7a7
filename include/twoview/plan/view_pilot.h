/* How many views to sample of each row: what a pilot of the first samples finds, for the plan. */
#ifndef TWOVIEW_PLAN_VIEW_PILOT_H
#define TWOVIEW_PLAN_VIEW_PILOT_H

#include "twoview/augmentations/view_model.h"
#include "twoview/plan/plan.h"

/* Over all severities and strengths of an experiment: its settings. omega_k, of the largest k, is
 * without bias. */
typedef struct {
  int views;          /* m, of each sample, as in the experiment */
  int64_t samples;    /* of the pilot */
  int settings;       /* of these, */
  int singular;       /* those whose S is singular, so that there is no omega_k, */
  int without;        /* and those with omega_k <= 0: views do not agree in direction k */
  double least, most; /* omega_k of the others; there are none: least > most */
  double chance;      /* the largest omega that so few samples have where views do not agree at
                       * all */
} tv_view_pilot;

/* Of an experiment with a number of views: the moments of the first samples of the first
 * replicate's order, 2,000 and 4 for each input of an encoder at the least, and as many as a few
 * seconds allow, all if these suffice. Reads the data twice.                        Collective. */
tv_error *tv_view_pilot_make(const tv_plan *plan, tv_view_model *model, MPI_Comm comm,
                             tv_view_pilot *out);

/* Lines of the plan: m, and 1 + 1/omega_k, which is best where the number of all views is fixed;
 * what the pilot has found; what both numbers of views cost the run. */
void tv_view_pilot_print(const tv_experiment *experiment, const tv_source *source,
                         const tv_plan *plan, const tv_view_pilot *pilot);

#endif
