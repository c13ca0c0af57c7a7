#include <float.h>

#include "dimensions.h"
#include "twoview/data/preparation.h"
#include "twoview/methods/method.h"
#include "twoview/studies/study.h"
#include "twoview/theory/theory.h"

/* ---- Whether a variable is there ---- */

/* Whether the numbers of samples are those of rows that are there. */
static int has_rows(const tv_experiment *e) {
  return !tv_source_kind_of(e)->is_generated;
}

/* Whether inputs are components, in place of the features themselves. */
static int has_components(const tv_schema *s, int item) {
  (void)item;
  return !tv_experiment_has_views(s->experiment);
}

static int has_common_mean(const tv_schema *s, int item) {
  return s->has_features && has_components(s, item);
}

static int has_noise(const tv_schema *s, int item) {
  (void)item;
  return s->experiment->noise.components > 0;
}

static int is_rotated(const tv_schema *s, int item) {
  (void)item;
  return s->is_rotated;
}

static int has_encoder(const tv_schema *s, int method) {
  (void)method;
  return s->experiment->archive.encoders != TV_KEEP_NONE;
}

/* Nonlinear features of the source are in no units of it. */
static int has_fourier(const tv_schema *s, int item) {
  (void)item;
  return tv_experiment_has_fourier(s->experiment);
}

static int has_input_encoder(const tv_schema *s, int method) {
  return has_encoder(s, method) && (has_components(s, method) || has_fourier(s, method));
}

static int has_transform(const tv_schema *s, int method) {
  return has_encoder(s, method) && !has_fourier(s, method);
}

static int has_own_means(const tv_schema *s, int item) {
  return has_transform(s, item) && !has_components(s, item);
}

static int has_fourier_means(const tv_schema *s, int item) {
  return has_encoder(s, item) && has_fourier(s, item);
}

static int has_decoder(const tv_schema *s, int method) {
  return tv_method_of(s->experiment->methods[method])->has_decoder && has_encoder(s, method);
}

static int has_representation(const tv_schema *s, int method) {
  (void)method;
  return s->experiment->archive.representations != TV_KEEP_NONE;
}

/* What is measured against targets is left out where there are none. */
static int has_quantity(const tv_schema *s, int item) {
  const tv_quantity *quantity = &tv_study_of(s->experiment)->quantities[item];
  return tv_quantity_is_of(quantity, s->experiment);
}

static int has_class_names(const tv_schema *s, int item) {
  (void)item;
  return s->extent.has_class_names;
}

static int has_chosen_features(const tv_schema *s, int item) {
  (void)item;
  return s->experiment->features.variable > 0;
}

static int has_examples(const tv_schema *s, int item) {
  (void)item;
  return s->extent.examples > 0;
}

static int has_samples(const tv_schema *s, int item) {
  (void)item;
  return s->experiment->archive.samples;
}

static int has_sampled_views(const tv_schema *s, int item) {
  (void)item;
  return s->experiment->archive.views;
}

static int has_sampled_rows(const tv_schema *s, int item) {
  return has_samples(s, item) && has_rows(s->experiment);
}

static int has_represented_rows(const tv_schema *s, int item) {
  return has_representation(s, item) && has_rows(s->experiment);
}

static int has_sampled_targets(const tv_schema *s, int item) {
  return has_samples(s, item) && s->extent.targets > 0;
}

static int has_noisy_samples(const tv_schema *s, int item) {
  return has_samples(s, item) && has_noise(s, item);
}

/* ---- What it holds ---- */

#define VALUES(name, expression)                                                                   \
  static const void *name(const tv_contents *all, int item) {                                      \
    (void)item;                                                                                    \
    return expression;                                                                             \
  }

VALUES(quantity_values, all->record->results->quantity[item])
VALUES(list_values, all->record->results->list[item])
VALUES(threshold_values, all->record->results->alpha2_threshold)
VALUES(digest_values, all->digest)
VALUES(gamma_values, all->record->spectra->gamma)
VALUES(theta_values, all->record->spectra->theta)
VALUES(spectrum_values, all->record->features->spectrum)
VALUES(name_values, all->record->source->class_names)
VALUES(chosen_values, all->record->source->preparation->chosen)
VALUES(example_values, all->record->examples->clean)
VALUES(corrupted_values, all->record->examples->corrupted)
VALUES(view_values, all->record->examples->view)
VALUES(mean_values, all->mean)
VALUES(axes_values, all->record->features->basis)
VALUES(weight_values, all->weights)
VALUES(row_values, all->row)
VALUES(host_values, all->reports->host)
VALUES(seconds_values, all->reports->seconds)
VALUES(flops_values, all->reports->flops)
VALUES(sent_values, all->reports->sent)
VALUES(archive_values, all->reports->archive_seconds)
VALUES(peak_values, all->reports->peak_memory)

