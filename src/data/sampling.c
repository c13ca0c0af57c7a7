#include "twoview/data/sampling.h"

#include <stdlib.h>
#include <string.h>

#include "twoview/base/comm.h"

struct tv_workspace {
  double *raw, *x, *y; /* TV_BATCH rows: as read, as components, targets */
  double *u, *corrupted;
  double *inputs, *corrupted_inputs; /* rows of which these are nonlinear features */
  int64_t *position, *sorted_position, *sorted_number;
  int *level, *level_end;
};

tv_sampling tv_sampling_make(const tv_experiment *experiment, const tv_source *source,
                             const tv_features *features, MPI_Comm comm,
                             tv_checkpoint *checkpoint) {
  const int64_t largest = experiment->sizes[experiment->sizes_count - 1];
  const int64_t rows = source->kind->is_generated ? largest : source->rows;
  const int p = features->p, q = experiment->noise.components, l = source->targets;
  return (tv_sampling){.experiment = experiment,
                       .source = source,
                       .features = features,
                       .partition = tv_partition_make(comm, rows, experiment->parallel.shards),
                       .replicates = experiment->replicates,
                       .sizes_count = experiment->sizes_count,
                       .sizes = experiment->sizes,
                       .p = p,
                       .q = q,
                       .l = l,
                       .width = p + q + l + 1,
                       .checkpoint = checkpoint};
}

tv_sampling tv_sampling_of_inputs(const tv_sampling *s) {
  tv_sampling inputs = *s;
  inputs.features = NULL;
  inputs.p = s->source->features;
  inputs.width += inputs.p - s->p;
  return inputs;
}

static int is_mapped(const tv_sampling *s) {
  return s->features && s->features->weights;
}

static tv_permutation order_of(const tv_sampling *s, int replicate) {
  return tv_permutation_make(tv_experiment_stream(s->experiment, TV_FOR_PERMUTATION, replicate),
                             s->partition.rows);
}

void tv_sampling_rows(const tv_sampling *s, int replicate, int64_t first, int64_t count,
                      int64_t *rows) {
  const tv_permutation order = order_of(s, replicate);
  for (int64_t i = 0; i < count; ++i)
    rows[i] = s->source->kind->is_generated ? first + i : tv_permutation_element(&order, first + i);
}

static tv_error *allocate_workspace(const tv_sampling *s, tv_workspace *d) {
  const int levels = s->sizes_count;
  const int64_t inputs = (int64_t)TV_BATCH * s->source->features;
  TV_TRY(tv_allocate(inputs, sizeof(double), &d->raw));
  TV_TRY(tv_allocate((int64_t)TV_BATCH * s->p, sizeof(double), &d->x));
  TV_TRY(tv_allocate((int64_t)TV_BATCH * s->l, sizeof(double), &d->y));
  TV_TRY(tv_allocate((int64_t)TV_BATCH * s->width, sizeof(double), &d->u));
  if (s->corruption)
    TV_TRY(tv_allocate((int64_t)TV_BATCH * s->width, sizeof(double), &d->corrupted));
  if (is_mapped(s)) TV_TRY(tv_allocate(inputs, sizeof(double), &d->inputs));
  if (is_mapped(s) && s->corruption)
    TV_TRY(tv_allocate(inputs, sizeof(double), &d->corrupted_inputs));
  TV_TRY(tv_allocate(TV_BATCH, sizeof(int64_t), &d->position));
  TV_TRY(tv_allocate(TV_BATCH, sizeof(int64_t), &d->sorted_position));
  TV_TRY(tv_allocate(TV_BATCH, sizeof(int64_t), &d->sorted_number));
  TV_TRY(tv_allocate(TV_BATCH, sizeof(int), &d->level));
  return tv_allocate(levels + 1, sizeof(int), &d->level_end);
}

tv_error *tv_workspace_create(const tv_sampling *s, tv_workspace **out) {
  TV_TRY(tv_allocate(1, sizeof **out, out));
  tv_error *error = allocate_workspace(s, *out);
  if (error) tv_workspace_destroy(out);
  return error;
}

