/* The solutions of methods that see no views. They are the same at every strength, and are kept for
 * the points that follow. */
#ifndef TWOVIEW_STUDIES_BASELINES_H
#define TWOVIEW_STUDIES_BASELINES_H

#include "solver.h"

/* Those of one setting, for each sample size and method. */
struct tv_baselines {
  int64_t setting; /* a replicate and a severity; negative: none yet */
  int count;
  tv_solution *solutions; /* owned: levels x methods; empty where they are not known */
};

/* Solve for a point's statistics with k rows, as tv_method.solve does, or take up what is known.
 *                                                                      Collective over the group.
 */
tv_error *tv_baselines_solve(const tv_solver *solver, const tv_statistics *statistics, int method,
                             int64_t point, int k, tv_solution *out, int *status);
void tv_baselines_release(struct tv_baselines *baselines);

#endif
