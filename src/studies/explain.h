/* What there is to say of the solutions of the view model in words. */
#ifndef TWOVIEW_STUDIES_EXPLAIN_H
#define TWOVIEW_STUDIES_EXPLAIN_H

#include "solver.h"

/* Why solutions failed or are tied, and where the strength of the augmentation, or the choice among
 * methods, cannot matter: into the remarks of the results, which all ranks have.
 *                                                                      Collective over the group.
 */
tv_error *tv_views_explain(const tv_solver *solver);

#endif