void tv_workspace_destroy(tv_workspace **workspace) {
  tv_workspace *d = *workspace;
  if (!d) return;
  free(d->raw);
  free(d->x);
  free(d->y);
  free(d->u);
  free(d->corrupted);
  free(d->inputs);
  free(d->corrupted_inputs);
  free(d->position);
  free(d->sorted_position);
  free(d->sorted_number);
  free(d->level);
  free(d->level_end);
  free(d);
  *workspace = NULL;
}

/* The smallest nested size that contains a place; sizes_count when none does. */
static int level_of(const tv_sampling *s, int64_t place) {
  int level = 0;
  while (level < s->sizes_count && place - s->first_place >= s->sizes[level]) ++level;
  return level;
}

/* Places of the rows [first, first + count) in the nested order, and their levels (sizes_count for
 * rows not wanted); level_end[j] becomes the first slot of level j in the grouped order. */
static void find_places(const tv_sampling *s, const tv_selection *wanted, int replicate,
                        int64_t first, int count, tv_workspace *d) {
  const tv_permutation order = order_of(s, replicate);
  const int is_generated = s->source->kind->is_generated, levels = s->sizes_count;
  memset(d->level_end, 0, (size_t)(levels + 1) * sizeof(int));
  if (!is_generated) tv_permutation_positions(&order, first, count, d->position);
  for (int i = 0; i < count; ++i) {
    const int64_t place = is_generated ? first + i : d->position[i];
    const int is_wanted = place >= wanted->first && place < wanted->end;
    d->position[i] = place;
    d->level[i] = is_wanted ? level_of(s, place) : levels;
    if (d->level[i] < levels) ++d->level_end[d->level[i] + 1];
  }
  for (int j = 0; j < levels; ++j) d->level_end[j + 1] += d->level_end[j];
}

/* Row i of those that were read takes its place in the grouped order. */
static void write_row(const tv_sampling *s, int64_t i, int64_t slot, const tv_workspace *d) {
  const int inputs = s->source->features;
  double *u = d->u + slot * s->width;
  memcpy(u, d->x + i * s->p, (size_t)s->p * sizeof(double));
  memcpy(u + s->p + s->q, d->y + i * s->l, (size_t)s->l * sizeof(double));
  u[s->width - 1] = 1;
  if (is_mapped(s))
    memcpy(d->inputs + slot * inputs, d->raw + i * inputs, (size_t)inputs * sizeof(double));
}

/* Group the rows in some subsample by level. Afterwards level_end[j] is the end of level j. */
static tv_batch group_rows(const tv_sampling *s, int replicate, int64_t first, int count,
                           tv_workspace *d) {
  const int levels = s->sizes_count;
  const tv_stream noise = tv_experiment_stream(s->experiment, TV_FOR_NOISE, replicate);
  for (int i = 0; i < count; ++i) {
    if (d->level[i] == levels) continue;
    const int slot = d->level_end[d->level[i]]++;
    d->sorted_position[slot] = s->outside + d->position[i];
    d->sorted_number[slot] = s->outside + first + i;
    write_row(s, i, slot, d);
  }
  tv_random_normal_rows(noise, d->sorted_position, d->level_end[levels], 0, s->q, d->u + s->p,
                        s->width);
  return (tv_batch){.replicate = replicate,
                    .rows = d->level_end[levels],
                    .u = d->u,
                    .inputs = is_mapped(s) ? d->inputs : d->u,
                    .inputs_leading = is_mapped(s) ? s->source->features : s->width,
                    .position = d->sorted_position,
                    .number = d->sorted_number,
                    .level_end = d->level_end};
}

static tv_error *read_components(const tv_sampling *s, int replicate, int64_t first, int count,
                                 tv_workspace *d) {
  TV_TRY(tv_source_read(s->source, replicate, first, count, d->raw, d->y));
  if (s->features)
    tv_features_apply(s->features, count, NULL, d->raw, d->x);
  else
    memcpy(d->x, d->raw, (size_t)count * (size_t)s->p * sizeof(*d->x));
  return NULL;
}

