#include "twoview/augmentations/view_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fourier.h"
#include "leading.h"
#include "pool.h"
#include "twoview/base/comm.h"
#include "twoview/base/statistics.h"
#include "twoview/experiment/check.h"

/* What corruption of a severity does to nonlinear features: the same at all strengths, which follow
 * each other. */
struct tv_turned {
  int severity; /* 0: none */
  tv_chain chain;
};

/* ---- Steps ---- */

static const tv_augmentation *augmentation_of(const tv_step_spec *spec) {
  return (const tv_augmentation *)spec->kind;
}

/* What the level of a chain says of a parameter. */
static const tv_values *values_at(const tv_parameter_spec *parameter, int level) {
  return &parameter->levels[parameter->count > 1 ? level : 0];
}

static tv_error *copy_values(const tv_values *from, tv_values *to) {
  *to = *from;
  if (from->rows) return NULL; /* which are borrowed */
  TV_TRY(tv_allocate(from->count, sizeof(*to->numbers), &to->numbers));
  memcpy(to->numbers, from->numbers, (size_t)from->count * sizeof(*to->numbers));
  return NULL;
}

static const tv_textures *textures_of(const tv_view_model *m, const tv_step_spec *spec) {
  const tv_source_spec *rows = tv_step_spec_rows(spec);
  for (int i = 0; rows && i < m->textures_count; ++i)
    if (m->textures[i]->spec == rows) return m->textures[i];
  return NULL;
}

static tv_error *take_step(const tv_view_model *m, const tv_step_spec *spec, int level,
                           tv_step *out) {
  out->augmentation = augmentation_of(spec);
  out->scale = m->source->scale;
  out->textures = textures_of(m, spec);
  for (int i = 0; spec->kind->keys[i].name; ++i)
    if (spec->parameters[i].count > 0)
      TV_TRY(copy_values(values_at(&spec->parameters[i], level), &out->values[i]));
  return NULL;
}

/* ---- Chains ---- */

/* A chain that is being made. */
typedef struct {
  const tv_view_model *model;
  tv_numbers numbers;      /* what is true of them before the next step, ... */
  const char *whose;       /* ... of the rows of this key at first, ... */
  const tv_source *source; /* ... and what was found of them there */
  const tv_numbers_found *found;
  int is_sampled;  /* single views are drawn, one by one */
  int may_lead;    /* moments may take the rows one by one */
  const char *how; /* what to do where a step has no moments */
  int next;        /* the number of the next step */
} maker;

/* The number of a source that a step cannot act on, where it is one. */
static void name_number(const maker *m, tv_numbers needs, char *out, size_t size) {
  const tv_numbers_found *f = m->found;
  *out = '\0';
  if (f->row >= 0 && f->numbers < needs)
    snprintf(out, size, "; %s: row %lld, feature %d is %s", m->source->where, (long long)f->row,
             f->feature, TV_EXACT(f->number));
}

static tv_error *expect_numbers(maker *m, const char *path, const tv_step *step) {
  const tv_augmentation *kind = step->augmentation;
  char number[512];
  name_number(m, kind->needs, number, sizeof number);
  TV_REQUIRE(m->model->experiment, path, m->numbers >= kind->needs,
             "'%s' needs %s, and some of the rows of '%s', or of what the steps before make of "
             "them, are others%s; take data of such numbers, or leave the step out",
             kind->kind.name,
             kind->needs == TV_COUNTS ? "counts: whole numbers that are not negative"
                                      : "numbers that are not negative",
             m->whose, number);
  m->numbers =
      kind->makes ? kind->makes(step, m->numbers) : tv_numbers_both(m->numbers, kind->keeps);
  return NULL;
}

/* path: `augmentation.chain.2`. */
static tv_error *check_step(maker *m, const char *path, tv_step *step) {
  const tv_augmentation *kind = step->augmentation;
  tv_error *wrong = kind->check ? kind->check(step, &m->model->shape) : NULL;
  if (wrong) {
    tv_error *fault = tv_experiment_fault(m->model->experiment, path, "%s", wrong->message);
    tv_error_free(wrong);
    return fault;
  }
  return expect_numbers(m, path, step);
}

