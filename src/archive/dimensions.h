/* The dimensions of an archive. */
#ifndef TWOVIEW_ARCHIVE_DIMENSIONS_H
#define TWOVIEW_ARCHIVE_DIMENSIONS_H

#include "table.h"

enum tv_dimension {
  TV_AXIS_END,
  TV_AXIS_REPLICATE,
  TV_AXIS_LAMBDA_MAX,
  TV_AXIS_SEVERITY,
  TV_AXIS_ALPHA,
  TV_AXIS_STRENGTH,
  TV_AXIS_N,
  TV_AXIS_K,
  TV_AXIS_PARADIGM,
  TV_AXIS_OTHER,
  TV_AXIS_COMPONENT,
  TV_AXIS_NOISE_COMPONENT,
  TV_AXIS_INPUT,
  TV_AXIS_OUTPUT,
  TV_AXIS_ENCODER_ROW,
  TV_AXIS_FEATURE,
  TV_AXIS_FREQUENCY,
  TV_AXIS_LAST_N,
  TV_AXIS_REPRESENTED_SAMPLE,
  TV_AXIS_SAMPLE,
  TV_AXIS_VIEW,
  TV_AXIS_EXAMPLE,
  TV_AXIS_RANK,
  TV_AXIS_STAGE,
  TV_AXES,
  /* One of these, as the experiment and the method say: */
  TV_AXIS_ROW_OF_METHOD = TV_AXES,
  TV_AXIS_N_OF_ENCODERS,
  TV_AXIS_N_OF_REPRESENTATIONS,
  TV_AXIS_OF_LIST
};

/* Those of every point, whichever of them there are. */
#define TV_AXES_OF_POINTS                                                                          \
  TV_AXIS_REPLICATE, TV_AXIS_LAMBDA_MAX, TV_AXIS_SEVERITY, TV_AXIS_ALPHA, TV_AXIS_STRENGTH

/* In one archive. */
typedef struct {
  int64_t length; /* 0: there is no such dimension, and variables do not have it */
  int64_t first;  /* of its coordinate, as in tv_variable */
  const void *values;
} tv_axis;

/* The row of each dimension's coordinate. */
extern const struct tv_variable_row tv_coordinates[TV_AXES];

/* The axes of an archive; their values are borrowed from its schema. */
void tv_axes_measure(const tv_schema *schema, tv_axis axes[TV_AXES]);

/* What a dimension of a row is, where the experiment, the method or the list says that: of one of
 * them. */
enum tv_dimension tv_dimension_resolve(const tv_schema *schema, enum tv_dimension dimension,
                                       int item);

/* What it is called in the archive. */
const char *tv_dimension_name(const tv_schema *schema, enum tv_dimension dimension);

#endif