/* A copy of the rows of a batch at a severity. Nonlinear features are those of corrupted inputs. */
static void corrupt(const tv_sampling *s, const tv_batch *clean, tv_batch *batch, tv_workspace *d) {
  const tv_row_corruption *corruption = s->corruption;
  const size_t numbers = (size_t)clean->rows * (size_t)clean->inputs_leading;
  double *inputs = is_mapped(s) ? d->corrupted_inputs : d->corrupted;
  memcpy(d->corrupted, clean->u, (size_t)clean->rows * (size_t)s->width * sizeof(*d->corrupted));
  if (is_mapped(s)) memcpy(inputs, clean->inputs, numbers * sizeof(*inputs));
  for (int i = 0; i < clean->rows; ++i)
    corruption->corrupt(corruption->context, batch->severity, clean->replicate, clean->number[i],
                        inputs + (int64_t)i * clean->inputs_leading);
  if (is_mapped(s))
    tv_features_map(s->features, clean->rows, inputs, clean->inputs_leading, d->corrupted,
                    s->width);
  batch->u = d->corrupted;
  batch->inputs = inputs;
}

/* The same batch once more for each severity of the corruption. */
static tv_error *visit_corrupted(const tv_sampling *s, const tv_batch *clean,
                                 tv_batch_visitor *visit, void *context, tv_workspace *d) {
  const tv_row_corruption *corruption = s->corruption;
  tv_batch batch = *clean;
  for (int severity = 1; corruption && severity <= corruption->severities; ++severity) {
    batch.severity = severity;
    corrupt(s, clean, &batch, d);
    TV_TRY(visit(context, &batch));
  }
  return NULL;
}

/* The rows are read at most once unless every replicate has its own. */
tv_error *tv_sampling_visit(const tv_sampling *s, int64_t first, int count,
                            const tv_selection *wanted, tv_batch_visitor *visit, void *context,
                            tv_workspace *d) {
  int is_read = 0;
  for (int r = wanted->replicate; r < wanted->replicate_end; ++r) {
    find_places(s, wanted, r, first, count, d);
    if (d->level_end[s->sizes_count] == 0) continue;
    if (!is_read || s->source->kind->is_generated) TV_TRY(read_components(s, r, first, count, d));
    is_read = 1;
    const tv_batch batch = group_rows(s, r, first, count, d);
    TV_TRY(visit(context, &batch));
    TV_TRY(visit_corrupted(s, &batch, visit, context, d));
  }
  return NULL;
}

tv_selection tv_sampling_everything(const tv_sampling *s) {
  return (tv_selection){0, s->replicates, s->first_place,
                        s->first_place + s->sizes[s->sizes_count - 1]};
}

void tv_sampling_place(const tv_sampling *s, const tv_selection *selection, const tv_batch *batch,
                       double *rows) {
  const int64_t places = selection->end - selection->first;
  if (batch->severity > 0) return;
  double *of_replicate = rows + (batch->replicate - selection->replicate) * places * s->width;
  for (int i = 0; i < batch->rows; ++i) {
    const int64_t place = batch->position[i] - s->outside - selection->first;
    if (place >= 0 && place < places)
      memcpy(of_replicate + place * s->width, batch->u + (int64_t)i * s->width,
             (size_t)s->width * sizeof(double));
  }
}

static int64_t selected_numbers(const tv_sampling *s, const tv_selection *selection) {
  return (selection->replicate_end - selection->replicate) * (selection->end - selection->first) *
         s->width;
}

tv_error *tv_head_create(const tv_sampling *s, int64_t count, tv_head **out) {
  TV_TRY(tv_allocate(1, sizeof(**out), out));
  (*out)->selection = (tv_selection){0, s->replicates, 0, count};
  (*out)->width = s->width;
  tv_error *error =
      tv_allocate(selected_numbers(s, &(*out)->selection), sizeof(*(*out)->rows), &(*out)->rows);
  if (error) tv_head_destroy(out);
  return error;
}

void tv_head_destroy(tv_head **head) {
  if (!*head) return;
  free((*head)->rows);
  free(*head);
  *head = NULL;
}

