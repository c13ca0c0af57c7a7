/* The experiment: what a YAML file asks for, checked, with every default filled in. Everything
 * downstream takes it as `const tv_experiment *`. */
#ifndef TWOVIEW_EXPERIMENT_EXPERIMENT_H
#define TWOVIEW_EXPERIMENT_EXPERIMENT_H

#include <stdint.h>

#include "twoview/base/error.h"
#include "twoview/experiment/kind.h"
#include "twoview/experiment/yaml.h"
#include "twoview/random/random.h"

typedef enum {
  TV_SOURCE_IDX = 1,
  TV_SOURCE_HDF5,
  TV_SOURCE_GAUSSIAN,
  TV_SOURCE_MIXTURE
} tv_source_type;
typedef enum {
  TV_AS_SAMPLE = 1, /* the rows of a data set are what there is to sample from */
  TV_AS_POPULATION  /* their second moments, scaled, are those of a sample of any size */
} tv_source_role;
typedef enum {
  TV_SAMPLER_ROWS = 1, /* every sample's noise is drawn */
  TV_SAMPLER_LAW       /* the moments of the noise are drawn, exactly in law */
} tv_noise_sampler;
typedef enum { TV_TEACHER_LINEAR = 1, TV_TEACHER_CLASSES } tv_teacher_type;
typedef enum { TV_KEEP_NONE = 1, TV_KEEP_LAST, TV_KEEP_ALL } tv_keep; /* of the sample sizes */

typedef enum { TV_SPACED_LOGARITHMIC, TV_SPACED_LINEAR } tv_spacing;

/* s_i = scale * i^-exponent, i = 1 .. features. */
typedef struct {
  int features;
  double scale, exponent;
} tv_power_law;

typedef struct {
  tv_teacher_type type;
  int targets;  /* outputs of the linear teacher, or classes */
  double noise; /* linear: standard deviation of the noise added to every target */
} tv_teacher;

typedef struct {
  tv_source_type type;
  tv_source_role role; /* idx, hdf5 */
  char *images;        /* idx: file of images, plain or gzipped */
  char *labels;        /* idx: file of labels; hdf5: 1D dataset of class labels, optional */
  char *file;          /* hdf5: file */
  char *samples;       /* hdf5: 2D dataset, samples as rows */
  char *targets;       /* hdf5: 2D dataset of targets, optional, instead of labels */
  double *spectrum;    /* gaussian, mixture: variances (within classes), largest first */
  unsigned spectrum_count;
  tv_power_law power_law; /* gaussian, mixture: instead of the spectrum */
  tv_teacher teacher;     /* gaussian */
  int classes;            /* mixture */
  double separation;      /* mixture: deviations of the class means over those within classes */
} tv_source_spec;

typedef struct {
  int pca; /* principal components kept; 0: all features */
} tv_features_spec;

typedef struct {
  int k; /* rows of the encoder, the size of the representation */
} tv_encoder_spec;

typedef struct {
  int components;     /* q, irrelevant components appended to the p features */
  double *lambda_max; /* eigenvalues of Gamma are drawn from U[ratio lambda_max, lambda_max] ... */
  unsigned lambda_max_count;
  double lambda_min_ratio; /* ... with this ratio, */
  double *eigenvalues;     /* or are these q numbers times lambda_max */
  unsigned eigenvalues_count;
  tv_noise_sampler sampler;
} tv_noise_spec;

typedef struct {
  double signal[2], noise[2]; /* [low, high] on the p important components, and on the q others */
} tv_theta_spec;

typedef struct {
  double theta_max;          /* > 0 or given: the interval [0, theta_max] on all components */
  tv_theta_spec theta;       /* eigenvalues of Theta are drawn from U[low, high], */
  double *theta_eigenvalues; /* or are these d numbers */
  unsigned theta_eigenvalues_count;
  double *alpha; /* alignments of the augmentation with the noise; NULL: the study finds them */
  unsigned alpha_count;
} tv_augmentation_spec;

typedef struct {
  double tolerance; /* of alpha^2, relative */
} tv_threshold_spec;

typedef struct {
  tv_keep encoders; /* and decoders */
  tv_keep representations;
  int samples;                /* boolean: the samples themselves */
  int representation_samples; /* represented samples: the first of the nested order */
} tv_archive_spec;

typedef enum { TV_LAYOUT_AUTO = 1, TV_LAYOUT_REPLICATED, TV_LAYOUT_DISTRIBUTED } tv_layout_choice;

typedef struct {
  int shards;              /* parts into which the samples are cut, whatever the number of ranks */
  int ranks_per_point;     /* ranks that solve one point of the grid together; 0: as d suggests */
  tv_layout_choice layout; /* of the moments: whole on every rank, or one share on each */
} tv_parallel_spec;

typedef struct tv_experiment {
  char *name;
  const tv_kind *study;
  uint64_t seed;
  int replicates, first_replicate; /* numbered from first_replicate on */
  tv_source_spec source;
  tv_features_spec features;
  tv_noise_spec noise;
  tv_augmentation_spec augmentation;
  double *size_list; /* as given, or made of a range; `sizes` are the same as integers */
  unsigned size_list_count;
  tv_encoder_spec encoder;
  tv_threshold_spec threshold;
  const tv_kind **methods; /* owned; the rows are not */
  unsigned methods_count;
  tv_archive_spec archive;
  tv_parallel_spec parallel;

  int64_t *sizes; /* n_1 < n_2 < ..., nested sample sizes */
  int sizes_count;
  const tv_kinds *kinds; /* borrowed: the tables of all rows */
  char *file;            /* as given, for messages */
  char *text;            /* as read */
  tv_yaml_node root;     /* what it says, with the overrides applied */
} tv_experiment;

/* Parse and check the text of experiment file `file` with `overrides` (KEY=VALUE, NULL-terminated
 * or NULL) applied; these and the tables `kinds` are borrowed for the experiment's lifetime.
 * Touches no other file. Free `*out` with tv_experiment_destroy. Errors name file, line and key,
 * and the nearest valid choice. */
tv_error *tv_experiment_parse(const char *file, const char *text, const char *const *overrides,
                              const tv_kinds *kinds, tv_experiment **out);
void tv_experiment_destroy(tv_experiment **experiment);

/* An error about the value of `key`, located: `FILE:LINE: KEY: message` or `--set KEY=VALUE: ...`.
 */
tv_error *tv_experiment_fault(const tv_experiment *experiment, const char *key, const char *format,
                              ...) __attribute__((format(printf, 3, 4)));

/* Check what depends on the data: `rows` samples of `features` features (rows < 0: unlimited). */
tv_error *tv_experiment_check_data(const tv_experiment *experiment, int64_t rows, int features);

/* Whether at least two numbers grow in equal steps, of themselves or of their logarithms, to some
 * digits less than a range has (`from`, `to`, `count`). */
int tv_is_evenly_spaced(const double *values, int count, tv_spacing spacing);

/* How many alignments a study goes through, one where it finds them; and how many points it has:
 * replicates x magnitudes of noise x alignments x sample sizes. */
int tv_experiment_alignments(const tv_experiment *experiment);
int64_t tv_experiment_points(const tv_experiment *experiment);

/* The resolved experiment as YAML that parses to the same experiment. Owned by the caller. */
tv_error *tv_experiment_print(const tv_experiment *experiment, char **text);

/* The random stream of a replicate, given as the program counts them: 0 .. replicates - 1. */
tv_stream tv_experiment_stream(const tv_experiment *experiment, tv_purpose purpose, int replicate);

/* Public names: gaussian, ... */
const char *tv_source_type_name(tv_source_type type);

#endif
