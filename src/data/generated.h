/* Rows that are drawn as they are needed: what the kinds of such sources share. */
#ifndef TWOVIEW_DATA_GENERATED_H
#define TWOVIEW_DATA_GENERATED_H

#include "twoview/data/source.h"
#include "twoview/experiment/key.h"

/* s_i = scale * i^-exponent, i = 1 .. features. */
typedef struct {
  int features;
  double scale, exponent;
} tv_power_law;

/* Variances of the features (within classes), largest first: a list, or a power law. Settings of a
 * kind begin with it, and its table of keys with TV_VARIANCES_KEYS. */
typedef struct {
  double *spectrum;
  unsigned spectrum_count;
  tv_power_law power_law;
} tv_variances_spec;

extern const tv_key tv_power_law_keys[];

#define TV_VARIANCES_KEYS                                                                          \
  {TV_KEY_LIST(tv_variances_spec, spectrum, TV_KEY_NUMBERS), .otherwise = "this ...",              \
   .help = "variances of the features (within classes), largest first"},                           \
  {                                                                                                \
    TV_KEY(tv_variances_spec, power_law, TV_KEY_MAPPING), .keys = tv_power_law_keys, .is_quiet = 1 \
  }

typedef enum { TV_TEACHER_LINEAR = 1, TV_TEACHER_CLASSES } tv_teacher_type;

typedef struct {
  tv_teacher_type type;
  int targets;  /* outputs of the linear teacher, or classes */
  double noise; /* linear: standard deviation of the noise added to every target */
} tv_teacher;

/* What the keys of the two kinds fill. */
typedef struct {
  tv_variances_spec variances;
  tv_teacher teacher;
} tv_gaussian_settings;

typedef struct {
  tv_variances_spec variances;
  int classes;
  double separation; /* deviations of the class means over those within classes */
} tv_mixture_settings;

/* The state of a source. */
typedef struct {
  const tv_experiment *experiment; /* borrowed */
  double *deviations;              /* of the features */
  double *variances;
  double *teacher;      /* features x targets, column-major: weights, or class means */
  double *half_squares; /* |m|^2/2 of the class means */
} tv_generator;

/* What the variances may be. */
tv_error *tv_variances_check(const tv_experiment *experiment);

/* A source of so many targets, with its variances and deviations, and room for a teacher. Its
 * functions are still to be set, but `close`.                                   Not collective. */
tv_error *tv_generator_open(const tv_experiment *experiment, int targets, tv_source *source);

/* Draw the teacher, a column of standard normals for each target, each in units of its feature:
 * class means of so many deviations, or weights that make targets of unit signal. Not collective.
 */
void tv_generator_draw_means(const tv_source *source, double deviations);
void tv_generator_draw_weights(const tv_source *source);

/* The features [from, from + width) of rows, normal with mean 0, as tv_source says. */
tv_error *tv_generator_read_features(const tv_source *source, int replicate, const int64_t *rows,
                                     int count, int from, int width, double *x, int leading);

/* All features of rows [first, first + count); `rows` (TV_BATCH) becomes their numbers. */
tv_error *tv_generator_read(const tv_source *source, int replicate, int64_t first, int count,
                            int64_t *rows, double *x);

#endif
