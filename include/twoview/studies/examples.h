/* Examples of what a view model makes of its samples, so that a user can look at them. */
#ifndef TWOVIEW_STUDIES_EXAMPLES_H
#define TWOVIEW_STUDIES_EXAMPLES_H

#include "twoview/data/sampling.h"

struct tv_view_model;

enum { TV_MOST_EXAMPLES = 8 };

/* The first samples of the nested order of replicate 0, whichever replicates are computed, in the
 * units in which steps act on them. */
typedef struct {
  int count;         /* samples; 0 where one alone has no draw, because a step needs others */
  double *clean;     /* owned, as the next two: samples x features, as they are */
  double *corrupted; /* severities of the experiment x samples x features: a draw of each */
  double *view;      /* the same: a view of that, at the last strength */
} tv_examples;

/* The same on every rank. Free with tv_examples_destroy.                            Collective. */
tv_error *tv_examples_take(const struct tv_view_model *model, const tv_sampling *sampling,
                           tv_examples **out);
void tv_examples_destroy(tv_examples **examples);

#endif