/* Of the last step of a chain, whose views are not drawn. */
static tv_error *expect_moments(const maker *m, const char *path, tv_chain *chain) {
  const tv_experiment *e = m->model->experiment;
  const tv_augmentation *kind = chain->steps[chain->count - 1].augmentation;
  const int could_lead = m->may_lead && (kind->function || kind->weigh);
  TV_REQUIRE(e, path, kind->is_gaussian || !tv_experiment_has_fourier(e),
             "what '%s' does to random Fourier features does not follow from their moments, as it "
             "does of steps that add normal numbers; %s",
             kind->kind.name, m->how);
  TV_REQUIRE(e, path, tv_leading_settle(chain) && (m->may_lead || !chain->leading),
             "what '%s' does to moments does not follow from them; %s%s", kind->kind.name,
             could_lead ? "let it begin the chain, or " : "", m->how);
  return NULL;
}

static tv_error *append(maker *m, const char *key, const tv_chain_spec *spec, int number, int level,
                        tv_chain *chain) {
  char path[64];
  snprintf(path, sizeof path, "%s.%d", key, number + 1);
  tv_step *step = &chain->steps[chain->count++];
  TV_TRY(take_step(m->model, &spec->steps[number], level, step));
  step->number = m->next++;
  TV_TRY(check_step(m, path, step));
  if (!step->augmentation->is_idle || !step->augmentation->is_idle(step)) {
    if (!m->is_sampled) TV_TRY(expect_moments(m, path, chain));
    return tv_step_prepare(step, &m->model->shape);
  }
  tv_step_release(step);
  --chain->count;
  return NULL;
}

static tv_error *append_corruption(maker *m, int severity, tv_chain *chain) {
  const tv_chain_spec *spec = &m->model->experiment->corruption.chain;
  for (int i = 0; severity > 0 && i < spec->count; ++i)
    TV_TRY(append(m, "corruption.chain", spec, i, severity - 1, chain));
  return NULL;
}

static int levels_of(const tv_chain_spec *chain) {
  return chain->levels ? chain->levels : chain->count > 0;
}

/* The severity of the corruption that a step of the augmentation stands for. */
static tv_error *find_severity(maker *m, int number, int level, int *out) {
  char path[64];
  const tv_experiment *e = m->model->experiment;
  const int most = levels_of(&e->corruption.chain);
  const double severity =
      values_at(&e->augmentation.chain.steps[number].parameters[0], level)->numbers[0];
  snprintf(path, sizeof path, "augmentation.chain.%d.severity", number + 1);
  TV_REQUIRE(e, path, most > 0,
             "there is no corruption of the data that could be appended; give 'corruption'");
  TV_REQUIRE(e, path, severity <= most,
             "%s is beyond the severities of 'corruption', which go up to %d", TV_EXACT(severity),
             most);
  *out = (int)severity;
  return NULL;
}

static tv_error *make_augmentation(maker *m, int level, tv_chain *out) {
  const tv_experiment *e = m->model->experiment;
  const tv_chain_spec *spec = &e->augmentation.chain;
  const int most = spec->count * (e->corruption.chain.count + 1);
  TV_TRY(tv_allocate(most, sizeof(*out->steps), &out->steps));
  for (int i = 0; i < spec->count; ++i) {
    int severity = 0;
    if (!augmentation_of(&spec->steps[i])->is_corruption) {
      TV_TRY(append(m, "augmentation.chain", spec, i, level, out));
      continue;
    }
    TV_TRY(find_severity(m, i, level, &severity));
    TV_TRY(append_corruption(m, severity, out));
  }
  return tv_leading_prepare(out);
}

