/* The two models of irrelevant features: components that are noise, and corruptions of the inputs
 * themselves; and how many points an experiment of either has. */
#include "twoview/experiment/check.h"

/* A chain without lists has one level, which is not counted. */
static int levels_of(const tv_chain_spec *chain) {
  return chain->levels ? chain->levels : chain->count > 0;
}

int tv_experiment_has_test(const tv_experiment *e) {
  return e->test.source.settings || e->test.fraction > 0;
}

int tv_experiment_has_views(const tv_experiment *e) {
  return e->augmentation.chain.count > 0 || e->corruption.chain.count > 0 || e->source.views;
}

int tv_experiment_samples_views(const tv_experiment *e) {
  return e->augmentation.views > 0 || e->source.views;
}

int tv_chain_spec_takes_rows(const tv_experiment *e, const tv_chain_spec *chain) {
  for (int i = 0; i < chain->count; ++i) {
    const tv_step_spec *step = &chain->steps[i];
    if (step->kind->takes_rows && step->kind->takes_rows(e, step)) return 1;
  }
  return 0;
}

int tv_experiment_sums_views(const tv_experiment *e) {
  return tv_experiment_samples_views(e) || tv_chain_spec_takes_rows(e, &e->augmentation.chain);
}

const tv_source_spec *tv_step_spec_rows(const tv_step_spec *step) {
  for (int k = 0; step->kind->keys[k].name; ++k)
    if (step->parameters[k].count > 0 && step->parameters[k].levels->rows)
      return step->parameters[k].levels->rows;
  return NULL;
}

static int row_sets_of(const tv_chain_spec *chain) {
  int count = 0;
  for (int i = 0; i < chain->count; ++i) count += tv_step_spec_rows(&chain->steps[i]) != NULL;
  return count;
}

int tv_experiment_row_sets(const tv_experiment *e) {
  return row_sets_of(&e->corruption.chain) + row_sets_of(&e->augmentation.chain);
}

int tv_experiment_has_fourier(const tv_experiment *e) {
  return e->features.type == TV_FEATURES_FOURIER;
}

int tv_experiment_takes_moments(const tv_experiment *e) {
  return !tv_experiment_samples_views(e) || e->corruption.sampler == TV_CORRUPTED_EXPECTED;
}

int tv_experiment_first_severity(const tv_experiment *e) {
  return e->corruption.chain.count > 0 && !e->corruption.clean;
}

int tv_experiment_corruptions(const tv_experiment *e) {
  if (!tv_experiment_has_views(e)) return (int)e->noise.lambda_max_count;
  return 1 + levels_of(&e->corruption.chain) - tv_experiment_first_severity(e);
}

int tv_experiment_alignments(const tv_experiment *e) {
  if (tv_experiment_has_views(e)) return e->source.views ? 1 : levels_of(&e->augmentation.chain);
  return e->augmentation.alpha ? (int)e->augmentation.alpha_count : 1;
}

int64_t tv_experiment_points(const tv_experiment *e) {
  return (int64_t)e->replicates * tv_experiment_corruptions(e) * tv_experiment_alignments(e) *
         e->sizes_count;
}

int64_t tv_experiment_archived_views(const tv_experiment *e) {
  if (!e->archive.views) return 0;
  return (int64_t)tv_experiment_corruptions(e) * tv_experiment_alignments(e) *
         e->augmentation.views;
}

tv_error *tv_experiment_expect_components(const tv_experiment *e) {
  TV_REQUIRE(e, "study", !tv_experiment_has_views(e),
             "'%s' belongs to the component model, which has alignments; views of the inputs are "
             "a grid",
             e->study->name);
  return NULL;
}