/* Rows that other ranks of an earlier session found were not shared: rank 0 adds them up. */
static tv_error *take_up_head(const tv_sampling *s, tv_head *head) {
  tv_checkpoint *c = s->checkpoint;
  const int64_t numbers = selected_numbers(s, &head->selection);
  double *theirs = NULL;
  if (s->partition.rank != 0) return NULL;
  tv_error *error = tv_allocate(numbers, sizeof *theirs, &theirs);
  for (int32_t rank = 0; !error; ++rank) {
    const tv_saved_key key = {TV_SAVED_HEAD, rank, 0, 1, ""};
    if (tv_checkpoint_find(c, key) < 0) break;
    error = tv_checkpoint_read(c, key, theirs, (size_t)numbers * sizeof *theirs);
    for (int64_t i = 0; !error && i < numbers; ++i) head->rows[i] += theirs[i];
  }
  free(theirs);
  return error;
}

static tv_error *hold_head(const tv_sampling *s, const tv_head *head) {
  const tv_saved_key key = {TV_SAVED_HEAD, s->partition.rank, 0, 1, ""};
  return tv_checkpoint_hold(s->checkpoint, key, head->rows,
                            (size_t)selected_numbers(s, &head->selection) * sizeof(*head->rows));
}

tv_error *tv_head_keep(const tv_sampling *s, tv_head *head) {
  TV_TRY(take_up_head(s, head));
  return hold_head(s, head);
}

/* Each row comes from one rank, so that summing over ranks only moves it. */
tv_error *tv_head_share(const tv_sampling *s, tv_head *head) {
  tv_sum_all(s->partition.comm, head->rows, selected_numbers(s, &head->selection));
  tv_checkpoint_release_kind(s->checkpoint, TV_SAVED_HEAD);
  return s->partition.rank == 0 ? hold_head(s, head) : NULL;
}

typedef struct {
  const tv_sampling *sampling;
  const tv_selection *selection;
  double *rows;
} collection;

static tv_error *collect_batch(void *context, const tv_batch *batch) {
  const collection *c = context;
  tv_sampling_place(c->sampling, c->selection, batch, c->rows);
  return NULL;
}

/* Generated rows come in their own order: those of a shard that can be selected begin and end with
 * the selection, and begin at a batch of the moments' pass. */
static void clip(const tv_selection *selection, int64_t *begin, int64_t *end) {
  if (selection->end < *end) *end = selection->end;
  if (selection->first > *begin) *begin += (selection->first - *begin) / TV_BATCH * TV_BATCH;
}

static tv_error *walk_shard(const tv_sampling *s, int shard, const tv_selection *selection,
                            tv_batch_visitor *visit, void *context, tv_workspace *workspace) {
  int64_t begin = tv_shard_first(&s->partition, shard);
  int64_t end = tv_shard_first(&s->partition, shard + 1);
  if (s->source->kind->is_generated) clip(selection, &begin, &end);
  for (int64_t first = begin; first < end; first += TV_BATCH) {
    const int count = (int)(end - first < TV_BATCH ? end - first : TV_BATCH);
    TV_TRY(tv_sampling_visit(s, first, count, selection, visit, context, workspace));
  }
  return NULL;
}

tv_error *tv_sampling_walk(const tv_sampling *s, const tv_selection *selection,
                           tv_batch_visitor *visit, void *context) {
  const tv_partition *p = &s->partition;
  tv_workspace *workspace = NULL;
  tv_error *error = tv_workspace_create(s, &workspace);
  for (int shard = tv_shard_first_of_rank(p, p->rank);
       !error && shard < tv_shard_first_of_rank(p, p->rank + 1); ++shard)
    error = walk_shard(s, shard, selection, visit, context, workspace);
  tv_workspace_destroy(&workspace);
  return tv_agree(p->comm, error);
}

tv_error *tv_sampling_collect(const tv_sampling *s, const tv_selection *selection, double *rows) {
  const int64_t count = selected_numbers(s, selection);
  collection c = {s, selection, rows};
  memset(rows, 0, (size_t)count * sizeof(*rows));
  TV_TRY(tv_sampling_walk(s, selection, collect_batch, &c));
  tv_sum_all(s->partition.comm, rows, count);
  return NULL;
}
