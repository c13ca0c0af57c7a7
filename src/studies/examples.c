#include "twoview/studies/examples.h"

#include <stdlib.h>
#include <string.h>

#include "twoview/augmentations/view_model.h"
#include "twoview/base/comm.h"

/* Replicates are counted from the first one of the experiment on. */
static int replicate_0(const tv_sampling *s) {
  return -s->experiment->first_replicate;
}

static int first_severity(const tv_view_model *m) {
  return tv_experiment_first_severity(m->experiment);
}

/* ---- The samples ---- */

/* Rows that are being found. */
typedef struct {
  const tv_sampling *sampling;
  tv_selection selection;
  double *rows; /* owned: count x width */
} search;

static tv_error *keep(void *context, const tv_batch *batch) {
  search *of = context;
  tv_sampling_place(of->sampling, &of->selection, batch, of->rows);
  return NULL;
}

static int is_mine(const tv_partition *p, int64_t row) {
  return row >= tv_shard_first(p, tv_shard_first_of_rank(p, p->rank)) &&
         row < tv_shard_first(p, tv_shard_first_of_rank(p, p->rank + 1));
}

/* Those of this rank, each by itself. */
static tv_error *find_rows(const tv_sampling *s, const int64_t *number, int count, search *of) {
  tv_workspace *workspace = NULL;
  tv_error *error = tv_workspace_create(s, &workspace);
  for (int i = 0; !error && i < count; ++i)
    if (is_mine(&s->partition, number[i]))
      error = tv_sampling_visit(s, number[i], 1, &of->selection, keep, of, workspace);
  tv_workspace_destroy(&workspace);
  return error;
}

static tv_error *collect(const tv_sampling *s, const int64_t *number, tv_examples *e) {
  const int first = replicate_0(s);
  search of = {s, {first, first + 1, 0, e->count}, NULL};
  tv_error *error = tv_allocate((int64_t)e->count * s->width, sizeof(*of.rows), &of.rows);
  if (!error) error = find_rows(s, number, e->count, &of);
  error = tv_agree(s->partition.comm, error);
  if (!error) tv_sum_all(s->partition.comm, of.rows, (int64_t)e->count * s->width);
  for (int i = 0; !error && i < e->count; ++i)
    memcpy(e->clean + (int64_t)i * s->p, of.rows + (int64_t)i * s->width,
           (size_t)s->p * sizeof(*e->clean));
  free(of.rows);
  return error;
}

/* ---- What is made of them ---- */

static void draw(const tv_view_model *m, const tv_sampling *s, const int64_t *number,
                 tv_examples *e) {
  const int first = first_severity(m), d = s->p;
  for (int severity = first; severity < m->severities; ++severity) {
    const tv_view_place at = {replicate_0(s), severity, m->strengths - 1, s->sizes_count - 1};
    for (int i = 0; i < e->count; ++i) {
      const int64_t place = (int64_t)(severity - first) * e->count + i;
      double *corrupted = e->corrupted + place * d, *view = e->view + place * d;
      memcpy(corrupted, e->clean + (int64_t)i * d, (size_t)d * sizeof(*corrupted));
      tv_view_model_corrupt(m, severity, at.replicate, number[i], corrupted);
      memcpy(view, corrupted, (size_t)d * sizeof(*view));
      tv_view_model_augment(m, &at, number[i], view);
    }
  }
}

static tv_error *allocate(const tv_view_model *m, const tv_sampling *s, tv_examples *e) {
  const int64_t numbers = (int64_t)e->count * s->p;
  const int severities = m->severities - first_severity(m);
  TV_TRY(tv_allocate(numbers, sizeof(double), &e->clean));
  TV_TRY(tv_allocate(severities * numbers, sizeof(double), &e->corrupted));
  return tv_allocate(severities * numbers, sizeof(double), &e->view);
}

static int count_examples(const tv_view_model *m, const tv_sampling *s) {
  const int64_t rows = s->sizes[s->sizes_count - 1];
  if (!m->draws_corruptions || !m->draws_views || tv_shape_size(&m->shape) != s->p) return 0;
  return rows < TV_MOST_EXAMPLES ? (int)rows : TV_MOST_EXAMPLES;
}

static tv_error *take(const tv_view_model *m, const tv_sampling *s, tv_examples *e) {
  int64_t number[TV_MOST_EXAMPLES];
  e->count = count_examples(m, s);
  TV_TRY(tv_agree(s->partition.comm, allocate(m, s, e)));
  tv_sampling_rows(s, replicate_0(s), 0, e->count, number);
  if (e->count > 0) TV_TRY(collect(s, number, e));
  draw(m, s, number, e);
  return NULL;
}

tv_error *tv_examples_take(const tv_view_model *m, const tv_sampling *sampling, tv_examples **out) {
  tv_sampling as_they_are = tv_sampling_of_inputs(sampling);
  as_they_are.corruption = NULL;
  TV_TRY(tv_agree(sampling->partition.comm, tv_allocate(1, sizeof(**out), out)));
  tv_error *error = take(m, &as_they_are, *out);
  if (error) tv_examples_destroy(out);
  return error;
}

void tv_examples_destroy(tv_examples **examples) {
  tv_examples *e = *examples;
  if (!e) return;
  free(e->clean);
  free(e->corrupted);
  free(e->view);
  free(e);
  *examples = NULL;
}
