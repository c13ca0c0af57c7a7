/* The ways to the principal components of a source, and the choice among them. It depends on the
 * experiment and the size of the data alone, so that results are the same bits on any number of
 * ranks and on machines of any memory. */
#ifndef TWOVIEW_DATA_PRINCIPAL_CHOICE_H
#define TWOVIEW_DATA_PRINCIPAL_CHOICE_H

#include "twoview/data/source.h"
#include "twoview/experiment/experiment.h"

/* The passes of a subspace iteration that plans count on: as of images. Of a spectrum without gaps
 * there may be more. */
enum { TV_USUAL_PASSES = 12, TV_MOST_PASSES = 50 };

/* The word of `features.solver` for it. */
const char *tv_principal_name(tv_principal_solver solver);

/* Seconds that each takes on one core, at rates that are the same for all machines; infinite: it
 * cannot be taken. */
void tv_principal_costs(const tv_experiment *experiment, const tv_source *source,
                        double seconds[TV_PRINCIPAL_SOLVERS]);

/* That of `features.solver`, or else the one of least cost. The subspace has to be the cheapest
 * with as many passes as it may take, since how many it takes depends on the spectrum. */
tv_principal_solver tv_principal_choose(const tv_experiment *experiment, const tv_source *source);

/* Whether a rank keeps its rows between the passes, which changes no bit: where all ranks' take no
 * more than half of the bytes that are available. */
int tv_subspace_keeps_rows(const tv_source *source, const tv_partition *partition,
                           double available_bytes);

#endif
