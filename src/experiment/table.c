/* The keys of an experiment file. Those of one source, one study or one step stand in its file. */
#include <math.h>

#include "keys.h"
#include "twoview/experiment/check.h"

#define EXAMPLE(text) "write for example\n    " text

static const char noise_example[] = EXAMPLE("noise: {components: 50, lambda_max: [1e3]}");
static const char theta_example[] =
    "write for example theta: {signal: [0.5, 0.5], noise: [0.05, 0.5]}";

static const tv_word yes_or_no[] = {TV_WORDS_NO_YES(0, 1), {0}};
static const tv_word samplers[] = {{"rows", TV_SAMPLER_ROWS}, {"law", TV_SAMPLER_LAW}, {0}};
static const tv_word kept[] = {{"none", TV_KEEP_NONE},
                               {"last", TV_KEEP_LAST},
                               {"all", TV_KEEP_ALL},
                               TV_WORDS_NO_YES(TV_KEEP_NONE, TV_KEEP_ALL),
                               {0}};
static const tv_word layouts[] = {{"auto", TV_LAYOUT_AUTO},
                                  {"replicated", TV_LAYOUT_REPLICATED},
                                  {"distributed", TV_LAYOUT_DISTRIBUTED},
                                  {0}};

static const tv_key source_keys[] = {
    {.name = "type",
     .type = TV_KEY_KIND,
     .offset = offsetof(tv_source_spec, kind),
     .settings = offsetof(tv_source_spec, settings),
     .kinds = offsetof(tv_kinds, sources),
     .missing = EXAMPLE("source: {type: idx, images: ..., labels: ...}"),
     .is_essential = 1,
     .help = "where the samples come from"},
    {TV_KEY_LIST(tv_source_spec, shape, TV_KEY_NUMBERS), .low = 1, .high = MOST_INPUTS,
     .is_whole = 1, .otherwise = "that of the file's images; else a vector",
     .help =
         "how the numbers of a sample are arranged: `[length, channels]` or, of images, `[rows, "
         "columns, channels]`"},
    {TV_KEY(tv_source_spec, scale, TV_KEY_NUMBER), .standard = "1", .is_quiet = 1, .high = INFINITY,
     .excludes_low = 1, .help = "the numbers of all samples are divided by it"},
    {.name = "", .type = TV_KEY_OWN},
    {0}};

const tv_key tv_rows_keys[] = {
    {.name = "type",
     .type = TV_KEY_KIND,
     .offset = offsetof(tv_source_spec, kind),
     .settings = offsetof(tv_source_spec, settings),
     .kinds = offsetof(tv_kinds, sources),
     .missing = "name the kind of the file, as in {type: npy, samples: ...}",
     .help = "where the rows come from"},
    {TV_KEY(tv_source_spec, scale, TV_KEY_NUMBER), .high = INFINITY, .excludes_low = 1,
     .otherwise = "that of the source", .help = "their numbers are divided by it"},
    {.name = "", .type = TV_KEY_OWN},
    {0}};

static const tv_key test_keys[] = {
    {.name = "type",
     .type = TV_KEY_KIND,
     .offset = offsetof(tv_source_spec, kind),
     .settings = offsetof(tv_source_spec, settings),
     .kinds = offsetof(tv_kinds, sources),
     .same_as = "source.type"},
    {TV_KEY(tv_test_spec, fraction, TV_KEY_NUMBER), .high = 1, .excludes_low = 1,
     .excludes_high = 1, .otherwise = "none",
     .help = "share of the rows that is held out, instead of files: those of the source's kind"},
    {TV_KEY(tv_test_spec, may_overlap, TV_KEY_CHOICE), .words = yes_or_no, .standard = "false",
     .is_quiet = 1, .help = "whether they may be the rows of the source themselves"},
    {.name = "", .type = TV_KEY_OWN},
    {0}};

static const char chain_example[] = EXAMPLE("corruption: {chain: [{type: noise, deviation: 0.1}]}");

static const tv_word corruption_samplers[] = {
    {"rows", TV_CORRUPTED_ROWS}, {"expected", TV_CORRUPTED_EXPECTED}, {0}};

