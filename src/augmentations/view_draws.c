/* One corrupted sample, and one view, drawn; and what these draws need of other samples. */
#include <stdlib.h>
#include <string.h>

#include "leading.h"
#include "parts.h"
#include "pool.h"
#include "twoview/augmentations/view_model.h"
#include "twoview/base/comm.h"

static double *const *row_of(const tv_mean_table *table, int64_t cell) {
  return table->means ? table->means + cell * table->steps : NULL;
}

static int64_t corruption_cell(const tv_view_model *m, int replicate, int severity) {
  return (int64_t)replicate * m->severities + severity;
}

static int64_t view_cell(const tv_view_model *m, const tv_view_place *at) {
  const int64_t strength = corruption_cell(m, at->replicate, at->severity) * m->strengths;
  return (strength + at->strength) * m->pool->levels + at->level;
}

/* ---- Partners ---- */

/* Samples of a severity: those of a sample size, or of the largest where `level` is -1. */
typedef struct {
  const tv_view_model *model;
  int replicate, severity, level;
} partners_at;

static void corrupt(const tv_view_model *m, int severity, int replicate, int64_t number,
                    double *scratch, double *x);

static const double *take_partner(const void *context, double u, double *scratch, double *x) {
  const partners_at *at = context;
  const tv_pool *p = at->model->pool;
  const int64_t count = at->level < 0 ? p->count : p->of_level[at->level];
  const int64_t which = at->replicate * p->count + tv_step_pick(u, (int)count);
  const double *sample = p->rows + which * p->leading;
  if (at->severity == 0) return sample;
  memcpy(x, sample, (size_t)tv_shape_size(&at->model->shape) * sizeof(*x));
  corrupt(at->model, at->severity, at->replicate, p->numbers[which], scratch, x);
  return x;
}

/* ---- Draws ---- */

/* Partners are samples as they are, corrupted up to the step. */
static void corrupt(const tv_view_model *m, int severity, int replicate, int64_t number,
                    double *scratch, double *x) {
  const partners_at at = {m, replicate, 0, -1};
  const tv_partners partners = {take_partner, &at};
  const tv_chain_draw draw = {
      .shape = &m->shape,
      .stream = tv_experiment_stream(m->experiment, TV_FOR_CORRUPTION, replicate),
      .index = (uint64_t)number,
      .scratch = scratch,
      .partners = &partners,
      .means = row_of(&m->corruption_means, corruption_cell(m, replicate, severity))};
  tv_chain_view(&m->corruptions[severity], &draw, x);
}

void tv_view_model_corrupt(const void *model, int severity, int replicate, int64_t number,
                           double *x) {
  const tv_view_model *m = model;
  corrupt(m, severity, replicate, number, m->scratch, x);
}

void tv_view_model_augment(const tv_view_model *m, const tv_view_place *place, int64_t number,
                           double *x) {
  const partners_at at = {m, place->replicate, place->severity, place->level};
  const tv_partners partners = {take_partner, &at};
  const tv_chain_draw draw = {
      .shape = &m->shape,
      .stream = tv_experiment_stream(m->experiment, TV_FOR_VIEWS, place->replicate),
      .index = (uint64_t)number,
      .scratch = m->scratch,
      .partners = &partners,
      .means = m->pool ? row_of(&m->view_means, view_cell(m, place)) : NULL};
  tv_chain_view(&m->augmentations[place->strength], &draw, x);
}

tv_row_corruption tv_view_model_rows(const tv_view_model *m) {
  const int is_each = m->experiment->corruption.sampler == TV_CORRUPTED_ROWS;
  return (tv_row_corruption){is_each ? m->severities - 1 : 0, tv_view_model_corrupt, m};
}

static tv_error *draw_views(const void *model, const tv_view_place *place, const int64_t *numbers,
                            int rows, const double *x, int leading, double *out) {
  const tv_view_model *m = model;
  const int d = tv_shape_size(&m->shape), count = m->experiment->augmentation.views;
  for (int i = 0; i < rows; ++i)
    for (int view = 0; view < count; ++view, out += d) {
      memcpy(out, x + (int64_t)i * leading, (size_t)d * sizeof(*out));
      tv_view_model_augment(m, place, numbers[i] * count + view, out);
    }
  return NULL;
}

/* Rows that follow each other are read together. */
static tv_error *read_views(const void *model, const tv_view_place *place, const int64_t *numbers,
                            int rows, const double *x, int leading, double *out) {
  const tv_source *source = ((const tv_view_model *)model)->source;
  const int64_t of_row = (int64_t)source->views * source->features;
  (void)place, (void)x, (void)leading;
  for (int first = 0, count; first < rows; first += count) {
    for (count = 1; first + count < rows && numbers[first + count] == numbers[first] + count;)
      ++count;
    TV_TRY(tv_source_read_views(source, numbers[first], count, out + first * of_row));
  }
  return NULL;
}

