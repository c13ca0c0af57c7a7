/* What the methods learn from the views of a data set, for every severity of its corruption and
 * every strength of its augmentation: from the moments of the data alone, without a probe. */
#ifndef TWOVIEW_THEORY_VIEWS_H
#define TWOVIEW_THEORY_VIEWS_H

#include <mpi.h>
#include <stdio.h>

#include "twoview/augmentations/degeneracy.h"
#include "twoview/augmentations/view_model.h"
#include "twoview/base/notes.h"
#include "twoview/data/features.h"
#include "twoview/methods/method.h"

/* At one severity and strength. */
typedef struct {
  double floor;           /* that makes the problem regular; 0: it is, else all values are NaN */
  tv_relations relations; /* of its moments */
  int same_as;            /* the first strength, from 0, at which joint embedding learns the same;
                           * that of the setting itself: no earlier one */
  double *values;         /* owned, methods x components: omega, phi or variances */
  double *gap;   /* owned, methods x encoders: between the k-th value and the next, relative; 0:
                  * they are tied; NaN: there is no next one */
  double *angle; /* owned, methods x methods x encoders: the largest between what they keep */
} tv_view_setting;

typedef struct {
  const tv_experiment *experiment; /* borrowed */
  int64_t n;                       /* samples: the largest n, of the first replicate */
  int inputs;                      /* numbers of a view: features, or components along axes */
  int severities, strengths;       /* severity 0: the data as they are */
  int components;                  /* of which there are values: of the largest k, and some more */
  int methods_count;
  const tv_method **methods; /* owned: those whose rows have values */
  tv_view_setting *settings; /* owned: severities x strengths */
  char singular[512];        /* what makes the first setting without a solution so */
  tv_notes notes;            /* what is degenerate, and what cannot matter, in words */
} tv_view_theory;

/* From one pass over the data, once the model has read what its steps need. Free with
 * tv_view_theory_destroy.                                                           Collective. */
tv_error *tv_view_theory_make(const tv_experiment *experiment, const tv_features *features,
                              tv_view_model *model, MPI_Comm comm, tv_view_theory **out);
void tv_view_theory_destroy(tv_view_theory **theory);

/* For people; and for programs, as tv_theory_print_json. */
tv_error *tv_view_theory_print(const tv_view_theory *theory, FILE *out);
tv_error *tv_view_theory_print_json(const tv_view_theory *theory, FILE *out);

#endif