static const tv_key corruption_keys[] = {
    {TV_KEY(tv_corruption_spec, chain, TV_KEY_CHAIN), .kinds = offsetof(tv_kinds, augmentations),
     .missing = chain_example, .otherwise = "the data as they are",
     .help = "steps that corrupt the data, one after the other"},
    {TV_KEY(tv_corruption_spec, clean, TV_KEY_CHOICE), .words = yes_or_no, .standard = "false",
     .is_quiet = 1, .help = "the data as they are, too, as severity 0"},
    {TV_KEY(tv_corruption_spec, sampler, TV_KEY_CHOICE), .words = corruption_samplers,
     .standard = "rows",
     .help = "`rows`: one fixed draw for each sample; `expected`: its exact mean"},
    {0}};

static const tv_word exact_views[] = {{"exact", 0}, {0}};

static const tv_key probe_keys[] = {{TV_KEY(tv_probe_spec, intercept, TV_KEY_CHOICE),
                                     .words = yes_or_no,
                                     .otherwise = "`true` in the view model, else `false`",
                                     .help = "whether the linear probe has an intercept"},
                                    {0}};

static const tv_word normalisations[] = {{"none", 0}, {"counts", 1}, {0}};

static const tv_word principal_solvers[] = {{"auto", TV_PRINCIPAL_BY_COST},
                                            {"covariance", TV_PRINCIPAL_COVARIANCE},
                                            {"rows", TV_PRINCIPAL_ROWS},
                                            {"subspace", TV_PRINCIPAL_SUBSPACE},
                                            {0}};

static const tv_word feature_types[] = {
    {"linear", TV_FEATURES_LINEAR}, {"random-fourier", TV_FEATURES_FOURIER}, {0}};
static const tv_word median_distance[] = {{"auto", 0}, {0}};

static const tv_key features_keys[] = {
    {TV_KEY(tv_features_spec, type, TV_KEY_CHOICE), .words = feature_types, .standard = "linear",
     .is_quiet = 1,
     .help = "`linear`: the features or their principal components; `random-fourier`: cos w·x and "
             "sin w·x of each row x, of `count` frequencies w"},
    {TV_KEY(tv_features_spec, count, TV_KEY_INTEGER), .only_with = "random-fourier", .low = 1,
     .high = MOST_INPUTS / 2, .otherwise = "required with `random-fourier`",
     .help = "random-fourier: number of frequencies, which make twice as many features"},
    {TV_KEY(tv_features_spec, bandwidth, TV_KEY_NUMBER), .only_with = "random-fourier",
     .words = median_distance, .standard = "auto", .low = 1e-100, .high = 1e100,
     .help = "random-fourier: w is drawn from N(0, I/bandwidth²), in units of the data after "
             "`source.scale`; `auto`: the median distance of rows"},
    {TV_KEY(tv_features_spec, normalise, TV_KEY_CHOICE), .words = normalisations,
     .standard = "none", .is_quiet = 1,
     .help = "before everything, `counts`: numbers x of a row of sum s become log(1 + L x / s), L "
             "the median of the sums"},
    {TV_KEY(tv_features_spec, variable, TV_KEY_INTEGER), .low = 1, .high = MOST_INPUTS,
     .otherwise = "all features",
     .help = "features kept, those that vary most in view of their mean"},
    {TV_KEY(tv_features_spec, pca, TV_KEY_INTEGER), .low = 1, .high = INFINITY,
     .otherwise = "all features", .help = "principal components kept"},
    {TV_KEY(tv_features_spec, solver, TV_KEY_CHOICE), .words = principal_solvers,
     .standard = "auto", .is_quiet = 1,
     .help = "of what these are found: `covariance` of the features, Gram matrix of the `rows`, "
             "Krylov `subspace` in passes over the rows; `auto`: of what costs least"},
    {0}};

static const tv_key noise_keys[] = {
    {TV_KEY(tv_noise_spec, components, TV_KEY_INTEGER), .missing = noise_example, .is_essential = 1,
     .high = MOST_INPUTS, .help = "q, irrelevant components appended"},
    {TV_KEY_LIST(tv_noise_spec, lambda_max, TV_KEY_NUMBERS), .missing = noise_example,
     .is_essential = 1, .high = INFINITY, .excludes_low = 1, .subject = "bounds of eigenvalues",
     .is_coordinate = 1,
     .help = "noise scales: eigenvalues of the noise covariance Γ are drawn from U[ratio · "
             "lambda_max, lambda_max] ..."},
    {TV_KEY_LIST(tv_noise_spec, eigenvalues, TV_KEY_NUMBERS), .high = INFINITY, .excludes_low = 1,
     .begins_line = 1, .otherwise = "drawn", .help = "... or are these q numbers times lambda_max"},
    {TV_KEY(tv_noise_spec, lambda_min_ratio, TV_KEY_NUMBER), .standard = "0", .is_quiet = 1,
     .high = 1, .excludes_high = 1, .help = "... with this ratio"},
    {TV_KEY(tv_noise_spec, sampler, TV_KEY_CHOICE), .words = samplers, .standard = "rows",
     .help =
         "`rows`: the noise of every sample is drawn; `law`: its moments are, at any n up to 1e15"},
    {0}};

