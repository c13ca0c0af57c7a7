#include "accuracy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "point_rows.h"
#include "twoview/base/comm.h"
#include "twoview/linalg/fortran.h"

/* A pass over the scored rows for the settings [first, end), each a replicate and a severity. In
 * each setting the maps of all its entries stand side by side, first those for corrupted rows. */
typedef struct {
  const tv_sampling *sampling;
  const tv_cube *cube;
  int first_severity, are_corrupted; /* are_corrupted: rows come in severities of their own */
  int64_t first, end;
  int entries;       /* of a setting */
  int l, width;      /* numbers of a map: l x width */
  double *maps;      /* settings x conditions x entries x l x width */
  double *predicted; /* TV_BATCH x entries x l */
  double *right;     /* all settings x conditions x entries: rows whose class is predicted */
} pass;

/* ---- Rows ---- */

static int largest_of(const double *values, int count) {
  int largest = 0;
  for (int i = 1; i < count; ++i)
    if (values[i] > values[largest]) largest = i;
  return largest;
}

/* The class that a map predicts of a row. */
static int classify(const pass *p, const double *map, double *predicted) {
  for (int t = 0; t < p->l; ++t) predicted[t] += map[(int64_t)(t + 1) * p->width - 1];
  return largest_of(predicted, p->l);
}

/* Training rows of a smaller sample are the first of a batch. */
static int rows_for(const pass *p, const tv_batch *batch, int entry) {
  const int level = (int)(entry / tv_cube_entries(p->cube, 1) % p->cube->levels);
  return p->sampling->is_held_out ? batch->rows : batch->level_end[level];
}

static void count_right(const pass *p, const tv_batch *batch, int64_t setting, tv_condition c) {
  const int width = p->sampling->width, d = p->width - 1, outputs = p->entries * p->l;
  const int64_t of_maps = (int64_t)outputs * p->width;
  const double *maps = p->maps + ((setting - p->first) * TV_CONDITIONS + c) * of_maps;
  double *right = p->right + (setting * TV_CONDITIONS + c) * p->entries;
  const double unit = 1, nothing = 0;
  dgemm_("T", "N", &outputs, &batch->rows, &d, &unit, maps, &p->width, batch->u, &width, &nothing,
         p->predicted, &outputs, 1, 1);
  for (int i = 0; i < batch->rows; ++i) {
    const int is = largest_of(batch->u + (int64_t)i * width + d, p->l);
    for (int e = 0; e < p->entries; ++e)
      if (i < rows_for(p, batch, e) &&
          classify(p, maps + (int64_t)e * p->l * p->width,
                   p->predicted + ((int64_t)i * p->entries + e) * p->l) == is)
        ++right[e];
  }
}

/* Rows as they are belong to all settings of their replicate; at severity 0 they are the corrupted
 * ones, too. */
static tv_error *count_batch(void *context, const tv_batch *batch) {
  const pass *p = context;
  for (int64_t setting = p->first; setting < p->end; ++setting) {
    const int magnitude = (int)(setting % p->cube->magnitudes);
    const int severity = p->are_corrupted ? p->first_severity + magnitude : 0;
    if (setting / p->cube->magnitudes != batch->replicate) continue;
    if (batch->severity == 0) count_right(p, batch, setting, TV_AS_THEY_ARE);
    if (batch->severity == severity) count_right(p, batch, setting, TV_CORRUPTED);
  }
  return NULL;
}

/* ---- Maps ---- */

