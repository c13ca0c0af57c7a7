/* Linear probes of what an encoder makes of a point's rows, from moments alone. */
#ifndef TWOVIEW_STUDIES_PROBES_H
#define TWOVIEW_STUDIES_PROBES_H

#include "point_rows.h"
#include "twoview/methods/probe.h"

/* What an encoder makes of a point's rows. */
typedef struct {
  const tv_point_rows *rows; /* borrowed */
  tv_outputs of[TV_SETS];    /* owned: of its outputs on the sets that there are */
  double *sizes;             /* owned: of its rows */
  int d;                     /* numbers of a sample */
  double *encoder;           /* owned: d x rows, whole on every rank, of these numbers */
} tv_encoded;

/* The encoder alone; its outputs on a set, by what second moments and targets there are of it; and
 * the encoder with its outputs on all sets that the rows keep. Release with tv_encoded_release,
 * after an error too.                                                               Collective. */
tv_error *tv_encode(const tv_point_rows *rows, const tv_solution *solution, tv_encoded *out);
tv_error *tv_encode_set(const tv_distmat *encoder, const tv_distmat *second,
                        const tv_distmat *targets, double square, tv_outputs *out);
tv_error *tv_encode_rows(const tv_point_rows *rows, const tv_solution *solution, tv_encoded *out);
void tv_encoded_release(tv_encoded *encoded);

/* On training rows or test rows in a condition. Where there are none, as the condition is the other
 * one, or test rows are the training rows: on those that there are instead. */
const tv_outputs *tv_outputs_on(const tv_encoded *encoded, int are_test, tv_condition condition);

/* Mean squares of a probe's errors: on the corrupted rows to which it is fitted; in each condition,
 * of the probe fitted to training rows in it, on test rows in it. */
typedef struct {
  double training, test[TV_CONDITIONS];
} tv_losses;

/* Of the probes of the first k outputs. Their maps from a sample to its predicted targets, one for
 * each condition, go to `maps`, l x (d + 1) each: weights, and a constant last; NULL: nowhere. Not
 * collective. */
tv_error *tv_probes_fit(const tv_encoded *encoded, int k, double *maps, tv_losses *out);

#endif