static const tv_key theta_keys[] = {
    {TV_KEY(tv_theta_spec, signal, TV_KEY_INTERVAL), .missing = theta_example, .high = INFINITY,
     .subject = "bounds of eigenvalues",
     .help = "or intervals that they are drawn from: on the important components"},
    {TV_KEY(tv_theta_spec, noise, TV_KEY_INTERVAL), .missing = theta_example, .high = INFINITY,
     .subject = "bounds of eigenvalues", .help = "and on the noise components"},
    {0}};

static const tv_key augmentation_keys[] = {
    {TV_KEY(tv_augmentation_spec, chain, TV_KEY_CHAIN), .kinds = offsetof(tv_kinds, augmentations),
     .model = TV_VIEW_MODEL, .otherwise = "required, unless `source.views` gives the views",
     .help = "steps that make a view of a sample, one after the other"},
    {TV_KEY(tv_augmentation_spec, views, TV_KEY_INTEGER), .words = exact_views, .standard = "exact",
     .low = 2, .high = 1000000, .model = TV_VIEW_MODEL,
     .help = "`exact`: all views, by their moments; or a number of sampled views of each sample"},
    {TV_KEY(tv_augmentation_spec, floor, TV_KEY_NUMBER), .standard = "0", .high = INFINITY,
     .model = TV_VIEW_MODEL, .help = "variance added to every number of every view"},
    {TV_KEY_LIST(tv_augmentation_spec, theta_eigenvalues, TV_KEY_NUMBERS), .otherwise = "this ...",
     .model = TV_COMPONENT_MODEL, .high = INFINITY,
     .help = "eigenvalues of the augmentation covariance Θ: first the important components', then "
             "the noise's"},
    {TV_KEY(tv_augmentation_spec, theta, TV_KEY_MAPPING), .model = TV_COMPONENT_MODEL,
     .keys = theta_keys, .is_quiet = 1,
     .help = "... or intervals, [low, high], that they are drawn from ..."},
    {TV_KEY(tv_augmentation_spec, theta_max, TV_KEY_NUMBER), .otherwise = "... or this",
     .model = TV_COMPONENT_MODEL, .high = INFINITY, .subject = "a bound of eigenvalues",
     .help = "or the end of one interval, [0, theta_max], for all of them"},
    {TV_KEY_LIST(tv_augmentation_spec, alpha, TV_KEY_NUMBERS), .model = TV_COMPONENT_MODEL,
     .high = INFINITY, .is_coordinate = 1, .otherwise = "required, unless the study finds them",
     .help = "alignments: the augmentation adds noise of covariance Θ + α²Γ"},
    {0}};

static const tv_key encoder_keys[] = {{.name = "k",
                                       .type = TV_KEY_SIZES,
                                       .offset = offsetof(tv_encoder_spec, list),
                                       .count = offsetof(tv_encoder_spec, list_count),
                                       .missing = EXAMPLE("encoder: {k: 50}"),
                                       .is_essential = 1,
                                       .low = 1,
                                       .high = MOST_INPUTS,
                                       .is_whole = 1,
                                       .is_bare_alone = 1,
                                       .help = "rows of the encoder, or of nested ones"},
                                      {0}};

