/* The view model: corruptions and augmentations of the inputs themselves; and rows held out. */
#include <stdlib.h>
#include <string.h>

#include "keys.h"
#include "twoview/experiment/check.h"

void tv_experiment_settle_probe(tv_experiment *e) {
  if (!tv_experiment_gives(e, "probe.intercept")) e->probe.intercept = tv_experiment_has_views(e);
}

/* Views are made by steps, or given. */
static tv_error *check_origin(const tv_experiment *e) {
  const int has_chain = e->augmentation.chain.count > 0;
  TV_REQUIRE(e, "augmentation.chain", has_chain || e->source.views,
             "is missing; write for example\n    augmentation: {chain: [{type: noise, deviation: "
             "0.1}]}");
  if (!e->source.views) return NULL;
  TV_REQUIRE(e, "augmentation.chain", !has_chain,
             "'source.views' gives the views; leave out one of them");
  TV_REQUIRE(e, "augmentation.views", !e->augmentation.views,
             "'source.views' says how many there are; leave it out");
  TV_REQUIRE(e, "corruption.chain", !e->corruption.chain.count,
             "the views that 'source.views' gives are of the samples as they are; leave it out");
  return NULL;
}

tv_error *tv_experiment_check_fourier(const tv_experiment *e) {
  if (!tv_experiment_has_fourier(e)) return NULL;
  TV_REQUIRE(e, "features.type", tv_experiment_has_views(e),
             "random Fourier features are of the view model, where noise is a step of 'corruption' "
             "and 'augmentation.chain'; take these, or 'linear'");
  TV_REQUIRE(e, "features.pca", !e->features.pca,
             "random Fourier features are made of the data as they are; leave it out");
  TV_REQUIRE(e, "archive.views", !e->archive.views,
             "views of random Fourier features are not archived, as they are drawn of the data; "
             "leave it out");
  TV_REQUIRE(e, "features.count", e->features.count > 0,
             "is missing; write for example\n    features: {type: random-fourier, count: 512}");
  return NULL;
}

tv_error *tv_experiment_check_views(tv_experiment *e) {
  const int keeps_all = e->corruption.sampler == TV_CORRUPTED_ROWS;
  const int sums_views = tv_experiment_sums_views(e);
  TV_TRY(check_origin(e));
  TV_REQUIRE(
      e, "corruption.sampler", !sums_views || keeps_all || !e->corruption.chain.count,
      "views are sampled of single rows, each corrupted by a draw, or have moments that take "
      "the rows one by one; take 'rows', or quadratic steps and 'augmentation: {views: exact}'");
  TV_REQUIRE(
      e, "parallel.layout", !sums_views || e->parallel.layout != TV_LAYOUT_DISTRIBUTED,
      "moments of views that are sums over rows, as of sampled ones, are whole on every rank; "
      "take 'replicated', or quadratic steps and 'augmentation: {views: exact}'");
  TV_REQUIRE(
      e, "archive.views", !e->archive.views || e->augmentation.views,
      "there are views to archive where they are sampled, as with 'augmentation: {views: 4}'");
  TV_REQUIRE(
      e, "archive.views", !e->archive.views || e->archive.samples,
      "views are archived beside their samples; give 'archive: {samples: true, views: true}'");
  TV_REQUIRE(e, "archive.representations",
             keeps_all || e->archive.representations == TV_KEEP_NONE ||
                 !tv_experiment_gives(e, "archive.representations"),
             "no corrupted samples are drawn with 'corruption: {sampler: expected}'; take 'none', "
             "or 'sampler: rows'");
  TV_REQUIRE(e, "parallel.layout",
             e->corruption.chain.count == 0 || !keeps_all ||
                 e->parallel.layout != TV_LAYOUT_DISTRIBUTED,
             "corrupted rows have moments of their own, which are whole on every rank; take "
             "'corruption: {sampler: expected}' or 'replicated'");
  return NULL;
}

/* ---- Rows held out ---- */

/* The names of files and datasets that are not given are the source's. */
static tv_error *inherit(const tv_experiment *e, tv_source_spec *test) {
  const tv_source_spec *source = &e->source;
  for (const tv_key *key = source->kind->keys; key && key->name; ++key) {
    if (key->is_common || (key->type != TV_KEY_TEXT && key->type != TV_KEY_FILE)) continue;
    char *const *from = tv_key_value(key, source->settings);
    char **to = tv_key_value(key, test->settings);
    if (*to || !*from) continue;
    *to = strdup(*from);
    if (!*to) return tv_fail("out of memory");
  }
  return NULL;
}

/* They are in other files, or a share. */
tv_error *tv_experiment_settle_test(tv_experiment *e) {
  const tv_yaml_node *test = tv_yaml_find(&e->root, "test");
  const int has_files = test && !e->test.fraction;
  TV_REQUIRE(e, "test", !test || (test->count > 0 && (!e->test.fraction || test->count == 1)),
             "give either 'fraction' or the names of files and datasets, as in 'source'");
  return has_files ? inherit(e, &e->test.source) : NULL;
}

/* Names that were inherited may contradict those that are given. */
tv_error *tv_experiment_check_test(const tv_experiment *e) {
  tv_experiment of_test = *e; /* borrows */
  if (!e->test.source.settings || e->test.fraction > 0 || !e->source.kind->check) return NULL;
  of_test.source = e->test.source;
  of_test.source.scale = e->source.scale;
  tv_error *wrong = e->source.kind->check(&of_test);
  if (!wrong) return NULL;
  tv_error_free(wrong);
  return tv_experiment_fault(e, "test",
                             "with what 'source' gives it contradicts itself: names that are not "
                             "given here are the source's; give the same ones as there");
}
