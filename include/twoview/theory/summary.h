/* The predictions of theory for an experiment, from the eigenvalues that a run of it would draw and
 * the spectrum of its source, without a run. */
#ifndef TWOVIEW_THEORY_SUMMARY_H
#define TWOVIEW_THEORY_SUMMARY_H

#include <stdio.h>

#include "twoview/augmentations/spectra.h"
#include "twoview/base/statistics.h"
#include "twoview/data/features.h"
#include "twoview/methods/method.h"
#include "twoview/theory/theory.h"

typedef struct {
  const tv_experiment *experiment; /* borrowed */
  const tv_features *features;     /* borrowed: the variances of the important components */
  int k;                           /* rows of the encoder */
  tv_rivals rivals;
  tv_spectra *spectra;                   /* owned */
  double (*asymptotics)[TV_ASYMPTOTICS]; /* owned, replicates x noise scales */
} tv_theory;

/* Of encoders of k rows. Free with tv_theory_destroy. */
tv_error *tv_theory_make(const tv_experiment *experiment, const tv_features *features, int k,
                         tv_theory **out);
void tv_theory_destroy(tv_theory **theory);

/* Over the replicates, at one noise scale; and how many of them favour a method (-1: undecided). */
tv_summary tv_theory_summary(const tv_theory *theory, int magnitude, tv_asymptotic which);
int tv_theory_count(const tv_theory *theory, int magnitude, int favoured);

/* For people: aggregated over replicates. */
tv_error *tv_theory_print(const tv_theory *theory, FILE *out);

/* For programs: one JSON object with everything, also by replicate and component; numbers have 17
 * digits, and null stands for what is infinite or not defined. */
tv_error *tv_theory_print_json(const tv_theory *theory, FILE *out);

#endif