static tv_error *make_corruption(maker *m, int severity, tv_chain *out) {
  const tv_chain_spec *spec = &m->model->experiment->corruption.chain;
  for (int i = 0; i < spec->count; ++i)
    TV_REQUIRE(m->model->experiment, "corruption.chain",
               !augmentation_of(&spec->steps[i])->is_corruption,
               "'%s' is a step of the augmentation, not of itself", spec->steps[i].kind->name);
  TV_TRY(tv_allocate(spec->count, sizeof(*out->steps), &out->steps));
  return append_corruption(m, severity, out);
}

/* ---- The model ---- */

static int draws_rows(const tv_experiment *e) {
  return e->corruption.sampler == TV_CORRUPTED_ROWS;
}

/* Views are made of samples at any severity. */
static tv_error *make_chains(const tv_numbers_found *found, tv_view_model *m) {
  tv_numbers of_any = found->numbers;
  for (int s = 0; s < m->severities; ++s) {
    maker of = {.model = m,
                .numbers = found->numbers,
                .whose = "source",
                .source = m->source,
                .found = found,
                .is_sampled = draws_rows(m->experiment),
                .how = "take 'corruption: {sampler: rows}'"};
    TV_TRY(make_corruption(&of, s, &m->corruptions[s]));
    of_any = tv_numbers_both(of_any, of.numbers);
  }
  for (int s = 0; s < m->strengths; ++s) {
    maker of = {.model = m,
                .numbers = of_any,
                .whose = "source",
                .source = m->source,
                .found = found,
                .is_sampled = m->experiment->augmentation.views > 0,
                .may_lead = 1,
                .how = "sample views of it, as in 'augmentation: {views: 4}'"};
    TV_TRY(make_augmentation(&of, s, &m->augmentations[s]));
  }
  return NULL;
}

/* Rows held out are corrupted too. */
static tv_error *expect_test_numbers(const tv_numbers_found *found, const tv_source *test,
                                     const tv_view_model *m) {
  for (int s = 0; s < m->severities; ++s) {
    maker of = {
        .model = m, .numbers = found->numbers, .whose = "test", .source = test, .found = found};
    for (int i = 0; i < m->corruptions[s].count; ++i) {
      char path[64];
      const tv_step *step = &m->corruptions[s].steps[i];
      snprintf(path, sizeof path, "corruption.chain.%d", step->number + 1);
      TV_TRY(expect_numbers(&of, path, step));
    }
  }
  return NULL;
}

static int matters(const tv_chain_spec *chain) {
  for (int i = 0; i < chain->count; ++i)
    if (augmentation_of(&chain->steps[i])->needs != TV_ANY_NUMBERS) return 1;
  return 0;
}

/* What is true of a source's numbers, as far as it matters to a step; NULL: there is no source.
 *                                                                                   Collective. */
static tv_error *find_numbers(const tv_experiment *e, const tv_source *source, MPI_Comm comm,
                              tv_numbers_found *out) {
  *out = (tv_numbers_found){TV_COUNTS, .row = -1};
  if (!source || (!matters(&e->corruption.chain) && !matters(&e->augmentation.chain))) return NULL;
  return tv_source_find_numbers(source, e->parallel.shards, comm, out);
}

static int any_needs_others(const tv_chain *chains, int count) {
  for (int i = 0; i < count; ++i)
    if (tv_chain_needs(&chains[i]) != TV_NO_OTHERS) return 1;
  return 0;
}

/* Partners are at hand where the experiment draws what has need of them. */
static void settle_draws(tv_view_model *m) {
  const tv_experiment *e = m->experiment;
  const int of_rows = any_needs_others(m->corruptions, m->severities);
  const int of_views = any_needs_others(m->augmentations, m->strengths);
  m->draws_corruptions = !of_rows || draws_rows(e);
  m->draws_views = !m->source->read_views && (!of_views || e->augmentation.views > 0);
  m->needs_partners = (of_rows && m->draws_corruptions) || (of_views && m->draws_views);
}

