/* The points of an experiment, and what is known of each by every method, in the order in which
 * they lie in memory and in archives: the last dimension varies fastest. */
#ifndef TWOVIEW_STUDIES_CUBE_H
#define TWOVIEW_STUDIES_CUBE_H

#include <stdint.h>

#include "twoview/experiment/experiment.h"

typedef struct {
  int replicates, magnitudes, alphas, levels;
  int encoders, methods; /* at every point: nested encoders of each method */
} tv_cube;

/* Where a point stands. */
typedef struct {
  int replicate, magnitude, alpha, level;
  int64_t setting; /* its replicate and magnitude, as one index */
  int64_t item;    /* its replicate and level, likewise: what clean inputs and moments differ by */
} tv_spot;

/* Of an experiment. */
tv_cube tv_cube_of(const tv_experiment *experiment);

int64_t tv_cube_points(const tv_cube *cube);
int64_t tv_cube_index(const tv_cube *cube, int replicate, int magnitude, int alpha, int level);
tv_spot tv_cube_split(const tv_cube *cube, int64_t point);

/* The index of what is known of an encoder of a method at a point, a setting or an item; and how
 * many such numbers a count of these has. */
int64_t tv_cube_entry(const tv_cube *cube, int64_t index, int encoder, int method);
int64_t tv_cube_entries(const tv_cube *cube, int64_t count);

/* How many of the points before `point` have one of the last `levels` sample sizes: the index of a
 * point among those that are kept or represented; and whether it is among them. */
int64_t tv_cube_among(const tv_cube *cube, int levels, int64_t point);
int tv_cube_is_among(const tv_cube *cube, int levels, int64_t point);

#endif
