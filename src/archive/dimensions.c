#include "dimensions.h"

#include "twoview/methods/method.h"
#include "twoview/studies/study.h"

const struct tv_variable_row tv_coordinates[TV_AXES] = {
    [TV_AXIS_REPLICATE] = {{TV_REPLICATE, TV_REPLICATE, "1"}, TV_INTEGER, TO_ARCHIVE(replicate)},
    [TV_AXIS_LAMBDA_MAX] = {{TV_LAMBDA_MAX, "scale of the noise eigenvalues", "1"},
                            TO_ARCHIVE(lambda_max)},
    [TV_AXIS_SEVERITY] = {{TV_SEVERITY, "severity of the corruption of the data; 0: none", "1"},
                          TV_INTEGER,
                          TO_ARCHIVE(severity)},
    [TV_AXIS_STRENGTH] = {{TV_STRENGTH, "strength of the augmentation, a number of its lists", "1"},
                          TV_INTEGER,
                          TO_ARCHIVE(strength)},
    [TV_AXIS_ALPHA] = {{TV_ALPHA, "alignment of augmentation and noise", "1"}, TO_ARCHIVE(alpha)},
    [TV_AXIS_N] = {{TV_SAMPLE_SIZE, "sample size", "1"}, TV_INTEGER, TO_ARCHIVE(n)},
    [TV_AXIS_K] = {{"k", "rows of the encoder that are kept", "1"}, TV_INTEGER},
    [TV_AXIS_PARADIGM] = {{"paradigm", "how the encoder is learned", "1"},
                          TV_TEXT,
                          TO_ARCHIVE(method),
                          .first = "method"},
    [TV_AXIS_OTHER] = {{"other_paradigm", "the paradigm that it is compared with", "1"}, TV_TEXT},
    [TV_AXIS_COMPONENT] = {{"component", "important component", "1"}, TV_INTEGER, .is_free = 1},
    [TV_AXIS_NOISE_COMPONENT] = {{"noise_component", "noise component", "1"}, TV_INTEGER},
    [TV_AXIS_INPUT] = {{"input", "input: important components, then noise components", "1"},
                       TV_INTEGER},
    [TV_AXIS_OUTPUT] = {{"output", "target or class", "1"}, TV_INTEGER, .is_free = 1},
    [TV_AXIS_ENCODER_ROW] = {{"encoder_row", "row of the encoder", "1"}, TV_INTEGER},
    [TV_AXIS_FEATURE] = {{"feature", "feature of the data", "1"}, TV_INTEGER, .is_free = 1},
    [TV_AXIS_FREQUENCY] = {{"frequency", "frequency of random Fourier features", "1"}, TV_INTEGER},
    [TV_AXIS_LAST_N] = {{"last_n", "largest sample size", "1"}, TV_INTEGER},
    [TV_AXIS_REPRESENTED_SAMPLE] = {{"represented_sample", "sample, in nested order", "1"},
                                    TV_INTEGER},
    [TV_AXIS_SAMPLE] = {{"sample", "sample, in nested order", "1"}, TV_INTEGER, TV_IN_SAMPLES},
    [TV_AXIS_VIEW] = {{"view_number", "view of a sample", "1"}, TV_INTEGER, TV_IN_SAMPLES},
    [TV_AXIS_EXAMPLE] = {{"example", "sample, in the nested order of replicate 0", "1"},
                         TV_INTEGER,
                         .is_free = 1},
    [TV_AXIS_RANK] = {{"rank", "MPI rank", "1"}, TV_INTEGER, TV_IN_RUN, .is_free = 1},
    [TV_AXIS_STAGE] = {{"stage", "stage of the run", "1"}, TV_TEXT, TV_IN_RUN}};

static int is_grid(const tv_experiment *e) {
  return !tv_study_of(e)->finds_alpha;
}

static int compares_methods(const tv_experiment *e) {
  const tv_study *study = tv_study_of(e);
  for (int i = 0; i < study->lists_count; ++i)
    if (study->lists[i].along == TV_ALONG_METHODS) return 1;
  return 0;
}

static int keeps_solutions(const tv_experiment *e) {
  return e->archive.encoders != TV_KEEP_NONE || e->archive.representations != TV_KEEP_NONE;
}

static int64_t largest_size(const tv_experiment *e) {
  return e->sizes[e->sizes_count - 1];
}