static const tv_domain any_number = {-DBL_MAX, DBL_MAX, 0, 0};
static const tv_domain of_solutions = {-DBL_MAX, DBL_MAX, .may_be_nan = 1};
static const tv_domain not_negative = {0, DBL_MAX, 0, 0};
static const tv_domain of_places = {0, DBL_MAX, .is_whole = 1};
static const tv_domain of_unit_vectors = {-1 - TV_ROUNDING, 1 + TV_ROUNDING, 0, 0};

static const char no_eigenvalue[] = "is no eigenvalue of a covariance matrix";
static const char no_work[] = "is no time and no count";

/* ---- The rows ---- */

const struct tv_variable_row tv_rows[] = {
    {{"", "", ""},
     .repetition = TV_EACH_QUANTITY,
     .dimensions = {TV_AXES_OF_POINTS, TV_AXIS_N, TV_AXIS_K, TV_AXIS_PARADIGM},
     .exists = has_quantity,
     .values = quantity_values,
     TO_ARCHIVE(quantity)},
    {{"", "", ""},
     .repetition = TV_EACH_LIST,
     .dimensions = {TV_AXES_OF_POINTS, TV_AXIS_N, TV_AXIS_K, TV_AXIS_PARADIGM, TV_AXIS_OF_LIST},
     .values = list_values},
    {{TV_ALPHA2_THRESHOLD,
      "critical alignment alpha^2 as n grows; negative: no alignment is needed", "1"},
     .dimensions = {TV_AXIS_REPLICATE, TV_AXIS_LAMBDA_MAX, TV_AXIS_K, TV_AXIS_PARADIGM},
     .exists = has_components,
     .values = threshold_values,
     .verify = tv_verify_thresholds,
     TO_ARCHIVE(alpha2_threshold)},
    {{"moments_sha256", "SHA-256 of the moment matrix", "1"},
     TV_TEXT,
     .dimensions = {TV_AXIS_REPLICATE, TV_AXIS_N},
     .values = digest_values,
     .holds_digests = 1},
    {{TV_GAMMA_EIGENVALUES, "eigenvalues of the noise covariance", "1"},
     .dimensions = {TV_AXIS_REPLICATE, TV_AXIS_LAMBDA_MAX, TV_AXIS_NOISE_COMPONENT},
     .exists = has_noise,
     .values = gamma_values,
     .verify = tv_verify_gamma,
     .domain = &not_negative,
     .beyond = no_eigenvalue,
     TO_ARCHIVE(gamma)},
    {{TV_THETA_EIGENVALUES, "eigenvalues of the augmentation covariance", "1"},
     .dimensions = {TV_AXIS_REPLICATE, TV_AXIS_INPUT},
     .exists = has_components,
     .values = theta_values,
     .verify = tv_verify_theta,
     .domain = &not_negative,
     .beyond = no_eigenvalue,
     TO_ARCHIVE(theta)},
    {{TV_DATA_SPECTRUM, "variances of the important components", "1"},
     .dimensions = {TV_AXIS_COMPONENT},
     .exists = has_components,
     .values = spectrum_values,
     .domain = &not_negative,
     .beyond = no_eigenvalue,
     TO_ARCHIVE(spectrum)},
    {{TV_CLASS_NAME, "name of the class", "1"},
     TV_TEXT,
     .dimensions = {TV_AXIS_OUTPUT},
     .exists = has_class_names,
     .values = name_values,
     .since = 2},
    {{"source_feature", "number of the feature in the data set, from 0", "1"},
     TV_INTEGER,
     .dimensions = {TV_AXIS_FEATURE},
     .exists = has_chosen_features,
     .values = chosen_values,
     .domain = &of_places,
     .since = 2},
    {{"feature_mean", "mean of the features of the source", "1"},
     .dimensions = {TV_AXIS_FEATURE},
     .exists = has_common_mean,
     .values = mean_values,
     .domain = &any_number},
    {{"feature_mean", "mean of the corrupted training rows, in the source's features", "1"},
     .dimensions = {TV_AXES_OF_POINTS, TV_AXIS_N_OF_ENCODERS, TV_AXIS_FEATURE},
     .exists = has_own_means,
     .write = tv_bulk_write_means,
     .item_rank = 1,
     .domain = &any_number},
    {{"fourier_weights",
      "frequencies: a row x of the source has the features cos w.x, sin w.x of the first, then of "
      "the others",
      "1"},
     .dimensions = {TV_AXIS_FREQUENCY, TV_AXIS_FEATURE},
     .exists = has_fourier,
     .is_noise_like = 1,
     .values = weight_values,
     .domain = &any_number,
     .since = 2},
    {{"input_mean", "mean of the features of the corrupted training rows", "1"},
     .dimensions = {TV_AXES_OF_POINTS, TV_AXIS_N_OF_ENCODERS, TV_AXIS_INPUT},
     .exists = has_fourier_means,
     .write = tv_bulk_write_means,
     .item_rank = 1,
     .domain = &any_number,
     .since = 2},
    {{TV_PRINCIPAL_AXES, "principal axes of the data", "1"},
     .dimensions = {TV_AXIS_COMPONENT, TV_AXIS_FEATURE},
     .exists = is_rotated,
     .is_noise_like = 1,
     .values = axes_values,
     .verify = tv_verify_axes,
     .domain = &of_unit_vectors},
    {{"encoder", "encoder", "1"},
     .repetition = TV_EACH_METHOD,
     .dimensions = {TV_AXES_OF_POINTS, TV_AXIS_N_OF_ENCODERS, TV_AXIS_ROW_OF_METHOD, TV_AXIS_INPUT},
     .exists = has_input_encoder,
     .write = tv_bulk_write_encoder,
     .is_noise_like = 1,
     .domain = &of_solutions},
    {{"decoder", "decoder, transposed", "1"},
     .repetition = TV_EACH_METHOD,
     .dimensions = {TV_AXES_OF_POINTS, TV_AXIS_N_OF_ENCODERS, TV_AXIS_ROW_OF_METHOD, TV_AXIS_INPUT},
     .exists = has_decoder,
     .write = tv_bulk_write_decoder,
     .is_noise_like = 1,
     .domain = &of_solutions},
    {{"transform",
      "encoder of the source's features: z = (x - feature_mean) @ transform'; the encoder's "
      "columns "
      "of noise are left out",
      "1"},
     .repetition = TV_EACH_METHOD,
     .dimensions = {TV_AXES_OF_POINTS, TV_AXIS_N_OF_ENCODERS, TV_AXIS_ROW_OF_METHOD,
                    TV_AXIS_FEATURE},
     .exists = has_transform,
     .write = tv_bulk_write_transform,
     .verify = tv_verify_transform,
     .is_noise_like = 1,
     .domain = &of_solutions,
     .since = 2,
     .is_by_replicate = 1},
    {{"example_clean", "sample of the data, after 'scale'", "1"},
     .dimensions = {TV_AXIS_EXAMPLE, TV_AXIS_FEATURE},
     .exists = has_examples,
     .values = example_values,
     .domain = &any_number,
     .since = 2,
     TO_ARCHIVE(example_clean)},
    {{"example_corrupted", "a draw of the corruption of that sample", "1"},
     .dimensions = {TV_AXIS_SEVERITY, TV_AXIS_EXAMPLE, TV_AXIS_FEATURE},
     .exists = has_examples,
     .values = corrupted_values,
     .domain = &any_number,
     .since = 2,
     TO_ARCHIVE(example_corrupted)},
    {{"example_view", "a view of the corrupted sample, at the last strength", "1"},
     .dimensions = {TV_AXIS_SEVERITY, TV_AXIS_EXAMPLE, TV_AXIS_FEATURE},
     .exists = has_examples,
     .values = view_values,
     .domain = &any_number,
     .since = 2,
     TO_ARCHIVE(example_view)},
    {{"row", "number of the represented sample in the data set, from 0", "1"},
     TV_INTEGER,
     .dimensions = {TV_AXIS_REPLICATE, TV_AXIS_REPRESENTED_SAMPLE},
     .exists = has_represented_rows,
     .values = row_values,
     .domain = &of_places,
     .since = 2},
    {{"representation", "encoder applied to corrupted, un-augmented inputs", "1"},
     .repetition = TV_EACH_METHOD,
     .dimensions = {TV_AXES_OF_POINTS, TV_AXIS_N_OF_REPRESENTATIONS, TV_AXIS_REPRESENTED_SAMPLE,
                    TV_AXIS_ROW_OF_METHOD},
     .exists = has_representation,
     .write = tv_bulk_write_representation,
     .verify = tv_verify_representation,
     .is_noise_like = 1,
     .domain = &of_solutions},
    /* The columns of a sample in the moments, in their order: */
    {{"clean", "important components", "1"},
     .is_noise_like = 1,
     .place = TV_IN_SAMPLES,
     .dimensions = {TV_AXIS_REPLICATE, TV_AXIS_SAMPLE, TV_AXIS_COMPONENT},
     .domain = &any_number,
     .exists = has_samples},
    {{"noise", "standard normals, before scaling by Gamma^(1/2)", "1"},
     .is_noise_like = 1,
     .place = TV_IN_SAMPLES,
     .dimensions = {TV_AXIS_REPLICATE, TV_AXIS_SAMPLE, TV_AXIS_NOISE_COMPONENT},
     .domain = &any_number,
     .exists = has_noisy_samples},
    {{"target", "targets", "1"},
     .place = TV_IN_SAMPLES,
     .dimensions = {TV_AXIS_REPLICATE, TV_AXIS_SAMPLE, TV_AXIS_OUTPUT},
     .domain = &any_number,
     .exists = has_sampled_targets},
    {{"view", "views of the corrupted sample", "1"},
     .is_noise_like = 1,
     .place = TV_IN_SAMPLES,
     .dimensions = {TV_AXIS_REPLICATE, TV_AXIS_SAMPLE, TV_AXIS_SEVERITY, TV_AXIS_STRENGTH,
                    TV_AXIS_VIEW, TV_AXIS_COMPONENT},
     .domain = &any_number,
     .exists = has_sampled_views,
     .since = 2},
    {{"row", "number of the sample in the data set, from 0", "1"},
     TV_INTEGER,
     TV_IN_SAMPLES,
     .dimensions = {TV_AXIS_REPLICATE, TV_AXIS_SAMPLE},
     .domain = &of_places,
     .exists = has_sampled_rows,
     .since = 2},
    {{"host", "host of the rank", "1"},
     TV_TEXT,
     TV_IN_RUN,
     .dimensions = {TV_AXIS_RANK},
     .values = host_values,
     TO_WORK(host)},
    {{"seconds", "wall time of the stage", "s"},
     .place = TV_IN_RUN,
     .dimensions = {TV_AXIS_RANK, TV_AXIS_STAGE},
     .values = seconds_values,
     .domain = &not_negative,
     .beyond = no_work,
     TO_WORK(seconds)},
    {{"flops", "floating-point operations counted", "1"},
     .place = TV_IN_RUN,
     .dimensions = {TV_AXIS_RANK, TV_AXIS_STAGE},
     .values = flops_values,
     .domain = &not_negative,
     .beyond = no_work,
     TO_WORK(flops)},
    {{"sent", "bytes of sums sent along the tree, and of rows to other ranks", "byte"},
     .place = TV_IN_RUN,
     .dimensions = {TV_AXIS_RANK, TV_AXIS_STAGE},
     .values = sent_values,
     .domain = &not_negative,
     .beyond = no_work,
     TO_WORK(sent)},
    {{"archive_seconds", "wall time of writing the archive", "s"},
     .place = TV_IN_RUN,
     .dimensions = {TV_AXIS_RANK},
     .values = archive_values,
     .domain = &not_negative},
    {{"peak_memory", "peak resident memory", "byte"},
     .place = TV_IN_RUN,
     .dimensions = {TV_AXIS_RANK},
     .values = peak_values,
     .domain = &not_negative}};

const int tv_row_count = sizeof tv_rows / sizeof *tv_rows;