/* All ranks receive the maps of the pass's settings, which leaders of groups have. */
static void share_maps(const pass *p, const tv_results *r, MPI_Comm comm) {
  const int64_t numbers = (int64_t)p->l * p->width, own = tv_cube_entries(p->cube, r->first_point);
  const int64_t own_end = own + tv_cube_entries(p->cube, r->own_points);
  const int64_t all = (p->end - p->first) * TV_CONDITIONS * p->entries * numbers;
  memset(p->maps, 0, (size_t)all * sizeof(*p->maps));
  for (int64_t entry = p->first * p->entries; entry < p->end * p->entries; ++entry)
    for (tv_condition c = TV_CORRUPTED; c < TV_CONDITIONS && entry >= own && entry < own_end; ++c) {
      const int64_t place =
          ((entry / p->entries - p->first) * TV_CONDITIONS + c) * p->entries + entry % p->entries;
      memcpy(p->maps + place * numbers, r->maps + ((entry - own) * TV_CONDITIONS + c) * numbers,
             (size_t)numbers * sizeof(*p->maps));
    }
  tv_sum_all(comm, p->maps, all);
}

/* ---- Together ---- */

static tv_error *walk(pass *p, const tv_study_inputs *inputs, const tv_results *r) {
  const int64_t settings = (int64_t)p->cube->replicates * p->cube->magnitudes;
  const int64_t of_setting = (int64_t)TV_CONDITIONS * p->entries * p->l * p->width;
  const int64_t most = TV_MOST_MAP_NUMBERS / of_setting > 0 ? TV_MOST_MAP_NUMBERS / of_setting : 1;
  const int64_t step = most < settings ? most : settings;
  tv_error *error = tv_allocate(step * of_setting, sizeof(*p->maps), &p->maps);
  if (!error)
    error =
        tv_allocate((int64_t)TV_BATCH * p->entries * p->l, sizeof(*p->predicted), &p->predicted);
  TV_TRY(tv_agree(inputs->comm, error));
  for (p->first = 0; p->first < settings; p->first = p->end) {
    tv_selection rows = tv_sampling_everything(p->sampling);
    p->end = p->first + step < settings ? p->first + step : settings;
    rows.replicate = (int)(p->first / p->cube->magnitudes);
    rows.replicate_end = (int)((p->end - 1) / p->cube->magnitudes) + 1;
    share_maps(p, r, inputs->comm);
    TV_TRY(tv_sampling_walk(p->sampling, &rows, count_batch, p));
  }
  return NULL;
}

static void record(const pass *p, int quantity, tv_condition c, tv_results *r) {
  const int64_t all = tv_cube_entries(p->cube, r->points);
  for (int64_t entry = 0; entry < all; ++entry) {
    const int e = (int)(entry % p->entries);
    const int level = (int)(e / tv_cube_entries(p->cube, 1) % p->cube->levels);
    const int64_t rows = p->sampling->sizes[p->sampling->is_held_out ? 0 : level];
    if (isfinite(r->quantity[quantity][entry]))
      r->quantity[quantity][entry] =
          p->right[(entry / p->entries * TV_CONDITIONS + c) * p->entries + e] / (double)rows;
  }
}

tv_error *tv_accuracy_assess(const tv_study_inputs *inputs, const tv_sampling *scored,
                             const int quantity[TV_CONDITIONS], tv_results *r) {
  const int64_t settings = (int64_t)r->cube.replicates * r->cube.magnitudes;
  pass p = {.sampling = scored,
            .cube = &r->cube,
            .first_severity = tv_experiment_first_severity(inputs->experiment),
            .are_corrupted = inputs->model != NULL,
            .entries = (int)(tv_cube_entries(&r->cube, r->points) / settings),
            .l = scored->l,
            .width = r->d + 1};
  const int64_t count = settings * TV_CONDITIONS * p.entries;
  tv_error *error = tv_agree(inputs->comm, tv_allocate(count, sizeof(*p.right), &p.right));
  if (!error) error = walk(&p, inputs, r);
  if (!error) {
    tv_sum_all(inputs->comm, p.right, count);
    for (tv_condition c = TV_CORRUPTED; c < TV_CONDITIONS; ++c) record(&p, quantity[c], c, r);
  }
  free(p.maps);
  free(p.predicted);
  free(p.right);
  return error;
}