void tv_axes_measure(const tv_schema *s, tv_axis a[TV_AXES]) {
  const tv_experiment *e = s->experiment;
  const tv_extent *x = &s->extent;
  const int has_last = keeps_solutions(e) && e->sizes_count > 1;
  a[TV_AXIS_REPLICATE] = (tv_axis){.length = e->replicates, .first = e->first_replicate};
  a[TV_AXIS_LAMBDA_MAX] =
      (tv_axis){.length = e->noise.lambda_max_count, .values = e->noise.lambda_max};
  a[TV_AXIS_ALPHA] =
      (tv_axis){.length = e->augmentation.alpha_count, .values = e->augmentation.alpha};
  if (tv_experiment_has_views(e)) {
    a[TV_AXIS_SEVERITY] =
        (tv_axis){.length = tv_experiment_corruptions(e), .first = tv_experiment_first_severity(e)};
    a[TV_AXIS_STRENGTH] = (tv_axis){.length = tv_experiment_alignments(e), .first = 1};
  }
  a[TV_AXIS_N] = (tv_axis){.length = e->sizes_count, .values = e->sizes};
  a[TV_AXIS_K] = (tv_axis){.length = x->format > 1 ? e->encoder.sizes_count : 0, .values = s->k};
  a[TV_AXIS_PARADIGM] = (tv_axis){.length = e->methods_count, .values = s->methods};
  if (compares_methods(e))
    a[TV_AXIS_OTHER] = (tv_axis){.length = e->methods_count, .values = s->methods};
  a[TV_AXIS_COMPONENT] = (tv_axis){.length = x->components};
  a[TV_AXIS_NOISE_COMPONENT] = (tv_axis){.length = e->noise.components};
  a[TV_AXIS_INPUT] = (tv_axis){.length = (int64_t)x->components + e->noise.components};
  a[TV_AXIS_OUTPUT] = (tv_axis){.length = x->targets};
  a[TV_AXIS_ENCODER_ROW] = (tv_axis){.length = is_grid(e) ? e->encoder.k : 0};
  a[TV_AXIS_FEATURE] = (tv_axis){.length = s->has_features ? x->features : 0};
  a[TV_AXIS_FREQUENCY] = (tv_axis){.length = e->features.count};
  a[TV_AXIS_LAST_N] = (tv_axis){.length = has_last, .first = largest_size(e)};
  a[TV_AXIS_REPRESENTED_SAMPLE] = (tv_axis){
      .length = e->archive.representations == TV_KEEP_NONE ? 0 : e->archive.representation_samples};
  a[TV_AXIS_SAMPLE] = (tv_axis){.length = e->archive.samples ? largest_size(e) : 0};
  a[TV_AXIS_VIEW] = (tv_axis){.length = e->archive.views ? e->augmentation.views : 0};
  a[TV_AXIS_EXAMPLE] = (tv_axis){.length = x->examples};
  a[TV_AXIS_RANK] = (tv_axis){.length = x->ranks};
  a[TV_AXIS_STAGE] = (tv_axis){.length = TV_STAGES, .values = s->stages};
}

enum tv_dimension tv_dimension_resolve(const tv_schema *s, enum tv_dimension dimension, int item) {
  const tv_archive_spec *a = &s->experiment->archive;
  const int is_one_size = s->experiment->sizes_count == 1;
  switch (dimension) {
  case TV_AXIS_ROW_OF_METHOD:
    return tv_method_of(s->experiment->methods[item])->rows_are_outputs ? TV_AXIS_OUTPUT
                                                                        : TV_AXIS_ENCODER_ROW;
  case TV_AXIS_N_OF_ENCODERS:
    return is_one_size || a->encoders == TV_KEEP_ALL ? TV_AXIS_N : TV_AXIS_LAST_N;
  case TV_AXIS_N_OF_REPRESENTATIONS:
    return is_one_size || a->representations == TV_KEEP_ALL ? TV_AXIS_N : TV_AXIS_LAST_N;
  case TV_AXIS_OF_LIST:
    return tv_study_of(s->experiment)->lists[item].along == TV_ALONG_ROWS ? TV_AXIS_ENCODER_ROW
                                                                          : TV_AXIS_OTHER;
  default:
    return dimension;
  }
}

const char *tv_dimension_name(const tv_schema *s, enum tv_dimension dimension) {
  const struct tv_variable_row *row = &tv_coordinates[dimension];
  return s->extent.format == 1 && row->first ? row->first : row->label.name;
}
