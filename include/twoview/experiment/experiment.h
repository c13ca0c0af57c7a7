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
  TV_AS_SAMPLE,    /* the rows of a data set are what there is to sample from */
  TV_AS_POPULATION /* their second moments, scaled, are those of a sample of any size */
} tv_source_role;
typedef enum {
  TV_SAMPLER_ROWS = 1, /* every sample's noise is drawn */
  TV_SAMPLER_LAW       /* the moments of the noise are drawn from their exact (Wishart)
                        * distribution */
} tv_noise_sampler;
typedef enum { TV_KEEP_NONE = 1, TV_KEEP_LAST, TV_KEEP_ALL } tv_keep; /* of the sample sizes */

typedef enum { TV_SPACED_LOGARITHMIC, TV_SPACED_LINEAR } tv_spacing;

/* Numbers of one parameter of a step; of a word its value; or a data set. */
typedef struct {
  double *numbers; /* owned */
  int count, is_word;
  struct tv_source_spec *rows; /* owned: a data set in place of numbers; NULL */
} tv_values;

/* The values of one parameter: one for each level of the chain, one for all of them, or none. */
typedef struct {
  tv_values *levels; /* owned */
  int count;
} tv_parameter_spec;

typedef struct tv_step_spec {
  const tv_kind *kind;           /* of an augmentation */
  tv_parameter_spec *parameters; /* owned: in the order of the kind's keys */
} tv_step_spec;

/* Steps that follow each other. The lists among their numbers have one length and go together. */
typedef struct {
  tv_step_spec *steps;                  /* owned */
  int count, levels;                    /* levels: 0 where nothing is a list */
  const struct tv_rows_functions *rows; /* borrowed: what reads and frees their data sets */
} tv_chain_spec;

typedef struct tv_source_spec {
  const tv_kind *kind;
  void *settings;      /* owned: what the kind's own keys say, as its file defines it */
  tv_source_role role; /* of a data set */
  double scale;        /* all numbers are divided by it */
  char *views;         /* where several views of each sample are that another program made; NULL */
  double *shape;       /* how the numbers of a sample are arranged: [rows, columns, channels] */
  unsigned shape_count;
  int is_unlabelled; /* boolean: there are samples, and nothing to learn from them */
} tv_source_spec;

/* The corruption of the view model, applied to the data once. */
typedef struct {
  tv_chain_spec chain;
  int clean;   /* boolean: the data as they are, too, as severity 0 */
  int sampler; /* TV_CORRUPTED_... */
} tv_corruption_spec;
enum { TV_CORRUPTED_ROWS, TV_CORRUPTED_EXPECTED };

/* Rows held out. */
typedef struct {
  tv_source_spec source; /* of the same kind as the experiment's, in files of its own, ... */
  double fraction;       /* ... or a share of its rows; 0: none */
  int may_overlap;       /* boolean: they may be the training rows themselves */
} tv_test_spec;

typedef struct {
  int intercept; /* boolean */
} tv_probe_spec;

/* Of what the principal components are found. */
typedef enum {
  TV_PRINCIPAL_BY_COST,    /* of what costs least: */
  TV_PRINCIPAL_COVARIANCE, /* the features' covariance, or that of the population of a source */
  TV_PRINCIPAL_ROWS,       /* the Gram matrix of the rows */
  TV_PRINCIPAL_SUBSPACE,   /* a Krylov subspace, in passes over the rows */
  TV_PRINCIPAL_SOLVERS
} tv_principal_solver;

typedef struct {
  int type;         /* TV_FEATURES_... */
  int count;        /* of these frequencies */
  double bandwidth; /* their scale, after `source.scale`; 0: found from the data */
  int normalise;    /* boolean: rows of counts by their sums */
  int variable;     /* features kept, the most variable ones; 0: all */
  int pca;          /* principal components kept; 0: all features */
  int solver;       /* tv_principal_solver */
} tv_features_spec;
enum { TV_FEATURES_LINEAR, TV_FEATURES_FOURIER };

typedef struct {
  double *list; /* as given, or made of a range; `sizes` are the same as integers */
  unsigned list_count;
  int *sizes; /* k_1 < k_2 < ...: rows of the encoders, which are nested, ... */
  int sizes_count;
  int k; /* ... and of the largest of them */
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
  tv_chain_spec chain; /* the view model's, instead of all these */
  double floor;        /* variance added to every entry of every view */
  int views;           /* sampled of each sample; 0: all, exactly */
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
  int views;                  /* boolean: sampled views of them, too */
  int representation_samples; /* represented samples: the first of the nested order */
} tv_archive_spec;

