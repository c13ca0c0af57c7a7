/* Which solutions of the grid there are, in memory and in checkpoints. Each group of ranks keeps
 * the ledger of its own share. */
#ifndef TWOVIEW_STUDIES_LEDGER_H
#define TWOVIEW_STUDIES_LEDGER_H

#include "twoview/checkpoint/checkpoint.h"
#include "twoview/linalg/group.h"
#include "twoview/studies/results.h"

typedef struct {
  int64_t first_clean, clean_end; /* this group's replicates x levels, on clean inputs */
  int64_t first_point, point_end; /* this group's points */
  char *has_clean, *has_point;    /* owned: 1 for each that is solved */
} tv_ledger;

/* Take up what the checkpoint (or NULL) holds of this group's share, and keep the share in new
 * ones. Numbers are read by the group's leader, into `results`. Free with tv_ledger_close. Not
 * collective. */
tv_error *tv_ledger_open(tv_checkpoint *checkpoint, const tv_group *group, const tv_study *study,
                         const tv_experiment *experiment, tv_results *results, tv_ledger *out);
void tv_ledger_close(tv_checkpoint *checkpoint, tv_ledger *ledger);

/* Whether a replicate's sample size is solved at all its points and on clean inputs. */
int tv_ledger_has_level(const tv_ledger *ledger, const tv_results *results, int replicate,
                        int level);

#endif
