#include "twoview/studies/results.h"

#include <stdlib.h>

#include "axes.h"
#include "twoview/base/comm.h"
#include "twoview/methods/method.h"
#include "twoview/theory/theory.h"

/* How many of the last sample sizes a choice selects. */
static int levels_of(const tv_results *r, tv_keep keep) {
  return keep == TV_KEEP_ALL ? r->cube.levels : keep == TV_KEEP_LAST ? 1 : 0;
}

/* ---- Made ---- */

static tv_error *allocate_encoders(const tv_study_inputs *study, tv_results *r) {
  const tv_experiment *e = study->experiment;
  const tv_group *g = study->group;
  const int archived = levels_of(r, e->archive.encoders);
  r->represented_levels = levels_of(r, e->archive.representations);
  r->kept_levels = archived > r->represented_levels ? archived : r->represented_levels;
  const int64_t own =
      tv_cube_among(&r->cube, r->kept_levels, tv_group_first(g, r->points, g->index + 1)) -
      tv_cube_among(&r->cube, r->kept_levels, tv_group_first(g, r->points, g->index));
  if (study->model) TV_TRY(tv_allocate(own * r->d, sizeof(double), &r->mean));
  for (int m = 0; m < r->cube.methods; ++m) {
    const tv_method *method = tv_method_of(e->methods[m]);
    tv_kept *kept = &r->kept[m];
    kept->rows = tv_method_rows(method, e->encoder.k, study->sampling->l);
    TV_TRY(tv_allocate(own * kept->rows * r->d, sizeof(double), &kept->encoder));
    if (method->has_decoder)
      TV_TRY(tv_allocate(own * kept->rows * r->d, sizeof(double), &kept->decoder));
  }
  return NULL;
}

/* What clean inputs differ by. */
static int64_t items_of(const tv_results *r) {
  return (int64_t)r->cube.replicates * r->cube.levels;
}

static tv_error *allocate_quantities(const tv_study *study, int rows, tv_results *r) {
  const int64_t entries = tv_cube_entries(&r->cube, r->points);
  const int64_t clean = tv_cube_entries(&r->cube, items_of(r));
  r->quantities = study->count;
  for (int i = 0; i < r->quantities; ++i)
    TV_TRY(tv_allocate(entries, sizeof(double), &r->quantity[i]));
  for (int i = 0; i < study->lists_count; ++i) {
    r->list_length[i] = study->lists[i].along == TV_ALONG_ROWS ? rows : r->cube.methods;
    TV_TRY(tv_allocate(entries * r->list_length[i], sizeof(double), &r->list[i]));
  }
  if (!study->solve_clean) return NULL;
  TV_TRY(tv_allocate(clean, sizeof(double), &r->clean));
  return tv_allocate(clean, sizeof(double), &r->clean_status);
}

static tv_error *allocate_results(const tv_study *study, const tv_study_inputs *inputs,
                                  tv_results **out) {
  TV_TRY(tv_allocate(1, sizeof(**out), out));
  tv_results *r = *out;
  r->cube = tv_cube_of(inputs->experiment);
  TV_TRY(tv_allocate(r->cube.methods, sizeof(*r->kept), &r->kept));
  r->points = tv_cube_points(&r->cube);
  r->d = inputs->sampling->p + inputs->sampling->q;
  r->p = inputs->sampling->p;
  TV_TRY(allocate_quantities(study, inputs->experiment->encoder.k, r));
  const int64_t settings = (int64_t)r->cube.replicates * r->cube.magnitudes;
  TV_TRY(tv_allocate(tv_cube_entries(&r->cube, settings), sizeof(double), &r->alpha2_threshold));
  TV_TRY(tv_allocate(items_of(r), sizeof(*r->digest), &r->digest));
  r->first_point = tv_group_first(inputs->group, r->points, inputs->group->index);
  if (inputs->group->is_leader)
    r->own_points =
        tv_group_first(inputs->group, r->points, inputs->group->index + 1) - r->first_point;
  if ((inputs->model || inputs->held_out_sampling) && inputs->sampling->source->has_classes) {
    r->map_numbers = 2 * (int64_t)inputs->sampling->l * (r->d + 1);
    TV_TRY(tv_allocate(tv_cube_entries(&r->cube, r->own_points) * r->map_numbers, sizeof(double),
                       &r->maps));
  }
  return allocate_encoders(inputs, r);
}