typedef enum { TV_LAYOUT_AUTO = 1, TV_LAYOUT_REPLICATED, TV_LAYOUT_DISTRIBUTED } tv_layout_choice;

typedef struct {
  int shards;              /* parts into which the samples are cut, whatever the number of ranks */
  int ranks_per_point;     /* ranks that solve one point together; 0: as d suggests */
  tv_layout_choice layout; /* of the moments: whole on every rank, or one share on each */
} tv_parallel_spec;

typedef struct tv_experiment {
  char *name;
  const tv_kind *study;
  uint64_t seed;
  int replicates, first_replicate; /* numbered from first_replicate on */
  tv_source_spec source;
  tv_test_spec test;
  tv_corruption_spec corruption;
  tv_probe_spec probe;
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

/* Whether its features are nonlinear: random Fourier features. */
int tv_experiment_has_fourier(const tv_experiment *experiment);

/* p, the important components: all features, as many principal components as are kept, or random
 * Fourier features. */
int tv_experiment_components(const tv_experiment *experiment, int features);

/* Numbers of a row, without its noise components and targets, as moments are taken of it: those of
 * the view model are of the features before their principal components. */
int tv_experiment_row_numbers(const tv_experiment *experiment, int features);

/* What makes its features fewer, in words. */
const char *tv_experiment_fewer_features(const tv_experiment *experiment);

/* What the inputs of encoders in the view model are multiplied by to be in units of the source. */
double tv_experiment_input_scale(const tv_experiment *experiment);

/* Check what depends on the data: `rows` samples of `features` features. */
tv_error *tv_experiment_check_data(const tv_experiment *experiment, int64_t rows, int features);

/* Whether at least two numbers grow in equal steps, of themselves or of their logarithms, to some
 * digits less than a range has (`from`, `to`, `count`). */
int tv_is_evenly_spaced(const double *values, int count, tv_spacing spacing);

/* What the coordinates of its points are called in archives, tables and JSON. */
#define TV_REPLICATE   "replicate"
#define TV_LAMBDA_MAX  "lambda_max"
#define TV_SEVERITY    "severity"
#define TV_ALPHA       "alpha"
#define TV_STRENGTH    "strength"
#define TV_SAMPLE_SIZE "n"

/* Whether it corrupts and augments the inputs themselves (the view model), in place of components
 * that are noise. */
int tv_experiment_has_views(const tv_experiment *experiment);

/* Whether it learns from some views of each sample, drawn or given, rather than from all. */
int tv_experiment_samples_views(const tv_experiment *experiment);

/* Whether a step of a chain needs the rows one by one for exact moments of its views; and whether
 * moments of views are sums over rows for that, or because views are sampled. */
int tv_chain_spec_takes_rows(const tv_experiment *experiment, const tv_chain_spec *chain);
int tv_experiment_sums_views(const tv_experiment *experiment);

/* The data set that a step names beside the source's; NULL: none. And how many of the experiment's
 * steps name one. */
const tv_source_spec *tv_step_spec_rows(const tv_step_spec *step);
int tv_experiment_row_sets(const tv_experiment *experiment);

/* Whether its views, or the corruption of its samples, are taken by their exact moments. */
int tv_experiment_takes_moments(const tv_experiment *experiment);

/* Whether rows are held out. */
int tv_experiment_has_test(const tv_experiment *experiment);

/* How strongly inputs are corrupted: noise scales or, of the view model, severities, of which the
 * first has a number; how views are made: alignments, one where the study finds them, or strengths
 * of the chain. And how many points there are: replicates x corruptions x views x sample sizes. */
int tv_experiment_corruptions(const tv_experiment *experiment);
int tv_experiment_first_severity(const tv_experiment *experiment);
int tv_experiment_alignments(const tv_experiment *experiment);
int64_t tv_experiment_points(const tv_experiment *experiment);

/* Views of each sample that are archived, of all severities and strengths; 0: none. */
int64_t tv_experiment_archived_views(const tv_experiment *experiment);

/* The type of the key at a path, `noise.components`; 0 where the tables have none, as of steps. */
tv_key_type tv_experiment_key_type(const tv_experiment *experiment, const char *path);

/* The resolved experiment as YAML that parses to the same experiment. Owned by the caller. */
tv_error *tv_experiment_print(const tv_experiment *experiment, char **text);

/* The same with other names for its files: those that `name` gives them. */
typedef const char *tv_file_namer(const void *context, const char *path);
tv_error *tv_experiment_print_as(const tv_experiment *experiment, tv_file_namer *name,
                                 const void *context, char **text);

/* The random stream of a replicate, given as the program counts them: 0 .. replicates - 1. */
tv_stream tv_experiment_stream(const tv_experiment *experiment, tv_purpose purpose, int replicate);

#endif
