/* The study of the experiment, carried out: replicates x noise scales x alignments x sample sizes,
 * each point by every method. The points of a threshold study have no alignment: their critical
 * alignment is found. */
#ifndef TWOVIEW_STUDIES_RESULTS_H
#define TWOVIEW_STUDIES_RESULTS_H

#include "twoview/augmentations/spectra.h"
#include "twoview/base/notes.h"
#include "twoview/base/stopwatch.h"
#include "twoview/data/features.h"
#include "twoview/linalg/group.h"
#include "twoview/moments/moments.h"
#include "twoview/moments/view_moments.h"
#include "twoview/studies/cube.h"
#include "twoview/studies/study.h"

/* What is kept of the solutions of one method, of the points solved here. */
typedef struct {
  int rows;               /* of the encoder */
  double *encoder;        /* kept points x rows x d, or NULL */
  double *decoder;        /* the same: D', of a method that has one, or NULL */
  double *representation; /* represented points x samples x rows, or NULL */
} tv_kept;

typedef struct tv_results {
  tv_cube cube;
  int64_t points; /* replicates x noise scales x alphas x sample sizes, in this order */
  int quantities; /* of the study */
  /* on every rank: */
  double *quantity[TV_MOST_QUANTITIES]; /* points x encoders x methods each, of the study's */
  double *list[TV_MOST_LISTS];          /* the study's: points x encoders x methods x its length */
  int list_length[TV_MOST_LISTS];
  double *clean;            /* replicates x levels x encoders x methods: scores on clean inputs, or
                             * NULL where the study asks for none */
  double *clean_status;     /* the same: as TV_STATUS, of these solutions */
  double *alpha2_threshold; /* replicates x noise scales x encoders x methods */
  char (*digest)[TV_DIGEST_LENGTH]; /* replicates x levels: of the moments */

  int64_t first_point, own_points; /* points solved here; none on ranks that lead no group */
  int d, p;                        /* inputs of an encoder; important ones */
  int kept_levels;                 /* encoders are kept for the last so many sample sizes */
  tv_kept *kept;                   /* of each method of the experiment */
  double *maps; /* of the view model, where targets are classes: of the points solved here, for each
                 * encoder and method the two maps of a sample, corrupted or as it is, to its
                 * predicted targets, l x (d + 1) each; NULL */
  int64_t map_numbers; /* of both */
  double *mean; /* of the view model: kept points x p, of the corrupted training rows, in units of
                 * the source; else NULL */
  tv_notes failures, notes;   /* why solutions failed, and what else there is to say, in words;
                               * those of rank 0 count */
  tv_work work, moments_work; /* of solving; of moments accumulated on the way */
  int represented_levels, represented_samples;
} tv_results;

/* Of maps of samples to targets, applied in one pass over the scored rows, if one setting has not
 * more of them. */
enum { TV_MOST_MAP_NUMBERS = 1 << 23 };

/* All that a solution of the grid starts from; everything is borrowed. */
typedef struct tv_study_inputs {
  const tv_experiment *experiment;
  const tv_features *features;
  const tv_sampling *sampling;
  const tv_spectra *spectra;
  const tv_group *group;                /* of this rank */
  const struct tv_view_model *model;    /* of the view model; else NULL */
  const tv_sampling *held_out_sampling; /* of the rows held out; NULL: there are none */
  const tv_moments *held_out;           /* of them; NULL: there are none, or none yet */
  const tv_view_moments *view_moments;  /* of sampled views; NULL: they are exact */
  MPI_Comm comm;
  tv_stopwatch *watch;
  int shows_progress;
} tv_study_inputs;

/* Solve everything. From `moments`, the points are shared out over the groups of ranks; without
 * (NULL), all ranks form one group, accumulate moments spread over them, those of the rows held out
 * too, and solve one sample size after the other. What the checkpoint of the sampling holds is not
 * solved again. Free with tv_results_destroy. Collective. */
tv_error *tv_results_compute(const tv_study_inputs *study, const tv_moments *moments,
                             tv_results **out);
void tv_results_destroy(tv_results **results);

/* Encode the first samples, un-augmented and corrupted as the encoders' training data were; of the
 * view model about the mean of these. Needs the encoders.                       Not collective. */
tv_error *tv_results_represent(const tv_head *head, const tv_study_inputs *study,
                               tv_results *results);

#endif