tv_error *tv_results_create(const tv_study *study, const tv_study_inputs *inputs,
                            tv_results **out) {
  *out = NULL;
  tv_error *error = allocate_results(study, inputs, out);
  if (!error && !inputs->model)
    error = tv_alpha2_thresholds(inputs->experiment, inputs->features, inputs->spectra,
                                 (*out)->alpha2_threshold);
  if (error) tv_results_destroy(out);
  return error;
}

int64_t tv_results_place(const tv_results *r, int64_t point) {
  if (!tv_cube_is_among(&r->cube, r->kept_levels, point)) return -1;
  return tv_cube_among(&r->cube, r->kept_levels, point) -
         tv_cube_among(&r->cube, r->kept_levels, r->first_point);
}

double *tv_results_maps(const tv_solver *s, int64_t entry) {
  const tv_results *r = s->results;
  const int64_t first = tv_cube_entries(&r->cube, r->first_point);
  return r->maps && s->group->is_leader ? r->maps + (entry - first) * r->map_numbers : NULL;
}

/* The columns of a matrix, in the inputs themselves, to `out`. */
static tv_error *keep_columns(const tv_distmat *columns, int d, const struct tv_axes *axes,
                              double *out) {
  double *whole = NULL;
  if (!axes) {
    tv_distmat_gather(columns, out);
    return NULL;
  }
  const int64_t numbers = (int64_t)columns->rows * columns->columns;
  TV_TRY(tv_grid_agree(columns->grid, tv_allocate(numbers, sizeof(*whole), &whole)));
  tv_distmat_gather(columns, whole);
  tv_axes_undo(axes, d, columns->columns, whole, out);
  free(whole);
  return NULL;
}

tv_error *tv_results_keep(const tv_results *r, int method, int64_t point,
                          const tv_solution *solution, const struct tv_axes *axes) {
  const tv_kept *kept = &r->kept[method];
  const int64_t first = tv_results_place(r, point) * kept->rows * r->d;
  if (first < 0) return NULL;
  const tv_distmat encoder = tv_distmat_leading(solution->encoder, kept->rows);
  TV_TRY(keep_columns(&encoder, r->d, axes, kept->encoder + first));
  if (!solution->decoder) return NULL;
  const tv_distmat decoder = tv_distmat_leading(solution->decoder, kept->rows);
  return keep_columns(&decoder, r->d, axes, kept->decoder + first);
}

void tv_results_share(const tv_study *study, MPI_Comm comm, tv_results *r) {
  for (int i = 0; i < r->quantities; ++i)
    tv_sum_all(comm, r->quantity[i], tv_cube_entries(&r->cube, r->points));
  for (int i = 0; i < study->lists_count; ++i)
    tv_sum_all(comm, r->list[i], tv_cube_entries(&r->cube, r->points) * r->list_length[i]);
  MPI_Allreduce(MPI_IN_PLACE, r->digest, (int)items_of(r) * TV_DIGEST_LENGTH, MPI_BYTE, MPI_BOR,
                comm);
  if (r->clean) {
    tv_sum_all(comm, r->clean, tv_cube_entries(&r->cube, items_of(r)));
    tv_sum_all(comm, r->clean_status, tv_cube_entries(&r->cube, items_of(r)));
  }
  if (study->complete) study->complete(r);
}

void tv_results_destroy(tv_results **results) {
  tv_results *r = *results;
  if (!r) return;
  for (int i = 0; i < r->quantities; ++i) free(r->quantity[i]);
  for (int i = 0; i < TV_MOST_LISTS; ++i) free(r->list[i]);
  free(r->clean);
  free(r->clean_status);
  free(r->alpha2_threshold);
  free(r->digest);
  for (int m = 0; r->kept && m < r->cube.methods; ++m) {
    free(r->kept[m].encoder);
    free(r->kept[m].decoder);
    free(r->kept[m].representation);
  }
  free(r->kept);
  free(r->mean);
  free(r->maps);
  tv_notes_release(&r->failures);
  tv_notes_release(&r->notes);
  free(r);
  *results = NULL;
}