static void expect_views(const void *model, const tv_view_place *place, const double *x,
                         double *mean, double *spread, double *rest) {
  const tv_view_model *m = model;
  tv_leading_expect(&m->augmentations[place->strength], tv_shape_size(&m->shape), x, mean, spread,
                    rest);
}

tv_row_views tv_view_model_views(const tv_view_model *m) {
  const int count = m->source->read_views ? m->source->views : m->experiment->augmentation.views;
  if (m->source->read_views) return (tv_row_views){1, count, .draw = read_views, .context = m};
  if (count > 0) return (tv_row_views){m->strengths, count, .draw = draw_views, .context = m};
  return (tv_row_views){m->strengths, 0, .expect = expect_views, .context = m};
}

/* ---- Means of views before a step ---- */

static int most_steps(const tv_chain *chains, int count) {
  int most = 0;
  for (int i = 0; i < count; ++i) most = chains[i].count > most ? chains[i].count : most;
  return most;
}

static tv_error *make_table(int steps, int64_t cells, tv_mean_table *out) {
  *out = (tv_mean_table){.steps = steps, .count = cells * steps};
  return tv_allocate(out->count, sizeof(*out->means), &out->means);
}

/* The means that the steps of a chain need: each of views that have those before it. */
static tv_error *fill_cell(const tv_view_model *m, const tv_chain *chain, tv_purpose purpose,
                           const partners_at *at, double **means) {
  const tv_pool *p = m->pool;
  const tv_partners partners = {take_partner, at};
  const tv_chain_draw draw = {.shape = &m->shape,
                              .stream = tv_experiment_stream(m->experiment, purpose, at->replicate),
                              .scratch = m->scratch,
                              .partners = &partners,
                              .means = means};
  for (int step = 0; step < chain->count; ++step) {
    if (tv_chain_others(chain, step) != TV_THEIR_MEAN) continue;
    TV_TRY(tv_allocate(tv_shape_size(&m->shape), sizeof(**means), &means[step]));
    tv_chain_mean(chain, step, &draw, at->level < 0 ? p->count : p->of_level[at->level],
                  means[step]);
  }
  return NULL;
}

static tv_error *find_corruption_means(tv_view_model *m) {
  const int64_t cells = (int64_t)m->pool->replicates * m->severities;
  if (!m->draws_corruptions) return NULL;
  TV_TRY(make_table(most_steps(m->corruptions, m->severities), cells, &m->corruption_means));
  for (int64_t cell = 0; cell < cells; ++cell) {
    const int severity = (int)(cell % m->severities);
    const partners_at at = {m, (int)(cell / m->severities), 0, -1};
    TV_TRY(fill_cell(m, &m->corruptions[severity], TV_FOR_CORRUPTION, &at,
                     m->corruption_means.means + cell * m->corruption_means.steps));
  }
  return NULL;
}

static tv_error *find_view_means(tv_view_model *m) {
  const int levels = m->pool->levels;
  const int64_t of_replicate = (int64_t)m->severities * m->strengths * levels;
  if (!m->draws_views) return NULL;
  TV_TRY(make_table(most_steps(m->augmentations, m->strengths), m->pool->replicates * of_replicate,
                    &m->view_means));
  for (int64_t cell = 0; cell < m->pool->replicates * of_replicate; ++cell) {
    const int level = (int)(cell % levels), strength = (int)(cell / levels % m->strengths);
    const int severity = (int)(cell / levels / m->strengths % m->severities);
    const partners_at at = {m, (int)(cell / of_replicate), severity, level};
    TV_TRY(fill_cell(m, &m->augmentations[strength], TV_FOR_VIEWS, &at,
                     m->view_means.means + cell * m->view_means.steps));
  }
  return NULL;
}

/* ---- Before all draws ---- */

static tv_error *read_partners(tv_view_model *m, const tv_sampling *sampling) {
  TV_TRY(tv_pool_create(sampling, &m->pool));
  tv_error *error = find_corruption_means(m);
  if (!error) error = find_view_means(m);
  return tv_agree(sampling->partition.comm, error);
}

tv_error *tv_view_model_read(tv_view_model *m, const tv_sampling *sampling, const tv_grid *row) {
  m->features = tv_experiment_has_fourier(m->experiment) ? sampling->features : NULL;
  const tv_grid *of_moments = tv_experiment_takes_moments(m->experiment) ? row : NULL;
  for (int i = 0; i < m->textures_count; ++i) TV_TRY(tv_textures_read(m->textures[i], of_moments));
  return m->needs_partners ? read_partners(m, sampling) : NULL;
}
