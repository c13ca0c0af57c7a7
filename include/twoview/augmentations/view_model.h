/* The view model of an experiment: chains of steps that corrupt its samples, one for each severity,
 * and chains that make views of them, one for each strength. */
#ifndef TWOVIEW_AUGMENTATIONS_VIEW_MODEL_H
#define TWOVIEW_AUGMENTATIONS_VIEW_MODEL_H

#include "twoview/augmentations/chain.h"
#include "twoview/data/sampling.h"
#include "twoview/data/source.h"
#include "twoview/moments/moments.h"
#include "twoview/moments/view_moments.h"

/* Means of views before the steps that need them, `steps` for each of some cells. */
typedef struct {
  int steps;
  int64_t count;
  double **means; /* owned, and each of them; NULL: it is not needed */
} tv_mean_table;

typedef struct tv_view_model {
  const tv_experiment *experiment; /* borrowed, as the next one */
  const tv_source *source;
  const tv_features *features; /* borrowed, once they are known: nonlinear ones; else NULL */
  tv_shape shape;              /* of the samples */
  int severities, strengths;   /* severities: 0 .. severities - 1 have a number */
  tv_chain *corruptions;       /* owned: of each severity; of 0 without steps */
  tv_chain *augmentations;     /* owned: of each strength */
  tv_textures **textures;      /* owned, and each of them: of the data sets that steps name */
  int textures_count;
  int draws_corruptions; /* whether one corrupted sample can be drawn by itself, */
  int draws_views;       /* and one view of one */
  int needs_partners;    /* whether what is drawn has need of other samples, ... */
  struct tv_pool *pool;  /* ... owned: these, once they are read; else NULL */
  tv_mean_table corruption_means, view_means;
  double *scratch;          /* owned: of draws */
  struct tv_turned *turned; /* owned: of nonlinear features the corruption that was needed last */
} tv_view_model;

/* The chains of an experiment, checked and prepared for the samples of a source, and the corruption
 * checked for those held out in another (NULL: there are none). Data sets that steps name are
 * opened, and their files noted as files of the source. Errors name the step that cannot act on the
 * samples. Free with tv_view_model_destroy.                                         Collective. */
tv_error *tv_view_model_create(const tv_experiment *experiment, tv_source *source,
                               const tv_source *test, MPI_Comm comm, tv_view_model **out);
void tv_view_model_destroy(tv_view_model **model);

/* Read the data sets that steps name, and those samples that others are mixed with, before any of
 * what follows. `sampling`: of the rows as they are, whose features are borrowed; `row`: the grid
 * of one row of ranks on which moments will be.                                     Collective. */
tv_error *tv_view_model_read(tv_view_model *model, const tv_sampling *sampling, const tv_grid *row);

/* The rule by which rows are corrupted, one draw for each, in no severity where corruptions are
 * taken on average; it borrows from the model. */
tv_row_corruption tv_view_model_rows(const tv_view_model *model);

/* The samples of a severity by their moments, on a grid of one row of ranks: sums over corrupted
 * rows where the moments have them, else what the corruption makes of samples on average. Moments
 * of rows that are the same in all replicates may have one. Free with tv_samples_destroy.
 *                                                                                   Collective. */
tv_error *tv_view_model_samples(const tv_view_model *model, const tv_moments *moments,
                                const tv_grid *row, int replicate, int severity, int level,
                                tv_samples **out);

/* The linear problem of the views of samples, as tv_chain_problem makes it, which uses them up: of
 * all views or, with the moments of those that are sampled (NULL: none are), of these. Collective.
 */
tv_error *tv_view_model_problem(const tv_view_model *model, const tv_view_moments *sampled,
                                const tv_view_place *place, tv_samples *samples,
                                const tv_distmat *axes, const tv_grid *row, const tv_grid *grid,
                                tv_statistics **out, int *status);

/* How views are drawn, or read, where there is a number of them; it borrows from the model. */
tv_row_views tv_view_model_views(const tv_view_model *model);

/* One draw in place of the sample x: the corruption of a severity, keyed by the number of the
 * sample; one view, keyed by its number.                                        Not collective. */
void tv_view_model_corrupt(const void *model, int severity, int replicate, int64_t number,
                           double *x);
void tv_view_model_augment(const tv_view_model *model, const tv_view_place *place, int64_t number,
                           double *x);

#endif