static int64_t most_scratch(const tv_chain *chains, int count, int d) {
  int64_t most = 0;
  for (int i = 0; i < count; ++i)
    most = tv_chain_scratch(&chains[i], d) > most ? tv_chain_scratch(&chains[i], d) : most;
  return most;
}

/* A view's partner is corrupted while the view is drawn. */
static tv_error *take_scratch(tv_view_model *m) {
  const int d = tv_shape_size(&m->shape);
  const int64_t numbers = most_scratch(m->corruptions, m->severities, d) +
                          most_scratch(m->augmentations, m->strengths, d);
  return tv_allocate(numbers, sizeof(*m->scratch), &m->scratch);
}

static tv_error *open_textures(const char *key, const tv_chain_spec *chain, tv_source *source,
                               MPI_Comm comm, tv_view_model *m) {
  const tv_experiment *e = m->experiment;
  const int finds_numbers = matters(&e->corruption.chain) || matters(&e->augmentation.chain);
  for (int i = 0; i < chain->count; ++i) {
    char path[64];
    const tv_source_spec *rows = tv_step_spec_rows(&chain->steps[i]);
    snprintf(path, sizeof path, "%s.%d", key, i + 1);
    if (!rows) continue;
    TV_TRY(tv_textures_open(e, path, rows, finds_numbers, source, comm,
                            &m->textures[m->textures_count]));
    ++m->textures_count;
  }
  return NULL;
}

/* Of the data sets that steps name.                                                 Collective. */
static tv_error *open_all_textures(tv_source *source, MPI_Comm comm, tv_view_model *m) {
  const tv_experiment *e = m->experiment;
  TV_TRY(
      tv_agree(comm, tv_allocate(tv_experiment_row_sets(e), sizeof(*m->textures), &m->textures)));
  TV_TRY(open_textures("corruption.chain", &e->corruption.chain, source, comm, m));
  return open_textures("augmentation.chain", &e->augmentation.chain, source, comm, m);
}

static tv_error *fill(const tv_numbers_found *found, const tv_numbers_found *of_test,
                      const tv_source *test, tv_view_model *m) {
  TV_TRY(tv_allocate(m->severities, sizeof(*m->corruptions), &m->corruptions));
  TV_TRY(tv_allocate(m->strengths, sizeof(*m->augmentations), &m->augmentations));
  TV_TRY(make_chains(found, m));
  TV_TRY(expect_test_numbers(of_test, test, m));
  settle_draws(m);
  TV_TRY(tv_allocate(1, sizeof(*m->turned), &m->turned));
  return take_scratch(m);
}

tv_error *tv_view_model_create(const tv_experiment *e, tv_source *source, const tv_source *test,
                               MPI_Comm comm, tv_view_model **out) {
  tv_numbers_found found, of_test;
  *out = NULL;
  TV_TRY(find_numbers(e, source, comm, &found));
  TV_TRY(find_numbers(e, test, comm, &of_test));
  TV_TRY(tv_agree(comm, tv_allocate(1, sizeof(**out), out)));
  **out =
      (tv_view_model){.experiment = e,
                      .source = source,
                      .shape = source->shape,
                      .severities = tv_experiment_first_severity(e) + tv_experiment_corruptions(e),
                      .strengths = tv_experiment_alignments(e)};
  tv_error *error = open_all_textures(source, comm, *out);
  if (!error) error = tv_agree(comm, fill(&found, &of_test, test, *out));
  if (!error && (*out)->needs_partners) source->cache_bytes += tv_pool_bytes(e, source);
  if (error) tv_view_model_destroy(out);
  return error;
}

static void free_means(tv_mean_table *table) {
  for (int64_t i = 0; table->means && i < table->count; ++i) free(table->means[i]);
  free(table->means);
}