static const tv_key archive_keys[] = {
    {TV_KEY(tv_archive_spec, encoders, TV_KEY_CHOICE), .words = kept, .standard = "none",
     .otherwise = "`last` or `none`, as the study has it",
     .help = "of which sample sizes, `none`, `last` or `all`; decoders too"},
    {TV_KEY(tv_archive_spec, representations, TV_KEY_CHOICE), .words = kept, .standard = "none",
     .otherwise = "as `archive.encoders`; `none` with `noise.sampler: law`",
     .help = "the same, of the first `representation_samples` samples"},
    {TV_KEY(tv_archive_spec, representation_samples, TV_KEY_INTEGER), .standard = "100",
     .otherwise = "100, or the least sample size if that is less",
     .help = "represented samples, up to the largest sample size"},
    {TV_KEY(tv_archive_spec, samples, TV_KEY_CHOICE), .words = yes_or_no, .standard = "false",
     .help = "samples, noise and targets themselves, to recompute everything"},
    {TV_KEY(tv_archive_spec, views, TV_KEY_CHOICE), .words = yes_or_no, .standard = "false",
     .help = "sampled views of the samples, too: for small runs"},
    {0}};

static const tv_key parallel_keys[] = {
    {TV_KEY(tv_parallel_spec, shards, TV_KEY_INTEGER), .standard = "64", .low = 1, .high = 1 << 20,
     .help = "parts into which the samples are cut, whatever the number of ranks"},
    {TV_KEY(tv_parallel_spec, layout, TV_KEY_CHOICE), .words = layouts, .standard = "auto",
     .help = "moments `replicated`, whole on every rank, or `distributed`, blocks over all ranks; "
             "`auto`: distributed from 2048 inputs on where the source allows it"},
    {TV_KEY(tv_parallel_spec, ranks_per_point, TV_KEY_INTEGER), .low = 1, .high = INFINITY,
     .otherwise = "one, more when ranks outnumber points and d is large",
     .help = "ranks that solve one point together; where a run has fewer, all of them"},
    {0}};

const tv_key tv_experiment_keys[] = {
    {TV_KEY(tv_experiment, name, TV_KEY_TEXT), .standard = "experiment",
     .help = "title of figures, and name of the archive without `-o`"},
    {TV_KEY(tv_experiment, study, TV_KEY_KIND), .kinds = offsetof(tv_kinds, studies),
     .help = "what is done at every point"},
    {TV_KEY(tv_experiment, seed, TV_KEY_NATURAL), .standard = "1", .help = "of all random numbers"},
    {TV_KEY(tv_experiment, replicates, TV_KEY_INTEGER), .standard = "1", .low = 1,
     .high = TV_MAX_REPLICATES - 1, .help = "repetitions: own subsamples, noise, eigenvalues"},
    {TV_KEY(tv_experiment, first_replicate, TV_KEY_INTEGER), .standard = "0",
     .help = "their first number: 4 with 2 replicates runs those numbered 4 and 5 of a larger run"},
    {TV_KEY(tv_experiment, source, TV_KEY_MAPPING), .keys = source_keys},
    {TV_KEY(tv_experiment, test, TV_KEY_MAPPING), .keys = test_keys, .is_quiet = 1},
    {TV_KEY(tv_experiment, corruption, TV_KEY_MAPPING), .keys = corruption_keys, .is_quiet = 1,
     .model = TV_VIEW_MODEL},
    {TV_KEY(tv_experiment, features, TV_KEY_MAPPING), .keys = features_keys},
    {TV_KEY(tv_experiment, noise, TV_KEY_MAPPING), .keys = noise_keys, .model = TV_COMPONENT_MODEL},
    {TV_KEY(tv_experiment, augmentation, TV_KEY_MAPPING), .keys = augmentation_keys},
    {.name = "samples",
     .type = TV_KEY_SIZES,
     .offset = offsetof(tv_experiment, size_list),
     .count = offsetof(tv_experiment, size_list_count),
     .missing = EXAMPLE(SIZES_EXAMPLE),
     .is_essential = 1,
     .help = "nested sample sizes: a list, or `{from, to, factor}`"},
    {TV_KEY(tv_experiment, encoder, TV_KEY_MAPPING), .keys = encoder_keys},
    {.name = "", .type = TV_KEY_OWN},
    {TV_KEY(tv_experiment, probe, TV_KEY_MAPPING), .keys = probe_keys},
    {TV_KEY_LIST(tv_experiment, methods, TV_KEY_KINDS), .kinds = offsetof(tv_kinds, methods),
     .otherwise = "the usual ones, those that the study has a use for",
     .help = "what is learned and compared"},
    {TV_KEY(tv_experiment, archive, TV_KEY_MAPPING), .keys = archive_keys},
    {TV_KEY(tv_experiment, parallel, TV_KEY_MAPPING), .keys = parallel_keys},
    {0}};
