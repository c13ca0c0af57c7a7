/* Augmentations of data: steps that turn a sample x into a random view tau(x). Each is quadratic,
 *     E[tau(x)] = T x + b,     Cov[tau(x)] = V0 + sum_j x_j V1_j + L(x x'),     L linear,
 * so that the moments of the views follow exactly from those of the samples, and a chain of steps
 * is such an augmentation again. A family of steps is one file, and a step one tv_augmentation in
 * it, which the table of kinds names. */
#ifndef TWOVIEW_AUGMENTATIONS_STEP_H
#define TWOVIEW_AUGMENTATIONS_STEP_H

#include "twoview/augmentations/textures.h"
#include "twoview/augmentations/views.h"
#include "twoview/data/source.h"
#include "twoview/experiment/experiment.h"
#include "twoview/random/random.h"

enum { TV_MOST_PARAMETERS = 6, TV_MOST_DEGREE = 12, TV_MOST_ROUNDS = 64 };

typedef struct tv_augmentation tv_augmentation;

enum { TV_MOST_TABLES = 4 };

/* Where a number of a sample stands. */
typedef struct {
  int row, column, channel;
} tv_position;

/* A step with its parameters, in the order of its kind's keys, and what is made of them once, for
 * one shape: the maps that are drawn from, and tables of numbers. */
typedef struct {
  const tv_augmentation *augmentation;
  int number; /* in its chain, which tells its draws from those of others */
  tv_values values[TV_MOST_PARAMETERS]; /* owned */
  tv_map_term *terms;                   /* owned */
  int term_count;
  double *tables[TV_MOST_TABLES]; /* owned */
  tv_position *places;            /* owned: of each number of a sample */
  double scale;                   /* by which the source's numbers have been divided */
  const tv_textures *textures;    /* borrowed: of the data set that a parameter names; NULL */
} tv_step;

/* Prepare a step for samples of a shape, once it has been checked; and free what it owns. Not
 * collective. */
tv_error *tv_step_prepare(tv_step *step, const tv_shape *shape);
void tv_step_release(tv_step *step);

/* The n-th number of a parameter. */
static inline double tv_step_number(const tv_step *step, int parameter, int n) {
  return step->values[parameter].numbers[n];
}

/* What a view of one sample needs of the others. */
typedef enum { TV_NO_OTHERS, TV_PARTNERS, TV_THEIR_MEAN } tv_others;

/* The random numbers and samples from which one view is drawn. All borrowed. */
typedef struct tv_draw {
  const tv_shape *shape;
  tv_stream stream;   /* of the step ... */
  uint64_t index;     /* ... at this view of this sample */
  const double *mean; /* d: of all views before the step */
  /* The view before the step of the sample that a uniform number chooses, drawn apart: d numbers,
   * until the next one is asked for. */
  const double *(*partner)(const struct tv_draw *draw, double u);
  const void *context; /* of `partner` */
  double *scratch;     /* 3 d numbers */
} tv_draw;

/* A law of counts: P(k + 1) / P(k) = (a - b k) / (k + 1), each count times `unit`. */
typedef struct {
  double a, b, unit;
} tv_count_law;

struct tv_augmentation {
  tv_kind kind;      /* its keys are the parameters; their offsets mean nothing */
  int is_corruption; /* it stands for the steps that corrupt the data, at the severity that its only
                      * parameter gives */
  int is_gaussian;   /* it adds normal numbers that do not depend on the sample, and no more */
  tv_numbers needs;  /* what it acts on, ... */
  tv_numbers keeps;  /* ... and what is still true of numbers after it, where it was before */
  /* The same where it depends on parameters; NULL: it does not.                 Not collective. */
  tv_numbers (*makes)(const tv_step *step, tv_numbers before);
  /* Whether it leaves every sample as it is, and can be left out; NULL: never.  Not collective. */
  int (*is_idle)(const tv_step *step);
  /* What a view needs of other samples; NULL: nothing.                         Not collective. */
  tv_others (*needs_others)(const tv_step *step);
  /* NULL, or what is wrong with the parameters for samples of this shape. Not collective. */
  tv_error *(*check)(const tv_step *step, const tv_shape *shape);
  /* Fill in the terms and tables; NULL: there are none.                          Not collective. */
  tv_error *(*prepare)(tv_step *step, const tv_shape *shape);
  /* The moments of the views before the step become those after it; NULL: they do not follow from
   * those, and views have to be sampled.                                          Collective. */
  tv_error *(*moments)(const tv_step *step, tv_views *views);
  /* What is known of steps that are the first of a chain, whose moments may take the rows one by
   * one (leading.h); NULL where it is not so. None is collective. A number x becomes f(x); and E f,
   * E f^2 of a normal number; it becomes normal about x with this deviation (negative: it does
   * not); it becomes a count. A row of sum `size` becomes by thinning one of E tau = w x and
   * E tau tau' = v x x' + (w - v) diag(x); 0: not with these parameters. */
  double (*function)(const tv_step *step, double x);
  void (*of_normal)(const tv_step *step, double mean, double deviation, double moments[2]);
  double (*deviation)(const tv_step *step, double x);
  tv_count_law (*counts)(const tv_step *step, double x);
  int (*weigh)(const tv_step *step, double size, double weights[2]);
  /* One view after the step takes the place of one before it, x (d).          Not collective. */
  void (*view)(const tv_step *step, const tv_draw *draw, double *x);
};

#endif