void tv_view_model_destroy(tv_view_model **model) {
  tv_view_model *m = *model;
  if (!m) return;
  for (int s = 0; m->corruptions && s < m->severities; ++s) tv_chain_release(&m->corruptions[s]);
  for (int s = 0; m->augmentations && s < m->strengths; ++s) tv_chain_release(&m->augmentations[s]);
  free(m->corruptions);
  free(m->augmentations);
  for (int i = 0; i < m->textures_count; ++i) tv_textures_destroy(&m->textures[i]);
  free(m->textures);
  tv_pool_destroy(&m->pool);
  free_means(&m->corruption_means);
  free_means(&m->view_means);
  if (m->turned) tv_chain_release(&m->turned->chain);
  free(m->turned);
  free(m->scratch);
  free(m);
  *model = NULL;
}

/* ---- Moments ---- */

/* Of the rows of moments. */
static tv_shape shape_of_rows(const tv_view_model *m) {
  return m->features ? (tv_shape){1, m->features->p, 1, 1} : m->shape;
}

static void forget_turned(struct tv_turned *turned) {
  tv_chain_release(&turned->chain);
  turned->severity = 0;
}

static tv_error *turn(const tv_view_model *m, int severity, const tv_grid *row) {
  if (m->turned->severity == severity) return NULL;
  forget_turned(m->turned);
  tv_error *error =
      tv_fourier_chain(m->features, &m->corruptions[severity], &m->shape, row, &m->turned->chain);
  if (error)
    forget_turned(m->turned);
  else
    m->turned->severity = severity;
  return error;
}

static tv_error *corrupt(const tv_view_model *model, int severity, const tv_grid *row,
                         tv_samples *samples) {
  if (!model->features) return tv_chain_corrupt(&model->corruptions[severity], samples);
  TV_TRY(turn(model, severity, row));
  return tv_chain_corrupt(&model->turned->chain, samples);
}

tv_error *tv_view_model_samples(const tv_view_model *model, const tv_moments *moments,
                                const tv_grid *row, int replicate, int severity, int level,
                                tv_samples **out) {
  const int is_summed = severity < moments->severities;
  const int of = replicate < moments->replicates ? replicate : 0;
  const tv_moment_matrix m = tv_moments_at(moments, of, is_summed ? severity : 0, level);
  const tv_shape shape = shape_of_rows(model);
  TV_TRY(tv_samples_take(row, &shape, &m, NULL, out));
  return is_summed ? NULL : corrupt(model, severity, row, *out);
}

/* Of all views. */
static tv_error *make_problem(const tv_view_model *model, int strength, tv_samples *samples,
                              const tv_distmat *axes, const tv_grid *row, const tv_grid *grid,
                              tv_statistics **out, int *status) {
  const tv_chain *inputs = &model->augmentations[strength];
  const double floor = model->experiment->augmentation.floor;
  tv_chain own = {0};
  tv_error *error = NULL;
  if (model->features) error = tv_fourier_chain(model->features, inputs, &model->shape, row, &own);
  if (!error)
    error =
        tv_chain_problem(model->features ? &own : inputs, samples, floor, axes, grid, out, status);
  tv_chain_release(&own);
  return error;
}

tv_error *tv_view_model_problem(const tv_view_model *model, const tv_view_moments *sampled,
                                const tv_view_place *at, tv_samples *samples,
                                const tv_distmat *axes, const tv_grid *row, const tv_grid *grid,
                                tv_statistics **out, int *status) {
  const double floor = model->experiment->augmentation.floor;
  const tv_shape shape = shape_of_rows(model);
  tv_views *views = NULL;
  *out = NULL;
  if (!sampled) return make_problem(model, at->strength, samples, axes, row, grid, out, status);
  const tv_view_matrix m =
      tv_view_moments_at(sampled, at->replicate, at->severity, at->strength, at->level);
  TV_TRY(tv_views_take(row, &shape, &m, &views));
  tv_error *error = m.views > 0 ? tv_views_problem(views, samples, floor, axes, grid, out, status)
                                : tv_chain_finish(&model->augmentations[at->strength], views,
                                                  samples, floor, axes, grid, out, status);
  tv_views_destroy(&views);
  return error;
}
